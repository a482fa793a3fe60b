//! The rows of the input on their way to the library: read on a thread of its own, since files block,
//! and handed over some at a time.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use genai_batch::{Request, Source};
use tokio::sync::mpsc::{self, Sender};

use crate::exit::{Failure, Result};
use crate::prompt::Maker;
use crate::table::columns::{Column, Columns};

/// How many requests are handed over at once.
const AT_ONCE: usize = 256;
/// How many of these are on the way.
const ON_THE_WAY: usize = 4;

/// What reading the input came to, beside the requests.
#[derive(Debug, Default)]
pub(super) struct Feed {
    failure: Mutex<Option<Failure>>,
    columns: Mutex<Columns>,
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
}

enum Message {
    Some(Vec<Request>),
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

    /// The requests of the rows, as a source that is read once.
    pub(super) fn source(self: &Arc<Self>, maker: &Arc<Maker>) -> Source {
        let (send, receive) = mpsc::channel(ON_THE_WAY);
        let (feed, maker) = (Arc::clone(self), Arc::clone(maker));
        // Not one of the runtime's, which would wait for it at the end: standard input may never end.
        let thread = std::thread::Builder::new().name("input".to_owned());
        let spawned = thread.spawn(move || {
            if let Err(failure) = feed.read(&maker, &send) {
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

    fn read(&self, maker: &Maker, send: &Sender<Message>) -> Result<()> {
        let mut rows = maker.input.open()?;
        let mut columns = match rows.kinds() {
            Some(kinds) => Columns::known(kinds),
            None => Columns::default(),
        };
        if let Some(header) = rows.header() {
            columns.name(header);
        }
        let mut some = Vec::with_capacity(AT_ONCE);
        while let Some(row) = rows.next()? {
            columns.see(&row);
            let request = maker.request(&row)?;
            if self.wanted > 0 {
                self.keep(maker, &row)?;
            }
            self.rows.fetch_add(1, Ordering::Relaxed);
            some.push(request);
            if some.len() == AT_ONCE {
                let full = std::mem::replace(&mut some, Vec::with_capacity(AT_ONCE));
                if send.blocking_send(Message::Some(full)).is_err() {
                    // Nobody wants more.
                    return Ok(());
                }
            }
        }
        *locked(&self.columns) = columns;
        self.ended.store(true, Ordering::Release);
        let is_wanted = send.blocking_send(Message::Some(some)).is_ok();
        if is_wanted {
            // Whether it is still wanted is of no matter now.
            let _ = send.blocking_send(Message::End);
        }
        Ok(())
    }

    fn keep(&self, maker: &Maker, row: &crate::table::Row) -> Result<()> {
        let mut samples = locked(&self.samples);
        if samples.len() < self.wanted {
            samples.push(Sample {
                key: maker.key(row)?,
                prompt: maker.prompt(row)?,
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

    /// The columns of the input, once it was read.
    pub(super) fn take_columns(&self) -> Vec<Column> {
        std::mem::take(&mut *locked(&self.columns)).into_vec()
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
