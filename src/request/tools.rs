//! What a model may use to find its answer, and what it is told about that.

use serde_json::{Map, Value, json};

use super::FunctionCallingMode;
use super::message::message;

message! {
    /// Something that the model may use: Google's `Tool`.
    ///
    /// ```
    /// use genai_batch::{FunctionDeclaration, Request, Tool};
    ///
    /// let request = Request::text("What is the weather in Oslo?").tools([
    ///     Tool::google_search(),
    ///     Tool::functions([FunctionDeclaration::new("get_weather", "The weather in a place")]),
    /// ]);
    /// ```
    ///
    /// A batch calls no function of yours: a call comes back as a part of the answer, and
    /// what it came to goes into another request.
    Tool;

    /// A function that the model may ask for: Google's `FunctionDeclaration`.
    ///
    /// ```
    /// use genai_batch::FunctionDeclaration;
    /// use genai_batch::serde_json::json;
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now")
    ///     .parameters(json!({
    ///         "type": "OBJECT",
    ///         "properties": { "place": { "type": "STRING" } },
    ///         "required": ["place"],
    ///     }));
    /// ```
    FunctionDeclaration;

    /// How tools are used: Google's `ToolConfig`.
    ///
    /// ```
    /// use genai_batch::{FunctionCallingMode, ToolConfig};
    ///
    /// let must_call = ToolConfig::new()
    ///     .function_calling_mode(FunctionCallingMode::ANY)
    ///     .allowed_function_names(["get_weather"]);
    /// let near = ToolConfig::new().lat_lng(37.422, -122.084).language_code("en");
    /// ```
    ToolConfig;
}

impl Tool {
    /// Functions that the model may ask for.
    pub fn functions(declarations: impl IntoIterator<Item = FunctionDeclaration>) -> Self {
        let declarations: Vec<Value> = declarations.into_iter().map(Value::from).collect();
        Self::default().field("functionDeclarations", declarations)
    }

    /// Google Search, whose findings the answer names.
    ///
    /// Batches on Vertex AI have refused tools without settings, this one and
    /// [`url_context`](Self::url_context) among them (googleapis/python-genai#2123); for this one
    /// `Tool::google_search().field("googleSearch", json!({ "timeRangeFilter": null }))` was
    /// reported to help.
    pub fn google_search() -> Self {
        Self::plain("googleSearch")
    }

    /// The pages whose addresses stand in the prompt.
    pub fn url_context() -> Self {
        Self::plain("urlContext")
    }

    /// A sandbox in which the model runs code of its own.
    pub fn code_execution() -> Self {
        Self::plain("codeExecution")
    }

    /// Google Maps.
    pub fn google_maps() -> Self {
        Self::plain("googleMaps")
    }

    /// Search in these stores, `fileSearchStores/ID`; Gemini alone.
    pub fn file_search<T: Into<String>>(stores: impl IntoIterator<Item = T>) -> Self {
        let stores: Vec<String> = stores.into_iter().map(Into::into).collect();
        Self::default().field("fileSearch", json!({ "fileSearchStoreNames": stores }))
    }

    fn plain(name: &str) -> Self {
        Self::default().field(name, Map::new())
    }
}

impl FunctionDeclaration {
    /// A function without parameters. The description is all that the model knows of what it
    /// does and when to ask for it.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::default()
            .field("name", name.into())
            .field("description", description.into())
    }

    /// The shape of the arguments, an `OBJECT` in Google's schema dialect.
    pub fn parameters(self, schema: impl Into<Value>) -> Self {
        self.field("parameters", schema)
    }

    /// The shape of the arguments as JSON Schema, in place of [`parameters`](Self::parameters).
    pub fn parameters_json_schema(self, schema: impl Into<Value>) -> Self {
        self.field("parametersJsonSchema", schema)
    }

    /// The shape of what the function gives back, in Google's schema dialect.
    pub fn response(self, schema: impl Into<Value>) -> Self {
        self.field("response", schema)
    }

    /// The shape of what the function gives back as JSON Schema, in place of
    /// [`response`](Self::response).
    pub fn response_json_schema(self, schema: impl Into<Value>) -> Self {
        self.field("responseJsonSchema", schema)
    }
}

impl ToolConfig {
    /// A config that leaves everything to the model's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the model calls functions.
    pub fn function_calling_mode(self, mode: impl Into<FunctionCallingMode>) -> Self {
        self.within("functionCallingConfig", "mode", mode.into().into())
    }

    /// The functions that may be called; only with [`FunctionCallingMode::ANY`] or
    /// [`VALIDATED`](FunctionCallingMode::VALIDATED).
    pub fn allowed_function_names<T: Into<String>>(
        self,
        names: impl IntoIterator<Item = T>,
    ) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        self.within(
            "functionCallingConfig",
            "allowedFunctionNames",
            names.into(),
        )
    }

    /// Where the user is, in degrees, for Google Search and Google Maps.
    pub fn lat_lng(self, latitude: f64, longitude: f64) -> Self {
        let place = json!({ "latitude": latitude, "longitude": longitude });
        self.within("retrievalConfig", "latLng", place)
    }

    /// The user's language, for Google Search and Google Maps.
    pub fn language_code(self, code: impl Into<String>) -> Self {
        self.within("retrievalConfig", "languageCode", code.into().into())
    }

    /// Sets a field of a message within this one.
    fn within(mut self, message: &str, field: &str, value: Value) -> Self {
        let inner = self.0.entry(message).or_insert_with(|| json!({}));
        if !inner.is_object() {
            *inner = json!({});
        }
        inner[field] = value;
        self
    }
}
