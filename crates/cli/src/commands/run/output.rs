//! The outcomes of a run into the table beside it: each input row with what came of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use genai_batch::BatchResult;
use genai_batch::runs::Run;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::outcome::{Dimensions, Sizes, Tally, Told};
use super::place::Place;
use super::plan::{Plan, Work};
use crate::exit::{Failure, Kind, Result};
use crate::prompt::Riding;
use crate::show::bars::Bar;
use crate::table::columns::Column;
use crate::table::write::{Cell, TableWriter, Whole, digest_of};

/// Under which name a run notes the digests of its output.
pub(super) const OUTPUTS: &str = "outputs";
/// How many results are handed over at once, and about how many bytes.
const AT_ONCE: usize = 128;
const BYTES_AT_ONCE: usize = 512 * 1024;

/// Writes the table of a run: all of it, or nothing.
pub(super) async fn write(
    run: &Run,
    plan: &Arc<Plan>,
    place: &Place,
    columns: Vec<Column>,
    bar: &Bar,
) -> Result<Tally> {
    let dimensions = dimensions_of(run, plan).await?;
    let (send, receive) = mpsc::channel(4);
    let (reply, written) = oneshot::channel();
    let table = Table {
        plan: Arc::clone(plan),
        place: place.clone(),
        columns,
        dimensions,
        bar: bar.clone(),
    };
    let thread = std::thread::Builder::new().name("output".to_owned());
    thread.spawn(move || {
        // Nobody may wait for it any more.
        let _ = reply.send(table.write(receive));
    })?;
    let mut results = run.results().await?.in_input();
    let (mut some, mut bytes) = (Vec::with_capacity(AT_ONCE), 0);
    while let Some(result) = results.try_next().await? {
        bytes += result.response().map_or(0, |it| it.json().len());
        some.push(result);
        if some.len() == AT_ONCE || bytes >= BYTES_AT_ONCE {
            bytes = 0;
            let full = std::mem::replace(&mut some, Vec::with_capacity(AT_ONCE));
            if send.send(full).await.is_err() {
                // Its reply says why.
                break;
            }
        }
    }
    // As above.
    let _ = send.send(some).await;
    drop(send);
    let failed = |error: io::Error| {
        let out = place.out.display();
        Failure::new(Kind::Other, format!("cannot write {out}: {error}"))
            .hint("the answers are in the run: make it possible, and give the same command again")
    };
    let written = written
        .await
        .map_err(|_| failed(io::Error::other("its thread has ended")))?;
    let (whole, tally) = written.map_err(failed)?;
    put(run, plan, place, whole).await?;
    Ok(tally)
}

/// How many values embeddings have: as many as were asked for, or else as most have, which takes a look at
/// all of them, since any may be the one that is odd.
async fn dimensions_of(run: &Run, plan: &Plan) -> Result<Dimensions> {
    let mut dimensions = Dimensions::new(plan.args.dimensions);
    if plan.args.embeddings && !dimensions.is_known() {
        let mut sizes = Sizes::default();
        let mut results = run.results().await?.in_input();
        while let Some(result) = results.try_next().await? {
            sizes.see(&result);
        }
        dimensions.settle(&sizes);
    }
    Ok(dimensions)
}

/// Notes what the output will be before it is there, so that a run knows its own after a kill.
async fn put(run: &Run, plan: &Plan, place: &Place, whole: Whole) -> Result<()> {
    let digest = whole.digest.clone();
    let known = run.note(OUTPUTS).await?.map(|it| parse(&it));
    // What is there now need not be what was there as this began.
    let replaces = plan.args.overwrite
        || match look(&place.out, known.as_deref()).await? {
            Found::Nothing => false,
            Found::Own => true,
            Found::Changed | Found::Others => return Err(appeared(place)),
        };
    let mut known = known.unwrap_or_default();
    known.retain(|it| *it != digest);
    // The one that is there now, at most.
    let known: Vec<_> = known.pop().into_iter().chain([digest.clone()]).collect();
    run.set_note(OUTPUTS, Value::from(known).to_string())
        .await?;
    let put = tokio::task::spawn_blocking(move || whole.put(replaces)).await;
    put.map_err(io::Error::other)
        .and_then(|it| it)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists if !replaces => appeared(place),
            _ => Failure::new(
                Kind::Other,
                format!("cannot write {}: {error}", place.out.display()),
            ),
        })?;
    run.set_note(OUTPUTS, Value::from(vec![digest]).to_string())
        .await?;
    Ok(())
}

fn parse(note: &str) -> Vec<String> {
    serde_json::from_str(note).unwrap_or_default()
}

/// What stands where the table is to be.
enum Found {
    Nothing,
    /// What this run wrote.
    Own,
    /// Something else, where this run has written.
    Changed,
    /// Something else, where this run has not written.
    Others,
}

/// Looks at it; `known` are the digests of what the run has written.
async fn look(out: &Path, known: Option<&[String]>) -> Result<Found> {
    if !tokio::fs::try_exists(out).await? {
        return Ok(Found::Nothing);
    }
    let path: PathBuf = out.to_owned();
    let digest = tokio::task::spawn_blocking(move || digest_of(&path)).await;
    let digest = digest.map_err(io::Error::other)??;
    Ok(match known {
        Some(known) if known.contains(&digest) => Found::Own,
        Some(_) => Found::Changed,
        None => Found::Others,
    })
}

/// Refuses to write over a file that is not what this run wrote; `note` is what the run says of it.
pub(super) async fn refuse_others(out: &Path, note: Option<String>) -> Result<()> {
    let known = note.map(|it| parse(&it));
    let found = look(out, known.as_deref()).await?;
    let out = out.display();
    match found {
        Found::Nothing | Found::Own => Ok(()),
        Found::Changed => Err(Failure::usage(format!(
            "{out} is not as this run wrote it: it was changed since"
        ))
        .hint("move it away to keep it, or add --overwrite")),
        Found::Others => Err(Failure::usage(format!(
            "{out} is there already, and is not of this run"
        ))
        .hint("choose another name, or add --overwrite")),
    }
}

/// Why the table is not written: something came to its place while the run went on.
fn appeared(place: &Place) -> Failure {
    let (out, run) = (place.out.display(), place.run.display());
    Failure::new(
        Kind::Other,
        format!("{out} is not what this run wrote, and came there while it went on: it stays as it is"),
    )
    .hint(format!(
        "the answers are in the run: move that file away, or add --overwrite, and give the same command \
         again; or write them elsewhere, as lines of JSON: genai-batch runs export {run} --out FILE"
    ))
}

/// What the thread needs that writes.
struct Table {
    plan: Arc<Plan>,
    place: Place,
    columns: Vec<Column>,
    dimensions: Dimensions,
    bar: Bar,
}

impl Table {
    fn write(self, mut results: mpsc::Receiver<Vec<BatchResult>>) -> io::Result<(Whole, Tally)> {
        let escape = self.plan.args.escape_formulas;
        let columns = self.columns.clone();
        let mut writer = TableWriter::create(&self.place.out, self.place.format, columns, escape)?;
        let mut tally = Tally::default();
        while let Some(some) = results.blocking_recv() {
            self.bar.add(some.len() as u64);
            for result in some {
                let told = match self.plan.args.embeddings {
                    true => Told::of_embedding(&result, &self.dimensions),
                    false => Told::of(&result, self.plan.settings.shape.as_ref()),
                };
                tally.count(result.key(), &told);
                writer.write(self.cells(&result, told))?;
            }
        }
        Ok((writer.finish()?, tally))
    }

    fn cells(&self, result: &BatchResult, told: Told) -> Vec<Cell> {
        let added = self.plan.added().len();
        let mut cells: Vec<Cell> = match self.plan.work {
            Work::Requests(_) => vec![Cell::from(result.key().map(Value::from))],
            Work::Table(_) => {
                let mut row = Riding::of(result.metadata());
                let columns = &self.columns[..self.columns.len() - added];
                columns
                    .iter()
                    .map(|column| row.take(&column.name))
                    .collect()
            }
        };
        let error = Cell::of(told.failure.map(|it| it.message));
        let input_tokens = Cell::of(told.input_tokens);
        if self.plan.args.embeddings {
            cells.push(told.embedding.map_or(Cell::of(Value::Null), Cell::Vector));
            cells.extend([error, input_tokens]);
            return cells;
        }
        let shape = self.plan.settings.shape.as_ref();
        let fields = shape.and_then(|it| it.fields.as_ref()).map_or(0, Vec::len);
        let mut of_schema = told.fields;
        of_schema.resize(fields, Value::Null);
        cells.push(Cell::of(told.answer));
        cells.extend(of_schema.into_iter().map(Cell::of));
        cells.extend([
            Cell::of(told.finish_reason),
            error,
            input_tokens,
            Cell::of(told.output_tokens),
        ]);
        cells
    }
}
