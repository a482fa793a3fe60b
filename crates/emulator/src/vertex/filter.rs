//! The filters of a listing: conditions on the display name, the state and the labels, all of which
//! have to hold.

use std::collections::BTreeMap;

use crate::error::{ApiError, ApiResult};

/// The conditions of a filter; none lets every job through.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Filter(Vec<Condition>);

#[derive(Debug, PartialEq)]
struct Condition {
    field: Field,
    test: Test,
    value: String,
}

#[derive(Debug, PartialEq)]
enum Field {
    DisplayName,
    State,
    Label(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Test {
    Is,
    IsNot,
    /// As `:` asks, where `*` stands for anything.
    Has,
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) state: &'a str,
    pub(crate) labels: &'a BTreeMap<String, String>,
}

impl Filter {
    pub(crate) fn parse(text: &str) -> ApiResult<Self> {
        let mut rest = text.trim();
        let mut conditions = Vec::new();
        while !rest.is_empty() {
            let (condition, after) = condition(rest)
                .ok_or_else(|| ApiError::invalid_argument(format!("Invalid filter: {text}")))?;
            conditions.push(condition);
            rest = match after.strip_prefix("AND ").map(str::trim_start) {
                Some(more) if !more.is_empty() => more,
                None if after.is_empty() => after,
                _ => {
                    return Err(ApiError::invalid_argument(format!(
                        "Invalid filter: {text}"
                    )));
                }
            };
        }
        Ok(Self(conditions))
    }

    pub(crate) fn asks_for_state(&self) -> bool {
        let of_state = |condition: &Condition| condition.field == Field::State;
        self.0.iter().any(of_state)
    }

    pub(crate) fn lets_through(&self, subject: &Subject<'_>) -> bool {
        self.0.iter().all(|condition| condition.holds(subject))
    }
}

impl Condition {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        let actual = match &self.field {
            Field::DisplayName => Some(subject.display_name),
            Field::State => Some(subject.state),
            Field::Label(key) => subject.labels.get(key).map(String::as_str),
        };
        match self.test {
            Test::Is => actual == Some(&self.value),
            Test::IsNot => actual != Some(&self.value),
            Test::Has => actual.is_some_and(|actual| matches_wildcards(actual, &self.value)),
        }
    }
}

/// The condition that `text` begins with, and what comes after it.
fn condition(text: &str) -> Option<(Condition, &str)> {
    let end = text.find(['=', ':', '!', ' ', '<', '>'])?;
    let (name, rest) = text.split_at(end);
    let field = match name {
        "displayName" | "display_name" => Field::DisplayName,
        "state" => Field::State,
        _ => Field::Label(name.strip_prefix("labels.")?.trim_matches('"').to_owned()),
    };
    let rest = rest.trim_start();
    let (test, rest) = [("!=", Test::IsNot), ("=", Test::Is), (":", Test::Has)]
        .into_iter()
        .find_map(|(sign, test)| Some((test, rest.strip_prefix(sign)?)))?;
    // The service compares states, and has no wildcards for them.
    if field == Field::State && test == Test::Has {
        return None;
    }
    let (value, rest) = value(rest.trim_start())?;
    let condition = Condition { field, test, value };
    Some((condition, rest.trim_start()))
}

/// The value that `text` begins with, in quotation marks or up to a space, and what comes after it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
        let plain = !value.is_empty() && !value.contains(['"', '=', '(', ')']);
        return plain.then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// Whether `text` is what `pattern` describes, in which `*` stands for any characters.
fn matches_wildcards(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| matches_wildcards(&text[at..], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str) -> bool {
        let labels = BTreeMap::from([("team".to_owned(), "search".to_owned())]);
        let subject = Subject {
            display_name: "nightly \"one\"",
            state: "JOB_STATE_RUNNING",
            labels: &labels,
        };
        Filter::parse(filter).unwrap().lets_through(&subject)
    }

    #[test]
    fn conditions_hold_or_not() {
        for filter in [
            "",
            r#"displayName="nightly \"one\"""#,
            r#"display_name = "nightly \"one\"""#,
            r#"display_name:"night*""#,
            r#"display_name:"*one*""#,
            r#"display_name!="other""#,
            r#"state="JOB_STATE_RUNNING""#,
            "state=JOB_STATE_RUNNING",
            "labels.team=search",
            r#"labels.team="search""#,
            "labels.team:*",
            "labels.other!=x",
            r#"state="JOB_STATE_RUNNING" AND labels.team=search AND display_name:"n*""#,
        ] {
            assert!(holds(filter), "{filter}");
        }
        for filter in [
            r#"displayName="nightly""#,
            r#"display_name:"nightly""#,
            r#"state!="JOB_STATE_RUNNING""#,
            "labels.other:*",
            r#"labels.team="search" AND state="JOB_STATE_FAILED""#,
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn other_filters_are_refused() {
        for filter in [
            "name=x",
            "state",
            "state=",
            r#"state:"JOB_*""#,
            r#"state="a" OR state="b""#,
            r#"NOT state="a""#,
            r#"state="a" AND"#,
            r#"state="a" AND "#,
            r#"displayName="open"#,
            r#"create_time>"2021-05-18T00:00:00Z""#,
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
