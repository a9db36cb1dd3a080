//! The rows of a CSV file (RFC 4180), with the line of each.
//!
//! The header says how many cells a row has, and whether commas, semicolons or tabs separate them. A row with another
//! number of cells, or that is not UTF-8, is refused with its line. Where such a row spans several lines, a quote was
//! left open; then only its first line is refused, and reading goes on with the next line, so that one stray quote does
//! not swallow the rest of the file.

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};

use super::reached::Reached;
use crate::refusal::{Reason, Refusal};

/// Longest name of a column that a refusal repeats, in characters.
const NAME_CHARS_MAX: usize = 60;

/// A row as it was read.
#[derive(Debug)]
pub struct CsvRow {
    /// Its first line in the file, from 1; the header is line 1.
    pub line: u64,
    /// Its cells.
    pub cells: Result<StringRecord, Refusal>,
}

/// The rows of a file, in order.
pub struct CsvRows<'b> {
    bytes: &'b [u8],
    separator: u8,
    columns: Vec<String>,
    reader: Reader<&'b [u8]>,
    /// The byte where the reader began.
    start: usize,
    /// A byte already passed, and the lines that end before it.
    counted: (usize, u64),
    /// The rows given so far, without the header.
    given: u64,
}

impl<'b> CsvRows<'b> {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none, or it is not UTF-8.
    pub fn new(bytes: &'b [u8]) -> Result<Self, Refusal> {
        let separator = separator_of(bytes);
        let (columns, reader) = (Vec::new(), reader(bytes, separator));
        let mut rows = Self { bytes, separator, columns, reader, start: 0, counted: (0, 0), given: 0 };
        let no_table = |value: &str, limit| Refusal::new(Reason::Malformed, "file", value, limit);
        let header = rows.read().ok_or_else(|| no_table("an empty file", "a table with a header"))?;
        let cells = header.cells.map_err(|refusal| no_table(refusal.value(), "a table with a header in UTF-8"))?;
        rows.columns = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        Ok(rows)
    }

    /// The names in the header.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How far the file was read.
    #[must_use]
    pub fn reached(&self) -> Reached {
        Reached { rows: self.given, done: self.bytes_read(), total: self.bytes.len() as u64 }
    }

    fn bytes_read(&self) -> u64 {
        (self.start as u64).saturating_add(self.reader.position().byte())
    }

    /// The next row, or the header.
    fn read(&mut self) -> Option<CsvRow> {
        let mut record = ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let (byte, line) = self.place(&record);
                let is_one_line = !record.iter().flatten().any(is_end);
                let cells = if is_one_line || self.has_closed_quotes(byte) {
                    self.cells(record)
                } else {
                    Err(refused("an open quote", "closed before the end of the file"))
                };
                if cells.is_err() && !is_one_line {
                    self.resume_after(byte);
                }
                Some(CsvRow { line, cells })
            }
            // Reading from memory without a fixed number of cells has no error of its own.
            Err(error) => Some(CsvRow { line: self.counted.1, cells: Err(refused(error, "a row")) }),
        }
    }

    /// The cells of a record, or why it is none.
    fn cells(&self, record: ByteRecord) -> Result<StringRecord, Refusal> {
        let count = record.len();
        if !self.columns.is_empty() && count != self.columns.len() {
            return Err(refused(
                format!("a row of {count} cells"),
                format!("{} cells as the header has", self.columns.len()),
            ));
        }
        StringRecord::from_byte_record(record).map_err(|error| {
            let cell = error.utf8_error().field();
            Refusal::new(Reason::Malformed, self.name_of(cell), "the cell", "UTF-8 text")
        })
    }

    /// What a refusal calls the column of a cell: its name, cut where the header has a flood, or its place from 1.
    fn name_of(&self, cell: usize) -> String {
        match self.columns.get(cell).filter(|name| !name.is_empty()) {
            Some(name) => name.chars().take(NAME_CHARS_MAX).collect(),
            None => format!("column {}", cell.saturating_add(1)),
        }
    }

    /// Whether the quotes from `byte` to where the reader stands come in pairs.
    fn has_closed_quotes(&self, byte: usize) -> bool {
        let end = usize::try_from(self.bytes_read()).unwrap_or(usize::MAX);
        let record = self.bytes.get(byte..end).unwrap_or_default();
        record.iter().filter(|byte| **byte == b'"').count().is_multiple_of(2)
    }

    /// Begins again at the line after the one that starts at `byte`.
    fn resume_after(&mut self, byte: usize) {
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let length = rest.iter().position(is_end).map_or(rest.len(), |end| end.saturating_add(1));
        self.start = byte.saturating_add(length);
        self.reader = reader(self.bytes.get(self.start..).unwrap_or_default(), self.separator);
    }

    /// The byte and the line of the record that the reader gave, without the line ends that may stand before it.
    fn place(&mut self, record: &ByteRecord) -> (usize, u64) {
        let given = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        let given = self.start.saturating_add(given);
        let ends = self.bytes.get(given..).unwrap_or_default().iter().take_while(|byte| is_end(byte));
        let byte = given.saturating_add(ends.count());
        let (counted, lines) = self.counted;
        let passed = self.bytes.get(counted..byte).unwrap_or_default();
        let lines = lines.saturating_add(line_ends(passed));
        self.counted = (byte, lines);
        (byte, lines.saturating_add(1))
    }
}

impl Iterator for CsvRows<'_> {
    type Item = CsvRow;

    fn next(&mut self) -> Option<CsvRow> {
        let row = self.read()?;
        self.given = self.given.saturating_add(1);
        Some(row)
    }
}

fn refused(value: impl std::fmt::Display, limit: impl std::fmt::Display) -> Refusal {
    Refusal::new(Reason::Malformed, "row", value, limit)
}

fn reader(bytes: &[u8], separator: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}

/// Whether a byte ends a line or is a part of such an end.
const fn is_end(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// How many lines end in these bytes: by a line feed, by a carriage return, or by both together.
fn line_ends(bytes: &[u8]) -> u64 {
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count() as u64;
    (bytes.iter().filter(|byte| is_end(byte)).count() as u64).saturating_sub(pairs)
}

/// The separator that the header has most of.
fn separator_of(bytes: &[u8]) -> u8 {
    let header = bytes.split(is_end).next().unwrap_or_default();
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Vec<(u64, Result<Vec<String>, String>)> {
        let read = |row: CsvRow| {
            let cells = row.cells.map(|cells| cells.iter().map(str::to_owned).collect());
            (row.line, cells.map_err(|refusal| refusal.to_string()))
        };
        CsvRows::new(text).unwrap().map(read).collect()
    }

    fn good(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, String>) {
        (line, Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    fn bad(line: u64, text: &str) -> (u64, Result<Vec<String>, String>) {
        (line, Err(text.to_owned()))
    }

    #[test]
    fn a_malformed_row_is_told_by_its_line_and_the_rest_goes_on() {
        let text = b"code,name\r\n1,Tea\r\n2\r\n3,\"Rum, \"\"dark\"\"\"\r\n\r\n4,Caf\xff\r\n5,Milk";
        assert_eq!(
            rows(text),
            [
                good(2, &["1", "Tea"]),
                bad(3, "row: a row of 1 cells is not 2 cells as the header has"),
                good(4, &["3", "Rum, \"dark\""]),
                bad(6, "name: the cell is not UTF-8 text"),
                good(7, &["5", "Milk"]),
            ]
        );
    }

    #[test]
    fn a_cell_that_is_no_text_is_told_by_its_column_with_or_without_a_name() {
        assert_eq!(rows(b"code,\n1,\xff\n"), [bad(2, "column 2: the cell is not UTF-8 text")]);
        let long = [b"x".repeat(100_000).as_slice(), b",b\n\xff,2\n"].concat();
        let cut = "x".repeat(60);
        assert_eq!(rows(&long), [bad(2, &format!("{cut}: the cell is not UTF-8 text"))]);
    }

    #[test]
    fn a_cell_may_span_lines_and_a_stray_quote_costs_one_row_only() {
        let text = b"a,b\n1,\"two\nlines\"\n2,x\n3,\"open\n4,y\n5,z\n";
        assert_eq!(
            rows(text),
            [
                good(2, &["1", "two\nlines"]),
                good(4, &["2", "x"]),
                bad(5, "row: an open quote is not closed before the end of the file"),
                good(6, &["4", "y"]),
                good(7, &["5", "z"]),
            ]
        );
        let few = bad(2, "row: a row of 1 cells is not 2 cells as the header has");
        assert_eq!(rows(b"a,b\n\"1,x\n2,y\n3\",z\n4,\"w\"\n").first(), Some(&good(2, &["1,x\n2,y\n3", "z"])));
        assert_eq!(rows(b"a,b\n\"1,x\n2,y\"\n3,z\n"), [few, good(3, &["2", "y\""]), good(4, &["3", "z"])]);
    }

    #[test]
    fn lines_that_end_in_a_carriage_return_are_lines() {
        assert_eq!(rows(b"a,b\r1,x\r2,y\r"), [good(2, &["1", "x"]), good(3, &["2", "y"])]);
        let few = |line| bad(line, "row: a row of 1 cells is not 2 cells as the header has");
        assert_eq!(rows(b"a,b\r1\r\n2,y\r\r3,z"), [few(2), good(3, &["2", "y"]), good(5, &["3", "z"])]);
        assert_eq!(
            rows(b"a,b\r3,\"open\r4,y\r5,z\r"),
            [
                bad(2, "row: an open quote is not closed before the end of the file"),
                good(3, &["4", "y"]),
                good(4, &["5", "z"]),
            ]
        );
    }

    #[test]
    fn semicolons_and_tabs_separate_where_the_header_has_them() {
        assert_eq!(rows(b"a;b\n1,5;2\n"), [good(2, &["1,5", "2"])]);
        assert_eq!(rows(b"a\tb\n1\t2\n"), [good(2, &["1", "2"])]);
        assert_eq!(rows(b"a\n1\n"), [good(2, &["1"])]);
    }

    #[test]
    fn a_file_without_a_header_is_refused_as_a_file() {
        for text in [&b""[..], b"\n\n", b"caf\xff\n1\n"] {
            assert_eq!(CsvRows::new(text).err().unwrap().field(), "file");
        }
    }
}
