//! Where a round takes place: an emulator of its own, clients of it, and a folder for files.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use genai_batch::{Client, RetryPolicy};
use genai_batch_emulator::Emulator;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::fault::{Fault, How};
use crate::plan::{Ask, Backend, Plan};

/// How long a job takes.
const JOB: Duration = Duration::from_millis(20);
/// How many rows of a table come at once, so that larger ones take several calls.
const QUERY_PAGE: usize = 40;
/// How long a client waits for an answer, in a round in which one never comes.
const IMPATIENCE: Duration = Duration::from_millis(1000);
/// How long to wait for what is certain to happen soon.
const SOON: Duration = Duration::from_secs(10);

pub(crate) const INPUT: &str = "gs://input-bucket/in.jsonl";
pub(crate) const TABLES: &str = "bq://chaos.output";
pub(crate) const SAVED: &str = "gs://results-bucket/out.jsonl";

/// What a round takes place in.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
    backend: Backend,
    timeout: Option<Duration>,
    credentials: Option<String>,
}

impl World {
    pub(crate) async fn new(plan: &Plan) -> io::Result<Self> {
        let mut builder = Emulator::builder()
            .job_duration(JOB)
            .query_page_size(QUERY_PAGE);
        if plan.has_tokens() {
            builder = builder.require_authentication();
        }
        let emulator = builder.start().await?;
        let hangs = |fault: &Fault| matches!(fault, Fault::Call { how: How::Hang, .. });
        Ok(Self {
            folder: tempfile::tempdir()?,
            backend: plan.backend,
            timeout: plan.faults.iter().any(hangs).then_some(IMPATIENCE),
            credentials: plan.has_tokens().then(|| emulator.authorized_user_json()),
            emulator,
        })
    }

    /// A client with connections of its own.
    pub(crate) fn client(&self) -> genai_batch::Result<Client> {
        let url = self.emulator.base_url();
        let retries = RetryPolicy::default()
            .initial_backoff(Duration::from_millis(1))
            .max_backoff(Duration::from_millis(4));
        let mut builder = Client::builder().base_url(url).retry_policy(retries);
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        let builder = match self.backend {
            Backend::Gemini => builder.gemini().api_key("chaos").api_version("v1beta"),
            Backend::Vertex => {
                let builder = builder
                    .vertex()
                    .project("chaos")
                    .location("us-central1")
                    .storage_base_url(url)
                    .bigquery_base_url(url)
                    .staging("gs://staging-bucket/chaos")
                    .api_version("v1beta1");
                match &self.credentials {
                    Some(json) => builder.credentials_json(json),
                    None => builder.access_token("chaos"),
                }
            }
        };
        builder.build()
    }

    /// How many jobs there are whose display name is this one, marked or not.
    pub(crate) fn jobs(&self, display_name: &str) -> usize {
        let marked = format!("{display_name} #");
        let is_it = |name: &str| name == display_name || name.starts_with(&marked);
        match self.backend {
            Backend::Gemini => {
                let jobs = self.emulator.jobs();
                let names = jobs.iter().filter_map(|job| job.display_name.as_deref());
                names.filter(|name| is_it(name)).count()
            }
            Backend::Vertex => {
                let jobs = self.emulator.vertex_jobs();
                jobs.iter().filter(|job| is_it(&job.display_name)).count()
            }
        }
    }

    /// Waits until there is the job of the round.
    pub(crate) async fn job_made(&self, plan: &Plan) {
        let name = plan.display_name();
        while self.jobs(&name) == 0 {
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
    let line = |ask: &Ask| {
        let contents = json!([{ "role": "user", "parts": [{ "text": ask.prompt }] }]);
        let mut request = json!({ "contents": contents });
        if let Some(text) = padding(plan) {
            request["systemInstruction"] = json!({ "role": "user", "parts": [{ "text": text }] });
        }
        json!({ "key": ask.key, "request": request }).to_string() + "\n"
    };
    plan.asks.iter().map(line).collect()
}

/// What each request is longer by.
pub(crate) fn padding(plan: &Plan) -> Option<String> {
    plan.is_bulky()
        .then(|| "Be brief. ".repeat(plan.padding / 10 + 1))
}
