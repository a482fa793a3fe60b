//! Names of models, jobs and files of the Gemini Developer API: read in the forms people write,
//! refused when hostile.

use std::fmt;

use crate::error::{Error, Result};
use crate::name::is_plain_id;

fn refuse(what: &str, name: &str, hint: &str) -> Error {
    Error::input(format!("invalid {what} {name:?}: {hint}"))
}

/// The model of a Gemini job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeminiModel {
    /// The id of a model that Google offers.
    Base(String),
    /// The id of one that was tuned.
    Tuned(String),
}

impl GeminiModel {
    /// Reads `gemini-…`, `models/…` or `tunedModels/…`.
    pub fn parse(name: &str) -> Result<Self> {
        let (id, tuned) = match name.strip_prefix("tunedModels/") {
            Some(id) => (id, true),
            None => (name.strip_prefix("models/").unwrap_or(name), false),
        };
        if !is_plain_id(id) {
            return Err(refuse(
                "model",
                name,
                "write it as `gemini-2.5-flash`, `models/gemini-2.5-flash` or `tunedModels/my-tune`",
            ));
        }
        Ok(if tuned {
            Self::Tuned(id.to_owned())
        } else {
            Self::Base(id.to_owned())
        })
    }
}

impl fmt::Display for GeminiModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(id) => write!(f, "models/{id}"),
            Self::Tuned(id) => write!(f, "tunedModels/{id}"),
        }
    }
}

/// The id of a Gemini job from its name, `batches/ID`.
pub fn gemini_job_id(name: &str) -> Result<&str> {
    name.strip_prefix("batches/")
        .filter(|id| is_plain_id(id))
        .ok_or_else(|| {
            refuse(
                "job name",
                name,
                "a Gemini job is named `batches/ID`, the ID of letters, digits, `-`, `_` and `.`",
            )
        })
}

/// The id of a Gemini file from `files/ID`, a bare `ID`, or one of the file's URIs.
pub fn gemini_file_id(name: &str) -> Result<&str> {
    let id = if name.starts_with("https://") || name.starts_with("http://") {
        let tail = name.split_once("/files/").map_or("", |(_, tail)| tail);
        tail.split([':', '?']).next().unwrap_or_default()
    } else {
        name.strip_prefix("files/").unwrap_or(name)
    };
    if is_plain_id(id) {
        Ok(id)
    } else {
        Err(refuse(
            "file name",
            name,
            "a file of the Gemini Files API is named `files/ID`, the ID of letters, digits, `-`, `_` and `.`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn models_are_read_in_every_form() {
        let base = GeminiModel::Base("gemini-2.5-flash".into());
        assert_eq!(GeminiModel::parse("gemini-2.5-flash").unwrap(), base);
        assert_eq!(GeminiModel::parse("models/gemini-2.5-flash").unwrap(), base);
        assert_eq!(
            GeminiModel::parse("tunedModels/my-tune").unwrap(),
            GeminiModel::Tuned("my-tune".into())
        );
    }

    #[test]
    fn hostile_names_are_refused() {
        for name in [
            "",
            "models/",
            "models/../files",
            "a b",
            "a?b",
            "a/b",
            "a%2Fb",
            "..",
        ] {
            assert!(GeminiModel::parse(name).is_err(), "{name}");
        }
        for name in [
            "",
            "abc",
            "batches/",
            "batches/..",
            "batches/a?b",
            "batches/a/b",
            "batches/a:cancel",
            "batches/a b",
            "../batches/a",
            "batches/.",
            "batches/é",
        ] {
            assert!(gemini_job_id(name).is_err(), "{name}");
        }
        for name in [
            "",
            "files/",
            "files/../x",
            "files/a/b",
            "gs://b/o",
            "https://h/x",
            "files/a#b",
        ] {
            assert!(gemini_file_id(name).is_err(), "{name}");
        }
    }

    #[test]
    fn files_are_found_in_their_uris() {
        for name in [
            "files/abc-1",
            "abc-1",
            "https://generativelanguage.googleapis.com/v1beta/files/abc-1",
            "https://generativelanguage.googleapis.com/v1beta/files/abc-1:download?alt=media",
        ] {
            assert_eq!(gemini_file_id(name).unwrap(), "abc-1");
        }
    }

    proptest! {
        #[test]
        fn ids_are_read_in_every_form_and_stay_one_segment(id in "[a-zA-Z0-9@._-]{0,3}[a-zA-Z0-9]") {
            let base = GeminiModel::Base(id.clone());
            prop_assert_eq!(GeminiModel::parse(&format!("models/{id}")).unwrap(), base);
            let tuned = GeminiModel::Tuned(id.clone());
            prop_assert_eq!(GeminiModel::parse(&format!("tunedModels/{id}")).unwrap(), tuned);
            let job = format!("batches/{id}");
            prop_assert_eq!(gemini_job_id(&job).unwrap(), &*id);
            for name in [format!("files/{id}"), format!("https://h/v1/files/{id}:download")] {
                prop_assert_eq!(gemini_file_id(&name).unwrap(), &*id);
            }
        }

        #[test]
        fn an_id_with_any_other_character_is_refused(
            before in "[a-z]{0,2}", odd in "[^a-zA-Z0-9@._-]", after in "[a-z]{0,2}"
        ) {
            let id = format!("{before}{odd}{after}");
            prop_assert!(!is_plain_id(&id));
            let (job, model) = (format!("batches/{id}"), format!("tunedModels/{id}"));
            prop_assert!(gemini_job_id(&job).is_err());
            prop_assert!(GeminiModel::parse(&model).is_err());
            prop_assert!(gemini_file_id(&id).is_err());
        }
    }
}
