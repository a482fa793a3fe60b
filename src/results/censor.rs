//! Keeping the client's own credentials out of what rows say: a row is what the service wrote, and an
//! error may quote the request.

use serde::de::IgnoredAny;
use serde_json::json;

use super::key::RowError;
use super::row::{Row, RowBody};
use crate::error::Error;
use crate::http::Session;

/// What knows the credentials, if anything does.
#[derive(Debug, Default)]
pub(super) struct Censor {
    session: Option<Session>,
    /// The last error that had none in it: most rows that fail do so in the same words.
    clean: Option<RowError>,
}

impl Censor {
    pub(super) fn of(session: Session) -> Self {
        Self {
            session: Some(session),
            clean: None,
        }
    }

    /// A text without them.
    pub(super) fn text(&self, text: String) -> String {
        let session = self.session.as_ref();
        let cleaned = session.and_then(|session| session.found_in(&text));
        cleaned.unwrap_or(text)
    }

    pub(super) fn error(&self, error: Error) -> Error {
        match &self.session {
            Some(session) => session.without_secrets(error),
            None => error,
        }
    }

    /// Takes them out of the error of a row, and where one was there, out of the row itself.
    pub(super) fn row(&mut self, row: &mut Row) {
        let (Some(session), RowBody::Error(error)) = (&self.session, &mut row.body) else {
            return;
        };
        if self
            .clean
            .as_ref()
            .is_some_and(|clean| clean.is_same(error))
        {
            return;
        }
        if !error.clean(|text| session.found_in(text)) {
            self.clean = Some(error.clone());
            return;
        }
        let json = std::str::from_utf8(&row.json).unwrap_or_default();
        let is_whole = |json: &String| serde_json::from_str::<IgnoredAny>(json).is_ok();
        let cleaned = session.found_in(json).filter(is_whole);
        row.json = match cleaned {
            Some(cleaned) => cleaned.into(),
            // What is left of it by all that is known.
            None => {
                let status = error.status();
                let error = json!({"code": status.code, "message": status.message});
                let row = json!({"key": row.key.as_deref(), "error": error});
                row.to_string().into()
            }
        };
    }
}
