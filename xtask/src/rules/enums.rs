//! Opens every enum. A generated closed enum would fail a whole message on the
//! first value Google adds, so the field stays a string, and the values known
//! today move to `x-known-values`, where [`super::notes`] and the diff find them.

use super::schema::Object;

/// Where a document of ours keeps the values that an open enum is known to take.
pub(crate) const KNOWN_VALUES: &str = "x-known-values";

/// Turns `enum` into known values.
pub(crate) fn open(schema: &mut Object) {
    if let Some(values) = schema.remove("enum") {
        schema.insert(KNOWN_VALUES.to_owned(), values);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::schema::tests::after;

    #[test]
    fn an_enum_becomes_a_string_with_known_values() {
        assert_eq!(
            after(json!({"type": "string", "enum": ["A", "B"]}), open),
            json!({"type": "string", "x-known-values": ["A", "B"]}),
        );
    }

    #[test]
    fn a_field_called_enum_stays() {
        let schema = json!({"type": "object", "properties": {"enum": {"type": "string"}}});
        assert_eq!(after(schema.clone(), open), schema);
    }
}
