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
            /// All of them, in the order above.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

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
    /// Counts the tokens of a request.
    CountTokens => "models.countTokens",
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
    /// Reads the public keys that webhooks are signed with.
    GetWebhookKeys => "webhooks.keys",
    /// Creates a job of Vertex AI.
    CreateBatchPredictionJob => "batchPredictionJobs.create",
    /// Reads one job.
    GetBatchPredictionJob => "batchPredictionJobs.get",
    /// Reads a page of jobs.
    ListBatchPredictionJobs => "batchPredictionJobs.list",
    /// Cancels a job.
    CancelBatchPredictionJob => "batchPredictionJobs.cancel",
    /// Deletes a job.
    DeleteBatchPredictionJob => "batchPredictionJobs.delete",
    /// Reads a long-running operation.
    GetOperation => "operations.get",
    /// Waits for a long-running operation.
    WaitOperation => "operations.wait",
    /// Asks a token endpoint for a token, whatever the grant.
    ExchangeToken => "oauth2.token",
    /// Asks for a token to act as a service account.
    GenerateAccessToken => "serviceAccounts.generateAccessToken",
    /// Asks for the token of the outside identity that token exchange takes.
    GetSubjectToken => "identity.subjectToken",
    /// Reads an entry of the metadata server.
    GetMetadata => "metadata.get",
    /// Asks the metadata server for a token.
    GetMetadataToken => "metadata.token",
    /// Downloads an object of Cloud Storage, whole or in part.
    GetObject => "storage.objects.get",
    /// Reads the metadata of an object.
    GetObjectMetadata => "storage.objects.getMetadata",
    /// Writes an object in one call.
    PutObject => "storage.objects.insert",
    /// Writes an object with the content of another.
    CopyObject => "storage.objects.copy",
    /// Deletes an object.
    DeleteObject => "storage.objects.delete",
    /// Reads a page of the objects of a bucket.
    ListObjects => "storage.objects.list",
    /// Opens a multipart upload of the XML API.
    CreateMultipartUpload => "storage.multipart.create",
    /// Sends a part of a multipart upload.
    UploadPart => "storage.multipart.uploadPart",
    /// Makes an object of the parts of a multipart upload.
    CompleteMultipartUpload => "storage.multipart.complete",
    /// Gives a multipart upload up.
    AbortMultipartUpload => "storage.multipart.abort",
    /// Opens a resumable upload of the JSON API.
    StartObjectUpload => "storage.upload.start",
    /// Sends a piece of a resumable upload of an object, the last one included.
    UploadObjectChunk => "storage.upload.chunk",
    /// Asks how much of a resumable upload of an object has arrived.
    QueryObjectUpload => "storage.upload.query",
    /// Gives a resumable upload of an object up.
    CancelObjectUpload => "storage.upload.cancel",
    /// Reads the metadata of a bucket.
    GetBucket => "storage.buckets.get",
    /// Makes a bucket.
    CreateBucket => "storage.buckets.insert",
    /// Deletes a bucket.
    DeleteBucket => "storage.buckets.delete",
    /// Reads a page of buckets.
    ListBuckets => "storage.buckets.list",
    /// Sends a query to BigQuery and reads its first page.
    Query => "bigquery.jobs.query",
    /// Reads a page of the result of a query.
    GetQueryResults => "bigquery.jobs.getQueryResults",
    /// Sends a query to BigQuery as a job.
    InsertQueryJob => "bigquery.jobs.insert",
    /// Reads the job of a query.
    GetQueryJob => "bigquery.jobs.get",
    /// Reads the metadata of a dataset of BigQuery.
    GetDataset => "bigquery.datasets.get",
    /// Makes a dataset.
    InsertDataset => "bigquery.datasets.insert",
    /// Reads the metadata of a table.
    GetTable => "bigquery.tables.get",
    /// Makes a table.
    InsertTable => "bigquery.tables.insert",
    /// Deletes a table.
    DeleteTable => "bigquery.tables.delete",
    /// Reads a page of the tables of a dataset.
    ListTables => "bigquery.tables.list",
    /// Reads a page of the rows of a table.
    ListTableRows => "bigquery.tabledata.list",
    /// Adds rows to a table.
    InsertTableRows => "bigquery.tabledata.insertAll",
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
