//! What the user of a round saw, and what the service knows of it.

use genai_batch::{BatchResult, Outcome, Report};
use serde_json::Value;

use crate::fault::Step;
use crate::plan::Told;

/// A result as the user got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key, where it has one.
    pub key: Option<String>,
    /// What it says.
    pub told: Told,
}

impl Row {
    pub(crate) fn of(result: &BatchResult) -> Self {
        let told = match result.outcome() {
            Outcome::Response(response) => match response.embedding() {
                // The model of the suite gives whole numbers.
                Some(values) => Told::Embedding(values.iter().map(|n| *n as i64).collect()),
                None => Told::Text(response.text().unwrap_or_default().into_owned()),
            },
            Outcome::Error(error) => Told::Error(error.code()),
            Outcome::Missing => Told::Missing,
        };
        Self {
            key: result.key().map(str::to_owned),
            told,
        }
    }

    /// A line of a file of results.
    pub(crate) fn of_line(line: &str) -> Result<Self, String> {
        let unread = |why: &str| format!("a saved line is {why}: {line}");
        let value: Value = serde_json::from_str(line).map_err(|_| unread("no JSON"))?;
        let text = &value["response"]["candidates"][0]["content"]["parts"][0]["text"];
        let values = embedding_in(&value["response"]);
        let told = match (text.as_str(), value["error"]["code"].as_i64()) {
            (Some(text), None) => Told::Text(text.to_owned()),
            (None, None) if values.is_some() => Told::Embedding(values.unwrap_or_default()),
            (None, Some(code)) => Told::Error(code),
            (None, None) if value["missing"] == true => Told::Missing,
            _ => return Err(unread("no result")),
        };
        Ok(Self {
            key: value["key"].as_str().map(str::to_owned),
            told,
        })
    }
}

/// The values of an embedding, as Gemini's models and the older ones give them.
fn embedding_in(response: &Value) -> Option<Vec<i64>> {
    let older = &response["embeddings"]["values"];
    let values = response["embedding"]["values"].as_array();
    let values = values.or_else(|| older.as_array())?;
    values
        .iter()
        .map(|n| n.as_f64().map(|n| n as i64))
        .collect()
}

/// What was seen of the input that the client staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Staged {
    /// Whether it is there in the end.
    pub kept: bool,
    /// Whether it was staged by the client that waited for the job.
    pub known: bool,
}

/// Why a round ended before its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutShort {
    /// Nobody says whether there is a job, which is never listed.
    Unclear,
    /// The job is of the requests that the source changed to.
    OtherSource,
}

/// A step that failed and was taken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stumble {
    /// Which.
    pub step: Step,
    /// What its error said.
    pub error: String,
}

/// What the user of a round saw.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Observed {
    /// The results in the order in which they came.
    pub rows: Vec<Row>,
    /// The account of them.
    pub report: Option<Report>,
    /// What the wait said where the job ended badly.
    pub bad_end: Option<String>,
    /// Whether the results were refused because the job has none.
    pub no_results: bool,
    /// The step that failed however often it was taken.
    pub gave_up: Option<Step>,
    /// Steps that failed and were taken again.
    pub stumbles: Vec<Stumble>,
    /// How many jobs the user asked for.
    pub jobs_asked: usize,
    /// How many there are.
    pub jobs: usize,
    /// How many creates each of some calls sent that may have had an effect.
    pub creates: Vec<usize>,
    /// What became of the input that the client staged, if it did.
    pub staged: Option<Staged>,
    /// Why the round ended before its results, if it did.
    pub cut_short: Option<CutShort>,
    /// What is not as it should be, whatever became of the requests.
    pub oddities: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_lines_are_read() {
        let row = |line| Row::of_line(line).map(|row| (row.key, row.told));
        let key = Some("a".to_owned());
        assert_eq!(
            row(r#"{"key":"a","error":{"code":3}}"#),
            Ok((key.clone(), Told::Error(3)))
        );
        assert_eq!(
            row(r#"{"key":"a","missing":true}"#),
            Ok((key, Told::Missing))
        );
        let text = r#"{"response":{"candidates":[{"content":{"parts":[{"text":"7"}]}}]}}"#;
        assert_eq!(row(text), Ok((None, Told::Text("7".into()))));
        for response in [
            r#"{"embedding":{"values":[1,2.0]}}"#,
            r#"{"embeddings":{"values":[1,2]}}"#,
        ] {
            let line = format!(r#"{{"response":{response}}}"#);
            let told = Row::of_line(&line).map(|row| row.told);
            assert_eq!(told, Ok(Told::Embedding(vec![1, 2])));
        }
        assert!(row("{").is_err() && row("{}").is_err());
    }
}
