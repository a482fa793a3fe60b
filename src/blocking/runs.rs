//! Runs for programs without async; see [`crate::runs`].
//!
//! ```no_run
//! # fn example(client: genai_batch::blocking::Client) -> genai_batch::Result<()> {
//! let run = client
//!     .runs()
//!     .open("reviews.run")
//!     .model("gemini-2.5-flash")
//!     .source("reviews.jsonl")
//!     .call()?;
//! println!("{}", run.finish().call()?);
//! run.save_to("results.jsonl").call()?;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::builder::{builder, callable};
use super::engine::Engine;
use super::iter::Iter;
use crate::batches::Checks;
use crate::cost::Pricing;
use crate::error::{Error, Result};
use crate::job::JobRef;
use crate::request::Form;
use crate::response::ResponseError;
use crate::results::{BatchResult, Key};
use crate::runs::{Intake, Progress, RunEvent, RunJob, RunPart, RunReport};
use crate::{GenerationConfig, Source};

/// The runs of a client; see [`crate::runs::Runs`].
#[derive(Clone)]
pub struct Runs {
    inner: crate::runs::Runs,
    engine: Engine,
}

impl Runs {
    pub(super) fn new(inner: crate::runs::Runs, engine: Engine) -> Self {
        Self { inner, engine }
    }

    /// See [`crate::runs::Runs::open`].
    pub fn open(&self, path: impl Into<PathBuf>) -> Open {
        Open::new(self.inner.open(path), self.engine.clone())
    }

    /// See [`crate::runs::Runs::read`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<RunView> {
        let inner = self.engine.block_on(self.inner.read(path))??;
        Ok(RunView {
            inner,
            engine: self.engine.clone(),
        })
    }
}

builder! {
    /// A run to be opened.
    runs::Open {
        model(model: impl Into<String>);
        source(source: impl TryInto<Source, Error: Into<Error>>);
        embeddings();
        generation_config(config: GenerationConfig);
        system_instruction(text: impl Into<String>);
        form(form: Form);
        key_field(name: impl Into<String>);
        checks(checks: Checks);
        dedupe(dedupe: bool);
        jobs(configure: impl FnOnce(crate::batches::Create) -> crate::batches::Create);
    }
}

impl Open {
    /// Opens the run; see [`crate::runs::Open`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn call(self) -> Result<Run> {
        let inner = self.engine.block_on(self.inner.into_future())??;
        Ok(Run {
            inner,
            engine: self.engine,
        })
    }
}

builder! {
    /// A run to be driven to its end.
    runs::Finish {
        attempts(attempts: u32);
        retry_if(retry_if: impl Fn(&BatchResult) -> bool + Send + Sync + 'static);
        on_progress(on_progress: impl FnMut(&Progress) + Send + 'static);
        on_event(on_event: impl FnMut(&RunEvent) + Send + 'static);
        on_result(on_result: impl FnMut(&BatchResult) + Send + 'static);
        max_jobs(jobs: usize);
        job_requests(first: u32, most: u32);
        job_bytes(bytes: u64);
        max_enqueued_tokens(tokens: u64);
        quota_pause(pause: Duration);
        unclear_wait(wait: Duration);
        poll_interval(interval: Duration, max_interval: Duration);
        max_outage(outage: Duration);
        output_timeout(timeout: Duration);
        deadline(after: Duration);
        budget(amount: f64, pricing: Pricing);
        first(requests: u64);
        rows(rows: bool);
    }
}
callable!(runs::Finish => RunReport);

builder! {
    /// Outcomes to be saved.
    runs::RunSave {
        overwrite(overwrite: bool);
    }
}
callable!(runs::RunSave => u64);

/// What [`Run`] and [`RunView`] have in common.
macro_rules! reads {
    ($name:ident) => {
        impl $name {
            /// The model that is asked.
            pub fn model(&self) -> &str {
                self.inner.model()
            }

            /// See [`crate::runs::Run::results`].
            ///
            /// # Errors
            ///
            /// Those of the async call, and a call from within an async runtime.
            pub fn results(&self) -> Result<Iter<BatchResult>> {
                let results = self.engine.block_on(self.inner.results())??;
                Ok(Iter::new(self.engine.clone(), results))
            }

            /// See [`crate::runs::RunResults::typed`].
            ///
            /// # Errors
            ///
            /// Those of the async call, and a call from within an async runtime.
            pub fn typed_results<T: DeserializeOwned + 'static>(
                &self,
            ) -> Result<Iter<(Option<Key>, Result<T, ResponseError>)>> {
                let results = self.engine.block_on(self.inner.results())??;
                Ok(Iter::new(self.engine.clone(), results.typed()))
            }

            /// See [`crate::runs::Run::save_to`].
            pub fn save_to(&self, place: impl AsRef<Path>) -> RunSave {
                RunSave::new(self.inner.save_to(place), self.engine.clone())
            }

            /// See [`crate::runs::Run::report`].
            ///
            /// # Errors
            ///
            /// Those of the async call, and a call from within an async runtime.
            pub fn report(&self) -> Result<RunReport> {
                self.engine.block_on(self.inner.report())?
            }

            /// See [`crate::runs::Run::parts`].
            ///
            /// # Errors
            ///
            /// Those of the async call, and a call from within an async runtime.
            pub fn parts(&self) -> Result<Vec<RunPart>> {
                self.engine.block_on(self.inner.parts())?
            }

            /// See [`crate::runs::Run::events`].
            pub fn events(&self) -> Iter<RunEvent> {
                Iter::new(self.engine.clone(), self.inner.events())
            }

            /// See [`crate::runs::Run::jobs`].
            pub fn jobs(&self) -> Iter<RunJob> {
                Iter::new(self.engine.clone(), self.inner.jobs())
            }

            /// See [`crate::runs::Run::progress`].
            ///
            /// # Errors
            ///
            /// Those of the async call, and a call from within an async runtime.
            pub fn progress(&self) -> Result<Progress> {
                self.engine.block_on(self.inner.progress())?
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    };
}

/// A run that is open; see [`crate::runs::Run`].
pub struct Run {
    inner: crate::runs::Run,
    engine: Engine,
}
reads!(Run);

impl Run {
    /// See [`crate::runs::Run::intake`].
    pub fn intake(&self) -> Option<Intake> {
        self.inner.intake()
    }

    /// See [`crate::runs::Run::finish`].
    pub fn finish(&self) -> Finish {
        Finish::new(self.inner.finish(), self.engine.clone())
    }

    /// See [`crate::runs::Run::close`].
    ///
    /// # Errors
    ///
    /// If it is called from within an async runtime.
    pub fn close(self) -> Result<()> {
        self.engine.block_on(self.inner.close())
    }

    /// See [`crate::runs::Run::adopt`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn adopt(&self, job: impl Into<JobRef>) -> Result<bool> {
        self.engine.block_on(self.inner.adopt(job))?
    }

    /// See [`crate::runs::Run::retry_failed`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn retry_failed(&self) -> Result<u64> {
        self.engine.block_on(self.inner.retry_failed())?
    }

    /// See [`crate::runs::Run::unfinished`].
    pub fn unfinished(&self) -> Source {
        self.inner.unfinished()
    }
}

/// A run that is looked at; see [`crate::runs::RunView`].
pub struct RunView {
    inner: crate::runs::RunView,
    engine: Engine,
}
reads!(RunView);

impl RunView {
    /// See [`crate::runs::RunView::driver`].
    pub fn driver(&self) -> Option<String> {
        self.inner.driver()
    }
}

impl fmt::Debug for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
