//! Series of document numbers: gap-free, by construction.
//!
//! A series belongs to one kind of document, one period (the year of the local date of issue) and one journal, for
//! ever. `SeriesHead::allot` consumes the head and gives the number with the next head, and both are stored in the
//! transaction of the document itself; so no number is taken without its document and none is taken twice.
//! Sources: RD 1619/2012 art. 6.1.a (ES) consecutive inside each series; Portaria 195/2020 (PT) digits after the
//! series; authorised ranges of CO, CL. Example: `S01-T01-R26A` 12 of kind receipt prints `S01-T01-R26A-000012`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{DocumentNumber, SeriesCode, StoreCode, TillCode};
use crate::refusal::{Reason, Refusal};

/// The number template of a series where the country asks for no other.
pub const TEMPLATE: &str = "{series}-{number:6}";
const WIDTH_MAX: usize = 20;

/// The year of a series whose numbering never begins anew.
pub const EVERY_YEAR: i64 = 0;

/// What a number stands on. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DocumentKind {
    /// A receipt (simplified invoice).
    Receipt,
    /// A full invoice.
    Invoice,
    /// A credit note, naming the document that it corrects.
    CreditNote,
    /// A Z report.
    ZReport,
    /// Goods taken back without a receipt.
    Return,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Receipt, Self::Invoice, Self::CreditNote, Self::ZReport, Self::Return];

    /// The code used in files and answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::ZReport => "z_report",
            Self::Return => "return",
        }
    }

    /// The kind that a series of this code numbers, where the code is of the standard form: `S01-T01-R26A` is receipts.
    #[must_use]
    pub fn of_standard(code: &SeriesCode) -> Option<Self> {
        let letter = code.as_str().rsplit('-').next()?.chars().next()?;
        Self::ALL.into_iter().find(|kind| kind.letter() == letter)
    }

    const fn letter(self) -> char {
        match self {
            Self::Receipt => 'R',
            Self::Invoice => 'F',
            Self::CreditNote => 'C',
            Self::ZReport => 'Z',
            Self::Return => 'N',
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

/// A series as it is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its code, unique in the company and never granted again.
    pub code: SeriesCode,
    /// What it numbers.
    pub kind: DocumentKind,
    /// The year whose documents it numbers, or `EVERY_YEAR`.
    pub year: i64,
    /// How a number is printed, with `{series}`, `{store}`, `{till}`, `{year}` and `{number}` or `{number:6}`.
    pub template: NumberTemplate,
    /// The first number.
    pub first: u64,
    /// The last number of an authorised range.
    pub last: Option<u64>,
}

impl Series {
    /// What tells the series of a till's first journal from those of later ones.
    pub const FIRST_SUFFIX: &str = "A";

    /// Whether it numbers documents that are issued in a year.
    #[must_use]
    pub const fn numbers(&self, year: i64) -> bool {
        self.year == year || self.year == EVERY_YEAR
    }

    /// The code of a series of a kind that numbers every year: `001-002-FA`.
    ///
    /// # Errors
    /// Too long.
    pub fn endless_code(
        store: &StoreCode,
        till: &TillCode,
        kind: DocumentKind,
        suffix: &str,
    ) -> Result<SeriesCode, Refusal> {
        SeriesCode::new(format!("{store}-{till}-{}{suffix}", kind.letter()))
    }

    /// The series of a kind and year for one till: `S01-T01-R26A`, where `suffix` tells journals of one till apart.
    ///
    /// # Errors
    /// The suffix is not capital letters and digits, or too long.
    pub fn standard(
        store: &StoreCode,
        till: &TillCode,
        kind: DocumentKind,
        year: i64,
        suffix: &str,
    ) -> Result<Self, Refusal> {
        if !suffix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return Err(Refusal::new(Reason::Malformed, "suffix", suffix, "capital letters and digits"));
        }
        let short_year = year.rem_euclid(100);
        let code = SeriesCode::new(format!("{store}-{till}-{}{short_year:02}{suffix}", kind.letter()))?;
        Ok(Self { code, kind, year, template: NumberTemplate::standard(), first: 1, last: None })
    }
}

/// Where a series stands: the number that comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesHead {
    series: Series,
    next: u64,
}

/// A number taken from a series, to be stored with its document in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allotted {
    /// The series.
    pub series: SeriesCode,
    /// The number.
    pub number: u64,
    /// The number as printed.
    pub printed: DocumentNumber,
}

impl SeriesHead {
    /// The head of a series of which nothing was issued.
    #[must_use]
    pub const fn start(series: Series) -> Self {
        let next = series.first;
        Self { series, next }
    }

    /// The series.
    #[must_use]
    pub const fn series(&self) -> &Series {
        &self.series
    }

    /// The last number issued, if any was.
    #[must_use]
    pub fn last_issued(&self) -> Option<u64> {
        (self.next > self.series.first).then(|| self.next.saturating_sub(1))
    }

    /// The last number issued, as printed.
    ///
    /// # Errors
    /// The template prints more than a number may have.
    pub fn last_printed(&self, store: &StoreCode, till: &TillCode) -> Result<Option<DocumentNumber>, Refusal> {
        Ok(self.last_issued().map(|number| self.printed(store, till, number)).transpose()?.flatten())
    }

    /// A number that was issued, as printed.
    ///
    /// # Errors
    /// The template prints more than a number may have.
    pub fn printed(&self, store: &StoreCode, till: &TillCode, number: u64) -> Result<Option<DocumentNumber>, Refusal> {
        let is_issued = (self.series.first..self.next).contains(&number);
        is_issued.then(|| self.series.template.print(&self.series, store, till, number)).transpose()
    }

    /// The number that comes next; `None` where none is left.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        Some(self.next).filter(|next| self.series.last.is_none_or(|last| *next <= last))
    }

    /// How many numbers are left of a range; `None` where there is no end.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        let last = self.series.last?;
        Some(self.next().map_or(0, |next| last.saturating_sub(next).saturating_add(1)))
    }

    /// The head as it was before its last number: what only a planted defect goes back to.
    pub(crate) fn before_last(mut self) -> Self {
        self.next = self.next.saturating_sub(1).max(self.series.first);
        self
    }

    /// Takes the next number.
    ///
    /// # Errors
    /// `series_exhausted` past the end of the range.
    pub fn allot(mut self, store: &StoreCode, till: &TillCode) -> Result<(Allotted, Self), Refusal> {
        let number = self.next;
        let after = number.checked_add(1).filter(|_| self.series.last.is_none_or(|last| number <= last));
        let Some(after) = after else {
            let limit = match self.series.year {
                EVERY_YEAR => format!("a further range for {}: `till series add`", self.series.kind),
                year => format!("ask for a new series for {} {year}", self.series.kind),
            };
            return Err(Refusal::new(Reason::SeriesExhausted, "series", &self.series.code, limit));
        };
        let printed = self.series.template.print(&self.series, store, till, number)?;
        self.next = after;
        Ok((Allotted { series: self.series.code.clone(), number, printed }, self))
    }
}

/// How the numbers of a series are printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberTemplate(String);

impl NumberTemplate {
    /// `{series}-{number:6}`.
    #[must_use]
    pub fn standard() -> Self {
        Self(TEMPLATE.to_owned())
    }

    /// The template's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number of a series as it is printed.
    ///
    /// # Errors
    /// It has more characters than a number may have.
    pub fn print(
        &self,
        series: &Series,
        store: &StoreCode,
        till: &TillCode,
        number: u64,
    ) -> Result<DocumentNumber, Refusal> {
        let mut printed = String::new();
        for part in parts(&self.0)? {
            match part {
                Part::Text(text) => printed.push_str(text),
                Part::Series => printed.push_str(series.code.as_str()),
                Part::Store => printed.push_str(store.as_str()),
                Part::Till => printed.push_str(till.as_str()),
                Part::Year => printed.push_str(&series.year.to_string()),
                Part::Number(width) => printed.push_str(&format!("{number:0width$}")),
            }
        }
        DocumentNumber::new(printed)
    }

    /// The number that is printed so in a series: the inverse of `print`; `None` where none is.
    #[must_use]
    pub fn read(&self, series: &Series, store: &StoreCode, till: &TillCode, printed: &str) -> Option<u64> {
        // All but the number itself is known, and what stands before and behind it does not depend on it.
        let zero = self.print(series, store, till, 0).ok()?;
        let same = zero.as_str().bytes().zip(printed.bytes()).take_while(|(one, other)| one == other).count();
        let start = (0..=same)
            .rev()
            .find(|at| printed.get(..*at).is_some_and(|text| !text.ends_with(|c: char| c.is_ascii_digit())));
        let digits = |at: usize| {
            let tail = printed.get(at..)?;
            let length = tail.bytes().take_while(u8::is_ascii_digit).count();
            tail.get(..length)?.parse::<u64>().ok()
        };
        let is_it =
            |number: &u64| self.print(series, store, till, *number).is_ok_and(|again| again.as_str() == printed);
        (start.unwrap_or(0)..=same).filter_map(digits).find(is_it)
    }
}

impl FromStr for NumberTemplate {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let numbers = parts(text)?.iter().filter(|part| matches!(part, Part::Number(_))).count();
        if numbers != 1 || text.len() > DocumentNumber::BYTES_MAX {
            return Err(Refusal::new(
                Reason::Malformed,
                "template",
                text,
                "a text of at most 60 bytes with one {number}",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

enum Part<'a> {
    Text(&'a str),
    Series,
    Store,
    Till,
    Year,
    Number(usize),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, Refusal> {
    let limit = "text with {series}, {store}, {till}, {year}, {number} or {number:6}";
    let refused = || Refusal::new(Reason::Malformed, "template", template, limit);
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or_else(refused)?;
        parts.push(Part::Text(text));
        parts.push(match name.split_once(':') {
            None if name == "series" => Part::Series,
            None if name == "store" => Part::Store,
            None if name == "till" => Part::Till,
            None if name == "year" => Part::Year,
            None if name == "number" => Part::Number(1),
            Some(("number", width)) => {
                Part::Number(width.parse().ok().filter(|width| (1..=WIDTH_MAX).contains(width)).ok_or_else(refused)?)
            }
            _ => return Err(refused()),
        });
        rest = tail;
    }
    if rest.contains('}') {
        return Err(refused());
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// The numbers missing between `first` and the highest found, as runs, and those found more than once.
#[must_use]
pub fn holes(first: u64, found: &[u64]) -> (Vec<(u64, u64)>, Vec<u64>) {
    let mut sorted = found.to_vec();
    sorted.sort_unstable();
    let mut missing = Vec::new();
    let mut duplicates = Vec::new();
    let mut next = first;
    for number in sorted {
        if number < next {
            duplicates.push(number);
            continue;
        }
        if number > next {
            missing.push((next, number.saturating_sub(1)));
        }
        next = number.saturating_add(1);
    }
    duplicates.dedup();
    (missing, duplicates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(template: &str, first: u64, last: Option<u64>) -> SeriesHead {
        let store = StoreCode::new("S01").unwrap();
        let mut series =
            Series::standard(&store, &TillCode::new("T07").unwrap(), DocumentKind::Receipt, 2026, "A").unwrap();
        series.template = template.parse().unwrap();
        series.first = first;
        series.last = last;
        SeriesHead::start(series)
    }

    fn allot(head: SeriesHead) -> Result<(Allotted, SeriesHead), Refusal> {
        head.allot(&StoreCode::new("S01").unwrap(), &TillCode::new("T07").unwrap())
    }

    #[test]
    fn numbers_follow_without_a_gap_and_print_as_the_template_says() {
        for (template, expected) in [
            (TEMPLATE, ["S01-T07-R26A-000001", "S01-T07-R26A-000002"]),
            ("{till}-A-{number:6}", ["T07-A-000001", "T07-A-000002"]),
            ("001-002-{number:9}", ["001-002-000000001", "001-002-000000002"]),
            ("FT A/{number}", ["FT A/1", "FT A/2"]),
            ("{year}/{store}.{till}/{number:2}", ["2026/S01.T07/01", "2026/S01.T07/02"]),
            ("{number:20}", ["00000000000000000001", "00000000000000000002"]),
        ] {
            let (first, head) = allot(head(template, 1, None)).unwrap();
            let (second, head) = allot(head).unwrap();
            assert_eq!([first.printed.as_str(), second.printed.as_str()], expected);
            assert_eq!(head.last_issued(), Some(2));
        }
    }

    #[test]
    fn a_range_ends_where_it_was_authorised() {
        let start = head(TEMPLATE, 990, Some(991));
        assert_eq!(start.last_issued(), None);
        let (_, head) = allot(start).unwrap();
        let (last, head) = allot(head).unwrap();
        assert_eq!(last.number, 991);
        assert_eq!(allot(head).unwrap_err().code(), "series_exhausted");
        assert_eq!(allot(self::head(TEMPLATE, u64::MAX, None)).unwrap_err().code(), "series_exhausted");
    }

    #[test]
    fn a_suffix_that_would_hide_the_kind_of_a_series_is_refused() {
        let (store, till) = (StoreCode::new("S01").unwrap(), TillCode::new("T07").unwrap());
        let standard = |suffix| Series::standard(&store, &till, DocumentKind::Receipt, 2026, suffix);
        for suffix in ["-C26A", "a", "A B", "é"] {
            assert_eq!(standard(suffix).unwrap_err().field(), "suffix", "{suffix}");
        }
        for suffix in ["", "A", "B7"] {
            assert_eq!(DocumentKind::of_standard(&standard(suffix).unwrap().code), Some(DocumentKind::Receipt));
        }
    }

    #[test]
    fn a_template_without_exactly_one_number_is_refused() {
        for template in ["", "{series}", "{number}{number}", "{number:0}", "{number:21}", "{nummer}", "{number", "n}"] {
            assert_eq!(template.parse::<NumberTemplate>().unwrap_err().code(), "malformed", "{template}");
        }
        for wrong in ["{series:3}", "{number:}", "{number:x}", "{}", "{number}}"] {
            assert_eq!(wrong.parse::<NumberTemplate>().unwrap_err().code(), "malformed", "{wrong}");
        }
        let longest = format!("{}{{number}}", "x".repeat(52));
        assert_eq!(longest.parse::<NumberTemplate>().unwrap().as_str(), longest);
        assert_eq!(format!("x{longest}").parse::<NumberTemplate>().unwrap_err().code(), "malformed");
    }

    #[test]
    fn only_a_number_that_was_issued_prints() {
        let (store, till) = (StoreCode::new("S01").unwrap(), TillCode::new("T07").unwrap());
        let start = head("N{number}", 990, None);
        assert_eq!(start.last_printed(&store, &till), Ok(None));
        let (_, head) = allot(start).unwrap();
        let (_, head) = allot(head).unwrap();
        let shown = |number| head.printed(&store, &till, number).unwrap().map(|printed| printed.as_str().to_owned());
        assert_eq!([989, 990, 991, 992].map(shown), [None, Some("N990".into()), Some("N991".into()), None]);
        assert_eq!(head.last_printed(&store, &till).unwrap().unwrap().as_str(), "N991");
    }

    #[test]
    fn a_standard_series_tells_its_kind() {
        let (store, till) = (StoreCode::new("S01").unwrap(), TillCode::new("T07").unwrap());
        for (kind, year, code, name) in [
            (DocumentKind::Receipt, 2026, "S01-T07-R26B", "receipt"),
            (DocumentKind::Invoice, 2100, "S01-T07-F00B", "invoice"),
            (DocumentKind::CreditNote, 2009, "S01-T07-C09B", "credit_note"),
            (DocumentKind::ZReport, 2026, "S01-T07-Z26B", "z_report"),
            (DocumentKind::Return, 2026, "S01-T07-N26B", "return"),
        ] {
            let series = Series::standard(&store, &till, kind, year, "B").unwrap();
            assert_eq!((series.code.as_str(), series.year, series.first, series.last), (code, year, 1, None));
            assert_eq!(DocumentKind::of_standard(&series.code), Some(kind));
            assert_eq!(format!("{kind:>11}"), format!("{name:>11}"));
        }
        assert_eq!(DocumentKind::of_standard(&SeriesCode::new("X1").unwrap()), None);
        assert_eq!(
            Series::standard(&store, &till, DocumentKind::Receipt, 2026, "a b").unwrap_err().code(),
            "malformed"
        );
    }

    #[test]
    fn holes_and_doubles_are_found_whatever_the_order() {
        for (first, found, missing, duplicates) in [
            (1, vec![], vec![], vec![]),
            (1, vec![1, 2, 3], vec![], vec![]),
            (1, vec![3, 1], vec![(2, 2)], vec![]),
            (1, vec![5, 9, 5], vec![(1, 4), (6, 8)], vec![5]),
            (990, vec![990, 991, 991, 991], vec![], vec![991]),
            (10, vec![9, 10], vec![], vec![9]),
        ] {
            assert_eq!(holes(first, &found), (missing, duplicates), "{found:?}");
        }
    }
}
