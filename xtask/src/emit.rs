//! Assembles the OpenAPI document of one API: selection in, rules applied, our
//! patch last. Pure: the same discovery document and patch always give the same
//! bytes.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::discovery::{Api, Document, Method};
use crate::rules::schema::Object;
use crate::rules::simplify::simplify;
use crate::rules::{
    kept, names, notes, open_requests, operation_ids, parameters, patch, paths, payload, recursion,
};
use crate::select::{Selection, select};

/// An OpenAPI document, and what of the patch Google has by now.
#[derive(Debug)]
pub struct Emitted {
    /// The document.
    pub openapi: Value,
    /// What the patch adds and Google has too.
    pub caught_up: Vec<String>,
}

/// Emits the OpenAPI document of `api`.
pub fn emit(api: &Api, document: &Document, patch: &Value) -> Result<Emitted> {
    let Selection {
        methods,
        mut schemas,
    } = select(api, document)?;
    schemas.values_mut().for_each(simplify);
    let mut schemas = names::shorten(schemas)?;
    recursion::indirect(&mut schemas)?;
    let mut paths = Object::new();
    let mut shared = Object::new();
    for method in &methods {
        add_operation(api, method, &mut paths, &mut shared)
            .with_context(|| format!("method `{}`", method.id))?;
    }
    let mut openapi = json!({
        "openapi": "3.0.3",
        "info": {"title": document.title, "version": document.version},
        "servers": [{"url": format!("{}{}", document.root_url, document.version)}],
        "paths": paths,
        "components": {"parameters": shared, "schemas": schemas},
    });
    let caught_up =
        patch::apply(&mut openapi, patch).with_context(|| format!("{}.patch.json", api.stem))?;
    let mut schemas = take_members(&mut openapi["components"]["schemas"]);
    payload::pass(&mut schemas, api.payloads)?;
    kept::keep(&mut openapi["paths"], &mut schemas)?;
    open_requests::open(&openapi["paths"], &mut schemas);
    openapi["components"]["schemas"] = schemas.into();
    for schema in members(&mut openapi["components"]["schemas"]) {
        notes::finish(schema);
    }
    for parameter in members(&mut openapi["components"]["parameters"]) {
        notes::finish_parameter(parameter);
    }
    Ok(Emitted { openapi, caught_up })
}

/// A JSON document as `openapi/` keeps it: sorted, indented, ended by a newline.
pub fn to_text(document: &Value) -> Result<String> {
    let mut sorted = document.clone();
    sorted.sort_all_objects();
    Ok(serde_json::to_string_pretty(&sorted)? + "\n")
}

fn take_members(objects: &mut Value) -> Object {
    match objects.take() {
        Value::Object(members) => members,
        _ => Object::new(),
    }
}

fn members(objects: &mut Value) -> impl Iterator<Item = &mut Object> {
    objects
        .as_object_mut()
        .into_iter()
        .flat_map(|objects| objects.values_mut().filter_map(Value::as_object_mut))
}

fn add_operation(
    api: &Api,
    method: &Method,
    paths: &mut Object,
    shared: &mut Object,
) -> Result<()> {
    let id = operation_ids::operation_id(api, &method.id);
    let path = paths::rewrite(method.flat_path()?, api.version)?;
    let in_path = path
        .placeholders
        .iter()
        .map(|name| (name, parameters::path(name)));
    let in_query = method
        .parameters
        .iter()
        .filter_map(|(name, spec)| Some((name, parameters::query(name, spec)?)));
    let references: Vec<_> = in_path
        .chain(in_query)
        .map(|(name, parameter)| share(shared, &id, name, parameter))
        .collect();

    // Only 200 is declared: any other status then keeps its body unread for the
    // one error converter of the client.
    let mut operation = json!({
        "operationId": id,
        "description": format!("Calls `{}`.", operation_ids::local(api, &method.id)),
        "responses": {"200": {"description": "Success."}},
    });
    if !references.is_empty() {
        operation["parameters"] = references.into();
    }
    if let Some(request) = &method.request {
        operation["requestBody"] = json!({"content": content(request), "required": true});
    }
    if let Some(response) = &method.response {
        operation["responses"]["200"]["content"] = content(response);
    }
    if method.deprecated {
        operation["deprecated"] = true.into();
    }

    let verb = method.http_method.to_lowercase();
    let item = paths.entry(&path.template).or_insert_with(|| json!({}));
    ensure!(
        item.get(&verb).is_none(),
        "{verb} {} is taken",
        path.template
    );
    item[verb] = operation;
    Ok(())
}

fn content(body: &Object) -> Value {
    let mut schema = body.clone();
    simplify(&mut schema);
    names::point(&mut schema);
    json!({"application/json": {"schema": schema}})
}

/// Keeps a parameter once for all operations that agree on it, where the patch
/// can describe it, and returns the reference to it.
fn share(shared: &mut Object, operation: &str, name: &str, parameter: Value) -> Value {
    let key = match shared.get(name) {
        Some(other) if *other != parameter => format!("{operation}.{name}"),
        _ => name.to_owned(),
    };
    let reference = json!({"$ref": format!("#/components/parameters/{key}")});
    shared.insert(key, parameter);
    reference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::VERTEX;

    fn document() -> Document {
        let jobs = json!({"methods": {"list": {
            "id": "aiplatform.batchPredictionJobs.list", "httpMethod": "GET",
            "path": "v1beta1/batchPredictionJobs",
            "parameters": {"pageSize": {"location": "query", "type": "integer", "format": "int32"}},
            "response": {"$ref": "GoogleCloudAiplatformV1beta1List"},
        }}});
        serde_json::from_value(json!({
            "name": "aiplatform", "version": "v1beta1", "title": "T", "rootUrl": "https://h/",
            "resources": {
                "batchPredictionJobs": jobs,
                "projects": {"resources": {"locations": {"resources": {
                    "batchPredictionJobs": {}, "operations": {},
                }}}},
            },
            "schemas": {"GoogleCloudAiplatformV1beta1List": {
                "type": "object", "properties": {"state": {"type": "string", "enum": ["A"]}},
            }},
        }))
        .unwrap()
    }

    #[test]
    fn the_document_is_whole() {
        let patch = json!({
            "components": {"schemas": {"List": {"properties": {"state": {"description": "Ours."}}}}},
        });
        let Emitted { openapi, caught_up } = emit(&VERTEX, &document(), &patch).unwrap();
        assert!(caught_up.is_empty());
        assert_eq!(
            openapi,
            json!({
                "openapi": "3.0.3",
                "info": {"title": "T", "version": "v1beta1"},
                "servers": [{"url": "https://h/v1beta1"}],
                "paths": {"/batchPredictionJobs": {"get": {
                    "operationId": "express_batch_prediction_jobs_list",
                    "description": "Calls `batchPredictionJobs.list`.",
                    "parameters": [{"$ref": "#/components/parameters/pageSize"}],
                    "responses": {"200": {
                        "description": "Success.",
                        "content": {"application/json": {
                            "schema": {"$ref": "#/components/schemas/KeptList"},
                        }},
                    }},
                }}},
                "components": {
                    "parameters": {"pageSize": {
                        "in": "query", "name": "pageSize",
                        "schema": {"type": "integer", "format": "int32"},
                    }},
                    "schemas": {
                        "KeptList": {
                            "allOf": [{"$ref": "#/components/schemas/List"}],
                            "description": "A `List`, and the text that it came as.",
                        },
                        "List": {"type": "object", "properties": {"state": {
                            "type": "string", "x-known-values": ["A"],
                            "description": "Ours. Known values: `A`.",
                        }}},
                    },
                },
            }),
        );
    }

    #[test]
    fn parameters_that_differ_are_kept_apart() {
        let mut shared = Object::new();
        let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
        share(&mut shared, "a", "filter", text.clone());
        share(&mut shared, "b", "filter", text);
        let reference = share(&mut shared, "c", "filter", number);
        assert_eq!(reference["$ref"], "#/components/parameters/c.filter");
        assert_eq!(shared.len(), 2);
    }

    #[test]
    fn text_is_sorted_and_ends_with_a_newline() {
        let text = to_text(&json!({"b": 1, "a": {"d": 2, "c": []}})).unwrap();
        assert_eq!(
            text,
            "{\n  \"a\": {\n    \"c\": [],\n    \"d\": 2\n  },\n  \"b\": 1\n}\n"
        );
    }
}
