//! Numbers as people read them: three digits, with a unit.

const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With about three digits: `0.012`, `1.23`, `12.3`, `1,234`.
pub(crate) fn number(value: f64) -> String {
    match value {
        small if small < 0.9995 => format!("{value:.3}"),
        units if units < 9.995 => format!("{value:.2}"),
        tens if tens < 99.95 => format!("{value:.1}"),
        _ => count(value.round() as u64),
    }
}

pub(crate) fn seconds(value: f64) -> String {
    match value {
        short if short < 0.9995 => format!("{} ms", number(short * 1000.0)),
        _ => format!("{} s", number(value)),
    }
}

pub(crate) fn bytes(value: f64) -> String {
    let (mut value, mut unit) = (value, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{value:.0} bytes"),
        _ => format!("{} {}", number(value), UNITS[unit]),
    }
}

pub(crate) fn mebibytes(value: f64) -> String {
    number(value / 1024.0 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        let counts = [0, 999, 1000, 12_345, 10_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "12,345", "10,000,000"]);
    }

    #[test]
    fn about_three_digits_are_shown() {
        let numbers = [0.01234, 1.234, 12.34, 123.4, 1234.5].map(number);
        assert_eq!(numbers, ["0.012", "1.23", "12.3", "123", "1,235"]);
        assert_eq!(number(0.9999), "1.00");
    }

    #[test]
    fn units_fit_the_size() {
        assert_eq!([0.0015, 2.0].map(seconds), ["1.50 ms", "2.00 s"]);
        let sizes = [12.0, 2048.0, 5e6, 1.2e10].map(bytes);
        assert_eq!(sizes, ["12 bytes", "2.00 KiB", "4.77 MiB", "11.2 GiB"]);
        assert_eq!(mebibytes(1048576.0), "1.00");
    }
}
