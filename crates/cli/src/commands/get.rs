//! `genai-batch get`: one job.

use crate::connect::connect;
use crate::exit::{Failure, Kind, Result};
use crate::global::{Global, Output};
use crate::show::{Out, json, out};

/// Show a job.
///
/// Its state, how far it is, where its requests and results are, and why it failed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch get \"$(genai-batch list --limit 1 | cut -f1)\"
  genai-batch get \"$(genai-batch list --limit 1 | cut -f1)\" --output json")]
pub(crate) struct Args {
    /// The job: batches/ID, or on Vertex AI projects/…/batchPredictionJobs/ID.
    job: String,
    /// What the service said, as it came.
    #[arg(long)]
    raw: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect(global, None).await?;
    let job = connection.client.batches().get(&args.job).await?;
    if args.raw {
        return match global.output {
            Output::Jsonl => {
                let line = one_line(job.json()).map_err(|error| {
                    Failure::new(Kind::Other, format_args!("what the service said: {error}"))
                })?;
                out::write_text(&line)
            }
            _ => out::write_text(&format!("{}\n", job.json().trim_end())),
        };
    }
    let job = json::Job::from(&job);
    Out::of(global).parts(job.parts(), &job)
}

/// What is between the tokens of JSON taken out, and nothing else: its fields keep their order.
fn one_line(json: &str) -> serde_json::Result<String> {
    let _: serde::de::IgnoredAny = serde_json::from_str(json)?;
    let mut line = String::with_capacity(json.len() + 1);
    let (mut is_text, mut is_escaped) = (false, false);
    for c in json.chars() {
        if is_text {
            is_text = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            is_text = c == '"';
        }
        line.push(c);
    }
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_said_is_one_line_with_its_texts_as_they_are() {
        let said = "{\n  \"b\": \"x \\\" y\\\\\",\n  \"a\": [1, 2.50]\n}\n";
        let line = "{\"b\":\"x \\\" y\\\\\",\"a\":[1,2.50]}\n";
        assert_eq!(one_line(said).unwrap(), line);
        assert!(one_line("{").is_err());
    }
}
