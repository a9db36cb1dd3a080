//! Tax ids of Africa.
//!
//! Sources: the published rules of each tax office. Example: South Africa's income tax number 0843089848 keeps Luhn's check.

use super::asia_pacific::short_date;
use super::kind::{
    Checked, DIGITS, Fault, Kind, digits, digits_of, ends_in_letter, is_digits, long_modulo, luhn, modulo, number,
    require, weigh,
};

pub(super) const SOUTH_AFRICA: [Kind; 2] = [
    Kind::own("TIN", |text| {
        digits_of(text, 10)?;
        require(text.starts_with(['0', '1', '2', '3', '9']), Fault::Component)?;
        luhn(text, DIGITS)
    }),
    Kind::own("ID", |text| {
        digits_of(text, 13)?;
        short_date(text)?;
        require(matches!(number(text, 10, 11), 0 | 1), Fault::Component)?;
        luhn(text, DIGITS)
    })
    .written("###### #### ## #"),
];
pub(super) const EGYPT: [Kind; 1] = [Kind::own("TN", |text| digits_of(text, 9).map(|_| ())).written("###-###-###")];
pub(super) const MOROCCO: [Kind; 1] =
    [Kind::own("ICE", |text| require(long_modulo(&digits_of(text, 15)?, 97) == 0, Fault::CheckDigit))];
pub(super) const ALGERIA: [Kind; 1] = [Kind::own("NIF", |text| {
    require(matches!(text.len(), 15 | 20), Fault::Length)?;
    require(is_digits(text), Fault::Format)
})];
pub(super) const TUNISIA: [Kind; 1] = [Kind::spelled("MF", fiscal_tn).formed(form_tn)];
pub(super) const KENYA: [Kind; 1] = [Kind::own("PIN", |text| {
    require(text.len() == 11, Fault::Length)?;
    let body = text.strip_prefix(['A', 'P']).ok_or(Fault::Format)?;
    let is_formed = body.get(..9).is_some_and(is_digits) && body.ends_with(|c: char| c.is_ascii_uppercase());
    require(is_formed, Fault::Format)
})];
pub(super) const GHANA: [Kind; 1] = [Kind::own("TIN", |text| {
    require(text.len() == 11, Fault::Length)?;
    let start = text.get(..3).unwrap_or("");
    require(matches!(start, "P00" | "C00" | "G00" | "Q00" | "V00"), Fault::Format)?;
    let body = text.get(1..10).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
    ends_in_letter(text, "0123456789X", modulo(weigh(&digits(body)?, &[1, 2, 3, 4, 5, 6, 7, 8, 9]), 11))
})];
pub(super) const SENEGAL: [Kind; 1] = [Kind::own("NINEA", ninea_sn).formed(|text| {
    let cofi = if matches!(text.len(), 10 | 12) { 3 } else { 0 };
    let (body, cofi) = text.split_at(text.len().saturating_sub(cofi));
    format!("{body} {cofi}").trim_end().to_owned()
})];
pub(super) const GUINEA: [Kind; 1] = [Kind::own("NIFp", |text| {
    digits_of(text, 9)?;
    luhn(text, DIGITS)
})
.written("###-###-###")];
pub(super) const MOZAMBIQUE: [Kind; 1] = [Kind::own("NUIT", |text| {
    let all = digits_of(text, 9)?;
    ends_in_letter(text, "01234567891", modulo(weigh(&all, &[8, 9, 4, 5, 6, 7, 8, 9]), 11))
})
.written("### ### ###")];

fn fiscal_tn(text: &str) -> Result<String, Fault> {
    let digits_first = text.chars().take_while(char::is_ascii_digit).count();
    require((1..=7).contains(&digits_first), Fault::Format)?;
    let (body, rest) = text.split_at(digits_first);
    require(matches!(rest.len(), 1 | 3 | 6), Fault::Length)?;
    require(rest.starts_with(|c| "ABCDEFGHJKLMNPQRSTVWXYZ".contains(c)), Fault::Format)?;
    if rest.len() >= 3 {
        let is_known = rest.get(1..2).is_some_and(|code| "APBDN".contains(code))
            && rest.get(2..3).is_some_and(|kind| "MPCNE".contains(kind));
        require(is_known, Fault::Format)?;
    }
    if rest.len() == 6 {
        let establishment = rest.get(3..).filter(|end| is_digits(end)).ok_or(Fault::Format)?;
        require(rest.get(2..3) == Some("E") || establishment == "000", Fault::Format)?;
        require(rest.get(2..3) != Some("E") || establishment != "000", Fault::Format)?;
    }
    Ok(format!("{body:0>7}{rest}"))
}

fn form_tn(text: &str) -> String {
    match text.len() {
        8 => super::kind::fill("#######/#", text),
        10 => super::kind::fill("#######/#/#/#", text),
        _ => super::kind::fill("#######/#/#/#/###", text),
    }
}

fn ninea_sn(text: &str) -> Checked {
    let (body, cofi) = match text.len() {
        7 | 9 => (text, None),
        10 | 12 => text
            .split_at_checked(text.len().saturating_sub(3))
            .map(|(body, cofi)| (body, Some(cofi)))
            .ok_or(Fault::Format)?,
        _ => return Err(Fault::Length),
    };
    let full = format!("{body:0>9}");
    let all = digits(&full)?;
    if let Some(cofi) = cofi {
        let is_known = cofi.starts_with(['0', '1', '2'])
            && cofi.get(1..2).is_some_and(|kind| "ABCDEFGHJKLMNPQRSTUVWZ".contains(kind))
            && cofi.ends_with(|c: char| c.is_ascii_digit());
        require(is_known, Fault::Component)?;
    }
    require(modulo(weigh(&all, &[1, 2, 1, 2, 1, 2, 1, 2, 1]), 10) == 0, Fault::CheckDigit)
}
