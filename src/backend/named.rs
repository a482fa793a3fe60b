//! A create that its caller gave an id: what it is made of, and taking over the job that is there
//! already.
//!
//! ```text
//! look for the id ─ there → read the requests, place nothing → the same content → adopt
//!                 └ not there → place → look again → send
//! ```

use std::path::Path;
use std::sync::Arc;

use super::create::CreateJobs;
use super::look::{Care, MAY_LIST, find};
use super::mark::{Identity, Mark};
use super::once::refuse_other_content;
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::job::{BatchJob, Submission};
use crate::options::{CreateOptions, Task};
use crate::source::attach::{AttachmentStore, Room, StoredFile};
use crate::source::digest::ContentDigest;
use crate::source::intake::Intake;
use crate::source::prepare::{Listening, Target};
use crate::source::{Source, SourceKind};

/// What of a create is known before its requests are read: what it asks, and of whom. How it is
/// asked (names, priorities, places for input) counts for nothing.
pub(super) fn content<B: CreateJobs>(
    task: Task,
    model: &B::Model,
    options: &CreateOptions,
) -> ContentDigest {
    let mut content = ContentDigest::new();
    content.add(match task {
        Task::GenerateContent => b"generate",
        Task::EmbedContent => b"embed",
    });
    content.add(model.to_string().as_bytes());
    content.add(
        match &options.destination {
            None => String::new(),
            Some(Destination::CloudStorage(uri) | Destination::BigQuery(uri)) => uri.clone(),
            Some(Destination::Dataset { table, name }) => {
                format!("{table} {}", name.as_deref().unwrap_or_default())
            }
        }
        .as_bytes(),
    );
    for patch in &options.patches {
        content.add(patch.to_string().as_bytes());
    }
    content.add(b"");
    content
}

/// Adds a source that the service holds, which counts by its names.
pub(super) fn add_held_by_service(content: &mut ContentDigest, source: &SourceKind) {
    match source {
        SourceKind::File(name) => content.add(name.trim_start_matches("files/").as_bytes()),
        SourceKind::BigQuery(name) | SourceKind::Dataset(name) => content.add(name.as_bytes()),
        SourceKind::CloudStorage(uris) => uris.iter().for_each(|uri| content.add(uri.as_bytes())),
        SourceKind::Entries(_) | SourceKind::Path(_) => {}
    }
}

/// The job that has the caller's id, if there is one.
pub(super) async fn find_named<B: CreateJobs>(
    backend: &B,
    identity: &Identity,
) -> Result<Option<BatchJob>> {
    let found = find(backend, identity, Care::ByLabel).await;
    found.map_err(|error| {
        let doing = "looking for a job that has the id already (nothing was created)";
        match error.is_permission_denied() {
            true => error.during(format!("{doing}; {MAY_LIST}, or leave out the option `id`")),
            false => error.during(doing),
        }
    })
}

/// Says that the job which has the id came to nothing, or not to all that it was to.
pub(super) fn tell_bad_end(job: &BatchJob) {
    if job.is_terminal() && !job.has_results() {
        tracing::warn!(
            job = job.name(),
            state = %job.state(),
            "the job that has the id has ended without success, and is what the create gives: for \
             another attempt, give another id, or delete the job"
        );
    }
}

/// Takes over the job that has the id, if it was made of the same. `content` has all but the
/// requests that the client holds.
pub(super) async fn adopt(
    job: BatchJob,
    (identity, mut content, model): (Identity, ContentDigest, String),
    requests: Option<(Source, Target, Intake)>,
) -> Result<BatchJob> {
    let mut submission = None;
    if let Some((source, target, intake)) = requests {
        let (source, _) = source.attaching(Nowhere);
        let mut add = |line: &[u8]| content.add_request(line);
        // They were checked as the job was made; here, local files have no address.
        let intake = intake.without_checks();
        let sent_keys = intake.sent_keys();
        let listening = Listening {
            on_refusal: || (),
            written: Some(&mut add),
            on_read: &|_| (),
        };
        let read = source.prepare(target, intake, listening);
        let Ok((_, expected)) = read.await? else {
            return Err(Error::input("the source cannot be read"));
        };
        submission = Some(Arc::new(Submission {
            expected: Arc::new(expected),
            sent_keys,
            // What was placed is the matter of the create that made the job.
            remove: Vec::new(),
        }));
    }
    refuse_other_content(&Mark::named(identity, content, model), &job)?;
    tracing::info!(job = job.name(), "adopting the job that has the id");
    tell_bad_end(&job);
    Ok(job.remembering(submission))
}

/// Where local files go of requests that are read and not sent.
struct Nowhere;

impl AttachmentStore for Nowhere {
    async fn upload(&self, path: &Path, _: &str) -> Result<StoredFile> {
        Ok(StoredFile {
            name: String::new(),
            uri: crate::source::attach::stand_in(path),
        })
    }

    async fn remove(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn room(&self) -> Room {
        Room { all: 0, each: 0 }
    }
}
