//! Making a run, or taking one up: held against what it was made with, and its input taken in.

use std::path::{Path, PathBuf};

use super::intake::{self, Confirm, Identity, Intake, Notes};
use super::parts;
use super::store::parts::{self as store_parts, NewPart};
use super::store::{self, Lock, Role, Store, settings};
use crate::backend::AnyBackend;
use crate::batches::Checks;
use crate::error::{Error, Result};
use crate::options::{CreateOptions, Task};
use crate::source::intake::Intake as Taking;
use crate::source::kind::JobKind;
use crate::source::{Source, SourceKind};

/// What the caller said of the run.
pub(super) struct Asked<'a> {
    pub(super) service: &'a AnyBackend,
    pub(super) path: &'a Path,
    pub(super) model: Option<&'a str>,
    pub(super) task: Task,
    pub(super) options: &'a CreateOptions,
    pub(super) dedupe: bool,
}

/// What goes with the input.
pub(super) struct Beside {
    pub(super) notes: Notes,
    pub(super) confirm: Option<Confirm>,
}

type Opened = (Store, Identity, Option<Intake>);

impl Asked<'_> {
    /// Makes a new run of the source. Where that is refused or given up, nothing is left of it.
    pub(super) async fn make(
        &self,
        lock: Lock,
        source: Option<Source>,
        notes: Notes,
    ) -> Result<Opened> {
        let (identity, taken) = self.build(source, notes).await?;
        let store = Store::open(self.path, Role::Driver(lock)).await?;
        Ok((store, identity, Some(taken)))
    }

    /// Puts the file of a new run in its place.
    async fn build(&self, source: Option<Source>, notes: Notes) -> Result<(Identity, Intake)> {
        let missing = |what: &str| {
            let path = self.path.display();
            Error::input(format!(
                "there is no run at {path} yet, and a new one needs {what}"
            ))
        };
        let model = self.model.ok_or_else(|| missing("`model(…)`"))?;
        let source = source.ok_or_else(|| missing("`source(…)`"))?;
        let is_of_parts = parts::is_held(&source);
        self.refuse(self.task, model, Some(&source), is_of_parts)?;
        store::place::without_left_log(self.path).await?;
        let partial = Partial(store::partial(self.path));
        let identity = Identity {
            backend: self.service.backend().to_string(),
            model: model.to_owned(),
            task: self.task,
            dedupe: self.dedupe,
            is_of_parts,
        };
        let taken = match is_of_parts {
            true => {
                let parts = self.parts(source, 0).await?;
                intake::first_parts(&partial.0, parts, &identity, notes).await?
            }
            false => {
                let taking = self.taking(model, self.task)?;
                intake::first(&partial.0, source, taking, &identity, notes).await?
            }
        };
        put_in_place(&partial.0, self.path).await?;
        Ok((identity, taken))
    }

    /// Takes up a run that is there. Where that is refused, it is closed again.
    pub(super) async fn go_on(
        &self,
        lock: Lock,
        source: Option<Source>,
        beside: Beside,
    ) -> Result<Opened> {
        let store = Store::open(self.path, Role::Driver(lock)).await?;
        match self.take_up(&store, source, beside).await {
            Ok((identity, taken)) => Ok((store, identity, taken)),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    async fn take_up(
        &self,
        store: &Store,
        source: Option<Source>,
        beside: Beside,
    ) -> Result<(Identity, Option<Intake>)> {
        let Beside { notes, confirm } = beside;
        let identity = read_identity(store).await?;
        let backend = self.service.backend().to_string();
        let same = |what: &str, has: &str, given: &str| match has == given {
            true => Ok(()),
            false => Err(Error::input(format!(
                "{} has {what} {has}, and was opened with {given}: open it as it was made, or make \
                 another run",
                self.path.display()
            ))),
        };
        same("the backend", &identity.backend, &backend)?;
        same(
            "the model",
            &identity.model,
            self.model.unwrap_or(&identity.model),
        )?;
        if source.is_some() {
            same("the task", name_of(identity.task), name_of(self.task))?;
        }
        let is_of_parts = identity.is_of_parts;
        // Without a source, the caller need not know what it is for.
        self.refuse(identity.task, &identity.model, source.as_ref(), is_of_parts)?;
        let taken = match source {
            None => None,
            Some(source) if parts::is_held(&source) != identity.is_of_parts => {
                let (has, given) = match identity.is_of_parts {
                    true => ("leaves its requests with the service", "this machine has"),
                    false => ("has its requests in its file", "the service holds"),
                };
                return Err(Error::input(format!(
                    "{} {has}, and was opened with a source that {given}: make another run for it",
                    self.path.display()
                )));
            }
            Some(source) if identity.is_of_parts => {
                let known = store.call(|it| store_parts::count(it)).await?;
                let parts = self.parts(source, known).await?;
                Some(intake::later_parts(store, parts, confirm, notes).await?)
            }
            Some(source) => {
                let taking = self.taking(&identity.model, identity.task)?;
                Some(intake::later(store, source, taking, confirm, notes).await?)
            }
        };
        Ok((identity, taken))
    }

    /// The parts of a source that the service holds, with its name, for a run that has so many already.
    async fn parts(&self, source: Source, known: i64) -> Result<(String, Vec<NewPart>)> {
        let name = source.0.name();
        let parts = parts::of(self.service, source, self.options).await?;
        let count = known.max(i64::try_from(parts.len()).unwrap_or(i64::MAX));
        parts::check_destination(count, self.options)?;
        Ok((name, parts))
    }

    /// Refuses what every create would be refused for, and what a run of parts has no place for.
    fn refuse(
        &self,
        task: Task,
        model: &str,
        source: Option<&Source>,
        is_of_parts: bool,
    ) -> Result<()> {
        if is_of_parts && self.dedupe {
            return Err(Error::input(
                "the option `dedupe` compares requests, and those of this run are with the service: \
                 leave it out",
            ));
        }
        let any = match is_of_parts {
            true => SourceKind::CloudStorage(Vec::new()),
            false => SourceKind::Path(PathBuf::new()),
        };
        let source = source.map_or(&any, |source| &source.0);
        let found = self.service.refusals(task, model, source, self.options);
        match found.into_iter().find(|finding| finding.is_error()) {
            Some(finding) => {
                let path = finding.path.as_ref().map(|path| format!("{path}: "));
                let (path, reason) = (path.unwrap_or_default(), finding.reason());
                Err(Error::input(format!("{path}{reason}")))
            }
            None => Ok(()),
        }
    }

    /// How requests are taken in.
    fn taking(&self, model: &str, task: Task) -> Result<Taking> {
        let kind = match task {
            Task::GenerateContent => JobKind::GenerateContent,
            Task::EmbedContent => JobKind::EmbedContent(self.service.embed_form(model)),
        };
        let defaults = &self.options.defaults;
        let taking = match self.options.checks {
            Checks::On => Taking::checked(kind, defaults, self.service.backend(), Some(model)),
            Checks::Off => Taking::unchecked(kind, defaults),
        };
        let writer = self.service.writer(task, model, self.options)?;
        Ok(taking
            .in_form(writer)
            .keyed_by(self.options.key_field.clone())
            .keeping_metadata())
    }
}

/// A new file that is not in its place yet, removed where that does not come.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // It may not be there at all, or in its place already.
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(super) fn name_of(task: Task) -> &'static str {
    match task {
        Task::GenerateContent => "generate",
        Task::EmbedContent => "embed",
    }
}

fn task_of(name: &str) -> Task {
    match name {
        "embed" => Task::EmbedContent,
        _ => Task::GenerateContent,
    }
}

/// What the run in a file is.
pub(super) async fn read_identity(store: &Store) -> Result<Identity> {
    let read = store.call(|it| {
        let text =
            |name| Ok::<String, rusqlite::Error>(settings::get(it, name)?.unwrap_or_default());
        Ok(Identity {
            backend: text("backend")?,
            model: text("model")?,
            task: task_of(&text("task")?),
            dedupe: settings::number(it, "dedupe")? != 0,
            is_of_parts: store_parts::has_any(it)?,
        })
    });
    read.await
}

/// Puts a new file in its place, once it is on the disk.
async fn put_in_place(partial: &Path, path: &Path) -> Result<()> {
    let (from, to) = (partial.to_owned(), path.to_owned());
    let put = tokio::task::spawn_blocking(move || {
        std::fs::File::open(&from)?.sync_all()?;
        std::fs::rename(&from, &to)
    });
    let put = put.await.map_err(std::io::Error::other);
    let put = put.and_then(|put| put);
    put.map_err(|e| Error::io(format!("cannot write {}", path.display()), e))
}
