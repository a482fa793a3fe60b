//! A round as it was drawn: which backend, which requests, how the user goes about it, and what
//! goes wrong.

use std::fmt;

use genai_batch_emulator::Operation;

use crate::fault::{Fault, How, Moment, Step};

/// The service that a round runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// The Gemini Developer API.
    Gemini,
    /// Vertex AI, with Cloud Storage.
    Vertex,
}

impl Backend {
    pub(crate) fn list(self) -> Operation {
        match self {
            Self::Gemini => Operation::ListBatches,
            Self::Vertex => Operation::ListBatchPredictionJobs,
        }
    }

    pub(crate) fn get(self) -> Operation {
        match self {
            Self::Gemini => Operation::GetBatch,
            Self::Vertex => Operation::GetBatchPredictionJob,
        }
    }
}

/// What is done with the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// They are responded to with a text.
    Generate,
    /// They are embedded.
    Embed,
    /// They are embedded by one of the older models of Vertex AI, which take lines of another form.
    EmbedPlain,
}

/// Where the requests come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A list in memory.
    List,
    /// An iterator.
    Iterator,
    /// A local JSONL file.
    LocalFile,
    /// A file of the Files API that was uploaded before, or an object in Cloud Storage.
    Remote,
}

/// Where the results go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The caller takes them one by one.
    Stream,
    /// Into a local file.
    LocalFile,
    /// Into an object in Cloud Storage.
    Object,
}

/// How the client gets to know which results are to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Knowledge {
    /// It made the job.
    Job,
    /// The user names the keys.
    Keys,
    /// The user gives the requests once more.
    Requests,
}

/// One request of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its key.
    pub key: String,
    /// Its text.
    pub prompt: String,
    /// What is to come of it if nothing goes wrong.
    pub response: Told,
}

/// What a request was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Told {
    /// The text of its response.
    Text(String),
    /// The code of its error.
    Error(i64),
    /// The values of its embedding, which are whole.
    Embedding(Vec<i64>),
    /// That nothing came.
    Missing,
}

/// A round as it was drawn.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of the run.
    pub seed: u64,
    /// The number of the round.
    pub round: u64,
    /// The service.
    pub backend: Backend,
    /// What is done with the requests.
    pub task: Task,
    /// Whether jobs are made and read with an API key, where the service is Vertex AI.
    pub express: bool,
    /// The requests.
    pub asks: Vec<Ask>,
    /// How many bytes each is longer than its prompt; more than a few make an input that goes in
    /// several parts.
    pub padding: usize,
    /// Where they come from.
    pub source: Source,
    /// Whether requests go through a file even if there are few.
    pub never_inline: bool,
    /// Whether the service writes the results into a table of BigQuery.
    pub to_table: bool,
    /// Where the results go.
    pub delivery: Delivery,
    /// Over how many connections they come; `None` leaves it to the client.
    pub connections: Option<usize>,
    /// How the client knows which are to come.
    pub knowledge: Knowledge,
    /// Whether the user does all up to the results in one call.
    pub runs: bool,
    /// How many other jobs are waited for together with this one.
    pub companions: usize,
    /// Whether the user looks for the job before creating it.
    pub looks_first: bool,
    /// Whether the user makes and cancels another job before.
    pub cancels_another: bool,
    /// Whether the input is to be removed in the end.
    pub removes_input: bool,
    /// Whether the user deletes the job in the end.
    pub deletes: bool,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Plan {
    /// The display name of the job.
    pub fn display_name(&self) -> String {
        format!("chaos-{}-{}", self.seed, self.round)
    }

    /// The name of the model.
    pub(crate) fn model(&self) -> &'static str {
        match self.task {
            Task::Generate => "gemini-2.5-flash",
            Task::Embed => "gemini-embedding-001",
            Task::EmbedPlain => "text-embedding-005",
        }
    }

    /// The call that makes the job.
    pub(crate) fn create(&self) -> Operation {
        match (self.backend, self.task) {
            (Backend::Gemini, Task::Generate) => Operation::BatchGenerateContent,
            (Backend::Gemini, _) => Operation::AsyncBatchEmbedContent,
            (Backend::Vertex, _) => Operation::CreateBatchPredictionJob,
        }
    }

    /// The step that makes the job.
    pub(crate) fn making(&self) -> Step {
        match self.runs {
            true => Step::Run,
            false => Step::Create,
        }
    }

    /// Whether the requests go through a file of the service or Cloud Storage.
    pub(crate) fn input_is_file(&self) -> bool {
        const INLINE: usize = 100;
        self.backend == Backend::Vertex
            || self.source == Source::Remote
            || self.never_inline
            || self.is_bulky()
            || self.asks.len() > INLINE
    }

    /// Whether the input goes in several parts.
    pub(crate) fn is_bulky(&self) -> bool {
        self.padding > 0
    }

    /// Whether the results are in files of the service or Cloud Storage.
    pub(crate) fn output_is_file(&self) -> bool {
        self.input_is_file() && !self.to_table
    }

    /// Whether the client itself puts the requests there.
    pub(crate) fn client_stages(&self) -> bool {
        self.input_is_file() && self.source != Source::Remote
    }

    /// Whether calls of Google Cloud have to come with a token of the emulator.
    pub(crate) fn has_tokens(&self) -> bool {
        let of_tokens = |fault: &Fault| {
            matches!(
                fault,
                Fault::TokensRevoked(_) | Fault::TokensSkewed(_) | Fault::Tokens { .. }
            )
        };
        self.faults.iter().any(of_tokens)
    }

    /// Whether a call may get the record of another job.
    pub(crate) fn has_stranger(&self) -> bool {
        let of_other = |fault: &Fault| {
            matches!(
                fault,
                Fault::Call {
                    how: How::OtherJob,
                    ..
                }
            )
        };
        self.faults.iter().any(of_other)
    }

    /// When the future of a step is dropped.
    pub(crate) fn drops(&self, step: Step) -> Option<Moment> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Dropped(at, moment) if *at == step => Some(*moment),
            _ => None,
        })
    }

    /// Whether the client can find the key of a row by its request: Vertex AI sends that along.
    pub(crate) fn finds_keys(&self) -> bool {
        self.backend == Backend::Vertex && self.knowledge == Knowledge::Requests
    }

    /// How the user gets at the results.
    pub(crate) fn reading(&self) -> Step {
        match self.delivery {
            Delivery::Stream => Step::Results,
            Delivery::LocalFile | Delivery::Object => Step::Save,
        }
    }

    /// The calls that this round is sure to make, for faults to meet.
    pub(crate) fn calls(&self) -> Vec<Operation> {
        use Operation as Op;
        let in_parts = self.client_stages() && self.is_bulky();
        let in_one = self.client_stages() && !self.is_bulky();
        let names: &[(bool, Operation)] = match self.backend {
            Backend::Gemini => &[
                (true, self.create()),
                (true, Op::GetBatch),
                (self.looks_first, Op::ListBatches),
                (self.input_is_file(), Op::StartUpload),
                (self.input_is_file(), Op::UploadChunk),
                (self.input_is_file(), Op::DownloadFile),
                (self.cancels_another, Op::CancelBatch),
                (self.removes_input && self.client_stages(), Op::DeleteFile),
                (self.deletes, Op::DeleteBatch),
            ],
            Backend::Vertex => &[
                (true, self.create()),
                (true, Op::GetBatchPredictionJob),
                (self.looks_first, Op::ListBatchPredictionJobs),
                (in_one || self.delivery == Delivery::Object, Op::PutObject),
                (in_parts, Op::CreateMultipartUpload),
                (in_parts, Op::UploadPart),
                (in_parts, Op::CompleteMultipartUpload),
                (!self.to_table, Op::ListObjects),
                (!self.to_table, Op::GetObject),
                (self.to_table, Op::Query),
                (self.to_table, Op::GetQueryResults),
                (self.delivery == Delivery::Object, Op::GetObjectMetadata),
                (self.cancels_another, Op::CancelBatchPredictionJob),
                (self.removes_input && self.client_stages(), Op::DeleteObject),
                (self.deletes, Op::DeleteBatchPredictionJob),
            ],
        };
        let made = names.iter().filter(|(made, _)| *made);
        made.map(|(_, name)| *name).collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "--seed {} --round {}: {:?}{}, {:?} {} requests{} from {:?} by {} to {:?}, known by {:?}",
            self.seed,
            self.round,
            self.backend,
            if self.express { " in express mode" } else { "" },
            self.task,
            self.asks.len(),
            if self.is_bulky() { ", bulky," } else { "" },
            self.source,
            if self.to_table {
                "table"
            } else {
                "file or job"
            },
            self.delivery,
            self.knowledge
        )?;
        if let Some(connections) = self.connections {
            write!(f, ", over {connections} connections")?;
        }
        if self.runs {
            write!(f, ", in one call")?;
        }
        if self.companions > 0 {
            write!(f, ", waited for with {} others", self.companions)?;
        }
        for fault in &self.faults {
            write!(f, "\n    {fault:?}")?;
        }
        Ok(())
    }
}
