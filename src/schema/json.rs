//! JSON Schema in the keywords that Google's documentation of structured output lists.

use serde_json::{Value, json};

use super::walk::walk;

pub(super) fn adapt(mut schema: Value) -> Value {
    if let Some(root) = schema.as_object_mut() {
        root.remove("$schema");
    }
    walk(&mut schema, &Value::Null, &mut |schema, _| {
        let Some(node) = schema.as_object_mut() else {
            return;
        };
        if let Some(only) = node.remove("const") {
            node.insert("enum".to_owned(), json!([only]));
        }
        // Beside a reference nothing may stand but definitions.
        if node.keys().all(|keyword| keyword.starts_with('$')) {
            return;
        }
        let Some(reference) = node.remove("$ref") else {
            return;
        };
        let referred = json!({ "$ref": reference });
        match node.remove("anyOf") {
            None => node.insert("anyOf".to_owned(), json!([referred])),
            Some(choices) => {
                let both = json!([referred, { "anyOf": choices }]);
                node.insert("allOf".to_owned(), both)
            }
        };
    });
    schema
}
