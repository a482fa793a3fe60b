//! Strips the package names that Google puts before schema names, and points the
//! references at the new ones. Two schemas that would then share a name are an
//! error: one of them would silently vanish.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;

use super::schema::{Object, walk};

const PACKAGES: [&str; 7] = [
    "GoogleAiGenerativelanguageV1beta",
    "GoogleApi",
    "GoogleCloudAiplatformV1beta1",
    "GoogleLongrunning",
    "GoogleProtobuf",
    "GoogleRpc",
    "GoogleType",
];

/// A schema's name without its package.
pub(crate) fn short(name: &str) -> &str {
    PACKAGES
        .iter()
        .find_map(|package| name.strip_prefix(package))
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
        .unwrap_or(name)
}

/// Points the references of a schema at where OpenAPI keeps schemas.
pub(crate) fn point(schema: &mut Object) {
    walk(schema, &mut |schema| {
        if let Some(Value::String(target)) = schema.get_mut("$ref") {
            *target = format!("#/components/schemas/{}", short(target));
        }
    });
}

/// Renames all schemas together with the references among them.
pub(crate) fn shorten(schemas: BTreeMap<String, Object>) -> Result<BTreeMap<String, Object>> {
    let mut shortened = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for (name, mut schema) in schemas {
        let short = short(&name).to_owned();
        point(&mut schema);
        if let Some(other) = origins.insert(short.clone(), name.clone()) {
            bail!("schemas `{other}` and `{name}` would both be called `{short}`");
        }
        shortened.insert(short, schema);
    }
    Ok(shortened)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schemas(list: Value) -> BTreeMap<String, Object> {
        serde_json::from_value(list).unwrap()
    }

    #[test]
    fn names_and_references_lose_their_package() {
        let before = schemas(json!({
            "GoogleCloudAiplatformV1beta1Job": {
                "properties": {"error": {"$ref": "GoogleRpcStatus"}}
            },
            "GoogleRpcStatus": {},
            "GoogleSearch": {},
        }));
        let shortened = schemas(json!({
            "Job": {"properties": {"error": {"$ref": "#/components/schemas/Status"}}},
            "Status": {},
            "GoogleSearch": {},
        }));
        assert_eq!(shorten(before).unwrap(), shortened);
    }

    #[test]
    fn a_clash_names_both() {
        let clash = schemas(json!({"GoogleRpcStatus": {}, "Status": {}}));
        assert_eq!(
            shorten(clash).unwrap_err().to_string(),
            "schemas `GoogleRpcStatus` and `Status` would both be called `Status`",
        );
    }
}
