//! Polling: all active jobs in one go, by list where that takes fewer calls.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::super::store::jobs::{self, State};
use super::{Done, Driver};
use crate::backend::AnyBackend;
use crate::error::Result;
use crate::job::BatchJob;
use crate::options::ListOptions;

/// From so many jobs on, lists are read in place of single jobs.
const BY_LIST: usize = 8;
/// How many jobs a page is asked for.
const PAGE: i32 = 100;
/// How many jobs are read at once.
const GETS: usize = 4;

impl Driver {
    /// Polls all active jobs if it is time.
    pub(super) fn poll_if_due(&mut self, now: Instant) {
        let active = self
            .live
            .values()
            .filter(|live| live.job.state == State::Active);
        let active = active.filter(|live| !live.is_busy && live.due <= now);
        let named = active.filter_map(|live| Some((live.job.id, live.job.name.clone()?)));
        let jobs: Vec<(i64, String)> = named.collect();
        if jobs.is_empty() || self.poll.is_busy || self.poll.due > now {
            return;
        }
        self.poll.is_busy = true;
        let service = self.run.service.clone();
        self.works.push(Box::pin(
            async move { Done::Polled(poll(&service, jobs).await) },
        ));
    }

    /// Cancels a job, and notes before that it was the run that did it.
    pub(super) async fn cancel(&mut self, id: i64) -> Result<()> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.job.is_stopped = true;
        live.is_busy = true;
        let name = live.job.name.clone().unwrap_or_default();
        self.run.store.call(move |it| jobs::stopped(it, id)).await?;
        let service = self.run.service.clone();
        self.works.push(Box::pin(async move {
            Done::Cancelled(id, service.cancel_job(&name).await)
        }));
        Ok(())
    }
}

async fn poll(service: &AnyBackend, jobs: Vec<(i64, String)>) -> Vec<(i64, Result<BatchJob>)> {
    let mut listed = match jobs.len() {
        BY_LIST.. => by_list(service, &jobs).await,
        _ => BTreeMap::new(),
    };
    let mut seen = Vec::with_capacity(jobs.len());
    let mut left = Vec::new();
    for (id, name) in jobs {
        match listed.remove(&name) {
            Some(job) => seen.push((id, Ok(job))),
            None => left.push((id, name)),
        }
    }
    let gets = stream::iter(left).map(|(id, name)| async move {
        let read = service.get(&name).await;
        (
            id,
            read.map_err(|error| error.during(format!("reading {name}"))),
        )
    });
    seen.extend(gets.buffer_unordered(GETS).collect::<Vec<_>>().await);
    seen
}

/// The jobs that a list has, by name. Where it fails or goes on for too long, the others are read one by
/// one.
async fn by_list(service: &AnyBackend, jobs: &[(i64, String)]) -> BTreeMap<String, BatchJob> {
    let mut found = BTreeMap::new();
    let mut options = ListOptions {
        page_size: Some(PAGE),
        ..ListOptions::default()
    };
    for _ in 0..jobs.len() / 2 {
        let page = match service.list_page(&options).await {
            Ok(page) => page,
            Err(error) => {
                tracing::debug!(%error, "jobs cannot be listed");
                break;
            }
        };
        let is_ours = |job: &BatchJob| jobs.iter().any(|(_, name)| name == job.name());
        let ours = page.items.into_iter().filter(is_ours);
        found.extend(ours.map(|job| (job.name().to_owned(), job)));
        match page.next_page_token {
            Some(token) if found.len() < jobs.len() => options.page_token = Some(token),
            _ => break,
        }
    }
    found
}
