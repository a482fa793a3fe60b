//! Parts of kept JSON, each read on its own, so that an odd shape in one hides no other.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::wire;

/// Reads a part as `T`, or not at all.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// Reads the elements of a list that are a `T`.
pub(super) fn read_each<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Vec<T> {
    let each: Vec<&RawValue> = read(raw).unwrap_or_default();
    each.into_iter().filter_map(|raw| read(Some(raw))).collect()
}

pub(super) fn read_text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    /// A text that is borrowed where it has no escapes.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    read::<Text<'_>>(raw).map(|text| text.0)
}

/// A count that is 0 where it is absent or odd.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    wire::count(deserializer).map(Option::unwrap_or_default)
}

/// A field that is empty where it is absent or odd.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    wire::lenient(deserializer).map(Option::unwrap_or_default)
}

/// A list without the elements that are odd.
pub(super) fn each<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    let each: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(each
        .into_iter()
        .filter_map(|raw| serde_json::from_str(raw.get()).ok())
        .collect())
}
