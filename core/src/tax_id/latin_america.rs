//! Tax ids of Latin America.
//!
//! Sources: the published rules of SII (CL), DIAN (CO), SRI (EC), SUNAT (PE), AFIP (AR), Receita Federal (BR), SAT (MX) and
//! the others. Example: Argentina's 20055361682 is written 20-05536168-2.

use super::kind::{
    ALPHANUMERIC, Checked, DIGITS, Fault, Kind, date, digits, digits_of, ends_in, ends_in_letter, fill, is_digits,
    luhn, modulo, number, require, weigh,
};

pub(super) const ARGENTINA: [Kind; 2] = [
    Kind::own("CUIT", cuit_ar).written("##-########-#"),
    Kind::own("DNI", |text| {
        require(matches!(text.len(), 7 | 8), Fault::Length)?;
        require(is_digits(text), Fault::Format)
    })
    .formed(|text| fill(if text.len() == 8 { "##.###.###" } else { "#.###.###" }, text)),
];
pub(super) const BRAZIL: [Kind; 2] =
    [Kind::own("CNPJ", cnpj_br).written("##.###.###/####-##"), Kind::own("CPF", cpf_br).written("###.###.###-##")];
pub(super) const CHILE: [Kind; 1] = [Kind::own("RUT", rut_cl).formed(form_rut)];
pub(super) const COLOMBIA: [Kind; 1] = [Kind::own("NIT", nit_co).formed(form_nit_co)];
pub(super) const COSTA_RICA: [Kind; 3] = [
    Kind::spelled("CPF", person_cr).written("##-####-####"),
    Kind::own("CPJ", company_cr).written("#-###-######"),
    Kind::own("CR", |text| {
        require(matches!(text.len(), 11 | 12), Fault::Length)?;
        require(is_digits(text), Fault::Format)?;
        require(text.starts_with('1'), Fault::Component)
    }),
];
pub(super) const CUBA: [Kind; 1] = [Kind::own("NI", |text| {
    digits_of(text, 11)?;
    let century = match number(text, 6, 7) {
        9 => 1800,
        0..=5 => 1900,
        _ => 2000,
    };
    date(number(text, 0, 2).saturating_add(century), number(text, 2, 4), number(text, 4, 6))
})];
pub(super) const DOMINICAN_REPUBLIC: [Kind; 2] = [
    Kind::own("RNC", rnc_do).written("#-##-#####-#"),
    Kind::own("cédula", |text| {
        digits_of(text, 11)?;
        luhn(text, DIGITS)
    })
    .written("###-#######-#"),
];
pub(super) const ECUADOR: [Kind; 2] = [Kind::own("RUC", ruc_ec), Kind::own("CI", ci_ec)];
pub(super) const EL_SALVADOR: [Kind; 1] = [Kind::own("NIT", nit_sv).written("####-######-###-#")];
pub(super) const GUATEMALA: [Kind; 1] = [Kind::spelled("NIT", nit_gt).formed(|text| {
    let (body, last) = text.split_at(text.len().saturating_sub(1));
    format!("{body}-{last}")
})];
pub(super) const MEXICO: [Kind; 2] = [Kind::own("RFC", rfc_mx).formed(form_rfc), Kind::own("CURP", curp_mx)];
pub(super) const PARAGUAY: [Kind; 1] = [Kind::own("RUC", ruc_py).formed(|text| {
    let (body, last) = text.split_at(text.len().saturating_sub(1));
    format!("{body}-{last}")
})];
pub(super) const PERU: [Kind; 2] = [Kind::own("RUC", ruc_pe), Kind::own("CUI", cui_pe)];
pub(super) const URUGUAY: [Kind; 1] = [Kind::own("RUT", rut_uy).written("##-######-###-#")];
pub(super) const VENEZUELA: [Kind; 1] = [Kind::own("RIF", rif_ve)];

fn cuit_ar(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    require(matches!(number(text, 0, 2), 20 | 23 | 24 | 27 | 30 | 33 | 34 | 50 | 51 | 55), Fault::Component)?;
    let left = modulo(weigh(&all, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]), 11);
    ends_in_letter(text, "012345678990", 11_i64.saturating_sub(left))
}

/// Two check digits, each of all before it; letters count by their code as in the alphanumeric CNPJ of 2026.
fn brazilian(text: &str, weights: &[i64]) -> Checked {
    let mut values = Vec::new();
    for byte in text.bytes() {
        require(byte.is_ascii_digit() || byte.is_ascii_uppercase(), Fault::Format)?;
        values.push(i64::from(byte.saturating_sub(b'0')));
    }
    let checks = values.len().saturating_sub(2);
    require(text.get(checks..).is_some_and(is_digits), Fault::Format)?;
    for length in [checks, checks.saturating_add(1)] {
        let part = values.get(..length).unwrap_or_default();
        let from = weights.len().saturating_sub(length);
        let left = modulo(weigh(part, weights.get(from..).unwrap_or_default()), 11);
        let expected = if left < 2 { 0 } else { 11_i64.saturating_sub(left) };
        require(values.get(length) == Some(&expected), Fault::CheckDigit)?;
    }
    Ok(())
}

fn cnpj_br(text: &str) -> Checked {
    require(text.len() == 14, Fault::Length)?;
    require(!text.starts_with("000000000000"), Fault::Format)?;
    brazilian(text, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn cpf_br(text: &str) -> Checked {
    require(text.len() == 11, Fault::Length)?;
    require(is_digits(text) && number(text, 0, 11) > 0, Fault::Format)?;
    brazilian(text, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn rut_cl(text: &str) -> Checked {
    require(matches!(text.len(), 8 | 9), Fault::Length)?;
    let (body, _) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(Fault::Format)?;
    let mut all = digits(body)?;
    all.reverse();
    let left = modulo(weigh(&all, &[2, 3, 4, 5, 6, 7, 2, 3]).saturating_neg(), 11);
    ends_in_letter(text, "0123456789K", left)
}

fn form_rut(text: &str) -> String {
    fill(if text.len() == 9 { "##.###.###-#" } else { "#.###.###-#" }, text)
}

fn nit_co(text: &str) -> Checked {
    require((8..=16).contains(&text.len()), Fault::Length)?;
    let mut all = digits(text)?;
    all.reverse();
    let left = modulo(
        weigh(all.get(1..).unwrap_or_default(), &[3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71]),
        11,
    );
    ends_in_letter(text, "01987654321", left)
}

/// Points between thousands, a hyphen before the check digit.
fn form_nit_co(text: &str) -> String {
    let (body, last) = text.split_at(text.len().saturating_sub(1));
    let mut grouped = String::new();
    for (place, digit) in body.chars().enumerate() {
        if place > 0 && body.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("{grouped}-{last}")
}

fn person_cr(text: &str) -> Result<String, Fault> {
    let full = if text.len() == 9 { format!("0{text}") } else { text.to_owned() };
    require(full.len() == 10, Fault::Length)?;
    require(is_digits(&full), Fault::Format)?;
    require(full.starts_with('0'), Fault::Component)?;
    Ok(full)
}

fn company_cr(text: &str) -> Checked {
    require(text.len() == 10, Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    let kind = text.get(1..4).unwrap_or("");
    let is_known = match text.chars().next() {
        Some('2') => matches!(kind, "100" | "200" | "300" | "400"),
        Some('3') => matches!(
            kind,
            "002"
                | "003"
                | "004"
                | "005"
                | "006"
                | "007"
                | "008"
                | "009"
                | "010"
                | "011"
                | "012"
                | "013"
                | "014"
                | "101"
                | "102"
                | "103"
                | "104"
                | "105"
                | "106"
                | "107"
                | "108"
                | "109"
                | "110"
        ),
        Some('4') => kind == "000",
        Some('5') => kind == "001",
        _ => false,
    };
    require(is_known, Fault::Component)
}

fn rnc_do(text: &str) -> Checked {
    let all = digits_of(text, 9)?;
    let left = modulo(weigh(&all, &[7, 9, 8, 6, 5, 4, 3, 2]), 11);
    ends_in(&all, modulo(10_i64.saturating_sub(left), 9).saturating_add(1))
}

fn province_ec(text: &str) -> Checked {
    require(matches!(number(text, 0, 2), 1..=24 | 30 | 50), Fault::Component)
}

fn ci_ec(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    province_ec(text)?;
    require(number(text, 2, 3) <= 6, Fault::Component)?;
    require(!all.is_empty(), Fault::Format)?;
    luhn(text, DIGITS)
}

fn ruc_ec(text: &str) -> Checked {
    let all = digits_of(text, 13)?;
    province_ec(text)?;
    let is_public = modulo(weigh(&all, &[3, 2, 7, 6, 5, 4, 3, 2, 1]), 11) == 0;
    let is_company = modulo(weigh(&all, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]), 11) == 0;
    let is_person = text.get(..10).is_some_and(|ci| ci_ec(ci).is_ok());
    // The establishment stands behind ten digits, or behind nine for the public.
    let (has_long, has_short) = (number(text, 9, 13) > 0, number(text, 10, 13) > 0);
    match number(text, 2, 3) {
        0..=5 => {
            require(has_short, Fault::Component)?;
            require(is_person, Fault::CheckDigit)
        }
        // Bodies of the state have a 6, and so have foreigners without an identity card.
        6 => {
            require(has_long, Fault::Component)?;
            require(is_public || (is_person && has_short), Fault::CheckDigit)
        }
        9 => {
            require(has_short, Fault::Component)?;
            require(is_company || is_public, Fault::CheckDigit)
        }
        _ => Err(Fault::Component),
    }
}

fn nit_sv(text: &str) -> Checked {
    let all = digits_of(text, 14)?;
    require(text.starts_with(['0', '1', '9']), Fault::Component)?;
    let check = if number(text, 10, 13) <= 100 {
        modulo(modulo(weigh(&all, &[14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]), 11), 10)
    } else {
        let weighted = weigh(&all, &[2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
        modulo(modulo(weighted.saturating_neg(), 11), 10)
    };
    ends_in(&all, check)
}

fn nit_gt(text: &str) -> Result<String, Fault> {
    let short = text.trim_start_matches('0');
    require((2..=12).contains(&short.len()), Fault::Length)?;
    let (body, last) = short.split_at_checked(short.len().saturating_sub(1)).ok_or(Fault::Format)?;
    let mut all = digits(body)?;
    require(is_digits(last) || last == "K", Fault::Format)?;
    all.reverse();
    let weights: Vec<i64> = (2..14).collect();
    ends_in_letter(short, "0123456789K", modulo(weigh(&all, &weights).saturating_neg(), 11))?;
    Ok(short.to_owned())
}

/// Words that the first letters of a person's RFC must not make.
const BAD_WORDS_MX: &str = "BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COJA COJE COJI COJO CULO FETO GUEY JOTO KACA KACO KAGA \
     KAGO KAKA KOGE KOJO KULO MAME MAMO MEAR MEAS MEON MION MOCO MULA PEDA PEDO PENE PUTA PUTO QULO RATA RUIN";

fn rfc_mx(text: &str) -> Checked {
    let length = text.chars().count();
    let letters = match length {
        10 | 13 => 4,
        12 => 3,
        _ => return Err(Fault::Length),
    };
    let is_letter = |c: char| c.is_ascii_uppercase() || matches!(c, '&' | 'Ñ');
    let (name, rest): (String, String) = (text.chars().take(letters).collect(), text.chars().skip(letters).collect());
    require(name.chars().all(is_letter) && rest.get(..6).is_some_and(is_digits), Fault::Format)?;
    require(letters == 3 || !BAD_WORDS_MX.split_whitespace().any(|word| word == name), Fault::Component)?;
    date(
        number(&rest, 0, 2).saturating_add(if letters == 3 { 2000 } else { 1900 }),
        number(&rest, 2, 4),
        number(&rest, 4, 6),
    )
    .or_else(|_| date(number(&rest, 0, 2).saturating_add(2000), number(&rest, 2, 4), number(&rest, 4, 6)))?;
    let Some(end) = rest.get(6..).filter(|end| !end.is_empty()) else { return Ok(()) };
    // The two characters of the homonym and the check character: numbers are in use whose check character is wrong.
    require(end.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()), Fault::Format)
}

fn form_rfc(text: &str) -> String {
    let letters = if text.chars().count() == 12 { 3 } else { 4 };
    let part = |from: usize, count: usize| text.chars().skip(from).take(count).collect::<String>();
    let (name, day, end) = (part(0, letters), part(letters, 6), part(letters.saturating_add(6), 3));
    format!("{name} {day} {end}").trim_end().to_owned()
}

fn curp_mx(text: &str) -> Checked {
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";
    const STATES: &str =
        "AS BC BS CC CH CL CM CS DF DG GR GT HG JC MC MN MS NE NL NT OC PL QR QT SL SP SR TC TL TS VZ YN ZS";
    require(text.chars().count() == 18, Fault::Length)?;
    require(text.is_ascii(), Fault::Format)?;
    let all =
        |from: usize, to: usize, rule: fn(char) -> bool| text.get(from..to).is_some_and(|part| part.chars().all(rule));
    let is_formed = all(0, 4, |c| c.is_ascii_uppercase())
        && all(4, 10, |c| c.is_ascii_digit())
        && all(10, 16, |c| c.is_ascii_uppercase())
        && all(16, 17, |c| c.is_ascii_alphanumeric())
        && all(17, 18, |c| c.is_ascii_digit());
    require(is_formed, Fault::Format)?;
    require(!BAD_WORDS_MX.split_whitespace().any(|word| text.starts_with(word)), Fault::Component)?;
    let century = if all(16, 17, |c| c.is_ascii_digit()) { 1900 } else { 2000 };
    date(number(text, 4, 6).saturating_add(century), number(text, 6, 8), number(text, 8, 10))?;
    require(matches!(text.get(10..11), Some("H" | "M")), Fault::Component)?;
    require(text.get(11..13).is_some_and(|state| STATES.split(' ').any(|known| known == state)), Fault::Component)?;
    let values = text.chars().take(17).map(|c| ALPHABET.replace('&', "Ñ").chars().position(|known| known == c));
    let sum = values.zip((2..=18_i64).rev()).fold(0_i64, |sum, (value, weight)| {
        let value = value.and_then(|value| i64::try_from(value).ok()).unwrap_or(0);
        sum.saturating_add(value.saturating_mul(weight))
    });
    require(number(text, 17, 18) == modulo(sum.saturating_neg(), 10), Fault::CheckDigit)
}

fn ruc_py(text: &str) -> Checked {
    require((5..=9).contains(&text.len()), Fault::Length)?;
    let mut all = digits(text)?;
    let last = all.pop();
    all.reverse();
    let left = modulo(modulo(weigh(&all, &[2, 3, 4, 5, 6, 7, 8, 9]).saturating_neg(), 11), 10);
    require(last == Some(left), Fault::CheckDigit)
}

fn ruc_pe(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    require(matches!(number(text, 0, 2), 10 | 15 | 16 | 17 | 20), Fault::Component)?;
    let left = 11_i64.saturating_sub(modulo(weigh(&all, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]), 11));
    ends_in(&all, modulo(left, 10))
}

fn cui_pe(text: &str) -> Checked {
    require(matches!(text.len(), 8 | 9), Fault::Length)?;
    let (body, last) = text.split_at_checked(8).ok_or(Fault::Format)?;
    let all = digits(body)?;
    if last.is_empty() {
        return Ok(());
    }
    // The check character is written as a digit or as a letter.
    let left = modulo(weigh(&all, &[3, 2, 7, 6, 5, 4, 3, 2]), 11);
    ends_in_letter(last, "65432110987", left).or_else(|_| ends_in_letter(last, "KJIHGFEDCBA", left))
}

fn rut_uy(text: &str) -> Checked {
    let all = digits_of(text, 12)?;
    require((1..=22).contains(&number(text, 0, 2)), Fault::Component)?;
    require(number(text, 2, 8) > 0 && number(text, 8, 11) == 1, Fault::Component)?;
    let left = modulo(weigh(&all, &[4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    ends_in(&all, left)
}

fn rif_ve(text: &str) -> Checked {
    require(text.len() == 10, Fault::Length)?;
    let body = text.get(1..).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
    let first = match text.chars().next() {
        Some('V') => 4,
        Some('E') => 8,
        Some('J') => 12,
        Some('P') => 16,
        Some('G') => 20,
        _ => return Err(Fault::Component),
    };
    let left = modulo(weigh(&digits(body)?, &[3, 2, 7, 6, 5, 4, 3, 2]).saturating_add(first), 11);
    ends_in_letter(text, "00987654321", left)
}

pub(super) fn alphanumeric_value(character: char) -> Option<i64> {
    ALPHANUMERIC.find(character).and_then(|value| i64::try_from(value).ok())
}
