//! Requests in the words of other models than Google's: written out of ours, and looked at where
//! callers bring lines of their own.
//!
//! ```text
//! Google's message ─→ conversation ─┬→ anthropic ─┐
//!                                   └→ chat      ─┼→ the body of a line
//! Google's message ─────→ embedding ──────────────┘
//! a line of the caller's ─→ own: is it one of this form?
//! ```
//!
//! Whatever a form has no word for is refused, never left out. Google describes the lines on its pages
//! of batch predictions for Claude, for open models, and for self-deployed models of Model Garden;
//! what is in the bodies, Anthropic ("Messages API") and OpenAI ("Chat completions", "Embeddings").

mod anthropic;
mod chat;
mod conversation;
mod embedding;
mod fields;
mod own;
mod schema;
#[cfg(test)]
mod tests;
mod values;
mod writer;

use serde_json::{Map, Value};

use crate::request::Form;
use crate::request::finding::Finding;
use fields::Refused;
pub(crate) use writer::{Writer, Written};

impl Writer {
    /// Writes Google's message, which stands at this path.
    ///
    /// # Errors
    ///
    /// All that the form cannot say.
    pub(crate) fn write(
        &self,
        request: &Map<String, Value>,
        path: &str,
    ) -> Result<Written, Vec<Finding>> {
        let mut refused = Refused::new(self.form);
        if let Some(named) = request.get("model").filter(|named| !named.is_null()) {
            let named = named.as_str().unwrap_or_default();
            let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
            if id(named) != id(&self.model) {
                refused.wrong(
                    &format!("{path}.model"),
                    "the request names another model than the job runs",
                    "leave it out, and submit requests for another model as another job",
                );
            }
        }
        let body = match (self.form, self.is_embedding) {
            (Form::Anthropic, false) => {
                let conversation = conversation::read(request, path, &mut refused);
                anthropic::write(conversation, self.is_lenient, path, &mut refused)
            }
            (Form::OpenAi, false) => {
                let conversation = conversation::read(request, path, &mut refused);
                chat::write(conversation, &self.model, &mut refused)
            }
            (Form::OpenAi, true) => embedding::write(request, &self.model, path, &mut refused),
            (form, _) => {
                let what = match self.is_embedding {
                    true => "a request for an embedding",
                    false => "a request",
                };
                refused.wrong(
                    path,
                    &format!("{what} cannot be written in the form {form}"),
                    "give lines of that form, in a file or as JSON values",
                );
                Map::new()
            }
        };
        refused.into_result(body)
    }

    /// What is wrong with a body that the caller wrote in this form.
    pub(crate) fn look_at(&self, body: &Map<String, Value>, path: &str) -> Vec<Finding> {
        own::look_at(self, body, path)
    }

    /// What is wrong with what stands beside such a body.
    pub(crate) fn look_beside(&self, method: Option<&Value>, url: Option<&Value>) -> Vec<Finding> {
        own::look_beside(self, method, url)
    }

    /// What stands beside the key and the body in a line that we write.
    pub(crate) fn beside(&self) -> &'static [(&'static str, &'static str)] {
        match (self.form, self.is_embedding) {
            (Form::OpenAi, false) => &[
                ("method", r#""POST""#),
                ("url", r#""/v1/chat/completions""#),
            ],
            (Form::OpenAi, true) => &[("method", r#""POST""#), ("url", r#""/v1/embeddings""#)],
            _ => &[],
        }
    }
}
