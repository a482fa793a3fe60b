//! `bq://project.dataset.table`: a table, or the project or dataset in which one is made.

use std::fmt;

use crate::error::{Error, Result};

const SCHEME: &str = "bq://";

/// An address in BigQuery, exactly as it was given.
///
/// A project of a domain has dots of its own, as in `example.com:project`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BigQueryTable {
    text: String,
    /// Where the names of the project and the dataset end, the latter where a table follows.
    project_end: usize,
    dataset_end: Option<usize>,
}

impl BigQueryTable {
    /// Whether a text is meant to be one.
    pub(crate) fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Reads `bq://project`, perhaps with a dataset, perhaps with a table in it. Parts of a
    /// table (`table$20260101`) and sets of tables (`table_*`) count as tables.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Error::input(format!(
                "{text:?} is not an address in BigQuery: write bq://project.dataset.table"
            ))
        })
    }

    fn read(text: &str) -> Option<Self> {
        let name = text.strip_prefix(SCHEME)?;
        let (domain, short) = match name.rsplit_once(':') {
            Some((domain, short)) => (Some(domain), short),
            None => (None, name),
        };
        let mut parts = short.splitn(3, '.');
        let (project, dataset, table) = (parts.next()?, parts.next(), parts.next());
        if !domain.is_none_or(is_domain)
            || !is_plain(project)
            || !dataset.is_none_or(is_plain)
            || !table.is_none_or(is_table)
        {
            return None;
        }
        let project_end = text.len() - short.len() + project.len();
        let dataset_end = dataset.filter(|_| table.is_some());
        Some(Self {
            text: text.to_owned(),
            project_end,
            dataset_end: dataset_end.map(|dataset| project_end + 1 + dataset.len()),
        })
    }

    /// Reads one where a table can be made.
    pub(crate) fn parse_destination(text: &str) -> Result<Self> {
        let place = Self::parse(text)?;
        match place.table().is_some_and(is_selection) {
            false => Ok(place),
            true => Err(Error::input(format!(
                "{text:?} names a part of a table, or several: write bq://project.dataset.table"
            ))),
        }
    }

    /// The name of the table within its dataset, if it has one.
    fn table(&self) -> Option<&str> {
        self.text.get(self.dataset_end? + 1..)
    }
}

#[cfg(feature = "vertex")]
impl BigQueryTable {
    /// Reads a table as a service names it, with or without the scheme.
    #[cfg(feature = "bigquery")]
    pub(crate) fn parse_output(text: &str) -> Result<Self> {
        match Self::is_meant(text) {
            true => Self::parse(text),
            false => Self::parse(&format!("{SCHEME}{text}")),
        }
    }

    #[cfg(any(test, feature = "bigquery"))]
    pub(crate) fn project(&self) -> &str {
        &self.text[SCHEME.len()..self.project_end]
    }

    /// Reads one that names a table in full, a part of one, or several.
    pub(crate) fn parse_source(text: &str) -> Result<Self> {
        let table = Self::parse(text)?;
        match table.table() {
            Some(_) => Ok(table),
            None => Err(Error::input(format!(
                "{text:?} names no table in BigQuery: write bq://project.dataset.table"
            ))),
        }
    }

    /// Whether it names a part of a table, or several, by a decorator or a wildcard.
    pub(crate) fn is_selection(&self) -> bool {
        self.table().is_some_and(is_selection)
    }

    /// `project.dataset.table`, as one identifier of SQL: there is nothing in it that would end
    /// the quotes.
    #[cfg(any(test, feature = "bigquery"))]
    pub fn quoted(&self) -> Result<String> {
        match self.table() {
            Some(_) if !self.is_selection() => Ok(format!("`{}`", &self.text[SCHEME.len()..])),
            _ => Err(Error::input(format!(
                "{:?} does not name one table in BigQuery: write bq://project.dataset.table",
                self.text
            ))),
        }
    }
}

impl fmt::Display for BigQueryTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether the name of a table has a decorator or a wildcard.
fn is_selection(table: &str) -> bool {
    table.contains(['$', '*'])
}

/// Whether a text can be the name of a project or dataset.
fn is_plain(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Whether a text can stand before the colon of a project.
fn is_domain(name: &str) -> bool {
    name.contains('.') && name.split('.').all(is_plain)
}

/// Whether a text can be the name of a table, perhaps with a decorator or a wildcard at its end.
fn is_table(name: &str) -> bool {
    let (name, decorator) = match name.split_once('$') {
        Some((name, decorator)) => (name, Some(decorator)),
        None => (name.strip_suffix('*').unwrap_or(name), None),
    };
    // Letters, marks and numbers of all scripts, `-`, `_` and blanks.
    let fits = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' '),
        false => !c.is_control(),
    };
    !name.is_empty() && name.chars().all(fits) && decorator.is_none_or(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[cfg(feature = "vertex")]
    #[test]
    fn projects_datasets_and_tables_are_told_apart() {
        let read = |text: &str| {
            let address = BigQueryTable::parse(text).unwrap();
            let table = address.table().map(str::to_owned);
            (address.project().to_owned(), table)
        };
        let some = |table: &str| Some(table.to_owned());
        assert_eq!(read("bq://p-1"), ("p-1".into(), None));
        assert_eq!(read("bq://p.d_1"), ("p".into(), None));
        assert_eq!(read("bq://p.d.t 1"), ("p".into(), some("t 1")));
        assert_eq!(read("bq://p.d.größe"), ("p".into(), some("größe")));
        let scoped = ("example.com:p".into(), some("t"));
        assert_eq!(read("bq://example.com:p.d.t"), scoped);
        assert_eq!(read("bq://example.com:p.d"), ("example.com:p".into(), None));
        let decorated = "bq://p.d.t$20260101";
        assert_eq!(read(decorated), ("p".into(), some("t$20260101")));
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "p.d.t",
            "bq://",
            "bq://p.",
            "bq://p..t",
            "bq://p.d.",
            "bq://p.d.t.x",
            "bq://p/d",
            "bq://p.d.t/x",
            "bq://p:d.t",
            "bq://.com:p.d.t",
            "bq://p.d.t` --",
            "bq://p.d.t\\",
            "bq://p.d.'t'",
            "bq://p.d.t\n",
            "bq://p.d.t@1",
            "bq://p.d.$1",
            "bq://p.d.t$",
            "bq://p.d.a*b",
            "bq://p d.d.t",
        ] {
            let error = BigQueryTable::parse(text).unwrap_err();
            assert!(error.is_invalid_input(), "{text}");
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[cfg(feature = "vertex")]
    #[test]
    fn a_source_is_a_table_and_a_destination_one_table_at_most() {
        let parse = |text: &str| BigQueryTable::parse(text).unwrap();
        for (text, source, destination) in [
            ("bq://p", false, true),
            ("bq://p.d", false, true),
            ("bq://p.d.t", true, true),
            ("bq://p.d.t$2026", true, false),
            ("bq://p.d.t_*", true, false),
        ] {
            let (read, write) = (
                BigQueryTable::parse_source,
                BigQueryTable::parse_destination,
            );
            assert_eq!(read(text).is_ok(), source, "{text}");
            assert_eq!(write(text).is_ok(), destination, "{text}");
            assert_eq!(parse(text).quoted().is_ok(), source && destination);
        }
        assert_eq!(
            parse("bq://example.com:p.d.t").quoted().unwrap(),
            "`example.com:p.d.t`"
        );
    }

    proptest! {
        #[test]
        fn an_address_is_kept_to_the_letter(
            text in prop_oneof!["bq://[a-z.:$* é-]{0,12}", "bq://[a-z]{1,3}(\\.[a-z]{1,3}){1,2}", any::<String>()]
        ) {
            if let Ok(table) = BigQueryTable::parse(&text) {
                prop_assert_eq!(&table.to_string(), &text);
                prop_assert!(!text.contains(['`', '\\', '\'', '"', '\n', '/']) || text.matches('/').count() == 2);
            }
        }
    }
}
