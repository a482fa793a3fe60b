//! Emulators and clients for the tests, and short ways to do what many of them do.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::{
    BatchJob, Client, Create, InlineLimit, Outcome, Report, ResultStream, RetryPolicy, Source, Wait,
};
use genai_batch_emulator::{Builder, Emulator, Model, Operation, RowFailure, text_response};
use serde_json::Value;

/// Runs each function as a test on each backend.
macro_rules! on_every_backend {
    ($($name:ident,)*) => {
        mod gemini {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::Backend::gemini().await).await;
            })*
        }

        #[cfg(feature = "gcs")]
        mod vertex {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::Backend::vertex().await).await;
            })*
        }
    };
}
pub(crate) use on_every_backend;

/// A backend to run a test on: a client, and the emulator that it talks to.
pub(crate) struct Backend {
    pub(crate) client: Client,
    pub(crate) emulator: Emulator,
    pub(crate) model: &'static str,
    pub(crate) embedding_model: &'static str,
    pub(crate) create: Operation,
    pub(crate) list: Operation,
    pub(crate) cancel: Operation,
}

impl Backend {
    pub(crate) async fn gemini() -> Self {
        Self::gemini_with(|builder| builder).await
    }

    pub(crate) async fn gemini_with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Emulator::builder()
            .api_key(KEY)
            .job_duration(Duration::from_millis(60));
        let emulator = configure(builder).start().await.unwrap();
        Self {
            client: client(emulator.base_url()),
            emulator,
            model: "gemini-2.5-flash",
            embedding_model: "gemini-embedding-001",
            create: Operation::BatchGenerateContent,
            list: Operation::ListBatches,
            cancel: Operation::CancelBatch,
        }
    }

    #[cfg(feature = "gcs")]
    pub(crate) async fn vertex() -> Self {
        Self::vertex_with(|builder| builder).await
    }

    #[cfg(feature = "gcs")]
    pub(crate) async fn vertex_with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Emulator::builder().job_duration(Duration::from_millis(60));
        let emulator = configure(builder).start().await.unwrap();
        Self {
            client: vertex_client(&emulator)
                .access_token(TOKEN)
                .build()
                .unwrap(),
            emulator,
            model: "gemini-2.5-flash",
            embedding_model: "gemini-embedding-001",
            create: Operation::CreateBatchPredictionJob,
            list: Operation::ListBatchPredictionJobs,
            cancel: Operation::CancelBatchPredictionJob,
        }
    }

    pub(crate) fn wait(&self, job: &BatchJob) -> Wait {
        quick(self.client.batches().wait(job))
    }

    /// The same backend with a model that answers with the request it was given.
    pub(crate) async fn echoing(self) -> Self {
        match self.client.backend() {
            #[cfg(feature = "gcs")]
            genai_batch::Backend::Vertex => Self::vertex_with(|builder| builder.model(Echo)).await,
            _ => Self::gemini_with(|builder| builder.model(Echo)).await,
        }
    }

    /// What each request of an [`echoing`](Self::echoing) backend was when the service had it,
    /// by its key.
    pub(crate) async fn received(
        &self,
        source: impl Into<Source>,
        limit: InlineLimit,
    ) -> BTreeMap<String, Value> {
        let create = self.client.batches().create(self.model, source.into());
        let results = self.results_of(create.inline_limit(limit)).await;
        let (told, report) = collect(results).await;
        assert!(report.is_complete(), "{report}");
        let request = |(key, told)| match told {
            Told::Text(text) => (key, serde_json::from_str(&text).unwrap()),
            other => panic!("{key}: {other:?}"),
        };
        told.into_iter().map(request).collect()
    }

    /// Creates, waits and opens the results.
    pub(crate) async fn results_of(&self, create: Create) -> ResultStream {
        let job = create.await.unwrap();
        let job = self.wait(&job).await.unwrap();
        self.client.batches().results(&job).await.unwrap()
    }
}

struct Echo;

impl Model for Echo {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        Ok(text_response(model, "", &request.to_string()))
    }
}

pub(crate) const KEY: &str = "the-api-key-of-the-tests";
#[cfg(feature = "gcs")]
pub(crate) const TOKEN: &str = "the-token-of-the-tests";

/// A builder of a Vertex AI client that lacks nothing but a credential.
#[cfg(feature = "gcs")]
pub(crate) fn vertex_client(emulator: &Emulator) -> genai_batch::ClientBuilder {
    vertex_client_at(emulator.base_url())
}

#[cfg(feature = "gcs")]
pub(crate) fn vertex_client_at(url: &str) -> genai_batch::ClientBuilder {
    Client::builder()
        .vertex()
        .project("my-project")
        .location("us-central1")
        .base_url(url)
        .storage_base_url(url)
        .bigquery_base_url(url)
        .staging("gs://staging-bucket/batches")
        .api_version("v1beta1")
        .retry_policy(quick_retries())
}

/// A client that retries within milliseconds.
pub(crate) fn client(base_url: &str) -> Client {
    Client::builder()
        .api_key(KEY)
        .base_url(base_url)
        .api_version("v1beta")
        .retry_policy(quick_retries())
        .build()
        .unwrap()
}

pub(crate) fn quick_retries() -> RetryPolicy {
    RetryPolicy::default()
        .initial_backoff(Duration::from_millis(1))
        .max_backoff(Duration::from_millis(5))
}

/// An emulator on threads of its own, for tests that bring no runtime. It ends with the runtime.
pub(crate) fn emulator_apart(builder: Builder) -> (Emulator, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    (runtime.block_on(builder.start()).unwrap(), runtime)
}

/// Polls every few milliseconds, for at most a minute.
pub(crate) fn quick(wait: Wait) -> Wait {
    wait.poll_interval(Duration::from_millis(5))
        .max_poll_interval(Duration::from_millis(20))
        .timeout(Duration::from_secs(60))
}

/// What a test compares of a result: the text of the answer, or the kind of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Text(String),
    Error(i64),
    Missing,
}

/// Reads results to the end: what each key was told, and the report.
pub(crate) async fn collect(mut results: ResultStream) -> (BTreeMap<String, Told>, Report) {
    let mut told = BTreeMap::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let outcome = match result.outcome() {
            Outcome::Response(response) => Told::Text(response.text().unwrap().into_owned()),
            Outcome::Error(error) => Told::Error(error.code()),
            Outcome::Missing => Told::Missing,
        };
        let key = result.key().unwrap_or("(no key)").to_owned();
        told.insert(key, outcome);
    }
    (told, results.report())
}

/// Requests `sum-0` to `sum-N`, each for a sum of its own, and what they should be told.
pub(crate) fn sums(count: usize) -> (Vec<genai_batch::Request>, BTreeMap<String, Told>) {
    let requests = (0..count)
        .map(|n| genai_batch::Request::text(format!("What is {n} + 1000?")).key(format!("sum-{n}")))
        .collect();
    let answers = (0..count)
        .map(|n| (format!("sum-{n}"), Told::Text((n + 1000).to_string())))
        .collect();
    (requests, answers)
}
