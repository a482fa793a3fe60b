//! Chooses what of a discovery document belongs to batches: by resource, never
//! by a list of operations, so that a method or a field that Google adds arrives
//! without a change here. The schemas follow from the chosen methods.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::discovery::{Api, Document, Method, Only, Resource};
use crate::rules::schema::{Object, walk};
use crate::rules::{empty, shape};

/// The chosen methods, in order of their ids, and every schema they need.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) methods: Vec<Method>,
    pub(crate) schemas: BTreeMap<String, Object>,
}

/// Selects from `document` what [`Api::resources`] names.
pub(crate) fn select(api: &Api, document: &Document) -> Result<Selection> {
    let mut methods = Vec::new();
    for (path, only) in api.resources {
        let resource = find(&document.resources, path)
            .with_context(|| format!("{} has no resource `{path}`", api.name))?;
        collect(resource, *only, &mut methods)?;
    }
    methods.sort_by(|a, b| a.id.cmp(&b.id));
    for method in &mut methods {
        for body in [&mut method.request, &mut method.response] {
            *body = body
                .take()
                .filter(|body| !empty::is_empty(body, &document.schemas));
        }
    }
    let mut roots = Vec::new();
    for method in &methods {
        let told = || format!("method `{}`", method.id);
        for body in [&method.request, &method.response].into_iter().flatten() {
            shape::check(body).with_context(told)?;
            references(body, &mut roots);
        }
        for parameter in method.parameters.values() {
            let parameter = parameter.as_object().with_context(told)?;
            shape::check(parameter).with_context(told)?;
            let mut found = Vec::new();
            references(parameter, &mut found);
            ensure!(
                found.is_empty(),
                "{} has a parameter that is a message",
                told()
            );
        }
    }
    let schemas = closure(roots, &document.schemas)?;
    Ok(Selection { methods, schemas })
}

fn find<'a>(resources: &'a BTreeMap<String, Resource>, path: &str) -> Option<&'a Resource> {
    match path.split_once('.') {
        Some((first, rest)) => find(&resources.get(first)?.resources, rest),
        None => resources.get(path),
    }
}

fn collect(resource: &Resource, only: Only, methods: &mut Vec<Method>) -> Result<()> {
    for (name, method) in &resource.methods {
        if only.takes(name, method)? {
            methods.push(method.clone());
        }
    }
    resource
        .resources
        .values()
        .try_for_each(|nested| collect(nested, only, methods))
}

fn closure(
    mut wanted: Vec<String>,
    schemas: &BTreeMap<String, Object>,
) -> Result<BTreeMap<String, Object>> {
    let mut found = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let schema = schemas
            .get(&name)
            .with_context(|| format!("schema `{name}` is referred to and missing"))?;
        shape::check(schema).with_context(|| format!("schema `{name}`"))?;
        references(schema, &mut wanted);
        found.insert(name, schema.clone());
    }
    Ok(found)
}

fn references(schema: &Object, found: &mut Vec<String>) {
    walk(&mut schema.clone(), &mut |schema| {
        if let Some(Value::String(name)) = schema.get("$ref") {
            found.push(name.clone());
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::discovery::GEMINI;

    fn method(id: &str, path: &str, response: &str) -> Value {
        json!({
            "id": id, "httpMethod": "POST", "path": path, "flatPath": path,
            "response": {"$ref": response}
        })
    }

    fn document() -> Document {
        let batch = method("g.models.asyncBatchX", "v1beta/models/{modelsId}:x", "Tree");
        let store = method("g.media.other", "v1beta/stores/{storesId}:upload", "Stray");
        serde_json::from_value(json!({
            "name": "generativelanguage", "version": "v1beta", "title": "T", "rootUrl": "https://h/",
            "resources": {
                "batches": {"resources": {"parts": {"methods": {
                    "new": method("g.batches.parts.new", "v1beta/batches/{batchesId}/parts", "Empty"),
                }}}},
                "files": {},
                "media": {"methods": {
                    "upload": method("g.media.upload", "v1beta/files", "Empty"), "other": store,
                }},
                "models": {"methods": {
                    "asyncBatchX": batch,
                    "predict": method("g.models.predict", "v1beta/models/{modelsId}:predict", "Stray"),
                }},
                "tunedModels": {},
            },
            "schemas": {
                "Empty": {"type": "object", "properties": {}},
                "Tree": {"type": "object", "properties": {"children": {"items": {"$ref": "Tree"}}}},
                "Stray": {"type": "object", "properties": {"a": {"type": "string"}}},
            },
        }))
        .unwrap()
    }

    #[test]
    fn takes_whole_resources_named_methods_and_their_schemas() {
        let selection = select(&GEMINI, &document()).unwrap();
        let ids: Vec<_> = selection.methods.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "g.batches.parts.new",
                "g.media.upload",
                "g.models.asyncBatchX"
            ]
        );
        assert_eq!(selection.schemas.keys().collect::<Vec<_>>(), ["Tree"]);
    }

    #[test]
    fn names_a_resource_or_schema_that_is_gone() {
        let mut gone = document();
        gone.resources.remove("files");
        let error = select(&GEMINI, &gone).unwrap_err().to_string();
        assert_eq!(error, "generativelanguage has no resource `files`");

        let mut dangling = document();
        dangling.schemas.remove("Tree");
        let error = select(&GEMINI, &dangling).unwrap_err().to_string();
        assert_eq!(error, "schema `Tree` is referred to and missing");
    }
}
