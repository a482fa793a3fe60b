//! Arguments of a recorded call, taken one by one, so that none is passed over.

use serde_json::{Map, Value};

/// Why a call came to nothing.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Our API has no place for what the SDK's caller said.
    NotExpressible(String),
    /// Our client said no, or could not make sense of the response.
    Error(genai_batch::Error),
}

impl From<genai_batch::Error> for Stop {
    fn from(error: genai_batch::Error) -> Self {
        Self::Error(error)
    }
}

pub(crate) fn not_expressible<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::NotExpressible(why.into()))
}

/// The fields of one object of the SDK's input.
#[derive(Debug)]
pub(crate) struct Fields {
    of: &'static str,
    left: Map<String, Value>,
}

impl Fields {
    pub(crate) fn new(of: &'static str, fields: &Map<String, Value>) -> Self {
        Self {
            of,
            left: fields.clone(),
        }
    }

    /// The fields of an object inside this one; none if it is not there.
    pub(crate) fn inner(&mut self, name: &'static str) -> Result<Self, Stop> {
        match self.take(name) {
            None => Ok(Self::new(name, &Map::new())),
            Some(Value::Object(fields)) => Ok(Self::new(name, &fields)),
            Some(other) => not_expressible(format!("`{name}` of {} is {other}", self.of)),
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a field only if it is of some kind.
    pub(crate) fn take_if(&mut self, name: &str, is: impl Fn(&Value) -> bool) -> Option<Value> {
        self.left.get(name).filter(|value| is(value))?;
        self.take(name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Stop> {
        self.read(name, |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn integer<T: TryFrom<i64>>(&mut self, name: &str) -> Result<Option<T>, Stop> {
        self.read(name, |value| value.as_i64()?.try_into().ok())
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<f64>, Stop> {
        self.read(name, Value::as_f64)
    }

    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Stop> {
        self.read(name, |value| {
            let texts = value.as_array()?.iter();
            texts.map(|text| text.as_str().map(str::to_owned)).collect()
        })
    }

    fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Stop> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => not_expressible(format!("`{name}` of {} is {value}", self.of)),
        }
    }

    /// What nobody asked for by name.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.left
    }

    /// Fails if there are fields that nobody asked for.
    pub(crate) fn end(self) -> Result<(), Stop> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => not_expressible(format!("{} has no `{name}`", self.of)),
        }
    }
}
