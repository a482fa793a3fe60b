//! What a model may use to work out its response, and what it is told about that.

use serde_json::{Map, Value, json};

use super::message::{float, message};
use super::names::FunctionCallingMode;

message! {
    /// Something that the model may use: Google's `Tool`.
    ///
    /// ```
    /// use genai_batch::request::{FunctionDeclaration, Tool};
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("What is the weather in Oslo?").tools([
    ///     Tool::google_search(),
    ///     Tool::functions([FunctionDeclaration::new("get_weather", "The weather in a place")]),
    /// ]);
    /// ```
    ///
    /// A batch calls no function of yours: a call comes back as a part of the response, and
    /// what it returned goes into another request.
    Tool;

    /// A function that the model may ask for: Google's `FunctionDeclaration`.
    ///
    /// ```
    /// use genai_batch::external::serde_json::json;
    /// use genai_batch::request::FunctionDeclaration;
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
    /// use genai_batch::request::{FunctionCallingMode, ToolConfig};
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
    ///
    /// ```
    /// use genai_batch::request::{FunctionDeclaration, Tool};
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now");
    /// let tool = Tool::functions([weather]);
    /// ```
    pub fn functions(declarations: impl IntoIterator<Item = FunctionDeclaration>) -> Self {
        let declarations: Vec<Value> = declarations.into_iter().map(Value::from).collect();
        Self::default().field("functionDeclarations", declarations)
    }

    /// Google Search, whose findings the response names.
    ///
    /// Batches on Vertex AI have refused tools without settings, this one and
    /// [`url_context`](Self::url_context) among them (googleapis/python-genai#2123); for this one
    /// `Tool::google_search().field("googleSearch", json!({ "timeRangeFilter": null }))` was
    /// reported to help.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Tool;
    ///
    /// let request = Request::text("Who won yesterday?").tools([Tool::google_search()]);
    /// ```
    pub fn google_search() -> Self {
        Self::plain("googleSearch")
    }

    /// The pages whose addresses stand in the prompt.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Tool;
    ///
    /// let prompt = "Summarise https://example.com/news.";
    /// let request = Request::text(prompt).tools([Tool::url_context()]);
    /// ```
    pub fn url_context() -> Self {
        Self::plain("urlContext")
    }

    /// A sandbox in which the model runs code of its own.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Tool;
    ///
    /// let request = Request::text("The 40th prime?").tools([Tool::code_execution()]);
    /// ```
    pub fn code_execution() -> Self {
        Self::plain("codeExecution")
    }

    /// Google Maps, for questions about places; [`ToolConfig::lat_lng`] says where the user is.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Tool;
    ///
    /// let request = Request::text("Cafés near the Louvre?").tools([Tool::google_maps()]);
    /// ```
    pub fn google_maps() -> Self {
        Self::plain("googleMaps")
    }

    /// Search in these stores, `fileSearchStores/ID`; Gemini alone.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Tool;
    ///
    /// let request = Request::text("What does the manual say about batteries?")
    ///     .tools([Tool::file_search(["fileSearchStores/manuals"])]);
    /// ```
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
    ///
    /// ```
    /// use genai_batch::request::FunctionDeclaration;
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now");
    /// ```
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::default()
            .field("name", name.into())
            .field("description", description.into())
    }

    /// The shape of the arguments, an `OBJECT` in Google's schema dialect.
    ///
    /// ```
    /// use genai_batch::request::FunctionDeclaration;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now").parameters(
    ///     json!({ "type": "OBJECT", "properties": { "place": { "type": "STRING" } } }),
    /// );
    /// ```
    pub fn parameters(self, schema: impl Into<Value>) -> Self {
        self.field("parameters", schema)
    }

    /// The shape of the arguments as JSON Schema, in place of [`parameters`](Self::parameters).
    ///
    /// ```
    /// use genai_batch::request::FunctionDeclaration;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now")
    ///     .parameters_json_schema(json!({
    ///         "type": "object",
    ///         "properties": { "place": { "type": "string" } },
    ///     }));
    /// ```
    pub fn parameters_json_schema(self, schema: impl Into<Value>) -> Self {
        self.field("parametersJsonSchema", schema)
    }

    /// The shape of what the function gives back, in Google's schema dialect.
    ///
    /// ```
    /// use genai_batch::request::FunctionDeclaration;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now").response(
    ///     json!({ "type": "OBJECT", "properties": { "celsius": { "type": "NUMBER" } } }),
    /// );
    /// ```
    pub fn response(self, schema: impl Into<Value>) -> Self {
        self.field("response", schema)
    }

    /// The shape of what the function gives back as JSON Schema, in place of
    /// [`response`](Self::response).
    ///
    /// ```
    /// use genai_batch::request::FunctionDeclaration;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now")
    ///     .response_json_schema(json!({ "type": "number", "description": "degrees Celsius" }));
    /// ```
    pub fn response_json_schema(self, schema: impl Into<Value>) -> Self {
        self.field("responseJsonSchema", schema)
    }
}

impl ToolConfig {
    /// A config that leaves everything to the model's defaults.
    ///
    /// ```
    /// use genai_batch::request::ToolConfig;
    ///
    /// let config = ToolConfig::new().language_code("en");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the model calls functions: as it sees fit ([`FunctionCallingMode::AUTO`], the default),
    /// always, or never.
    ///
    /// ```
    /// use genai_batch::request::{FunctionCallingMode, ToolConfig};
    ///
    /// let must_call = ToolConfig::new().function_calling_mode(FunctionCallingMode::ANY);
    /// ```
    pub fn function_calling_mode(self, mode: impl Into<FunctionCallingMode>) -> Self {
        self.within("functionCallingConfig", "mode", mode.into().into())
    }

    /// The functions that may be called; only with [`FunctionCallingMode::ANY`] or
    /// [`VALIDATED`](FunctionCallingMode::VALIDATED).
    ///
    /// ```
    /// use genai_batch::request::{FunctionCallingMode, ToolConfig};
    ///
    /// let config = ToolConfig::new()
    ///     .function_calling_mode(FunctionCallingMode::ANY)
    ///     .allowed_function_names(["get_weather"]);
    /// ```
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

    /// Where the user is, in degrees, for Google Search and Google Maps. A number that is not finite
    /// is an error of the create.
    ///
    /// ```
    /// use genai_batch::request::ToolConfig;
    ///
    /// let near_the_louvre = ToolConfig::new().lat_lng(48.861, 2.336);
    /// ```
    pub fn lat_lng(self, latitude: f64, longitude: f64) -> Self {
        let place = json!({ "latitude": float(latitude), "longitude": float(longitude) });
        self.within("retrievalConfig", "latLng", place)
    }

    /// The user's language, for Google Search and Google Maps.
    ///
    /// ```
    /// use genai_batch::request::ToolConfig;
    ///
    /// let config = ToolConfig::new().language_code("fr");
    /// ```
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
