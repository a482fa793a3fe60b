//! What a run is to do, worked out from the command line and the beginning of the input before any
//! service is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use genai_batch::cost::Pricing;
use serde_json::Value;

use super::args::Args;
use super::settings::{Settings, task_type};
use crate::exit::{Failure, Result};
use crate::prompt::media::Media;
use crate::prompt::template::Prompt;
use crate::prompt::{Embedding, Maker, no_column};
use crate::table::columns::{Column, Kind};
use crate::table::read::Input;
use crate::table::{Format, Row, text};

/// Where requests come from.
pub(super) enum Work {
    /// A row of a table and a prompt make a request.
    Table(Arc<Maker>),
    /// A file has them.
    Requests(PathBuf),
}

/// What a run is to do.
pub(super) struct Plan {
    pub(super) args: Args,
    pub(super) settings: Settings,
    pub(super) work: Work,
    pub(super) pricing: Option<Pricing>,
}

impl Plan {
    pub(super) fn new(args: Args, emulator: bool) -> Result<Self> {
        let settings = Settings::read(&args, emulator)?;
        let pricing = match args.price {
            Some((input, output)) => Some(Pricing::new(input, output)),
            None => Pricing::of_model(&args.model),
        };
        if args.budget == Some(0.0) {
            return Err(Failure::usage("--budget: it is an amount of more than 0"));
        }
        if args.budget.is_some() && pricing.is_none() {
            return Err(
                Failure::usage(format!("--budget: no price of {} is known", args.model))
                    .hint("give what a million tokens cost, in and out: --price 0.30:2.50"),
            );
        }
        if !args.embeddings && makes_embeddings(&args.model) {
            return Err(Failure::usage(format!(
                "{} makes embeddings, which are not asked for",
                args.model
            ))
            .hint("say --embeddings, or another --model"));
        }
        let (work, header) = work(&args, &settings)?;
        let plan = Self {
            args,
            settings,
            work,
            pricing,
        };
        // What cannot be written is told before anything is asked.
        let header = header.unwrap_or_default().into_iter();
        let header = header.map(|name| Column {
            name,
            kind: Kind::default(),
        });
        plan.columns(header.collect())?;
        Ok(plan)
    }

    /// What errors call the input.
    pub(super) fn input_name(&self) -> String {
        match &self.work {
            Work::Table(maker) => maker.input.name(),
            Work::Requests(path) => path.display().to_string(),
        }
    }

    /// What may be meant otherwise.
    pub(super) fn odd(&self) -> Vec<String> {
        let mut odd = Vec::new();
        if let Work::Table(maker) = &self.work
            && maker.prompt.is_constant()
            && self.args.media.is_empty()
        {
            odd.push("the prompt names no column, so that every row is asked the same".to_owned());
        }
        if self.args.embeddings && !makes_embeddings(&self.args.model) {
            odd.push(format!(
                "the name of {} does not say that it makes embeddings",
                self.args.model
            ));
        }
        let format = self.args.out.as_deref().and_then(Format::of);
        if self.args.escape_formulas && format.is_some_and(|it| !it.is_text()) {
            odd.push(
                "--escape-formulas is for CSV and TSV: this table is written as it is".to_owned(),
            );
        }
        if let (Some(shape), Some(path)) = (&self.settings.shape, &self.args.schema) {
            let odd_words = shape.odd.iter();
            odd.extend(odd_words.map(|it| format!("--schema: {}: {it}", path.display())));
        }
        if self.pricing.is_none() {
            odd.push(format!(
                "no price of {} is known, so that nothing is said of the cost: is the model spelt as the \
                 service does? --price IN:OUT gives the price",
                self.args.model
            ));
        }
        odd
    }

    /// What the library says of the generation config, in the words of the command line.
    pub(super) fn in_options(&self, told: &str) -> String {
        let Some((field, why)) = told
            .strip_prefix("generation_config.")
            .and_then(|rest| rest.split_once(": "))
        else {
            return told.replace(" (`preflight` lists all)", " (--dry-run lists more)");
        };
        let args = &self.args;
        let of_option = match field {
            "temperature" => args.temperature.map(|_| "--temperature"),
            "topP" => args.top_p.map(|_| "--top-p"),
            "topK" => args.top_k.map(|_| "--top-k"),
            "maxOutputTokens" => args.max_output_tokens.map(|_| "--max-output-tokens"),
            "seed" => args.seed.map(|_| "--seed"),
            _ if field.starts_with("stopSequences") && !args.stop.is_empty() => Some("--stop"),
            _ if field.starts_with("thinkingConfig") && args.thinking_budget.is_some() => {
                Some("--thinking-budget")
            }
            _ if field.starts_with("response") && args.schema.is_some() => Some("--schema"),
            _ => None,
        };
        match (of_option, &args.config) {
            (Some(option), _) => format!("{option}: {why}"),
            (None, Some(path)) => format!("--config: {}: {field}: {why}", path.display()),
            (None, None) => told.to_owned(),
        }
    }

    /// The columns that are added to those of the input.
    pub(super) fn added(&self) -> Vec<Column> {
        let column = |prefix: &str, name: &str, kind| Column {
            name: format!("{prefix}{name}"),
            kind,
        };
        let own = |name, kind| column(&self.args.prefix, name, kind);
        if self.args.embeddings {
            return vec![
                own("embedding", Kind::Vector),
                own("error", Kind::Text),
                own("input_tokens", Kind::Int),
            ];
        }
        let mut added = vec![own("answer", Kind::Text)];
        let fields = self
            .settings
            .shape
            .iter()
            .flat_map(|it| it.fields.iter().flatten());
        added.extend(fields.map(|(name, kind)| column(&self.args.field_prefix, name, *kind)));
        added.extend([
            own("finish_reason", Kind::Text),
            own("error", Kind::Text),
            own("input_tokens", Kind::Int),
            own("output_tokens", Kind::Int),
        ]);
        added
    }

    /// All columns of the output, in order, where those of the input are these.
    pub(super) fn columns(&self, input: Vec<Column>) -> Result<Vec<Column>> {
        let mut columns = input;
        if let Work::Requests(_) = self.work {
            columns.push(Column {
                name: "key".to_owned(),
                kind: Kind::Text,
            });
        }
        let of_input = columns.len();
        let answers = self
            .settings
            .shape
            .as_ref()
            .and_then(|it| it.fields.as_ref())
            .map_or(0, Vec::len);
        for (at, added) in self.added().into_iter().enumerate() {
            let option = match (1..=answers).contains(&at) {
                true => "--field-prefix",
                false => "--prefix",
            };
            if let Some(before) = columns.iter().position(|it| it.name == added.name) {
                let other = match before < of_input {
                    true => "a column of the input",
                    false => "a field of the schema",
                };
                return Err(Failure::usage(format!(
                    "the output would have two columns {:?}: {other}, and one that is added",
                    added.name
                ))
                .hint(format!(
                    "give the added one another name: {option} 'ai_' makes it \"ai_{}\"",
                    added.name
                )));
            }
            columns.push(added);
        }
        Ok(columns)
    }
}

/// Looks at the beginning of the input for what it is, and whether it has what the options name.
fn work(args: &Args, settings: &Settings) -> Result<(Work, Option<Vec<String>>)> {
    let input = Input::new(&args.input, args.input_format, args.delimiter)?;
    let mut first = None;
    let mut header = None;
    if input.path.is_some() {
        let mut rows = input.open()?;
        header = rows.header().map(<[String]>::to_vec);
        if input.format == Format::Jsonl {
            first = rows.next()?;
            header = first.as_ref().map(|row| row.names.to_vec());
        }
    }
    let is_requests = first.as_ref().is_some_and(|row| {
        // A table with a column of that name has a prompt.
        let is_to_embed = args.embeddings && settings.prompt.is_none();
        is_request(row) || (is_to_embed && row.cell("content").is_some())
    });
    let name = input.name();
    let Some(prompt) = &settings.prompt else {
        if is_requests {
            return Ok((requests(args, &input)?, None));
        }
        let columns = header.map_or("not known yet".to_owned(), |it| text::list(&it));
        return Err(Failure::usage(format!(
            "{name} is a table, which needs a prompt: its columns are {columns}"
        ))
        .hint(match args.embeddings {
            true => "write what to embed of each row: --prompt '{{ text }}'",
            false => "write what to ask of each row: --prompt 'Summarise: {{ text }}'",
        }));
    };
    if is_requests {
        return Err(Failure::usage(format!(
            "{name} is a file of finished requests, for which there is no prompt"
        ))
        .hint("leave --prompt out; or say what the table is, if it is one, in other columns"));
    }
    if let Some(names) = header.as_ref().filter(|_| input.format != Format::Jsonl) {
        let named = args
            .key
            .iter()
            .map(|it| ("--key", it))
            .chain(args.media.iter().map(|it| ("--media", it)));
        for (option, column) in named {
            if !names.contains(column) {
                return Err(no_column(&name, option, column, names));
            }
        }
    }
    let folder = input
        .path
        .as_deref()
        .and_then(Path::parent)
        .unwrap_or(Path::new(""));
    let maker = Maker {
        prompt: Prompt::new(prompt.clone(), header.as_deref().unwrap_or_default())?,
        key: args.key.clone(),
        media: Media {
            columns: args.media.clone(),
            folder: folder.to_owned(),
        },
        embedding: args.embeddings.then(|| Embedding {
            task_type: args.task_type.as_deref().map(task_type),
            dimensions: args.dimensions,
        }),
        input,
    };
    Ok((Work::Table(Arc::new(maker)), header))
}

fn requests(args: &Args, input: &Input) -> Result<Work> {
    let of_tables = [
        ("--key", args.key.is_some()),
        ("--media", !args.media.is_empty()),
        ("--task-type", args.task_type.is_some()),
        ("--dimensions", args.dimensions.is_some()),
    ];
    if let Some((option, _)) = of_tables.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Failure::usage(format!(
            "{option} is for tables, and {} is a file of finished requests",
            input.name()
        )));
    }
    Ok(Work::Requests(args.input.clone()))
}

/// Whether a model makes embeddings, by its name.
fn makes_embeddings(model: &str) -> bool {
    let id = model.rsplit('/').next().unwrap_or_default();
    id.contains("embedding") || id.contains("-e5-")
}

/// Whether a line is a request in the words of one of the services.
fn is_request(row: &Row) -> bool {
    let is_body = |value: &Value| {
        let fields = ["contents", "content", "messages", "instances"];
        fields.iter().any(|field| value.get(field).is_some())
    };
    let inner = ["request", "body"]
        .iter()
        .any(|name| row.cell(name).is_some_and(is_body));
    let bare = match row.cell("contents").or_else(|| row.cell("messages")) {
        Some(Value::Array(turns)) => turns
            .iter()
            .any(|turn| turn.get("parts").is_some() || turn.get("role").is_some()),
        _ => false,
    };
    inner || bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: &str) -> Row {
        let fields = crate::table::ordered_fields(line).unwrap();
        let (names, cells): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        Row {
            line: 1,
            names: names.into(),
            cells: cells
                .iter()
                .map(|cell| serde_json::from_str(cell.get()).unwrap())
                .collect(),
            spelled: Vec::new(),
        }
    }

    #[test]
    fn finished_requests_are_told_from_tables() {
        for line in [
            r#"{"key": "a", "request": {"contents": [{"parts": [{"text": "Hi"}]}]}}"#,
            r#"{"contents": [{"parts": [{"text": "Hi"}]}]}"#,
            r#"{"custom_id": "a", "body": {"messages": [{"role": "user", "content": "Hi"}]}}"#,
            r#"{"key": "a", "request": {"content": {"parts": [{"text": "Hi"}]}}}"#,
        ] {
            assert!(is_request(&row(line)), "{line}");
        }
        for line in [
            r#"{"id": 1, "text": "Hi"}"#,
            r#"{"request": "Please send …", "key": "a"}"#,
            r#"{"contents": ["milk", "honey"]}"#,
            r#"{"body": "A mail", "messages": 5}"#,
        ] {
            assert!(!is_request(&row(line)), "{line}");
        }
    }
}
