//! The outcomes of a run on their way out: one for each key, in the order of the input.

use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::store::outcomes::Kind;
use super::store::results::{self, Cursor, Stored};
use super::store::{Pending, Role, Store};
use crate::backend::AnyBackend;
use crate::batches::SaveTarget;
use crate::error::{Error, Result};
use crate::job::Status;
use crate::response::ResponseError;
use crate::results::line::{write_line, write_response};
use crate::results::row::{ReadRow, Row, RowBody};
use crate::results::{BatchResult, Key, KeyMatch, RowError, plain_response};

/// The outcomes of a run, one after another: a [`Stream`] of [`BatchResult`].
///
/// Each key has one outcome: the response, or what its last attempt came to. They come in the order of
/// the input, those of requests that vanished from it where they were before. A request without an
/// outcome is passed over: [`RunReport::unfinished`](super::RunReport::unfinished) counts them.
pub struct RunResults {
    stored: Pin<Box<dyn Stream<Item = Result<Stored>> + Send>>,
    path: PathBuf,
    read_row: ReadRow,
    in_input: bool,
}

impl RunResults {
    pub(super) async fn open(reader: Store, read_row: ReadRow) -> Result<Self> {
        let path = reader.path().to_owned();
        let cursor = reader.call(|it| Cursor::start(it)).await?;
        let first = next_page(&reader, cursor)?;
        let state = (reader, Some(first), VecDeque::new());
        let stored = stream::try_unfold(state, |(reader, mut pending, mut page)| async move {
            while page.is_empty() {
                let Some(ready) = pending.take() else {
                    return Ok::<_, Error>(None);
                };
                let (some, cursor) = ready.done().await?;
                page = VecDeque::from(some);
                if !page.is_empty() {
                    // Read while these are handed out.
                    pending = Some(next_page(&reader, cursor)?);
                }
            }
            let next = page.pop_front();
            Ok(next.map(|next| (next, (reader, pending, page))))
        });
        Ok(Self {
            stored: Box::pin(stored),
            path,
            read_row,
            in_input: false,
        })
    }

    /// Leaves out the outcomes of requests that vanished from the input.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let mut results = run.results().await?.in_input();
    /// while let Some(result) = results.try_next().await? {
    ///     println!("{:?}", result.key());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn in_input(mut self) -> Self {
        self.in_input = true;
        self
    }

    fn read(&self, stored: Stored) -> Result<BatchResult> {
        let read = result(stored, self.read_row);
        read.map_err(|error| error.during(format!("reading {}", self.path.display())))
    }

    /// Appends an outcome as a line.
    fn write(&self, stored: Stored, line: &mut Vec<u8>) -> Result<()> {
        if let (Kind::Response, Some(row)) = (stored.kind, &stored.row)
            && let Some(response) = plain_response(row.as_bytes())
        {
            let (key, metadata) = (stored.key.as_str(), stored.metadata.as_deref());
            write_response(Some(key), metadata, response, line);
        } else {
            write_line(&self.read(stored)?, line);
        }
        Ok(())
    }

    /// The responses as values of type `T`; see [`BatchResult::parse`].
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let mut scores = run.results().await?.typed::<u8>();
    /// while let Some(score) = scores.try_next().await? {
    ///     println!("{score:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn typed<T: DeserializeOwned>(self) -> TypedRunResults<T> {
        TypedRunResults {
            results: self,
            wanted: PhantomData,
        }
    }
}

type Page = (Vec<Stored>, Cursor);

fn next_page(reader: &Store, cursor: Cursor) -> Result<Pending<Page>> {
    reader.start_call(move |it| results::page(it, cursor))
}

/// A result as a job would have given it.
pub(super) fn result(stored: Stored, read_row: ReadRow) -> Result<BatchResult> {
    let key = Key::from(stored.key.as_str());
    let metadata = stored.metadata.map(Bytes::from);
    if let (Kind::Missing, None) = (stored.kind, &stored.row) {
        return Ok(BatchResult::missing(key.into()).explained(metadata, stored.message));
    }
    let mut row = match stored.row {
        Some(row) => read_row(row.into_bytes()).map_err(|why| {
            Error::protocol(format!(
                "the row of {key:?} in the run cannot be read: {why}"
            ))
        })?,
        None => Row {
            has_two_keys: false,
            key: None,
            body: RowBody::Error(RowError::new(Status::new(
                stored.code,
                stored.message,
                Vec::new(),
            ))),
            metadata: None,
            request: None,
            json: Bytes::new(),
        },
    };
    row.key = Some(key);
    row.metadata = metadata;
    Ok(BatchResult::new(row, KeyMatch::Matched))
}

impl Stream for RunResults {
    type Item = Result<BatchResult>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.stored.poll_next_unpin(cx)) {
                Some(Ok(stored)) if self.in_input && stored.vanished => {}
                next => {
                    return Poll::Ready(next.map(|next| next.and_then(|it| self.read(it))));
                }
            }
        }
    }
}

impl fmt::Debug for RunResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunResults").finish_non_exhaustive()
    }
}

/// The responses of a run, each as a `T` or why it is not, under its key: a [`Stream`] made by
/// [`RunResults::typed`].
pub struct TypedRunResults<T> {
    results: RunResults,
    wanted: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Stream for TypedRunResults<T> {
    type Item = Result<(Option<Key>, Result<T, ResponseError>)>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.results.poll_next_unpin(cx));
        Poll::Ready(next.map(|result| {
            result.map(|result| {
                let value = result.parse();
                (result.into_parts().0, value)
            })
        }))
    }
}

impl<T> fmt::Debug for TypedRunResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedRunResults").finish_non_exhaustive()
    }
}

/// Outcomes to be saved: made by [`Run::save_to`](super::Run::save_to); `.await` it for how many lines
/// were written.
#[must_use = "nothing is saved until this is awaited"]
#[derive(Debug)]
pub struct RunSave {
    read_row: ReadRow,
    /// What writes to other places than files.
    service: Option<AnyBackend>,
    run: PathBuf,
    place: PathBuf,
    overwrite: bool,
}

impl RunSave {
    pub(super) fn new(
        read_row: ReadRow,
        service: Option<AnyBackend>,
        run: PathBuf,
        place: PathBuf,
    ) -> Self {
        Self {
            read_row,
            service,
            run,
            place,
            overwrite: false,
        }
    }

    /// Whether to replace what is there already; by default that is an error.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// run.save_to("results.jsonl").overwrite(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    async fn save(&self) -> Result<u64> {
        let mut target = match &self.service {
            Some(service) => SaveTarget::open(service, &self.place, self.overwrite).await?,
            None => SaveTarget::open_local(&self.place, self.overwrite).await?,
        };
        match self.write(&mut target).await {
            Ok(lines) => target.finish().await.map(|()| lines),
            Err(error) => {
                target.abandon().await;
                Err(error)
            }
        }
    }

    async fn write(&self, target: &mut SaveTarget) -> Result<u64> {
        let reader = Store::open(&self.run, Role::Reader).await?;
        let mut results = RunResults::open(reader, self.read_row).await?;
        let (mut count, mut lines) = (0, Vec::new());
        while let Some(stored) = results.stored.try_next().await? {
            results.write(stored, &mut lines)?;
            target.write_if_many(&mut lines).await?;
            count += 1;
        }
        target.write(&lines).await?;
        Ok(count)
    }
}

impl IntoFuture for RunSave {
    type Output = Result<u64>;
    type IntoFuture = BoxFuture<'static, Result<u64>>;

    /// # Errors
    ///
    /// If something is there already, or the run cannot be read or the place written.
    fn into_future(self) -> Self::IntoFuture {
        let doing = format!("saving the run to {}", self.place.display());
        Box::pin(async move { self.save().await.map_err(|error| error.during(doing)) })
    }
}
