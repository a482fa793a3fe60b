//! Deleting jobs, which is done at once or after a while, and the operations that tell how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::deletion::Deletion;
use super::resource;
use super::route::Place;
use super::service::Vertex;
use crate::body::parse_json;
use crate::clock::later;
use crate::error::{ApiError, ApiResult};
use crate::model::RowFailure;
use crate::query::query_value;
use crate::state::Kind;
use crate::sync::lock;
use crate::{ids, reply};

/// How long a call that waits for an operation stays, where it does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// How often such a call looks at the clock.
const GLANCE: Duration = Duration::from_millis(10);

impl Vertex {
    pub(crate) async fn delete(
        self: &Arc<Self>,
        place: Option<&Place>,
        id: &str,
        version: &str,
    ) -> ApiResult<Response> {
        let job = self.job(place, id)?;
        self.settle(&job).await?;
        let now = self.clock.now();
        let faults = self.stores.faults.of_vertex();
        let error = match faults.delete_failure {
            Some((code, message)) => Some(RowFailure::new(code, message)),
            None if job.status(now).ended.is_none() => {
                Some(RowFailure::new(9, "The job is still running."))
            }
            None => None,
        };
        let id = ids::number();
        let deletion = Deletion {
            name: format!("{}/operations/{id}", job.new.place.name()),
            created: now,
            done: later(now, faults.delete_delay),
            error,
            id,
            job: job.serial,
        };
        let record = || deletion.clone();
        self.state.put(Kind::VertexDeletion, &deletion.id, record);
        lock(&self.deletions.0).push(deletion.clone());
        self.carry_out_deletions();
        Ok(reply::json(
            StatusCode::OK,
            &resource::operation(&deletion, version, now),
        ))
    }

    pub(crate) fn operation(&self, id: &str, version: &str) -> ApiResult<Response> {
        let deletion = self.deletion(id)?;
        let now = self.clock.now();
        Ok(reply::json(
            StatusCode::OK,
            &resource::operation(&deletion, version, now),
        ))
    }

    /// Answers when the operation is done or the time that the call gave is over. A clock that
    /// stands still gives nothing to wait for.
    pub(crate) async fn wait_for_operation(
        &self,
        id: &str,
        version: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> ApiResult<Response> {
        let deletion = self.deletion(id)?;
        let timeout = timeout(query, body)?;
        let started = Instant::now();
        while self.clock.now() < deletion.done
            && started.elapsed() < timeout
            && !self.clock.is_paused()
        {
            tokio::time::sleep(GLANCE).await;
        }
        self.operation(id, version)
    }

    /// Removes the jobs whose deletion is done.
    pub(super) fn carry_out_deletions(&self) {
        let now = self.clock.now();
        for deletion in lock(&self.deletions.0).iter() {
            if now >= deletion.done && deletion.error.is_none() {
                self.jobs.remove(deletion.job);
            }
        }
    }

    fn deletion(&self, id: &str) -> ApiResult<Deletion> {
        let deletions = lock(&self.deletions.0);
        let deletion = deletions.iter().find(|deletion| deletion.id == id);
        deletion
            .cloned()
            .ok_or_else(|| ApiError::not_found("The operation does not exist."))
    }
}

/// The time to wait, from the query or the body, as in `2.5s`.
fn timeout(query: Option<&str>, body: &[u8]) -> ApiResult<Duration> {
    let of_body = if body.trim_ascii().is_empty() {
        None
    } else {
        let body = parse_json(body)?;
        body.get("timeout")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let Some(text) = of_body.or_else(|| query_value(query, "timeout")) else {
        return Ok(DEFAULT_WAIT);
    };
    text.strip_suffix('s')
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| ApiError::bad_field("timeout", "not a duration such as 10s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read() {
        assert_eq!(timeout(None, b"").unwrap(), DEFAULT_WAIT);
        let half = Duration::from_millis(500);
        assert_eq!(timeout(Some("timeout=0.5s"), b" ").unwrap(), half);
        assert_eq!(timeout(None, br#"{"timeout":"0.5s"}"#).unwrap(), half);
        assert!(timeout(Some("timeout=soon"), b"").is_err());
        assert!(timeout(Some("timeout=-1s"), b"").is_err());
    }
}
