//! The calls that read, list and delete files.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::resource;
use super::service::Gemini;
use crate::error::{ApiError, ApiResult};
use crate::paging::PageRequest;
use crate::reply;

const DEFAULT_PAGE: usize = 10;
const MAX_PAGE: usize = 100;
const LONGEST_ID: usize = 40;

impl Gemini {
    /// The metadata of a file. Ids longer than the service allows are refused, although it makes
    /// such ids itself for result files.
    pub(crate) fn get_file(&self, id: &str) -> ApiResult<Response> {
        if id.chars().count() > LONGEST_ID {
            return Err(ApiError::bad_field(
                "GetFileRequest.name",
                &format!("The id may have at most {LONGEST_ID} characters."),
            ));
        }
        let file = self.files.get(id, self.clock.now())?;
        let reply = reply::json(StatusCode::OK, &resource::file(&file));
        file.looked_at();
        Ok(reply)
    }

    pub(crate) async fn list_files(self: &Arc<Self>, query: Option<&str>) -> ApiResult<Response> {
        for job in self.jobs.all() {
            self.settle(&job).await?;
        }
        let most = MAX_PAGE.min(self.settings.max_page_size);
        let page = PageRequest::of(query, DEFAULT_PAGE, most)?;
        let files = self.files.all(self.clock.now());
        let page = page.select(files, |(serial, _)| *serial, self.faults.of_pages());
        let files: Vec<_> = page
            .items
            .iter()
            .map(|(_, file)| resource::file(file))
            .collect();
        Ok(page.reply("files", &files))
    }

    pub(crate) fn delete_file(&self, id: &str) -> ApiResult<Response> {
        self.files.get(id, self.clock.now())?;
        self.files.remove(id);
        Ok(reply::empty())
    }
}
