//! Rounds in which each client runs once, A B C, A B C, … so that what disturbs the machine
//! disturbs all of them; the figures are medians.

use std::ffi::OsString;

use anyhow::Result;

use super::timing::{Run, Sample};

/// A client's command line for one size.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) command: Vec<OsString>,
}

/// What all rounds of a client came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    pub(super) median: Sample,
    /// What it printed, the same in each round.
    pub(super) printed: String,
}

/// The figures of a client at a size, or why there are none.
pub(super) type Outcome = std::result::Result<Figures, String>;

/// Runs all of them once uncounted, and then in this many rounds. Each has to print what the
/// first one printed, but for the fields whose names are in `own`.
pub(super) fn measure(
    entries: &[Entry],
    rounds: usize,
    own: &[&str],
    run: impl Fn(&Entry) -> Result<Run>,
) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<std::result::Result<Vec<(String, Sample)>, String>> =
        entries.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..=rounds {
        for (entry, outcome) in entries.iter().zip(&mut outcomes) {
            let Ok(runs) = outcome else { continue };
            match run(entry)? {
                Ok(one) => runs.push(one),
                Err(why) => *outcome = Err(format!("failed: {why}")),
            }
        }
    }
    let mut expected = None;
    let figures = |outcome: std::result::Result<Vec<(String, Sample)>, String>| {
        let runs = outcome?;
        let expected = expected.get_or_insert_with(|| common(&runs[0].0, own));
        if let Some((printed, _)) = runs.iter().find(|run| common(&run.0, own) != *expected) {
            return Err(format!("read something else: {printed}"));
        }
        let counted = &runs[1.min(runs.len() - 1)..];
        let of = |field: fn(&Sample) -> f64| median(counted.iter().map(|run| field(&run.1)));
        Ok(Figures {
            median: Sample {
                wall: of(|sample| sample.wall),
                cpu: of(|sample| sample.cpu),
                peak: of(|sample| sample.peak),
            },
            printed: runs[0].0.clone(),
        })
    };
    Ok(outcomes.into_iter().map(figures).collect())
}

/// What has to be the same for all.
fn common(printed: &str, own: &[&str]) -> String {
    let is_common = |word: &&str| !own.contains(&word.split('=').next().unwrap_or_default());
    let words: Vec<_> = printed.split_whitespace().filter(is_common).collect();
    words.join(" ")
}

/// The middle one, or between the two middle ones; of nothing it is not a number.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// The number in a field of what was printed.
pub(super) fn field(printed: &str, name: &str) -> Option<f64> {
    printed.split_whitespace().find_map(|word| {
        let (field, value) = word.split_once('=')?;
        value.parse().ok().filter(|_| field == name)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn entries(names: &[&str]) -> Vec<Entry> {
        let entry = |name: &&str| Entry {
            name: (*name).to_owned(),
            command: Vec::new(),
        };
        names.iter().map(entry).collect()
    }

    fn ran(printed: &str, wall: f64) -> Result<Run> {
        let sample = Sample {
            wall,
            cpu: 0.0,
            peak: 0.0,
        };
        Ok(Ok((printed.to_owned(), sample)))
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
    }

    #[test]
    fn clients_take_turns_and_the_first_round_does_not_count() {
        let order = RefCell::new(String::new());
        let outcomes = measure(&entries(&["a", "b"]), 3, &[], |entry| {
            order.borrow_mut().push_str(&entry.name);
            ran("count=1", order.borrow().len() as f64)
        });
        assert_eq!(*order.borrow(), "abababab");
        let walls = outcomes
            .unwrap()
            .into_iter()
            .map(|o| o.unwrap().median.wall);
        assert_eq!(walls.collect::<Vec<_>>(), [5.0, 6.0]);
    }

    #[test]
    fn who_reads_something_else_or_fails_has_no_figures() {
        let outcomes = measure(
            &entries(&["a", "b", "c", "d"]),
            1,
            &["key_bytes"],
            |entry| match &*entry.name {
                "a" => ran("count=1 key_bytes=7", 1.0),
                "b" => ran("count=1 key_bytes=1", 1.0),
                "c" => ran("count=2 key_bytes=7", 1.0),
                _ => Ok(Err("no".to_owned())),
            },
        );
        let outcomes = outcomes.unwrap();
        assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
        let why = |index: usize| outcomes[index].clone().unwrap_err();
        assert_eq!(why(2), "read something else: count=2 key_bytes=7");
        assert_eq!(why(3), "failed: no");
    }

    #[test]
    fn fields_are_found_by_name() {
        assert_eq!(field("jobs=3 polls=6", "polls"), Some(6.0));
        assert_eq!(field("jobs=3 polls=6", "state"), None);
    }
}
