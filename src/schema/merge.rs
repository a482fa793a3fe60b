//! Two schemas that hold at once, as one: what stands beside a reference, and the parts of a
//! flattened struct.

use serde_json::Value;

use super::Node;

/// What two schemas cannot both say.
#[derive(Debug, PartialEq)]
pub(super) enum Conflict {
    /// Both have this field, which serde gives to one of them alone.
    Field(String),
    /// Both are a choice.
    Choices,
    /// Both have this keyword, each with its own value.
    Keyword(String),
}

/// The schema of what fits both; fields and descriptions of `first` come first.
pub(super) fn merge(mut first: Node, second: Node) -> Result<Node, Conflict> {
    let mut fields = order(&first);
    for name in order(&second) {
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    for (keyword, theirs) in second {
        let Some(ours) = first.get_mut(&keyword) else {
            first.insert(keyword, theirs);
            continue;
        };
        match (keyword.as_str(), ours, theirs) {
            ("properties", Value::Object(ours), Value::Object(theirs)) => {
                for (name, schema) in theirs {
                    if ours.contains_key(&name) {
                        return Err(Conflict::Field(name));
                    }
                    ours.insert(name, schema);
                }
            }
            (_, ours, theirs) if *ours == theirs => {}
            ("required" | "allOf", Value::Array(ours), Value::Array(theirs)) => {
                ours.extend(theirs);
            }
            ("propertyOrdering", ..) => {}
            ("description", Value::String(ours), Value::String(theirs)) => {
                ours.push_str("\n\n");
                ours.push_str(&theirs);
            }
            ("oneOf" | "anyOf", ..) => return Err(Conflict::Choices),
            // Fields without a name of their own: the struct says whether it takes them.
            ("additionalProperties" | "unevaluatedProperties", ours, theirs) => {
                if ours.is_boolean() {
                    *ours = theirs;
                }
            }
            // Nothing that a response has to fit: the nearest counts.
            ("title" | "default" | "example" | "examples" | "deprecated", ..) => {}
            _ => return Err(Conflict::Keyword(keyword)),
        }
    }
    if fields.len() > 1 {
        first.insert("propertyOrdering".to_owned(), Value::Array(fields));
    }
    Ok(first)
}

/// The fields in order; a single one needs no keyword to say it.
fn order(node: &Node) -> Vec<Value> {
    let listed = node.get("propertyOrdering").and_then(Value::as_array);
    let names = || Some(node.get("properties")?.as_object()?.keys().cloned());
    match listed {
        Some(order) => order.clone(),
        None => names().into_iter().flatten().map(Value::String).collect(),
    }
}
