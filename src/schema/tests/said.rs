//! Types that can be said, and how.

use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::schema::{json_schema, response_schema};

fn said<T: JsonSchema>() -> Value {
    let mut schema = response_schema::<T>().unwrap();
    schema.as_object_mut().unwrap().remove("title");
    schema
}

/// The field `x` of a struct.
fn field<T: JsonSchema>() -> Value {
    said::<T>()["properties"]["x"].take()
}

macro_rules! holder {
    ($name:ident, $kind:ty) => {
        #[allow(dead_code)]
        #[derive(JsonSchema)]
        struct $name {
            x: $kind,
        }
    };
}

/// The paint.
#[allow(dead_code)]
#[derive(JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Color {
    DeepRed,
    /// Like grass.
    Green,
    #[serde(rename = "azure")]
    Blue,
}

#[allow(dead_code)]
#[derive(JsonSchema)]
struct Point {
    y: f32,
    x: Option<f64>,
}

#[test]
fn fields_keep_their_order_names_and_descriptions() {
    /// A review.
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Review {
        /// From 1 to 5.
        #[schemars(range(min = 1, max = 5))]
        star_count: u8,
        quote: Option<String>,
        #[serde(default)]
        id: u64,
        #[serde(rename = "Colour")]
        color: Option<Color>,
        #[schemars(length(min = 1, max = 3), inner(regex(pattern = "^#")))]
        tags: Vec<String>,
        at: Box<Point>,
    }
    assert_eq!(
        response_schema::<Review>().unwrap(),
        json!({
            "type": "OBJECT",
            "title": "Review",
            "description": "A review.",
            "required": ["starCount", "tags", "at"],
            "propertyOrdering": ["starCount", "quote", "id", "Colour", "tags", "at"],
            "properties": {
                "starCount": {
                    "type": "INTEGER", "format": "int32", "minimum": 1, "maximum": 5,
                    "description": "From 1 to 5.",
                },
                "quote": {"type": "STRING", "nullable": true},
                "id": {"type": "INTEGER", "format": "int64", "minimum": 0},
                "Colour": {
                    "type": "STRING", "enum": ["DEEP_RED", "azure", "GREEN"], "nullable": true,
                    "description": "The paint.\n\n`GREEN`: Like grass.",
                },
                "tags": {
                    "type": "ARRAY", "minItems": "1", "maxItems": "3",
                    "items": {"type": "STRING", "pattern": "^#"},
                },
                "at": {
                    "type": "OBJECT",
                    "required": ["y"],
                    "propertyOrdering": ["y", "x"],
                    "properties": {
                        "y": {"type": "NUMBER", "format": "float"},
                        "x": {"type": "NUMBER", "format": "double", "nullable": true},
                    },
                },
            },
        })
    );
}

#[test]
fn a_field_that_may_stay_unwritten_has_a_place_in_the_order() {
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Sparse {
        z: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        y: Option<u8>,
        x: u8,
    }
    let order = said::<Sparse>()["propertyOrdering"].take();
    assert!(
        order == json!(["z", "x", "y"]) || order == json!(["z", "y", "x"]),
        "{order}"
    );
}

#[test]
fn a_field_named_like_a_keyword_is_a_field() {
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Named {
        r#type: String,
        properties: Point,
        items: Vec<u8>,
        #[serde(rename = "$ref")]
        reference: String,
        #[serde(rename = "const")]
        constant: bool,
    }
    let schema = said::<Named>();
    let fields = ["type", "properties", "items", "$ref", "const"];
    assert_eq!(schema["propertyOrdering"], json!(fields));
    assert_eq!(schema["properties"].as_object().unwrap().len(), 5);
    assert_eq!(schema["properties"]["properties"]["required"], json!(["y"]));
    let schema = json_schema::<Named>();
    assert_eq!(schema["properties"]["const"], json!({"type": "boolean"}));
    assert_eq!(schema["properties"]["$ref"], json!({"type": "string"}));
}

#[test]
fn enums_with_content_become_choices() {
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    enum External {
        Nothing,
        One(i64),
        Fields { a: bool },
    }
    assert_eq!(
        said::<External>(),
        json!({"anyOf": [
            {"type": "STRING", "enum": ["Nothing"]},
            {"type": "OBJECT", "required": ["One"],
             "properties": {"One": {"type": "INTEGER", "format": "int64"}}},
            {"type": "OBJECT", "required": ["Fields"],
             "properties": {"Fields": {"type": "OBJECT", "required": ["a"],
                                       "properties": {"a": {"type": "BOOLEAN"}}}}},
        ]})
    );

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Internal {
        Nothing,
        /// A place.
        At(Point),
    }
    let nothing = json!({
        "type": "OBJECT", "required": ["kind"],
        "properties": {"kind": {"type": "STRING", "enum": ["nothing"]}},
    });
    let mut schema = said::<Internal>();
    assert_eq!(schema["anyOf"][0], nothing);
    let at = schema["anyOf"][1].take();
    assert_eq!(at["propertyOrdering"], json!(["kind", "y", "x"]));
    assert_eq!(at["required"], json!(["kind", "y"]));
    assert_eq!(at["description"], "A place.");

    holder!(Held, Option<Internal>);
    let held = field::<Held>();
    assert_eq!(held["nullable"], true);
    assert_eq!(held["anyOf"][0], nothing);

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(untagged)]
    enum Untagged {
        Number(i32),
        Text(String),
        Nothing,
    }
    let choice = json!({"nullable": true, "anyOf": [
        {"type": "INTEGER", "format": "int32"}, {"type": "STRING"},
    ]});
    assert_eq!(said::<Untagged>(), choice);

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(untagged)]
    enum Nested {
        Inner(Untagged),
        Flag(bool),
    }
    assert_eq!(
        said::<Nested>()["anyOf"],
        json!([choice, {"type": "BOOLEAN"}])
    );
}

#[test]
fn flattened_fields_stand_beside_the_others() {
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    enum Shape {
        Circle { radius: f32 },
        Dot,
    }
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Drawn {
        name: String,
        #[serde(flatten)]
        point: Point,
        #[serde(flatten)]
        shape: Shape,
        #[serde(flatten)]
        others: serde_json::Map<String, Value>,
    }
    let schema = said::<Drawn>();
    let variants = schema["anyOf"].as_array().unwrap();
    assert_eq!(variants.len(), 2);
    assert_eq!(
        variants[0]["propertyOrdering"],
        json!(["name", "y", "x", "kind", "radius"])
    );
    assert_eq!(variants[1]["required"], json!(["name", "y", "kind"]));

    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Perhaps {
        name: String,
        #[serde(flatten)]
        shape: Option<Shape>,
    }
    let schema = said::<Perhaps>();
    let required = |n: usize| schema["anyOf"][n]["required"].clone();
    assert_eq!(schema["anyOf"].as_array().unwrap().len(), 3, "{schema}");
    assert_eq!(required(0), json!(["name", "kind", "radius"]));
    assert_eq!(required(2), json!(["name"]));
}

#[test]
fn wrappers_are_what_they_hold() {
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Id(u16);
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    #[serde(transparent)]
    struct Transparent {
        inner: Point,
    }
    holder!(Ids, (Id, Id));
    let id = json!({"type": "INTEGER", "format": "int32", "minimum": 0, "maximum": 65535});
    let pair = json!({"type": "ARRAY", "items": id, "minItems": "2", "maxItems": "2"});
    assert_eq!(field::<Ids>(), pair);
    assert_eq!(said::<Transparent>(), said::<Point>());
    assert_eq!(said::<Option<Point>>()["nullable"], true);
    assert_eq!(said::<Vec<Point>>()["items"], said::<Point>());
}

#[test]
fn formats_that_google_lacks_become_remarks_and_bounds() {
    holder!(Ip, std::net::IpAddr);
    holder!(Set, std::collections::HashSet<u32>);
    holder!(Wide, Option<i128>);
    #[allow(dead_code)]
    #[derive(JsonSchema)]
    struct Moment {
        #[schemars(extend("format" = "date-time"))]
        x: String,
    }
    let ip = json!({"type": "STRING", "description": "Its format is `ip`."});
    assert_eq!(field::<Ip>(), ip);
    let set = json!({
        "type": "ARRAY", "description": "No two items are the same.",
        "items": {"type": "INTEGER", "format": "int64", "minimum": 0, "maximum": u32::MAX},
    });
    assert_eq!(field::<Set>(), set);
    let wide = json!({"type": "INTEGER", "format": "int64", "nullable": true});
    assert_eq!(field::<Wide>(), wide);
    assert_eq!(
        field::<Moment>(),
        json!({"type": "STRING", "format": "date-time"})
    );
}
