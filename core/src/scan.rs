//! What a scanned code says: which article, how much of it, which lot, until when.
//!
//! In order: a code with a symbology identifier (`]C1`, `]d2`, `]Q3`, `]e0`, `]E0`, `]E4` and others of ISO/IEC 15424) is
//! read as that symbol; `(` begins bracketed GS1 elements; `^` or GS begins scanned elements; `https://` a GS1 Digital
//! Link; digits are an article code (8, 12, 13, 14), a UPC-E without its outer digits (6, 7), a pallet (18), or longer
//! elements without a prefix. An EAN-13 that a mask of the shop or of its country fits yields its price, weight or count.
//! Example: `]C1019501101530003310300019510AB` is article 09501101530003, 0.195 kg of lot AB.

use crate::barcode::{self, Gtin, Symbology};
use crate::gs1::association::{check_needs, check_pairs};
use crate::gs1::digital_link;
use crate::gs1::element::{Element, FNC1, GROUP_SEPARATOR, Problem, read_bracketed, read_scanned};
use crate::gs1::measure::{Measures, measures};
use crate::in_store_code::Mask;

/// The most bytes of a scanned code: 90 characters for each of 64 elements.
pub const CODE_BYTES_MAX: usize = 8_192;

/// What to read codes by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Where in-store codes carry a measure; the first that fits is taken.
    pub masks: &'a [Mask],
    /// What Digital Links begin with.
    pub stem: &'a str,
}

impl Default for Rules<'_> {
    /// No masks, canonical links.
    fn default() -> Self {
        Self { masks: &[], stem: digital_link::CANONICAL_STEM }
    }
}

/// What a code says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// How it is written.
    pub symbology: Option<Symbology>,
    /// The article's number as it stands in the code.
    pub gtin: Option<Gtin>,
    /// The number to look the article up by, where the code's own changes with the measure.
    pub article: Option<Gtin>,
    /// The GS1 elements in it; for an article code, its number as element 01.
    pub elements: Vec<Element>,
    /// Price, weight and count in it.
    pub measures: Measures,
    /// The same content as a GS1 Digital Link, where it has one.
    pub digital_link: Option<String>,
    /// Why it is not valid.
    pub problem: Option<Problem>,
}

impl Scanned {
    /// Whether the code is whole and keeps the rules.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.problem.is_none()
    }

    /// The value of an application identifier.
    #[must_use]
    pub fn value(&self, ai: &str) -> Option<&str> {
        self.elements.iter().find(|element| element.ai == ai).map(|element| element.value.as_str())
    }

    fn refused(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }
}

/// Says what a code is. Line ends and tabs around it, which some scanners send, are passed over.
#[must_use]
pub fn scan(code: &str, rules: Rules<'_>) -> Scanned {
    let text = code.trim_matches(['\r', '\n', '\t', '\0']);
    if text.len() > CODE_BYTES_MAX {
        return Scanned::refused(Problem::new(format!("the code is longer than {CODE_BYTES_MAX} bytes")));
    }
    if let Some(identified) = text.strip_prefix(']') {
        return identified_symbol(identified, rules);
    }
    if text.starts_with('(') {
        return of_elements(Symbology::ElementString, read_bracketed(text), Form::Stated, rules);
    }
    if let Some(elements) = text.strip_prefix([FNC1, GROUP_SEPARATOR]) {
        let elements = elements.replace(GROUP_SEPARATOR, "^");
        return of_elements(Symbology::ElementString, read_scanned(&elements, FNC1), Form::Scanned, rules);
    }
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")) {
        return of_elements(Symbology::DigitalLink, digital_link::read(text), Form::Scanned, rules);
    }
    bare(text.trim_matches(' '), rules)
}

/// Digits, or elements without any prefix.
fn bare(text: &str, rules: Rules<'_>) -> Scanned {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        6 | 7 if is_digits => match barcode::upc_e_to_upc_a(text) {
            Ok(upc_a) => of_gtin(Symbology::UpcE, Gtin::new(&upc_a), rules),
            Err(refusal) => Scanned::refused(Problem::new(refusal.to_string())),
        },
        18 if is_digits && barcode::verify_check_digit(text).is_ok() => {
            let pallet = Element { ai: "00".to_owned(), value: text.to_owned() };
            of_elements(Symbology::Sscc, Ok(vec![pallet]), Form::Scanned, rules)
        }
        18 if is_digits && read_scanned(text, GROUP_SEPARATOR).is_err() => {
            let refusal = barcode::verify_check_digit(text).err().map(|refusal| refusal.to_string());
            Scanned::refused(Problem::new(refusal.unwrap_or_default()))
        }
        15.. if text.starts_with(|c: char| c.is_ascii_digit()) => {
            of_elements(Symbology::ElementString, read_scanned(text, GROUP_SEPARATOR), Form::Scanned, rules)
        }
        _ => match barcode::read(text) {
            Ok(article) => of_gtin(article.symbology, Some(article.gtin), rules),
            Err(refusal) => Scanned::refused(Problem::new(refusal.to_string())),
        },
    }
}

/// An article code, and what is inside it where a mask fits.
fn of_gtin(symbology: Symbology, gtin: Option<Gtin>, rules: Rules<'_>) -> Scanned {
    let Some(gtin) = gtin else { return Scanned::refused(Problem::new("the article code is not whole")) };
    let elements = vec![Element { ai: "01".to_owned(), value: gtin.to_string() }];
    let mut found = Scanned { symbology: Some(symbology), gtin: Some(gtin), elements, ..Scanned::default() };
    if !gtin.is_restricted() {
        found.digital_link = digital_link::write(&found.elements, rules.stem);
    }
    let fitting = gtin.as_thirteen().and_then(|code| rules.masks.iter().find_map(|mask| mask.read(code)));
    match fitting {
        Some(Ok(measured)) => {
            found.article = Gtin::new(&measured.article);
            found.measures = measured.measures;
        }
        Some(Err(problem)) => found.problem = Some(Problem::new(problem)),
        None => {}
    }
    found
}

/// Whether the elements are all that marks an item, or what one symbol on it says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Stated,
    Scanned,
}

fn of_elements(symbology: Symbology, read: Result<Vec<Element>, Problem>, form: Form, rules: Rules<'_>) -> Scanned {
    let elements = match read {
        Ok(elements) => elements,
        Err(problem) => return Scanned { symbology: Some(symbology), ..Scanned::refused(problem) },
    };
    let needs = if form == Form::Stated { check_needs(&elements) } else { Ok(()) };
    let problem = check_pairs(&elements).and(needs).err();
    let digital_link = if problem.is_none() { digital_link::write(&elements, rules.stem) } else { None };
    Scanned {
        symbology: Some(symbology),
        gtin: gtin_of(&elements),
        article: None,
        measures: measures(&elements),
        elements,
        digital_link,
        problem,
    }
}

/// The article: its own number, else that of a piece of it, of one made to order, or of what a pallet holds.
fn gtin_of(elements: &[Element]) -> Option<Gtin> {
    let find = |ai: &str| elements.iter().find(|element| element.ai == ai);
    let element = ["01", "8006", "03", "02", "8026"].into_iter().find_map(find)?;
    Gtin::new(element.value.get(..14)?)
}

/// A code that begins with a symbology identifier (ISO/IEC 15424), without its `]`.
fn identified_symbol(identified: &str, rules: Rules<'_>) -> Scanned {
    let Some((identifier, data)) = identified.split_at_checked(2) else {
        return Scanned::refused(Problem::new("Missing symbology identifier"));
    };
    match identifier {
        "E0" => ean(Symbology::Ean13, 13, data, rules),
        "E4" => ean(Symbology::Ean8, 8, data, rules),
        "C1" => scanned_elements(Symbology::Gs1128, data, rules),
        "e0" => scanned_elements(Symbology::DataBar, data, rules),
        "d2" => scanned_elements(Symbology::DataMatrix, data, rules),
        "Q3" => scanned_elements(Symbology::Qr, data, rules),
        "J1" => scanned_elements(Symbology::DotCode, data, rules),
        "d1" => plain(Symbology::DataMatrix, data, rules),
        "Q1" => plain(Symbology::Qr, data, rules),
        "J0" => plain(Symbology::DotCode, data, rules),
        "C0" => plain(Symbology::Code128, data, rules),
        "A0" => plain(Symbology::Code39, data, rules),
        "I0" | "I1" => plain(Symbology::Itf, data, rules),
        _ => Scanned::refused(Problem::new("Unsupported symbology identifier")),
    }
}

fn scanned_elements(symbology: Symbology, data: &str, rules: Rules<'_>) -> Scanned {
    let read = if data.contains(FNC1) {
        Err(Problem::new("Scan data contains illegal ^ character"))
    } else {
        read_scanned(data, GROUP_SEPARATOR)
    };
    of_elements(symbology, read, Form::Scanned, rules)
}

/// A symbol without GS1 data: an article code or a Digital Link where it is one, else text of somebody's own.
fn plain(symbology: Symbology, data: &str, rules: Rules<'_>) -> Scanned {
    if digital_link::is_link(data) {
        return of_elements(symbology, digital_link::read(data), Form::Scanned, rules);
    }
    match Gtin::new(data) {
        Some(gtin) => of_gtin(symbology, Some(gtin), rules),
        None => Scanned { symbology: Some(symbology), ..Scanned::default() },
    }
}

/// The linear part, and the composite part behind `|]e0` where there is one.
fn ean(symbology: Symbology, length: usize, data: &str, rules: Rules<'_>) -> Scanned {
    let refused = |text: &str| Scanned::refused(Problem::new(text));
    let (primary, composite) = data.split_once("|]e0").map_or((data, None), |(primary, rest)| (primary, Some(rest)));
    if primary.len() < length {
        return refused("Primary scan data is too short");
    }
    if primary.len() > length {
        return refused("Primary message is too long");
    }
    if !primary.bytes().all(|byte| byte.is_ascii_digit()) {
        return refused("Primary message may only contain digits");
    }
    let Some(gtin) = Gtin::new(primary) else { return refused("Primary message check digit is incorrect") };
    let mut found = of_gtin(symbology, Some(gtin), rules);
    if let Some(composite) = composite {
        let inside = scanned_elements(symbology, composite, rules);
        found.problem = found.problem.or(inside.problem);
        found.elements.extend(inside.elements);
        found.digital_link = found.digital_link.and_then(|_| digital_link::write(&found.elements, rules.stem));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gs1::element::to_bracketed;
    use crate::in_store_code::masks_of;

    fn read(code: &str) -> Scanned {
        scan(code, Rules::default())
    }

    fn check(code: &str, symbology: Symbology, gtin: Option<&str>, elements: &str) {
        let found = read(code);
        assert_eq!(found.problem, None, "{code}");
        assert_eq!(found.symbology, Some(symbology), "{code}");
        assert_eq!((found.gtin.as_ref().map(Gtin::as_str), to_bracketed(&found.elements).as_str()), (gtin, elements));
    }

    #[test]
    fn every_form_of_a_code_is_read() {
        let (article, gtin) = ("(01)09501101530003", Some("09501101530003"));
        check("9501101530003", Symbology::Ean13, gtin, article);
        check("\t9501101530003\r\n", Symbology::Ean13, gtin, article);
        check(" 9501101530003 ", Symbology::Ean13, gtin, article);
        check("]E09501101530003", Symbology::Ean13, gtin, article);
        check("]I109501101530003", Symbology::Itf, gtin, article);
        check("]C10109501101530003", Symbology::Gs1128, gtin, article);
        check("]d20109501101530003\u{1D}", Symbology::DataMatrix, gtin, article);
        check("]Q1https://a/01/09501101530003", Symbology::Qr, gtin, article);
        check("https://a/01/09501101530003", Symbology::DigitalLink, gtin, article);
        check("0109501101530003", Symbology::ElementString, gtin, article);
        check("\u{1D}0109501101530003", Symbology::ElementString, gtin, article);
        let with_lot = "(01)09501101530003(10)A(17)270131";
        check("010950110153000310A\u{1D}17270131", Symbology::ElementString, gtin, with_lot);
        check("^010950110153000310A\u{1D}17270131", Symbology::ElementString, gtin, with_lot);
        check("]E09501101530003|]e010A", Symbology::Ean13, gtin, "(01)09501101530003(10)A");
        check("095011015300012341", Symbology::Sscc, None, "(00)095011015300012341");
        check("425261", Symbology::UpcE, Some("00042100005264"), "(01)00042100005264");
        check("0425261", Symbology::UpcE, Some("00042100005264"), "(01)00042100005264");
        check("]C0SHELF-7", Symbology::Code128, None, "");
        check("(8006)095011015300030102(10)A", Symbology::ElementString, gtin, "(8006)095011015300030102(10)A");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (code, start) in [
            ("", "barcode:  is not"),
            ("]", "Missing symbology identifier"),
            ("]1", "Missing symbology identifier"),
            ("]X1A", "Unsupported symbology identifier"),
            ("SHELF-7", "barcode: SHELF-7 is not"),
            ("9501101530004", "barcode: 9501101530004 is not a code with check digit 3"),
            ("]E0950110153000", "Primary scan data is too short"),
            ("]E095011015300031", "Primary message is too long"),
            ("]E0950110153000X", "Primary message may only contain digits"),
            ("]E09501101530004", "Primary message check digit is incorrect"),
            ("]E09501101530003|]e0", "The AI data is empty"),
            ("]C1", "The AI data is empty"),
            ("]C110A^B", "Scan data contains illegal ^ character"),
            ("http:/a", "URI must begin"),
            ("095011015300012348", "barcode: 095011015300012348 is not a code with check digit 1"),
        ] {
            let found = read(code);
            let text = found.problem.as_ref().map(ToString::to_string).unwrap_or_default();
            assert!(!found.is_valid() && text.starts_with(start), "{code}: {text}");
        }
        let long = read(&"9".repeat(CODE_BYTES_MAX + 1));
        assert_eq!(long.problem.unwrap().to_string(), "the code is longer than 8192 bytes");
    }

    #[test]
    fn a_pair_that_fails_still_shows_its_elements() {
        let found = read("(01)09501101530003(250)A");
        assert_eq!(found.problem.unwrap().to_string(), "Required AIs for AI (250) are not satisfied: 21");
        assert_eq!((found.elements.len(), found.digital_link), (2, None));
    }

    #[test]
    fn a_measure_is_read_by_the_rules_of_the_country() {
        let masks = masks_of("DE");
        let rules = Rules { masks: &masks, ..Rules::default() };
        for code in ["2211114002394", "02211114002394", "]E02211114002394"] {
            let found = scan(code, rules);
            assert_eq!(found.measures.price.unwrap().to_string(), "2.39");
            assert_eq!(found.measures.currency, Some("EUR"));
            assert_eq!(found.article.unwrap().as_str(), "02211110000004");
            assert_eq!((found.gtin.unwrap().as_str(), found.digital_link), ("02211114002394", None));
        }
        assert_eq!(read("2211114002394").measures, Measures::default());
        assert!(!scan("2211115002393", rules).is_valid());
    }

    #[test]
    fn a_link_is_written_with_the_stem_that_was_asked_for() {
        let rules = Rules { stem: "https://shop.example/", ..Rules::default() };
        let link = scan("9501101530003", rules).digital_link;
        assert_eq!(link.as_deref(), Some("https://shop.example/01/09501101530003"));
        assert_eq!(read("2211114002394").digital_link, None);
    }

    proptest! {
        #[test]
        fn no_text_panics(code in "(\\]C1|\\]e0|\\]E0|\\(01\\)|\\^01|https://a/)?[0-9A-Za-zé()/?=%|\\]\u{1D}]{0,60}") {
            let found = read(&code);
            prop_assert_eq!(found.is_valid(), found.problem.is_none());
        }
    }
}
