//! The parts of a response: text, thoughts, function calls, media.

use std::borrow::Cow;
use std::path::Path;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::read::{read, read_flag, read_text};
use crate::error::{Error, Result};
use crate::local::LocalFile;
use crate::results::complete::error::ResponseError;
use crate::results::complete::json::from_json;
use crate::wire;

/// One part of a response: text, a thought, a function call, inline data, or anything newer.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    text: Option<Cow<'a, str>>,
    thought: bool,
    function_call: Option<&'a RawValue>,
    inline_data: Option<&'a RawValue>,
    json: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thought: Option<&'a RawValue>,
    #[serde(borrow, alias = "function_call")]
    function_call: Option<&'a RawValue>,
    #[serde(borrow, alias = "inline_data")]
    inline_data: Option<&'a RawValue>,
}

impl<'a> Part<'a> {
    pub(super) fn new(raw: &'a RawValue) -> Self {
        let fields: Option<Fields<'a>> = read(Some(raw));
        let fields = fields.as_ref();
        let thought = fields.and_then(|fields| read_flag(fields.thought));
        Self {
            text: fields.and_then(|fields| read_text(fields.text)),
            thought: thought.unwrap_or(false),
            function_call: fields.and_then(|fields| fields.function_call),
            inline_data: fields.and_then(|fields| fields.inline_data),
            json: raw.get(),
        }
    }

    /// The text, if this is a part of text or a thought.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(super) fn into_text(self) -> Option<Cow<'a, str>> {
        self.text
    }

    /// Whether the text is a summary of the model's thinking and not part of the response.
    pub fn is_thought(&self) -> bool {
        self.thought
    }

    /// The function call, if this is one.
    pub fn function_call(&self) -> Option<FunctionCall<'a>> {
        FunctionCall::new(self.function_call?)
    }

    /// The media, if this is some.
    pub fn inline_data(&self) -> Option<InlineData<'a>> {
        InlineData::new(self.inline_data?)
    }

    /// The part as it came.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The part, parsed.
    pub fn to_value(&self) -> Value {
        wire::value(self.json)
    }
}

/// A function that the model asks to be called.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Lookup {
///     city: String,
/// }
///
/// # fn example(response: genai_batch::Response) -> Result<(), genai_batch::response::ResponseError> {
/// for call in response.function_calls() {
///     match call.name() {
///         "lookup" => println!("look up {}", call.args::<Lookup>()?.city),
///         other => println!("{other} is not a function of ours"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FunctionCall<'a> {
    name: Cow<'a, str>,
    id: Option<Cow<'a, str>>,
    args: Option<&'a RawValue>,
    json: &'a str,
}

impl<'a> FunctionCall<'a> {
    fn new(raw: &'a RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(borrow)]
            name: Option<&'a RawValue>,
            #[serde(borrow)]
            id: Option<&'a RawValue>,
            #[serde(borrow)]
            args: Option<&'a RawValue>,
        }
        let fields: Fields<'a> = read(Some(raw))?;
        Some(Self {
            name: read_text(fields.name)?,
            id: read_text(fields.id),
            args: fields.args,
            json: raw.get(),
        })
    }

    /// The name of the function.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service's id of the call, where it gave one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The arguments as a `T`. A call without arguments reads as one of an empty object.
    ///
    /// # Errors
    ///
    /// If they are not of this shape; the error has the path in them.
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Weather {
    ///     place: String,
    /// }
    ///
    /// # fn example(response: genai_batch::Response) -> Result<(), Box<dyn std::error::Error>> {
    /// for call in response.function_calls() {
    ///     let Weather { place } = call.args()?;
    ///     println!("{}: {place}", call.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        from_json(self.args.map_or("{}", RawValue::get))
    }

    /// The call as it came.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The call, parsed.
    pub fn to_value(&self) -> Value {
        wire::value(self.json)
    }
}

/// Media that came within the response, such as an image.
///
/// ```no_run
/// # async fn example(response: genai_batch::Response) -> genai_batch::Result<()> {
/// for (n, image) in response.inline_data().enumerate() {
///     println!("{}: {} bytes", image.mime_type(), image.bytes()?.len());
///     image.save_to(format!("image-{n}.png")).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct InlineData<'a> {
    mime_type: Cow<'a, str>,
    data: Cow<'a, str>,
}

/// Base64 as Google writes it, with or without padding.
const BASE64: GeneralPurpose = engine(&alphabet::STANDARD);
/// Base64 with the two characters that URLs allow, which JSON of Google's may have as well.
const BASE64_OF_URLS: GeneralPurpose = engine(&alphabet::URL_SAFE);

const fn engine(alphabet: &alphabet::Alphabet) -> GeneralPurpose {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

impl<'a> InlineData<'a> {
    fn new(raw: &'a RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields<'a> {
            #[serde(borrow, alias = "mime_type")]
            mime_type: Option<&'a RawValue>,
            #[serde(borrow)]
            data: Option<&'a RawValue>,
        }
        let fields: Fields<'a> = read(Some(raw))?;
        Some(Self {
            mime_type: read_text(fields.mime_type).unwrap_or_default(),
            data: read_text(fields.data)?,
        })
    }

    /// The MIME type, such as `image/png`; empty where the service gave none.
    pub fn mime_type(&self) -> &str {
        &self.mime_type
    }

    /// The bytes in base64, as they came.
    pub fn base64(&self) -> &str {
        &self.data
    }

    /// The bytes.
    ///
    /// # Errors
    ///
    /// If the service's data is not base64.
    ///
    /// ```no_run
    /// # fn example(response: genai_batch::Response) -> Result<(), Box<dyn std::error::Error>> {
    /// for image in response.inline_data() {
    ///     println!("{}: {} bytes", image.mime_type(), image.bytes()?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let engine = match self.data.contains(['-', '_']) {
            true => &BASE64_OF_URLS,
            false => &BASE64,
        };
        engine.decode(self.data.as_bytes()).map_err(|e| {
            let message = format!("the inline data ({}) is not base64", self.mime_type);
            Error::protocol(message).with_source(e)
        })
    }

    /// Writes the bytes to a new file, which appears whole or not at all.
    ///
    /// # Errors
    ///
    /// If the file exists already or cannot be written, or the data is not base64.
    ///
    /// ```no_run
    /// # async fn example(response: genai_batch::Response) -> genai_batch::Result<()> {
    /// for (n, image) in response.inline_data().enumerate() {
    ///     image.save_to(format!("image-{n}.png")).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn save_to(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.bytes()?;
        let mut file = LocalFile::create(path.as_ref(), false).await?;
        file.write(&bytes).await?;
        file.finish().await
    }
}

impl std::fmt::Debug for InlineData<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InlineData")
            .field("mime_type", &self.mime_type)
            .field("base64_len", &self.data.len())
            .finish()
    }
}
