//! What can be done with jobs.

use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;

use super::builder::{builder, callable};
use super::engine::Engine;
use super::iter::{Iter, ResultIter};
use crate::batches::{
    Checks, CreateProgress, DedicatedResources, InlineLimit, IntoSource, WebhookConfig,
};
use crate::cost::Pricing;
use crate::error::{Error, Result};
use crate::job::JobRef;
use crate::preflight::Diagnosis;
use crate::request::Form;
use crate::wait::Pace;
use crate::{BatchJob, Destination, GenerationConfig, Page, Report};

builder! {
    /// A preflight with its options: made by
    /// [`Client::preflight`](crate::blocking::Client::preflight).
    preflight::Preflight {
        model(model: impl Into<String>);
        pricing(pricing: Pricing);
        inline_limit(limit: InlineLimit);
        likely_output_tokens(tokens: u64);
        sample(requests: usize);
    }
}
callable!(preflight::Preflight => Diagnosis);

/// The batch jobs of a client; see [`crate::Batches`].
#[derive(Clone)]
pub struct Batches {
    inner: crate::Batches,
    engine: Engine,
}

impl Batches {
    pub(super) fn new(inner: crate::Batches, engine: Engine) -> Self {
        Self { inner, engine }
    }

    /// See [`crate::Batches::create`].
    pub fn create<S>(&self, model: impl Into<String>, source: S) -> Create
    where
        S: IntoSource,
    {
        Create::new(self.inner.create(model, source), self.engine.clone())
    }

    /// See [`crate::Batches::create_embeddings`].
    pub fn create_embeddings<S>(&self, model: impl Into<String>, source: S) -> Create
    where
        S: IntoSource,
    {
        let create = self.inner.create_embeddings(model, source);
        Create::new(create, self.engine.clone())
    }

    /// See [`crate::Batches::create_all`].
    pub fn create_all<I>(&self, model: impl Into<String>, sources: I) -> CreateAll
    where
        I: IntoIterator<Item: IntoSource + 'static, IntoIter: Send + 'static>,
    {
        CreateAll::new(self.inner.create_all(model, sources), self.engine.clone())
    }

    /// See [`crate::Batches::form_of`].
    ///
    /// # Errors
    ///
    /// Those of the async call.
    pub fn form_of(&self, model: &str) -> Result<Form> {
        self.inner.form_of(model)
    }

    /// See [`crate::Batches::get`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn get(&self, job: impl Into<JobRef>) -> Result<BatchJob> {
        self.engine.block_on(self.inner.get(job))?
    }

    /// See [`crate::Batches::find`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn find(&self, mark: &str) -> Result<Option<BatchJob>> {
        self.engine.block_on(self.inner.find(mark))?
    }

    /// See [`crate::Batches::list`].
    pub fn list(&self) -> List {
        List::new(self.inner.list(), self.engine.clone())
    }

    /// See [`crate::Batches::cancel`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn cancel(&self, job: impl Into<JobRef>) -> Result<()> {
        self.engine.block_on(self.inner.cancel(job))?
    }

    /// See [`crate::Batches::delete`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn delete(&self, job: impl Into<JobRef>) -> Result<()> {
        self.engine.block_on(self.inner.delete(job))?
    }

    /// See [`crate::Batches::update`].
    pub fn update(&self, job: impl Into<JobRef>) -> Update {
        Update::new(self.inner.update(job), self.engine.clone())
    }

    /// See [`crate::Batches::wait`].
    pub fn wait(&self, job: impl Into<JobRef>) -> Wait {
        Wait::new(self.inner.wait(job), self.engine.clone())
    }

    /// See [`crate::Batches::wait_all`].
    pub fn wait_all<J: Into<JobRef>>(&self, jobs: impl IntoIterator<Item = J>) -> WaitAll {
        WaitAll::new(self.inner.wait_all(jobs), self.engine.clone())
    }

    /// See [`crate::Batches::results`].
    pub fn results(&self, job: impl Into<JobRef>) -> Results {
        Results::new(self.inner.results(job), self.engine.clone())
    }

    /// See [`crate::Batches::run`].
    pub fn run<S>(&self, model: impl Into<String>, source: S) -> Run
    where
        S: IntoSource,
    {
        Run::new(self.inner.run(model, source), self.engine.clone())
    }

    /// See [`crate::Batches::run_embeddings`].
    pub fn run_embeddings<S>(&self, model: impl Into<String>, source: S) -> Run
    where
        S: IntoSource,
    {
        let run = self.inner.run_embeddings(model, source);
        Run::new(run, self.engine.clone())
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

builder! {
    /// A create with its options.
    batches::Create {
        display_name(name: impl Into<String>);
        adopt(adopt: bool);
        id(id: impl Into<String>);
        look_for(time: Duration);
        resend_unclear(resend: bool);
        dest(destination: impl TryInto<Destination, Error: Into<Error>>);
        priority(priority: i64);
        webhook(webhook: WebhookConfig);
        kms_key(name: impl Into<String>);
        service_account(email: impl Into<String>);
        staging(prefix: impl Into<String>);
        remove_staged_input(remove: bool);
        label(name: impl Into<String>, value: impl Into<String>);
        generation_config(config: GenerationConfig);
        system_instruction(text: impl Into<String>);
        checks(checks: Checks);
        form(form: Form);
        key_field(name: impl Into<String>);
        dedicated_resources(resources: DedicatedResources);
        inline_limit(limit: InlineLimit);
        patch(patch: Value);
        on_progress(on_progress: impl FnMut(CreateProgress) + Send + 'static);
    }
}
callable!(batches::Create => BatchJob);

impl Create {
    /// See [`crate::batches::Create::preflight`].
    pub fn preflight(self) -> Preflight {
        Preflight::new(self.inner.preflight(), self.engine)
    }
}

builder! {
    /// Many creates with their options.
    batches::CreateAll {
        each(configure: impl FnMut(usize, crate::batches::Create) -> crate::batches::Create + Send + 'static);
        concurrency(creates: usize);
    }
}

impl CreateAll {
    /// The outcome of each create, in the order of the sources.
    ///
    /// # Errors
    ///
    /// If it is called from within an async runtime.
    pub fn call(self) -> Result<Vec<Result<BatchJob>>> {
        self.engine.block_on(self.inner.into_future())
    }

    /// The place of each source, from 0, and the outcome of its create, as they end. An error in
    /// place of one is a call from within an async runtime.
    pub fn iter(self) -> Iter<(usize, Result<BatchJob>)> {
        Iter::new(self.engine, self.inner.into_stream().map(Ok))
    }
}

builder! {
    /// A change to a job.
    batches::Update {
        display_name(name: impl Into<String>);
        priority(priority: i64);
    }
}
callable!(batches::Update => BatchJob);

builder! {
    /// A list of jobs: all of it, or a page at a time.
    batches::List {
        page_size(jobs: i32);
        page_token(token: impl Into<String>);
        filter(expression: impl Into<String>);
        active();
    }
}

impl List {
    /// See [`crate::batches::List::stream`].
    pub fn iter(self) -> Iter<BatchJob> {
        Iter::new(self.engine, self.inner.stream())
    }

    /// See [`crate::batches::List::all`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn all(self) -> Result<Vec<BatchJob>> {
        self.engine.block_on(self.inner.all())?
    }

    /// See [`crate::batches::List::page`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn page(&self) -> Result<Page<BatchJob>> {
        self.engine.block_on(self.inner.page())?
    }
}

builder! {
    /// Waits for one job.
    wait::Wait {
        pace(pace: Pace);
        timeout(timeout: Duration);
        poll_interval(interval: Duration);
        on_progress(on_progress: impl FnMut(&BatchJob) + Send + 'static);
        on_stall(after: Duration, on_stall: impl FnMut(&BatchJob, Duration) + Send + 'static);
        cancel_on_timeout(cancel: bool);
        cancel_on_drop(cancel: bool);
        #[cfg(feature = "webhook")]
        webhook(events: crate::webhook::Events);
    }
}
callable!(wait::Wait => BatchJob);

impl Wait {
    /// See [`crate::wait::Wait::into_stream`].
    pub fn iter(self) -> Iter<BatchJob> {
        Iter::new(self.engine, self.inner.into_stream())
    }
}

builder! {
    /// Waits for many jobs.
    wait::WaitAll {
        pace(pace: Pace);
        timeout(timeout: Duration);
        poll_interval(interval: Duration);
        on_progress(on_progress: impl FnMut(&BatchJob) + Send + 'static);
        on_stall(after: Duration, on_stall: impl FnMut(&BatchJob, Duration) + Send + 'static);
        cancel_on_timeout(cancel: bool);
        cancel_on_drop(cancel: bool);
        #[cfg(feature = "webhook")]
        webhook(events: crate::webhook::Events);
        concurrency(polls: usize);
    }
}

impl WaitAll {
    /// The outcome of each job, in the order in which the jobs were given.
    ///
    /// # Errors
    ///
    /// If it is called from within an async runtime.
    pub fn call(self) -> Result<Vec<Result<BatchJob>>> {
        self.engine.block_on(self.inner.into_future())
    }

    /// The name and outcome of each job, as they end. An error in place of one is a call from
    /// within an async runtime.
    pub fn iter(self) -> Iter<(String, Result<BatchJob>)> {
        Iter::new(self.engine, self.inner.into_stream().map(Ok))
    }
}

builder! {
    /// Results to be opened.
    batches::Results {
        output_timeout(timeout: Duration);
        expect_keys(keys: impl IntoIterator<Item: Into<String> + 'static, IntoIter: Send + 'static>);
        expect_requests(requests: impl IntoSource);
        strict(strict: bool);
        count_usage(count: bool);
        key_field(name: impl Into<String>);
        form(form: Form);
        connections(count: usize);
    }
}

impl Results {
    /// Opens the results; see [`crate::batches::Results`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn call(self) -> Result<ResultIter> {
        let opened = self.engine.block_on(self.inner.into_future())?;
        Ok(ResultIter::new(self.engine, opened?))
    }

    /// See [`crate::batches::Results::save_to`].
    pub fn save_to(self, place: impl Into<PathBuf>) -> Save {
        Save::new(self.inner.save_to(place), self.engine)
    }
}

builder! {
    /// Results to be saved.
    batches::Save {
        overwrite(overwrite: bool);
    }
}
callable!(batches::Save => Report);

builder! {
    /// A create, a wait and the results in one. Its options take the async builders.
    batches::Run {
        create(configure: impl FnOnce(crate::batches::Create) -> crate::batches::Create);
        wait(configure: impl FnOnce(crate::wait::Wait) -> crate::wait::Wait + Send + 'static);
        results(configure: impl FnOnce(crate::batches::Results) -> crate::batches::Results + Send + 'static);
        on_progress(on_progress: impl FnMut(&BatchJob) + Send + 'static);
    }
}

impl Run {
    /// Runs it; see [`crate::batches::Run`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn call(self) -> Result<ResultIter> {
        let opened = self.engine.block_on(self.inner.into_future())?;
        Ok(ResultIter::new(self.engine, opened?))
    }
}
