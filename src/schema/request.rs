//! Requests whose responses have the shape of a Rust type.

use schemars::JsonSchema;
use serde_json::Value;

use super::{json_schema, response_schema};
use crate::error::Result;
use crate::request::{FunctionDeclaration, GenerationConfig, Request};

/// What says the shape of a response, in both spellings that Google reads.
const FORMS: [&str; 8] = [
    "responseMimeType",
    "response_mime_type",
    "responseSchema",
    "response_schema",
    "responseJsonSchema",
    "response_json_schema",
    "_responseJsonSchema",
    "_response_json_schema",
];

impl GenerationConfig {
    /// Asks for responses that are a `T` in JSON, by `responseSchema`: see
    /// [`response_schema`] for what that can say. A shape that was
    /// set before is replaced.
    ///
    /// # Errors
    ///
    /// If `responseSchema` cannot say what `T` is. The error names the field.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    /// use schemars::JsonSchema;
    ///
    /// #[derive(JsonSchema)]
    /// struct Review {
    ///     /// From 1 to 5.
    ///     stars: u8,
    /// }
    ///
    /// let config = GenerationConfig::new().temperature(0.0).output::<Review>()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn output<T: JsonSchema>(self) -> Result<Self> {
        Ok(self.json("responseSchema", response_schema::<T>()?))
    }

    /// Asks for responses that are a `T` in JSON, by `responseJsonSchema`: see
    /// [`json_schema`](crate::schema::json_schema). A shape that was set before is replaced.
    ///
    /// Prefer [`output`](Self::output) where it can say what `T` is.
    ///
    /// ```
    /// use genai_batch::GenerationConfig;
    /// use schemars::JsonSchema;
    ///
    /// #[derive(JsonSchema)]
    /// struct Review {
    ///     /// From 1 to 5.
    ///     stars: u8,
    /// }
    ///
    /// let config = GenerationConfig::new().output_json_schema::<Review>();
    /// ```
    pub fn output_json_schema<T: JsonSchema>(self) -> Self {
        self.json("responseJsonSchema", json_schema::<T>())
    }

    fn json(mut self, form: &str, schema: Value) -> Self {
        for form in FORMS {
            self.0.remove(form);
        }
        self.response_mime_type("application/json")
            .field(form, schema)
    }
}

impl Request {
    /// Asks for a response that is a `T` in JSON, by `responseSchema`; read it with
    /// [`BatchResult::parse`](crate::BatchResult::parse).
    ///
    /// It sets fields of the generation config, in whatever order with
    /// [`generation_config`](Request::generation_config). See [`response_schema`] for what becomes
    /// of the type.
    ///
    /// # Errors
    ///
    /// If `responseSchema` cannot say what `T` is: a map, a type that contains itself, and others.
    /// The error names the field.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(JsonSchema, Deserialize)]
    /// struct Review {
    ///     /// From 1 to 5.
    ///     stars: u8,
    ///     quote: Option<String>,
    /// }
    ///
    /// # fn main() -> genai_batch::Result<()> {
    /// let request = Request::text("Rate this review: …").key("r-1").output::<Review>()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn output<T: JsonSchema>(self) -> Result<Self> {
        self.edit_generation_config(GenerationConfig::output::<T>)
    }

    /// Asks for a response that is a `T` in JSON, by `responseJsonSchema`, which can say more than
    /// [`output`](Self::output): maps, tuples, and types that contain themselves.
    ///
    /// # Errors
    ///
    /// If the request has a `generationConfig` that is not a JSON object.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use schemars::JsonSchema;
    ///
    /// #[derive(JsonSchema)]
    /// struct Review {
    ///     /// From 1 to 5.
    ///     stars: u8,
    /// }
    ///
    /// let request = Request::text("Rate this: …").output_json_schema::<Review>()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn output_json_schema<T: JsonSchema>(self) -> Result<Self> {
        self.edit_generation_config(|config| Ok(config.output_json_schema::<T>()))
    }
}

impl FunctionDeclaration {
    /// A function whose arguments are a `T`: what [`FunctionCall::args`](crate::response::FunctionCall::args)
    /// reads them into.
    ///
    /// # Errors
    ///
    /// If Google's schema dialect cannot say what `T` is; the error names the field.
    ///
    /// ```
    /// use genai_batch::request::{FunctionDeclaration, Tool};
    /// use genai_batch::Request;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(JsonSchema, Deserialize)]
    /// struct Weather {
    ///     /// A city, and its country where that is not clear.
    ///     city: String,
    ///     days: Option<u8>,
    /// }
    ///
    /// # fn main() -> genai_batch::Result<()> {
    /// let weather = FunctionDeclaration::of::<Weather>("weather", "Tells the weather of a city.")?;
    /// let request = Request::text("Shall I take an umbrella in Oslo?").tools([Tool::functions([weather])]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of<T: JsonSchema>(
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Result<Self> {
        Ok(Self::new(name, description).parameters(super::response_schema::<T>()?))
    }
}
