//! Choices of the rows of a job.

use serde::{Deserialize, Serialize};

/// A choice of the rows of a job, counted from 0 in the order of the requests.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Rows {
    /// No row.
    #[default]
    None,
    /// All of them.
    All,
    /// The rows at these positions.
    At(Vec<usize>),
    /// Every n-th row: 3 chooses the rows 2, 5, 8 and so on.
    Every(usize),
}

impl Rows {
    pub(crate) fn contains(&self, row: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::At(rows) => rows.contains(&row),
            Self::Every(n) => *n > 0 && (row + 1).is_multiple_of(*n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_position() {
        let chosen = |rows: Rows| (0..7).filter(|row| rows.contains(*row)).collect::<Vec<_>>();
        assert!(chosen(Rows::None).is_empty());
        assert_eq!(chosen(Rows::All), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(chosen(Rows::At(vec![0, 5])), [0, 5]);
        assert_eq!(chosen(Rows::Every(3)), [2, 5]);
        assert!(chosen(Rows::Every(0)).is_empty());
    }
}
