//! GS1 Digital Link: elements written as a web address, and read from one.
//!
//! A primary key and its qualifiers stand in the path in a fixed order, the rest in the query:
//! `https://example.com/01/09501101530003/10/AB?17=270131`. The canonical address begins with `https://id.gs1.org`. Source:
//! GS1 Digital Link Standard, URI Syntax. A GTIN in the path has 14 digits; one in the query may be shorter.

use crate::gs1::dictionary::{DICTIONARY, Entry};
use crate::gs1::element::{ELEMENTS_MAX, Element, Problem, check_whole_value};

/// What canonical links begin with.
pub const CANONICAL_STEM: &str = "https://id.gs1.org";

const URI_MARKS: &str = "-._~:/?#[]@!$&'()*+,;=%";
const DOMAIN_MARKS_NOT: &str = "_~?#@!$&'()*+,;=%";

/// Whether a text is meant as a web address.
#[must_use]
pub fn is_link(text: &str) -> bool {
    address_of(text).is_some()
}

fn address_of(text: &str) -> Option<&str> {
    ["https://", "HTTPS://", "http://", "HTTP://"].into_iter().find_map(|scheme| text.strip_prefix(scheme))
}

/// Reads a link: first the elements of the path, then those of the query.
///
/// # Errors
/// Not a web address, no primary key in the path, qualifiers in the wrong order or in the query, an AI that is unknown,
/// repeated or not allowed in a query, or a wrong value.
pub fn read(uri: &str) -> Result<Vec<Element>, Problem> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || URI_MARKS.contains(c);
    if let Some(wrong) = uri.chars().find(|c| !is_allowed(*c)) {
        return Err(Problem::new(format!("URI contains illegal character {wrong:?}")));
    }
    let address = address_of(uri).ok_or_else(|| Problem::new("URI must begin with https:// or http://"))?;
    let slash = address.find('/').filter(|place| *place > 0);
    let slash = slash.ok_or_else(|| Problem::new("URI must contain a domain and path info"))?;
    let (domain, rest) = address.split_at(slash);
    if domain.contains(|c| DOMAIN_MARKS_NOT.contains(c)) {
        return Err(Problem::new(format!("Domain contains illegal characters: {domain}")));
    }
    let rest = rest.split('#').next().unwrap_or("");
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut elements = read_path(path)?;
    let in_path = elements.len();
    read_query(query, &mut elements)?;
    let (path, attributes) = elements.split_at(in_path);
    check_places(path, attributes)?;
    Ok(elements)
}

/// The pairs from the last primary key on.
fn read_path(path: &str) -> Result<Vec<Element>, Problem> {
    let no_key = || Problem::new("No GS1 Digital Link primary key was found in the path");
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut pairs = Vec::new();
    for pair in segments.rchunks_exact(2) {
        let &[ai, value] = pair else { return Err(no_key()) };
        let entry = DICTIONARY.find(ai).ok_or_else(no_key)?;
        pairs.push((entry, value));
        if entry.qualifiers.is_some() {
            pairs.reverse();
            return pairs.into_iter().map(|(entry, value)| path_element(entry, value)).collect();
        }
    }
    Err(no_key())
}

fn path_element(entry: &Entry, value: &str) -> Result<Element, Problem> {
    if value.is_empty() {
        return Err(Problem::new(format!("AI ({}) value path element is empty", entry.ai)));
    }
    let value = decode(value, Part::Path).ok_or_else(|| illegal_null(entry))?;
    check_whole_value(entry, &value)?;
    Ok(Element { ai: entry.ai.clone(), value })
}

fn illegal_null(entry: &Entry) -> Problem {
    Problem::new(format!("AI ({}) contains an illegal null or byte sequence", entry.ai))
}

fn read_query(query: &str, elements: &mut Vec<Element>) -> Result<(), Problem> {
    for (ai, value) in query.split('&').filter_map(|parameter| parameter.split_once('=')) {
        // Parameters that are no numbers belong to somebody else.
        if !ai.bytes().all(|byte| byte.is_ascii_digit()) || ai.is_empty() {
            continue;
        }
        let entry =
            DICTIONARY.find(ai).ok_or_else(|| Problem::new(format!("Unknown AI ({ai}) in query parameters")))?;
        if value.is_empty() {
            return Err(Problem::new(format!("AI ({ai}) value query element is empty")));
        }
        let mut value = decode(value, Part::Query).ok_or_else(|| illegal_null(entry))?;
        if ai == "01" && matches!(value.len(), 8 | 12 | 13) {
            value = format!("{value:0>14}");
        }
        check_whole_value(entry, &value)?;
        if elements.len() == ELEMENTS_MAX {
            return Err(Problem::new(format!("More than {ELEMENTS_MAX} AIs")));
        }
        elements.push(Element { ai: ai.to_owned(), value });
    }
    Ok(())
}

fn check_places(path: &[Element], attributes: &[Element]) -> Result<(), Problem> {
    let ais: Vec<&str> = path.iter().map(|element| element.ai.as_str()).collect();
    if !is_sequence(&ais) {
        return Err(Problem::new("The AIs in the path are not a valid key-qualifier sequence for the key"));
    }
    for (place, attribute) in attributes.iter().enumerate() {
        let ai = attribute.ai.as_str();
        let is_repeated = path.iter().chain(attributes.iter().take(place)).any(|other| other.ai == ai);
        if is_repeated {
            return Err(Problem::new(format!("AI ({ai}) is duplicated")));
        }
        if !attribute.entry().is_some_and(|entry| entry.is_attribute) {
            return Err(Problem::new(format!("AI ({ai}) is not a valid GS1 Digital Link data attribute")));
        }
        for position in 1..=ais.len() {
            let mut with: Vec<&str> = ais.clone();
            with.insert(position, ai);
            if is_sequence(&with) {
                return Err(Problem::new(format!("AI ({ai}) from query params should be in the path info")));
            }
        }
    }
    Ok(())
}

/// Whether AIs are a primary key and some of its qualifiers in their order, all of one alternative.
fn is_sequence(ais: &[&str]) -> bool {
    let Some((key, qualifiers)) = ais.split_first() else { return false };
    let alternatives = DICTIONARY.find(key).and_then(|entry| entry.qualifiers.as_ref());
    let is_in_order = |order: &Vec<&str>| {
        let mut left = order.iter();
        qualifiers.iter().all(|qualifier| left.any(|next| next == qualifier))
    };
    alternatives.is_some_and(|alternatives| alternatives.iter().any(is_in_order))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Query,
}

/// Undoes percent-encoding; a plus in a query is a space. Nothing for a null and for what is no text.
fn decode(text: &str, part: Part) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let pair = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
                after
            }
            [b'+', after @ ..] if part == Part::Query => {
                bytes.push(b' ');
                after
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                after
            }
        };
    }
    if bytes.contains(&0) { None } else { String::from_utf8(bytes).ok() }
}

/// Writes elements as a link, or nothing where they name no primary key or hold what no query may have.
///
/// The first primary key is the path's; its qualifiers follow in their order; then, in the query, elements of
/// predefined length before the others, each in the order given.
#[must_use]
pub fn write(elements: &[Element], stem: &str) -> Option<String> {
    let (key, alternatives) =
        elements.iter().find_map(|element| Some((element, element.entry()?.qualifiers.as_ref()?)))?;
    let find = |ai: &str| elements.iter().find(|element| element.ai == ai);
    let present = |order: &Vec<&str>| order.iter().filter_map(|ai| find(ai)).collect::<Vec<_>>();
    let mut qualifiers = Vec::new();
    for order in alternatives {
        let found = present(order);
        if found.len() > qualifiers.len() {
            qualifiers = found;
        }
    }
    let mut uri = stem.strip_suffix('/').unwrap_or(stem).to_owned();
    let in_path: Vec<&Element> = [key].into_iter().chain(qualifiers).collect();
    for element in &in_path {
        uri.push('/');
        uri.push_str(&element.ai);
        uri.push('/');
        encode(&element.value, Part::Path, &mut uri);
    }
    let mut written: Vec<&str> = in_path.iter().map(|element| element.ai.as_str()).collect();
    let mut mark = '?';
    for is_predefined in [true, false] {
        for element in elements {
            let entry = element.entry()?;
            if entry.is_predefined != is_predefined || written.contains(&element.ai.as_str()) {
                continue;
            }
            if !entry.is_attribute {
                return None;
            }
            written.push(&element.ai);
            uri.push(mark);
            uri.push_str(&element.ai);
            uri.push('=');
            encode(&element.value, Part::Query, &mut uri);
            mark = '&';
        }
    }
    Some(uri)
}

fn encode(value: &str, part: Part, uri: &mut String) {
    for byte in value.bytes() {
        match byte {
            b' ' if part == Part::Query => uri.push('+'),
            b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gs1::element::{read_bracketed, to_bracketed};

    fn check(uri: &str, expected: Result<&str, &str>) {
        match (read(uri), expected) {
            (Ok(elements), Ok(bracketed)) => assert_eq!(to_bracketed(&elements), bracketed, "{uri}"),
            (Err(problem), Err(start)) => assert!(problem.to_string().starts_with(start), "{uri}: {problem}"),
            (read, expected) => panic!("{uri}: {read:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_link_is_read_by_path_and_query() {
        check("https://shop.example/01/09501101530003", Ok("(01)09501101530003"));
        check(
            "HTTP://shop.example:8080/a/b/01/09501101530003/10/A%2Fb?17=270131#x",
            Ok("(01)09501101530003(10)A/b(17)270131"),
        );
        check("https://a/00/095011015300012341?02=9501101530003&37=2", Err("AI (02) value is too short"));
        check("https://a/8004/9501XY?01=9501101530003&x=1&&99=A+B", Err("AI (99): A non-CSET 82"));
        check("https://a/8004/9501XY?01=9501101530003&x=1&&99=A%2BB", Ok("(8004)9501XY(01)09501101530003(99)A+B"));
        check("https://a/01/00/01/09501101530003", Ok("(01)09501101530003"));
    }

    #[test]
    fn what_is_wrong_with_a_link_is_named() {
        for (uri, start) in [
            ("", "URI must begin"),
            ("HTTps://a/01/09501101530003", "URI must begin"),
            ("https:///01/09501101530003", "URI must contain a domain"),
            ("https://a", "URI must contain a domain"),
            ("https://a_b/01/09501101530003", "Domain contains"),
            ("https://a/01/09501101530003|", "URI contains illegal character '|'"),
            ("https://a/10/A", "No GS1 Digital Link primary key"),
            ("https://a/01/09501101530003/", "No GS1 Digital Link primary key"),
            ("https://a/01/09501101530003/11/270131", "The AIs in the path"),
            ("https://a/01/09501101530003/10/A/22/B", "The AIs in the path"),
            ("https://a/01/09501101530003/22/A/235/B", "The AIs in the path"),
            ("https://a/01/09501101530003/10/", "AI (10) value path element is empty"),
            ("https://a/01/09501101530003?21=A", "AI (21) is not a valid GS1 Digital Link data attribute"),
            ("https://a/01/09501101530003?10=A", "AI (10) from query params should be in the path"),
            ("https://a/01/09501101530003?17=270131&17=270131", "AI (17) is duplicated"),
            ("https://a/01/09501101530003?04=1", "Unknown AI (04)"),
            ("https://a/01/09501101530003?17=", "AI (17) value query element is empty"),
            ("https://a/01/09501101530003/10/%00", "AI (10) contains an illegal null"),
            ("https://a/01/9501101530003", "AI (01) value is too short"),
        ] {
            check(uri, Err(start));
        }
    }

    #[test]
    fn elements_are_written_as_a_link() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(write(&read_bracketed(text).unwrap(), "https://a/b/").as_deref(), expected, "{text}");
        };
        check("(10)A", None);
        check("(10)A(01)09501101530003", Some("https://a/b/01/09501101530003/10/A"));
        check(
            "(21)S(01)09501101530003(99)x/y(10)A(17)270131(22)V",
            Some("https://a/b/01/09501101530003/22/V/10/A/21/S?17=270131&99=x%2Fy"),
        );
        check("(01)09501101530003(235)T", Some("https://a/b/01/09501101530003/235/T"));
        // 10 and 235 belong to different alternatives; 235 cannot stand in a query.
        check("(01)09501101530003(235)T(10)A", None);
        check("(01)09501101530003(254)A", None);
    }

    proptest! {
        #[test]
        fn a_written_link_reads_back(lot in "[!-\"%-?A-Z_a-z]{1,20}", note in "[!-\"%-?A-Z_a-z]{1,90}") {
            let text = format!("(01)09501101530003(10){}(17)270131(99){}", lot.replace('(', "["), note.replace('(', "["));
            let text = text.replace('[', "\\(");
            let elements = read_bracketed(&text).unwrap();
            let uri = write(&elements, CANONICAL_STEM).unwrap();
            prop_assert_eq!(read(&uri).unwrap(), elements);
        }

        #[test]
        fn no_text_panics(text in "(https://a)?[0-9a-z/?&=%+#:é\u{1D}]{0,60}") {
            let _answer = read(&text);
        }
    }
}
