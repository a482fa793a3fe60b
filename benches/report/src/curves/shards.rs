//! The same results from one file of the Files API and from four objects in Cloud Storage.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::bench::Bench;
use super::rounds::Outcome;
use crate::machine::output_of;
use crate::server::Server;
use crate::units::count;

/// One way to read the results.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    pub(super) outcome: Outcome,
}

/// Both ways, taking turns.
pub(super) fn measure(bench: &Bench, lines: u64) -> Result<Vec<Reading>> {
    let harness = &bench.harness;
    let file = harness.data().join(format!("shards-{lines}.jsonl"));
    let mut generate = std::process::Command::new(harness.stub());
    generate
        .arg("gen-results")
        .arg(&file)
        .args(["str", &lines.to_string()]);
    ensure!(output_of(&mut generate).is_some(), "{generate:?} failed");
    let path = file.display().to_string();
    let storage = Server::start(&harness.storage, |port| vec![port.into(), path]);
    // The server has read it by now.
    fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
    let (storage, stub) = (storage?, bench.stub()?);

    let file_bytes = stub.prepare(&format!("/v1/files/out-str-{lines}:download"))?;
    let object_bytes = sizes(&storage.text("/bucket?list-type=2")?)?;
    let object_bytes = object_bytes.iter().sum();
    let own = harness.own();
    let entries = [
        own.entry("w2", &stub.base(), &format!("out-str-{lines}")),
        own.entry("shards", &storage.base(), &lines.to_string()),
    ];
    let what = format!("{} lines in four objects", count(lines));
    // The two backends number errors differently.
    let outcomes = bench.measure(&what, &entries, &["err_sum"])?;
    let readings = [
        ("Files API, one file", file_bytes),
        ("Cloud Storage, four objects", object_bytes),
    ];
    let readings = readings.into_iter().zip(outcomes);
    let reading = |((name, bytes), outcome)| Reading {
        name,
        bytes,
        outcome,
    };
    Ok(readings.map(reading).collect())
}

/// The sizes in a list of objects.
fn sizes(list: &str) -> Result<Vec<u64>> {
    let mut after = list.split("<Size>");
    let beginning = after.next().unwrap_or_default();
    ensure!(beginning.contains("<ListBucketResult>"), "it is not a list");
    let size = |item: &str| {
        let (size, _) = item.split_once("</Size>").context("a size has no end")?;
        size.parse().context("a size is not a number")
    };
    after.map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_a_list() {
        let object = |size| format!("<Contents><Key>a</Key><Size>{size}</Size></Contents>");
        let list = format!(
            "<ListBucketResult>{}{}</ListBucketResult>",
            object(12),
            object(30)
        );
        assert_eq!(sizes(&list).unwrap(), [12, 30]);
        assert!(
            sizes("<ListBucketResult></ListBucketResult>")
                .unwrap()
                .is_empty()
        );
        assert!(sizes("{}").is_err());
    }
}
