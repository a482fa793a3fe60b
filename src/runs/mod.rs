//! Runs: any number of requests over as many jobs as they take, kept in a file through whatever
//! happens to the process.
//!
//! ```no_run
//! # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
//! let run = client
//!     .runs()
//!     .open("reviews.run") // one file: made if there is none, continued if there is
//!     .model("gemini-2.5-flash")
//!     .source("reviews.jsonl")
//!     .await?; // taken in and checked; nothing is sent yet
//! let report = run
//!     .finish()
//!     .on_progress(|progress| eprintln!("{progress}"))
//!     .await?;
//! println!("{report}");
//! run.save_to("results.jsonl").await?; // in the order of the input, one outcome for each key
//! # Ok(())
//! # }
//! ```
//!
//! Killed at any moment and started again, the program goes on where it was: each step is in the file
//! before it is done and after. A job that may have been made is looked for by its mark, never made
//! twice.
//!
//! | to … | see |
//! |---|---|
//! | open a run | [`Runs::open`], [`Open`], [`Intake`] |
//! | drive it to its end | [`Run::finish`], [`Finish`] |
//! | read what there is | [`Run::results`], [`RunResults`], [`Run::save_to`] |
//! | know how far it is, and what came of it | [`Progress`], [`RunReport`], [`Deviations`], [`RunJob`], [`RunEvent`] |
//! | have the service read files and tables itself (Vertex AI) | [`Open::source`], [`Finish::rows`], [`RunPart`] |
//! | ask again for what failed | [`Run::retry_failed`] |
//! | look at it from another process | [`Runs::read`], [`RunView`], [`RunView::open`], any SQLite tool |

// source → intake → file ─ cut → job → create with its mark ─→ poll → read → file → results
//                                  (drive: each step is written before and after it is done)

mod asked;
mod deviations;
mod drive;
mod events;
mod finish;
mod generations;
mod inner;
mod intake;
mod jobs;
mod open;
mod parts;
mod progress;
mod quota;
mod report;
mod results;
mod run;
mod store;
mod tokens;
mod unfinished;
mod view;

use std::path::{Path, PathBuf};

use crate::backend::AnyBackend;
use crate::error::Result;
pub use deviations::Deviations;
pub use events::{RunEvent, RunEvents};
pub use finish::Finish;
pub use intake::Intake;
pub use jobs::{RunJob, RunJobs};
pub use open::Open;
pub use parts::RunPart;
pub use progress::Progress;
pub use report::{Generation, RunReport, Stopped};
pub use results::{RunResults, RunSave, TypedRunResults};
pub use run::Run;
pub use view::RunView;

/// The runs of a client: [`Client::runs`](crate::Client::runs).
#[derive(Debug, Clone)]
pub struct Runs {
    service: AnyBackend,
}

impl Runs {
    pub(crate) fn new(service: AnyBackend) -> Self {
        Self { service }
    }

    /// Opens the run in a file, or makes one if there is none; see [`Open`] for its options and errors.
    /// Nothing is sent.
    ///
    /// Beside the file are `NAME.lock`, which says who drives the run, and while it is open `NAME-wal`
    /// and `NAME-shm`, which belong to it.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(&self, path: impl Into<PathBuf>) -> Open {
        Open::new(self.service.clone(), path.into())
    }

    /// Looks at the run in a file, which another process may be driving.
    ///
    /// # Errors
    ///
    /// If there is no file, it is not a run, or one of the other backend.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let run = client.runs().read("reviews.run").await?;
    /// println!("{}", run.progress().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&self, path: impl AsRef<Path>) -> Result<RunView> {
        RunView::of_client(self.service.clone(), path.as_ref()).await
    }
}
