//! `genai-batch submit`: a job of a finished file of requests.

use std::path::{Path, PathBuf};

use genai_batch::batches::Create;
use genai_batch::{BatchJob, Client, GenerationConfig};

use crate::commands::check::source;
use crate::commands::watch::{WaitArgs, judge, wait};
use crate::connect::connect;
use crate::exit::{Failure, Kind, Result};
use crate::global::{BackendName, Global};
use crate::show::bars::{Bar, Bars};
use crate::show::counted::counted;
use crate::show::note::say;
use crate::show::{Out, json, out, remarks};

/// Make a job of a finished file of requests, and print its name.
///
/// Each line is {"key": "…", "request": {…}}, or a request on its own. It is checked before anything is
/// sent. With --id it makes one job, however often it is said, one time after another: again, it prints the
/// name of the job that is there, and is refused if the requests are others. Two that begin at the same moment
/// do not see each other.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch submit reviews.jsonl --model gemini-2.5-flash
  genai-batch submit reviews.jsonl -m gemini-2.5-flash --id nightly-2026-11-29
  genai-batch submit reviews.jsonl -m gemini-2.5-flash --temperature 0 --wait")]
pub(crate) struct Args {
    /// A file of requests in JSONL, files/ID, gs://BUCKET/OBJECT or bq://PROJECT.DATASET.TABLE.
    source: String,
    /// The model, such as gemini-2.5-flash.
    #[arg(long, short)]
    model: String,
    /// What tells this job from all others: under the same id it is made once.
    #[arg(long)]
    id: Option<String>,
    /// The name for people.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Where the results go, on Vertex AI: gs://BUCKET/PREFIX or bq://PROJECT.DATASET.TABLE.
    #[arg(long, value_name = "PLACE")]
    dest: Option<String>,
    /// A label, on Vertex AI; once more for others.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    label: Vec<(String, String)>,
    /// Its priority among the project's jobs, on the Gemini Developer API; higher runs first.
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i64>,
    /// The requests are for embeddings.
    #[arg(long)]
    embeddings: bool,
    /// Which field of a line is its key.
    #[arg(long, value_name = "NAME")]
    key_field: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// Wait until the job has ended.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    patience: WaitArgs,
}

/// Settings for every request that has none of its own.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Settings for every request")]
pub(crate) struct Settings {
    /// The system instruction.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Randomness, from 0 up to 2.
    #[arg(long)]
    temperature: Option<f64>,
    /// Samples from the likeliest tokens whose probabilities add up to this.
    #[arg(long)]
    top_p: Option<f64>,
    /// Samples from this many of the likeliest tokens.
    #[arg(long)]
    top_k: Option<u32>,
    /// The longest response, in tokens.
    #[arg(long, value_name = "N")]
    max_output_tokens: Option<u32>,
    /// Makes sampling repeatable, as far as the model can.
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<i32>,
    /// A file with a GenerationConfig in JSON, for the rest; the options above come before it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Reads `name=value`.
fn pair(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect(global, None).await?;
    let client = &connection.client;
    let (create, bar) = create(&args, client, global)?;
    let created = create.await;
    bar.end();
    remarks::tell("`genai-batch check`");
    let mut job = created?;
    let form = Out::of(global);
    if !form.is_json() {
        // At once, so that it is known whatever comes.
        out::write_text(&format!("{}\n", job.name()))?;
    }
    let mut waited = Ok(());
    if args.wait {
        (job, waited) = wait(client, job, &args.patience, global).await;
        waited = waited.map_err(
            |failure| match failure.is(Kind::Stopped) && args.id.is_none() {
                // The same command would make another.
                true => failure.hint(next(&job, global)),
                false => failure,
            },
        );
    }
    if form.is_json() {
        form.document(&json::Job::from(&job))?;
    }
    if !args.wait {
        say(global, next(&job, global));
    }
    waited?;
    match args.wait {
        true => judge(&job),
        false => Ok(()),
    }
}

/// How to go on with a job.
fn next(job: &BatchJob, global: &Global) -> String {
    let name = job.name();
    let mut options = String::new();
    if global.emulator {
        let Some(state) = &global.emulator_state else {
            return "the job is forgotten as this ends; --emulator-state DIR keeps it, and --wait \
                    waits for it"
                .to_owned();
        };
        options += &format!(" --emulator --emulator-state {}", quoted(state));
    }
    match global.backend {
        Some(BackendName::Vertex) => options += " --backend vertex",
        Some(BackendName::Gemini) => options += " --backend gemini",
        None => {}
    }
    format!("follow it with: genai-batch watch {name}{options}")
}

/// A path, as a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn create(args: &Args, client: &Client, global: &Global) -> Result<(Create, Bar)> {
    let source = source(&args.source, &args.model)?;
    let mut create = match args.embeddings {
        true => client.batches().create_embeddings(&args.model, source),
        false => client.batches().create(&args.model, source),
    };
    if let Some(id) = &args.id {
        create = create.id(id);
    }
    if let Some(name) = &args.display_name {
        create = create.display_name(name);
    }
    if let Some(place) = &args.dest {
        create = create.dest(place.as_str());
    }
    for (name, value) in &args.label {
        create = create.label(name, value);
    }
    if let Some(priority) = args.priority {
        create = create.priority(priority);
    }
    if let Some(name) = &args.key_field {
        create = create.key_field(name);
    }
    if let Some(system) = &args.settings.system {
        create = create.system_instruction(system);
    }
    if let Some(config) = args.settings.generation_config()? {
        create = create.generation_config(config);
    }
    let bar = Bars::new(global.quiet).bytes("upload", None);
    let shown = bar.clone();
    let create = create.on_progress(move |progress| match progress.total_bytes {
        Some(total) => shown.at(progress.sent_bytes, Some(total)),
        None => shown.message(counted(progress.requests, "request")),
    });
    Ok((create, bar))
}

impl Settings {
    /// The generation config that they make; `None` if they say nothing of it.
    pub(crate) fn generation_config(&self) -> Result<Option<GenerationConfig>> {
        let mut config = match &self.config {
            Some(path) => read_config(path)?,
            None => GenerationConfig::new(),
        };
        let before = config.clone();
        if let Some(temperature) = self.temperature {
            config = config.temperature(temperature);
        }
        if let Some(top_p) = self.top_p {
            config = config.top_p(top_p);
        }
        if let Some(top_k) = self.top_k {
            config = config.top_k(top_k);
        }
        if let Some(tokens) = self.max_output_tokens {
            config = config.max_output_tokens(tokens);
        }
        if let Some(seed) = self.seed {
            config = config.seed(seed);
        }
        Ok((self.config.is_some() || config != before).then_some(config))
    }
}

fn read_config(path: &PathBuf) -> Result<GenerationConfig> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format_args!("{shown} cannot be read: {error}")))?;
    let config: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format_args!("{shown} is not JSON: {error}")))?;
    let serde_json::Value::Object(fields) = config else {
        let failure = Failure::usage(format_args!("{shown} is not an object of JSON"));
        return Err(failure.hint(
            "write the fields of Google's GenerationConfig, such as {\"temperature\": 0.2}",
        ));
    };
    let fields = fields.into_iter();
    Ok(
        fields.fold(GenerationConfig::new(), |config, (name, value)| {
            config.field(name, value)
        }),
    )
}
