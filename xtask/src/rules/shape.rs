//! Refuses a schema whose keywords are not what the later rules take them for. Such a
//! schema would pass through them untouched, and be told of by the code generator only.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::schema::Object;

/// Checks a schema and every schema within it.
pub(crate) fn check(schema: &Object) -> Result<()> {
    for (keyword, value) in schema {
        let fits = match keyword.as_str() {
            "$ref" | "type" | "format" => value.is_string(),
            "enum" => value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_string)),
            "properties" | "items" | "additionalProperties" => value.is_object(),
            "deprecated" | "repeated" => value.is_boolean(),
            _ => true,
        };
        ensure!(fits, "has the odd `{keyword}` {value}");
    }
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        let field = field.as_object();
        let field =
            field.with_context(|| format!("has the field `{name}`, which is not a schema"))?;
        check(field).with_context(|| format!("the field `{name}`"))?;
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(Value::Object(inner)) = schema.get(keyword) {
            check(inner).with_context(|| format!("`{keyword}`"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keywords_have_the_shape_that_rules_rely_on() {
        let whole = json!({"type": "object", "properties": {
            "type": {"type": "string", "enum": ["A"], "deprecated": true},
            "list": {"type": "array", "items": {"$ref": "A"}},
        }});
        assert!(check(whole.as_object().unwrap()).is_ok());
        for (odd, named) in [
            (json!({"type": {"x": {"$ref": "A"}}}), "`type`"),
            (
                json!({"properties": {"a": {"$ref": 7}}}),
                "the field `a`: has the odd `$ref` 7",
            ),
            (
                json!({"properties": {"a": []}}),
                "`a`, which is not a schema",
            ),
            (
                json!({"items": {"enum": [1]}}),
                "`items`: has the odd `enum` [1]",
            ),
            (json!({"items": [{"$ref": "A"}]}), "`items`"),
        ] {
            let error = format!("{:#}", check(odd.as_object().unwrap()).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
