//! Reading JSON so that a mistake is told by the path of its field.
//!
//! Unknown, missing and repeated fields are refused, never passed over: with money, a field that is not understood may
//! be the one that counts. A decimal is text; a JSON number is taken as it is written, so nothing is lost on the way
//! through a float. Example: `{"lines":[{"code":1}]}` refuses `lines[0].code`: an integer is not a string.

use counterfoil_core::refusal::{Reason, Refusal};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The most bytes of one JSON object that is read.
pub const OBJECT_BYTES_MAX: usize = 1_048_576;

/// A decimal number as it was written: in quotes, or as a plain JSON number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DecimalText(pub String);

impl DecimalText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DecimalText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self).map_err(Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(text.to_owned())),
            _ => Err(Error::custom(format!("invalid type: {text}, expected a decimal number such as \"12.50\""))),
        }
    }
}

/// Reads one JSON object.
///
/// # Errors
/// It is no JSON, too long, or a field is missing, unknown, repeated or of another type; the refusal names its path.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    if text.len() > OBJECT_BYTES_MAX {
        let value = format!("an object of {} bytes", text.len());
        return Err(Refusal::new(Reason::TooLong, "", value, format!("{OBJECT_BYTES_MAX} bytes")));
    }
    if text.trim_start().starts_with('[') {
        return Err(Refusal::new(Reason::Malformed, "", "an array", "one JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| refusal(text, &error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|error| refusal(text, "", &error))?;
    Ok(value)
}

/// Reads each item of a list; a refusal names its place.
///
/// # Errors
/// The refusal of the first item that cannot be read.
pub fn each<T, U>(name: &str, items: &[T], read: impl Fn(&T) -> Result<U, Refusal>) -> Result<Vec<U>, Refusal> {
    let at = |(index, item)| read(item).map_err(|refusal| refusal.inside(&format!("{name}[{index}]")));
    items.iter().enumerate().map(at).collect()
}

fn refusal(text: &str, path: &str, error: &serde_json::Error) -> Refusal {
    let path = path.strip_suffix('?').unwrap_or(path);
    let path = path.strip_suffix('.').unwrap_or(path);
    let full = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = full.strip_suffix(&place).unwrap_or(&full);
    if !error.is_data() {
        // Most objects stand on one line; "line 1" beside the number of a line in a stream would only confuse.
        let place = if error.line() == 1 { format!(" at column {}", error.column()) } else { place };
        return Refusal::new(Reason::Malformed, path, text.trim(), format!("JSON: {message}{place}"));
    }
    if let Some(name) = quoted(message, "missing field ") {
        return Refusal::new(Reason::Missing, below(path, name), "", "a value");
    }
    if let Some(name) = quoted(message, "unknown field ") {
        let known = message.split_once(", ").map_or("a known field", |(_, known)| known);
        return Refusal::new(Reason::Malformed, below(path, name), name, known.replacen("expected ", "", 1));
    }
    if let Some(name) = quoted(message, "duplicate field ") {
        return Refusal::new(Reason::TooMany, below(path, name), "a field given twice", "once");
    }
    let told = message.split_once(": ").filter(|(kind, _)| kind.starts_with("invalid ")).map(|(_, rest)| rest);
    match told.and_then(|rest| rest.split_once(", expected ")) {
        Some((value, expected)) if expected.starts_with("struct ") => {
            Refusal::new(Reason::Malformed, path, value, "an object")
        }
        Some((value, expected)) => Refusal::new(Reason::Malformed, path, value, expected),
        None => Refusal::new(Reason::Malformed, path, message, "what this field holds"),
    }
}

/// The name in backticks after `start`.
fn quoted<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.strip_prefix('`')?.split_once('`').map(|(name, _)| name)
}

/// The path of field `name` in the object at `path`, which may end in that field already.
fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused is looked at")]
    struct Outer {
        id: Option<String>,
        lines: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused is looked at")]
    struct Inner {
        code: String,
        quantity: DecimalText,
    }

    fn check(text: &str, code: &str, field: &str) {
        let refusal = read::<Outer>(text).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, field), "{text}: {refusal}");
    }

    #[test]
    fn a_mistake_is_told_by_the_path_of_its_field() {
        check(r#"{"lines":[{"code":"A","quantity":"1"},{"code":"B"}]}"#, "missing", "lines[1].quantity");
        check(r#"{"lines":[{"code":"A","quantity":"1","colour":"red"}]}"#, "malformed", "lines[0].colour");
        check(r#"{"lines":[{"code":7,"quantity":"1"}]}"#, "malformed", "lines[0].code");
        check(r#"{"lines":[{"code":"A","quantity":true}]}"#, "malformed", "lines[0].quantity");
        check(r#"{"lines":[{"code":"A","quantity":"1","quantity":"2"}]}"#, "too_many", "lines[0].quantity");
        check(r#"{"lines":{}}"#, "malformed", "lines");
        check("{}", "missing", "lines");
        check("{", "malformed", "");
        check(r#"{"lines":[]} {}"#, "malformed", "");
        check("[]", "malformed", "");
        check(r#"{"lines":[5]}"#, "malformed", "lines[0]");
        check(&format!(r#"{{"lines":[],"id":"{}"}}"#, "x".repeat(OBJECT_BYTES_MAX)), "too_long", "");
    }

    #[test]
    fn a_wrong_type_tells_what_came_and_what_was_expected() {
        let refusal = read::<Outer>(r#"{"lines":[{"code":7,"quantity":"1"}]}"#).unwrap_err();
        assert_eq!(refusal.to_string(), "lines[0].code: integer `7` is not a string");
    }

    #[test]
    fn a_number_is_taken_as_it_is_written() {
        for (text, kept) in [("\"1.50\"", "1.50"), ("0.1", "0.1"), ("1e3", "1e3"), ("-2", "-2")] {
            assert_eq!(read::<DecimalText>(text).unwrap().as_str(), kept);
        }
        assert_eq!(read::<DecimalText>("0.30000000000000000000001").unwrap().as_str(), "0.30000000000000000000001");
    }
}
