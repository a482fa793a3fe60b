//! What a create tells of requests that it takes all the same: the cheap part of a
//! [`preflight`](crate::Source::preflight), as warnings in the log.

use super::entry::Fields;
use crate::preflight::fields::{is_known_anywhere, nearest_anywhere};

/// How many remarks of one create are logged; the rest is counted.
const LOGGED: u64 = 10;

/// What is odd about a request and about what stands beside it.
pub(super) fn of<'a>(
    request: impl Iterator<Item = &'a String> + Clone,
    beside: &Fields,
) -> Vec<String> {
    let mut remarks = Vec::new();
    if request.clone().any(|name| name == "model") || beside.contains_key("model") {
        remarks.push(
            "the request names a model, but a batch answers all of them with its own".to_owned(),
        );
    }
    if beside.contains_key("custom_id") {
        remarks.push("`custom_id` stands beside `key`, which alone is the key".to_owned());
    }
    let names = request.filter(|name| !is_known_anywhere(name));
    remarks.extend(names.map(|name| match nearest_anywhere(name) {
        Some(near) => {
            format!("a request has no field `{name}` that is known: did you mean `{near}`?")
        }
        None => format!("a request has no field `{name}` that is known"),
    }));
    remarks
}

/// Remarks of one create on their way to the log.
#[derive(Debug, Default)]
pub(super) struct Remarks(u64);

impl Remarks {
    /// Logs what is odd about a line, unless there was enough of it.
    pub(super) fn log(&mut self, remarks: &[String], place: impl Fn() -> String) {
        for remark in remarks {
            if self.0 < LOGGED {
                tracing::warn!(place = place(), "{remark}");
            }
            self.0 += 1;
        }
    }

    /// Says how many more there were.
    pub(super) fn finish(self) {
        if let Some(more) = self.0.checked_sub(LOGGED).filter(|more| *more > 0) {
            tracing::warn!(more, "more such lines; `Source::preflight` lists them");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_told_and_what_is_right_is_not() {
        let told = |request: &str, beside: &str| {
            let request: Fields = serde_json::from_str(request).unwrap();
            of(request.keys(), &serde_json::from_str(beside).unwrap())
        };
        let right = r#"{"contents":[],"generation_config":{},"labels":{},"taskType":"X"}"#;
        assert!(told(right, r#"{"team":"x"}"#).is_empty());
        let odd = told(
            r#"{"contents":[],"model":"m","tool":[]}"#,
            r#"{"custom_id":"a"}"#,
        );
        assert_eq!(odd.len(), 3, "{odd:?}");
        assert!(odd[2].ends_with("did you mean `tools`?"), "{odd:?}");
    }
}
