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

/// Every field on a line of its own, aligned, lists of objects as tables after them: as the till does.
fn lines(body: &Value) -> String {
    let told = |name: &str, field: &str| body.get(name).and_then(|told| told.get(field)).and_then(Value::as_str);
    if let Some(message) = told("refused", "message") {
        return format!("refused: {message}\n");
    }
    if let (Some(code), Some(message)) = (told("error", "code"), told("error", "message")) {
        return format!("{code}: {message}\n");
    }
    let Some(object) = body.as_object() else { return format!("{}\n", cell(body)) };
    let plain: Vec<_> = object.iter().filter(|(_, value)| rows(value).is_none()).collect();
    let width = plain.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in plain {
        text.push_str(&format!("{:width$}  {}\n", spaced(name), cell(value)));
    }
    for (name, rows) in object.iter().filter_map(|(name, value)| Some((name, rows(value)?))) {
        text.push_str(&format!("\n{}\n{}", spaced(name), table(rows)));
    }
    text
}

/// A list of objects, as the rows of a table.
fn rows(value: &Value) -> Option<&[Value]> {
    value.as_array().map(Vec::as_slice).filter(|rows| !rows.is_empty() && rows.iter().all(Value::is_object))
}

fn table(rows: &[Value]) -> String {
    let Some(columns) = rows.first().and_then(Value::as_object).map(|first| first.keys().collect::<Vec<_>>()) else {
        return String::new();
    };
    let mut cells: Vec<Vec<String>> = vec![columns.iter().map(|column| spaced(column)).collect()];
    cells.extend(rows.iter().map(|row| columns.iter().map(|column| cell(&row[column.as_str()])).collect()));
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("  {}\n", padded.join("  ").trim_end())
    };
    cells.iter().map(line).collect()
}

/// A value on one line; a dash for nothing.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(object) if object.is_empty() => "-".to_owned(),
        Value::Object(object) => {
            let fields = object.iter().map(|(name, value)| format!("{} {}", spaced(name), cell(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A field's name as words.
fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_get_aligned_fields_and_columns_as_at_the_till() {
        let body = json!({
            "ok": true, "days": [{ "a_b": 1, "c": "x" }, { "a_b": 2000, "c": null }], "is_it": [], "n": null,
            "tenders": { "cash": "1.00", "card_debit": "2.00" },
        });
        let fields = "ok       yes\nis it    -\nn        -\ntenders  cash 1.00, card debit 2.00\n";
        assert_eq!(lines(&body), format!("{fields}\ndays\n  a b   c\n  1     x\n  2000  -\n"));
        assert_eq!(lines(&json!({ "refused": { "message": "no" } })), "refused: no\n");
        assert_eq!(lines(&json!({ "error": { "code": "io", "message": "gone" } })), "io: gone\n");
    }
}
