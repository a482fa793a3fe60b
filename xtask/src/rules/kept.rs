//! Points responses, and the elements of lists in them, at a schema that stands for "the message,
//! and the text that it came as". The generated code has a type of the crate for it, so that a
//! field that the documents do not know stays visible.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::schema::Object;

const SCHEMAS: &str = "#/components/schemas/";

/// The schema that stands for a kept message.
fn kept(name: &str) -> String {
    format!("Kept{name}")
}

/// Points the responses of `paths` at kept messages, and the lists of one response in another too.
pub(crate) fn keep(paths: &mut Value, schemas: &mut Object) -> Result<()> {
    let mut responses = BTreeSet::new();
    let operations = paths
        .as_object_mut()
        .into_iter()
        .flat_map(Object::values_mut);
    for operation in operations
        .filter_map(Value::as_object_mut)
        .flat_map(Object::values_mut)
    {
        let response =
            operation.pointer_mut("/responses/200/content/application~1json/schema/$ref");
        if let Some(Value::String(target)) = response {
            let name = target.strip_prefix(SCHEMAS).unwrap_or(target).to_owned();
            *target = format!("{SCHEMAS}{}", kept(&name));
            responses.insert(name);
        }
    }
    for owner in &responses {
        let fields = schemas
            .get_mut(owner)
            .and_then(|schema| schema.get_mut("properties"));
        let fields = fields.and_then(Value::as_object_mut).into_iter();
        for field in fields.flat_map(Object::values_mut) {
            if let Some(Value::String(target)) = field.pointer_mut("/items/$ref")
                && let Some(name) = target.strip_prefix(SCHEMAS)
                && responses.contains(name)
            {
                *target = format!("{SCHEMAS}{}", kept(name));
            }
        }
    }
    for name in responses {
        let kept = kept(&name);
        ensure!(!schemas.contains_key(&kept), "there is a schema `{kept}`");
        let description = format!("A `{name}`, and the text that it came as.");
        schemas.insert(
            kept,
            json!({"allOf": [{"$ref": format!("{SCHEMAS}{name}")}], "description": description}),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(schema: &str) -> Value {
        let schema = json!({"$ref": format!("{SCHEMAS}{schema}")});
        json!({"responses": {"200": {"content": {"application/json": {"schema": schema}}}}})
    }

    #[test]
    fn responses_and_the_lists_in_them_are_kept() {
        let mut paths = json!({
            "/jobs": {"get": response("List"), "post": response("Job")},
            "/jobs/{job}": {"delete": {"responses": {"200": {}}}},
        });
        let mut schemas = json!({
            "List": {"properties": {
                "jobs": {"type": "array", "items": {"$ref": format!("{SCHEMAS}Job")}},
                "notes": {"type": "array", "items": {"$ref": format!("{SCHEMAS}Note")}},
            }},
            "Job": {}, "Note": {},
        });
        keep(&mut paths, schemas.as_object_mut().unwrap()).unwrap();
        assert_eq!(
            paths["/jobs"],
            json!({"get": response("KeptList"), "post": response("KeptJob")})
        );
        let fields = &schemas["List"]["properties"];
        assert_eq!(fields["jobs"]["items"]["$ref"], format!("{SCHEMAS}KeptJob"));
        assert_eq!(fields["notes"]["items"]["$ref"], format!("{SCHEMAS}Note"));
        assert_eq!(
            schemas["KeptJob"]["allOf"][0]["$ref"],
            format!("{SCHEMAS}Job")
        );
        assert!(schemas.get("KeptNote").is_none());
    }
}
