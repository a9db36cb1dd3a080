//! A table as JSON rows and as CSV: named columns, and cells that are texts or figures.
//!
//! CSV is that of RFC 4180: a header, CRLF, and quotes where a cell has a comma, a quote or a line break. A text that a
//! spreadsheet would run as a formula gets an apostrophe before it; figures never do, so that -1.50 stays a number.
//! Example: the product name `=1+1` is the cell `'=1+1`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What somebody named.
    Text(String),
    /// An amount, a rate or a quantity, as text: no digit of it is lost.
    Figure(String),
    /// How many.
    Count(u64),
    /// Not known, or of no use here.
    Nothing,
}

impl Cell {
    /// A text.
    pub fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// A figure.
    pub fn figure(figure: impl ToString) -> Self {
        Self::Figure(figure.to_string())
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) | Self::Figure(text) => serializer.serialize_str(text),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Nothing => serializer.serialize_none(),
        }
    }
}

/// One row: its cells by column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<(&'static str, Cell)>);

impl Row {
    /// A row of cells.
    #[must_use]
    pub const fn new(cells: Vec<(&'static str, Cell)>) -> Self {
        Self(cells)
    }

    /// The names of its columns.
    #[must_use]
    pub fn columns(&self) -> Vec<&'static str> {
        self.0.iter().map(|(column, _)| *column).collect()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in &self.0 {
            row.serialize_entry(column, cell)?;
        }
        row.end()
    }
}

/// Rows with a header, as CSV.
#[must_use]
pub fn csv(columns: &[&str], rows: &[Row]) -> String {
    let mut text = String::new();
    put_line(&mut text, columns.iter().map(|column| (*column).to_owned()));
    for row in rows {
        put_line(&mut text, row.0.iter().map(|(_, cell)| shown(cell)));
    }
    text
}

fn put_line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quoted(cell));
    }
    text.push_str("\r\n");
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if is_formula(text) => format!("'{text}"),
        Cell::Text(text) | Cell::Figure(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Nothing => String::new(),
    }
}

/// Spreadsheets pass over blanks before the sign.
fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

fn quoted(cell: String) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cell: Cell) -> String {
        let text = csv(&["name"], &[Row::new(vec![("name", cell)])]);
        text.strip_prefix("name\r\n").unwrap().strip_suffix("\r\n").unwrap().to_owned()
    }

    #[test]
    fn a_text_never_becomes_a_formula_and_a_figure_stays_one() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1", "=cmd|' /C calc'!A0"] {
            assert_eq!(line(Cell::text(text)), format!("'{text}"), "{text}");
        }
        assert_eq!(line(Cell::text("=HYPERLINK(\"x\",\"y\")")), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
        assert_eq!(line(Cell::figure("-1.50")), "-1.50");
        assert_eq!((line(Cell::Count(3)), line(Cell::Nothing)), ("3".to_owned(), String::new()));
    }

    #[test]
    fn what_would_break_a_line_is_quoted() {
        for (text, expected) in [
            ("Tea, green", "\"Tea, green\""),
            ("5\" pipe", "\"5\"\" pipe\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("café 'x'; y", "café 'x'; y"),
        ] {
            assert_eq!(line(Cell::text(text)), expected);
        }
        assert_eq!(csv(&["a", "b"], &[]), "a,b\r\n");
    }

    #[test]
    fn a_row_keeps_the_order_of_its_columns() {
        let row = Row::new(vec![("z", Cell::text("1")), ("a", Cell::Count(2)), ("m", Cell::Nothing)]);
        assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"z":"1","a":2,"m":null}"#);
    }
}
