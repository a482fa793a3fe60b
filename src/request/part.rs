//! One part of a turn: text, media, or what a function is asked and returns.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::message::{float_fields, message};
use super::mime::guess_mime_type;
use super::names::MediaResolution;
use super::pending::{Attach, LocalFile, Pending};
use crate::counted::Counted;
use crate::error::{Error, Result};
use crate::file::File;

/// Where the Gemini Developer API says that its files are.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// A part of a [`Content`](crate::request::Content): Google's `Part`.
///
/// Media come in four ways:
///
/// | made with | the contents | for |
/// |---|---|---|
/// | [`bytes`](Self::bytes), [`data`](Self::data) | go into the request, in base64 | what is in memory, up to a few MB |
/// | [`inline_file`](Self::inline_file) | are read when the request is sent, and go into it | small files that one request names |
/// | [`local_file`](Self::local_file) | are uploaded once for all requests of the batch | large files, and those that many requests name |
/// | [`file`](Self::file), [`file_uri`](Self::file_uri) | are where the service can read them | what was uploaded before, `gs://`, `https://` |
///
/// ```
/// use std::time::Duration;
///
/// use genai_batch::request::VideoMetadata;
/// use genai_batch::{Part, Request};
///
/// let request = Request::parts([
///     Part::text("Which of these people are in the film?"),
///     Part::local_file("people.jpg"),
///     Part::file_uri("gs://bucket/film.mp4", "video/mp4").video_metadata(
///         VideoMetadata::new()
///             .start_offset(Duration::from_secs(60))
///             .end_offset(Duration::from_secs(90)),
///     ),
/// ]);
/// ```
///
/// Local files are read only where code names them with these two methods: a path that stands
/// in JSON, such as a line of a file, is never read. Whatever has no method here goes in with
/// [`field`](Self::field).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    pub(super) json: Map<String, Value>,
    pub(super) pending: Pending,
}

impl Part {
    /// A part that is text: a question, an instruction, a document.
    ///
    /// ```
    /// use genai_batch::Part;
    ///
    /// let part = Part::text("What is this?");
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().field("text", text.into())
    }

    /// A part given as Google's `Part` in JSON, unchecked.
    ///
    /// ```
    /// use genai_batch::Part;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let part = json!({ "text": "What is this?" }).as_object().cloned().map(Part::from_json);
    /// ```
    pub fn from_json(part: Map<String, Value>) -> Self {
        Self {
            json: part,
            ..Self::default()
        }
    }

    /// Bytes of this MIME type, such as `image/png`, that go into the request.
    ///
    /// ```
    /// use genai_batch::{Part, Request};
    ///
    /// let image = Part::bytes("image/png", b"\x89PNG...");
    /// let request = Request::parts([Part::text("What is this?"), image]);
    /// ```
    pub fn bytes(mime_type: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        let data = STANDARD.encode(bytes);
        Self::default().field(
            "inlineData",
            json!({ "mimeType": mime_type.into(), "data": data }),
        )
    }

    /// Bytes whose MIME type is guessed from how they begin, as images, sound, video and PDF can
    /// be.
    ///
    /// ```
    /// use genai_batch::Part;
    ///
    /// let image = Part::data(b"\x89PNG\r\n\x1a\n...")?;
    /// assert!(Part::data(b"plain text").is_err());
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If their beginning is of no format that is known: use [`bytes`](Self::bytes).
    pub fn data(bytes: impl AsRef<[u8]>) -> Result<Self> {
        let bytes = bytes.as_ref();
        let kind = infer::get(bytes).ok_or_else(|| {
            Error::input(format!(
                "the MIME type of {} cannot be guessed from how they begin: give it, with \
                 Part::bytes",
                Counted(bytes.len() as u64, "byte")
            ))
        })?;
        Ok(Self::bytes(kind.mime_type(), bytes))
    }

    /// A local file that goes into the request.
    ///
    /// It is read when the batch is created, one request at a time, and may have up to 100 MB.
    /// The MIME type is that of the path's ending, unless [`mime_type`](Self::mime_type) gives
    /// another. A file that cannot be read ends the create, with the path and the request in
    /// the error.
    ///
    /// ```
    /// use genai_batch::{Part, Request};
    ///
    /// let request = Request::parts([Part::text("What is this?"), Part::inline_file("thing.png")]);
    /// ```
    pub fn inline_file(path: impl Into<PathBuf>) -> Self {
        Self::of_file("inlineData", "data", path.into(), Attach::Inline)
    }

    /// A local file that the client uploads when the batch is created, once for all requests
    /// of the batch that name its path: on Gemini to the Files API, on Vertex AI under the
    /// client's `staging` prefix in Cloud Storage.
    ///
    /// The MIME type is that of the path's ending, unless [`mime_type`](Self::mime_type) gives
    /// another. A file that cannot be uploaded ends the create before the job is made, with
    /// the path and the request in the error; uploaded files are removed then, as far as that
    /// can be done. Otherwise they stay: in the Files API for 48 hours, in Cloud Storage until
    /// you remove them, unless
    /// [`remove_staged_input`](crate::batches::Create::remove_staged_input) is set.
    ///
    /// ```
    /// use genai_batch::{Part, Request};
    ///
    /// let manual = Part::local_file("manual.pdf"); // uploaded once
    /// let questions = ["How is it switched on?", "How is it cleaned?"];
    /// let requests = questions.map(|question| Request::parts([manual.clone(), question.into()]));
    /// ```
    pub fn local_file(path: impl Into<PathBuf>) -> Self {
        Self::of_file("fileData", "fileUri", path.into(), Attach::Uploaded)
    }

    fn of_file(message: &str, field: &str, path: PathBuf, attach: Attach) -> Self {
        let mime_type = guess_mime_type(&path);
        let file = LocalFile { path, attach };
        let mut blob = Map::from_iter([(field.to_owned(), file.token())]);
        blob.extend(mime_type.map(|mime_type| ("mimeType".to_owned(), mime_type.into())));
        let mut part = Self::default().field(message, blob);
        part.pending.files.push(file);
        part
    }

    /// A file of the Gemini Files API.
    ///
    /// ```no_run
    /// use genai_batch::{Part, Request};
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let file = client.files().get("files/abc-123").await?;
    /// let request = Request::parts([Part::text("What does it say?"), Part::file(&file)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn file(file: &File) -> Self {
        let uri = file.uri().unwrap_or_else(|| file.name());
        let part = Self::of_uri(uri);
        match file.mime_type() {
            Some(mime_type) => part.mime_type(mime_type),
            None => part,
        }
    }

    /// A file that the service can read: `files/ID` or its URI on Gemini, `gs://…` on Vertex
    /// AI, `https://…` where the model takes that.
    ///
    /// `files/ID` is written as the URI that the Files API gives such a file.
    ///
    /// ```
    /// use genai_batch::Part;
    ///
    /// let on_vertex_ai = Part::file_uri("gs://bucket/letter.pdf", "application/pdf");
    /// let on_gemini = Part::file_uri("files/abc-123", "application/pdf");
    /// ```
    pub fn file_uri(uri: impl AsRef<str>, mime_type: impl Into<String>) -> Self {
        Self::of_uri(uri.as_ref()).mime_type(mime_type)
    }

    fn of_uri(uri: &str) -> Self {
        let prefix = if uri.starts_with("files/") { FILES } else { "" };
        let uri = format!("{prefix}{uri}");
        Self::default().field("fileData", json!({ "fileUri": uri }))
    }

    /// A call of a function, as a model made it: part of a turn of the model.
    ///
    /// ```
    /// use genai_batch::Part;
    /// use genai_batch::external::serde_json::json;
    /// use genai_batch::request::Content;
    ///
    /// let call = Part::function_call("get_weather", json!({ "place": "Oslo" })).id("1");
    /// let turn = Content::model([call]);
    /// ```
    pub fn function_call(name: impl Into<String>, args: impl Into<Value>) -> Self {
        let call = json!({ "name": name.into(), "args": args.into() });
        Self::default().field("functionCall", call)
    }

    /// What a function returned: part of the turn after the call.
    ///
    /// ```
    /// use genai_batch::external::serde_json::json;
    /// use genai_batch::request::Content;
    /// use genai_batch::{Part, Request};
    ///
    /// let request = Request::contents([
    ///     Content::user(["What is the weather in Oslo?"]),
    ///     Content::model([Part::function_call("get_weather", json!({ "place": "Oslo" })).id("1")]),
    ///     Content::user([Part::function_response("get_weather", json!({ "celsius": -3 })).id("1")]),
    /// ]);
    /// ```
    pub fn function_response(name: impl Into<String>, response: impl Into<Value>) -> Self {
        let response = json!({ "name": name.into(), "response": response.into() });
        Self::default().field("functionResponse", response)
    }

    /// The id by which a response belongs to a call of a function. Does nothing to a part that
    /// is neither.
    ///
    /// ```
    /// use genai_batch::Part;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let result = Part::function_response("get_weather", json!({ "celsius": -3 })).id("1");
    /// ```
    pub fn id(self, id: impl Into<String>) -> Self {
        self.within(["functionCall", "functionResponse"], "id", id.into())
    }

    /// The MIME type of bytes or of a file, in place of the one that was guessed. Does nothing
    /// to a part that is neither.
    ///
    /// ```
    /// use genai_batch::Part;
    ///
    /// let log = Part::inline_file("server.log").mime_type("text/plain");
    /// ```
    pub fn mime_type(self, mime_type: impl Into<String>) -> Self {
        self.within(["inlineData", "fileData"], "mimeType", mime_type.into())
    }

    fn within(mut self, messages: [&str; 2], field: &str, value: String) -> Self {
        for message in messages {
            if let Some(Value::Object(fields)) = self.json.get_mut(message) {
                fields.insert(field.to_owned(), value.into());
                break;
            }
        }
        self
    }

    /// Which piece of a video is looked at, and how often.
    ///
    /// ```
    /// use genai_batch::Part;
    /// use std::time::Duration;
    ///
    /// use genai_batch::request::VideoMetadata;
    ///
    /// let first_minute = VideoMetadata::new().end_offset(Duration::from_secs(60));
    /// let film = Part::file_uri("gs://bucket/film.mp4", "video/mp4").video_metadata(first_minute);
    /// ```
    pub fn video_metadata(self, metadata: VideoMetadata) -> Self {
        self.field("videoMetadata", metadata)
    }

    /// How finely this part is looked at, in place of the resolution of the request: finer takes more
    /// tokens.
    ///
    /// ```
    /// use genai_batch::Part;
    /// use genai_batch::request::MediaResolution;
    ///
    /// let page = Part::inline_file("page.png").media_resolution(MediaResolution::HIGH);
    /// ```
    pub fn media_resolution(self, resolution: impl Into<MediaResolution>) -> Self {
        let resolution: MediaResolution = resolution.into();
        self.field("mediaResolution", json!({ "level": resolution.as_str() }))
    }

    /// Sets any field of `Part`, in Google's spelling.
    ///
    /// ```
    /// use genai_batch::Part;
    ///
    /// let part = Part::text("The answer is 7.").field("thought", true);
    /// ```
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.json.insert(name.into(), value.into());
        self
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&File> for Part {
    fn from(file: &File) -> Self {
        Self::file(file)
    }
}

message! {
    /// Which piece of a video is looked at, and how often: Google's `VideoMetadata`.
    VideoMetadata;
}

impl VideoMetadata {
    /// All of the video, at the model's own rate of a frame a second: set what is to be different. It goes
    /// on the part that is the video, by [`Part::video_metadata`].
    ///
    /// ```
    /// use genai_batch::request::VideoMetadata;
    ///
    /// let one_frame_in_ten_seconds = VideoMetadata::new().fps(0.1);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// How far into the video to begin, in place of its start.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::request::VideoMetadata;
    ///
    /// let after_the_titles = VideoMetadata::new().start_offset(Duration::from_secs(90));
    /// ```
    pub fn start_offset(self, offset: Duration) -> Self {
        self.field("startOffset", seconds(offset))
    }

    /// How far into the video to end, counted from its start, in place of its end.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::request::VideoMetadata;
    ///
    /// let first_minute = VideoMetadata::new().end_offset(Duration::from_secs(60));
    /// ```
    pub fn end_offset(self, offset: Duration) -> Self {
        self.field("endOffset", seconds(offset))
    }

    float_fields! {
        of "VideoMetadata::new()";
        /// How many frames of each second are looked at; 1 by default.
        fps = "0.5" => "fps";
    }
}

/// A duration as the services write it: `90s`, `1.5s`.
fn seconds(duration: Duration) -> String {
    let text = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_in_seconds() {
        for (millis, text) in [(0, "0s"), (90_000, "90s"), (1500, "1.5s"), (1, "0.001s")] {
            assert_eq!(seconds(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn mime_types_are_guessed_and_overruled() {
        let guessed = |part: &Part, message: &str| part.json[message]["mimeType"].clone();
        let image = Part::local_file("a/b.JPG");
        assert_eq!(guessed(&image, "fileData"), "image/jpeg");
        let own = image.mime_type("image/x-own");
        assert_eq!(guessed(&own, "fileData"), "image/x-own");
        let unknown = Part::inline_file("README");
        assert_eq!(guessed(&unknown, "inlineData"), Value::Null);
        let pdf = Part::data(b"%PDF-1.7\n").unwrap();
        assert_eq!(guessed(&pdf, "inlineData"), "application/pdf");
        assert!(Part::data([]).unwrap_err().is_invalid_input());
    }

    #[test]
    fn files_are_named_by_their_uri() {
        let uri = |uri: &str| Part::file_uri(uri, "m/t").json["fileData"]["fileUri"].clone();
        assert_eq!(uri("files/a-1"), format!("{FILES}files/a-1"));
        assert_eq!(uri("gs://b/o"), "gs://b/o");
        assert_eq!(
            uri("https://example.com/a.png"),
            "https://example.com/a.png"
        );
    }
}
