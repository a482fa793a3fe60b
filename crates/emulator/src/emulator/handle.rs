//! A running emulator, as its user sees it: where it listens, what it holds, and the handles that
//! steer it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::gemini::WebhookRecord;
use crate::log::RequestRecord;
use crate::operation::Operation;
use crate::server::Server;
use crate::services::Services;
use crate::snapshot::{FileSnapshot, JobSnapshot};

/// A server that is up until it is dropped.
///
/// ```
/// use genai_batch_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::start().await?;
/// assert!(emulator.base_url().starts_with("http://127.0.0.1:"));
/// assert!(emulator.jobs().is_empty());
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    pub(super) services: Arc<Services>,
    server: Server,
}

impl Emulator {
    pub(crate) fn new(services: Arc<Services>, server: Server) -> Self {
        Self { services, server }
    }

    /// Where clients find the emulator, such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.services.gemini.settings.base_url
    }

    /// Where the emulator listens, which is where `base_url` leads unless
    /// [`public_url`](crate::Builder::public_url) names something in between.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The clock that jobs and files live by.
    pub fn clock(&self) -> Clock {
        self.services.gemini.clock.clone()
    }

    /// The fault switches.
    pub fn faults(&self) -> Faults {
        self.services.faults.clone()
    }

    /// All jobs as they are now, the newest first.
    ///
    /// A job whose time is up but which the model has not fully answered shows as running.
    pub fn jobs(&self) -> Vec<JobSnapshot> {
        let gemini = &self.services.gemini;
        gemini.finish_due();
        let now = gemini.clock.now();
        gemini
            .jobs
            .all()
            .iter()
            .map(|job| JobSnapshot::of(job, now))
            .collect()
    }

    /// The job of this name, such as `batches/…`, as it is now.
    pub fn job(&self, name: &str) -> Option<JobSnapshot> {
        let gemini = &self.services.gemini;
        let job = gemini.jobs.get(name.strip_prefix("batches/")?)?;
        gemini.finish(&job);
        Some(JobSnapshot::of(&job, gemini.clock.now()))
    }

    /// All files that have not expired, the newest first.
    pub fn files(&self) -> Vec<FileSnapshot> {
        let gemini = &self.services.gemini;
        gemini.finish_due();
        let files = gemini.files.all(gemini.clock.now());
        files
            .iter()
            .map(|(_, file)| FileSnapshot::of(file))
            .collect()
    }

    /// The content of the file of this name, such as `files/…`, uploaded or generated.
    pub fn file_content(&self, name: &str) -> Option<Bytes> {
        let gemini = &self.services.gemini;
        gemini.finish_due();
        let file = gemini
            .files
            .get(name.strip_prefix("files/")?, gemini.clock.now())
            .ok()?;
        Some(file.content.clone())
    }

    /// Puts other contents in the place of those of the file of this name, such as `files/…`.
    ///
    /// # Panics
    ///
    /// If there is no such file.
    pub fn replace_file(&self, name: &str, content: impl Into<Bytes>) {
        let gemini = &self.services.gemini;
        gemini.finish_due();
        let id = name.strip_prefix("files/").unwrap_or(name);
        let now = gemini.clock.now();
        let replaced = gemini.files.replace(id, content.into(), now);
        assert!(replaced.is_ok(), "there is no file {name:?}");
    }

    /// All calls received so far, in their order.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.services.log.all()
    }

    /// All webhooks that were due so far, in their order.
    pub fn webhooks(&self) -> Vec<WebhookRecord> {
        self.services.gemini.webhooks.all()
    }

    /// How many connections are open now, idle ones included.
    pub fn open_connections(&self) -> usize {
        self.services.open_connections()
    }

    /// How many calls of `operation` were received so far.
    pub fn request_count(&self, operation: Operation) -> usize {
        self.services.log.count(operation)
    }
}

/// Once it is dropped, another one may have its state.
impl Drop for Emulator {
    fn drop(&mut self) {
        self.services.state.close();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

/// Tests share an emulator between tasks and threads.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Emulator>();
};
