//! The first half of a round: the input, and the job.

use genai_batch::batches::{Create, InlineLimit};
use genai_batch::{BatchJob, Client, EmbedRequest, Request, Source};

use super::{Habits, Stop, TRIES, User};
use crate::fault::Step;
use crate::plan::{Backend, Plan, Task};
use crate::world::{INPUT, TABLES, lines, padding};

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
        self.before(Step::Create);
        let mut looks = self.plan.looks_first;
        let mut drops = self.plan.drops(Step::Create);
        let mut mark: Option<String> = None;
        for _ in 0..TRIES {
            if looks && let Some(job) = self.find(mark.as_deref()).await? {
                self.knows_keys = false;
                self.staged_it = false;
                return Ok(job);
            }
            let client = match drops {
                Some(_) => self.client_to_drop()?,
                None => self.client.clone(),
            };
            let create = self.new_create(&client, uploaded);
            let (before, forked) = (self.world.creates(), self.deeds.forked);
            let created = match drops {
                Some(_) => self.abandon(create.into_future(), drops).await,
                None => Some(self.create_among_others(create).await?),
            };
            if created.is_none() {
                self.deeds.dropped.push(Step::Create);
                drops = None;
                drop(client);
                self.world.settle().await?;
            }
            let sent = self.world.creates() - before;
            let calls = if self.deeds.forked && !forked { 2 } else { 1 };
            self.note_creates(sent, calls);
            match created {
                Some(Ok(job)) => return self.of_one_source(job),
                Some(Err(error)) => {
                    self.stumble(Step::Create, &error);
                    mark = self.mark_in(&error);
                }
                // Its mark went with it, and the name is left.
                None => mark = None,
            }
            self.restore_source()?;
            looks = self.habits.looks_before_creating_again;
        }
        Err(Stop::GaveUp(Step::Create))
    }

    fn new_create(&self, client: &Client, uploaded: Option<&str>) -> Create {
        let source = self.source(uploaded);
        let batches = client.batches();
        let create = match self.plan.task {
            Task::Generate => batches.create(self.plan.model(), source),
            Task::Embed | Task::EmbedPlain => batches.create_embeddings(self.plan.model(), source),
        };
        configure(create, self.plan, self.habits)
    }

    /// The requests, where they come from.
    pub(super) fn source(&self, uploaded: Option<&str>) -> Source {
        match self.plan.source {
            crate::plan::Source::List => requests(self.plan),
            crate::plan::Source::Iterator => match self.plan.task {
                Task::Generate => Source::requests(texts(self.plan)),
                Task::Embed | Task::EmbedPlain => Source::requests(embeds(self.plan)),
            },
            crate::plan::Source::LocalFile => Source::path(self.world.input()),
            crate::plan::Source::Remote => match self.plan.backend {
                Backend::Gemini => Source::file(uploaded.unwrap_or_default()),
                Backend::Vertex => Source::cloud_storage(uploaded),
            },
        }
    }
}

/// Sets the options of a create.
pub(super) fn configure(create: Create, plan: &Plan, habits: Habits) -> Create {
    let limit = match plan.never_inline {
        true => InlineLimit::NEVER,
        false => InlineLimit::default(),
    };
    let create = create
        .display_name(plan.display_name())
        .inline_limit(limit)
        .adopt(habits.adopts)
        .resend_unclear(habits.resends);
    let create = match plan.to_table {
        true => create.dest(TABLES),
        false => create,
    };
    match plan.removes_input && plan.client_stages() {
        true => create.remove_staged_input(true),
        false => create,
    }
}

/// The requests as a caller of the library writes them.
pub(super) fn requests(plan: &Plan) -> Source {
    match plan.task {
        Task::Generate => Source::from(texts(plan)),
        Task::Embed | Task::EmbedPlain => Source::from(embeds(plan)),
    }
}

fn texts(plan: &Plan) -> Vec<Request> {
    let padding = padding(plan);
    let request = |ask: &crate::plan::Ask| {
        let request = Request::text(&ask.prompt).key(&ask.key);
        match &padding {
            Some(text) => request.system_instruction(text),
            None => request,
        }
    };
    plan.asks.iter().map(request).collect()
}

fn embeds(plan: &Plan) -> Vec<EmbedRequest> {
    let request = |ask: &crate::plan::Ask| EmbedRequest::text(&ask.prompt).key(&ask.key);
    plan.asks.iter().map(request).collect()
}
