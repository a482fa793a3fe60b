//! How much a text of JSON becomes once it is read: its values, counted before it is.

use memchr::{memchr2, memchr3};

/// What a text of JSON holds. Of one that is not JSON, this is a number like any other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Lists, objects and what stands in them, at any depth.
    pub(crate) values: usize,
    /// Elements of lists of a name that was given, whose contents count for nothing.
    pub(crate) rows: usize,
    /// Elements of lists that are a field of the outermost object.
    pub(crate) items: usize,
}

impl Weight {
    /// Weighs a text, in which lists of these names are of rows.
    pub(crate) fn of(json: &[u8], rows: &[&str]) -> Self {
        let mut weight = Self::default();
        let mut depth = 0usize;
        // The depth within the rows, once they begin.
        let mut within: Option<usize> = None;
        // The depth of a list of the outermost object.
        let mut is_items = false;
        let mut name: &[u8] = b"";
        let mut at = 0;
        while let Some(byte) = json.get(at) {
            at += 1;
            match byte {
                b'"' => {
                    let start = at;
                    at = end_of_text(json, at);
                    name = &json[start..at.saturating_sub(1).max(start)];
                }
                b'{' | b'[' => {
                    depth += 1;
                    let is_list = *byte == b'[';
                    let is_empty = json[at..].trim_ascii_start().starts_with(match is_list {
                        true => b"]",
                        false => b"}",
                    });
                    if is_list && depth == 2 {
                        is_items = true;
                    }
                    if within.is_none() && is_list && rows.iter().any(|row| row.as_bytes() == name)
                    {
                        within = Some(depth);
                    }
                    if !is_empty {
                        weight.count(depth, within, is_items);
                    }
                }
                b'}' | b']' => {
                    if within == Some(depth) {
                        within = None;
                    }
                    if depth == 2 {
                        is_items = false;
                    }
                    depth = depth.saturating_sub(1);
                    name = b"";
                }
                b',' => {
                    weight.count(depth, within, is_items);
                    name = b"";
                }
                _ => {}
            }
        }
        weight
    }

    /// Counts a member of what lies this deep.
    fn count(&mut self, depth: usize, within: Option<usize>, is_items: bool) {
        match within {
            Some(list) if list == depth => self.rows += 1,
            Some(_) => {}
            None => self.values += 1,
        }
        self.items += usize::from(is_items && depth == 2);
    }
}

/// Whether a text of JSON has no more than so many values.
pub(crate) fn has_few_values(json: &[u8], max: usize) -> bool {
    // Each but the first follows one of these.
    let mut at = 0;
    let mut count = 0;
    while let Some(found) = memchr3(b',', b'[', b'{', &json[at..]) {
        at += found + 1;
        count += 1;
        if count > max {
            return false;
        }
    }
    true
}

/// Where a text ends that starts here, its closing quote included.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if json[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn weigh(json: &str) -> Weight {
        Weight::of(json.as_bytes(), &["rows"])
    }

    #[test]
    fn rows_and_items_are_told_from_other_values() {
        let json =
            r#"{"a": [1, {"b": ",[{\"", "c": []}], "m": {"rows": [{"x": [1, 2]}, {}, 7], "n": 1}}"#;
        let expected = Weight {
            values: 2 + 2 + 2 + 2,
            rows: 3,
            items: 2,
        };
        assert_eq!(weigh(json), expected);
        for nothing in ["", "7", "{}", "[]", r#"{"rows":[]}"#, r#"{"a":{}}"#] {
            assert_eq!(weigh(nothing).rows + weigh(nothing).items, 0, "{nothing}");
        }
        assert!(has_few_values(b"[1,2,3]", 3) && !has_few_values(b"[1,2,3]", 2));
    }

    proptest! {
        #[test]
        fn every_value_is_counted(value in crate::testing::json()) {
            fn members(value: &Value) -> usize {
                match value {
                    Value::Array(list) => list.iter().map(|value| 1 + members(value)).sum(),
                    Value::Object(fields) => fields.values().map(|value| 1 + members(value)).sum(),
                    _ => 0,
                }
            }
            for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert_eq!(Weight::of(json.as_bytes(), &[]).values, members(&value));
                prop_assert!(has_few_values(json.as_bytes(), json.len()));
            }
        }

        #[test]
        fn any_bytes_can_be_weighed(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let weight = Weight::of(&bytes, &["rows"]);
            prop_assert!(weight.values + weight.rows <= bytes.len());
        }
    }
}
