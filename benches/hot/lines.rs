//! A file of results, in chunks, into its lines.

use std::hint::black_box;

use genai_batch::internals::LineSplitter;

use crate::case::{Case, Work};
use crate::inputs::{ROWS, chunks, file, gemini_row};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("lines/chunks_of_1k", ROWS, || split(1024)),
        Case::new("lines/chunks_of_16k", ROWS, || split(16 * 1024)),
        Case::new("lines/chunks_of_256k", ROWS, || split(256 * 1024)),
    ]
}

fn split(size: usize) -> Work {
    let chunks = chunks(&file(gemini_row), size);
    Box::new(move || {
        let mut splitter = LineSplitter::new(usize::MAX);
        let mut lines = 0;
        for chunk in &chunks {
            splitter.push(chunk.clone());
            while let Some(line) = splitter.next_line().expect("no line is too long") {
                black_box(line);
                lines += 1;
            }
        }
        lines
    })
}
