//! The rows of the input on their way to the library: read on a thread of its own, since files block,
//! and handed over some at a time.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use genai_batch::Source;
use genai_batch::request::Entry;
use tokio::sync::mpsc::{self, Sender};

use super::plan::Plan;
use crate::exit::{Failure, Result};
use crate::prompt::{Maker, template};
use crate::show::counted::{counted, grouped};
use crate::table::columns::{Column, Columns};
use crate::table::{Row, text};

/// How many requests are handed over at once.
const AT_ONCE: usize = 256;
/// How many of these are on the way.
const ON_THE_WAY: usize = 4;

/// What reading the input came to, beside the requests.
#[derive(Debug, Default)]
pub(super) struct Feed {
    failure: Mutex<Option<Failure>>,
    /// Those of the output, once the input was read.
    columns: Mutex<Vec<Column>>,
    pub(super) rows: AtomicU64,
    /// Whether the input was read to its end.
    ended: AtomicBool,
    /// Where those are kept that are shown before anything is sent.
    samples: Mutex<Vec<Sample>>,
    /// How many of them are kept.
    wanted: usize,
}

/// A request as it is shown.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Sample {
    pub(super) key: String,
    pub(super) prompt: String,
    /// What goes with the prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) media: Vec<String>,
}

/// Rows that ask nothing: all are looked for, so that they can be mended at once.
#[derive(Debug, Default)]
struct Blank {
    count: u64,
    told: String,
    column: Option<String>,
}

impl Blank {
    /// How many are told one by one.
    const TOLD: u64 = 20;

    fn see(&mut self, maker: &Maker, row: &Row) -> Result<()> {
        self.count += 1;
        if self.count > Self::TOLD {
            return Ok(());
        }
        let is_blank = |cell: &serde_json::Value| text::of(cell).trim().is_empty();
        let named = maker.prompt.columns(&row.names);
        let blank: Vec<_> = named
            .into_iter()
            .filter(|it| row.cell(it).is_some_and(is_blank))
            .collect();
        let place = maker.input.place(row.line);
        self.told.push_str(&format!("\n  {place}"));
        if maker.key.is_some() {
            self.told.push_str(&format!(" (key {:?})", maker.key(row)?));
        }
        match &blank[..] {
            [] => {}
            [one] => self
                .told
                .push_str(&format!(": nothing in the column {one}")),
            several => {
                let list = text::list(several);
                self.told
                    .push_str(&format!(": nothing in the columns {list}"));
            }
        }
        self.column = self.column.take().or(blank.into_iter().next());
        Ok(())
    }

    fn into_failure(self) -> Option<Failure> {
        let (count, told) = (self.count, self.told);
        let more = match count.checked_sub(Self::TOLD) {
            Some(more @ 1..) => format!("\n  … and {} more", grouped(more)),
            _ => String::new(),
        };
        let column = self.column.unwrap_or_else(|| "text".to_owned());
        let failure = Failure::usage(format!(
            "the prompt of {} is empty:{told}{more}",
            counted(count, "row")
        ));
        (count > 0).then(|| {
            failure.hint(format!(
                "leave these rows out, or ask something of them: {{{{ {} or 'nothing was written' }}}}",
                template::variable(&column)
            ))
        })
    }
}

enum Message {
    Some(Vec<Entry>),
    /// All were read. Without it, the thread has ended on the way.
    End,
}

impl Feed {
    /// Keeps the first requests, to be shown.
    pub(super) fn with_samples(wanted: usize) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// The requests of the rows, as a source that is read once. The columns have to be ones that the
    /// plan can write the answers beside.
    pub(super) fn source(self: &Arc<Self>, maker: &Arc<Maker>, plan: &Arc<Plan>) -> Source {
        let (send, receive) = mpsc::channel(ON_THE_WAY);
        let (feed, maker, plan) = (Arc::clone(self), Arc::clone(maker), Arc::clone(plan));
        // Not one of the runtime's, which would wait for it at the end: standard input may never end.
        let thread = std::thread::Builder::new().name("input".to_owned());
        let spawned = thread.spawn(move || {
            if let Err(failure) = feed.read(&maker, &plan, &send) {
                *locked(&feed.failure) = Some(failure);
            }
        });
        if let Err(error) = spawned {
            *locked(&self.failure) = Some(error.into());
        }
        let batches = stream::unfold(Some(receive), |receive| async move {
            let mut receive = receive?;
            match receive.recv().await {
                Some(Message::Some(requests)) => Some((Ok(requests), Some(receive))),
                Some(Message::End) => None,
                None => Some((Err("the input was not read to its end"), None)),
            }
        });
        let requests = batches.flat_map(|batch| {
            let requests: Vec<_> = match batch {
                Ok(requests) => requests.into_iter().map(Ok).collect(),
                Err(why) => vec![Err(why)],
            };
            stream::iter(requests)
        });
        Source::try_stream(requests)
    }

    fn read(&self, maker: &Maker, plan: &Plan, send: &Sender<Message>) -> Result<()> {
        let mut rows = maker.input.open()?;
        let mut columns = match rows.kinds() {
            Some(kinds) => Columns::known(kinds),
            None => Columns::default(),
        };
        if let Some(header) = rows.header() {
            columns.name(header);
        }
        let mut blank = Blank::default();
        let mut some = Vec::with_capacity(AT_ONCE);
        while let Some(row) = rows.next()? {
            columns.see(&row);
            self.rows.fetch_add(1, Ordering::Relaxed);
            let prompt = maker.prompt(&row)?;
            if prompt.trim().is_empty() {
                blank.see(maker, &row)?;
                continue;
            }
            if self.wanted > 0 {
                self.keep(maker, &row, &prompt)?;
            }
            // With what is only shown, no row need ride along.
            some.push(maker.request(row, prompt, self.wanted == 0)?);
            if some.len() == AT_ONCE {
                let full = std::mem::replace(&mut some, Vec::with_capacity(AT_ONCE));
                if send.blocking_send(Message::Some(full)).is_err() {
                    // Nobody wants more.
                    return Ok(());
                }
            }
        }
        if let Some(failure) = blank.into_failure() {
            return Err(failure);
        }
        // As long as nothing is made.
        *locked(&self.columns) = plan.columns(columns.into_vec())?;
        self.ended.store(true, Ordering::Release);
        let is_wanted = send.blocking_send(Message::Some(some)).is_ok();
        if is_wanted {
            // Whether it is still wanted is of no matter now.
            let _ = send.blocking_send(Message::End);
        }
        Ok(())
    }

    fn keep(&self, maker: &Maker, row: &Row, prompt: &str) -> Result<()> {
        let mut samples = locked(&self.samples);
        if samples.len() < self.wanted {
            samples.push(Sample {
                key: maker.key(row)?,
                prompt: prompt.to_owned(),
                media: maker.media.names(row),
            });
        }
        Ok(())
    }

    /// Whether there was nothing in the input.
    pub(super) fn is_empty(&self) -> bool {
        self.ended.load(Ordering::Acquire) && self.rows.load(Ordering::Relaxed) == 0
    }

    /// What stopped the reading, if something did.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        locked(&self.failure).take()
    }

    /// The columns of the output, once the input was read.
    pub(super) fn take_columns(&self) -> Vec<Column> {
        std::mem::take(&mut *locked(&self.columns))
    }

    pub(super) fn take_samples(&self) -> Vec<Sample> {
        std::mem::take(&mut *locked(&self.samples))
    }
}

/// Two rows with one key, which the input is read once more to find.
pub(super) fn same_key(maker: &Maker) -> Option<Failure> {
    let column = maker.key.as_ref()?;
    maker.input.path.as_ref()?;
    // The rows have to be read, and not kept.
    let hasher = RandomState::new();
    let mut seen: HashMap<u64, u64> = HashMap::new();
    let mut rows = maker.input.open().ok()?;
    while let Ok(Some(row)) = rows.next() {
        let key = maker.key(&row).ok()?;
        if let Some(before) = seen.insert(hasher.hash_one(&key), row.line) {
            let key = crate::table::text::clip(&key, 60);
            return Some(
                Failure::usage(format!(
                    "the key {key:?} is used twice, at {} and at {}",
                    maker.input.place(before),
                    maker.input.place(row.line)
                ))
                .hint(format!(
                    "every row needs a key of its own: is {column:?} the column? Without --key, a row has \
                     the number of its line"
                )),
            );
        }
    }
    None
}

/// What another thread left in the middle of is used as it is.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
