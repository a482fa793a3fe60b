//! An uploaded file, for programs and as a row.

use serde::Serialize;

use super::Failed;
use crate::show::cell::{Cell, Record, Tone};
use crate::show::time;

/// A file of the Gemini Files API.
#[derive(Debug, Serialize)]
pub(crate) struct File {
    name: String,
    display_name: Option<String>,
    mime_type: Option<String>,
    size_bytes: Option<u64>,
    /// `ACTIVE`, `PROCESSING`, `FAILED`.
    state: Option<String>,
    create_time: Option<String>,
    expiration_time: Option<String>,
    uri: Option<String>,
    error: Option<Failed>,
    #[serde(skip)]
    of: genai_batch::files::File,
}

impl From<genai_batch::files::File> for File {
    fn from(file: genai_batch::files::File) -> Self {
        Self {
            name: file.name().to_owned(),
            display_name: file.display_name().map(str::to_owned),
            mime_type: file.mime_type().map(str::to_owned),
            size_bytes: file.size_bytes(),
            state: file.state().map(str::to_owned),
            create_time: file.create_time().map(time::moment),
            expiration_time: file.expiration_time().map(time::moment),
            uri: file.uri().map(str::to_owned),
            error: file.error().as_ref().map(Failed::from),
            of: file,
        }
    }
}

impl Record for File {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "state",
        "bytes",
        "type",
        "created",
        "expires",
        "display name",
    ];

    fn cells(&self) -> Vec<Cell> {
        let tone = match self.state.as_deref() {
            Some("ACTIVE") => Tone::Good,
            Some("FAILED") => Tone::Bad,
            _ => Tone::Busy,
        };
        vec![
            Cell::new(&self.name),
            Cell::maybe(self.state.as_ref().map(|state| state.to_lowercase())).tone(tone),
            self.size_bytes
                .map_or_else(Cell::default, Cell::count)
                .right(),
            Cell::maybe(self.mime_type.as_ref()),
            time::cell(self.of.create_time()),
            time::until(self.of.expiration_time()),
            Cell::maybe(self.display_name.as_ref()),
        ]
    }
}
