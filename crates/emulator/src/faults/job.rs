//! The faults that a job is born with: what becomes of its rows, its output and its end.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rows::Rows;

/// Where a job that succeeded carries its output.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum OutputPlace {
    /// Under `metadata.output` and under `response`, as the service does.
    #[default]
    Both,
    /// Under `metadata.output` only.
    Metadata,
    /// Under `response` only.
    Response,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) enum JobEnd {
    #[default]
    Succeeded,
    Failed {
        code: i32,
        message: String,
    },
    Expired,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct JobFaults {
    pub(crate) shuffle: Option<u64>,
    pub(crate) drop_keys: Rows,
    pub(crate) drop_rows: Rows,
    pub(crate) double_rows: Rows,
    pub(crate) foreign_rows: usize,
    pub(crate) garbage_line: bool,
    pub(crate) output_delay: Duration,
    pub(crate) file_delay: Duration,
    pub(crate) output_place: OutputPlace,
    pub(crate) end: JobEnd,
    pub(crate) freeze_stats: bool,
    pub(crate) freeze_listed_stats: bool,
    /// How long after its creation a job is left out of listings.
    pub(crate) list_delay: Duration,
    pub(crate) shown_name: ShownName,
    pub(crate) vertex: VertexJobFaults,
    pub(crate) webhook: WebhookFaults,
}

/// How the display name of a job is shown.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ShownName {
    /// After how many characters it is cut off.
    pub(crate) cut: Option<usize>,
    /// In capitals, with an underscore for all that is neither letter nor digit.
    pub(crate) folded: bool,
}

impl ShownName {
    pub(crate) fn of(&self, name: &str) -> String {
        let name = name.chars().take(self.cut.unwrap_or(usize::MAX));
        let fold = |c: char| match c.is_alphanumeric() {
            true => c.to_ascii_uppercase(),
            false => '_',
        };
        name.map(|c| if self.folded { fold(c) } else { c })
            .collect()
    }
}

/// What a job of Vertex AI is born with, beside the faults that all jobs know.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct VertexJobFaults {
    /// How many numbered files the predictions are spread over; 0 for one without a number.
    pub(crate) shards: usize,
    pub(crate) incremental: Rows,
    pub(crate) error_file: bool,
    pub(crate) partial: Option<PartialSuccess>,
    /// The state that interrupts a job half way, and for how long.
    pub(crate) hold: Option<(Cow<'static, str>, Duration)>,
    pub(crate) running_as: Option<String>,
    pub(crate) full_table_names: bool,
    pub(crate) hide_labels: bool,
}

/// What is missing from a job that succeeded in part, and the status that says why.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PartialSuccess {
    pub(crate) rows: Rows,
    pub(crate) code: i32,
    pub(crate) message: String,
}

/// What is wrong with the webhooks of a job.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct WebhookFaults {
    pub(crate) forged: bool,
    pub(crate) stale: bool,
    pub(crate) lost: bool,
    pub(crate) doubled: bool,
}
