//! The table of floors in the crate's docs, and what breaks it.

use std::collections::BTreeMap;

use crate::sources::Arrow;

/// The floor of each room, from the ground up.
pub(crate) struct Floors(BTreeMap<String, usize>);

impl Floors {
    /// Reads the rows under the heading `# Floors` in the docs of `text`: the rooms of a row are
    /// in backticks in its first cell.
    pub(crate) fn read(text: &str) -> Self {
        let docs = text.lines().filter_map(|line| line.strip_prefix("//!"));
        let section = docs
            .map(str::trim)
            .skip_while(|line| *line != "# Floors")
            .skip(1)
            .take_while(|line| !line.starts_with("# "));
        let rows = section.filter_map(|line| line.strip_prefix('|'));
        let mut floors = BTreeMap::new();
        for (floor, row) in rows.enumerate() {
            let cell = row.split('|').next().unwrap_or_default();
            for room in cell.split('`').skip(1).step_by(2) {
                let before = floors.insert(room.to_owned(), floor);
                assert_eq!(before, None, "{room} is on two floors");
            }
        }
        Self(floors)
    }

    pub(crate) fn of(&self, room: &str) -> Option<usize> {
        self.0.get(room).copied()
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Each arrow that runs up, or between two rooms of one floor.
    pub(crate) fn broken_by(&self, arrows: &[Arrow]) -> Vec<String> {
        let broken = arrows.iter().filter_map(|arrow| {
            let (from, to) = (arrow.room()?, arrow.other_room()?);
            let how = match self.of(&from)?.cmp(&self.of(&to)?) {
                std::cmp::Ordering::Less => "up",
                std::cmp::Ordering::Equal => "along its floor",
                std::cmp::Ordering::Greater => return None,
            };
            Some(format!("{arrow}: {from} → {to} runs {how}"))
        });
        broken.collect()
    }
}
