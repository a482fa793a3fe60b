//! Results as values of a Rust type, one after another.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::ResultStream;
use super::complete::ResponseError;
use super::key::Key;
use super::ledger::Report;
use crate::error::Result;

/// The responses of a job, each as a `T` or why it is not, under its key: a [`Stream`] made by
/// [`ResultStream::typed`].
///
/// An item that is an `Err` ends the stream, as with [`ResultStream`]; a response that is not a `T`
/// does not.
///
/// ```no_run
/// use futures_util::TryStreamExt;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Review {
///     stars: u8,
/// }
///
/// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
/// let mut reviews = client.batches().results(&job).await?.typed::<Review>();
/// while let Some((key, review)) = reviews.try_next().await? {
///     let key = key.as_deref().unwrap_or("(no key)");
///     match review {
///         Ok(review) => println!("{key}: {} stars", review.stars),
///         Err(error) => println!("{error}"),
///     }
/// }
/// println!("{}", reviews.report());
/// # Ok(())
/// # }
/// ```
pub struct TypedResults<T> {
    results: ResultStream,
    wanted: PhantomData<fn() -> T>,
}

impl ResultStream {
    /// The responses as values of type `T`; see [`BatchResult::parse`](crate::BatchResult::parse).
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Review {
    ///     stars: u8,
    /// }
    ///
    /// let mut reviews = client.batches().results(&job).await?.typed::<Review>();
    /// while let Some((key, review)) = reviews.try_next().await? {
    ///     match review {
    ///         Ok(review) => println!("{key:?}: {} stars", review.stars),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn typed<T: DeserializeOwned>(self) -> TypedResults<T> {
        TypedResults {
            results: self,
            wanted: PhantomData,
        }
    }
}

impl<T> TypedResults<T> {
    /// What became of the requests so far; see [`ResultStream::report`]. A response that is not a `T`
    /// counts as a response there.
    pub fn report(&self) -> Report {
        self.results.report()
    }

    /// The results that are still to come, as they are.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let typed = client.batches().results(&job).await?.typed::<Vec<String>>();
    /// let report = typed.into_inner().verify().await?; // of what was not read yet, too
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(self) -> ResultStream {
        self.results
    }
}

impl<T: DeserializeOwned> Stream for TypedResults<T> {
    type Item = Result<(Option<Key>, Result<T, ResponseError>)>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.results.poll_next_unpin(cx);
        next.map(|result| {
            let typed = |result: super::BatchResult| {
                let value = result.parse();
                (result.into_parts().0, value)
            };
            result.map(|result| result.map(typed))
        })
    }
}

impl<T> fmt::Debug for TypedResults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedResults")
            .field("results", &self.results)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;
    use crate::backend::gemini::results::read_row;
    use crate::error::Error;
    use crate::http::connections::Connections;
    use crate::results::{Expectation, Rows};

    #[tokio::test]
    async fn an_error_of_the_stream_ends_it_and_one_of_a_response_does_not() {
        let line = |key: &str, text: &str| {
            let parts = serde_json::json!([{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]);
            let line = serde_json::json!({"key": key, "response": {"candidates": parts}});
            Ok(Bytes::from(format!("{line}\n")))
        };
        let cut = Err(Error::protocol("cut"));
        let chunks = stream::iter([line("a", "7"), line("b", "seven"), line("c", "8"), cut]);
        let rows = Rows::file(
            "out.jsonl".to_owned(),
            Box::pin(chunks),
            usize::MAX,
            Connections::default(),
        );
        let results = ResultStream::new(rows, read_row, Expectation::Unknown);
        let mut numbers = results.typed::<u8>();
        let mut told = Vec::new();
        let error = loop {
            match numbers.next().await.unwrap() {
                Ok((key, number)) => told.push((key.unwrap(), number.ok())),
                Err(error) => break error,
            }
        };
        let expected = [
            ("a".into(), Some(7)),
            ("b".into(), None),
            ("c".into(), Some(8)),
        ];
        assert_eq!(told, expected);
        assert!(error.is_protocol() && numbers.next().await.is_none());
        assert_eq!(numbers.report().responses, 3);
        assert!(numbers.into_inner().next().await.is_none());
    }
}
