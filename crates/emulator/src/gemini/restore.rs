//! Going on from the state that an earlier process left.

use std::io;
use std::sync::Arc;

use serde_json::json;

use super::job::Job;
use super::job_record::JobRecord;
use super::resource;
use super::service::Gemini;
use crate::state::{Kind, Loading};
use crate::sync::lock;

impl Gemini {
    /// Takes in files, uploads and jobs as they were.
    pub(crate) fn restore(&self, loading: &mut Loading) -> io::Result<()> {
        self.files.restore(loading, &self.settings.base_url)?;
        let now = self.clock.now();
        let files = self.files.all(now);
        let made = |content: &str| {
            let (_, file) = files
                .iter()
                .find(|(_, file)| file.kept.name() == Some(content))?;
            let told = json!({ "file": resource::file(file) });
            Some((file.content.len() as u64, told))
        };
        self.uploads.restore(loading, &self.state, now, made)?;
        for record in loading.records::<JobRecord>(Kind::GeminiJob)? {
            let (job, requests) = Job::of_record(record, loading, self.state.clone())?;
            let job = Arc::new(job);
            if let Some(requests) = requests {
                lock(&self.unanswered).push((Arc::clone(&job), requests));
            }
            self.jobs.restore(job);
        }
        Ok(())
    }

    /// Goes on with what was under way. Called on the runtime of the server.
    pub(crate) fn go_on(self: &Arc<Self>) {
        self.files.forget_expired(self.clock.now());
        for (job, requests) in std::mem::take(&mut *lock(&self.unanswered)) {
            self.answer(&job, requests);
        }
        for job in self.jobs.all() {
            self.report_end_of(&job);
        }
    }
}
