//! Types that cannot be said, and that the error tells which field.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use crate::schema::response_schema;

macro_rules! types {
    ($($(#[$attribute:meta])* $name:ident { $($(#[$on_field:meta])* $field:ident: $kind:ty),* })*) => {
        $(#[allow(dead_code)]
        #[derive(JsonSchema)]
        $(#[$attribute])*
        struct $name { $($(#[$on_field])* $field: $kind,)* })*
    };
}

types! {
    Order { lines: Vec<Line> }
    Line { prices: BTreeMap<String, u8> }
    Pair { both: Option<(u8, String)> }
    Tree { leaf: bool, children: Vec<Tree> }
    Forest { oaks: Option<Box<Oak>> }
    Oak { acorn: Acorn }
    Acorn { oak: Option<Box<Oak>> }
    Anything { inner: serde_json::Value }
    Empty {}
    HoldsEmpty { empty: Empty }
    HoldsUnit { unit: () }
    Extended { #[schemars(extend("multipleOf" = 3))] threes: u8 }
    Numbered { #[schemars(extend("enum" = [1, 2]))] level: u8 }
    Open { name: String, #[serde(flatten)] counts: BTreeMap<String, u8> }
    Twice { #[serde(flatten)] one: Tagged, #[serde(flatten)] two: Other }
    Clash { radius: String, #[serde(flatten)] shape: Tagged }
    Same { #[serde(flatten)] one: Leaf, #[serde(flatten)] two: Leaf }
    Leaf { vein: u8 }
    Never { never: Void }
}

#[allow(dead_code)]
#[derive(JsonSchema)]
enum Void {}

#[allow(dead_code)]
#[derive(JsonSchema)]
#[serde(tag = "kind")]
enum Tagged {
    Circle { radius: f32 },
    Group { members: BTreeMap<String, u8> },
}

#[allow(dead_code)]
#[derive(JsonSchema)]
#[serde(tag = "other")]
enum Other {
    A,
    B,
}

/// The error names the type, the field with the type it is in, and what to do.
fn refused<T: JsonSchema>(place: &str, why: &str) {
    let error = response_schema::<T>().unwrap_err();
    assert!(error.is_invalid_input());
    let message = error.to_string();
    let parts = [
        &format!("`{}`", T::schema_name()),
        place,
        why,
        "or use `output_json_schema`",
    ];
    for part in parts {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
}

#[test]
fn what_cannot_be_said_is_refused_by_its_place() {
    refused::<Order>("`lines[].prices` (in `Line`)", "map with free keys");
    refused::<BTreeMap<String, u8>>("`Map_of_uint8`", "map with free keys");
    refused::<Open>("`Open` is", "map with free keys");
    refused::<Pair>("`both` (in `Pair`)", "tuple of different types");
    refused::<Anything>("`inner` (in `Anything`)", "any JSON value");
    refused::<HoldsEmpty>("`empty` (`Empty`)", "object without fields");
    refused::<HoldsUnit>("`unit` (in `HoldsUnit`)", "no content");
    refused::<Extended>("`threes` (in `Extended`)", "keyword `multipleOf`");
    refused::<Numbered>("`level` (in `Numbered`)", "values other than text");
    refused::<Tagged>("`{Group}.members` (in `Tagged`)", "map with free keys");
    refused::<Twice>("`Twice`", "choice of two kinds at once");
    refused::<Clash>("`Clash`", "the field `radius` twice");
    refused::<Same>("`Same`", "the field `vein` twice");
    refused::<Never>("`never`", "fits no value");
}

#[test]
fn recursion_is_refused_with_its_path() {
    refused::<Tree>("`children[]`", "contains `Tree` within `Tree`");
    refused::<Forest>(
        "`oaks.acorn.oak` (in `Acorn`)",
        "contains `Oak` within `Oak`",
    );
    refused::<Vec<Tree>>("`[].children[]`", "contains `Tree` within `Tree`");
}
