//! The form of JSON Schema, and how a request takes either form.

use schemars::JsonSchema;
use serde_json::json;

use crate::schema::json_schema;
use crate::{GenerationConfig, Request};

#[allow(dead_code)]
#[derive(JsonSchema)]
struct Point {
    y: f32,
    x: Option<f64>,
}

#[test]
fn json_schema_keeps_references_apart() {
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Tree {
        /// Where it stands.
        at: Point,
        children: Option<Vec<Tree>>,
        named: std::collections::BTreeMap<String, (u8, String)>,
    }
    let schema = json_schema::<Tree>();
    let fields = &schema["properties"];
    assert!(schema.get("$schema").is_none());
    assert_eq!(
        schema["propertyOrdering"],
        json!(["at", "children", "named"])
    );
    assert_eq!(fields["at"]["anyOf"], json!([{"$ref": "#/$defs/Point"}]));
    assert_eq!(fields["at"]["description"], "Where it stands.");
    assert_eq!(fields["children"]["items"], json!({"$ref": "#"}));
    assert_eq!(
        fields["named"]["additionalProperties"]["prefixItems"][1]["type"],
        "string"
    );
    assert_eq!(
        schema["$defs"]["Point"]["propertyOrdering"],
        json!(["y", "x"])
    );

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    enum One {
        /// Alone.
        Only,
    }
    assert_eq!(json_schema::<One>()["oneOf"][0]["enum"], json!(["Only"]));
}

#[test]
fn a_request_takes_the_shape_into_its_config() {
    let body = json!({
        "contents": [],
        "generation_config": {"temperature": 0.5, "response_json_schema": {"type": "string"}},
    });
    let request = Request::from_json(body.as_object().unwrap().clone());
    let config = GenerationConfig::new()
        .temperature(0.5)
        .output::<Point>()
        .unwrap();
    let expected = Request::from_json(Default::default())
        .field("contents", json!([]))
        .generation_config(config);
    let shown = |request: Request| format!("{request:?}");
    assert_eq!(shown(request.output::<Point>().unwrap()), shown(expected));

    let config = GenerationConfig::new()
        .output::<Point>()
        .unwrap()
        .output_json_schema::<Point>();
    assert!(!config.0.contains_key("responseSchema"));
    assert_eq!(config.0["responseMimeType"], "application/json");
    let request = Request::text("").field("generationConfig", 7);
    assert!(request.output::<Point>().unwrap_err().is_invalid_input());
}
