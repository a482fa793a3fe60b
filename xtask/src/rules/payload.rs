//! Points the places of requests and results at [`JSON`]: a text that passes as it is. What
//! stands there goes out as the caller wrote it, and comes in without being parsed into
//! messages that the readers of rows would parse again.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::schema::Object;

/// The schema that stands for a text of JSON; the generated code has a type of the crate for it.
pub(crate) const JSON: &str = "Json";

/// Points the fields `(message, field)` at [`JSON`], of a list its elements.
pub(crate) fn pass(schemas: &mut Object, places: &[(&str, &str)]) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    ensure!(!schemas.contains_key(JSON), "there is a schema `{JSON}`");
    for (message, field) in places {
        let place = schemas
            .get_mut(*message)
            .and_then(|schema| schema.get_mut("properties")?.get_mut(field))
            .and_then(Value::as_object_mut)
            .with_context(|| format!("there is no field `{message}.{field}` for payload"))?;
        let of_list = place.get_mut("items").and_then(Value::as_object_mut);
        let place = match of_list {
            Some(items) => items,
            None => place,
        };
        ensure!(
            place.remove("$ref").is_some(),
            "`{message}.{field}` is not a message or a list of messages"
        );
        place.insert("$ref".into(), format!("#/components/schemas/{JSON}").into());
    }
    schemas.insert(
        JSON.to_owned(),
        json!({"description": "JSON that passes as it is."}),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas() -> Object {
        let schemas = json!({
            "Input": {"properties": {
                "requests": {"type": "array", "items": {"$ref": "#/Request"}, "description": "D."},
                "name": {"type": "string"},
            }},
            "Count": {"properties": {"request": {"$ref": "#/Request"}}},
        });
        schemas.as_object().unwrap().clone()
    }

    #[test]
    fn lists_and_fields_become_json() {
        let mut after = schemas();
        pass(&mut after, &[("Input", "requests"), ("Count", "request")]).unwrap();
        let json = json!({"$ref": "#/components/schemas/Json"});
        let requests = &after["Input"]["properties"]["requests"];
        assert_eq!(
            (&requests["items"], &requests["description"]),
            (&json, &json!("D."))
        );
        assert_eq!(after["Count"]["properties"]["request"], json);
        assert!(after.contains_key(JSON));
    }

    #[test]
    fn a_place_that_is_gone_is_named() {
        for place in [("Gone", "requests"), ("Input", "gone"), ("Input", "name")] {
            let error = pass(&mut schemas(), &[place]).unwrap_err().to_string();
            assert!(
                error.contains(&format!("`{}.{}`", place.0, place.1)),
                "{error}"
            );
        }
    }
}
