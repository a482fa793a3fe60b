//! A message without fields has no body. A cancel then sends none, as Google's
//! own SDKs do, and its response may be `{}`, nothing at all or anything else.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::Object;

/// Whether the body refers to a message that has no fields.
pub(crate) fn is_empty(body: &Object, schemas: &BTreeMap<String, Object>) -> bool {
    let message = body
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|name| schemas.get(name));
    message.is_some_and(|message| {
        let fields = message.get("properties").and_then(Value::as_object);
        fields.is_none_or(|fields| fields.is_empty())
            && message.get("type").is_some_and(|kind| kind == "object")
            && !message.contains_key("additionalProperties")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_message_without_content_is_empty() {
        let schemas = serde_json::from_value(json!({
            "Empty": {"type": "object", "properties": {}},
            "Map": {"type": "object", "additionalProperties": {}},
            "Job": {"type": "object", "properties": {"a": {}}},
        }))
        .unwrap();
        let empty = |body: Value| is_empty(body.as_object().unwrap(), &schemas);
        assert!(empty(json!({"$ref": "Empty"})));
        assert!(!empty(json!({"$ref": "Map"})));
        assert!(!empty(json!({"$ref": "Job"})));
        assert!(
            !empty(json!({"$ref": "Missing"})),
            "the selection refuses it"
        );
        assert!(
            !empty(json!({"type": "object"})),
            "a body in place has any content"
        );
    }
}
