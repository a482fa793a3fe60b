//! 64-bit integers as Google's JSON has them.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A 64-bit integer that JSON carries as a string.
///
/// Written as a string; read from a string or a number, which may be spelled like a float as long as
/// it is whole: `1e3`, `"7.0"`.
///
/// ```
/// use genai_batch::raw::Int64;
///
/// let counts: Vec<Int64> = serde_json::from_str(r#"["42", 42]"#)?;
/// assert_eq!(counts, [Int64(42), Int64(42)]);
/// assert_eq!(serde_json::to_string(&counts[0])?, r#""42""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int64(pub i64);

impl fmt::Display for Int64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Int64 {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl From<i64> for Int64 {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Int64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 64-bit integer, as a number or in a string")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Int64, E> {
                Ok(Int64(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Int64, E> {
                i64::try_from(number).map(Int64).map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Int64, E> {
                // Every float below is whole as it stands, and any above is out of range.
                const END: f64 = 9_223_372_036_854_775_808.0;
                let is_whole = number.fract() == 0.0 && (-END..END).contains(&number);
                let odd = || E::invalid_value(de::Unexpected::Float(number), &self);
                is_whole.then_some(Int64(number as i64)).ok_or_else(odd)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Int64, E> {
                let whole = || whole_float(text).map(Int64);
                text.parse()
                    .or_else(|e| whole().ok_or(e))
                    .map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// A whole number that is spelled like a float, read digit by digit.
fn whole_float(text: &str) -> Option<i64> {
    const DIGITS: usize = 30;
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !digits.is_empty() && are_digits(digits) && are_digits(fraction);
    if !is_number || digits.len() + fraction.len() > DIGITS {
        return None;
    }
    let mut number: i128 = format!("{whole}{fraction}").parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let scale = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    for _ in 0..scale.unsigned_abs() {
        number = match (number, scale > 0) {
            (0, _) => return Some(0),
            (number, true) => number.checked_mul(10)?,
            (number, false) if number % 10 == 0 => number / 10,
            _ => return None,
        };
    }
    number.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_spelling() {
        for (json, number) in [
            ("7", 7),
            ("\"-7\"", -7),
            ("1e3", 1000),
            ("1.0", 1),
            ("-2.5E1", -25),
            ("\"1e3\"", 1000),
            ("\"1.50e+1\"", 15),
            ("\"1200e-2\"", 12),
            ("\"9007199254740993.0\"", 9_007_199_254_740_993),
            ("\"-9223372036854775808\"", i64::MIN),
            ("\"0e99\"", 0),
        ] {
            let read: Int64 = serde_json::from_str(json).unwrap();
            assert_eq!(read, Int64(number), "{json}");
        }
        for odd in [
            "1.5",
            "1e300",
            "9223372036854775808",
            "\"\"",
            "\"1.5\"",
            "\"1e-1\"",
            "\"e3\"",
            "\".5\"",
            "\"1e2147483647\"",
            "\"1e99999999999\"",
            "\"NaN\"",
            "\" 1\"",
            "\"0x1\"",
            "true",
            "null",
            "[1]",
        ] {
            assert!(serde_json::from_str::<Int64>(odd).is_err(), "{odd}");
        }
    }
}
