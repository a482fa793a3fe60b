//! Reading result lines from a file of the Files API, more and more of them.

use std::collections::BTreeSet;

use anyhow::Result;

use super::bench::{Bench, Series, median};
use super::clients::Client;
use super::forecast::{Known, refuse};
use super::rounds::Outcome;
use crate::units::{bytes, count};

/// Which result files are read by all but those that have to be given others.
const COMMON: &str = "str";

/// Each client at each size, the largest last. The server keeps the files in memory, so there is a
/// new one for each size.
pub(super) fn measure(bench: &Bench, start_up: &[Outcome], sizes: &[u64]) -> Result<Vec<Series>> {
    let clients = &bench.harness.clients;
    let mut series = Series::of_each(&bench.harness);
    let mut line_bytes = 0.0;
    for &size in sizes {
        let stub = bench.stub()?;
        let free = bench.available()?;
        let file = line_bytes * size as f64;
        let mut running = Vec::new();
        for (index, client) in clients.iter().enumerate() {
            let known = Known {
                start_up: median(&start_up[index]),
                points: &series[index].points,
                is_own: client.is_own,
            };
            match refuse_file(client, file, free).or_else(|| {
                let left = free - file * files(client);
                refuse(&known, size, left)
            }) {
                Some(why) => series[index].points.push((size, Err(why))),
                None => running.push(index),
            }
        }
        let keys: BTreeSet<_> = running.iter().map(|index| clients[*index].keys).collect();
        for keys in keys {
            let path = format!("/v1/files/out-{keys}-{size}:download");
            line_bytes = stub.prepare(&path)? as f64 / size as f64;
        }
        let entry = |index: &usize| {
            let client = &clients[*index];
            client.entry("w2", &stub.base(), &format!("out-{}-{size}", client.keys))
        };
        let entries: Vec<_> = running.iter().map(entry).collect();
        let what = format!("{} result lines", count(size));
        // The keys that a client is given may be shorter.
        let outcomes = bench.measure(&what, &entries, &["key_bytes"])?;
        for (index, outcome) in running.into_iter().zip(outcomes) {
            series[index].points.push((size, outcome));
        }
    }
    Ok(series)
}

/// How many files the server holds while a client is measured.
fn files(client: &Client) -> f64 {
    if client.keys == COMMON { 1.0 } else { 2.0 }
}

/// Why the server cannot hold what a client would read.
fn refuse_file(client: &Client, file: f64, free: f64) -> Option<String> {
    let held = file * files(client);
    (held > free).then(|| {
        format!(
            "left out: the server would hold {} of results, and {} were free",
            bytes(held),
            bytes(free)
        )
    })
}
