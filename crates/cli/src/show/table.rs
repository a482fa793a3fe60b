//! What a terminal shows: aligned columns, without lines between them.

use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table,
};

use super::cell::{Cell, Tone};
use super::style;

/// Where the width of the terminal is not known.
const WIDTH: u16 = 100;

/// How wide prose is at least, unless it is shorter.
const PROSE: usize = 30;

/// What stands between two columns.
const GAP: usize = 2;

/// Things of a kind, one a row, and nothing of none. Columns without a value are left out, and where the
/// terminal is too narrow those of `less`, in its order; if that is not enough, things stand below each
/// other. Nothing but prose, which is last, goes on below.
pub(crate) fn grid(
    columns: &[&'static str],
    less: &[&str],
    rows: Vec<Vec<Cell>>,
    is_prose: bool,
) -> String {
    let table = empty();
    let width = usize::from(table.width().unwrap_or(WIDTH));
    lay_out(table, width, columns, less, rows, is_prose)
}

fn lay_out(
    mut table: Table,
    width: usize,
    columns: &[&'static str],
    less: &[&str],
    rows: Vec<Vec<Cell>>,
    is_prose: bool,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| widest(column, columns, &rows))
        .collect();
    let is_empty = |column: &usize| rows.iter().all(|row| row[*column].full.is_empty());
    let mut shown: Vec<usize> = (0..columns.len()).filter(|at| !is_empty(at)).collect();
    let is_wide = |shown: &[usize]| {
        let gaps = GAP * shown.len().saturating_sub(1);
        shown.iter().map(|at| widths[*at]).sum::<usize>() + gaps > width
    };
    if is_prose {
        // Prose between columns that leave it no room would go on below word by word.
        let (last, others) = match shown.split_last() {
            Some((last, others)) => (widths[*last], others),
            None => (0, &[][..]),
        };
        let taken: usize = others.iter().map(|at| widths[*at] + GAP).sum();
        if width.saturating_sub(taken) < last.min(PROSE) {
            return stacked(columns, rows, width);
        }
    } else {
        for name in less {
            if is_wide(&shown) {
                shown.retain(|at| columns[*at] != *name);
            }
        }
        if is_wide(&shown) {
            return stacked(columns, rows, width);
        }
    }
    let heads = shown.iter().map(|at| {
        let head =
            comfy_table::Cell::new(columns[*at].to_uppercase()).add_attribute(Attribute::Dim);
        match rows[0][*at].is_number {
            true => head.set_alignment(CellAlignment::Right),
            false => head,
        }
    });
    table.set_header(Row::from(heads.collect::<Vec<_>>()));
    for cells in &rows {
        let cells = shown.iter().map(|at| styled(&cells[*at]));
        table.add_row(Row::from(cells.collect::<Vec<_>>()));
    }
    let whole = shown.len() - usize::from(is_prose);
    for column in table.column_iter_mut().take(whole) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    finished(table)
}

/// How wide a column is with its head.
fn widest(column: usize, columns: &[&str], rows: &[Vec<Cell>]) -> usize {
    let cells = rows
        .iter()
        .map(|row| row[column].in_short().chars().count());
    cells.fold(columns[column].chars().count(), usize::max)
}

/// Things below each other, with all that they have.
fn stacked(columns: &[&'static str], rows: Vec<Vec<Cell>>, width: usize) -> String {
    let of = |row: Vec<Cell>| {
        let cells = columns.iter().copied().zip(row);
        let mut table = empty();
        // It was that of a terminal.
        table.set_width(u16::try_from(width).unwrap_or(WIDTH));
        let cells = cells.filter(|(_, cell)| !cell.full.is_empty());
        parts_in(table, cells.collect())
    };
    rows.into_iter().map(of).collect::<Vec<_>>().join("\n")
}

/// The parts of one thing, one a row: name and value.
pub(crate) fn parts(parts: Vec<(&'static str, Cell)>) -> String {
    parts_in(empty(), parts)
}

fn parts_in(mut table: Table, parts: Vec<(&'static str, Cell)>) -> String {
    for (name, cell) in &parts {
        let name = comfy_table::Cell::new(name).add_attribute(Attribute::Dim);
        // Values stand at the left, numbers too.
        let value = styled(cell).set_alignment(CellAlignment::Left);
        table.add_row(vec![name, value]);
    }
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    finished(table)
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_truncation_indicator("…");
    let width = table.width().unwrap_or(WIDTH);
    table.set_width(width);
    match style::is_stdout_colored() {
        true => table.enforce_styling(),
        false => table.force_no_tty(),
    };
    table
}

fn finished(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let text = table.trim_fmt();
    match text.is_empty() {
        true => text,
        false => text + "\n",
    }
}

fn styled(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(cell.in_short());
    let shown = match cell.tone {
        Tone::Plain => shown,
        Tone::Good => shown.fg(Color::Green),
        Tone::Busy => shown.fg(Color::Cyan),
        Tone::Warning => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red),
        Tone::Quiet => shown.add_attribute(Attribute::Dim),
    };
    match cell.is_number {
        true => shown.set_alignment(CellAlignment::Right),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 4] = ["name", "state", "created", "error"];

    fn shown(width: u16, name: &str, error: &str) -> String {
        let mut table = empty();
        table.set_width(width);
        let row = [name, "running", "3d ago", error].map(Cell::new).to_vec();
        lay_out(
            table,
            width.into(),
            &COLUMNS,
            &["created"],
            vec![row],
            false,
        )
    }

    #[test]
    fn a_narrow_terminal_leaves_out_what_matters_less() {
        let name = "batches/0123456789";
        assert_eq!(
            shown(40, name, ""),
            "NAME                STATE    CREATED\nbatches/0123456789  running  3d ago\n"
        );
        assert_eq!(
            shown(30, name, ""),
            "NAME                STATE\nbatches/0123456789  running\n"
        );
    }

    #[test]
    fn what_is_wider_yet_stands_below_each_other() {
        let text = shown(24, "batches/0123456789", "no");
        assert!(text.starts_with("name     batches/"), "{text}");
        assert!(text.contains("created  3d ago\nerror    no\n"), "{text}");
    }

    #[test]
    fn prose_without_room_stands_below_the_rest() {
        let shown = |width: u16| {
            let mut table = empty();
            table.set_width(width);
            let prose = "the field is not known to the service: leave it out of the request";
            let row = ["reviews.jsonl:12", "warning", "unknown-field", prose].map(Cell::new);
            let columns = ["place", "severity", "code", "message"];
            lay_out(table, width.into(), &columns, &[], vec![row.to_vec()], true)
        };
        let narrow = shown(40);
        assert!(
            narrow.starts_with("place     reviews.jsonl:12\n"),
            "{narrow}"
        );
        assert!(
            narrow.contains("message   the field is not known"),
            "{narrow}"
        );
        assert!(narrow.lines().all(|line| line.len() <= 40), "{narrow}");
        assert!(shown(100).starts_with("PLACE"), "{}", shown(100));
    }

    #[test]
    fn nothing_has_no_head() {
        assert_eq!(grid(&COLUMNS, &[], Vec::new(), false), "");
    }
}
