//! A number with the noun that it counts.

use std::fmt;

/// `1 error`, `2 errors`: how many, and of what in the singular.
pub(crate) struct Counted(pub(crate) u64, pub(crate) &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, noun) = self;
        let ending = if *count == 1 { "" } else { "s" };
        write!(f, "{count} {noun}{ending}")
    }
}

/// A number in groups of three digits: `1,234,567`.
pub(crate) struct Grouped(pub(crate) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A number of bytes for people: `1 byte`, `4.2 kB`, `2 GiB`.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        // Limits are given in powers of 1,024.
        for (unit, name) in [(1_u64 << 30, "GiB"), (1 << 20, "MiB")] {
            if bytes >= unit && bytes.is_multiple_of(unit) {
                return write!(f, "{} {name}", bytes / unit);
            }
        }
        let units = [(1_000_000_000_u64, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        match units.into_iter().find(|(unit, _)| bytes >= *unit) {
            Some((unit, name)) if bytes.is_multiple_of(unit) => {
                write!(f, "{} {name}", bytes / unit)
            }
            Some((unit, name)) => write!(f, "{:.1} {name}", bytes as f64 / unit as f64),
            None => Counted(bytes, "byte").fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Counted, Grouped};

    #[test]
    fn sizes_are_short() {
        let sizes = [
            0,
            1,
            999,
            4_200,
            20_000_000,
            1_234_567_890,
            2 << 30,
            1 << 20,
        ];
        let sizes = sizes.map(|bytes| Bytes(bytes).to_string());
        let said = [
            "0 bytes",
            "1 byte",
            "999 bytes",
            "4.2 kB",
            "20 MB",
            "1.2 GB",
            "2 GiB",
            "1 MiB",
        ];
        assert_eq!(sizes, said);
    }

    #[test]
    fn digits_are_in_groups() {
        let said = [0, 999, 1000, 1_234_567].map(|n| Grouped(n).to_string());
        assert_eq!(said, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_has_no_plural() {
        let said = [0, 1, 2].map(|n| Counted(n, "error").to_string());
        assert_eq!(said, ["0 errors", "1 error", "2 errors"]);
    }
}
