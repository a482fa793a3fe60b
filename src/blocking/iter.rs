//! Streams as iterators.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::engine::Engine;
use crate::error::Result;
use crate::response::ResponseError;
use crate::results::{BatchResult, Key, Report, ResultStream};

type Items<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// What a stream of the async client gives, one by one. An error ends it where it ends the
/// stream.
#[must_use = "iterators are lazy"]
pub struct Iter<T> {
    engine: Engine,
    /// Taken out as it is dropped, or once it is of no more use.
    items: Option<Items<T>>,
}

impl<T> Iter<T> {
    pub(super) fn new(
        engine: Engine,
        items: impl Stream<Item = Result<T>> + Send + 'static,
    ) -> Self {
        Self {
            engine,
            items: Some(Box::pin(items)),
        }
    }
}

impl<T> Iterator for Iter<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let next = self.engine.block_on(self.items.as_mut()?.next());
        next.unwrap_or_else(|error| {
            self.items = None;
            Some(Err(error))
        })
    }
}

impl<T> Drop for Iter<T> {
    fn drop(&mut self) {
        self.engine.drop_within(self.items.take());
    }
}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

/// The results of a job, one after another; see [`ResultStream`].
#[must_use = "iterators are lazy"]
pub struct ResultIter {
    engine: Engine,
    results: Option<ResultStream>,
    /// Whether a call from the wrong place has ended it.
    ended: bool,
}

impl ResultIter {
    pub(super) fn new(engine: Engine, results: ResultStream) -> Self {
        Self {
            engine,
            results: Some(results),
            ended: false,
        }
    }

    /// What became of the requests so far; the whole account once the iterator has ended.
    pub fn report(&self) -> Report {
        let report = self.results.as_ref().map(ResultStream::report);
        report.unwrap_or_default()
    }

    /// The responses as values of type `T`; see [`ResultStream::typed`].
    pub fn typed<T: DeserializeOwned>(self) -> TypedIter<T> {
        TypedIter {
            results: self,
            wanted: PhantomData,
        }
    }

    /// Reads the results to their end, keeping none, and gives the account of them.
    ///
    /// # Errors
    ///
    /// If the results cannot be read to the end.
    pub fn verify(mut self) -> Result<Report> {
        for result in &mut self {
            result?;
        }
        Ok(self.report())
    }
}

impl Iterator for ResultIter {
    type Item = Result<BatchResult>;

    fn next(&mut self) -> Option<Result<BatchResult>> {
        if self.ended {
            return None;
        }
        let next = self.engine.block_on(self.results.as_mut()?.next());
        next.unwrap_or_else(|error| {
            self.ended = true;
            Some(Err(error))
        })
    }
}

impl Drop for ResultIter {
    fn drop(&mut self) {
        self.engine.drop_within(self.results.take());
    }
}

impl fmt::Debug for ResultIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultIter")
            .field("report", &self.report())
            .finish_non_exhaustive()
    }
}

/// The responses to a job as values of type `T`, each under its key; see
/// [`TypedResults`](crate::results::TypedResults).
#[must_use = "iterators are lazy"]
#[derive(Debug)]
pub struct TypedIter<T> {
    results: ResultIter,
    wanted: PhantomData<fn() -> T>,
}

impl<T> TypedIter<T> {
    /// What became of the requests so far; see [`ResultIter::report`].
    pub fn report(&self) -> Report {
        self.results.report()
    }

    /// The results that are still to come, as they are.
    pub fn into_inner(self) -> ResultIter {
        self.results
    }
}

impl<T: DeserializeOwned> Iterator for TypedIter<T> {
    type Item = Result<(Option<Key>, Result<T, ResponseError>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.results.next()?;
        Some(result.map(|result| {
            let value = result.parse();
            (result.into_parts().0, value)
        }))
    }
}
