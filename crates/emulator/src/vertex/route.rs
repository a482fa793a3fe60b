//! Which call a method and path stand for, and in which project and location.

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::operation::Operation;
use crate::path::{is_version, split_verb};

/// A call, in a place.
#[derive(Debug, PartialEq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// `None` on the paths without a project, which go with an API key.
    pub(crate) place: Option<Place>,
    pub(crate) call: Call,
}

/// A project and a location.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Place {
    pub(crate) project: String,
    pub(crate) location: String,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Call {
    Create,
    List,
    Get(String),
    Cancel(String),
    Delete(String),
    GetOperation(String),
    WaitOperation(String),
}

impl Place {
    /// Where jobs are that were made without a project.
    pub(crate) fn express() -> Self {
        Self {
            project: "express-mode".to_owned(),
            location: "global".to_owned(),
        }
    }

    /// `projects/P/locations/L`.
    pub(crate) fn name(&self) -> String {
        format!("projects/{}/locations/{}", self.project, self.location)
    }
}

impl Route {
    /// The call, or `None` where the service has none under this path.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let (version, rest) = segments.split_first()?;
        if !is_version(version) {
            return None;
        }
        let (place, rest) = match rest {
            ["projects", project, "locations", location, rest @ ..] => {
                let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
                let place = Place {
                    project: decoded(project),
                    location: decoded(location),
                };
                (Some(place), rest)
            }
            rest => (None, rest),
        };
        let (operation, call) = match rest {
            ["batchPredictionJobs"] => collection(method)?,
            ["batchPredictionJobs", resource] => job(method, resource)?,
            ["operations", resource] | ["batchPredictionJobs", _, "operations", resource] => {
                long_running(method, resource)?
            }
            _ => return None,
        };
        Some(Self {
            operation,
            place,
            call,
        })
    }
}

fn collection(method: &Method) -> Option<(Operation, Call)> {
    Some(match *method {
        Method::GET => (Operation::ListBatchPredictionJobs, Call::List),
        Method::POST => (Operation::CreateBatchPredictionJob, Call::Create),
        _ => return None,
    })
}

fn job(method: &Method, resource: &str) -> Option<(Operation, Call)> {
    let (id, verb) = split_verb(resource);
    Some(match (method.as_str(), verb) {
        ("GET", None) => (Operation::GetBatchPredictionJob, Call::Get(id)),
        ("DELETE", None) => (Operation::DeleteBatchPredictionJob, Call::Delete(id)),
        ("POST", Some("cancel")) => (Operation::CancelBatchPredictionJob, Call::Cancel(id)),
        _ => return None,
    })
}

fn long_running(method: &Method, resource: &str) -> Option<(Operation, Call)> {
    let (id, verb) = split_verb(resource);
    Some(match (method.as_str(), verb) {
        ("GET", None) => (Operation::GetOperation, Call::GetOperation(id)),
        ("POST", Some("wait")) => (Operation::WaitOperation, Call::WaitOperation(id)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, path: &str) -> Option<(Option<String>, Call)> {
        let route = Route::of(&method, path)?;
        Some((route.place.map(|place| place.name()), route.call))
    }

    #[test]
    fn calls_are_told_apart() {
        let place = "projects/p-1/locations/us-central1";
        let full = |rest: &str| format!("/v1beta1/{place}/{rest}");
        let at_place = |call| Some((Some(place.to_owned()), call));
        for (method, path, call) in [
            (Method::POST, "batchPredictionJobs", Call::Create),
            (Method::GET, "batchPredictionJobs", Call::List),
            (Method::GET, "batchPredictionJobs/1", Call::Get("1".into())),
            (
                Method::POST,
                "batchPredictionJobs/1:cancel",
                Call::Cancel("1".into()),
            ),
            (
                Method::DELETE,
                "batchPredictionJobs/1",
                Call::Delete("1".into()),
            ),
            (Method::GET, "operations/2", Call::GetOperation("2".into())),
            (
                Method::POST,
                "batchPredictionJobs/1/operations/2:wait",
                Call::WaitOperation("2".into()),
            ),
        ] {
            assert_eq!(route(method, &full(path)), at_place(call), "{path}");
        }
        assert_eq!(
            route(Method::GET, "/v1/batchPredictionJobs/42"),
            Some((None, Call::Get("42".into())))
        );
    }

    #[test]
    fn other_paths_are_not_there() {
        for (method, path) in [
            (
                Method::PATCH,
                "/v1/projects/p/locations/l/batchPredictionJobs",
            ),
            (
                Method::GET,
                "/v1/projects/p/locations/l/batchPredictionJobs/1/2",
            ),
            (Method::GET, "/v1/projects/p/batchPredictionJobs"),
            (Method::GET, "/projects/p/locations/l/batchPredictionJobs"),
            (Method::POST, "/v1/batchPredictionJobs/1:wait"),
            (Method::GET, "/v1beta/batches"),
        ] {
            assert_eq!(route(method, path), None, "{path}");
        }
    }
}
