//! Listing jobs and waiting for them, more and more of them.

use anyhow::Result;

use super::bench::{Bench, Series};
use crate::units::count;

/// How many jobs the stub has, all of which the drivers of other clients list.
const ALL: u64 = 10_000;
/// As `list-first` of the own driver has it.
pub(super) const PAGE: &str = "100";

/// The first so many jobs; other clients take part where that is all of them.
pub(super) fn list(bench: &Bench, sizes: &[u64]) -> Result<Vec<Series>> {
    let stub = bench.stub()?;
    let mut series = Series::of_each(&bench.harness);
    for &size in sizes {
        let mut entries = Vec::new();
        for client in &bench.harness.clients {
            match client.is_own {
                true => entries.push(client.entry("list-first", &stub.base(), &size.to_string())),
                false if size == ALL => entries.push(client.entry("w5", &stub.base(), PAGE)),
                false => {}
            }
        }
        let what = format!("{} jobs listed", count(size));
        let outcomes = bench.measure(&what, &entries, &[])?;
        // This crate is the first of all.
        for (series, outcome) in series.iter_mut().zip(outcomes) {
            series.points.push((size, outcome));
        }
    }
    Ok(series)
}

/// So many jobs at once, by this crate alone.
pub(super) fn wait(bench: &Bench, sizes: &[u64]) -> Result<Series> {
    let stub = bench.stub()?;
    let own = bench.harness.own();
    let mut points = Vec::new();
    for &size in sizes {
        let entry = own.entry("wait-all", &stub.base(), &size.to_string());
        let what = format!("{} jobs waited for", count(size));
        let outcomes = bench.measure(&what, &[entry], &[])?;
        points.extend(outcomes.into_iter().map(|outcome| (size, outcome)));
    }
    Ok(Series {
        name: own.name.to_owned(),
        points,
    })
}
