//! What the library logs of requests that it takes all the same: gathered as it comes, and told on
//! standard error, what is alike together.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::cell::safe;
use super::counted::{counted, grouped};
use super::note::warn;

/// Where the library logs them.
const TARGET: &str = "genai_batch::source";
/// How many places are named of those that are alike.
const PLACES: usize = 3;
/// How many kinds are kept; the library logs a few of each source.
const KINDS: usize = 50;

static GATHERED: Mutex<Gathered> = Mutex::new(Gathered {
    kinds: Vec::new(),
    more: 0,
});

/// Remarks that are not told yet.
#[derive(Debug)]
struct Gathered {
    kinds: Vec<Kind>,
    /// How many more the library has counted.
    more: u64,
}

/// Remarks that are alike.
#[derive(Debug, Default)]
struct Kind {
    /// What is told, with the field that it is about.
    text: String,
    places: Vec<String>,
    count: u64,
}

/// Gathers them from now on.
pub(crate) fn gather() {
    // Nobody else listens in this process.
    let _ = tracing::subscriber::set_global_default(Listener);
}

/// Tells what was gathered, and where there is more of it.
pub(crate) fn tell(where_all_are: &str) {
    let mut gathered = GATHERED.lock().unwrap_or_else(PoisonError::into_inner);
    for kind in gathered.kinds.drain(..) {
        warn(kind.told());
    }
    match std::mem::take(&mut gathered.more) {
        0 => {}
        more => warn(format_args!(
            "{} like these: {where_all_are} lists them",
            counted(more, "more remark")
        )),
    }
}

impl Gathered {
    fn add(&mut self, said: Said) {
        self.more = self.more.saturating_add(said.more);
        if said.place.is_empty() {
            return;
        }
        let text = match &*said.path {
            "" => said.message,
            path => format!("at {path}: {}", said.message),
        };
        let known = self.kinds.iter().position(|kind| kind.text == text);
        let at = match known {
            Some(at) => at,
            None if self.kinds.len() == KINDS => {
                self.more = self.more.saturating_add(1);
                return;
            }
            None => {
                self.kinds.push(Kind {
                    text,
                    ..Kind::default()
                });
                self.kinds.len() - 1
            }
        };
        let kind = &mut self.kinds[at];
        kind.count += 1;
        if kind.places.len() < PLACES {
            kind.places.push(said.place);
        }
    }
}

impl Kind {
    fn told(&self) -> String {
        let places = self.places.join(", ");
        let more = match self.count.saturating_sub(self.places.len() as u64) {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        safe(&format!("{places}{more}: {}", self.text)).into_owned()
    }
}

/// What one event says.
#[derive(Default)]
struct Said {
    place: String,
    path: String,
    message: String,
    more: u64,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "place" => value.clone_into(&mut self.place),
            "path" => value.clone_into(&mut self.path),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "more" {
            self.more = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

/// Hears warnings about requests, and nothing else.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && *metadata.level() <= Level::WARN
            && metadata.target().starts_with(TARGET)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        let mut gathered = GATHERED.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.add(said);
    }

    // There are no spans: none is enabled.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_told_once() {
        let mut gathered = Gathered {
            kinds: Vec::new(),
            more: 0,
        };
        for line in 1..=5 {
            gathered.add(Said {
                place: format!("r.jsonl:{line}"),
                path: "request.a".to_owned(),
                message: "odd \u{1b}".to_owned(),
                more: 0,
            });
        }
        gathered.add(Said {
            more: 7,
            ..Said::default()
        });
        let [kind] = &gathered.kinds[..] else {
            panic!("{gathered:?}")
        };
        assert_eq!(
            kind.told(),
            "r.jsonl:1, r.jsonl:2, r.jsonl:3 and 2 more: at request.a: odd \\u{1b}"
        );
        assert_eq!(gathered.more, 7);
    }
}
