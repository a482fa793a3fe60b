//! Requests of the file as a source.

use futures_util::stream;

use super::store::Store;
use super::store::requests::{self, Members};
use crate::error::{Error, Result};
use crate::request::{Entry, EntryKind};
use crate::source::{EntryStream, Source, SourceKind};

type Page = Result<(Vec<String>, i64)>;

/// The requests that have no outcome and are in no job.
pub(super) fn source(store: Store) -> Source {
    paged(move |after| {
        let store = store.clone();
        async move { store.call(move |it| requests::unfinished(it, after)).await }
    })
}

/// What stands for requests that the service holds: an error.
pub(super) fn held_by_service() -> Source {
    let error = || {
        Error::input(
            "the requests of this run are with the service: `parts()` tells which files and tables are \
             left, and each is a source by its address",
        )
    };
    let entries = stream::once(async move { Err(error()) });
    Source(SourceKind::Entries(Box::pin(entries) as EntryStream))
}

/// The requests of a job.
pub(super) fn of_job(store: Store, members: Members) -> Source {
    paged(move |after| {
        let store = store.clone();
        async move {
            store
                .call(move |it| requests::bodies(it, members, after))
                .await
        }
    })
}

/// A source of pages, each after the request with this number.
fn paged<F, Fut>(read: F) -> Source
where
    F: Fn(i64) -> Fut + Send + 'static,
    Fut: Future<Output = Page> + Send + 'static,
{
    let state = (read, Vec::new().into_iter(), 0);
    let entries = stream::try_unfold(state, |(read, mut page, mut after)| async move {
        if page.len() == 0 {
            let (lines, last): (Vec<String>, i64) = read(after).await?;
            (page, after) = (lines.into_iter(), last);
        }
        let next = page.next();
        Ok(next.map(|line| (Entry(EntryKind::Line(line)), (read, page, after))))
    });
    let entries: EntryStream = Box::pin(entries);
    Source(SourceKind::Entries(entries))
}
