//! How each country writes the numbers of its documents: data, in `number_formats.csv` beside this file.
//!
//! A row has the template for one kind of document, when numbering begins anew, how many digits and characters a number
//! may have, what the codes in it must look like, an example of which a test makes the number, and where the law says so.
//! A series whose codes do not fit, and every kind and country without a row, is printed in the standard form. Example:
//! establishment `001`, emission point `501` in EC print invoice 8 as `FAC 001-501-000000008`, from year to year.

use std::fmt;

use crate::id::{CountryCode, DocumentNumber, SeriesCode, StoreCode, TillCode};
use crate::refusal::{Reason, Refusal};
use crate::series::{DocumentKind, EVERY_YEAR, NumberTemplate, Series};

const FORMATS: &str = include_str!("number_formats.csv");
const COLUMNS: usize = 15;

/// When the numbers of a series begin anew, and who may name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// With each year.
    Yearly,
    /// Never.
    Endless,
    /// Never; the authority or the shop names the series or its range, so that a till cannot make one up.
    Named,
    /// With each year, in one sequence for all kinds of documents: no series of this program prints it by itself.
    Shared,
}

/// What a code that stands in a number must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    class: Class,
    least: usize,
    most: usize,
    /// What it may begin with; anything where it is empty.
    first: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Any,
    Digits,
    LettersDigits,
    NoSlash,
    NoUnderscore,
}

/// How one country writes the numbers of one kind of document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    /// What it numbers.
    pub kind: DocumentKind,
    /// How a number is printed.
    pub template: NumberTemplate,
    /// When it begins anew.
    pub numbering: Numbering,
    /// The most digits of the number alone.
    pub digits_max: u32,
    /// The most characters of all of it.
    pub length_max: usize,
    /// Where the law says so.
    pub source: &'static str,
    series: Shape,
    store: Shape,
    till: Shape,
    country: &'static str,
}

impl NumberFormat {
    /// The format of a country for a kind, where it has one.
    #[must_use]
    pub fn of(country: &CountryCode, kind: DocumentKind) -> Option<Self> {
        let mut rows = rows().filter(|row| row.first() == Some(&country.as_str()) && row.get(1) == Some(&kind.code()));
        rows.next().and_then(|row| read(&row))
    }

    /// The last number that has as many digits as are allowed.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        10_u64.checked_pow(self.digits_max).and_then(|end| end.checked_sub(1))
    }

    /// Refuses a series whose numbers would not be what the country asks for.
    ///
    /// # Errors
    /// A code of another form, naming `store`, `till` or `series`; a number beyond the digits; a printed number that is too long.
    pub fn check(&self, series: &Series, store: &StoreCode, till: &TillCode) -> Result<(), Refusal> {
        let country = self.country;
        self.store.check("store", store.as_str(), country)?;
        self.till.check("till", till.as_str(), country)?;
        self.series.check("series", series.code.as_str(), country)?;
        let most = self.last();
        let last = series.last.unwrap_or(series.first);
        if most.is_some_and(|most| last > most) {
            return Err(Refusal::new(
                Reason::TooLong,
                "last",
                last,
                format!("{} digits in {country}", self.digits_max),
            ));
        }
        let longest = series.template.print(series, store, till, series.last.or(most).unwrap_or(last))?;
        if longest.as_str().len() > self.length_max {
            let limit = format!("{} characters in {country}", self.length_max);
            return Err(Refusal::new(Reason::TooLong, "number", longest, limit));
        }
        Ok(())
    }
}

impl Shape {
    fn check(self, field: &str, code: &str, country: &str) -> Result<(), Refusal> {
        let is_of_class = |character: char| match self.class {
            Class::Any => true,
            Class::Digits => character.is_ascii_digit(),
            Class::LettersDigits => character.is_ascii_alphanumeric(),
            Class::NoSlash => !matches!(character, '/' | ' ' | '^'),
            Class::NoUnderscore => character != '_',
        };
        let begins = self.first.is_empty() || code.starts_with(|character| self.first.contains(character));
        if begins && (self.least..=self.most).contains(&code.len()) && code.chars().all(is_of_class) {
            return Ok(());
        }
        Err(Refusal::new(Reason::Malformed, field, code, format!("{self} in {country}")))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            Class::Any => "characters",
            Class::Digits => "digits",
            Class::LettersDigits => "letters or digits",
            Class::NoSlash => "characters but / and blanks",
            Class::NoUnderscore => "characters but _",
        };
        match self.least == self.most {
            true => write!(formatter, "{} {class}", self.most)?,
            false => write!(formatter, "{} to {} {class}", self.least, self.most)?,
        }
        match self.first {
            "" => Ok(()),
            first => write!(formatter, ", the first of them of {first}"),
        }
    }
}

/// The series of a kind and year for one till, in the form of its country; `suffix` tells journals of one till apart.
///
/// # Errors
/// The suffix is not capital letters and digits, or too long; or the country's numbers do not tell journals of one till apart
/// and this is not the first, so that they would be given twice.
pub fn series_of(
    country: &CountryCode,
    (store, till): (&StoreCode, &TillCode),
    kind: DocumentKind,
    year: i64,
    suffix: &str,
) -> Result<Series, Refusal> {
    let standard = Series::standard(store, till, kind, year, suffix)?;
    let Some(format) = NumberFormat::of(country, kind) else { return Ok(standard) };
    let series = match format.numbering {
        Numbering::Yearly => Series { template: format.template.clone(), ..standard.clone() },
        Numbering::Endless => Series {
            template: format.template.clone(),
            code: Series::endless_code(store, till, kind, suffix)?,
            year: EVERY_YEAR,
            last: format.last(),
            ..standard.clone()
        },
        Numbering::Named | Numbering::Shared => return Ok(standard),
    };
    if format.check(&series, store, till).is_err() {
        return Ok(standard);
    }
    if format.numbering == Numbering::Endless && suffix != Series::FIRST_SUFFIX {
        let limit = format!("a till that has numbered nothing in {country}: its numbers do not tell journals apart");
        return Err(Refusal::new(Reason::Declined, "till", format!("{store}/{till}"), limit));
    }
    Ok(series)
}

/// The series of every kind for these years, each once: one that never begins anew is of all years.
///
/// # Errors
/// As [`series_of`].
pub fn all_series_of(
    country: &CountryCode,
    of: (&StoreCode, &TillCode),
    years: &[i64],
    suffix: &str,
) -> Result<Vec<Series>, Refusal> {
    let mut all: Vec<Series> = Vec::new();
    for year in years {
        for kind in DocumentKind::ALL {
            let series = series_of(country, of, kind, *year, suffix)?;
            if all.iter().all(|known| known.code != series.code) {
                all.push(series);
            }
        }
    }
    Ok(all)
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    FORMATS.lines().skip(1).map(|line| line.splitn(COLUMNS, ';').collect())
}

fn read(row: &[&'static str]) -> Option<NumberFormat> {
    let &[country, kind, template, numbering, digits, length, series, store, till, .., source] = row else {
        return None;
    };
    Some(NumberFormat {
        kind: DocumentKind::ALL.into_iter().find(|known| known.code() == kind)?,
        template: template.parse().ok()?,
        numbering: match numbering {
            "year" => Numbering::Yearly,
            "ever" => Numbering::Endless,
            "named" => Numbering::Named,
            "shared" => Numbering::Shared,
            _ => return None,
        },
        digits_max: digits.parse().ok()?,
        length_max: length.parse().ok().filter(|length| *length <= DocumentNumber::BYTES_MAX)?,
        source,
        series: shape(series)?,
        store: shape(store)?,
        till: shape(till)?,
        country,
    })
}

/// `digits 3`, `letters-digits 1-20`, `letters-digits 4 BF`, `any`.
fn shape(text: &'static str) -> Option<Shape> {
    let mut words = text.split(' ');
    let class = match words.next()? {
        "any" | "printable" => Class::Any,
        "digits" => Class::Digits,
        "letters-digits" => Class::LettersDigits,
        "no-slash" => Class::NoSlash,
        "no-underscore" => Class::NoUnderscore,
        _ => return None,
    };
    let (least, most) = match words.next() {
        None => (1, SeriesCode::BYTES_MAX),
        Some(lengths) => {
            let (least, most) = lengths.split_once('-').unwrap_or((lengths, lengths));
            (least.parse().ok()?, most.parse().ok()?)
        }
    };
    Some(Shape { class, least, most, first: words.next().unwrap_or("") })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const COUNTRIES: [&str; 14] = ["ES", "PT", "EC", "CO", "CL", "AR", "PE", "MX", "BR", "DE", "FR", "AT", "IT", "HR"];

    #[test]
    fn every_row_prints_its_example_and_reads_it_back() {
        let mut countries = BTreeSet::new();
        for row in rows() {
            assert_eq!(row.len(), COLUMNS, "{row:?}");
            let format = read(&row).unwrap_or_else(|| panic!("{row:?}"));
            assert_eq!(
                NumberFormat::of(&row[0].parse().unwrap(), format.kind),
                Some(format.clone()),
                "one row of a kind"
            );
            let (store, till) = (row[10].parse().unwrap(), row[11].parse().unwrap());
            let number: u64 = row[12].parse().unwrap();
            let code = row[9].parse().unwrap();
            let template = format.template.clone();
            let series = Series { code, kind: format.kind, year: 2026, template, first: 1, last: format.last() };
            let printed = series.template.print(&series, &store, &till, number).unwrap();
            assert_eq!(printed.as_str(), row[13], "{row:?}");
            assert_eq!(series.template.read(&series, &store, &till, row[13]), Some(number), "{row:?}");
            format.check(&series, &store, &till).unwrap_or_else(|refusal| panic!("{refusal}: {row:?}"));
            assert!(!format.source.is_empty());
            countries.insert(row[0]);
        }
        assert_eq!(countries, COUNTRIES.into_iter().collect());
    }

    fn of(country: &str, store: &str, till: &str, kind: DocumentKind, suffix: &str) -> Result<Series, Refusal> {
        let (store, till) = (store.parse().unwrap(), till.parse().unwrap());
        series_of(&country.parse().unwrap(), (&store, &till), kind, 2026, suffix)
    }

    #[test]
    fn a_till_prints_no_number_on_two_documents() {
        let places = [("S01", "T01"), ("001", "002"), ("12", "00001"), ("7", "3")];
        for country in COUNTRIES.into_iter().chain(["US", "GB"]) {
            for (store, till) in places {
                let mut printed = BTreeMap::new();
                for kind in DocumentKind::ALL {
                    for year in [2026, 2027] {
                        let (store, till) = (store.parse().unwrap(), till.parse().unwrap());
                        let series = series_of(&country.parse().unwrap(), (&store, &till), kind, year, "A").unwrap();
                        let number = series.template.print(&series, &store, &till, 1).unwrap();
                        let of_one = (series.code.clone(), kind);
                        let other = printed.insert(number.as_str().to_owned(), of_one.clone());
                        assert!(other.is_none_or(|other| other == of_one), "{country} {store} {till} {number}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_country_is_followed_where_the_codes_fit() {
        let check = |country, store, till, code: &str, year, printed: &str| {
            let series = of(country, store, till, DocumentKind::Invoice, "A").unwrap();
            let number = series.template.print(&series, &store.parse().unwrap(), &till.parse().unwrap(), 7).unwrap();
            assert_eq!((series.code.as_str(), series.year, number.as_str()), (code, year, printed), "{country}");
        };
        check("EC", "001", "002", "001-002-FA", EVERY_YEAR, "FAC 001-002-000000007");
        check("EC", "S01", "002", "S01-002-F26A", 2026, "S01-002-F26A-000007");
        check("AR", "S01", "00003", "S01-00003-FA", EVERY_YEAR, "006 00003-00000007");
        check("PT", "S01", "T01", "S01-T01-F26A", 2026, "FT S01-T01-F26A/7");
        check("BR", "S01", "1", "S01-1-FA", EVERY_YEAR, "55 1-000000007");
        // What an authority names cannot be made up, and one sequence for all kinds is not a series.
        check("CO", "S01", "T01", "S01-T01-F26A", 2026, "S01-T01-F26A-000007");
        check("HR", "S01", "1", "S01-1-F26A", 2026, "S01-1-F26A-000007");
        check("ES", "S01", "T01", "S01-T01-F26A", 2026, "S01-T01-F26A-000007");
        assert_eq!(of("EC", "001", "002", DocumentKind::Invoice, "A").unwrap().last, Some(999_999_999));
    }

    #[test]
    fn a_further_journal_does_not_give_numbers_again() {
        let refused = of("EC", "001", "002", DocumentKind::Invoice, "B").unwrap_err();
        assert_eq!((refused.field(), refused.value()), ("till", "001/002"));
        for (country, kind) in [("PT", DocumentKind::Invoice), ("EC", DocumentKind::ZReport)] {
            assert!(of(country, "001", "002", kind, "B").is_ok());
        }
    }

    #[test]
    fn a_series_that_does_not_fit_is_refused_by_field() {
        let format = |country: &str, kind| NumberFormat::of(&country.parse().unwrap(), kind).unwrap();
        let check = |country: &str, code: &str, last, field: &str| {
            let format = format(country, DocumentKind::Receipt);
            let series = Series {
                code: code.parse().unwrap(),
                kind: DocumentKind::Receipt,
                year: EVERY_YEAR,
                template: format.template.clone(),
                first: 1,
                last: Some(last),
            };
            let refused = format.check(&series, &"001".parse().unwrap(), &"T01".parse().unwrap()).err();
            assert_eq!(refused.map_or(String::new(), |refused| refused.field().to_owned()), field, "{country} {code}");
        };
        check("CO", "SETP", 995_000_000, "");
        check("CO", "SETPX", 995_000_000, "series");
        check("CO", "SE-P", 995_000_000, "series");
        check("CO", "SETP", 10_000_000_000, "last");
        check("PE", "B001", 99_999_999, "");
        check("PE", "F001", 99_999_999, "series");
        check("PE", "B001", 100_000_000, "last");
        check("EC", "001-T01-RA", 10, "till");
        check("PT", "A/B", 10, "series");
        check("IT", "ABCDEFGHIJKLM", 10_000_000, "number");
    }
}
