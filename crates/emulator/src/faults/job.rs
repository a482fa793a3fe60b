//! The faults that a job is born with: what becomes of its rows, its output and its end.

use std::time::Duration;

/// A choice of the rows of a job, counted from 0 in the order of the requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// Where a job that succeeded carries its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputPlace {
    /// Under `metadata.output` and under `response`, as the service does.
    #[default]
    Both,
    /// Under `metadata.output` only.
    Metadata,
    /// Under `response` only.
    Response,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum JobEnd {
    #[default]
    Succeeded,
    Failed {
        code: i32,
        message: String,
    },
    Expired,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct JobFaults {
    pub(crate) shuffle: Option<u64>,
    pub(crate) drop_keys: Rows,
    pub(crate) drop_rows: Rows,
    pub(crate) double_rows: Rows,
    pub(crate) foreign_rows: usize,
    pub(crate) garbage_line: bool,
    pub(crate) output_delay: Duration,
    pub(crate) file_delay: Duration,
    pub(crate) output_place: OutputPlace,
    pub(crate) end: JobEnd,
    pub(crate) freeze_stats: bool,
    pub(crate) freeze_listed_stats: bool,
    pub(crate) vertex: super::VertexJobFaults,
    pub(crate) webhook: super::WebhookFaults,
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
