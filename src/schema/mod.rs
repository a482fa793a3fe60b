//! From a Rust type to the schema that its responses are held to.
//!
//! `Request::output` is all that most programs need. [`response_schema`] makes Google's own `Schema`,
//! which knows less than JSON Schema, and refuses what that cannot say; [`json_schema`] makes JSON
//! Schema.
//!
//! Types derive `JsonSchema` with version 1 of `schemars`. Without a dependency of your own, the
//! one of this crate does too, if it is named:
//!
//! ```
//! use genai_batch::external::schemars::JsonSchema;
//!
//! #[derive(JsonSchema)]
//! #[schemars(crate = "genai_batch::external::schemars")]
//! struct Review {
//!     stars: u8,
//! }
//!
//! # fn example() -> genai_batch::Result<()> {
//! let schema = genai_batch::schema::response_schema::<Review>()?;
//! # Ok(())
//! # }
//! ```

// T: JsonSchema → schemars → order → response ─→ responseSchema
//                                  └→ json    ─→ responseJsonSchema
//
// `order` notes in what order the fields are declared. `merge` and `union` take apart what JSON
// Schema composes, `kinds` says what is left. `json` keeps JSON Schema, and only puts what Google's
// reading of it lacks into other words.

mod json;
mod kinds;
mod merge;
mod order;
mod reference;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod union;
mod walk;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::error::Result;

/// A schema, or the inside of one.
type Node = Map<String, Value>;

/// The schema of `T` as Google's `Schema`, for `responseSchema` or a function's `parameters`.
///
/// References are put in place of what they refer to, an `Option` becomes `nullable`, and doc
/// comments become descriptions, those of the variants of an enum too. `propertyOrdering` is
/// the order of declaration. That order is read from what `schemars` says of writing a `T`: a
/// field with `skip_serializing_if` comes after the others, unless a crate of the build has
/// `serde_json/preserve_order` switched on.
///
/// Only what both backends take is used. What `Schema` has no word for, and loses nothing of the
/// type, goes into the description: formats of a text other than `date-time`, and that items are
/// distinct. Formats and ranges of integers are those of the Rust types.
///
/// # Errors
///
/// If `Schema` cannot say what `T` is: a map with free keys, a tuple of different types, a type
/// that contains itself, any JSON value (`serde_json::Value`), a type without content (`()`, a
/// struct without fields), or a keyword without a counterpart. The error names the field, the
/// type that it is in, and what to do.
///
/// ```
/// use genai_batch::schema;
/// use schemars::JsonSchema;
/// use serde_json::json;
///
/// #[derive(JsonSchema)]
/// struct Review {
///     /// From 1 to 5.
///     stars: u8,
///     quote: Option<String>,
/// }
///
/// # fn main() -> genai_batch::Result<()> {
/// assert_eq!(
///     schema::response_schema::<Review>()?,
///     json!({
///         "type": "OBJECT",
///         "title": "Review",
///         "properties": {
///             "stars": {
///                 "type": "INTEGER", "format": "int32", "minimum": 0, "maximum": 255,
///                 "description": "From 1 to 5.",
///             },
///             "quote": {"type": "STRING", "nullable": true},
///         },
///         "required": ["stars"],
///         "propertyOrdering": ["stars", "quote"],
///     })
/// );
///
/// let error = schema::response_schema::<std::collections::BTreeMap<String, Review>>().unwrap_err();
/// assert!(error.is_invalid_input());
/// # Ok(())
/// # }
/// ```
pub fn response_schema<T: JsonSchema + ?Sized>() -> Result<Value> {
    response::convert(&ordered::<T>(), &T::schema_name())
}

/// The schema of `T` as JSON Schema, for `responseJsonSchema`.
///
/// It is what `schemars` gives, references and all, with the order of declaration as
/// `propertyOrdering`, and in the keywords that Google's documentation of structured output
/// lists: an `enum` of one for `const`, and no keyword beside a `$ref`. That documentation
/// wants a type to contain itself only through fields that are not required, and says that not
/// all of JSON Schema is heeded; responses in a batch have been reported not to fit where
/// [`response_schema`] works. Prefer that one where it can say what `T` is.
///
/// ```
/// use genai_batch::schema;
/// use schemars::JsonSchema;
///
/// #[derive(JsonSchema)]
/// struct Comment {
///     text: String,
///     reply: Option<Box<Comment>>,
/// }
///
/// assert!(schema::response_schema::<Comment>().is_err());
/// let schema = schema::json_schema::<Comment>();
/// assert_eq!(schema["properties"]["reply"]["anyOf"][0]["$ref"], "#");
/// ```
pub fn json_schema<T: JsonSchema + ?Sized>() -> Value {
    json::adapt(ordered::<T>())
}

/// The schema as `schemars` reads it, with the order of declaration.
fn ordered<T: JsonSchema + ?Sized>() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let read = settings.clone().for_deserialize();
    let written = settings.for_serialize();
    let mut schema = read.into_generator().into_root_schema_for::<T>().to_value();
    let written = written.into_generator().into_root_schema_for::<T>();
    order::note(&mut schema, written.as_value());
    schema
}
