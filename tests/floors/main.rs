//! The shape of the code: which room imports which. The crate's docs have the table of floors;
//! these tests hold the sources to it, by their text alone.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod circles;
mod paths;
mod self_check;
mod sources;
mod surface;
mod table;
mod tokens;

use std::collections::BTreeSet;
use std::path::Path;

use circles::circles;
use sources::{Arrow, Sources};
use table::Floors;

/// As many files may import each other in a circle, and no more.
const FILES: usize = 4;

/// Where each crate begins.
const ROOTS: [&str; 9] = [
    "src/lib.rs",
    "crates/emulator/src/lib.rs",
    "crates/chaos/src/lib.rs",
    "crates/chaos/src/main.rs",
    "crates/cli/src/main.rs",
    "crates/interop/src/lib.rs",
    "crates/interop/src/main.rs",
    "xtask/src/lib.rs",
    "xtask/src/main.rs",
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn client() -> (Sources, Floors) {
    let root = ROOTS[0];
    (Sources::of(root), Floors::read(&read(root)))
}

fn assert_none(what: &str, found: Vec<String>) {
    assert!(
        found.is_empty(),
        "{} {what}:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn every_room_has_its_floor() {
    let (sources, floors) = client();
    let rooms = sources.rooms();
    let lost = rooms.iter().filter(|room| floors.of(room).is_none());
    assert_none("rooms on no floor", lost.cloned().collect());
    let gone = floors.rooms().filter(|room| !rooms.contains(*room));
    assert_none("rooms that do not exist", gone.map(str::to_owned).collect());
}

#[test]
fn arrows_point_down() {
    let (sources, floors) = client();
    assert_none(
        "arrows do not point down",
        floors.broken_by(&sources.arrows),
    );
}

#[test]
fn no_circle_of_rooms() {
    let (sources, _) = client();
    let of_rooms = |arrow: &Arrow| Some((arrow.room()?, arrow.other_room()?));
    let arrows: Vec<_> = sources.arrows.iter().filter_map(of_rooms).collect();
    let found = circles(&arrows).into_iter().map(|rooms| rooms.join(", "));
    assert_none("circles of rooms", found.collect());
}

#[test]
fn no_large_circle_of_files() {
    assert_none("circles of files", large_circles(&ROOTS.map(Sources::of)));
}

fn large_circles(crates: &[Sources]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for sources in crates {
        let files = |arrow: &Arrow| (arrow.from.path.clone(), arrow.to.path.clone());
        let arrows: Vec<_> = sources.arrows.iter().map(files).collect();
        for files in circles(&arrows).iter().filter(|files| files.len() > FILES) {
            let within =
                |arrow: &&Arrow| files.contains(&arrow.from.path) && files.contains(&arrow.to.path);
            let arrows: Vec<_> = sources.arrows.iter().filter(within).collect();
            let arrows: BTreeSet<_> = arrows.iter().map(|arrow| format!("  {arrow}")).collect();
            let arrows: Vec<_> = arrows.into_iter().collect();
            found.insert(format!("{} files:\n{}", files.len(), arrows.join("\n")));
        }
    }
    found.into_iter().collect()
}
