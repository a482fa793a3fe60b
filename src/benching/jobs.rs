//! Pages of lists of jobs.

use std::hint::black_box;

use bytes::Bytes;

use super::inputs::{self, FEW};
use super::{Case, Work};
use crate::backend::gemini::convert::page as gemini_page;
#[cfg(feature = "vertex")]
use crate::backend::vertex::convert::page as vertex_page;
use crate::error::Result;
use crate::job::BatchJob;
use crate::page::Page;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("page/gemini", FEW, || {
            page(inputs::gemini_page(), gemini_page)
        }),
        #[cfg(feature = "vertex")]
        Case::new("page/vertex", FEW, || {
            page(inputs::vertex_page(), vertex_page)
        }),
    ]
}

fn page(json: Bytes, read: fn(&Bytes) -> Result<Page<BatchJob>>) -> Work {
    Box::new(move || {
        let page = read(&json).expect("it is a page");
        black_box(page).items.len() as u64
    })
}
