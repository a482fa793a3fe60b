//! The names of objects and tables as jobs give them, and wildcards in them.

use serde::{Deserialize, Serialize};

/// A table by its parts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct TableName {
    pub(crate) project: String,
    pub(crate) dataset: String,
    pub(crate) table: String,
}

/// Where a table is to be made: in a project, in a dataset, or under a name of its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct TablePlace {
    pub(crate) project: String,
    pub(crate) dataset: Option<String>,
    pub(crate) table: Option<String>,
}

impl TableName {
    /// Reads `bq://project.dataset.table`.
    pub(crate) fn of(uri: &str) -> Option<Self> {
        let place = TablePlace::of(uri)?;
        Some(Self {
            project: place.project,
            dataset: place.dataset?,
            table: place.table?,
        })
    }

    pub(crate) fn uri(&self) -> String {
        format!("bq://{}", self.dotted())
    }

    pub(crate) fn dotted(&self) -> String {
        format!("{}.{}.{}", self.project, self.dataset, self.table)
    }
}

impl TablePlace {
    /// Reads `bq://project`, `bq://project.dataset` and `bq://project.dataset.table`. Dots belong
    /// to the project where it starts with a domain, as in `example.com:project`.
    pub(crate) fn of(uri: &str) -> Option<Self> {
        let name = uri.strip_prefix("bq://")?;
        let domain = name.find(':').map_or(0, |colon| colon + 1);
        let end = name[domain..].find('.').map(|dot| domain + dot);
        let (project, rest) = match end {
            Some(end) => (&name[..end], Some(&name[end + 1..])),
            None => (name, None),
        };
        let (dataset, table) = match rest.map(|rest| rest.split_once('.').ok_or(rest)) {
            None => (None, None),
            Some(Ok((dataset, table))) => (Some(dataset), Some(table)),
            Some(Err(dataset)) => (Some(dataset), None),
        };
        let parts = [Some(project), dataset, table];
        let sound = |part: &str| !part.is_empty() && !part.contains(['/', ' ']);
        let plain = table.is_none_or(|table| !table.contains('.'));
        (plain && parts.into_iter().flatten().all(sound)).then(|| Self {
            project: project.to_owned(),
            dataset: dataset.map(str::to_owned),
            table: table.map(str::to_owned),
        })
    }
}

/// `gs://bucket/object` as bucket and object, which is empty for a bucket alone.
pub(crate) fn split_object(uri: &str) -> Option<(&str, &str)> {
    let path = uri.strip_prefix("gs://")?;
    let (bucket, object) = path.split_once('/').unwrap_or((path, ""));
    (!bucket.is_empty()).then_some((bucket, object))
}

/// Whether `name` is what `pattern` describes: `*` stands for characters within a folder, `**`
/// across folders, and `?` for one character.
pub(crate) fn matches_wildcards(name: &str, pattern: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        return ends(name).any(|at| matches_wildcards(&name[at..], rest));
    }
    let mut chars = pattern.chars();
    match chars.next() {
        None => name.is_empty(),
        Some('*') => {
            let folder = name.find('/').unwrap_or(name.len());
            let within = ends(name).take_while(|at| *at <= folder);
            within
                .into_iter()
                .any(|at| matches_wildcards(&name[at..], chars.as_str()))
        }
        Some(wanted) => {
            let mut rest = name.chars();
            let next = rest.next();
            let fits = next.is_some_and(|c| c == wanted || (wanted == '?' && c != '/'));
            fits && matches_wildcards(rest.as_str(), chars.as_str())
        }
    }
}

/// The ends of all starts of `text`, the empty and the whole one included.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read() {
        let name = TableName::of("bq://p.d.t").unwrap();
        assert_eq!(name.uri(), "bq://p.d.t");
        let name = TableName::of("bq://example.com:p.d.t").unwrap();
        assert_eq!((&*name.project, &*name.table), ("example.com:p", "t"));
        for uri in ["p.d.t", "bq://p.d", "bq://", "bq://p..t", "bq://p.d.t.x"] {
            assert_eq!(TableName::of(uri), None, "{uri}");
        }
        let place = TablePlace::of("bq://p.d").unwrap();
        assert_eq!((place.dataset.as_deref(), place.table), (Some("d"), None));
        assert_eq!(TablePlace::of("bq://p").unwrap().dataset, None);
    }

    #[test]
    fn objects_are_split() {
        assert_eq!(split_object("gs://b/o/p"), Some(("b", "o/p")));
        assert_eq!(split_object("gs://b"), Some(("b", "")));
        assert_eq!(split_object("gs:///o"), None);
        assert_eq!(split_object("b/o"), None);
    }

    #[test]
    fn wildcards_stand_for_characters() {
        for (name, pattern, matches) in [
            ("in/part-1.jsonl", "in/part-*", true),
            ("in/part-1.jsonl", "in/*.jsonl", true),
            ("in/x/part-1.jsonl", "in/*.jsonl", false),
            ("in/x/part-1.jsonl", "in/**.jsonl", true),
            ("in/a1", "in/a?", true),
            ("in/a", "in/a?", false),
            ("in/b", "in/a*", false),
        ] {
            assert_eq!(
                matches_wildcards(name, pattern),
                matches,
                "{name} {pattern}"
            );
        }
    }
}
