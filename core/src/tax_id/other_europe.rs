//! Tax ids of Europe outside the European Union.
//!
//! Sources: the countries' published check digit rules. Example: Switzerland's CHE-107.787.577 and Norway's 995525828.

use super::kind::{
    ALPHANUMERIC, Checked, Fault, Kind, date, digits, digits_of, ends_in, fill, is_digits, mod_11_10, modulo, number,
    require, weigh,
};

pub(super) const UNITED_KINGDOM: [Kind; 2] = [Kind::own("VAT", vat_gb).formed(form_gb), Kind::own("UTR", utr_gb)];
pub(super) const SWITZERLAND: [Kind; 3] = [
    Kind::spelled("UID", uid_ch).written("###-###.###.###"),
    Kind::spelled("MWST", vat_ch).written("###-###.###.### "),
    Kind::own("AHV", ahv_ch).written("###.####.####.##"),
];
pub(super) const LIECHTENSTEIN: [Kind; 1] = [Kind::spelled("PEID", |text| {
    let short = text.trim_start_matches('0');
    require((4..=12).contains(&text.len()) && !short.is_empty(), Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    Ok(short.to_owned())
})];
pub(super) const NORWAY: [Kind; 3] = [
    Kind::sum("organisasjonsnummer", &ORGANISATION_NO, 11).written("### ### ###"),
    Kind::own("MVA", mva_no).formed(|text| format!("NO {}", fill("### ### ### ", text))),
    Kind::own("fødselsnummer", birth_number_no).written("###### #####"),
];
pub(super) const ICELAND: [Kind; 2] = [
    Kind::own("VSK", |text| {
        require(matches!(text.len(), 5 | 6), Fault::Length)?;
        require(is_digits(text), Fault::Format)
    }),
    Kind::own("kennitala", kennitala_is).written("######-####"),
];
pub(super) const FAROE_ISLANDS: [Kind; 1] = [Kind::own("V-tal", |text| digits_of(text, 6).map(|_| ()))];
pub(super) const TURKEY: [Kind; 2] = [Kind::own("VKN", vkn_tr), Kind::own("TC kimlik", identity_tr)];
pub(super) const SERBIA: [Kind; 1] = [Kind::own("PIB", |text| mod_11_10(&digits_of(text, 9)?))];
pub(super) const MONTENEGRO: [Kind; 1] = [Kind::own("PIB", |text| {
    let all = digits_of(text, 8)?;
    let check = modulo(weigh(&all, &[8, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    ends_in(&all, modulo(check, 10))
})];
pub(super) const NORTH_MACEDONIA: [Kind; 1] = [Kind::own("EDB", |text| {
    let all = digits_of(text, 13)?;
    let check = modulo(weigh(&all, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    ends_in(&all, modulo(check, 10))
})];
pub(super) const MOLDOVA: [Kind; 1] = [Kind::own("IDNO", |text| {
    let all = digits_of(text, 13)?;
    ends_in(&all, modulo(weigh(&all, &[7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1]), 10))
})];
pub(super) const UKRAINE: [Kind; 2] = [Kind::own("EDRPOU", registry_ua), Kind::own("RNTRC", taxpayer_ua)];
pub(super) const RUSSIA: [Kind; 1] = [Kind::own("INN", inn_ru)];
pub(super) const BELARUS: [Kind; 1] = [Kind::own("UNP", unp_by)];
pub(super) const AZERBAIJAN: [Kind; 1] = [Kind::own("VÖEN", |text| {
    let all = digits_of(text, 10)?;
    require(text.ends_with(['1', '2']), Fault::Component)?;
    let check = modulo(weigh(&all, &[4, 1, 8, 6, 2, 7, 5, 3]), 11);
    ends_in(all.get(..9).unwrap_or_default(), check)
})];
pub(super) const ALBANIA: [Kind; 1] = [Kind::own("NIPT", nipt_al)];
pub(super) const ANDORRA: [Kind; 1] = [Kind::own("NRT", nrt_ad).written("#-######-#")];
pub(super) const SAN_MARINO: [Kind; 1] = [Kind::spelled("COE", |text| {
    let short = text.trim_start_matches('0');
    require(!short.is_empty() && short.len() <= 5, Fault::Length)?;
    require(is_digits(short), Fault::Format)?;
    Ok(short.to_owned())
})];

const ORGANISATION_NO: [i64; 9] = [3, 2, 7, 6, 5, 4, 3, 2, 1];

fn vat_gb(text: &str) -> Checked {
    let sum = |all: &[i64]| modulo(weigh(all, &[8, 7, 6, 5, 4, 3, 2, 10, 1]), 97);
    match text.len() {
        // Government departments and health authorities.
        5 => match text.split_at_checked(2) {
            Some(("GD", rest)) if is_digits(rest) => require(number(rest, 0, 3) < 500, Fault::Component),
            Some(("HA", rest)) if is_digits(rest) => require(number(rest, 0, 3) >= 500, Fault::Component),
            _ => Err(Fault::Format),
        },
        11 => {
            let rest = text.get(6..).filter(|rest| is_digits(rest)).ok_or(Fault::Format)?;
            let is_within = match text.get(..6) {
                Some("GD8888") => number(rest, 0, 3) < 500,
                Some("HA8888") => number(rest, 0, 3) >= 500,
                _ => return Err(Fault::Format),
            };
            require(is_within, Fault::Component)?;
            require(modulo(number(rest, 0, 3), 97) == number(rest, 3, 5), Fault::CheckDigit)
        }
        9 | 12 => {
            let all = digits(text)?;
            let allowed: &[i64] = if number(text, 0, 3) >= 100 { &[0, 42, 55] } else { &[0] };
            require(allowed.contains(&sum(&all)), Fault::CheckDigit)
        }
        _ => Err(Fault::Length),
    }
}

fn form_gb(text: &str) -> String {
    match text.len() {
        9 => fill("### #### ##", text),
        12 => fill("### #### ## ###", text),
        _ => text.to_owned(),
    }
}

fn utr_gb(text: &str) -> Checked {
    let body = text.strip_suffix('K').unwrap_or(text);
    let all = digits_of(body, 10)?;
    let left = modulo(weigh(all.get(1..).unwrap_or_default(), &[6, 7, 8, 9, 10, 5, 4, 3, 2]), 11);
    let expected = usize::try_from(left).ok().and_then(|left| "21987654321".chars().nth(left));
    require(body.chars().next() == expected, Fault::CheckDigit)
}

/// CHE and nine digits; the letters may be left out.
fn uid_ch(text: &str) -> Result<String, Fault> {
    let body = text.strip_prefix("CHE").unwrap_or(text);
    require(body.len() == 9, Fault::Length)?;
    let all = digits(body)?;
    ends_in(&all, modulo(weigh(&all, &[5, 4, 3, 2, 7, 6, 5, 4]).saturating_neg(), 11))?;
    Ok(format!("CHE{body}"))
}

fn vat_ch(text: &str) -> Result<String, Fault> {
    let suffix =
        ["MWST", "TVA", "IVA", "TPV"].into_iter().find(|suffix| text.ends_with(suffix)).ok_or(Fault::Component)?;
    let uid = uid_ch(text.strip_suffix(suffix).unwrap_or(text))?;
    Ok(format!("{uid}{suffix}"))
}

fn ahv_ch(text: &str) -> Checked {
    let all = digits_of(text, 13)?;
    require(text.starts_with("756"), Fault::Component)?;
    require(modulo(weigh(&all, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]), 10) == 0, Fault::CheckDigit)
}

fn mva_no(text: &str) -> Checked {
    let body = text.strip_suffix("MVA").ok_or(Fault::Format)?;
    let all = digits_of(body, 9)?;
    require(modulo(weigh(&all, &ORGANISATION_NO), 11) == 0, Fault::CheckDigit)
}

fn birth_number_no(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    let first = modulo(weigh(&all, &[3, 7, 6, 1, 8, 9, 4, 5, 2]).saturating_neg(), 11);
    let second = modulo(weigh(&all, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    ends_in(all.get(..10).unwrap_or_default(), first)?;
    ends_in(&all, second)?;
    let day = modulo(number(text, 0, 2), 40);
    let month = modulo(number(text, 2, 4), 40);
    let (short, individual) = (number(text, 4, 6), number(text, 6, 9));
    let century = match individual {
        0..=499 => 1900,
        500..=749 if short >= 54 => 1800,
        900..=999 if short >= 40 => 1900,
        _ => 2000,
    };
    date(short.saturating_add(century), month, day)
}

fn kennitala_is(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    let day = modulo(number(text, 0, 2), 40);
    let century = match number(text, 9, 10) {
        9 => 1900,
        0 => 2000,
        _ => return Err(Fault::Component),
    };
    date(number(text, 4, 6).saturating_add(century), number(text, 2, 4), day)?;
    require(modulo(weigh(&all, &[3, 2, 7, 6, 5, 4, 3, 2, 1, 0]), 11) == 0, Fault::CheckDigit)
}

fn vkn_tr(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    let mut sum = 0_i64;
    for (place, digit) in (1_i64..).zip(all.iter().rev().skip(1)) {
        let moved = modulo(digit.saturating_add(place), 10);
        if moved > 0 {
            let power = (0..place).fold(1_i64, |power, _| power.saturating_mul(2));
            let left = modulo(moved.saturating_mul(power), 9);
            sum = sum.saturating_add(if left == 0 { 9 } else { left });
        }
    }
    ends_in(&all, modulo(sum.saturating_neg(), 10))
}

fn identity_tr(text: &str) -> Checked {
    let all = digits_of(text, 11)?;
    require(!text.starts_with('0'), Fault::Format)?;
    let first = modulo(weigh(&all, &[7, -1, 7, -1, 7, -1, 7, -1, 7]), 10);
    ends_in(all.get(..10).unwrap_or_default(), first)?;
    ends_in(&all, modulo(all.iter().take(10).fold(0, |sum: i64, digit| sum.saturating_add(*digit)), 10))
}

fn registry_ua(text: &str) -> Checked {
    let all = digits_of(text, 8)?;
    let is_middle = (30_000_000..60_000_000).contains(&number(text, 0, 8));
    let rising: [i64; 7] = if is_middle { [7, 1, 2, 3, 4, 5, 6] } else { [1, 2, 3, 4, 5, 6, 7] };
    let first = modulo(weigh(&all, &rising), 11);
    let second = modulo(weigh(&all, &rising.map(|weight| weight.saturating_add(2))), 11);
    ends_in(&all, modulo(if first == 10 { second } else { first }, 10))
}

fn taxpayer_ua(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    ends_in(&all, modulo(modulo(weigh(&all, &[-1, 5, 7, 9, 4, 6, 10, 5, 7]), 11), 10))
}

fn inn_ru(text: &str) -> Checked {
    const LONG: [i64; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let all = digits(text)?;
    let check = |all: &[i64], weights: &[i64]| modulo(modulo(weigh(all, weights), 11), 10);
    match text.len() {
        10 => ends_in(&all, check(&all, &LONG[2..])),
        12 => {
            ends_in(all.get(..11).unwrap_or_default(), check(&all, &LONG[1..]))?;
            ends_in(&all, check(&all, &LONG))
        }
        _ => Err(Fault::Length),
    }
}

fn unp_by(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    let (start, rest) = text.split_at_checked(2).ok_or(Fault::Format)?;
    require(is_digits(rest), Fault::Format)?;
    let is_person = start.chars().all(|c| "ABCEHKMOPT".contains(c));
    require(is_digits(start) || is_person, Fault::Format)?;
    require(text.starts_with(|c| "1234567ABCEHKM".contains(c)), Fault::Component)?;
    // The letters of a person count by their place; the second as a digit of the list.
    let mut values: Vec<i64> = Vec::new();
    for (place, character) in text.chars().enumerate() {
        let value = match (place, is_person) {
            (1, true) => "ABCEHKMOPT".find(character),
            _ => ALPHANUMERIC.find(character),
        };
        values.push(value.and_then(|value| i64::try_from(value).ok()).ok_or(Fault::Format)?);
    }
    ends_in(&values, modulo(weigh(&values, &[29, 23, 19, 17, 13, 7, 5, 3]), 11))
}

fn nipt_al(text: &str) -> Checked {
    require(text.len() == 10, Fault::Length)?;
    let is_letter = |c: char| c.is_ascii_uppercase();
    let is_formed = text.starts_with(|c: char| ('A'..='M').contains(&c))
        && text.get(1..9).is_some_and(is_digits)
        && text.ends_with(is_letter);
    require(is_formed, Fault::Format)
}

fn nrt_ad(text: &str) -> Checked {
    require(text.len() == 8, Fault::Length)?;
    let body = text.get(1..7).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
    require(text.ends_with(|c: char| c.is_ascii_uppercase()), Fault::Format)?;
    match text.chars().next() {
        Some('F') => require(number(body, 0, 6) <= 699_999, Fault::Component),
        Some('A' | 'L') => require((700_000..800_000).contains(&number(body, 0, 6)), Fault::Component),
        Some('C' | 'D' | 'E' | 'G' | 'O' | 'P' | 'U') => Ok(()),
        _ => Err(Fault::Component),
    }
}
