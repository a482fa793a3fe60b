//! The order in which the rows of a job come out, and which of them do.

use super::job::JobFaults;

/// A place in the output of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// The response to the request at this position.
    Row(usize),
    /// A response that nobody asked for, counted from 1.
    Foreign(usize),
}

impl JobFaults {
    /// The output of `rows` answers: without those to be dropped, with others twice and foreign ones
    /// added, shuffled by `seed` where there is one.
    pub(crate) fn arrange(&self, rows: usize, seed: Option<u64>) -> Vec<Item> {
        let mut items = Vec::with_capacity(rows);
        for row in (0..rows).filter(|row| !self.drop_rows.contains(*row)) {
            let times = if self.double_rows.contains(row) { 2 } else { 1 };
            items.extend(std::iter::repeat_n(Item::Row(row), times));
        }
        items.extend((1..=self.foreign_rows).map(Item::Foreign));
        if let Some(seed) = seed {
            fastrand::Rng::with_seed(seed).shuffle(&mut items);
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Rows;

    #[test]
    fn rows_are_dropped_doubled_and_joined_by_others() {
        let faults = JobFaults {
            drop_rows: Rows::At(vec![1]),
            double_rows: Rows::At(vec![2]),
            foreign_rows: 1,
            ..JobFaults::default()
        };
        let (row, foreign) = (Item::Row, Item::Foreign);
        let items = faults.arrange(3, None);
        assert_eq!(items, [row(0), row(2), row(2), foreign(1)]);
        let shuffled = faults.arrange(3, Some(5));
        assert_eq!(shuffled, faults.arrange(3, Some(5)));
        assert_eq!(shuffled.len(), 4);
    }
}
