//! The files of an output, of which several may be read at once: rows of different files come in any
//! order, those of one file in theirs.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::bound;
use super::repeats::Repetition;
use super::rows::{ByteStream, Numbered};
use crate::error::{Error, Result};
use crate::http::connections::{Connection, Connections, MOST, Pace};
use crate::scan::lines::{LineSplitter, LineTooLong};

/// One file of an output, to be opened when its turn comes.
pub(crate) struct OutputFile {
    pub(crate) name: String,
    pub(crate) repetition: Repetition,
    pub(crate) contents: BoxFuture<'static, Result<ByteStream>>,
}

/// The files of an output.
pub(crate) struct Files {
    waiting: VecDeque<OutputFile>,
    open: Vec<OpenFile>,
    /// Which of them the last row was of.
    current: usize,
    max_line: usize,
    /// How much of a line may wait in memory for its end while other files are read too.
    max_share: usize,
    connections: Connections,
    pace: Pace,
}

struct OpenFile {
    name: String,
    repetition: Repetition,
    contents: Contents,
    splitter: LineSplitter,
}

enum Contents {
    /// With a connection that counts from now on, lest the slices of others take it.
    Opening {
        contents: BoxFuture<'static, Result<ByteStream>>,
        _connection: Connection,
    },
    Open(ByteStream),
}

impl Files {
    pub(super) fn new(
        files: impl IntoIterator<Item = OutputFile>,
        max_line: usize,
        connections: Connections,
    ) -> Self {
        Self {
            waiting: files.into_iter().collect(),
            open: Vec::new(),
            current: 0,
            max_line,
            max_share: connections.budget().limit() / MOST,
            pace: Pace::new(connections.clone()),
            connections,
        }
    }

    pub(super) fn repetition(&self) -> Repetition {
        let current = self.open.get(self.current);
        current.map_or(Repetition::None, |file| file.repetition)
    }

    /// Whether one of them seems to have no end.
    pub(super) fn is_endless(&self) -> bool {
        let mut passed_over = self.open.iter().map(|file| file.splitter.passed_over());
        passed_over.any(|passed_over| bound::of_line(passed_over).is_some())
    }

    /// The name of the file that the last row was of.
    pub(super) fn name(&self) -> &str {
        let current = self.open.get(self.current);
        current.map_or("output", |file| &file.name)
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Numbered>>> {
        if let Some(file) = self.open.get_mut(self.current)
            && let Some(line) = file.next_line()
        {
            return Poll::Ready(Some(Ok(line)));
        }
        loop {
            self.open_more();
            if self.open.is_empty() {
                return Poll::Ready(None);
            }
            // What has come of one file is read: now others have their turn.
            let (count, mut ended) = (self.open.len(), None);
            let is_long = |file: &OpenFile| file.splitter.held() > self.max_share;
            let longest = self.open.iter().position(is_long);
            for place in (1..=count).map(|step| (self.current + step) % count) {
                let Some(file) = self.open.get_mut(place) else {
                    continue;
                };
                // Of long lines, one at a time comes into memory.
                if longest.is_some_and(|longest| longest != place)
                    && file.splitter.held() > self.max_share
                {
                    continue;
                }
                match file.poll_line(cx) {
                    Poll::Ready(Some(line)) => {
                        self.current = place;
                        self.pace.serve();
                        return Poll::Ready(Some(line));
                    }
                    Poll::Ready(None) => {
                        ended = Some(place);
                        break;
                    }
                    Poll::Pending => {}
                }
            }
            match ended {
                Some(place) => {
                    self.open.remove(place);
                    self.current = place.checked_sub(1).unwrap_or(count.saturating_sub(2));
                }
                None if self.pace.poll_more(cx) => {}
                None => return Poll::Pending,
            }
        }
    }

    /// Opens files while there may be more connections. What may repeat rows of others comes after them.
    fn open_more(&mut self) {
        while self.open.len() < self.connections.allowed().max(1)
            && let Some(next) = self.waiting.front()
        {
            let repeats = |repetition| repetition == Repetition::Possible;
            let is_late = |open: &OpenFile| repeats(open.repetition) == repeats(next.repetition);
            if !self.open.iter().all(is_late) {
                return;
            }
            if let Some(file) = self.waiting.pop_front() {
                self.open.push(OpenFile {
                    name: file.name,
                    repetition: file.repetition,
                    contents: Contents::Opening {
                        contents: file.contents,
                        _connection: self.connections.one(),
                    },
                    splitter: LineSplitter::new(self.max_line),
                });
            }
        }
    }
}

impl OpenFile {
    /// The next line of what has come.
    fn next_line(&mut self) -> Option<Numbered> {
        match self.splitter.next_line() {
            Ok(line) => line.map(|(number, line)| (number, Ok(line))),
            Err(LineTooLong(number)) => {
                let max = self.splitter.max_line();
                let reason = format!("it is longer than {max} bytes (`Limits::max_line`)");
                Some((number, Err(reason)))
            }
        }
    }

    /// The next line and its number; `None` at the end of the file.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Numbered>>> {
        loop {
            if let Some(line) = self.next_line() {
                return Poll::Ready(Some(Ok(line)));
            }
            if let Some(endless) = bound::of_line(self.splitter.passed_over()) {
                let message = format!("{}: {endless}", self.name);
                return Poll::Ready(Some(Err(Error::protocol(message))));
            }
            let chunks = match &mut self.contents {
                Contents::Open(chunks) => chunks,
                Contents::Opening { contents, .. } => match ready!(contents.as_mut().poll(cx)) {
                    Ok(chunks) => {
                        self.contents = Contents::Open(chunks);
                        continue;
                    }
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            };
            match ready!(chunks.poll_next_unpin(cx)) {
                Some(Ok(chunk)) => self.splitter.push(chunk),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let last = self.splitter.last_line();
                    let last = last.map(|(number, line)| Ok((number, Ok(line))));
                    return Poll::Ready(last);
                }
            }
        }
    }
}
