//! The order in which fields are declared.
//!
//! `serde_json` sorts the fields of an object, so that `properties` does not tell. The list of
//! required fields does, and where a type is written rather than read, `schemars` requires every
//! field but those with `skip_serializing_if`.

use serde_json::{Value, json};

use super::Node;
use super::walk::walk;

/// Notes the order of its fields in each object of `schema`, as `propertyOrdering`.
///
/// `written` is the schema of the same type for writing.
pub(super) fn note(schema: &mut Value, written: &Value) {
    walk(schema, written, &mut |schema, written| {
        let Some(node) = schema.as_object_mut() else {
            return;
        };
        let order = order(node, written);
        if order.len() > 1 && !node.contains_key("propertyOrdering") {
            node.insert("propertyOrdering".to_owned(), json!(order));
        }
    });
}

fn order(node: &Node, written: &Value) -> Vec<String> {
    let Some(Value::Object(properties)) = node.get("properties") else {
        return Vec::new();
    };
    let mut order: Vec<String> = Vec::new();
    let mut push = |name: &str| {
        if properties.contains_key(name) && !order.iter().any(|known| known == name) {
            order.push(name.to_owned());
        }
    };
    if !keeps_order() {
        let lists = [written.get("required"), node.get("required")];
        let names = lists.into_iter().flatten().filter_map(Value::as_array);
        names
            .flatten()
            .filter_map(Value::as_str)
            .for_each(&mut push);
    }
    properties.keys().for_each(|name| push(name));
    order
}

/// Whether a crate of this build has `serde_json/preserve_order` switched on.
fn keeps_order() -> bool {
    let two: Node = ["b", "a"]
        .map(|name| (name.to_owned(), Value::Null))
        .into_iter()
        .collect();
    two.keys().next().is_some_and(|first| first == "b")
}
