//! What shapes every request: read from options and files, noted in the run, and compared with what
//! the run was made with.

use std::path::Path;

use genai_batch::GenerationConfig;
use genai_batch::request::ThinkingConfig;
use serde_json::{Map, Value, json};

use super::args::Args;
use super::shape::Shape;
use crate::exit::{Failure, Kind, Result};
use crate::table::once;
use crate::table::text::clip;

/// Under which name a run notes them.
pub(crate) const SETTINGS: &str = "settings";

/// What shapes every request.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) prompt: Option<String>,
    pub(super) system: Option<String>,
    pub(super) config: GenerationConfig,
    pub(super) shape: Option<Shape>,
    /// What is noted of them.
    pub(super) noted: Map<String, Value>,
}

impl Settings {
    pub(super) fn read(args: &Args, emulator: bool) -> Result<Self> {
        let prompt = match (&args.prompt, &args.prompt_file) {
            (Some(prompt), _) => Some(prompt.clone()),
            (None, Some(path)) => Some(read_text(path, "--prompt-file")?),
            (None, None) => None,
        };
        let system = match args.system.as_deref().map(|it| (it, it.strip_prefix('@'))) {
            Some((_, Some(path))) => Some(read_text(Path::new(path), "--system")?),
            Some((text, None)) => Some(text.to_owned()),
            None => None,
        };
        let shape = args.schema.as_deref().map(Shape::read).transpose()?;
        let config = config(args, shape.as_ref())?;
        let noted = json!({
            "input": args.input.display().to_string(),
            "prompt": prompt,
            "system instruction": system,
            "generation config": Value::from(config.clone()),
            "key": args.key,
            "media": args.media,
            "dedupe": args.dedupe,
            "embeddings": args.embeddings.then_some(true),
            "task type": args.task_type.as_deref().map(task_type),
            "dimensions": args.dimensions,
            "emulator": emulator,
        });
        let Value::Object(mut noted) = noted else {
            unreachable!("an object is written above")
        };
        noted.retain(|_, value| !value.is_null());
        Ok(Self {
            prompt,
            system,
            config,
            shape,
            noted,
        })
    }

    /// Whether there is a generation config at all.
    pub(super) fn has_config(&self) -> bool {
        self.config != GenerationConfig::new()
    }

    /// How these are noted.
    pub(super) fn to_note(&self) -> String {
        Value::Object(self.noted.clone()).to_string()
    }

    /// What is other than it was, each in a line.
    pub(super) fn differences(&self, note: Option<&str>) -> Vec<String> {
        let was: Map<String, Value> = note
            .and_then(|it| serde_json::from_str(it).ok())
            .unwrap_or_default();
        if was.is_empty() {
            return Vec::new();
        }
        let mut names: Vec<_> = was.keys().chain(self.noted.keys()).collect();
        names.sort();
        names.dedup();
        let differ = names
            .into_iter()
            .filter(|name| was.get(*name) != self.noted.get(*name));
        let told = differ.map(|name| {
            let shown = |value: Option<&Value>| match value {
                None => "none".to_owned(),
                Some(value) => clip(&value.to_string(), 200).into_owned(),
            };
            format!(
                "{name}: was {}, is {}",
                shown(was.get(name)),
                shown(self.noted.get(name))
            )
        });
        told.collect()
    }
}

/// A yes or no that is noted of a run.
pub(crate) fn noted_bool(note: &str, name: &str) -> Option<bool> {
    let note: Value = serde_json::from_str(note).ok()?;
    note.get(name)?.as_bool()
}

/// What embeddings are for, in Google's words.
pub(super) fn task_type(given: &str) -> String {
    given.trim().replace(['-', ' '], "_").to_ascii_uppercase()
}

/// Whether what is noted is of a run of embeddings.
pub(super) fn is_of_embeddings(note: &str) -> bool {
    noted_bool(note, "embeddings").unwrap_or(false)
}

/// Reads a file that an option names, but for the mark that some editors put before UTF-8.
pub(super) fn read_text(path: &Path, option: &str) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(
            Kind::Usage,
            format!("{option}: cannot read {}: {error}", path.display()),
        )
    })?;
    match text.strip_prefix('\u{feff}') {
        Some(text) => Ok(text.to_owned()),
        None => Ok(text),
    }
}

/// A field that is there under both of its names, `topP` and `top_p`.
fn doubled(fields: &Map<String, Value>) -> Option<(&str, &str)> {
    let mut pairs = fields.keys().filter_map(|name| {
        let plain = name.replace('_', "");
        let other = fields
            .keys()
            .find(|other| *other > name && other.replace('_', "").eq_ignore_ascii_case(&plain));
        Some((name.as_str(), other?.as_str()))
    });
    pairs.next()
}

fn config(args: &Args, shape: Option<&Shape>) -> Result<GenerationConfig> {
    let mut config = GenerationConfig::new();
    if let Some(path) = &args.config {
        let wrong = |why: String| Failure::usage(format!("--config: {}: {why}", path.display()));
        let fields =
            once::read(&read_text(path, "--config")?).map_err(|error| wrong(error.to_string()))?;
        let Value::Object(fields) = fields else {
            return Err(wrong("it is not an object of JSON".to_owned()));
        };
        if let Some(inner) = ["generationConfig", "generation_config"]
            .into_iter()
            .find(|it| fields.contains_key(*it))
        {
            return Err(wrong(format!("leave {inner} out, and write what is in it")));
        }
        if let Some((one, other)) = doubled(&fields) {
            return Err(wrong(format!(
                "{one} and {other} are one field: leave one out"
            )));
        }
        for (name, value) in fields {
            config = config.field(name, value);
        }
    }
    let numbers = [
        ("temperature", args.temperature.map(Value::from)),
        ("topP", args.top_p.map(Value::from)),
        ("topK", args.top_k.map(Value::from)),
        ("maxOutputTokens", args.max_output_tokens.map(Value::from)),
        ("seed", args.seed.map(Value::from)),
        (
            "stopSequences",
            (!args.stop.is_empty()).then(|| json!(args.stop)),
        ),
    ];
    for (name, value) in numbers {
        if let Some(value) = value {
            config = config.field(name, value);
        }
    }
    if let Some(budget) = args.thinking_budget {
        config = config.thinking_config(ThinkingConfig::new().thinking_budget(budget));
    }
    for (name, value) in shape.into_iter().flat_map(Shape::config) {
        config = config.field(name, value);
    }
    Ok(config)
}
