//! Rows of results: one by one and what is read of each, and as a stream to its end.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use genai_batch::internals::gemini::read_row as read_gemini;
#[cfg(feature = "vertex")]
use genai_batch::internals::vertex::read_row as read_vertex;
use genai_batch::internals::{
    Expectation, ReadRow, file_results, inline_results, inlined_rows, result,
};
use genai_batch::results::KeyMatch;
use genai_batch::{BatchResult, ResultStream};

use crate::case::{Case, Work};
use crate::inputs::{self, FEW, ROWS};
use crate::keys;

/// As much as comes of a connection at once.
const CHUNK: usize = 16 * 1024;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("row/gemini_key", FEW, || gemini(key)),
        Case::new("row/gemini_text_usage", FEW, || gemini(text_and_usage)),
        Case::new("row/gemini_complete_text", FEW, || gemini(complete_text)),
        #[cfg(feature = "vertex")]
        Case::new("row/vertex_key", FEW, || vertex(key)),
        #[cfg(feature = "vertex")]
        Case::new("row/vertex_text_usage", FEW, || vertex(text_and_usage)),
        #[cfg(feature = "vertex")]
        Case::new("row/vertex_complete_text", FEW, || vertex(complete_text)),
        Case::new("stream/gemini", ROWS, || {
            file(inputs::gemini_row, read_gemini)
        }),
        #[cfg(feature = "vertex")]
        Case::new("stream/vertex", ROWS, || {
            file(inputs::vertex_row, read_vertex)
        }),
        Case::new("stream/inline", FEW, inline),
    ]
}

fn gemini(ask: fn(&BatchResult)) -> Work {
    each(inputs::gemini_row, read_gemini, ask)
}

#[cfg(feature = "vertex")]
fn vertex(ask: fn(&BatchResult)) -> Work {
    each(inputs::vertex_row, read_vertex, ask)
}

/// Reads rows one by one and asks each for something.
fn each(row: fn(u64) -> String, read_row: ReadRow, ask: fn(&BatchResult)) -> Work {
    let rows: Vec<Bytes> = (0..FEW).map(|n| row(n).into()).collect();
    Box::new(move || {
        let mut read = 0;
        for row in &rows {
            let row = read_row(row.clone()).expect("it is a row");
            ask(&result(row, KeyMatch::Unchecked));
            read += 1;
        }
        read
    })
}

fn key(result: &BatchResult) {
    black_box(result.key());
}

fn text_and_usage(result: &BatchResult) {
    black_box(result.key());
    if let Some(response) = result.response() {
        assert!(black_box(response.text()).is_some());
        assert!(black_box(response.usage()).is_some());
    }
}

fn complete_text(result: &BatchResult) {
    black_box(result.key());
    let _ = black_box(result.complete_text());
}

/// A file of rows whose keys were all submitted.
fn file(row: fn(u64) -> String, read_row: ReadRow) -> Work {
    let chunks = inputs::chunks(&inputs::file(row), CHUNK);
    let expected = Arc::new(keys::expected(ROWS));
    Box::new(move || {
        let chunks = stream::iter(chunks.clone()).map(Ok);
        let expectation = Expectation::Keys(Arc::clone(&expected));
        read(file_results(Box::pin(chunks), read_row, expectation, None))
    })
}

/// The response to a get whose job holds its results.
fn inline() -> Work {
    let response = inputs::gemini_inline();
    Box::new(move || {
        let rows = inlined_rows(response.clone()).expect("it is a job that has rows");
        let expectation = Expectation::Count(FEW);
        read(inline_results(rows, read_gemini, expectation, None))
    })
}

/// Reads to the end, which waits for nothing: no row is missing.
fn read(mut results: ResultStream) -> u64 {
    let mut delivered = 0;
    while let Some(result) = results.next().now_or_never().expect("all is in memory") {
        black_box(result.expect("the rows can be read"));
        delivered += 1;
    }
    let report = results.report();
    assert_eq!(Some(report.responses + report.errors), report.submitted);
    delivered
}
