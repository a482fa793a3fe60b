//! Fields that stand twice in one object. Most readers keep the last and drop the first without a
//! word.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::path::Path;

/// The paths of the fields that stand twice in a JSON value, at the first few of them; none if it
/// is not JSON.
pub(crate) fn fields_twice(json: &str, path: &mut Path) -> Vec<String> {
    let mut found = Vec::new();
    let seed = Seek {
        path,
        found: &mut found,
    };
    // What is not JSON is told by who reads it.
    let _ = seed.deserialize(&mut serde_json::Deserializer::from_str(json));
    found
}

/// How many are told.
const TOLD: usize = 20;

struct Seek<'a> {
    path: &'a mut Path,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            self.path.push_field(&name);
            if !names.insert(name) && self.found.len() < TOLD {
                self.found.push(self.path.to_string());
            }
            map.next_value_seed(Seek {
                path: self.path,
                found: self.found,
            })?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.path.push_index(index);
            let seed = Seek {
                path: self.path,
                found: self.found,
            };
            let next = list.next_element_seed(seed)?;
            self.path.pop();
            if next.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(drop)
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_where_it_is() {
        let json = r#"{"a":{"b":1,"c":[{"d":null,"d":"x"}],"b":2},"e":{"a":1},"a":3}"#;
        let found = fields_twice(json, &mut Path::of(&["request"]));
        assert_eq!(found, ["request.a.c[0].d", "request.a.b", "request.a"]);
        assert!(
            fields_twice(r#"{"a":[{"b":1},{"b":1}],"b":1.5}"#, &mut Path::default()).is_empty()
        );
        assert!(fields_twice("{", &mut Path::default()).is_empty());
    }
}
