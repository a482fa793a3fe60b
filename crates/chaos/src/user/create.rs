//! The first half of a round: the input, the job, and its end.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::{BatchJob, Client, Create, InlineLimit, Request, Source};

use super::{Stop, TRIES, User};
use crate::fault::Step;
use crate::plan::{Ask, Backend, Plan};
use crate::world::{INPUT, TABLES, lines, padding};

pub(super) const MODEL: &str = "gemini-2.5-flash";

/// How long a wait may take that is not disturbed.
const PATIENCE: Duration = Duration::from_secs(60);

impl User<'_> {
    /// Puts the input where the service has it, if that is where it comes from.
    pub(super) async fn provide_input(&mut self) -> Result<Option<String>, Stop> {
        if self.plan.source != crate::plan::Source::Remote {
            return Ok(None);
        }
        let content = lines(self.plan);
        if self.plan.backend == Backend::Vertex {
            self.world.emulator.put_object(INPUT, content);
            return Ok(Some(INPUT.to_owned()));
        }
        for _ in 0..TRIES {
            let upload = self.client.files().upload(content.clone().into_bytes());
            match upload.mime_type("application/jsonl").await {
                Ok(file) => return Ok(Some(file.name().to_owned())),
                Err(error) => self.stumble(Step::Upload, &error),
            }
        }
        Err(Stop::GaveUp(Step::Upload))
    }

    /// Creates the job, or finds that it is there.
    pub(super) async fn create(&mut self, uploaded: Option<&str>) -> Result<BatchJob, Stop> {
        self.revoke_before(Step::Create);
        let mut looks = self.plan.looks_first;
        let mut drops = self.plan.drops(Step::Create);
        for _ in 0..TRIES {
            if looks && let Some(job) = self.find().await? {
                self.knows_keys = false;
                return Ok(job);
            }
            let client = match drops {
                // Its connections end with it, which tells when the service is through.
                Some(_) => {
                    let next = self.new_client()?;
                    std::mem::replace(&mut self.client, next)
                }
                None => self.client.clone(),
            };
            let create = self.new_create(&client, uploaded);
            match self.abandon(create.into_future(), drops).await {
                Some(Ok(job)) => return Ok(job),
                Some(Err(error)) => self.stumble(Step::Create, &error),
                None => {
                    self.deeds.dropped.push(Step::Create);
                    drops = None;
                    drop(client);
                    self.world.settle().await?;
                }
            }
            looks = self.habits.looks_before_creating_again;
        }
        Err(Stop::GaveUp(Step::Create))
    }

    fn new_client(&self) -> Result<Client, Stop> {
        let made = self.world.client();
        made.map_err(|error| Stop::Broken(std::io::Error::other(error.to_string())))
    }

    fn new_create(&self, client: &Client, uploaded: Option<&str>) -> Create {
        let source = match self.plan.source {
            crate::plan::Source::List => Source::from(requests(self.plan)),
            crate::plan::Source::Iterator => Source::requests(requests(self.plan)),
            crate::plan::Source::LocalFile => Source::path(self.world.input()),
            crate::plan::Source::Remote => match self.plan.backend {
                Backend::Gemini => Source::file(uploaded.unwrap_or_default()),
                Backend::Vertex => Source::cloud_storage(uploaded),
            },
        };
        let limit = match self.plan.never_inline {
            true => InlineLimit::NEVER,
            false => InlineLimit::default(),
        };
        let create = client
            .batches()
            .create(MODEL, source)
            .display_name(self.plan.display_name())
            .inline_limit(limit)
            .adopt(self.habits.adopts);
        let create = match self.plan.to_table {
            true => create.dest(TABLES),
            false => create,
        };
        match self.plan.removes_input && self.plan.client_stages() {
            true => create.remove_staged_input(true),
            false => create,
        }
    }

    /// The job, if it is listed.
    pub(super) async fn find(&mut self) -> Result<Option<BatchJob>, Stop> {
        let name = self.plan.display_name();
        for at in 0..TRIES {
            // Pages of one job, so that there are several.
            let listed = self.batches().list().page_size(1).stream();
            let mut same = listed.try_filter(|job| {
                let is_it = job.display_name() == Some(&*name);
                std::future::ready(is_it)
            });
            match same.try_next().await {
                Ok(found) => return Ok(found),
                Err(error) => self.stumble(Step::List, &error),
            }
            if at > 0 {
                // Nobody could find anything for as long as listings lead nowhere.
                self.world.emulator.faults().mend_pages();
            }
        }
        Err(Stop::GaveUp(Step::List))
    }

    /// Waits for the end of the job, good or bad.
    pub(super) async fn wait(&mut self, job: BatchJob) -> Result<BatchJob, Stop> {
        self.revoke_before(Step::Wait);
        let mut drops = self.plan.drops(Step::Wait);
        for _ in 0..TRIES {
            let wait = self
                .batches()
                .wait(&job)
                .poll_interval(Duration::from_millis(3))
                .max_poll_interval(Duration::from_millis(10))
                .timeout(PATIENCE);
            match self.abandon(wait.into_future(), drops.take()).await {
                Some(Ok(ended)) => return Ok(ended),
                Some(Err(error)) if error.is_job_ended() => {
                    self.seen.bad_end = Some(error.to_string());
                    return Ok(error.job().unwrap_or(&job).clone());
                }
                Some(Err(error)) => self.stumble(Step::Wait, &error),
                None => self.deeds.dropped.push(Step::Wait),
            }
        }
        Err(Stop::GaveUp(Step::Wait))
    }
}

/// The requests as a caller of the library writes them.
pub(super) fn requests(plan: &Plan) -> Vec<Request> {
    let request = |ask: &Ask| {
        let request = Request::text(&ask.prompt).key(&ask.key);
        match padding(plan) {
            Some(text) => request.system_instruction(text),
            None => request,
        }
    };
    plan.asks.iter().map(request).collect()
}

/// The name of the job that is made to be cancelled.
pub(super) fn other_name(plan: &Plan) -> String {
    format!("{}-other", plan.display_name())
}
