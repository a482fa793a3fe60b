//! Making jobs: each is in the file with its mark before it is sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::store::jobs;
use super::super::{parts, unfinished};
use super::{Done, Driver};
use crate::batches::Checks;
use crate::http::retry::refused_by_quota_once;
use crate::options::Note;
use crate::source::intake::Defaults;

impl Driver {
    /// Starts to make a job.
    pub(super) fn submit(&mut self, id: i64) {
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        live.is_busy = true;
        live.is_submitting = true;
        let (run, job) = (Arc::clone(&self.run), live.job.clone());
        self.works.push(Box::pin(async move {
            let placed = Arc::new(Mutex::new(job.placed.clone()));
            let note = {
                let (placed, store) = (Arc::clone(&placed), run.store.clone());
                move |is_sent_next: bool, names: Vec<String>| {
                    let all = add(&placed, names);
                    let store = store.clone();
                    async move {
                        let noted = store.call(move |it| match is_sent_next {
                            true => jobs::sending(it, id, &all),
                            false => jobs::placing(it, id, &all),
                        });
                        noted.await
                    }
                }
            };
            let before_place = note.clone();
            let mut options = run.options.clone();
            // All were done as the requests were taken in.
            options.checks = Checks::Off;
            options.defaults = Defaults::default();
            options.key_field = None;
            options.remove_staged_input = false;
            options.mark = job.mark.clone();
            // The run looks itself, for longer.
            options.look_for = Some(Duration::ZERO);
            options.before_place = Some(Note::new(move |names| before_place(false, names)));
            options.before_send = Some(Note::new(move |names| note(true, names)));
            let source = match &job.part {
                Some(part) => parts::source_of(&part.source),
                None => unfinished::of_job(run.store.clone(), job.members),
            };
            let create = run.service.create(run.task, &run.model, source, options);
            let created = refused_by_quota_once(create).await;
            let created = created.map_err(|error| error.during(format!("making job {id}")));
            let placed =
                std::mem::take(&mut *placed.lock().unwrap_or_else(PoisonError::into_inner));
            Done::Submitted(id, placed, created)
        }));
    }
}

/// Adds names to those of what was placed for a job before, and gives all.
fn add(placed: &Mutex<Vec<String>>, names: Vec<String>) -> Vec<String> {
    let mut placed = placed.lock().unwrap_or_else(PoisonError::into_inner);
    for name in names {
        if !placed.contains(&name) {
            placed.push(name);
        }
    }
    placed.clone()
}
