//! VAT numbers of the European Union and what stands beside them, country by country.
//!
//! Source: the VIES FAQ on the structure of VAT numbers and the countries' published check digit rules. Example: Germany's
//! 136695976 keeps ISO 7064 modulo 11, 10.

use super::kind::{
    ALPHANUMERIC, Checked, DIGITS, Fault, Kind, LETTERS, date, digits, digits_of, ends_in, ends_in_letter, is_digits,
    long_modulo, luhn, mod_11_10, modulo, number, require, starts_nonzero, weigh,
};

pub(super) const AUSTRIA: [Kind; 2] = [Kind::own("UID", uid_at), Kind::own("TIN", tin_at).written("##-###/####")];
pub(super) const BELGIUM: [Kind; 1] = [Kind::spelled("VAT", vat_be)];
pub(super) const BULGARIA: [Kind; 1] = [Kind::own("VAT", vat_bg)];
pub(super) const CROATIA: [Kind; 1] = [Kind::own("OIB", |text| mod_11_10(&digits_of(text, 11)?))];
pub(super) const CYPRUS: [Kind; 1] = [Kind::own("VAT", vat_cy)];
pub(super) const CZECHIA: [Kind; 2] = [Kind::own("DIC", dic_cz), Kind::own("RC", birth_number).written("######/####")];
pub(super) const DENMARK: [Kind; 2] = [Kind::own("CVR", cvr_dk), Kind::own("CPR", cpr_dk).written("######-####")];
pub(super) const ESTONIA: [Kind; 3] = [
    Kind::sum("KMKR", &[3, 7, 1, 3, 7, 1, 3, 7, 1], 10),
    Kind::own("registrikood", registry_ee),
    Kind::own("isikukood", personal_ee),
];
pub(super) const FINLAND: [Kind; 2] = [
    // The VAT number has the country in front, the business id a hyphen; the digits are the same.
    Kind::spelled("ALV", |text| {
        let body = text.strip_prefix("FI").ok_or(Fault::Format)?;
        require(body.len() == 8, Fault::Length)?;
        require(modulo(weigh(&digits(body)?, &BUSINESS_FI), 11) == 0, Fault::CheckDigit)?;
        Ok(body.to_owned())
    }),
    Kind::sum("Y-tunnus", &BUSINESS_FI, 11).written("#######-#"),
];
const BUSINESS_FI: [i64; 8] = [7, 9, 10, 5, 8, 4, 2, 1];
pub(super) const GREECE: [Kind; 2] = [Kind::spelled("AFM", vat_gr), Kind::own("AMKA", amka_gr)];
pub(super) const HUNGARY: [Kind; 1] = [Kind::sum("ANUM", &[9, 7, 3, 1, 9, 7, 3, 1], 10)];
pub(super) const IRELAND: [Kind; 1] = [Kind::own("VAT", vat_ie)];
pub(super) const LATVIA: [Kind; 1] = [Kind::own("PVN", pvn_lv)];
pub(super) const LITHUANIA: [Kind; 2] = [Kind::own("PVM", pvm_lt), Kind::own("asmens kodas", personal_ee)];
pub(super) const LUXEMBOURG: [Kind; 1] = [Kind::own("TVA", tva_lu)];
pub(super) const MALTA: [Kind; 1] = [Kind::own("VAT", vat_mt)];
pub(super) const NETHERLANDS: [Kind; 2] =
    [Kind::spelled("BTW", btw_nl), Kind::spelled("BSN", bsn_nl).written("####.##.###")];
pub(super) const POLAND: [Kind; 3] = [
    Kind::sum("NIP", &[6, 5, 7, 2, 3, 4, 5, 6, 7, -1], 11).written("###-###-##-##"),
    Kind::own("PESEL", pesel_pl),
    Kind::own("REGON", regon_pl),
];
pub(super) const ROMANIA: [Kind; 2] = [Kind::own("CUI", cui_ro), Kind::own("CNP", cnp_ro)];
pub(super) const SLOVAKIA: [Kind; 2] = [Kind::own("DPH", dph_sk), Kind::own("RC", birth_number).written("######/####")];
pub(super) const SLOVENIA: [Kind; 1] = [Kind::own("DDV", ddv_si)];
pub(super) const SWEDEN: [Kind; 3] = [
    Kind::own("VAT", vat_se),
    Kind::own("organisationsnummer", |text| {
        require(text.len() == 10, Fault::Length)?;
        luhn(text, DIGITS)
    })
    .written("######-####"),
    Kind::own("personnummer", personal_se),
];

fn uid_at(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    let rest = text.strip_prefix('U').ok_or(Fault::Format)?;
    let digits = digits(rest)?;
    // As Luhn's sum, to which four is added.
    let sum = digits
        .iter()
        .take(7)
        .enumerate()
        .map(|(place, digit)| if place.is_multiple_of(2) { *digit } else { doubled(*digit) });
    ends_in(&digits, modulo(sum.fold(4, i64::saturating_add).saturating_neg(), 10))
}

/// Twice the digit, its digits added up.
const fn doubled(digit: i64) -> i64 {
    let twice = digit.saturating_mul(2);
    if twice > 9 { twice.saturating_sub(9) } else { twice }
}

fn tin_at(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    luhn(text, DIGITS)
}

fn vat_be(text: &str) -> Result<String, Fault> {
    let full = if text.len() == 9 { format!("0{text}") } else { text.to_owned() };
    let digits = digits_of(&full, 10)?;
    require(full.starts_with(['0', '1']), Fault::Component)?;
    require(number(&full, 0, 8) > 0, Fault::Component)?;
    let sum = number(&full, 0, 8).saturating_add(number(&full, 8, 10));
    require(modulo(sum, 97) == 0 && !digits.is_empty(), Fault::CheckDigit)?;
    Ok(full)
}

fn vat_bg(text: &str) -> Checked {
    let all = digits(text)?;
    match text.len() {
        9 => {
            let first = modulo(weigh(&all, &[1, 2, 3, 4, 5, 6, 7, 8]), 11);
            let second = modulo(weigh(&all, &[3, 4, 5, 6, 7, 8, 9, 10]), 11);
            ends_in(&all, modulo(if first == 10 { second } else { first }, 10))
        }
        10 => {
            let foreigner = modulo(weigh(&all, &[21, 19, 17, 13, 11, 9, 7, 3, 1]), 10);
            let other = modulo(weigh(&all, &[4, 3, 2, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
            let is_ended = ends_in(&all, foreigner).is_ok() || (other < 10 && ends_in(&all, other).is_ok());
            if is_ended { Ok(()) } else { personal_bg(text, &all) }
        }
        _ => Err(Fault::Length),
    }
}

fn personal_bg(text: &str, all: &[i64]) -> Checked {
    let (year, month, day) = (number(text, 0, 2), number(text, 2, 4), number(text, 4, 6));
    let (century, month) = match month {
        41.. => (2000, month.saturating_sub(40)),
        21.. => (1800, month.saturating_sub(20)),
        _ => (1900, month),
    };
    ends_in(all, modulo(modulo(weigh(all, &[2, 4, 8, 5, 10, 9, 7, 3, 6]), 11), 10))?;
    date(year.saturating_add(century), month, day)
}

fn vat_cy(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    let (body, _) = text.split_at(8);
    let digits = digits(body)?;
    require(!text.starts_with("12"), Fault::Component)?;
    let odd = |digit: i64| match digit {
        0 => 1,
        1 => 0,
        2 => 5,
        3 => 7,
        4 => 9,
        5 => 13,
        6 => 15,
        7 => 17,
        8 => 19,
        _ => 21,
    };
    let sum =
        digits.iter().enumerate().map(|(place, digit)| if place.is_multiple_of(2) { odd(*digit) } else { *digit });
    ends_in_letter(text, LETTERS, modulo(sum.fold(0, i64::saturating_add), 26))
}

fn dic_cz(text: &str) -> Checked {
    let all = digits(text)?;
    match text.len() {
        8 => {
            require(!text.starts_with('9'), Fault::Component)?;
            let check = modulo(weigh(&all, &[8, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
            ends_in(&all, modulo(if check == 0 { 1 } else { check }, 10))
        }
        9 if text.starts_with('6') => {
            let check = modulo(weigh(all.get(1..).unwrap_or_default(), &[8, 7, 6, 5, 4, 3, 2]), 11);
            let step = modulo(10_i64.saturating_sub(check), 11);
            ends_in(&all, modulo(8_i64.saturating_sub(step), 10))
        }
        9 | 10 => birth_number(text),
        _ => Err(Fault::Length),
    }
}

/// The birth number of Czechia and Slovakia.
fn birth_number(text: &str) -> Checked {
    require(matches!(text.len(), 9 | 10), Fault::Length)?;
    let all = digits(text)?;
    let (short, month, day) = (number(text, 0, 2), modulo(modulo(number(text, 2, 4), 50), 20), number(text, 4, 6));
    let mut year = short.saturating_add(1900);
    if text.len() == 9 {
        year = if year >= 1980 { year.saturating_sub(100) } else { year };
        require(year <= 1953, Fault::Length)?;
    } else if year < 1954 {
        year = year.saturating_add(100);
    }
    date(year, month, day)?;
    if text.len() == 9 {
        return Ok(());
    }
    let check = modulo(number(text, 0, 9), 11);
    // A remainder of ten was written as 0, in some years more often than in others.
    ends_in(&all, modulo(check, 10))
}

fn cvr_dk(text: &str) -> Checked {
    let all = digits_of(text, 8)?;
    starts_nonzero(text)?;
    require(modulo(weigh(&all, &[2, 7, 6, 5, 4, 3, 2, 1]), 11) == 0, Fault::CheckDigit)
}

fn cpr_dk(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    let (day, month, short) = (number(text, 0, 2), number(text, 2, 4), number(text, 4, 6));
    let century = match number(text, 6, 7) {
        5..=8 if short >= 58 => 1800,
        4 | 9 if short >= 37 => 1900,
        4..=9 => 2000,
        _ => 1900,
    };
    date(short.saturating_add(century), month, day)?;
    require(all.len() == 10, Fault::Length)
}

fn registry_ee(text: &str) -> Checked {
    let all = digits_of(text, 8)?;
    require(text.starts_with(['1', '7', '8', '9']), Fault::Component)?;
    ends_in(&all, baltic(&all))
}

/// The check digit of Estonia and Lithuania: two rounds of rising weights.
fn baltic(all: &[i64]) -> i64 {
    let body = all.len().saturating_sub(1);
    let weighted = |start: i64| {
        let weights: Vec<i64> =
            (0..).map(|place: i64| modulo(place.saturating_add(start), 9).saturating_add(1)).take(body).collect();
        modulo(weigh(all, &weights), 11)
    };
    let first = weighted(0);
    if first == 10 { modulo(weighted(2), 10) } else { first }
}

/// The personal code of Estonia and Lithuania.
fn personal_ee(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    let century = match number(text, 0, 1) {
        1 | 2 => 1800,
        3 | 4 => 1900,
        5 | 6 => 2000,
        7 | 8 => 2100,
        _ => return Err(Fault::Component),
    };
    date(number(text, 1, 3).saturating_add(century), number(text, 3, 5), number(text, 5, 7))?;
    ends_in(&all, baltic(&all))
}

fn vat_gr(text: &str) -> Result<String, Fault> {
    let full = if text.len() == 8 { format!("0{text}") } else { text.to_owned() };
    let all = digits_of(&full, 9)?;
    let sum = all.iter().take(8).fold(0_i64, |sum, digit| sum.saturating_mul(2).saturating_add(*digit));
    ends_in(&all, modulo(modulo(sum.saturating_mul(2), 11), 10))?;
    Ok(full)
}

fn amka_gr(text: &str) -> Checked {
    require(text.len() == 11, Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    luhn(text, DIGITS)?;
    let (day, month, year) = (number(text, 0, 2), number(text, 2, 4), number(text, 4, 6).saturating_add(1900));
    date(year, month, day).or_else(|_| date(year.saturating_add(100), month, day))
}

/// The letter of seven digits, and of the second letter where there is one.
fn check_letter_ie(body: &str, second: Option<char>) -> i64 {
    let all = digits(body).unwrap_or_default();
    let extra = second
        .and_then(|letter| "WABCDEFGHIJKLMNOPQRSTUV".find(letter))
        .and_then(|place| i64::try_from(place).ok())
        .unwrap_or(0);
    modulo(weigh(&all, &[8, 7, 6, 5, 4, 3, 2]).saturating_add(extra.saturating_mul(9)), 23)
}

fn vat_ie(text: &str) -> Checked {
    const ALPHABET: &str = "WABCDEFGHIJKLMNOPQRSTUV";
    require(matches!(text.len(), 8 | 9), Fault::Length)?;
    require(text.is_ascii(), Fault::Format)?;
    let (body, end) = text.split_at(7);
    require(text.starts_with(|c: char| c.is_ascii_digit()), Fault::Format)?;
    require(body.get(2..).is_some_and(is_digits) && end.chars().all(|c| c.is_ascii_uppercase()), Fault::Format)?;
    let letter: String = end.chars().take(1).collect();
    if is_digits(body) {
        return ends_in_letter(&letter, ALPHABET, check_letter_ie(body, end.chars().nth(1)));
    }
    // The older form has a letter, + or * in the second place.
    require(body.chars().nth(1).is_some_and(|c| c.is_ascii_uppercase() || matches!(c, '+' | '*')), Fault::Format)?;
    let older: String = ["0", body.get(2..).unwrap_or(""), body.get(..1).unwrap_or("")].concat();
    ends_in_letter(&letter, ALPHABET, check_letter_ie(&older, None))
}

fn pvn_lv(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    if number(text, 0, 1) > 3 {
        return require(modulo(weigh(&all, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]), 11) == 3, Fault::CheckDigit);
    }
    let check = weigh(&all, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]).saturating_add(1);
    ends_in(&all, modulo(modulo(check, 11), 10))?;
    // Codes of today begin with 32 and hold no date.
    if text.starts_with("32") {
        return Ok(());
    }
    let century = match number(text, 6, 7) {
        0 => 1800,
        1 => 1900,
        2 => 2000,
        _ => return Err(Fault::Component),
    };
    date(number(text, 4, 6).saturating_add(century), number(text, 2, 4), number(text, 0, 2))
}

fn pvm_lt(text: &str) -> Checked {
    let all = digits(text)?;
    match text.len() {
        9 => require(number(text, 7, 8) == 1, Fault::Component)?,
        12 => require(number(text, 10, 11) == 1, Fault::Component)?,
        _ => return Err(Fault::Length),
    }
    ends_in(&all, baltic(&all))
}

fn tva_lu(text: &str) -> Checked {
    digits_of(text, 8)?;
    require(modulo(number(text, 0, 6), 89) == number(text, 6, 8), Fault::CheckDigit)
}

fn vat_mt(text: &str) -> Checked {
    let all = digits_of(text, 8)?;
    starts_nonzero(text)?;
    require(modulo(weigh(&all, &[3, 4, 6, 7, 8, 9, 10, 1]), 37) == 0, Fault::CheckDigit)
}

fn bsn_nl(text: &str) -> Result<String, Fault> {
    require((1..=9).contains(&text.len()), Fault::Length)?;
    let full = format!("{text:0>9}");
    let all = digits(&full)?;
    require(number(&full, 0, 9) > 0, Fault::Format)?;
    require(modulo(weigh(&all, &[9, 8, 7, 6, 5, 4, 3, 2, -1]), 11) == 0, Fault::CheckDigit)?;
    Ok(full)
}

fn btw_nl(text: &str) -> Result<String, Fault> {
    let (body, end) = text.split_at_checked(text.len().saturating_sub(3)).ok_or(Fault::Format)?;
    require((1..=9).contains(&body.len()), Fault::Length)?;
    require(is_digits(body), Fault::Format)?;
    let suffix = end.strip_prefix('B').ok_or(Fault::Format)?;
    require(is_digits(suffix) && number(suffix, 0, 2) > 0, Fault::Format)?;
    let full = format!("{body:0>9}{end}");
    let whole = format!("NL{full}");
    // ISO 7064 modulo 97, 10 with letters as two digits, or the number of a person.
    let rest = whole.chars().fold(0_i64, |rest, character| {
        let value = ALPHANUMERIC.find(character).and_then(|value| i64::try_from(value).ok()).unwrap_or(0);
        modulo(rest.saturating_mul(if value > 9 { 100 } else { 10 }).saturating_add(value), 97)
    });
    let is_person = bsn_nl(full.get(..9).unwrap_or("")).is_ok();
    require(rest == 1 || is_person, Fault::CheckDigit)?;
    Ok(full)
}

fn pesel_pl(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    let (month, century) = match number(text, 2, 4) {
        month @ 81..=92 => (month.saturating_sub(80), 1800),
        month @ 1..=12 => (month, 1900),
        month @ 21..=32 => (month.saturating_sub(20), 2000),
        month @ 41..=52 => (month.saturating_sub(40), 2100),
        month @ 61..=72 => (month.saturating_sub(60), 2200),
        _ => return Err(Fault::Component),
    };
    date(number(text, 0, 2).saturating_add(century), month, number(text, 4, 6))?;
    require(modulo(weigh(&all, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]), 10) == 0, Fault::CheckDigit)
}

fn regon_pl(text: &str) -> Checked {
    let all = digits(text)?;
    let nine = |all: &[i64]| modulo(modulo(weigh(all, &[8, 9, 2, 3, 4, 5, 6, 7]), 11), 10);
    match text.len() {
        9 => ends_in(&all, nine(&all)),
        14 => {
            let long = modulo(modulo(weigh(&all, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]), 11), 10);
            ends_in(&all, long)?;
            ends_in(all.get(..9).unwrap_or_default(), nine(&all))
        }
        _ => Err(Fault::Length),
    }
}

fn cui_ro(text: &str) -> Checked {
    require((2..=10).contains(&text.len()), Fault::Length)?;
    starts_nonzero(text)?;
    let full = format!("{text:0>10}");
    let all = digits(&full)?;
    let sum = weigh(&all, &[7, 5, 3, 2, 1, 7, 5, 3, 2]).saturating_mul(10);
    ends_in(&all, modulo(modulo(sum, 11), 10))
}

fn cnp_ro(text: &str) -> Checked {
    let all = digits_of(text, 13)?;
    require(!text.starts_with(['0']), Fault::Component)?;
    let century = match number(text, 0, 1) {
        3 | 4 => 1800,
        5 | 6 => 2000,
        _ => 1900,
    };
    date(number(text, 1, 3).saturating_add(century), number(text, 3, 5), number(text, 5, 7))?;
    require(matches!(number(text, 7, 9), 1..=48 | 51 | 52 | 70 | 80..=83), Fault::Component)?;
    let check = modulo(weigh(&all, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]), 11);
    ends_in(&all, if check == 10 { 1 } else { check })
}

fn dph_sk(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    if birth_number(text).is_ok() {
        return Ok(());
    }
    require(!text.starts_with('0') && matches!(number(text, 2, 3), 2 | 3 | 4 | 7 | 8 | 9), Fault::Format)?;
    require(long_modulo(&all, 11) == 0, Fault::CheckDigit)
}

fn ddv_si(text: &str) -> Checked {
    let all = digits_of(text, 8)?;
    starts_nonzero(text)?;
    let check = modulo(weigh(&all, &[8, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    // A remainder that would need an 11 has no number; 10 is written as 0.
    let is_ended = match check {
        0 => false,
        10 => all.last() == Some(&0),
        digit => all.last() == Some(&digit),
    };
    require(is_ended, Fault::CheckDigit)
}

fn vat_se(text: &str) -> Checked {
    require(text.len() == 12, Fault::Length)?;
    let (body, end) = text.split_at_checked(10).ok_or(Fault::Format)?;
    require(end == "01", Fault::Format)?;
    luhn(body, DIGITS)
}

fn personal_se(text: &str) -> Checked {
    require(matches!(text.len(), 10 | 12), Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    require(text.len() == 10 || matches!(number(text, 0, 2), 18..=20), Fault::Component)?;
    let ten = text.get(text.len().saturating_sub(10)..).unwrap_or("");
    let day = number(ten, 4, 6);
    let day = if day > 60 { day.saturating_sub(60) } else { day };
    let (year, month) = (number(ten, 0, 2), number(ten, 2, 4));
    date(year.saturating_add(2000), month, day).or_else(|_| date(year.saturating_add(1900), month, day))?;
    luhn(ten, DIGITS)
}
