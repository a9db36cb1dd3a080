//! Answers on the terminal: one JSON object, or the same as lines for people.

use std::io::{Write, stderr, stdout};

use serde_json::Value;

use crate::operations::{Answer, Ending};

/// Prints an answer. A terminal that is gone is not an error of the command.
pub(super) fn print(answer: &Answer, is_json: bool) {
    let text = if is_json { format!("{}\n", answer.body) } else { lines(&answer.body) };
    let is_told_as_error = !is_json && (answer.body.get("refused").is_some() || answer.body.get("error").is_some());
    let _gone = match (answer.ending, is_told_as_error) {
        (Ending::Refused | Ending::Damaged, true) => stderr().write_all(text.as_bytes()),
        (Ending::Done | Ending::Refused | Ending::Damaged, _) => stdout().write_all(text.as_bytes()),
    };
}

/// Each field on its line; objects in a list as one line each, their fields in columns.
fn lines(body: &Value) -> String {
    for told in ["refused", "error"] {
        if let Some(message) = body.get(told).and_then(|told| told.get("message")).and_then(Value::as_str) {
            return format!("{}: {message}\n", if told == "refused" { "refused" } else { "failed" });
        }
    }
    let Some(object) = body.as_object() else { return format!("{}\n", cell(body)) };
    let mut text = String::new();
    for (name, value) in object {
        match value {
            Value::Array(rows) if rows.iter().any(Value::is_object) => {
                text.push_str(&format!("{name}:\n{}", table(rows)));
            }
            Value::Array(items) if !items.is_empty() => {
                text.push_str(&format!("{name}:\n"));
                items.iter().for_each(|item| text.push_str(&format!("  {}\n", cell(item))));
            }
            Value::Null => {}
            Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                text.push_str(&format!("{name}: {}\n", cell(value)));
            }
        }
    }
    text
}

fn table(rows: &[Value]) -> String {
    let Some(columns) = rows.first().and_then(Value::as_object).map(|first| first.keys().collect::<Vec<_>>()) else {
        return String::new();
    };
    let mut cells: Vec<Vec<String>> = vec![columns.iter().map(|column| (*column).clone()).collect()];
    cells.extend(rows.iter().map(|row| columns.iter().map(|column| cell(&row[column.as_str()])).collect()));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("  {}\n", padded.join("  ").trim_end())
    };
    cells.iter().map(line).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(object) => {
            object.iter().map(|(name, value)| format!("{name} {}", cell(value))).collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_get_lines_and_columns() {
        let body =
            json!({ "ok": true, "days": [{ "a": 1, "bb": "x" }, { "a": 200, "bb": null }], "none": [], "n": null });
        assert_eq!(lines(&body), "ok: yes\ndays:\n  a    bb\n  1    x\n  200\nnone: \n");
        assert_eq!(lines(&json!({ "refused": { "message": "no" } })), "refused: no\n");
    }
}
