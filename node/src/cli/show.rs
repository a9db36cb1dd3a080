//! Answers as text for people: aligned fields, tables, the sentences of refusals and errors.

use crate::cli::shown::{Shown, spaced};

/// The sentence of a refusal, if the answer is one.
#[must_use]
pub fn refusal(answer: &Shown) -> Option<String> {
    let message = answer.field("refused")?.text("message");
    match answer.field("id") {
        Some(Shown::Plain(id)) if id != "-" => Some(format!("refused {id}: {message}")),
        Some(_) | None => Some(format!("refused: {message}")),
    }
}

/// The sentence of an error, if the answer is one.
#[must_use]
pub fn error(answer: &Shown) -> Option<String> {
    // An answer of its own may have a field of that name; that of a failure has code and message.
    let error = answer.field("error").filter(|error| error.field("code").is_some())?;
    Some(format!("{}: {}", error.text("code"), error.text("message")))
}

/// The text of a print.
#[must_use]
pub fn print(answer: &Shown) -> String {
    answer.text("text")
}

/// Every field on a line of its own, lists of objects as tables after them.
#[must_use]
pub fn fields(answer: &Shown) -> String {
    let Shown::Fields(fields) = answer else { return answer.to_string() };
    let plain: Vec<_> = fields.iter().filter(|(_, value)| rows(value).is_none()).collect();
    let width = plain.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut shown = String::new();
    for (name, value) in plain {
        shown.push_str(&format!("{:width$}  {value}\n", spaced(name)));
    }
    for (name, rows) in fields.iter().filter_map(|(name, value)| Some((name, rows(value)?))) {
        shown.push_str(&format!("\n{}\n{}", spaced(name), table(&rows)));
    }
    shown
}

/// Only the fields that say something.
#[must_use]
pub fn told_fields(answer: &Shown) -> String {
    match answer {
        Shown::Fields(all) => {
            let told = all.iter().filter(|(_, value)| value.to_string() != "-").cloned();
            fields(&Shown::Fields(told.collect()))
        }
        Shown::Plain(_) | Shown::List(_) => answer.to_string(),
    }
}

/// A list of objects, as the rows of a table.
fn rows(value: &Shown) -> Option<Vec<&Vec<(String, Shown)>>> {
    let Shown::List(items) = value else { return None };
    let rows = items.iter().map(|item| match item {
        Shown::Fields(fields) => Some(fields),
        Shown::Plain(_) | Shown::List(_) => None,
    });
    rows.collect::<Option<Vec<_>>>().filter(|rows| !rows.is_empty())
}

fn table(rows: &[&Vec<(String, Shown)>]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let columns: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    let cell = |row: &[(String, Shown)], column: &str| {
        row.iter().find(|(name, _)| name == column).map(|(_, value)| value.to_string()).unwrap_or_default()
    };
    let mut lines: Vec<Vec<String>> = vec![columns.iter().map(|column| spaced(column)).collect()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()));
    let width = |index: usize| lines.iter().filter_map(|line| line.get(index)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    let mut shown = String::new();
    for line in &lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect::<Vec<_>>();
        shown.push_str(&format!("  {}\n", padded.join("  ").trim_end()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_aligned_and_lists_become_tables() {
        let json =
            r#"{"unread":0,"ok":true,"series":[{"code":"R26A","last":12},{"code":"Z","last":null}],"missing":[]}"#;
        let expected = "unread   0\nok       yes\nmissing  -\n\nseries\n  code  last\n  R26A  12\n  Z     -\n";
        assert_eq!(fields(&Shown::read(json)), expected);
    }

    #[test]
    fn refusals_and_errors_are_sentences() {
        let refused = Shown::read(r#"{"id":"a","refused":{"message":"tenders: too little"}}"#);
        assert_eq!(refusal(&refused).unwrap(), "refused a: tenders: too little");
        let nameless = Shown::read(r#"{"id":null,"refused":{"message":"line 2: no"}}"#);
        assert_eq!(refusal(&nameless).unwrap(), "refused: line 2: no");
        let failed = Shown::read(r#"{"error":{"code":"io","message":"disk full"}}"#);
        assert_eq!(error(&failed).unwrap(), "io: disk full");
        assert_eq!(refusal(&Shown::read(r#"{"id":"a"}"#)), None);
        assert_eq!(error(&Shown::read(r#"{"valid":true,"error":null}"#)), None);
    }
}
