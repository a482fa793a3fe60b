//! The record of a file, the pages of their list, and their end.

use super::super::Gemini;
use super::super::name::gemini_file_id;
use crate::error::{Error, Result};
use crate::file::File;
use crate::page::Page;

impl Gemini {
    pub(crate) async fn get_file(&self, name: &str) -> Result<File> {
        let id = gemini_file_id(name)?;
        let file = self.raw().files_get(id).await;
        let file = file.map_err(|error| error.during(format!("reading files/{id}")));
        let file: File = file?.into_inner().try_into()?;
        match gemini_file_id(file.name()) {
            Ok(answered) if answered == id => Ok(file),
            _ => Err(Error::another(&format!("files/{id}"), file.name())),
        }
    }

    pub(crate) async fn list_files(
        &self,
        page_size: Option<i32>,
        page_token: Option<&str>,
    ) -> Result<Page<File>> {
        let page = self.raw().files_list(page_size, page_token).await?;
        page.into_inner().try_into()
    }

    pub(crate) async fn delete_file(&self, name: &str) -> Result<()> {
        let id = gemini_file_id(name)?;
        match self.raw().files_delete(id).await {
            Ok(_) => Ok(()),
            Err(error) => error.unless_file_deleted_already(),
        }
    }
}
