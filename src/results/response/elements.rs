//! The elements of a list, one after another.
//!
//! A list of a hundred million bytes may be of `{}` alone, and a place for each of them takes several
//! times as much. So those of a long list are looked for as they are asked for.

use serde_json::value::RawValue;

use super::read::read;
use crate::scan::{Members, Scanner};

/// Lists up to this length are taken apart at once, which is quicker.
const SHORT: usize = 64 * 1024;

/// The elements of a list.
pub(super) struct Elements<'a> {
    /// What is left of them, once they are all found.
    found: std::vec::IntoIter<&'a RawValue>,
    ahead: Option<Ahead<'a>>,
}

/// A list that is read as far as was asked.
struct Ahead<'a> {
    list: &'a RawValue,
    scanner: Scanner<'a>,
    members: Members,
    given: usize,
}

/// The elements of a list; none of any other value.
pub(super) fn elements(list: Option<&RawValue>) -> Elements<'_> {
    let long = list.filter(|list| list.get().len() > SHORT);
    match long.and_then(Ahead::of) {
        Some(ahead) => Elements {
            found: Vec::new().into_iter(),
            ahead: Some(ahead),
        },
        None => Elements {
            found: all(list),
            ahead: None,
        },
    }
}

fn all(list: Option<&RawValue>) -> std::vec::IntoIter<&RawValue> {
    let all: Option<Vec<&RawValue>> = read(list);
    all.unwrap_or_default().into_iter()
}

impl<'a> Ahead<'a> {
    fn of(list: &'a RawValue) -> Option<Self> {
        let mut scanner = Scanner::new(list.get().as_bytes())?;
        let members = scanner.list()?;
        Some(Self {
            list,
            scanner,
            members,
            given: 0,
        })
    }

    /// The next element, if there is one; `None` if the scanner does not take it.
    fn next(&mut self) -> Option<Option<&'a RawValue>> {
        if !self.scanner.next(&mut self.members)? {
            return Some(None);
        }
        let element = serde_json::from_str(self.scanner.skip()?).ok()?;
        self.given += 1;
        Some(Some(element))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a RawValue;

    fn next(&mut self) -> Option<&'a RawValue> {
        if let Some(ahead) = &mut self.ahead {
            match ahead.next() {
                Some(Some(element)) => return Some(element),
                Some(None) => self.ahead = None,
                None => {
                    self.found = all(Some(ahead.list));
                    if let Some(last) = ahead.given.checked_sub(1) {
                        self.found.nth(last);
                    }
                    self.ahead = None;
                }
            }
        }
        self.found.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_of_a_long_list_are_those_of_a_short_one() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        for (element, count) in [("{}", 40_000), (r#" {"a": [1]} "#, 10_000), (&*deep, 500)] {
            let mut list = vec![r#""first""#];
            list.resize(count, element);
            let json = format!("[{}]", list.join(","));
            assert!(json.len() > SHORT);
            let raw: &RawValue = serde_json::from_str(&json).unwrap();
            let texts: Vec<_> = elements(Some(raw)).map(RawValue::get).collect();
            let expected: Vec<_> = list.iter().map(|element| element.trim()).collect();
            assert!(texts == expected, "{element}");
        }
        let object = format!(r#"{{"a":"{}"}}"#, "x".repeat(SHORT));
        let raw: &RawValue = serde_json::from_str(&object).unwrap();
        assert_eq!(elements(Some(raw)).count(), 0);
        assert_eq!(elements(None).count(), 0);
    }
}
