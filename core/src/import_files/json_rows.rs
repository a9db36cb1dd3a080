//! The rows of a JSON array of objects.
//!
//! A number is taken as it is written and `true` as `true`; null is an empty cell, and so is an object. A list gives
//! several values. An element that is no object is a row that cannot be read; a file that is no array is refused whole.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::product_import::LIST_SEPARATOR;
use crate::refusal::{Reason, Refusal};

/// A row: its filled cells by column.
pub type Cells = BTreeMap<String, String>;

/// The rows of a file, in order.
#[derive(Debug)]
pub struct JsonRows {
    rows: Vec<Result<Cells, Refusal>>,
}

impl JsonRows {
    /// Reads the array.
    ///
    /// # Errors
    /// The file is not one JSON array.
    pub fn new(bytes: &[u8]) -> Result<Self, Refusal> {
        let elements: Vec<&RawValue> = serde_json::from_slice(bytes)
            .map_err(|error| Refusal::new(Reason::Malformed, "file", "the file", format!("a JSON array: {error}")))?;
        Ok(Self { rows: elements.into_iter().map(|element| cells(element.get())).collect() })
    }

    /// All columns that any row has, in the order of names.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = Vec::new();
        for key in self.rows.iter().flatten().flat_map(BTreeMap::keys) {
            if let Err(place) = columns.binary_search(&key.as_str()) {
                columns.insert(place, key);
            }
        }
        columns
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The rows.
    pub fn iter(&self) -> impl Iterator<Item = &Result<Cells, Refusal>> {
        self.rows.iter()
    }
}

fn cells(element: &str) -> Result<Cells, Refusal> {
    let object: BTreeMap<String, &RawValue> = serde_json::from_str(element)
        .map_err(|error| Refusal::new(Reason::Malformed, "row", element, format!("an object: {error}")))?;
    Ok(object.into_iter().map(|(column, value)| (column, cell(value.get()))).collect())
}

fn cell(value: &str) -> String {
    if !value.starts_with('[') {
        return scalar(value).unwrap_or_default();
    }
    let elements: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
    let texts: Vec<String> = elements.into_iter().filter_map(|element| scalar(element.get())).collect();
    texts.join(&LIST_SEPARATOR.to_string())
}

fn scalar(value: &str) -> Option<String> {
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str(value).ok(),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => Some(value.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_becomes_a_cell() {
        let text = r#"[{"a":"x","b":1776,"c":null,"d":true,"e":["p",2,null],"f":{"g":1},"h":-0.10,"i":"\u0107"}]"#;
        let rows = JsonRows::new(text.as_bytes()).unwrap();
        assert_eq!(rows.columns(), ["a", "b", "c", "d", "e", "f", "h", "i"]);
        let row = rows.iter().next().unwrap().as_ref().unwrap();
        let values: Vec<&str> = row.values().map(String::as_str).collect();
        assert_eq!(values, ["x", "1776", "", "true", "p\u{1f}2", "", "-0.10", "\u{107}"]);
    }

    #[test]
    fn an_element_that_is_no_object_is_a_bad_row_and_another_file_is_refused() {
        let rows = JsonRows::new(br#"[{"a":1}, 5, "x", null, {}]"#).unwrap();
        let bad: Vec<bool> = rows.iter().map(Result::is_err).collect();
        assert_eq!(bad, [false, true, true, true, false]);
        for text in ["", "{}", "[1", "[1,]", "[1] 2"] {
            assert_eq!(JsonRows::new(text.as_bytes()).unwrap_err().field(), "file", "{text}");
        }
    }
}
