//! A row and a template to a request.

pub(crate) mod media;
pub(crate) mod template;

use genai_batch::request::Entry;
use genai_batch::{EmbedRequest, Part, Request};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::exit::{Failure, Result};
use crate::table::read::Input;
use crate::table::write::Cell;
use crate::table::{Row, text};
use media::Media;
use template::Prompt;

/// How rows become requests.
#[derive(Debug)]
pub(crate) struct Maker {
    pub(crate) prompt: Prompt,
    /// The column of the keys; without one, a row has its line for a key.
    pub(crate) key: Option<String>,
    pub(crate) media: Media,
    /// If rows are embedded, and not asked: how.
    pub(crate) embedding: Option<Embedding>,
    /// For what errors say.
    pub(crate) input: Input,
}

/// How a text is embedded.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Embedding {
    /// What it is for, in Google's words.
    pub(crate) task_type: Option<String>,
    /// How many values it has.
    pub(crate) dimensions: Option<u32>,
}

impl Embedding {
    fn request(&self, parts: Vec<Part>) -> EmbedRequest {
        let mut request = EmbedRequest::content(parts);
        if let Some(task_type) = &self.task_type {
            request = request.task_type(task_type.as_str());
        }
        match self.dimensions {
            Some(dimensions) => request.output_dimensionality(dimensions),
            None => request,
        }
    }
}

/// The name under which a row rides with its request.
const ROW: &str = "row";
/// The same for cells of which the value does not tell how they are spelled.
const SPELLED: &str = "spelled";

impl Maker {
    /// The request of a row, along with which the row rides if that is kept.
    pub(crate) fn request(&self, row: Row, prompt: String, is_kept: bool) -> Result<Entry> {
        let media = self
            .media
            .parts(&row)
            .map_err(|why| self.wrong(&row, why))?;
        let (key, place) = (self.key(&row)?, self.input.place(row.line));
        let metadata = match is_kept {
            true => metadata(row),
            false => Vec::new(),
        };
        if let Some(embedding) = &self.embedding {
            let parts = std::iter::once(Part::text(prompt)).chain(media);
            let request = embedding.request(parts.collect()).key(key).origin(place);
            let with = |request: EmbedRequest, (name, value)| request.metadata(name, value);
            return Ok(metadata.into_iter().fold(request, with).into());
        }
        let request = match media.is_empty() {
            true => Request::text(prompt),
            false => Request::parts(std::iter::once(Part::text(prompt)).chain(media)),
        };
        let request = request.key(key).origin(place);
        let with = |request: Request, (name, value)| request.metadata(name, value);
        Ok(metadata.into_iter().fold(request, with).into())
    }

    /// The prompt of a row.
    pub(crate) fn prompt(&self, row: &Row) -> Result<String> {
        let prompt = self.prompt.render(row);
        prompt.map_err(|error| error.at(&self.input.place(row.line), &row.names))
    }

    /// The key of a row.
    pub(crate) fn key(&self, row: &Row) -> Result<String> {
        let Some(column) = &self.key else {
            return Ok(row.line.to_string());
        };
        let cell = row
            .cell(column)
            .ok_or_else(|| self.no_column("--key", column, row))?;
        match text::of(cell) {
            key if key.is_empty() => {
                Err(self.wrong(row, format!("the key is empty, in the column {column:?}")))
            }
            key => Ok(key.into_owned()),
        }
    }

    fn wrong(&self, row: &Row, why: String) -> Failure {
        Failure::usage(format!("{}: {why}", self.input.place(row.line)))
    }

    fn no_column(&self, option: &str, column: &str, row: &Row) -> Failure {
        let place = self.input.place(row.line);
        no_column(&place, option, column, &row.names)
    }
}

/// What is said of a column that an option names and that is not there.
pub(crate) fn no_column(place: &str, option: &str, column: &str, names: &[String]) -> Failure {
    let columns = text::list(names);
    Failure::usage(format!(
        "{place}: there is no column {column:?}, which {option} names"
    ))
    .hint(format!("the columns are {columns}"))
}

/// The row that rides with a result.
#[derive(Debug, Default)]
pub(crate) struct Riding {
    cells: Map<String, Value>,
    spelled: Map<String, Value>,
}

impl Riding {
    pub(crate) fn of(metadata: Option<Map<String, Value>>) -> Self {
        let mut metadata = metadata.unwrap_or_default();
        let mut part = |name| match metadata.remove(name) {
            Some(Value::Object(part)) => part,
            _ => Map::new(),
        };
        Self {
            cells: part(ROW),
            spelled: part(SPELLED),
        }
    }

    /// The cell of a column, as it was in the input.
    pub(crate) fn take(&mut self, column: &str) -> Cell {
        let value = self.cells.remove(column);
        match (value, self.spelled.remove(column)) {
            (Some(value), Some(Value::String(json))) => Cell::Spelled { json, value },
            (value, _) => Cell::from(value),
        }
    }
}

/// A row as what rides with its request.
fn metadata(row: Row) -> Vec<(&'static str, Value)> {
    let names = &row.names;
    let spelled: Map<_, _> = row
        .spelled
        .into_iter()
        .map(|(at, json)| (names[at].clone(), Value::from(json)))
        .collect();
    let cells: Map<_, _> = names.iter().cloned().zip(row.cells).collect();
    let mut metadata = vec![(ROW, Value::from(cells))];
    if !spelled.is_empty() {
        metadata.push((SPELLED, Value::from(spelled)));
    }
    metadata
}
