//! How the switches stand.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::contents::ContentFaults;
use super::failure::Failure;
use super::job::JobFaults;
use super::quota::Quota;
use crate::operation::Operation;

/// All switches.
#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) job: JobFaults,
    pub(super) pages: PageFaults,
    pub(super) calls: HashMap<Operation, VecDeque<Option<Failure>>>,
    /// What meets the next calls, whatever they are.
    pub(super) storm: VecDeque<Failure>,
    pub(super) download_cuts: VecDeque<u64>,
    pub(super) chunk_cuts: VecDeque<u64>,
    pub(super) files: FileFaults,
    pub(super) contents: ContentFaults,
    pub(super) stores: StoreFaults,
    pub(super) vertex: VertexFaults,
    pub(super) quota: Option<Quota>,
    /// Whether answers about a job show another one.
    pub(super) jobs_mixed_up: bool,
    /// How many calls a token is good for; `None` for any number.
    pub(super) token_calls: Option<usize>,
}

/// What is wrong with the pages of a listing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageFaults {
    pub(crate) empty: bool,
    pub(crate) repeat_token: bool,
    /// Elements that are no jobs stand among those that are.
    pub(crate) junk: bool,
    /// Empty pages follow the last one for ever.
    pub(crate) endless: bool,
}

/// What becomes of files that are uploaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileFaults {
    /// How often a file is asked for before the service is done with it.
    pub(crate) looks: usize,
    /// Why it cannot be used then.
    pub(crate) failure: Option<(i32, String)>,
}

/// The switches of Cloud Storage and BigQuery.
#[derive(Debug, Default)]
pub(super) struct StoreFaults {
    pub(super) buckets: StorageFaults,
    pub(super) object_cuts: VecDeque<u64>,
    pub(super) tables: TableFaults,
}

/// The buckets that are out of reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct StorageFaults {
    pub(crate) missing: BTreeSet<String>,
    pub(crate) forbidden: BTreeSet<String>,
}

/// What is wrong with tables and queries.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableFaults {
    /// As in `project.dataset.table`.
    pub(crate) forbidden: BTreeSet<String>,
    /// How many answers about a query say that it is not done yet.
    pub(crate) unfinished_answers: usize,
}

/// What is wrong with Vertex AI.
#[derive(Clone, Debug, Default)]
pub(crate) struct VertexFaults {
    pub(crate) denied_projects: BTreeSet<String>,
    pub(crate) delete_delay: Duration,
    pub(crate) delete_failure: Option<(i32, String)>,
}
