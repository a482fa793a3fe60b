//! Names of models and jobs on Vertex AI, and the host of a location.

use crate::error::{Error, Result};
use crate::name::is_plain_id;

/// Whose jobs a client manages, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectLocation {
    /// Its id, or its number.
    pub project: String,
    /// A region, a multi-region, or `global`.
    pub location: String,
}

impl ProjectLocation {
    /// Checks that both are one path segment of plain characters, and the location also a part
    /// of a host name.
    pub fn new(project: &str, location: &str) -> Result<Self> {
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
pub fn host(location: Option<&str>) -> String {
    match location {
        None | Some("global") => "https://aiplatform.googleapis.com".to_owned(),
        Some(multi @ ("us" | "eu")) => format!("https://aiplatform.{multi}.rep.googleapis.com"),
        Some(region) => format!("https://{region}-aiplatform.googleapis.com"),
    }
}

/// A job: its number, and where it is if its name says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName {
    /// Where it is, if the name says so.
    pub place: Option<ProjectLocation>,
    /// Its number.
    pub id: String,
}

impl JobName {
    /// Reads a full name, `batchPredictionJobs/ID`, or `ID`.
    pub fn parse(name: &str) -> Result<Self> {
        let segments: Vec<_> = name.split('/').collect();
        let (place, id) = match segments[..] {
            [
                "projects",
                project,
                "locations",
                location,
                "batchPredictionJobs",
                id,
            ] => (ProjectLocation::new(project, location).map(Some), id),
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

/// Whether a job of the name `answered` is the one that was asked for, at `place` if that is known. The
/// service may write the number of a project in place of its id, of which nobody here knows whether
/// it is the same project; two ids, or two numbers, are compared.
pub(crate) fn is_same_job(id: &str, place: Option<&ProjectLocation>, answered: &str) -> bool {
    let Ok(answered) = JobName::parse(answered) else {
        return false;
    };
    let there = answered.place.as_ref();
    let is_there = match (place, there) {
        (Some(asked), Some(there)) => {
            let is_number = |project: &str| project.bytes().all(|b| b.is_ascii_digit());
            asked.location == there.location
                && (asked.project == there.project
                    || is_number(&asked.project) != is_number(&there.project))
        }
        _ => true,
    };
    answered.id == id && is_there
}

/// Who publishes an open model, by the beginning of its id.
fn publisher_of(id: &str) -> Option<&'static str> {
    let publishers = [
        ("llama-", "meta"),
        ("gpt-oss-", "openai"),
        ("qwen", "qwen"),
        ("deepseek-", "deepseek-ai"),
        ("multilingual-e5-", "intfloat"),
    ];
    let publisher = publishers.iter().find(|(start, _)| id.starts_with(start));
    publisher.map(|(_, publisher)| *publisher)
}

/// The full name of a model, from any form in which people write it.
pub fn model(name: &str, place: Option<&ProjectLocation>) -> Result<String> {
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
        [id] | ["models", id]
            if id
                .split('@')
                .next()
                .is_some_and(|id| id.bytes().all(|b| b.is_ascii_digit())) =>
        {
            refuse(
                "a number is the id of a model of your own: write \
             `projects/PROJECT/locations/LOCATION/models/ID`, or `endpoints/ID`",
            )
        }
        [id] | ["models", id] if id.starts_with("claude-") => {
            Ok(format!("publishers/anthropic/models/{id}"))
        }
        [id] | ["models", id] if id.ends_with("-maas") => match publisher_of(id) {
            Some(publisher) => Ok(format!("publishers/{publisher}/models/{id}")),
            None => refuse("an open model needs its publisher: write `PUBLISHER/ID`"),
        },
        [id] | ["models", id] => Ok(format!("publishers/google/models/{id}")),
        ["endpoints", id] => match place {
            Some(ProjectLocation { project, location }) => Ok(format!(
                "projects/{project}/locations/{location}/endpoints/{id}"
            )),
            None => refuse("without a project, an endpoint needs its full name"),
        },
        ["tunedModels", _] => {
            refuse("a model tuned on Vertex AI is `projects/PROJECT/locations/LOCATION/models/ID`")
        }
        // Collections, which are not publishers.
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
            assert!(ProjectLocation::new("p", location).is_err(), "{location}");
            let job = format!("projects/p/locations/{location}/batchPredictionJobs/5");
            assert!(JobName::parse(&job).is_err(), "{job}");
        }
        for location in ["global", "us", "us-central1", "northamerica-northeast1"] {
            assert!(ProjectLocation::new("p", location).is_ok(), "{location}");
        }
    }

    #[test]
    fn jobs_are_read_in_every_form_and_their_place_is_kept() {
        let full = "projects/other/locations/europe-west4/batchPredictionJobs/5";
        let job = JobName::parse(full).unwrap();
        assert_eq!(
            job.place,
            Some(ProjectLocation::new("other", "europe-west4").unwrap())
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
    fn another_job_is_told_from_the_one_asked_for() {
        let place = ProjectLocation::new("p", "us-central1").unwrap();
        let is_same = |answered: &str| is_same_job("5", Some(&place), answered);
        for same in [
            "projects/p/locations/us-central1/batchPredictionJobs/5",
            "projects/123456/locations/us-central1/batchPredictionJobs/5",
            "batchPredictionJobs/5",
        ] {
            assert!(is_same(same), "{same}");
        }
        for other in [
            "projects/p/locations/us-central1/batchPredictionJobs/6",
            "projects/p/locations/us-central1/batchPredictionJobs/05",
            "projects/p/locations/europe-west4/batchPredictionJobs/5",
            "projects/stranger/locations/us-central1/batchPredictionJobs/5",
            "projects/p/locations/us-central1/customJobs/5",
            "",
        ] {
            assert!(!is_same(other), "{other}");
        }
        let anywhere = "projects/p/locations/europe-west4/batchPredictionJobs/5";
        assert!(is_same_job("5", None, anywhere) && !is_same_job("6", None, anywhere));
    }

    #[test]
    fn models_are_completed() {
        let place = ProjectLocation::new("p", "l").unwrap();
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
            (
                "claude-sonnet-4-5@20250929",
                "publishers/anthropic/models/claude-sonnet-4-5@20250929",
            ),
            (
                "llama-3.3-70b-instruct-maas",
                "publishers/meta/models/llama-3.3-70b-instruct-maas",
            ),
            (
                "projects/q/locations/r/models/5@2",
                "projects/q/locations/r/models/5@2",
            ),
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
            "1234567890",
            "models/1234567890",
            "1234567890@1",
            "unheard-of-maas",
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
            assert_eq!(job.place, Some(ProjectLocation { project, location }));
            assert_eq!(job.id, id);
        }
    }
}
