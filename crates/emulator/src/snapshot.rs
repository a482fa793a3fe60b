//! Jobs and files as they are at an instant, for tests that look behind the service.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::gemini::{Job, StoredFile};

/// A job at an instant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobSnapshot {
    /// The resource name, `batches/…`.
    pub name: String,
    /// The display name, where it has one.
    pub display_name: Option<String>,
    /// The model, as in `models/gemini-2.5-flash`.
    pub model: String,
    /// The state, as in `BATCH_STATE_RUNNING`.
    pub state: String,
    /// The priority, 0 unless given.
    pub priority: i64,
    /// The `webhookConfig` that came with it.
    pub webhook_config: Option<Value>,
    /// The file that its requests come from, unless they came inline.
    pub input_file: Option<String>,
    /// How many requests it has.
    pub request_count: usize,
    /// When it was created, by the emulator's clock.
    pub create_time: DateTime<Utc>,
}

impl JobSnapshot {
    pub(crate) fn of(job: &Job, now: DateTime<Utc>) -> Self {
        let settings = job.settings();
        Self {
            name: job.name(),
            display_name: settings.display_name,
            model: job.model.clone(),
            state: job.status(now).state.to_owned(),
            priority: settings.priority,
            webhook_config: job.webhook_config.clone(),
            input_file: job.input_file.clone(),
            request_count: job.request_count,
            create_time: job.schedule.created,
        }
    }
}

/// A file at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSnapshot {
    /// The resource name, `files/…`.
    pub name: String,
    /// The display name, where it has one.
    pub display_name: Option<String>,
    /// The MIME type it was uploaded with.
    pub mime_type: String,
    /// How large it is.
    pub size_bytes: u64,
    /// Whether a job wrote it.
    pub generated: bool,
    /// When it came to be, by the emulator's clock.
    pub create_time: DateTime<Utc>,
    /// When it is gone.
    pub expiration_time: DateTime<Utc>,
}

impl FileSnapshot {
    pub(crate) fn of(file: &StoredFile) -> Self {
        Self {
            name: file.name(),
            display_name: file.display_name.clone(),
            mime_type: file.mime_type.clone(),
            size_bytes: file.content.len() as u64,
            generated: file.generated,
            create_time: file.created,
            expiration_time: file.expires(),
        }
    }
}
