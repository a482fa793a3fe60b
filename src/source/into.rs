//! What a [`Source`] is made from, as the calls that take one ask for it.

use super::Source;
use crate::error::{Error, Result};

/// What the requests of a job are made from: all that becomes a [`Source`].
///
/// It is there for all that is `TryInto<Source>`, and for nothing else.
///
/// ```
/// use genai_batch::batches::IntoSource;
/// use genai_batch::{Request, Source};
///
/// fn first_ten(lines: impl Iterator<Item = String> + Send + 'static) -> impl IntoSource {
///     Source::requests(lines.take(10).map(Request::text))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what the requests of a job are made from",
    label = "not a list of requests, a path or an address",
    note = "requests in memory are a `Vec`, slice or array of `Request`, `EmbedRequest`, text, or JSON value: \
            `vec![Request::text(\"What is AI?\").key(\"q-1\")]`",
    note = "of rows of your own, make requests: `Source::requests(rows.into_iter().map(|row| Request::text(row.text)))`, \
            or `Source::try_requests` where reading one may fail",
    note = "a local file is `Path::new(\"requests.jsonl\")`; what the service has already is `\"files/ID\"`, \
            `\"gs://bucket/object\"` or `\"bq://project.dataset.table\"`"
)]
pub trait IntoSource {
    /// The source.
    ///
    /// # Errors
    ///
    /// If a text is neither an address nor the path of a `.jsonl` file.
    ///
    /// ```
    /// use genai_batch::batches::IntoSource;
    ///
    /// assert!("requests.jsonl".into_source().is_ok());
    /// assert!("What is AI?".into_source().is_err()); // a prompt goes into a list
    /// assert!(["What is AI?"].into_source().is_ok());
    /// ```
    fn into_source(self) -> Result<Source>;
}

#[diagnostic::do_not_recommend]
impl<S> IntoSource for S
where
    S: TryInto<Source>,
    S::Error: Into<Error>,
{
    fn into_source(self) -> Result<Source> {
        self.try_into().map_err(Into::into)
    }
}
