//! Images and other media of a row: files that go into the request, and URIs that it refers to.

use std::path::{Path, PathBuf};

use genai_batch::Part;
use serde_json::Value;

use crate::table::{Row, regular, text};

/// The largest file that goes into a request, in bytes.
const LARGEST: u64 = 100_000_000;

/// The columns that name media.
#[derive(Debug, Default)]
pub(crate) struct Media {
    pub(crate) columns: Vec<String>,
    /// Where relative paths begin: the folder of the input.
    pub(crate) folder: PathBuf,
}

impl Media {
    /// The media of a row, in the order of the columns.
    pub(crate) fn parts(&self, row: &Row) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        for column in &self.columns {
            let wrong = |why: String| format!("the column {column:?}, which --media names: {why}");
            match row.cell(column) {
                None => {
                    let columns = text::list(&row.names);
                    return Err(wrong(format!("it is not there; the columns are {columns}")));
                }
                Some(Value::Array(items)) => {
                    for item in items {
                        parts.extend(self.part(item).map_err(wrong)?);
                    }
                }
                Some(cell) => parts.extend(self.part(cell).map_err(wrong)?),
            }
        }
        Ok(parts)
    }

    /// What a row names, as it is shown.
    pub(crate) fn names(&self, row: &Row) -> Vec<String> {
        let cells = self.columns.iter().filter_map(|column| row.cell(column));
        let cells = cells.flat_map(|cell| match cell {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        });
        let names = cells.map(|cell| text::of(cell).trim().to_owned());
        names.filter(|name| !name.is_empty()).collect()
    }

    fn part(&self, cell: &Value) -> Result<Option<Part>, String> {
        let place = match cell {
            Value::Null => return Ok(None),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.trim(),
            other => return Err(format!("{other} is neither a path nor a URI")),
        };
        if !place.contains("://") {
            return self.file(place).map(Some);
        }
        let name = place.split(['?', '#']).next().unwrap_or(place);
        let guess = mime_guess::from_path(Path::new(name)).first_raw();
        match guess {
            Some(mime_type) => {
                check(place, mime_type)?;
                Ok(Some(Part::file_uri(place, mime_type)))
            }
            None => Err(format!(
                "the name of {place} does not tell what it is: it needs an ending such as .png"
            )),
        }
    }
}

impl Media {
    fn file(&self, place: &str) -> Result<Part, String> {
        let path = self.folder.join(place);
        let shown = path.display();
        let found = std::fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file {shown}"),
            _ => format!("{shown} cannot be read: {error}"),
        })?;
        if found.is_dir() {
            return Err(format!("{shown} is a folder: name a file in it"));
        }
        if let Some(what) = regular::other_than_file(&path) {
            return Err(format!("{shown} is not a file but {what}"));
        }
        if found.len() > LARGEST {
            return Err(format!(
                "{shown} has {} MB, and a request holds files of {} MB at most: put it where the service \
                 reads it, with `genai-batch files put` (for 48 hours) or with --backend vertex into \
                 gs://…, and name its URI instead",
                found.len().div_ceil(1_000_000),
                LARGEST / 1_000_000
            ));
        }
        let Some(mime_type) = mime_guess::from_path(&path).first_raw() else {
            return Err(format!(
                "the name of {shown} does not tell what it is: it needs an ending such as .png"
            ));
        };
        check(place, mime_type)?;
        Ok(Part::inline_file(path))
    }
}

/// Refuses what no model reads.
fn check(place: &str, mime_type: &str) -> Result<(), String> {
    let kind = mime_type.split('/').next().unwrap_or_default();
    let is_read = matches!(kind, "image" | "audio" | "video" | "text")
        || matches!(
            mime_type,
            "application/pdf" | "application/json" | "application/xml" | "application/rtf"
        )
        || mime_type.starts_with("application/javascript")
        || mime_type.starts_with("application/x-javascript");
    match is_read {
        true => Ok(()),
        false => Err(format!(
            "{place} is {mime_type} by its name, which models do not read: they read images, audio, video, \
             text and PDF"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(cell: Value) -> Row {
        Row {
            line: 2,
            names: ["photo".to_owned()].into(),
            cells: vec![cell],
            spelled: Vec::new(),
        }
    }

    fn media(folder: &Path) -> Media {
        Media {
            columns: vec!["photo".to_owned()],
            folder: folder.to_owned(),
        }
    }

    #[test]
    fn a_cell_names_one_several_or_none() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.png"), "png").unwrap();
        let media = media(folder.path());
        let count = |cell| media.parts(&row(cell)).map(|parts| parts.len());
        assert_eq!(count(json!("a.png")), Ok(1));
        assert_eq!(count(json!(["a.png", "gs://b/c.jpg"])), Ok(2));
        assert_eq!(count(json!("")), Ok(0));
        assert_eq!(count(json!(null)), Ok(0));
    }

    #[test]
    fn what_is_not_there_or_not_known_is_told() {
        let media = media(Path::new("nowhere"));
        let why = |cell| media.parts(&row(cell)).unwrap_err();
        assert!(
            why(json!("b.png")).contains("no file nowhere"),
            "{}",
            why(json!("b.png"))
        );
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::create_dir(place("d.png")).unwrap();
        std::fs::write(place("plain"), "a").unwrap();
        let large = std::fs::File::create(place("large.mp4")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        for (name, told) in [
            ("d.png", "is a folder"),
            ("plain", "ending"),
            ("large.mp4", "101 MB"),
        ] {
            let why = why(json!(place(name)));
            assert!(why.contains(told) && why.contains("\"photo\""), "{why}");
        }
        #[cfg(unix)]
        assert!(why(json!("/dev/null")).contains("a device"));
        assert!(why(json!("https://host/photo")).contains("ending"));
        assert!(why(json!(5)).contains("neither"));
    }
}
