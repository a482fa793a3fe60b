//! Where a round takes place: an emulator of its own, clients of it, and a folder for files.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use genai_batch::{Client, ClientBuilder, RetryPolicy};
use genai_batch_emulator::{Emulator, RequestRecord};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::fault::{Fault, How, is_create};
use crate::model::Sums;
use crate::plan::{Ask, Backend, Plan, Source, Task};

/// How long a job takes.
const JOB: Duration = Duration::from_millis(20);
/// How many rows of a table come at once, so that larger ones take several calls.
const QUERY_PAGE: usize = 40;
/// How long a client waits for a response, in a round in which one never comes.
const IMPATIENCE: Duration = Duration::from_millis(3000);
/// How long to wait for what is certain to happen soon.
const SOON: Duration = Duration::from_secs(120);

const GEMINI_VERSION: &str = "v1beta";
const VERTEX_VERSION: &str = "v1beta1";
const API_KEY: &str = "AIza-key-of-the-fault-suite";
const ACCESS_TOKEN: &str = "ya29.token-of-the-fault-suite";

pub(crate) const INPUT: &str = "gs://input-bucket/in.jsonl";
pub(crate) const TABLES: &str = "bq://chaos.output";
pub(crate) const SAVED: &str = "gs://results-bucket/out.jsonl";

/// What a round takes place in.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
    backend: Backend,
    express: bool,
    timeout: Option<Duration>,
    credentials: Option<String>,
}

impl World {
    pub(crate) async fn new(plan: &Plan) -> io::Result<Self> {
        let mut builder = Emulator::builder()
            .job_duration(JOB)
            .query_page_size(QUERY_PAGE)
            .model(Sums::new());
        if plan.has_tokens() {
            builder = builder.require_authentication();
        }
        let emulator = builder.start().await?;
        let hangs = |fault: &Fault| {
            matches!(
                fault,
                Fault::Call { how: How::Hang, .. } | Fault::Tokens { how: How::Hang, .. }
            )
        };
        Ok(Self {
            folder: tempfile::tempdir()?,
            backend: plan.backend,
            express: plan.express,
            timeout: plan.faults.iter().any(hangs).then_some(IMPATIENCE),
            credentials: plan.has_tokens().then(|| emulator.authorized_user_json()),
            emulator,
        })
    }

    /// A client with connections of its own, as the user has it.
    pub(crate) fn client(&self) -> genai_batch::Result<Client> {
        let builder = self.builder();
        match (self.backend, self.express) {
            (Backend::Gemini, _) => {
                let builder = builder.gemini().api_key(API_KEY);
                builder.api_version(GEMINI_VERSION).build()
            }
            (Backend::Vertex, true) => {
                let builder = builder.vertex().api_key(API_KEY);
                builder.api_version(VERTEX_VERSION).build()
            }
            (Backend::Vertex, false) => self.owner(),
        }
    }

    /// A client of the project on Vertex AI, for what cannot be done with an API key.
    pub(crate) fn owner(&self) -> genai_batch::Result<Client> {
        let url = self.emulator.base_url();
        let builder = self
            .builder()
            .vertex()
            .project("chaos")
            .location("us-central1")
            .storage_base_url(url)
            .bigquery_base_url(url)
            .staging("gs://staging-bucket/chaos")
            .api_version(VERTEX_VERSION);
        let builder = match &self.credentials {
            Some(json) => builder.credentials_json(json),
            None => builder.access_token(ACCESS_TOKEN),
        };
        builder.build()
    }

    fn builder(&self) -> ClientBuilder {
        let retries = RetryPolicy::default()
            .initial_backoff(Duration::from_millis(1))
            .max_backoff(Duration::from_millis(4));
        let builder = Client::builder()
            .base_url(self.emulator.base_url())
            .retry_policy(retries);
        match self.timeout {
            Some(timeout) => builder.timeout(timeout),
            None => builder,
        }
    }

    /// Puts a request that does not matter where the service reads it.
    pub(crate) fn put_hello(&self) -> String {
        let uri = "gs://input-bucket/hello.jsonl";
        let contents = json!([{ "role": "user", "parts": [{ "text": "Hello" }] }]);
        let line = json!({ "request": { "contents": contents } });
        self.emulator.put_object(uri, line.to_string() + "\n");
        uri.to_owned()
    }

    /// The path under which the service has a job.
    pub(crate) fn path_of(&self, job: &str) -> String {
        match self.backend {
            Backend::Gemini => format!("/{GEMINI_VERSION}/{job}"),
            Backend::Vertex => format!("/{VERTEX_VERSION}/{job}"),
        }
    }

    /// What no error may show.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let file: Value = self
            .credentials
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let in_file = ["refresh_token", "client_secret"];
        let in_file = in_file.iter().filter_map(|name| file[name].as_str());
        let tokens = self.emulator.tokens().into_iter().map(|token| token.token);
        in_file
            .chain([API_KEY, ACCESS_TOKEN])
            .map(str::to_owned)
            .chain(tokens)
            .collect()
    }

    /// How many creates were received so far that may have had an effect: all but those that a
    /// quota or a lack of credentials refused.
    pub(crate) fn creates(&self) -> usize {
        let may_be_done = |call: &&RequestRecord| {
            call.operation.is_some_and(is_create) && !matches!(call.status, Some(401 | 429))
        };
        self.emulator.requests().iter().filter(may_be_done).count()
    }

    /// The names of the jobs whose display name is this one, marked or not.
    pub(crate) fn jobs(&self, display_name: &str) -> Vec<String> {
        let named = |name: &str, shown: &str| shown.contains(display_name).then(|| name.to_owned());
        match self.backend {
            Backend::Gemini => {
                let jobs = self.emulator.jobs();
                jobs.iter()
                    .filter_map(|job| named(&job.name, job.display_name.as_deref()?))
                    .collect()
            }
            Backend::Vertex => {
                let jobs = self.emulator.vertex_jobs();
                jobs.iter()
                    .filter_map(|job| named(&job.name, &job.display_name))
                    .collect()
            }
        }
    }

    /// The requests that a job was made of, where they are in a file or an object: its name, and
    /// its content if it is still there.
    pub(crate) fn input_of(&self, job: &str) -> Option<(String, Option<String>)> {
        let (name, content) = match self.backend {
            Backend::Gemini => {
                let name = self.emulator.job(job)?.input_file?;
                let content = self.emulator.file_content(&name);
                (name, content)
            }
            Backend::Vertex => {
                let resource = self.emulator.vertex_job(job)?.resource;
                let uri = resource["inputConfig"]["gcsSource"]["uris"][0].as_str()?;
                (uri.to_owned(), self.emulator.object(uri))
            }
        };
        let text = content.map(|content| String::from_utf8_lossy(&content).into_owned());
        Some((name, text))
    }

    /// Waits until there is the job of the round.
    pub(crate) async fn job_made(&self, plan: &Plan) {
        let name = plan.display_name();
        while self.jobs(&name).is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until the service is done with all calls of clients that are gone. Connections are
    /// accepted in their order, so that one more comes after all of theirs.
    pub(crate) async fn settle(&self) -> io::Result<()> {
        let address = self.emulator.base_url().trim_start_matches("http://");
        let _last = TcpStream::connect(address).await?;
        await_soon(|| self.emulator.open_connections() == 1).await
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("out").join("results.jsonl")
    }

    /// What is in the folder of the results beside them.
    pub(crate) fn leftovers(&self) -> io::Result<Vec<PathBuf>> {
        let target = self.target();
        let mut left = Vec::new();
        for entry in std::fs::read_dir(self.folder.path().join("out"))? {
            left.extend(Some(entry?.path()).filter(|path| *path != target));
        }
        Ok(left)
    }

    /// Waits until the folder holds nothing but results: what a dropped future has left to a
    /// thread ends soon after.
    pub(crate) async fn await_clean_folder(&self) -> io::Result<()> {
        await_soon(|| self.leftovers().is_ok_and(|left| left.is_empty())).await
    }

    /// Makes the folder of the results, and the file of the requests.
    pub(crate) fn prepare_files(&self, plan: &Plan) -> io::Result<()> {
        std::fs::create_dir(self.folder.path().join("out"))?;
        let mut file = std::fs::File::create(self.input())?;
        file.write_all(lines(plan).as_bytes())
    }

    pub(crate) fn input(&self) -> PathBuf {
        self.folder.path().join("in.jsonl")
    }

    /// The results that were saved, if any.
    pub(crate) fn saved(&self, path: &Path) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }

    pub(crate) fn saved_object(&self) -> Option<String> {
        let content = self.emulator.object(SAVED)?;
        String::from_utf8(content.to_vec()).ok()
    }
}

async fn await_soon(is_so: impl Fn() -> bool) -> io::Result<()> {
    let so = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let in_time = tokio::time::timeout(SOON, so).await;
    in_time.map_err(|_| io::Error::other("what a dropped future began does not end"))
}

/// The requests as a file of lines.
pub(crate) fn lines(plan: &Plan) -> String {
    let line = |ask: &Ask| line(plan, ask).to_string() + "\n";
    plan.asks.iter().map(line).collect()
}

fn line(plan: &Plan, ask: &Ask) -> Value {
    let content = json!({ "role": "user", "parts": [{ "text": ask.prompt }] });
    match plan.task {
        Task::Generate => {
            let mut request = json!({ "contents": [content] });
            if let Some(text) = padding(plan) {
                request["systemInstruction"] =
                    json!({ "role": "user", "parts": [{ "text": text }] });
            }
            json!({ "key": ask.key, "request": request })
        }
        // The service itself reads these, which knows this form alone.
        Task::EmbedPlain if plan.source == Source::Remote => {
            json!({ "key": ask.key, "content": ask.prompt })
        }
        Task::Embed | Task::EmbedPlain => {
            json!({ "key": ask.key, "request": { "content": content } })
        }
    }
}

/// What each request is longer by.
pub(crate) fn padding(plan: &Plan) -> Option<String> {
    plan.is_bulky()
        .then(|| "Be brief. ".repeat(plan.padding / 10 + 1))
}
