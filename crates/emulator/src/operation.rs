//! The calls that the emulator answers, under the names of Google's API, for fault switches and
//! counts.

use std::fmt;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// One kind of call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* $variant,)*
        }

        impl Operation {
            /// The name, such as `models.batchGenerateContent`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

operations! {
    /// Creates a batch of `generateContent` requests, of a model or a tuned model.
    BatchGenerateContent => "models.batchGenerateContent",
    /// Creates a batch of `embedContent` requests, of a model or a tuned model.
    AsyncBatchEmbedContent => "models.asyncBatchEmbedContent",
    /// Reads one batch.
    GetBatch => "batches.get",
    /// Reads a page of batches.
    ListBatches => "batches.list",
    /// Cancels a batch.
    CancelBatch => "batches.cancel",
    /// Deletes a batch.
    DeleteBatch => "batches.delete",
    /// Changes a batch of `generateContent` requests.
    UpdateGenerateContentBatch => "batches.updateGenerateContentBatch",
    /// Changes a batch of `embedContent` requests.
    UpdateEmbedContentBatch => "batches.updateEmbedContentBatch",
    /// Opens a resumable upload.
    StartUpload => "media.upload.start",
    /// Sends a piece of an upload, the last one included.
    UploadChunk => "media.upload.chunk",
    /// Asks how much of an upload has arrived.
    QueryUpload => "media.upload.query",
    /// Gives an upload up.
    CancelUpload => "media.upload.cancel",
    /// Reads the metadata of one file.
    GetFile => "files.get",
    /// Reads a page of files.
    ListFiles => "files.list",
    /// Deletes a file.
    DeleteFile => "files.delete",
    /// Downloads the content of a file.
    DownloadFile => "files.download",
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
