//! The parameters of a query, decoded.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// The names and values of a query, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(decoded.collect())
    }

    /// The value of the first parameter of this name, where it has one that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name);
        value
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether there is a parameter of this name, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The value of a parameter in another type, or the error of reading it.
    pub(crate) fn parse<T: FromStr>(&self, name: &str) -> Result<Option<T>, T::Err> {
        self.get(name).map(str::parse).transpose()
    }
}

/// The decoded value of a parameter of `query`, where it is given and not empty.
pub(crate) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    Query::of(query).get(name).map(str::to_owned)
}

fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = Query::of(Some("uploads&prefix=a%2Fb+c&n=12&empty=&prefix=other"));
        assert!(query.has("uploads") && query.has("empty") && !query.has("none"));
        assert_eq!(query.get("prefix"), Some("a/b c"));
        assert_eq!(query.get("empty"), None);
        assert_eq!(query.parse("n"), Ok(Some(12)));
        assert_eq!(query.parse::<u8>("none"), Ok(None));
        assert!(query.parse::<u8>("prefix").is_err());
    }

    #[test]
    fn query_values_are_decoded() {
        let query = Some("pageSize=2&page+Token=x&pageToken=a%2B%20b+c%26%3D&empty=");
        assert_eq!(query_value(query, "pageToken").as_deref(), Some("a+ b c&="));
        assert_eq!(query_value(query, "pageSize").as_deref(), Some("2"));
        assert_eq!(query_value(query, "empty"), None);
        assert_eq!(query_value(None, "pageSize"), None);
    }
}
