//! Discovery's type `any` is no OpenAPI type: a schema without a type is.

use super::schema::Object;

/// Drops the type `any`.
pub(crate) fn untype(schema: &mut Object) {
    if schema.get("type").is_some_and(|kind| kind == "any") {
        schema.remove("type");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::schema::tests::after;

    #[test]
    fn any_becomes_the_open_schema() {
        assert_eq!(
            after(
                json!({"type": "object", "additionalProperties": {"type": "any"}}),
                untype
            ),
            json!({"type": "object", "additionalProperties": {}}),
        );
    }
}
