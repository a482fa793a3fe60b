//! Emulators and clients for the tests, and short ways to do what many of them do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::batches::{Create, InlineLimit};
use genai_batch::wait::{Pace, Wait};
use genai_batch::{BatchJob, Client, Outcome, Report, ResultStream, RetryPolicy, Source};
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

/// Runs each function as a test on each backend, and on Vertex AI with Claude and an open model too.
macro_rules! on_every_model {
    ($($name:ident,)*) => {
        crate::support::on_every_backend! { $($name,)* }

        #[cfg(feature = "gcs")]
        mod claude {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::Backend::claude().await).await;
            })*
        }

        #[cfg(feature = "gcs")]
        mod llama {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::support::Backend::llama().await).await;
            })*
        }
    };
}
pub(crate) use on_every_model;

/// A backend to run a test on: a client, and the emulator that it talks to.
pub(crate) struct Backend {
    pub(crate) client: Client,
    pub(crate) emulator: Emulator,
    pub(crate) model: &'static str,
    pub(crate) embedding_model: &'static str,
    /// What requests are limited to where the model needs a limit.
    pub(crate) limit: Option<u32>,
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
            limit: None,
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
            limit: None,
            create: Operation::CreateBatchPredictionJob,
            list: Operation::ListBatchPredictionJobs,
            cancel: Operation::CancelBatchPredictionJob,
        }
    }

    #[cfg(feature = "gcs")]
    pub(crate) async fn claude() -> Self {
        Self {
            model: "claude-sonnet-4-5",
            limit: Some(4096),
            ..Self::vertex().await
        }
    }

    #[cfg(feature = "gcs")]
    pub(crate) async fn llama() -> Self {
        Self {
            model: "llama-3.3-70b-instruct-maas",
            embedding_model: "multilingual-e5-small-maas",
            ..Self::vertex().await
        }
    }

    /// A create for the model, with the limit that it needs.
    pub(crate) fn create<S>(&self, source: S) -> Create
    where
        S: TryInto<Source>,
        S::Error: Into<genai_batch::Error>,
    {
        let create = self.client.batches().create(self.model, source);
        match self.limit {
            None => create,
            Some(limit) => {
                let config = genai_batch::GenerationConfig::new().max_output_tokens(limit);
                create.generation_config(config)
            }
        }
    }

    pub(crate) fn wait(&self, job: &BatchJob) -> Wait {
        quick(self.client.batches().wait(job))
    }

    /// The same backend with a model that responds with the request it was given.
    pub(crate) async fn echoing(self) -> Self {
        match self.client.backend() {
            #[cfg(feature = "gcs")]
            genai_batch::Backend::Vertex => Self {
                model: self.model,
                limit: self.limit,
                ..Self::vertex_with(|builder| builder.model(Echo)).await
            },
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
        let create = self.create(source.into());
        self.received_by(create.inline_limit(limit)).await
    }

    /// The same of the requests of a create.
    pub(crate) async fn received_by(&self, create: Create) -> BTreeMap<String, Value> {
        let results = self.results_of(create).await;
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

/// Waits until something has happened, for at most ten minutes.
pub(crate) async fn until(holds: impl AsyncFn() -> bool) {
    for _ in 0..60_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happened");
}

/// Polls every few milliseconds, for at most ten minutes, which a busy machine may need.
pub(crate) fn quick(wait: Wait) -> Wait {
    wait.pace(quick_pace())
}

pub(crate) fn quick_pace() -> Pace {
    Pace::default()
        .interval(Duration::from_millis(5))
        .max_interval(Duration::from_millis(20))
        .timeout(Duration::from_secs(600))
}

/// What a test compares of a result: the text of the response, or the kind of failure.
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
    let responses = (0..count)
        .map(|n| (format!("sum-{n}"), Told::Text((n + 1000).to_string())))
        .collect();
    (requests, responses)
}

/// A server that gives each connection the next of these responses and closes it.
pub(crate) fn serving(responses: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for response in responses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = BufReader::new(&stream).lines();
            while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            stream.write_all(response.as_bytes()).unwrap();
        }
    });
    url
}
