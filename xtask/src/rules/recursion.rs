//! Gives a field that leads straight back to its own schema, as `Schema.items`
//! does, a schema of its own. The generated type needs a box somewhere on such a
//! way; left to itself the generator boxes the field, which is then sent as
//! `null` where it is absent. Lists and maps are boxes already.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use heck::ToUpperCamelCase;
use serde_json::{Value, json};

use super::schema::Object;

/// Puts a schema between each recursive field and what it refers to.
pub(crate) fn indirect(schemas: &mut BTreeMap<String, Object>) -> Result<()> {
    let recursive: Vec<_> = schemas
        .iter()
        .flat_map(|(owner, schema)| direct(schema).map(move |edge| (owner, edge)))
        .filter(|(owner, (_, target))| reaches(schemas, target, owner))
        .map(|(owner, (field, target))| (owner.clone(), field.clone(), target.to_owned()))
        .collect();
    for (owner, field, target) in recursive {
        let name = format!("{owner}{}", field.to_upper_camel_case());
        ensure!(
            !schemas.contains_key(&name),
            "`{owner}.{field}` needs the name `{name}`"
        );
        if let Some(schema) = schemas.get_mut(&owner) {
            schema["properties"][field.as_str()] = reference(&name);
        }
        let description = format!("The `{field}` of a `{owner}`.");
        let indirection = Object::from_iter([
            ("allOf".to_owned(), json!([reference(&target)])),
            ("description".to_owned(), description.into()),
        ]);
        schemas.insert(name, indirection);
    }
    Ok(())
}

const SCHEMAS: &str = "#/components/schemas/";

fn reference(name: &str) -> Value {
    json!({"$ref": format!("{SCHEMAS}{name}")})
}

/// The fields that refer to one other schema, with that schema's name.
fn direct(schema: &Object) -> impl Iterator<Item = (&String, &str)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten().filter_map(|(field, schema)| {
        Some((field, schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)?))
    })
}

fn reaches(schemas: &BTreeMap<String, Object>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut waiting = vec![from];
    while let Some(name) = waiting.pop() {
        if name == to {
            return true;
        }
        let fields = schemas.get(name).into_iter().flat_map(direct);
        waiting.extend(fields.filter_map(|(_, next)| seen.insert(next).then_some(next)));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_field_that_leads_straight_back_is_indirect() {
        let mut schemas = serde_json::from_value(json!({
            "Tree": {"properties": {
                "parent": reference("Tree"),
                "owner": reference("Person"),
                "children": {"type": "array", "items": reference("Tree")},
            }},
            "Person": {"properties": {"name": {"type": "string"}}},
        }))
        .unwrap();
        indirect(&mut schemas).unwrap();
        assert_eq!(
            json!(schemas),
            json!({
                "Tree": {"properties": {
                    "parent": reference("TreeParent"),
                    "owner": reference("Person"),
                    "children": {"type": "array", "items": reference("Tree")},
                }},
                "TreeParent": {
                    "allOf": [reference("Tree")], "description": "The `parent` of a `Tree`.",
                },
                "Person": {"properties": {"name": {"type": "string"}}},
            }),
        );
    }

    #[test]
    fn a_way_may_be_longer_than_the_stack_is_deep() {
        let schemas: BTreeMap<String, Object> = (0..100_000)
            .map(|n| {
                let next = json!({"properties": {"next": reference(&format!("S{}", n + 1))}});
                (format!("S{n}"), next.as_object().unwrap().clone())
            })
            .collect();
        assert!(reaches(&schemas, "S0", "S100000"));
        assert!(!reaches(&schemas, "S1", "S0"));
    }

    #[test]
    fn the_way_back_may_lead_over_another_schema() {
        let mut schemas = serde_json::from_value(json!({
            "Egg": {"properties": {"hen": reference("Hen")}},
            "Hen": {"properties": {"egg": reference("Egg")}},
        }))
        .unwrap();
        indirect(&mut schemas).unwrap();
        assert_eq!(
            schemas.keys().collect::<Vec<_>>(),
            ["Egg", "EggHen", "Hen", "HenEgg"]
        );
    }
}
