//! Element strings: application identifiers and values, bracketed for people or with FNC1 as scanners send them.
//!
//! `(01)09501101530003(10)AB` and `^010950110153000310AB` say the same; FNC1 is `^` or the character GS (0x1D), and ends
//! every value whose length its AI does not fix. In the bracketed form `\(` is a bracket that belongs to the value.
//! Source: GS1 General Specifications 7.8. Example: the two elements 01 and 10 above.

use std::fmt;

use crate::gs1::dictionary::{DICTIONARY, Entry};
use crate::gs1::finding::Finding;

/// The most elements in one code.
pub const ELEMENTS_MAX: usize = 64;
/// The separator of elements in a scanned code.
pub const GROUP_SEPARATOR: char = '\u{1D}';
/// How FNC1 is written where GS cannot be.
pub const FNC1: char = '^';

/// An application identifier with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The application identifier, such as `01`.
    pub ai: String,
    /// Its value.
    pub value: String,
}

impl Element {
    /// What the dictionary says of its AI.
    pub(crate) fn entry(&self) -> Option<&'static Entry> {
        DICTIONARY.find(&self.ai)
    }
}

/// Why a code is no valid GS1 code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A sentence that says all.
    Text(String),
    /// The content of an element.
    Content {
        /// Whose.
        ai: String,
        /// The component's text.
        component: String,
        /// What is wrong.
        finding: Finding,
    },
}

impl Problem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The finding about the content, if it is one.
    #[must_use]
    pub const fn finding(&self) -> Option<Finding> {
        match self {
            Self::Text(_) => None,
            Self::Content { finding, .. } => Some(*finding),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Content { ai, component, finding } => {
                write!(formatter, "AI ({ai}): {finding} ({}: {component})", finding.code())
            }
        }
    }
}

/// Reads what stands behind the first FNC1; `separator` ends values that may be shorter.
///
/// # Errors
/// No element, an AI that is not known, or a value of the wrong length or content.
pub fn read_scanned(data: &str, separator: char) -> Result<Vec<Element>, Problem> {
    if data.is_empty() {
        return Err(Problem::new("The AI data is empty"));
    }
    let (mut elements, mut at) = (Vec::new(), 0_usize);
    while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(entry) = DICTIONARY.find_at_start(rest) else {
            let shown: String = rest.chars().take(4).collect();
            return Err(Problem::new(format!("No known AI is a prefix of: {shown}...")));
        };
        if elements.len() == ELEMENTS_MAX {
            return Err(Problem::new(format!("More than {ELEMENTS_MAX} AIs")));
        }
        let field = rest.get(entry.ai.len()..).unwrap_or("");
        let field = field.split_once(separator).map_or(field, |(field, _)| field);
        let value = check_value(entry, field)?;
        elements.push(Element { ai: entry.ai.clone(), value: value.to_owned() });
        at = at.saturating_add(entry.ai.len()).saturating_add(value.len());
        if value.len() == field.len() {
            at = at.saturating_add(separator.len_utf8());
        } else if !entry.is_predefined {
            return Err(Problem::new(format!("AI ({}) data is too long", entry.ai)));
        }
    }
    Ok(elements)
}

/// Checks a field from its start, component by component, and answers with the part that was used.
fn check_value<'a>(entry: &Entry, field: &'a str) -> Result<&'a str, Problem> {
    let ai = &entry.ai;
    if field.is_empty() {
        return Err(Problem::new(format!("AI ({ai}) data is empty")));
    }
    let mut used = 0_usize;
    for part in &entry.components {
        let left = field.get(used..).unwrap_or("");
        if left.is_empty() && part.is_optional {
            continue;
        }
        let length = left.len().min(part.length_max);
        if length < part.length_min {
            return Err(Problem::new(format!("AI ({ai}) data has incorrect length")));
        }
        // A cut inside a character beyond ASCII: the whole rest is told.
        let component = left.get(..length).unwrap_or(left);
        part.check(component).map_err(|finding| Problem::Content {
            ai: ai.clone(),
            component: component.to_owned(),
            finding,
        })?;
        used = used.saturating_add(component.len());
    }
    Ok(field.get(..used).unwrap_or(field))
}

/// Reads the bracketed form.
///
/// # Errors
/// Brackets in the wrong place, an AI that is not known, or a value of the wrong length or content.
pub fn read_bracketed(text: &str) -> Result<Vec<Element>, Problem> {
    let malformed = || Problem::new("Failed to parse AI data: expected (AI)value(AI)value");
    let (mut elements, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (ai, after) = rest.strip_prefix('(').and_then(|inside| inside.split_once(')')).ok_or_else(malformed)?;
        let entry = DICTIONARY.find(ai).ok_or_else(|| Problem::new(format!("Unrecognised AI: {ai}")))?;
        if elements.len() == ELEMENTS_MAX {
            return Err(Problem::new(format!("More than {ELEMENTS_MAX} AIs")));
        }
        let value;
        (value, rest) = bracketed_value(after);
        check_whole_value(entry, &value)?;
        elements.push(Element { ai: ai.to_owned(), value });
    }
    if elements.is_empty() { Err(malformed()) } else { Ok(elements) }
}

/// The value up to the next bracket that is not escaped, and the rest from that bracket on.
fn bracketed_value(text: &str) -> (String, &str) {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        let end = rest.find('(').unwrap_or(rest.len());
        let (part, next) = rest.split_at(end);
        match part.strip_suffix('\\') {
            Some(part) if !next.is_empty() => {
                value.push_str(part);
                value.push('(');
                rest = next.get(1..).unwrap_or("");
            }
            _ => {
                value.push_str(part);
                return (value, next);
            }
        }
    }
}

/// Checks a value that stands by itself.
///
/// # Errors
/// Empty, too short, too long, FNC1 inside, or a finding.
pub(crate) fn check_whole_value(entry: &Entry, value: &str) -> Result<(), Problem> {
    let (ai, (least, most)) = (&entry.ai, entry.lengths());
    if value.is_empty() {
        return Err(Problem::new(format!("AI ({ai}) data is empty")));
    }
    if value.len() < least {
        return Err(Problem::new(format!("AI ({ai}) value is too short: {value} has less than {least} characters")));
    }
    if value.len() > most {
        return Err(Problem::new(format!("AI ({ai}) value is too long: {value} has more than {most} characters")));
    }
    if value.contains([FNC1, GROUP_SEPARATOR]) {
        return Err(Problem::new(format!("AI ({ai}) contains illegal ^ character")));
    }
    let used = check_value(entry, value)?;
    if used.len() < value.len() {
        return Err(Problem::new(format!("AI ({ai}) data has incorrect length")));
    }
    Ok(())
}

/// Writes elements as a scanner sends them, with FNC1 as `^`.
#[must_use]
pub fn to_scanned(elements: &[Element]) -> String {
    let (mut text, mut needs_separator) = (String::new(), true);
    for element in elements {
        if needs_separator {
            text.push(FNC1);
        }
        text.push_str(&element.ai);
        text.push_str(&element.value);
        needs_separator = !element.entry().is_some_and(|entry| entry.is_predefined);
    }
    text
}

/// Writes elements for people.
#[must_use]
pub fn to_bracketed(elements: &[Element]) -> String {
    elements.iter().map(|element| format!("({}){}", element.ai, element.value.replace('(', "\\("))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let scanned = text.strip_prefix('^').map(|data| read_scanned(data, FNC1));
        let read = scanned.unwrap_or_else(|| read_bracketed(text));
        match (read, expected) {
            (Ok(elements), Ok(scanned)) => assert_eq!(to_scanned(&elements), scanned, "{text}"),
            (Err(problem), Err(start)) => assert!(problem.to_string().starts_with(start), "{text}: {problem}"),
            (read, expected) => panic!("{text}: {read:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn both_forms_are_read() {
        check("(01)09501101530003(10)AB-1", Ok("^010950110153000310AB-1"));
        check("^010950110153000310AB-1^17270131", Ok("^010950110153000310AB-1^17270131"));
        check("^010950110153000317270131^", Ok("^010950110153000317270131"));
        check("^0109501101530003^17270131^10A^", Ok("^01095011015300031727013110A"));
        check("^310300012510A^21B", Ok("^310300012510A^21B"));
        check("(10)A\\(B\\(", Ok("^10A(B("));
        check("(7007)260101260131", Ok("^7007260101260131"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        check("^", Err("The AI data is empty"));
        check("^10^17270131", Err("AI (10) data is empty"));
        check("^010950110153000", Err("AI (01) data has incorrect length"));
        check("^0109501101530004", Err("AI (01): The numeric check digit is incorrect. (INCORRECT_CHECK_DIGIT"));
        check("^0109501101530003^^10A", Err("No known AI is a prefix of: ^10A..."));
        check("^10123456789012345678901", Err("AI (10) data is too long"));
        check("^700726010126", Err("AI (7007) data has incorrect length"));
        check("(10)", Err("AI (10) data is empty"));
        check("(10", Err("Failed to parse AI data"));
        check("10", Err("Failed to parse AI data"));
        check("(7007)260101260131260131", Err("AI (7007) value is too long"));
        check("(17)27013", Err("AI (17) value is too short"));
        check("(10)A^B", Err("AI (10) contains illegal ^ character"));
        check("(04)1234", Err("Unrecognised AI: 04"));
        check("(10)ñ", Err("AI (10): A non-CSET 82 character"));
        check("(426)é2", Err("AI (426): A non-digit character"));
    }

    #[test]
    fn a_code_has_a_most_of_elements() {
        check(&"(10)A".repeat(ELEMENTS_MAX + 1), Err("More than 64 AIs"));
        check(&"^10A".repeat(ELEMENTS_MAX + 1), Err("More than 64 AIs"));
    }

    proptest! {
        #[test]
        fn both_forms_say_the_same(lot in "[!-\"%-?A-Z_a-z]{1,20}", serial in "[0-9A-Za-z/(]{1,20}", weight in "[0-9]{6}") {
            let pairs = [("01", "09501101530003"), ("3103", &weight), ("10", &lot), ("17", "270131"), ("21", &serial)];
            let elements = pairs.map(|(ai, value)| Element { ai: ai.to_owned(), value: value.to_owned() });
            prop_assert_eq!(read_scanned(&to_scanned(&elements)[1..], FNC1).unwrap(), elements.clone());
            // A backslash before a bracket cannot be told from an escaped bracket; values have none.
            prop_assert_eq!(read_bracketed(&to_bracketed(&elements)).unwrap(), elements);
        }

        #[test]
        fn no_text_panics(text in "[0-9()^A-Zé\\\\\u{1D}]{0,60}") {
            let _answers = (read_bracketed(&text), read_scanned(&text, FNC1), read_scanned(&text, GROUP_SEPARATOR));
        }
    }
}
