//! What a terminal shows: aligned columns, without lines between them.

use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table,
};

use super::cell::{Cell, Tone};
use super::style;

/// Where the width of the terminal is not known.
const WIDTH: u16 = 100;

/// Things of a kind, one a row. The first column, which names them, is shown in full; where the last is
/// prose, it goes on below.
pub(crate) fn grid(columns: &[&str], rows: Vec<Vec<Cell>>, is_prose: bool) -> String {
    let mut table = empty();
    let is_number = |column: usize| rows.first().is_some_and(|row| row[column].is_number);
    let heads = columns.iter().enumerate().map(|(column, name)| {
        let head = comfy_table::Cell::new(name.to_uppercase()).add_attribute(Attribute::Dim);
        match is_number(column) {
            true => head.set_alignment(CellAlignment::Right),
            false => head,
        }
    });
    table.set_header(Row::from(heads.collect::<Vec<_>>()));
    for cells in rows {
        let mut row = Row::from(cells.iter().map(styled).collect::<Vec<_>>());
        if !is_prose {
            row.max_height(1);
        }
        table.add_row(row);
    }
    let whole = if is_prose { columns.len() - 1 } else { 1 };
    for column in table.column_iter_mut().take(whole) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    finished(table)
}

/// The parts of one thing, one a row: name and value.
pub(crate) fn parts(parts: Vec<(&'static str, Cell)>) -> String {
    let mut table = empty();
    for (name, cell) in &parts {
        let name = comfy_table::Cell::new(name).add_attribute(Attribute::Dim);
        // Values stand at the left, numbers too.
        let value = styled(cell).set_alignment(CellAlignment::Left);
        table.add_row(vec![name, value]);
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
