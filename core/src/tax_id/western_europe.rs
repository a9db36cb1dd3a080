//! The tax ids of Spain, Portugal, France, Italy and Germany.
//!
//! Sources: Orden EHA/451/2008 and the NIF rules of Spain, the NIF of Portugal, SIREN and TVA of France, DM 23.12.1976 of
//! Italy, the Bundeszentralamt für Steuern. Example: Spain's 54362315K is the DNI of a person, B58378431 of a company.

use super::kind::{
    ALPHANUMERIC, Checked, DIGITS, Fault, Kind, LETTERS, date, digits, digits_of, ends_in, ends_in_letter, fill,
    is_digits, long_modulo, luhn, mod_11_10, modulo, number, require, starts_nonzero, weigh,
};

pub(super) const SPAIN: [Kind; 3] = [Kind::own("CIF", cif_es), Kind::own("DNI", dni_es), Kind::own("NIE", nie_es)];
pub(super) const PORTUGAL: [Kind; 2] =
    [Kind::own("NIF", nif_pt), Kind::own("cartão de cidadão", card_pt).written("######## # ###")];
pub(super) const FRANCE: [Kind; 5] = [
    Kind::own("TVA", tva_fr),
    Kind::own("SIREN", |text| numbers_by_luhn(text, 9)).written("### ### ###"),
    Kind::own("SIRET", siret_fr).written("### ### ### #####"),
    Kind::own("NIF", nif_fr).written("## ## ### ### ###"),
    Kind::own("NIR", nir_fr).written("# ## ## ## ### ### ##"),
];
pub(super) const MONACO: [Kind; 1] = [Kind::own("TVA", |text| {
    tva_fr(text)?;
    require(number(text, 2, 5) == 0, Fault::Component)
})];
pub(super) const ITALY: [Kind; 2] = [Kind::own("IVA", iva_it), Kind::own("codice fiscale", fiscal_code_it)];
pub(super) const GERMANY: [Kind; 3] = [
    Kind::own("USt-IdNr.", |text| {
        let all = digits_of(text, 9)?;
        starts_nonzero(text)?;
        mod_11_10(&all)
    }),
    Kind::own("IdNr.", idnr_de).written("## ### ### ###"),
    Kind::own("Steuernummer", tax_number_de).formed(form_tax_number_de),
];

const LETTERS_ES: &str = "TRWAGMYFPDXBNJZSQVHLCKE";

fn dni_es(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    let (body, _) = text.split_at_checked(8).ok_or(Fault::Format)?;
    // K, L and M stand before seven digits: children, Spaniards abroad, foreigners.
    let body = body.strip_prefix(['K', 'L', 'M']).unwrap_or(body);
    require(is_digits(body), Fault::Format)?;
    ends_in_letter(text, LETTERS_ES, modulo(number(body, 0, body.len()), 23))
}

fn nie_es(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    let first = text.chars().next().and_then(|first| "XYZ".find(first)).ok_or(Fault::Format)?;
    let body = text.get(1..8).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
    let whole = format!("{first}{body}");
    ends_in_letter(text, LETTERS_ES, modulo(number(&whole, 0, 8), 23))
}

fn cif_es(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    let body = text.get(1..8).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
    require(text.starts_with(|c| "ABCDEFGHJNPQRSUVW".contains(c)), Fault::Format)?;
    let last = text.get(8..).unwrap_or("");
    let digit = (0..10).find(|digit| luhn(&format!("{body}{digit}"), DIGITS).is_ok()).unwrap_or(0);
    let is_letter = ends_in_letter(last, "JABCDEFGHI", digit).is_ok();
    let is_digit = last == digit.to_string();
    // Which kinds of organisation have a letter and which a digit has changed over time: either is taken.
    require(is_letter || is_digit, Fault::CheckDigit)
}

fn nif_pt(text: &str) -> Checked {
    let all = digits_of(text, 9)?;
    starts_nonzero(text)?;
    let check = modulo(weigh(&all, &[9, 8, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    ends_in(&all, modulo(check, 10))
}

fn card_pt(text: &str) -> Checked {
    require(text.len() == 12, Fault::Length)?;
    let (body, rest) = text.split_at_checked(9).ok_or(Fault::Format)?;
    let is_version = rest.chars().take(2).all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    require(is_digits(body) && is_version && rest.ends_with(|c: char| c.is_ascii_digit()), Fault::Format)?;
    // Luhn's sum in tens over digits and letters.
    let mut sum = 0_i64;
    for (place, character) in text.chars().rev().enumerate() {
        let value = ALPHANUMERIC.find(character).and_then(|value| i64::try_from(value).ok()).ok_or(Fault::Format)?;
        let doubled = value.saturating_mul(2);
        sum = sum.saturating_add(match (place.is_multiple_of(2), doubled) {
            (true, _) => value,
            (false, 10..) => doubled.saturating_sub(9),
            (false, _) => doubled,
        });
    }
    require(modulo(sum, 10) == 0, Fault::CheckDigit)
}

fn numbers_by_luhn(text: &str, length: usize) -> Checked {
    require(is_digits(text), Fault::Format)?;
    require(text.len() == length, Fault::Length)?;
    luhn(text, DIGITS)
}

fn siret_fr(text: &str) -> Checked {
    let all = digits_of(text, 14)?;
    // La Poste has too many offices for Luhn's check: the sum of its digits is a multiple of five.
    if text.starts_with("356000000") && !text.ends_with("00048") {
        let sum = all.iter().fold(0_i64, |sum, digit| sum.saturating_add(*digit));
        require(modulo(sum, 5) == 0, Fault::CheckDigit)?;
    } else {
        luhn(text, DIGITS)?;
    }
    numbers_by_luhn(text.get(..9).unwrap_or(""), 9)
}

fn tva_fr(text: &str) -> Checked {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    require(text.len() == 11, Fault::Length)?;
    let (key, siren) = text.split_at_checked(2).ok_or(Fault::Format)?;
    require(is_digits(siren) && key.chars().all(|c| ALPHABET.contains(c)), Fault::Format)?;
    if !siren.starts_with("000") {
        numbers_by_luhn(siren, 9)?;
    }
    if is_digits(key) {
        let check = long_modulo(&digits(&format!("{siren}12"))?, 97);
        return require(check == number(key, 0, 2), Fault::CheckDigit);
    }
    // The newer form has a letter in one or both places.
    let mut places = key.chars().map(|c| ALPHABET.find(c).and_then(|place| i64::try_from(place).ok()).unwrap_or(0));
    let (first, second) = (places.next().unwrap_or(0), places.next().unwrap_or(0));
    let check = if key.starts_with(|c: char| c.is_ascii_digit()) {
        first.saturating_mul(24).saturating_add(second).saturating_sub(10)
    } else {
        first.saturating_mul(34).saturating_add(second).saturating_sub(100)
    };
    let quotient = check.checked_div_euclid(11).unwrap_or(0);
    let left = modulo(number(siren, 0, 9).saturating_add(1).saturating_add(quotient), 11);
    require(left == modulo(check, 11), Fault::CheckDigit)
}

fn nif_fr(text: &str) -> Checked {
    digits_of(text, 13)?;
    require(text.starts_with(['0', '1', '2', '3']), Fault::Component)?;
    require(modulo(number(text, 0, 10), 511) == number(text, 10, 13), Fault::CheckDigit)
}

fn nir_fr(text: &str) -> Checked {
    require(text.len() == 15, Fault::Length)?;
    // Corsica's departments 2A and 2B count as 19 and 18.
    let counted = match text.get(5..7) {
        Some("2A") => format!("{}19{}", &text[..5], &text[7..]),
        Some("2B") => format!("{}18{}", &text[..5], &text[7..]),
        _ => text.to_owned(),
    };
    require(is_digits(&counted), Fault::Format)?;
    let check = 97_i64.saturating_sub(modulo(number(&counted, 0, 13), 97));
    require(number(text, 13, 15) == check, Fault::CheckDigit)
}

fn iva_it(text: &str) -> Checked {
    digits_of(text, 11)?;
    require(number(text, 0, 7) > 0, Fault::Format)?;
    require(matches!(number(text, 7, 10), 1..=100 | 120 | 121 | 888 | 999), Fault::Component)?;
    luhn(text, DIGITS)
}

fn fiscal_code_it(text: &str) -> Checked {
    const ODD: [i64; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
        10, 22, 25, 24, 23,
    ];
    if text.len() == 11 {
        return iva_it(text);
    }
    require(text.len() == 16, Fault::Length)?;
    let is_digit = |c: char| c.is_ascii_digit() || "LMNPQRSTUV".contains(c);
    let form = "LLLLLL##M##L###L";
    let is_formed = |(c, place): (char, char)| match place {
        '#' => is_digit(c),
        'M' => "ABCDEHLMPRST".contains(c),
        _ => c.is_ascii_uppercase(),
    };
    require(text.chars().zip(form.chars()).all(is_formed), Fault::Format)?;
    // Where two people would share a code, letters stand for digits.
    let plain: String =
        text.chars().map(|c| "LMNPQRSTUV".find(c).and_then(|at| DIGITS.chars().nth(at)).unwrap_or(c)).collect();
    let day = modulo(number(&plain, 9, 11), 40);
    let month =
        text.chars().nth(8).and_then(|c| "ABCDEHLMPRST".find(c)).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1);
    let (month, year) = (month.saturating_add(1), number(&plain, 6, 8));
    date(year.saturating_add(1900), month, day).or_else(|_| date(year.saturating_add(2000), month, day))?;
    let values = text.chars().take(15).enumerate().map(|(place, c)| {
        let value = ALPHANUMERIC.find(c).unwrap_or(0);
        let even = i64::try_from(if value > 9 { value.saturating_sub(10) } else { value }).unwrap_or(0);
        if place.is_multiple_of(2) { ODD.get(value).copied().unwrap_or(0) } else { even }
    });
    ends_in_letter(text, LETTERS, modulo(values.fold(0, i64::saturating_add), 26))
}

fn idnr_de(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    starts_nonzero(text)?;
    // Of the first ten digits exactly one stands twice or thrice, the others once.
    let counts = (0..10).map(|digit| all.iter().take(10).filter(|other| **other == digit).count());
    let repeated: Vec<usize> = counts.filter(|count| *count > 1).collect();
    require(matches!(repeated.as_slice(), [2 | 3]), Fault::Format)?;
    mod_11_10(&all)
}

/// The countries of the federation: their numbers of 10 or 11 digits, and of 13 for all of Germany. F is the office, B
/// the district, U the person, P the check digit.
pub(super) const STATES_DE: [(&str, &str, &str); 16] = [
    ("Baden-Württemberg", "FFBBBUUUUP", "28FF0BBBUUUUP"),
    ("Bayern", "FFFBBBUUUUP", "9FFF0BBBUUUUP"),
    ("Berlin", "FFBBBUUUUP", "11FF0BBBUUUUP"),
    ("Brandenburg", "0FFBBBUUUUP", "30FF0BBBUUUUP"),
    ("Bremen", "FFBBBUUUUP", "24FF0BBBUUUUP"),
    ("Hamburg", "FFBBBUUUUP", "22FF0BBBUUUUP"),
    ("Hessen", "0FFBBBUUUUP", "26FF0BBBUUUUP"),
    ("Mecklenburg-Vorpommern", "0FFBBBUUUUP", "40FF0BBBUUUUP"),
    ("Niedersachsen", "FFBBBUUUUP", "23FF0BBBUUUUP"),
    ("Nordrhein-Westfalen", "FFFBBBBUUUP", "5FFF0BBBBUUUP"),
    ("Rheinland-Pfalz", "FFBBBUUUUP", "27FF0BBBUUUUP"),
    ("Saarland", "0FFBBBUUUUP", "10FF0BBBUUUUP"),
    ("Sachsen", "2FFBBBUUUUP", "32FF0BBBUUUUP"),
    ("Sachsen-Anhalt", "1FFBBBUUUUP", "31FF0BBBUUUUP"),
    ("Schleswig-Holstein", "FFBBBUUUUP", "21FF0BBBUUUUP"),
    ("Thüringen", "1FFBBBUUUUP", "41FF0BBBUUUUP"),
];

fn fits(form: &str, text: &str) -> bool {
    let is_fit = |(place, digit): (char, char)| !place.is_ascii_digit() || place == digit;
    form.len() == text.len() && form.chars().zip(text.chars()).all(is_fit)
}

fn tax_number_de(text: &str) -> Checked {
    digits(text)?;
    require(matches!(text.len(), 10 | 11 | 13), Fault::Length)?;
    let is_known = STATES_DE.iter().any(|(_, short, long)| fits(short, text) || fits(long, text));
    require(is_known, Fault::Format)
}

/// Whether a tax number is one of this country of the federation; any that is not known is refused.
pub(super) fn check_state_de(text: &str, state: &str) -> Checked {
    let plain = |name: &str| -> String {
        let folded = name.to_lowercase().replace('ü', "ue");
        folded.chars().filter(char::is_ascii_alphabetic).collect()
    };
    let wanted = plain(state);
    let found = STATES_DE.iter().find(|(name, _, _)| plain(name) == wanted || plain(name).replace("ue", "u") == wanted);
    let (_, short, long) = found.ok_or(Fault::Component)?;
    digits(text)?;
    require(matches!(text.len(), 10 | 11 | 13), Fault::Length)?;
    require(fits(short, text) || fits(long, text), Fault::Format)
}

fn form_tax_number_de(text: &str) -> String {
    match text.len() {
        10 => fill("##/###/#####", text),
        11 => fill("###/###/#####", text),
        _ => text.to_owned(),
    }
}
