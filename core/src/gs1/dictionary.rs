//! The application identifiers (AI) of GS1: what each may hold, what it needs beside it and what it excludes.
//!
//! Source: the GS1 Barcode Syntax Dictionary, `core/data/gs1-syntax-dictionary.txt`, read once at first use. Example:
//! `310n` is the net weight in kilograms with n decimals, six digits, beside a GTIN (01 or 02).

use std::sync::LazyLock;

use crate::gs1::finding::Finding;
use crate::gs1::lint::{Lint, named};

const TEXT: &str = include_str!("../../data/gs1-syntax-dictionary.txt");

/// The dictionary.
pub static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::read(TEXT));

/// The characters that a component may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterSet {
    /// Digits.
    Numeric,
    /// The 82 characters of most texts.
    Cset82,
    /// The 39 characters of component and part identifiers.
    Cset39,
    /// File-safe base64.
    Cset64,
}

impl CharacterSet {
    fn check(self, text: &str) -> Result<(), Finding> {
        match self {
            Self::Numeric => all(text, |byte| byte.is_ascii_digit(), Finding::NonDigit),
            Self::Cset82 => all(text, is_cset82, Finding::NonCset82),
            Self::Cset39 => all(text, is_cset39, Finding::NonCset39),
            Self::Cset64 => check_cset64(text),
        }
    }
}

fn all(text: &str, is_allowed: fn(u8) -> bool, finding: Finding) -> Result<(), Finding> {
    if text.bytes().all(is_allowed) { Ok(()) } else { Err(finding) }
}

const fn is_cset82(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'#' | b'$' | b'@' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{'..=b'~')
}

const fn is_cset39(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase() || matches!(byte, b'#' | b'-' | b'/')
}

/// Padding with `=` is optional; where it stands it fills the last group of three.
fn check_cset64(text: &str) -> Result<(), Finding> {
    let data = text.trim_end_matches('=');
    let pads = text.len().saturating_sub(data.len());
    if pads > 2 || (pads > 0 && !text.len().is_multiple_of(3)) {
        return Err(Finding::Cset64Padding);
    }
    all(data, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'), Finding::NonCset64)
}

/// A part of an element's value.
#[derive(Debug)]
pub struct Component {
    set: CharacterSet,
    /// The fewest characters.
    pub length_min: usize,
    /// The most characters.
    pub length_max: usize,
    /// Whether it may be absent.
    pub is_optional: bool,
    lints: Vec<Lint>,
}

impl Component {
    /// Checks the characters and then the content.
    ///
    /// # Errors
    /// The first finding.
    pub fn check(&self, text: &str) -> Result<(), Finding> {
        self.set.check(text)?;
        self.lints.iter().try_for_each(|lint| lint(text))
    }
}

/// An application identifier.
#[derive(Debug)]
pub struct Entry {
    /// Its digits.
    pub ai: String,
    /// Its length is known from its first two digits, so that no separator follows it.
    pub is_predefined: bool,
    /// It may stand in the query of a Digital Link.
    pub is_attribute: bool,
    /// The parts of its value.
    pub components: Vec<Component>,
    /// For each condition the alternatives; each is a group of which all must be there.
    pub requires: Vec<Vec<Vec<&'static str>>>,
    /// Which it cannot stand beside.
    pub excludes: Vec<&'static str>,
    /// For a primary key of a Digital Link: the alternative orders of qualifiers in the path.
    pub qualifiers: Option<Vec<Vec<&'static str>>>,
}

impl Entry {
    /// Whether it identifies a thing by itself, so that other elements can refer to it.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.qualifiers.is_some() || matches!(self.ai.as_str(), "02" | "03" | "8026")
    }

    /// The fewest and the most characters of the whole value.
    #[must_use]
    pub fn lengths(&self) -> (usize, usize) {
        let least = self.components.iter().filter(|part| !part.is_optional).map(|part| part.length_min);
        let most = self.components.iter().map(|part| part.length_max);
        (least.fold(0, usize::saturating_add), most.fold(0, usize::saturating_add))
    }
}

/// All application identifiers, in order.
#[derive(Debug)]
pub struct Dictionary {
    entries: Vec<Entry>,
    /// How many digits the AIs have that begin with two given digits; 0 where there are none.
    lengths: [usize; 100],
}

impl Dictionary {
    fn read(text: &'static str) -> Self {
        let mut dictionary = Self { entries: Vec::new(), lengths: [0; 100] };
        for line in text.lines() {
            let rule = line.split('#').next().unwrap_or("");
            let mut words = rule.split_whitespace();
            if let Some(range) = words.next() {
                let words: Vec<&'static str> = words.collect();
                ais_of(range).for_each(|ai| dictionary.add(entry(ai, &words)));
            }
        }
        dictionary.entries.sort_by(|one, other| one.ai.cmp(&other.ai));
        dictionary
    }

    fn add(&mut self, entry: Entry) {
        let length = entry.ai.len();
        if let Some(known) = first_two(&entry.ai).and_then(|place| self.lengths.get_mut(place)) {
            *known = length;
        }
        self.entries.push(entry);
    }

    /// The entry of an AI.
    #[must_use]
    pub fn find(&self, ai: &str) -> Option<&Entry> {
        let place = self.entries.binary_search_by(|entry| entry.ai.as_str().cmp(ai)).ok()?;
        self.entries.get(place)
    }

    /// The entry of the AI that a text begins with.
    #[must_use]
    pub fn find_at_start(&self, text: &str) -> Option<&Entry> {
        let length = *self.lengths.get(first_two(text)?)?;
        self.find(text.get(..length)?)
    }

    /// Every entry, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

fn first_two(text: &str) -> Option<usize> {
    let digits = text.get(..2)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// `3100-3105` is six AIs, anything else one.
fn ais_of(range: &'static str) -> impl Iterator<Item = String> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.parse::<u32>().expect("the dictionary's AIs are numbers; a test reads them all");
    let digits = first.len();
    (number(first)..=number(last)).map(move |ai| format!("{ai:0digits$}"))
}

fn entry(ai: String, words: &[&'static str]) -> Entry {
    let mut entry = Entry {
        ai,
        is_predefined: false,
        is_attribute: false,
        components: Vec::new(),
        requires: Vec::new(),
        excludes: Vec::new(),
        qualifiers: None,
    };
    let alternatives = |text: &'static str, between: char, inside: char| -> Vec<Vec<&'static str>> {
        text.split(between).map(|group| group.split(inside).collect()).collect()
    };
    for word in words {
        if word.bytes().all(|byte| matches!(byte, b'*' | b'?')) {
            entry.is_predefined = word.contains('*');
            entry.is_attribute = word.contains('?');
        } else if let Some(list) = word.strip_prefix("req=") {
            entry.requires.push(alternatives(list, ',', '+'));
        } else if let Some(list) = word.strip_prefix("ex=") {
            entry.excludes.extend(list.split(','));
        } else if let Some(list) = word.strip_prefix("dlpkey=") {
            entry.qualifiers = Some(alternatives(list, '|', ','));
        } else if *word == "dlpkey" {
            entry.qualifiers = Some(vec![Vec::new()]);
        } else {
            entry.components.push(component(word));
        }
    }
    entry
}

/// `N14,csum,gcppos2`, `X..20`, `[N4],hhmi`.
fn component(word: &'static str) -> Component {
    let mut parts = word.split(',');
    let form = parts.next().unwrap_or("");
    let bare = form.trim_start_matches('[').trim_end_matches(']');
    let (set, size) = bare.split_at(1);
    let (length_min, size) = size.strip_prefix("..").map_or((None, size), |most| (Some(1), most));
    let length_max = size.parse().expect("the dictionary's lengths are numbers; a test reads them all");
    Component {
        set: match set {
            "N" => CharacterSet::Numeric,
            "Y" => CharacterSet::Cset39,
            "Z" => CharacterSet::Cset64,
            _ => CharacterSet::Cset82,
        },
        length_min: length_min.unwrap_or(length_max),
        length_max,
        is_optional: form.starts_with('['),
        lints: parts
            .map(|name| named(name).expect("the dictionary's tests are known; a test reads them all"))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_dictionary_is_read() {
        let rules = TEXT.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).count();
        assert_eq!(rules, 224);
        assert_eq!(DICTIONARY.entries().len(), 541);
        for entry in DICTIONARY.entries() {
            assert!(!entry.components.is_empty(), "{}", entry.ai);
            assert_eq!(DICTIONARY.find_at_start(&format!("{}0", entry.ai)).unwrap().ai, entry.ai);
            let (least, most) = entry.lengths();
            assert!(0 < least && least <= most && most <= 90, "{}", entry.ai);
            assert!(!entry.is_predefined || least == most, "{}", entry.ai);
        }
    }

    #[test]
    fn an_entry_says_what_it_holds_needs_and_excludes() {
        let weight = DICTIONARY.find("3103").unwrap();
        assert!(weight.is_predefined && weight.is_attribute && weight.lengths() == (6, 6));
        assert_eq!((&weight.requires, &weight.excludes), (&vec![vec![vec!["01"], vec!["02"]]], &vec!["310n"]));
        let gtin = DICTIONARY.find("01").unwrap();
        assert_eq!(gtin.qualifiers, Some(vec![vec!["22", "10", "21"], vec!["235"]]));
        assert_eq!(DICTIONARY.find("253").unwrap().lengths(), (13, 30));
        for unknown in ["", "0", "1", "04", "23", "310", "3106", "31000", "abc", "é1", "٣٣"] {
            assert!(DICTIONARY.find(unknown).is_none(), "{unknown}");
        }
        assert!(DICTIONARY.find_at_start("2345").is_none() && DICTIONARY.find_at_start("31").is_none());
    }

    #[test]
    fn characters_are_checked_by_set() {
        for byte in 0..=255_u8 {
            let character = char::from(byte);
            let in_82 = character.is_ascii() && "!\"%&'()*+,-./0123456789:;<=>?_".contains(character);
            assert_eq!(is_cset82(byte), in_82 || byte.is_ascii_alphabetic(), "{byte}");
        }
        let check = |set: CharacterSet, text: &str| set.check(text).err().map(Finding::code);
        assert_eq!(check(CharacterSet::Cset39, "A-1/#"), None);
        assert_eq!(check(CharacterSet::Cset39, "a"), Some("INVALID_CSET39_CHARACTER"));
        assert_eq!(check(CharacterSet::Cset64, "1=="), None);
        assert_eq!(check(CharacterSet::Cset64, "12=="), Some("INVALID_CSET64_PADDING"));
        assert_eq!(check(CharacterSet::Cset64, "1:2"), Some("INVALID_CSET64_CHARACTER"));
    }
}
