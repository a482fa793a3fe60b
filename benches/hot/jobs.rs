//! Pages of lists of jobs.

use std::hint::black_box;

use bytes::Bytes;
use genai_batch::raw::Kept;
use genai_batch::raw::gemini::types::ListOperationsResponse;
#[cfg(feature = "vertex")]
use genai_batch::raw::vertex::types::ListBatchPredictionJobsResponse;
use genai_batch::{BatchJob, Error, Page};
use serde::de::DeserializeOwned;

use crate::case::{Case, Work};
use crate::inputs::{self, FEW};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("page/gemini", FEW, || {
            page::<Kept<ListOperationsResponse>>(inputs::gemini_page())
        }),
        #[cfg(feature = "vertex")]
        Case::new("page/vertex", FEW, || {
            page::<Kept<ListBatchPredictionJobsResponse>>(inputs::vertex_page())
        }),
    ]
}

fn page<T>(json: Bytes) -> Work
where
    T: DeserializeOwned + TryInto<Page<BatchJob>, Error = Error>,
{
    Box::new(move || {
        let response: T = serde_json::from_slice(&json).expect("it is JSON");
        let page = response.try_into().expect("it is a page");
        black_box(page).items.len() as u64
    })
}
