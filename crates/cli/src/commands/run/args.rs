//! What may be written after `genai-batch run`.

use std::path::PathBuf;
use std::time::Duration;

use crate::table::Format;

/// Ask a model once for each row of a table, and write the table with the answers.
///
/// INPUT is a table with a prompt for each row (--prompt), or a finished file of requests, one a line.
/// What was asked and what came is kept in a file beside the output, so that the same command goes on
/// wherever it was stopped or killed, and pays for no row twice.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The table (.csv, .tsv, .jsonl, .parquet) or a .jsonl file of requests; - is standard input.
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// Where the table with the answers goes: .csv, .tsv, .jsonl or .parquet.
    #[arg(long, short, value_name = "FILE", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
    /// The prompt of a row: a template in Jinja, in which each column is a variable.
    #[arg(long, short, value_name = "TEMPLATE", conflicts_with = "prompt_file")]
    pub(crate) prompt: Option<String>,
    /// The prompt of a row, from a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt_file: Option<PathBuf>,
    /// The model; with --embeddings by default gemini-embedding-001.
    #[arg(
        long,
        short,
        default_value = "gemini-2.5-flash",
        default_value_if("embeddings", "true", "gemini-embedding-001")
    )]
    pub(crate) model: String,

    /// The column with the key of each row; by default a row has the number of its line for a key.
    #[arg(long, value_name = "COLUMN", help_heading = "Input")]
    pub(crate) key: Option<String>,
    /// A column that names images or other media, as paths from the input's folder or URIs; may be
    /// given several times.
    #[arg(long, value_name = "COLUMN", help_heading = "Input")]
    pub(crate) media: Vec<String>,
    /// How the input is written down; by default its name says it.
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) input_format: Option<Format>,
    /// What is between the cells of a CSV, such as ';'.
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter, help_heading = "Input")]
    pub(crate) delimiter: Option<u8>,

    /// Embed the prompt of each row in place of asking it; the output has the values as a list.
    #[arg(long, conflicts_with_all = OF_ANSWERS, help_heading = "Requests")]
    pub(crate) embeddings: bool,
    /// What the embeddings are for, such as RETRIEVAL_DOCUMENT, SEMANTIC_SIMILARITY or CLUSTERING.
    #[arg(
        long,
        value_name = "TYPE",
        requires = "embeddings",
        help_heading = "Requests"
    )]
    pub(crate) task_type: Option<String>,
    /// How many values an embedding has, in place of all that the model makes.
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        requires = "embeddings",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Requests"
    )]
    pub(crate) dimensions: Option<u32>,
    /// The system instruction of every request; @FILE reads it from a file.
    #[arg(long, value_name = "TEXT", help_heading = "Requests")]
    pub(crate) system: Option<String>,
    /// A JSON Schema that answers have to fit; the fields of an object become columns.
    #[arg(long, value_name = "FILE", help_heading = "Requests")]
    pub(crate) schema: Option<PathBuf>,
    /// Randomness, from 0 to 2.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER", value_parser = finite, help_heading = "Requests")]
    pub(crate) temperature: Option<f64>,
    /// Sample from the likeliest tokens whose probabilities add up to this.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER", value_parser = finite, help_heading = "Requests")]
    pub(crate) top_p: Option<f64>,
    /// Sample from this many of the likeliest tokens.
    #[arg(
        long,
        allow_negative_numbers = true,
        value_name = "N",
        help_heading = "Requests"
    )]
    pub(crate) top_k: Option<u32>,
    /// The longest answer, in tokens.
    #[arg(
        long,
        allow_negative_numbers = true,
        value_name = "TOKENS",
        help_heading = "Requests"
    )]
    pub(crate) max_output_tokens: Option<u32>,
    /// The most tokens to think with: 0 for none, -1 for as the model sees fit.
    #[arg(
        long,
        value_name = "TOKENS",
        allow_negative_numbers = true,
        help_heading = "Requests"
    )]
    pub(crate) thinking_budget: Option<i32>,
    /// Make sampling repeatable, as far as the model can.
    #[arg(
        long,
        value_name = "NUMBER",
        allow_negative_numbers = true,
        help_heading = "Requests"
    )]
    pub(crate) seed: Option<i32>,
    /// A text that ends an answer; may be given several times.
    #[arg(long, value_name = "TEXT", help_heading = "Requests")]
    pub(crate) stop: Vec<String>,
    /// A file with Google's GenerationConfig as JSON, for all other settings; the options go before it.
    #[arg(long, value_name = "FILE", help_heading = "Requests")]
    pub(crate) config: Option<PathBuf>,

    /// What the names of the added columns (answer, error, …) begin with.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        help_heading = "Output"
    )]
    pub(crate) prefix: String,
    /// What the names of the columns for the schema's fields begin with.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        help_heading = "Output"
    )]
    pub(crate) field_prefix: String,
    /// Write over a file at --out that is not of this run.
    #[arg(long, help_heading = "Output")]
    pub(crate) overwrite: bool,
    /// Put a ' before cells of CSV and TSV that a spreadsheet would take for formulas.
    #[arg(long, help_heading = "Output")]
    pub(crate) escape_formulas: bool,

    /// Show three requests, what is wrong, tokens, cost and limits; send nothing and write no file.
    #[arg(long, help_heading = "Run")]
    pub(crate) dry_run: bool,
    /// Ask so many rows for a trial, write them, and stop.
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Run")]
    pub(crate) first: Option<u64>,
    /// Make no job that may bring the cost above this, by estimate.
    #[arg(long, allow_negative_numbers = true, value_name = "AMOUNT", value_parser = amount, help_heading = "Run")]
    pub(crate) budget: Option<f64>,
    /// What a million tokens cost, in and out, before the discount of batches; by default a table has it.
    #[arg(long, value_name = "IN:OUT", value_parser = price, help_heading = "Run")]
    pub(crate) price: Option<(f64, f64)>,
    /// Stop after this time, such as 90m or 6h, and write what there is.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Run")]
    pub(crate) deadline: Option<Duration>,
    /// How often a row is asked at most for which nothing comes, or an error that may pass.
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Run")]
    pub(crate) attempts: u32,
    /// Send equal requests once, and give each of their rows the answer.
    #[arg(long, help_heading = "Run")]
    pub(crate) dedupe: bool,
    /// How many jobs there are at once at most.
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Run")]
    pub(crate) max_jobs: Option<u16>,
    /// How many requests a job has at most.
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Run")]
    pub(crate) job_requests: Option<u32>,
    /// How long it takes at least from one look at the jobs to the next.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Run")]
    pub(crate) poll_interval: Option<Duration>,
    /// How long a job is looked for whose creation had no clear response, before its requests are sent
    /// anew; by default an hour.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Run")]
    pub(crate) unclear_wait: Option<Duration>,
    /// Ask rows anew that changed since the run was made, by another prompt or another input, and pay
    /// for them again.
    #[arg(long, help_heading = "Run")]
    pub(crate) ask_anew: bool,
}

/// What is for answers alone, and not for embeddings.
const OF_ANSWERS: [&str; 11] = [
    "system",
    "schema",
    "temperature",
    "top_p",
    "top_k",
    "max_output_tokens",
    "thinking_budget",
    "seed",
    "stop",
    "config",
    "field_prefix",
];

const EXAMPLES: &str = "\
Examples:
  genai-batch run reviews.csv --prompt 'Summarise: {{ review }}' --out out.csv
  genai-batch run reviews.csv --prompt 'Summarise: {{ review }}' --dry-run
  genai-batch run reviews.csv --prompt-file rate.txt --first 20 --out first.parquet
  genai-batch run reviews.csv --prompt-file rate.txt --schema rating.json --out rated.csv
  genai-batch run reviews.csv --embeddings --prompt '{{ review }}' --out vectors.parquet
  genai-batch run requests.jsonl --out answers.jsonl --budget 5

Exit codes: 0 all rows have an answer, 2 usage, 3 credentials, 4 quota, 5 some rows failed,
6 stopped by --first, --budget or --deadline, 130 interrupted, 1 anything else.";

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
            _ => Err("it is one character, and not a quote or a line break".to_owned()),
        },
    }
}

fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("it is a number such as 0.5".to_owned()),
    }
}

fn amount(text: &str) -> Result<f64, String> {
    let text = text.trim_start_matches('$');
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err("it is an amount of 0 or more, such as 5 or 0.50".to_owned()),
    }
}

fn price(text: &str) -> Result<(f64, f64), String> {
    let (input, output) = text
        .split_once(':')
        .ok_or("it is two prices, such as 0.30:2.50")?;
    Ok((amount(input)?, amount(output)?))
}
