//! Many jobs made at once.

use std::collections::HashMap;
use std::fmt;
use std::future::IntoFuture;

use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;

use super::create::Create;
use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::job::BatchJob;
use crate::options::{CreateOptions, Task};
use crate::source::Source;

/// How many creates are under way at once, each of which may have an upload.
const CONCURRENCY: usize = 4;

type Sources = Box<dyn Iterator<Item = Result<Source>> + Send>;
type Configure = Box<dyn FnMut(usize, Create) -> Create + Send>;

/// A create for each of many sources: made by [`Batches::create_all`](crate::Batches::create_all).
///
/// `.await` it for the outcome of each, in the order of the sources; or take them as they come with
/// [`into_stream`](Self::into_stream). Dropping the future drops the creates that are under way; jobs
/// that are there go on.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client) {
/// use std::path::PathBuf;
///
/// let files = ["monday.jsonl", "tuesday.jsonl"].map(PathBuf::from);
/// let created = client
///     .batches()
///     .create_all("gemini-2.5-flash", files)
///     .concurrency(2)
///     .await;
/// for outcome in created {
///     match outcome {
///         Ok(job) => println!("{}", job.name()),
///         Err(error) => println!("{error}"),
///     }
/// }
/// # }
/// ```
#[must_use = "no job is created until this is awaited"]
pub struct CreateAll {
    service: AnyBackend,
    model: String,
    sources: Sources,
    configure: Configure,
    concurrency: usize,
}

impl CreateAll {
    pub(super) fn new(service: AnyBackend, model: String, sources: Sources) -> Self {
        Self {
            service,
            model,
            sources,
            configure: Box::new(|_, create| create),
            concurrency: CONCURRENCY,
        }
    }

    /// Sets options of each create, given the place of its source, from 0.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, parts: Vec<Vec<genai_batch::Request>>) {
    /// let created = client
    ///     .batches()
    ///     .create_all("gemini-2.5-flash", parts)
    ///     .each(|part, create| create.display_name(format!("reviews, part {part}")))
    ///     .await;
    /// # }
    /// ```
    pub fn each(
        mut self,
        mut configure: impl FnMut(usize, Create) -> Create + Send + 'static,
    ) -> Self {
        let mut earlier = self.configure;
        self.configure = Box::new(move |place, create| configure(place, earlier(place, create)));
        self
    }

    /// How many creates may be under way at once; by default 4. 0 means 1.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, parts: Vec<Vec<String>>) {
    /// let batches = client.batches();
    /// let created = batches.create_all("gemini-2.5-flash", parts).concurrency(1).await;
    /// # }
    /// ```
    pub fn concurrency(mut self, creates: usize) -> Self {
        self.concurrency = creates.max(1);
        self
    }

    /// The place of each source, from 0, and the outcome of its create, as they end.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # async fn example(client: genai_batch::Client, parts: Vec<Vec<String>>) {
    /// let mut created = client
    ///     .batches()
    ///     .create_all("gemini-2.5-flash", parts)
    ///     .into_stream();
    /// while let Some((part, outcome)) = created.next().await {
    ///     match outcome {
    ///         Ok(job) => println!("{part}: {}", job.name()),
    ///         Err(error) => println!("{part}: {error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = (usize, Result<BatchJob>)> + Send + Unpin {
        let Self {
            service,
            model,
            sources,
            mut configure,
            concurrency,
        } = self;
        let mut ids = HashMap::new();
        let creates = sources.enumerate().map(move |(place, source)| {
            let mut create = configure(
                place,
                Create {
                    service: service.clone(),
                    task: Task::GenerateContent,
                    model: model.clone(),
                    source,
                    options: Ok(CreateOptions::default()),
                },
            );
            refuse_used_id(&mut create, place, &mut ids);
            async move { (place, create.await) }
        });
        Box::pin(stream::iter(creates).buffer_unordered(concurrency))
    }
}

/// Two creates that are under way at once would make two jobs under one id.
fn refuse_used_id(create: &mut Create, place: usize, ids: &mut HashMap<String, usize>) {
    let Some(id) = create.options.as_ref().ok().and_then(|it| it.id.clone()) else {
        return;
    };
    let first = *ids.entry(id.clone()).or_insert(place);
    if first != place {
        create.options = Err(Error::input(format!(
            "the id {id:?} is given to the sources at places {first} and {place}, from 0: give each \
             create an id of its own"
        )));
    }
}

impl IntoFuture for CreateAll {
    type Output = Vec<Result<BatchJob>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// The outcome of each create, in the order of the sources.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut outcomes: Vec<_> = self.into_stream().collect().await;
            outcomes.sort_by_key(|(place, _)| *place);
            outcomes.into_iter().map(|(_, outcome)| outcome).collect()
        })
    }
}

impl fmt::Debug for CreateAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateAll")
            .field("model", &self.model)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
