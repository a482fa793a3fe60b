//! Names of models and jobs on Vertex AI, and the host of a location.

use crate::error::{Error, Result};
use crate::name::is_plain_id;

/// Whose jobs a client manages, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) project: String,
    pub(crate) location: String,
}

impl Place {
    /// Checks that both are one path segment of plain characters, and the location also a part
    /// of a host name.
    pub(crate) fn new(project: &str, location: &str) -> Result<Self> {
        // Projects of a domain are named `example.com:project`.
        let project_is_plain = project.split(':').all(is_plain_id);
        for (what, value, plain) in [
            ("project", project, project_is_plain),
            ("location", location, is_location(location)),
        ] {
            if !plain {
                return Err(Error::configuration(format!(
                    "{value:?} is no {what}: write it as in the Google Cloud console"
                )));
            }
        }
        Ok(Self {
            project: project.to_owned(),
            location: location.to_owned(),
        })
    }
}

/// Whether an id can stand within a host name and changes nothing else about it: no `user@`,
/// no further domain, no `xn--`.
fn is_location(id: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    id.split('-').all(is_word)
}

/// Where the API of a location is; no location is the project-less express mode.
pub(crate) fn host(location: Option<&str>) -> String {
    match location {
        None | Some("global") => "https://aiplatform.googleapis.com".to_owned(),
        Some(multi @ ("us" | "eu")) => format!("https://aiplatform.{multi}.rep.googleapis.com"),
        Some(region) => format!("https://{region}-aiplatform.googleapis.com"),
    }
}

/// A job: its number, and where it is if its name says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobName {
    pub(crate) place: Option<Place>,
    pub(crate) id: String,
}

impl JobName {
    /// Reads a full name, `batchPredictionJobs/ID`, or `ID`.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        let segments: Vec<_> = name.split('/').collect();
        let (place, id) = match segments[..] {
            [
                "projects",
                project,
                "locations",
                location,
                "batchPredictionJobs",
                id,
            ] => (Place::new(project, location).map(Some), id),
            ["batchPredictionJobs", id] | [id] => (Ok(None), id),
            _ => (Ok(None), ""),
        };
        let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        match place {
            Ok(place) if is_number => Ok(Self {
                place,
                id: id.to_owned(),
            }),
            _ => Err(Error::input(format!(
                "invalid job name {name:?}: a Vertex AI job is named \
                 `projects/PROJECT/locations/LOCATION/batchPredictionJobs/ID`, \
                 `batchPredictionJobs/ID` or `ID`, the ID a number"
            ))),
        }
    }
}

/// The full name of a model, from any form in which people write it.
pub(crate) fn model(name: &str, place: Option<&Place>) -> Result<String> {
    let refuse = |hint: &str| Err(Error::input(format!("invalid model {name:?}: {hint}")));
    let segments: Vec<_> = name.split('/').collect();
    let plain = segments.iter().all(|s| s.split(':').all(is_plain_id));
    if !plain {
        return refuse(
            "write it as `gemini-2.5-flash`, `publishers/google/models/gemini-2.5-flash`, or the \
             full name of a model or endpoint",
        );
    }
    match segments[..] {
        [id] | ["models", id] => Ok(format!("publishers/google/models/{id}")),
        ["endpoints", id] => match place {
            Some(Place { project, location }) => Ok(format!(
                "projects/{project}/locations/{location}/endpoints/{id}"
            )),
            None => refuse("without a project, an endpoint needs its full name"),
        },
        ["tunedModels", _] => {
            refuse("a model tuned on Vertex AI is `projects/PROJECT/locations/LOCATION/models/ID`")
        }
        // Collections, which are no publishers.
        [
            "projects" | "locations" | "publishers" | "datasets" | "batches" | "files",
            _,
        ] => refuse("it is neither a model nor an endpoint"),
        [publisher, id] => Ok(format!("publishers/{publisher}/models/{id}")),
        ["publishers", _, "models", _]
        | ["projects", _, "locations", _, "models" | "endpoints", _]
        | ["projects", _, "locations", _, "publishers", _, "models", _] => Ok(name.to_owned()),
        _ => refuse("it is neither a model nor an endpoint"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_have_hosts() {
        assert_eq!(host(None), "https://aiplatform.googleapis.com");
        assert_eq!(host(Some("global")), "https://aiplatform.googleapis.com");
        assert_eq!(host(Some("eu")), "https://aiplatform.eu.rep.googleapis.com");
        assert_eq!(
            host(Some("europe-west1")),
            "https://europe-west1-aiplatform.googleapis.com"
        );
    }

    #[test]
    fn a_location_cannot_change_the_host() {
        for location in [
            "user@l",
            "evil.example",
            "a_b",
            "xn--a",
            "-l",
            "l-",
            "",
            ".",
            "l:1",
        ] {
            assert!(Place::new("p", location).is_err(), "{location}");
            let job = format!("projects/p/locations/{location}/batchPredictionJobs/5");
            assert!(JobName::parse(&job).is_err(), "{job}");
        }
        for location in ["global", "us", "us-central1", "northamerica-northeast1"] {
            assert!(Place::new("p", location).is_ok(), "{location}");
        }
    }

    #[test]
    fn jobs_are_read_in_every_form_and_their_place_is_kept() {
        let full = "projects/other/locations/europe-west4/batchPredictionJobs/5";
        let job = JobName::parse(full).unwrap();
        assert_eq!(
            job.place,
            Some(Place::new("other", "europe-west4").unwrap())
        );
        for short in ["5", "batchPredictionJobs/5"] {
            assert_eq!(
                JobName::parse(short).unwrap(),
                JobName {
                    place: None,
                    id: "5".into()
                }
            );
        }
        for name in [
            "",
            "abc",
            "batches/abc",
            "../5",
            "5/6",
            "batchPredictionJobs/..",
            "\u{661}\u{662}",
            "projects/p/locations/l/batchPredictionJobs/5/extra",
            "projects/p?x/locations/l/batchPredictionJobs/5",
            "projects/../locations/l/batchPredictionJobs/5",
        ] {
            assert!(
                JobName::parse(name).unwrap_err().is_invalid_input(),
                "{name}"
            );
        }
    }

    #[test]
    fn models_are_completed() {
        let place = Place::new("p", "l").unwrap();
        for (name, full) in [
            (
                "gemini-2.0-flash",
                "publishers/google/models/gemini-2.0-flash",
            ),
            (
                "models/gemini-2.0-flash",
                "publishers/google/models/gemini-2.0-flash",
            ),
            (
                "google/gemini-2.0-flash",
                "publishers/google/models/gemini-2.0-flash",
            ),
            ("meta/llama-3", "publishers/meta/models/llama-3"),
            ("endpoints/7", "projects/p/locations/l/endpoints/7"),
            (
                "publishers/google/models/g@001",
                "publishers/google/models/g@001",
            ),
            (
                "projects/q/locations/r/models/5",
                "projects/q/locations/r/models/5",
            ),
        ] {
            assert_eq!(model(name, Some(&place)).unwrap(), full);
        }
        for name in [
            "",
            "../models/g",
            "a b",
            "g?x",
            "projects/p/models/5",
            "tunedModels/x",
            "publishers/google",
            "projects/p",
            "a/b/c",
        ] {
            assert!(
                model(name, Some(&place)).unwrap_err().is_invalid_input(),
                "{name}"
            );
        }
        assert!(model("endpoints/7", None).is_err());
    }

    proptest::proptest! {
        #[test]
        fn full_names_of_jobs_are_read_and_written_the_same(
            project in "([a-z]{1,5}\\.com:)?[a-z][a-z0-9-]{0,8}", location in "[a-z]{2,6}(-[a-z]{3,5}[0-9])?", id in "[0-9]{1,20}"
        ) {
            let name = format!("projects/{project}/locations/{location}/batchPredictionJobs/{id}");
            let job = JobName::parse(&name).unwrap();
            assert_eq!(job.place, Some(Place { project, location }));
            assert_eq!(job.id, id);
        }
    }
}
