//! Requests taken in one after the other, checked as those of a create are, for whoever keeps them
//! until they are sent.

use super::entry::Line;
use super::feed::Feed;
use super::intake::Intake;
use super::prepare::{next_line, used_twice};
use super::refusal::Refusal;
use super::remarks::Remarks;
use super::{Source, SourceKind};
use crate::error::{Error, Result};
use crate::keys::{DuplicateKey, assigned_key};

/// The requests of a source on their way in.
pub(crate) struct TakenIn {
    feed: Feed,
    intake: Intake,
    remarks: Remarks,
    refusal: Refusal,
}

impl Source {
    /// Opens a source that the client reads itself; one that the service holds is given back.
    pub(crate) async fn take_in(
        self,
        intake: Intake,
    ) -> Result<std::result::Result<TakenIn, SourceKind>> {
        let feed = match self.0 {
            SourceKind::Entries(entries) => Feed::entries(entries),
            SourceKind::Path(path) => Feed::open(&path).await?,
            held_by_service => return Ok(Err(held_by_service)),
        };
        Ok(Ok(TakenIn {
            feed,
            intake,
            remarks: Remarks::default(),
            refusal: Refusal::default(),
        }))
    }
}

impl TakenIn {
    /// The next request with its place and its key, the caller's or an assigned one. After the
    /// first that is refused, the others are looked at and none is given any more: the error at the
    /// end tells what is wrong with them.
    pub(crate) async fn next(&mut self) -> Result<Option<(u64, String, Line)>> {
        while let Some(line) = next_line(&mut self.feed, &mut self.intake).await? {
            let number = self.feed.number();
            match line {
                Ok(mut line) if self.refusal.is_empty() => {
                    self.remarks.log(&line.remarks, || self.feed.place(number));
                    let key = line.key.take().unwrap_or_else(|| assigned_key(number));
                    return Ok(Some((number, key, line)));
                }
                Ok(_) => {}
                Err(refused) => {
                    self.refusal.add(&refused, &self.feed.place(number));
                    if self.refusal.is_full() {
                        return Err(std::mem::take(&mut self.refusal).into_error(true));
                    }
                }
            }
        }
        std::mem::take(&mut self.remarks).finish();
        match self.refusal.is_empty() {
            true => Ok(None),
            false => Err(std::mem::take(&mut self.refusal).into_error(false)),
        }
    }

    /// What errors call the source.
    pub(crate) fn name(&self) -> &str {
        self.feed.name()
    }

    /// The error about a key that two requests have.
    pub(crate) fn used_twice(&self, key: String, first: u64, second: u64) -> Error {
        let assigned = key == assigned_key(first);
        used_twice(
            &self.feed,
            &DuplicateKey {
                key,
                first,
                second,
                assigned,
            },
        )
    }
}
