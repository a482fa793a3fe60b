//! The lines of a results file of the Gemini backend as Vertex AI writes them, in four objects.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

const SHARDS: usize = 4;
/// The prompt after "Request 000001: ".
const PROMPT: &str = include_str!("../../prompt.txt");

/// The contents of each object, in the order of their names.
pub(crate) struct Objects(Vec<Vec<u8>>);

impl Objects {
    pub(crate) fn of(results: File) -> io::Result<Self> {
        let size = usize::try_from(results.metadata()?.len()).unwrap_or(0);
        let prompt = PROMPT.replace('"', "\\\"").replace('\n', "\\n");
        // Neighbouring lines go to the same object, as where a service splits a long file.
        let share = size.div_ceil(SHARDS);
        let mut objects = vec![Vec::new()];
        let mut read = 0;
        for (number, line) in BufReader::new(results).lines().enumerate() {
            let line = line?;
            if read >= share * objects.len() {
                objects.push(Vec::new());
            }
            read += line.len() + 1;
            let row = row(&line, number + 1, &prompt);
            let row = row.ok_or_else(|| io::Error::other(format!("no result line: {line}")))?;
            if let Some(object) = objects.last_mut() {
                object.extend_from_slice(row.as_bytes());
            }
        }
        Ok(Self(objects))
    }

    /// Name and size of each.
    pub(crate) fn list(&self) -> impl Iterator<Item = (String, usize)> {
        let named = |(index, object): (usize, &Vec<u8>)| (self.name(index), object.len());
        self.0.iter().enumerate().map(named)
    }

    /// The object whose name reads so in an address.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        let index = (0..self.0.len()).find(|index| encode(&self.name(*index)) == name)?;
        self.0.get(index).map(Vec::as_slice)
    }

    fn name(&self, index: usize) -> String {
        let count = self.0.len();
        format!("out/predictions_{index:05}-of-{count:05}.jsonl")
    }
}

/// As clients of Cloud Storage write a name into an address.
fn encode(name: &str) -> String {
    let encode = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_string(),
        false => format!("%{:02X}", u32::from(c)),
    };
    name.chars().map(encode).collect()
}

/// `{"key":"…","response":{…}}` or `{"key":"…","error":{…}}` as a row of Vertex AI.
fn row(line: &str, number: usize, prompt: &str) -> Option<String> {
    let rest = line.strip_prefix("{\"key\":\"")?.strip_suffix('}')?;
    let (key, outcome) = rest.split_once("\",")?;
    let (status, response) = match outcome.strip_prefix("\"response\":") {
        Some(response) => (String::new(), response),
        None => {
            let error = outcome.strip_prefix("\"error\":")?;
            let error = error.replace('"', "\\\"");
            (format!("Bad Request: {{\\\"error\\\": {error}}}"), "{}")
        }
    };
    Some(format!(
        "{{\"status\":\"{status}\",\"processed_time\":\"2026-01-02T03:04:05.678+00:00\",\
         \"request\":{{\"contents\":[{{\"parts\":[{{\"text\":\"Request {number:06}: {prompt}\"}}],\
         \"role\":\"user\"}}],\"generationConfig\":{{\"temperature\":0.2,\"maxOutputTokens\":64}}}},\
         \"response\":{response},\"key\":\"{key}\"}}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_addresses_have_them() {
        let objects = Objects(vec![b"a".to_vec()]);
        let (name, size) = objects.list().next().unwrap();
        assert_eq!((&*name, size), ("out/predictions_00000-of-00001.jsonl", 1));
        let address = "out%2Fpredictions%5F00000%2Dof%2D00001%2Ejsonl";
        assert_eq!(objects.get(address), Some(&b"a"[..]));
        assert_eq!(objects.get("out"), None);
    }

    #[test]
    fn a_line_becomes_a_row_that_echoes_the_request() {
        let answered = row(r#"{"key":"a","response":{"x":1}}"#, 7, "Why?").unwrap();
        assert!(answered.starts_with(r#"{"status":"","processed_time":"#));
        assert!(answered.contains(r#""text":"Request 000007: Why?""#));
        assert!(answered.ends_with("\"response\":{\"x\":1},\"key\":\"a\"}\n"));

        let failed = row(r#"{"key":"a","error":{"code":400}}"#, 7, "").unwrap();
        let status = r#"{"status":"Bad Request: {\"error\": {\"code\":400}}","#;
        assert!(failed.starts_with(status), "{failed}");
        assert!(failed.ends_with("\"response\":{},\"key\":\"a\"}\n"));

        assert_eq!(row("{}", 1, ""), None);
    }
}
