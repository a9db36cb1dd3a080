//! Answers as text for people: aligned fields, tables, amounts with their currency.

use serde_json::{Map, Value};

/// The sentence of a refusal, if the answer is one.
#[must_use]
pub fn refusal(answer: &Value) -> Option<String> {
    let message = answer.get("refused")?.get("message")?.as_str()?;
    match answer.get("id").and_then(Value::as_str) {
        Some(id) => Some(format!("refused {id}: {message}")),
        None => Some(format!("refused: {message}")),
    }
}

/// The sentence of an error, if the answer is one.
#[must_use]
pub fn error(answer: &Value) -> Option<String> {
    let error = answer.get("error")?;
    Some(format!("{}: {}", text(error, "code"), text(error, "message")))
}

/// One field as text; nothing where it is missing or null.
#[must_use]
pub fn text(value: &Value, field: &str) -> String {
    value.get(field).map(scalar).unwrap_or_default()
}

/// The text of a print.
#[must_use]
pub fn print(answer: &Value) -> String {
    text(answer, "text")
}

/// Every field on a line of its own, lists of objects as tables.
#[must_use]
pub fn fields(answer: &Value) -> String {
    let Value::Object(object) = answer else { return scalar(answer) };
    let is_plain = |value: &&Value| !is_table(value);
    let width = object.iter().filter(|(_, value)| is_plain(value)).map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut shown = String::new();
    for (name, value) in object.iter().filter(|(_, value)| is_plain(value)) {
        shown.push_str(&format!("{:width$}  {}\n", spaced(name), scalar(value)));
    }
    for (name, value) in object.iter().filter(|(_, value)| is_table(value)) {
        let rows: Vec<&Map<String, Value>> =
            value.as_array().into_iter().flatten().filter_map(Value::as_object).collect();
        shown.push_str(&format!("\n{}\n{}", spaced(name), table(&rows)));
    }
    shown
}

fn table(rows: &[&Map<String, Value>]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let columns: Vec<&String> = first.keys().collect();
    let cells = |row: &Map<String, Value>| -> Vec<String> {
        columns.iter().map(|column| row.get(*column).map(scalar).unwrap_or_default()).collect()
    };
    let mut lines = vec![columns.iter().map(|column| spaced(column)).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| cells(row)));
    let width = |index: usize| lines.iter().filter_map(|line| line.get(index)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    let mut shown = String::new();
    for line in &lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect::<Vec<_>>();
        shown.push_str(&format!("  {}\n", padded.join("  ").trim_end()));
    }
    shown
}

fn is_table(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.first().is_some_and(Value::is_object))
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(", "),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| format!("{} {}", spaced(name), scalar(value)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_aligned_and_lists_become_tables() {
        let answer =
            json!({"ok": true, "unread": 0, "series": [{"code": "R26A", "last": 12}, {"code": "Z", "last": null}]});
        let expected = "ok      yes\nunread  0\n\nseries\n  code  last\n  R26A  12\n  Z     -\n";
        assert_eq!(fields(&answer), expected);
    }

    #[test]
    fn refusals_and_errors_are_sentences() {
        let refused = json!({"id": "a", "refused": {"message": "tenders: too little"}});
        assert_eq!(refusal(&refused).unwrap(), "refused a: tenders: too little");
        assert_eq!(error(&json!({"error": {"code": "io", "message": "disk full"}})).unwrap(), "io: disk full");
        assert_eq!(refusal(&json!({"id": "a"})), None);
    }
}
