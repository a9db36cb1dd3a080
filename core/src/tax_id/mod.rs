//! Tax ids of people and companies: whether the check digits are right, and how the number is written.
//!
//! Spaces, points, hyphens, slashes, brackets and the letters of the country in front are passed over. A country has
//! several kinds (Spain: CIF, DNI, NIE); the first that fits is taken. `EU` takes a VAT number of the European Union with
//! its country in front. Whether a number was ever given to somebody is not known here. Example: ES `B-58378431` is right,
//! DE `136695978` has wrong check digits.

mod kind;
mod european_union;
mod western_europe;
mod other_europe;
mod latin_america;
mod north_america;
mod asia_pacific;
mod africa;

use kind::{Fault, Kind};

use crate::refusal::{Reason, Refusal};

/// The most bytes of a tax id as it is typed.
pub const TAX_ID_BYTES_MAX: usize = 64;

/// A tax id that keeps the rules of its country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxId {
    /// The country, two letters.
    pub country: &'static str,
    /// Which kind of number it is, such as `NIF`.
    pub kind: &'static str,
    /// The number as it is usually written there.
    pub formatted: String,
}

/// The kinds of each country; the first of a member of the European Union is its VAT number.
const COUNTRIES: &[(&str, &[Kind])] = &[
    ("AD", &other_europe::ANDORRA),
    ("AL", &other_europe::ALBANIA),
    ("AR", &latin_america::ARGENTINA),
    ("AT", &european_union::AUSTRIA),
    ("AU", &asia_pacific::AUSTRALIA),
    ("AZ", &other_europe::AZERBAIJAN),
    ("BE", &european_union::BELGIUM),
    ("BG", &european_union::BULGARIA),
    ("BR", &latin_america::BRAZIL),
    ("BY", &other_europe::BELARUS),
    ("CA", &north_america::CANADA),
    ("CH", &other_europe::SWITZERLAND),
    ("CL", &latin_america::CHILE),
    ("CN", &asia_pacific::CHINA),
    ("CO", &latin_america::COLOMBIA),
    ("CR", &latin_america::COSTA_RICA),
    ("CU", &latin_america::CUBA),
    ("CY", &european_union::CYPRUS),
    ("CZ", &european_union::CZECHIA),
    ("DE", &western_europe::GERMANY),
    ("DK", &european_union::DENMARK),
    ("DO", &latin_america::DOMINICAN_REPUBLIC),
    ("DZ", &africa::ALGERIA),
    ("EC", &latin_america::ECUADOR),
    ("EE", &european_union::ESTONIA),
    ("EG", &africa::EGYPT),
    ("ES", &western_europe::SPAIN),
    ("FI", &european_union::FINLAND),
    ("FO", &other_europe::FAROE_ISLANDS),
    ("FR", &western_europe::FRANCE),
    ("GB", &other_europe::UNITED_KINGDOM),
    ("GH", &africa::GHANA),
    ("GN", &africa::GUINEA),
    ("GR", &european_union::GREECE),
    ("GT", &latin_america::GUATEMALA),
    ("HR", &european_union::CROATIA),
    ("HU", &european_union::HUNGARY),
    ("ID", &asia_pacific::INDONESIA),
    ("IE", &european_union::IRELAND),
    ("IL", &asia_pacific::ISRAEL),
    ("IN", &asia_pacific::INDIA),
    ("IS", &other_europe::ICELAND),
    ("IT", &western_europe::ITALY),
    ("JP", &asia_pacific::JAPAN),
    ("KE", &africa::KENYA),
    ("KR", &asia_pacific::KOREA),
    ("LI", &other_europe::LIECHTENSTEIN),
    ("LT", &european_union::LITHUANIA),
    ("LU", &european_union::LUXEMBOURG),
    ("LV", &european_union::LATVIA),
    ("MA", &africa::MOROCCO),
    ("MC", &western_europe::MONACO),
    ("MD", &other_europe::MOLDOVA),
    ("ME", &other_europe::MONTENEGRO),
    ("MK", &other_europe::NORTH_MACEDONIA),
    ("MT", &european_union::MALTA),
    ("MX", &latin_america::MEXICO),
    ("MZ", &africa::MOZAMBIQUE),
    ("NL", &european_union::NETHERLANDS),
    ("NO", &other_europe::NORWAY),
    ("NZ", &asia_pacific::NEW_ZEALAND),
    ("PE", &latin_america::PERU),
    ("PK", &asia_pacific::PAKISTAN),
    ("PL", &european_union::POLAND),
    ("PT", &western_europe::PORTUGAL),
    ("PY", &latin_america::PARAGUAY),
    ("RO", &european_union::ROMANIA),
    ("RS", &other_europe::SERBIA),
    ("RU", &other_europe::RUSSIA),
    ("SE", &european_union::SWEDEN),
    ("SG", &asia_pacific::SINGAPORE),
    ("SI", &european_union::SLOVENIA),
    ("SK", &european_union::SLOVAKIA),
    ("SM", &other_europe::SAN_MARINO),
    ("SN", &africa::SENEGAL),
    ("SV", &latin_america::EL_SALVADOR),
    ("TH", &asia_pacific::THAILAND),
    ("TN", &africa::TUNISIA),
    ("TR", &other_europe::TURKEY),
    ("TW", &asia_pacific::TAIWAN),
    ("UA", &other_europe::UKRAINE),
    ("US", &north_america::UNITED_STATES),
    ("UY", &latin_america::URUGUAY),
    ("VE", &latin_america::VENEZUELA),
    ("VN", &asia_pacific::VIETNAM),
    ("ZA", &africa::SOUTH_AFRICA),
];

const EUROPEAN_UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The letters that stand in front of numbers where they are not those of the country.
const PREFIXES: [(&str, &str); 4] = [("GR", "EL"), ("GB", "XI"), ("MC", "FR"), ("DO", "RNC")];

/// The countries whose tax ids are known, in order.
pub fn countries() -> impl Iterator<Item = &'static str> {
    COUNTRIES.iter().map(|(country, _)| *country)
}

/// Checks a tax id and writes it as usual.
///
/// `region` narrows Germany's Steuernummer to one of its states.
///
/// # Errors
/// A country that is not known, or a text that no kind of number of the country fits.
pub fn read(country: &str, id: &str, region: Option<&str>) -> Result<TaxId, Refusal> {
    if id.len() > TAX_ID_BYTES_MAX {
        return Err(Refusal::new(Reason::TooLong, "tax_id", id, format!("{TAX_ID_BYTES_MAX} bytes")));
    }
    let text = clean(id);
    let country = country.trim().to_uppercase();
    if country == "EU" {
        return of_the_union(id, &text);
    }
    let country = match country.as_str() {
        "EL" => "GR",
        "UK" | "XI" => "GB",
        other => other,
    };
    let Some((country, kinds)) = COUNTRIES.iter().find(|(known, _)| *known == country) else {
        let known: Vec<&str> = countries().collect();
        let limit = format!("EU or a country whose tax ids are known: {}", known.join(" "));
        return Err(Refusal::new(Reason::Malformed, "country", country, limit));
    };
    let kinds = match *country {
        "DE" => german(kinds, id, &text, region)?,
        // Nine digits are an EIN, unless they are written as the number of a person.
        "US" if id.matches('-').count() == 2 => kinds.get(1..).unwrap_or_default(),
        _ => kinds,
    };
    read_kinds(country, kinds, &text).map_err(|tried| refused(id, country, &tried))
}

/// Eleven digits in one run are an IdNr.; a Steuernummer, which has no check digit, is written with strokes or with its
/// state beside it.
fn german(kinds: &'static [Kind], id: &str, text: &str, state: Option<&str>) -> Result<&'static [Kind], Refusal> {
    let (with_check_digit, tax_number) = kinds.split_at_checked(2).unwrap_or((kinds, &[]));
    if let Some(state) = state {
        let told = |fault: Fault| refused(id, "DE", &[("Steuernummer", fault)]);
        western_europe::check_state_de(text, state).map_err(told)?;
        return Ok(tax_number);
    }
    Ok(if text.len() == 11 && !id.contains('/') { with_check_digit } else { kinds })
}

type Tried = Vec<(&'static str, Fault)>;

/// Tries each kind, with and without the country's letters in front.
fn read_kinds(country: &'static str, kinds: &'static [Kind], text: &str) -> Result<TaxId, Tried> {
    let prefixes = PREFIXES.iter().filter(|(of, _)| *of == country).map(|(_, prefix)| *prefix);
    let stripped = prefixes.chain([country]).find_map(|prefix| text.strip_prefix(prefix));
    let mut tried = Tried::new();
    // Only Mexico's names have a letter beyond ASCII.
    if !text.is_ascii() && country != "MX" {
        return Err(kinds.iter().map(|kind| (kind.name, Fault::Format)).collect());
    }
    for kind in kinds {
        for candidate in [Some(text), stripped].into_iter().flatten() {
            match kind.read(candidate) {
                Ok(formatted) => return Ok(TaxId { country, kind: kind.name, formatted }),
                Err(fault) => tried.push((kind.name, fault)),
            }
        }
    }
    Err(tried)
}

/// A VAT number of the European Union: the country in front, then its first kind.
fn of_the_union(id: &str, text: &str) -> Result<TaxId, Refusal> {
    let (letters, rest) = text.split_at_checked(2).unwrap_or((text, ""));
    let code = if letters == "EL" { "GR" } else { letters };
    let found = COUNTRIES.iter().find(|(country, _)| *country == code && EUROPEAN_UNION.contains(country));
    let Some((country, kinds)) = found else {
        let limit = "a VAT number of the European Union, with the letters of its country in front";
        return Err(Refusal::new(Reason::Malformed, "tax_id", id, limit));
    };
    let Some(vat) = kinds.get(..1) else { return Err(refused(id, country, &[])) };
    let mut found = read_kinds(country, vat, text).map_err(|tried| refused(id, country, &tried))?;
    let plain = clean(&found.formatted);
    // The whole number is shown as it stands in VIES, with its country.
    found.formatted = if rest.is_empty() { plain } else { format!("{letters}{plain}") };
    Ok(found)
}

/// Names the kind that came nearest, and what is wrong with it.
fn refused(id: &str, country: &str, tried: &[(&'static str, Fault)]) -> Refusal {
    let mut names: Vec<&str> = tried.iter().map(|(name, _)| *name).collect();
    names.dedup();
    let best = tried.iter().map(|(_, fault)| *fault).max();
    let nearest = tried.iter().find(|(_, fault)| Some(*fault) == best);
    let why = nearest.map_or_else(String::new, |(name, fault)| format!(": as {name} it {}", fault.text()));
    Refusal::new(Reason::Malformed, "tax_id", id, format!("a tax id of {country} ({}){why}", names.join(", ")))
}

/// Capital letters and digits only; what people write between them is passed over.
fn clean(text: &str) -> String {
    const SEPARATORS: [char; 16] =
        [' ', '\u{A0}', '.', ',', '-', '/', ':', ';', '(', ')', '\'', '_', '\u{2010}', '\u{2011}', '\u{2013}', '\t'];
    let kept = text.chars().filter(|character| !SEPARATORS.contains(character));
    kept.flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(country: &str, id: &str, expected: Result<&str, &str>) {
        match (read(country, id, None), expected) {
            (Ok(found), Ok(formatted)) => assert_eq!(found.formatted, formatted, "{country} {id}"),
            (Err(refusal), Err(end)) => assert!(refusal.to_string().ends_with(end), "{country} {id}: {refusal}"),
            (found, expected) => panic!("{country} {id}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_tax_id_is_checked_and_written_as_usual() {
        check("ES", "es b-58378431", Ok("B58378431"));
        check("AR", "20055361682", Ok("20-05536168-2"));
        check("CH", "107.787.577 iva", Ok("CHE-107.787.577 IVA"));
        check("EL", "EL 094259216", Ok("094259216"));
        check("EU", "EL 094259216", Ok("EL094259216"));
        check("UK", "980 7806 84", Ok("980 7806 84"));
        check("FI", "FI 20774740", Ok("20774740"));
        check("FI", "20774740", Ok("2077474-0"));
    }

    #[test]
    fn a_wrong_one_is_told_by_its_nearest_kind() {
        let nearest = "is not a tax id of DE (USt-IdNr., IdNr., Steuernummer): as USt-IdNr. it has wrong check digits";
        check("DE", "136695978", Err(nearest));
        check("EU", "136695976", Err("with the letters of its country in front"));
        check("EU", "CHE107787577", Err("with the letters of its country in front"));
        check("ES", "", Err("as CIF it has the wrong length"));
        check("ES", "5436231Ñ", Err("as CIF it has characters where none such may stand"));
        check("MX", "ÑABC800101AB1", Ok("ÑABC 800101 AB1"));
        assert_eq!(read("ZZ", "1", None).unwrap_err().field(), "country");
        assert_eq!(read("ES", &"1".repeat(65), None).unwrap_err().code(), "too_long");
    }

    #[test]
    fn a_region_narrows_the_number() {
        assert!(read("DE", "201/123/12340", Some("Sachsen")).is_ok());
        assert!(read("DE", "201/123/12340", Some("Hessen")).is_err());
        assert!(read("DE", "201/123/12340", Some("Nowhere")).is_err());
    }

    #[test]
    fn the_countries_stand_in_order_and_the_union_is_whole() {
        assert!(countries().is_sorted());
        assert!(EUROPEAN_UNION.iter().all(|country| countries().any(|known| known == *country)));
    }

    proptest! {
        #[test]
        fn no_text_panics(country in "[A-Z]{2}", text in "[0-9A-ZÑé&+* .-]{0,20}") {
            let _answer = read(&country, &text, Some("Bayern"));
            for country in countries() {
                let _answer = read(country, &text, None);
            }
        }

        #[test]
        fn a_written_number_is_read_again_alike(place in 0_usize..200, text in "[0-9]{7,14}") {
            let all: Vec<&str> = countries().collect();
            let country = all[place % all.len()];
            if let Ok(found) = read(country, &text, None) {
                prop_assert_eq!(read(country, &found.formatted, None).map(|again| again.formatted), Ok(found.formatted));
            }
        }
    }
}
