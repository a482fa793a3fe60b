//! Parts of kept JSON, each read on its own, so that an odd shape in one hides no other.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::elements::elements;
use crate::wire::{self, Float};

/// As many elements of a list are read whatever they take …
const FEW: usize = 1000;
/// … and further ones up to so many times the length of the list.
const TIMES: usize = 2;

/// Reads a part as `T`, or not at all.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// Reads the elements of a list that are a `T`: as many of them as take a few times the length of the
/// list, since an element that says nothing takes as much memory as any other.
pub(super) fn read_each<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Vec<T> {
    let len = raw.map_or(0, |raw| raw.get().len());
    let most = FEW + TIMES * len / size_of::<T>().max(1);
    let each = elements(raw).filter_map(|raw| read(Some(raw)));
    each.take(most).collect()
}

/// A text that is borrowed where it has no escapes.
pub(super) fn read_text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    wire::text(raw?)
}

/// A float, in each of its spellings.
pub(super) fn read_float(raw: Option<&RawValue>) -> Option<f64> {
    read(raw).map(|Float(float)| float)
}

/// A yes or no, which some write as a text.
pub(super) fn read_flag(raw: Option<&RawValue>) -> Option<bool> {
    match raw?.get() {
        "true" | "\"true\"" => Some(true),
        "false" | "\"false\"" => Some(false),
        _ => None,
    }
}

/// A yes or no that is no where it is absent or odd.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(read_flag(Some(raw)).unwrap_or_default())
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
    Ok(read_each(Some(raw)))
}
