//! Taking requests into a run: streamed, checked as those of a create are, each with its digest.
//!
//! ```text
//! source → taken in, one after the other → 1 MB at a time → file
//!            first:  a new file, sorted at the end, put in its place once it is whole
//!            later:  compared with what is there, in one step: all of it or nothing
//! ```

use std::path::Path;

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::asked::name_of;
use super::store::parts::{self, NewPart};
use super::store::requests::{self, Counts, Later, NewRequest, Twice};
use super::store::{Store, settings};
use super::tokens;
use crate::counted::Counted;
use crate::error::{Error, Result};
use crate::keys::Bits;
use crate::options::Task;
use crate::scan::write_text;
use crate::source::Source;
use crate::source::attach::{AttachmentStore, Room, StoredFile};
use crate::source::entry::Line;
use crate::source::intake::Intake as Checks;
use crate::source::taken::TakenIn;

/// How many bytes of requests go to the file at once.
const AT_ONCE: usize = 1024 * 1024;

/// What opening a run did with its input. Where the service [holds](super::RunPart) the requests, files and
/// tables are counted in their place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Intake {
    /// How many requests the input has.
    pub requests: u64,
    /// Those whose keys the run did not have before: all of them, the first time.
    pub added: u64,
    /// Those that came with other contents than before: they are asked anew, and their earlier
    /// outcomes stand no longer.
    pub changed: u64,
    /// Those that were there already, the same.
    pub unchanged: u64,
    /// Requests of the run that are no longer in the input. They are kept, outcomes and all.
    pub vanished: u64,
}

impl From<Counts> for Intake {
    fn from(counts: Counts) -> Self {
        // Counted from 0.
        let count = |n: i64| n.unsigned_abs();
        Self {
            requests: count(counts.requests),
            added: count(counts.added),
            changed: count(counts.changed),
            unchanged: count(counts.unchanged),
            vanished: count(counts.vanished),
        }
    }
}

/// Asked whether an input may change a run.
pub(super) type Confirm = Box<dyn FnOnce(&Intake) -> bool + Send>;

/// What the program writes down beside an input, by name.
pub(super) type Notes = Vec<(String, String)>;

/// What a new run is.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) backend: String,
    pub(super) model: String,
    pub(super) task: Task,
    pub(super) dedupe: bool,
    /// Whether the service holds its requests.
    pub(super) is_of_parts: bool,
}

impl Identity {
    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        settings::set(connection, "backend", &self.backend)?;
        settings::set(connection, "model", &self.model)?;
        settings::set(connection, "task", name_of(self.task))?;
        settings::set(connection, "dedupe", self.dedupe)?;
        settings::set(connection, "cut_to", 0)
    }
}

/// Takes in the requests of a new run, into a file at `partial`.
pub(super) async fn first(
    partial: &Path,
    source: Source,
    checks: Checks,
    identity: &Identity,
    notes: Notes,
) -> Result<Intake> {
    let (mut source, name) = open(source, checks).await?;
    let store = Store::build(partial).await?;
    let mut counts = Counts::default();
    let mut writing = None;
    loop {
        let some = read(&mut source).await?;
        let is_end = some.is_empty();
        counts.requests += some.len() as i64;
        // The next are read while these are written.
        let write = store.start_call(move |it| requests::add_first(it, &some))?;
        if let Some(before) = writing.replace(write) {
            before.done().await?;
        }
        if is_end {
            break;
        }
    }
    if counts.requests == 0 {
        return Err(Error::input(format!("{name} has no requests")));
    }
    counts.added = counts.requests;
    let identity = identity.clone();
    let twice = store.call(move |it| {
        if let Some(twice) = requests::index_first(it)? {
            return Ok(Some(twice));
        }
        identity.write(it)?;
        if identity.dedupe {
            requests::dedupe_first(it)?;
        }
        set_notes(it, &notes)?;
        requests::note_intake(it, 1, &name, &counts)?;
        it.execute_batch("COMMIT")?;
        Ok(None)
    });
    let twice = twice.await?;
    refuse_twice(&source, twice)?;
    Ok(counts.into())
}

/// Takes in the parts of a new run, under the name of their source.
pub(super) async fn first_parts(
    partial: &Path,
    (name, parts): (String, Vec<NewPart>),
    identity: &Identity,
    notes: Notes,
) -> Result<Intake> {
    let store = Store::build(partial).await?;
    let identity = identity.clone();
    let taken = store.call(move |it| {
        let count = parts.len() as i64;
        let counts = Counts {
            requests: count,
            added: count,
            ..Counts::default()
        };
        identity.write(it)?;
        requests::index_first(it)?;
        parts::add_first(it, &parts)?;
        set_notes(it, &notes)?;
        requests::note_intake(it, 1, &name, &counts)?;
        it.execute_batch("COMMIT")?;
        Ok(counts)
    });
    Ok(taken.await?.into())
}

/// Takes the parts of a run in again: adds what is new or has changed.
pub(super) async fn later_parts(
    store: &Store,
    (name, parts): (String, Vec<NewPart>),
    confirm: Option<Confirm>,
    notes: Notes,
) -> Result<Intake> {
    let taken = store.call(move |it| {
        let step = it.transaction()?;
        let intake = settings::number(&step, "intake")? + 1;
        let counts = parts::add_later(&step, intake, &parts)?;
        let taken = Intake::from(counts);
        if confirm.is_some_and(|confirm| !confirm(&taken)) {
            return Ok(Err(taken)); // and the transaction is undone
        }
        set_notes(&step, &notes)?;
        requests::note_intake(&step, intake, &name, &counts)?;
        step.commit()?;
        Ok(Ok(taken))
    });
    taken.await?.map_err(|taken| not_confirmed(&taken))
}

/// Takes the input of a run in again: adds what is new or changed.
pub(super) async fn later(
    store: &Store,
    source: Source,
    checks: Checks,
    confirm: Option<Confirm>,
    notes: Notes,
) -> Result<Intake> {
    let (mut source, name) = open(source, checks).await?;
    let begun = store.call(|it| {
        it.execute_batch("BEGIN IMMEDIATE")?;
        let most: i64 = it.query_row("SELECT coalesce(max(id), 0) FROM requests", [], |row| {
            row.get(0)
        })?;
        Ok(Later {
            intake: settings::number(it, "intake")? + 1,
            dedupe: settings::number(it, "dedupe")? != 0,
            seen: Bits::with_len(most as usize + 1),
            counts: Counts::default(),
            moved: false,
        })
    });
    let mut later = begun.await?;
    let compared = async {
        loop {
            let some = read(&mut source).await?;
            if some.is_empty() {
                break;
            }
            let compare = store.call(move |it| {
                let twice = requests::add_later(it, &mut later, &some)?;
                Ok((later, twice))
            });
            let twice;
            (later, twice) = compare.await?;
            refuse_twice(&source, twice)?;
        }
        let end = store.call(move |it| {
            requests::end_later(it, &mut later)?;
            Ok(later)
        });
        let later = end.await?;
        let intake = Intake::from(later.counts);
        if confirm.is_some_and(|confirm| !confirm(&intake)) {
            return Err(not_confirmed(&intake));
        }
        let end = store.call(move |it| {
            set_notes(it, &notes)?;
            requests::note_intake(it, later.intake, &name, &later.counts)?;
            it.execute_batch("COMMIT")
        });
        end.await.map(|()| intake)
    };
    match compared.await {
        Ok(intake) => Ok(intake),
        Err(error) => {
            // What failed by itself is undone already.
            let undo = store.call(|it| match it.is_autocommit() {
                true => Ok(()),
                false => it.execute_batch("ROLLBACK"),
            });
            undo.await?;
            Err(error)
        }
    }
}

fn set_notes(connection: &Connection, notes: &[(String, String)]) -> rusqlite::Result<()> {
    notes
        .iter()
        .try_for_each(|(name, value)| settings::set_note(connection, name, value))
}

fn not_confirmed(intake: &Intake) -> Error {
    Error::input(format!(
        "the input has {} changed, {} new and {} vanished, which was not confirmed: the run is as it was",
        Counted(intake.changed, "request"),
        intake.added,
        intake.vanished
    ))
}

async fn open(source: Source, checks: Checks) -> Result<(TakenIn, String)> {
    let (source, _) = source.attaching(NoUploads);
    let taken = source.take_in(checks).await?;
    let taken = taken.map_err(|held| {
        let name = held.name();
        Error::input(format!("{name} is with the service, not on this machine"))
    })?;
    let name = taken.name().to_owned();
    Ok((taken, name))
}

/// Some requests; none at the end.
async fn read(source: &mut TakenIn) -> Result<Vec<NewRequest>> {
    let (mut some, mut bytes) = (Vec::new(), 0);
    while bytes < AT_ONCE
        && let Some((place, key, line)) = source.next().await?
    {
        let request = written(place, key, line)?;
        bytes += request.body.len() + request.key.len() + 64;
        some.push(request);
    }
    Ok(some)
}

fn written(place: u64, key: String, mut line: Line) -> Result<NewRequest> {
    let metadata = line.take_metadata();
    let mut body = Vec::with_capacity(line.request.len() + key.len() + 64);
    line.write_jsonl(&key, &mut body);
    // The end of the line.
    body.pop();
    let contents = without_key(&body, &key);
    let digest = Sha256::digest(contents);
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    let tokens = tokens::estimate(contents);
    // Written from texts alone.
    let body = String::from_utf8(body)
        .map_err(|_| Error::input(format!("the request {key:?} is not UTF-8")))?;
    Ok(NewRequest {
        place: place as i64,
        key,
        digest: short,
        tokens: tokens as i64,
        metadata,
        body,
    })
}

/// A line after its key, in whatever form; all of one that is sent as it was.
fn without_key<'a>(body: &'a [u8], key: &str) -> &'a [u8] {
    let mut head = Vec::with_capacity(key.len() + 16);
    for field in ["{\"key\":", "{\"custom_id\":"] {
        head.clear();
        head.extend_from_slice(field.as_bytes());
        write_text(key, &mut head);
        if let Some(contents) = body.strip_prefix(&*head) {
            return contents;
        }
    }
    body
}

fn refuse_twice(source: &TakenIn, twice: Option<Twice>) -> Result<()> {
    match twice {
        None => Ok(()),
        Some((key, first, second)) => {
            let place = |place: i64| place.unsigned_abs();
            Err(source.used_twice(key, place(first), place(second)))
        }
    }
}

/// Where local files go that are to be uploaded: nowhere, since the services keep them for less time
/// than a run may take.
struct NoUploads;

impl AttachmentStore for NoUploads {
    async fn upload(&self, path: &Path, _: &str) -> Result<StoredFile> {
        Err(Error::input(format!(
            "a run does not upload {}, since it may outlive what the service keeps: give its \
             contents with Part::inline_file, or upload it and refer to it by its URI",
            path.display()
        )))
    }

    async fn remove(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn room(&self) -> Room {
        Room { all: 0, each: 0 }
    }
}
