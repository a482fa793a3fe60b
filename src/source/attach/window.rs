//! Requests whose files begin to go up before their turn.

use std::collections::VecDeque;
use std::task::Poll;

use futures_core::Stream;
use futures_util::{FutureExt, StreamExt, stream};

use super::Upload;
use crate::error::Result;
use crate::http::connections::MOST;
use crate::request::Entry;
use crate::source::EntryStream;

/// The same requests in their order, each once its files are up. While one waits for that, some of those
/// after it are read, so that their files go up too.
pub(super) fn beginning(
    mut entries: EntryStream,
    begin: impl Fn(&mut Result<Entry>) -> Vec<Upload> + Send + 'static,
) -> impl Stream<Item = Result<Entry>> + Send {
    let mut window: VecDeque<(Result<Entry>, Vec<Upload>)> = VecDeque::new();
    let mut is_over = false;
    stream::poll_fn(move |cx| {
        let mut has_more = !is_over;
        while has_more && window.len() < MOST {
            // One that has nothing to wait for is handed on before the next is read.
            if window
                .front()
                .is_some_and(|(_, uploads)| uploads.is_empty())
            {
                break;
            }
            match entries.poll_next_unpin(cx) {
                Poll::Ready(Some(mut entry)) => {
                    let uploads = begin(&mut entry);
                    window.push_back((entry, uploads));
                }
                Poll::Ready(None) => {
                    is_over = true;
                    has_more = false;
                }
                Poll::Pending => has_more = false,
            }
        }
        for (_, uploads) in &mut window {
            uploads.retain_mut(|upload| upload.poll_unpin(cx).is_pending());
        }
        match window.front() {
            Some((_, uploads)) if uploads.is_empty() => {
                Poll::Ready(window.pop_front().map(|(entry, _)| entry))
            }
            None if is_over => Poll::Ready(None),
            _ => Poll::Pending,
        }
    })
}
