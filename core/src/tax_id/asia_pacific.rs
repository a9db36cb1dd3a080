//! Tax ids of Asia and the Pacific.
//!
//! Sources: the published rules of each tax office. Example: Australia's ABN 83 914 571 673 leaves nothing modulo 89.

use super::kind::{
    ALPHANUMERIC, Checked, DIGITS, Fault, Kind, date, digits, digits_of, ends_in, ends_in_letter, is_digits, luhn,
    modulo, number, require, starts_nonzero, weigh,
};
use super::latin_america::alphanumeric_value;

pub(super) const AUSTRALIA: [Kind; 3] = [
    Kind::own("ABN", abn_au).written("## ### ### ###"),
    Kind::own("ACN", acn_au).written("### ### ###"),
    Kind::own("TFN", tfn_au).written("### ### ###"),
];
pub(super) const NEW_ZEALAND: [Kind; 1] = [Kind::spelled("IRD", ird_nz)
    .formed(|text| super::kind::fill(if text.len() == 9 { "###-###-###" } else { "##-###-###" }, text))];
pub(super) const ISRAEL: [Kind; 2] = [
    Kind::own("company number", |text| {
        require(text.len() == 9, Fault::Length)?;
        require(text.starts_with('5'), Fault::Component)?;
        luhn(text, DIGITS)
    }),
    Kind::spelled("identity number", |text| {
        require((1..=9).contains(&text.len()), Fault::Length)?;
        require(is_digits(text) && number(text, 0, text.len()) > 0, Fault::Format)?;
        luhn(text, DIGITS)?;
        Ok(format!("{text:0>9}"))
    })
    .written("########-#"),
];
pub(super) const INDIA: [Kind; 3] = [
    Kind::own("GSTIN", gstin_in),
    Kind::own("PAN", pan_in),
    Kind::own("Aadhaar", aadhaar_in).written("#### #### ####"),
];
pub(super) const JAPAN: [Kind; 1] = [Kind::own("CN", corporate_jp).written("#-####-####-####")];
pub(super) const KOREA: [Kind; 1] = [Kind::own("BRN", registration_kr).written("###-##-#####")];
pub(super) const CHINA: [Kind; 1] = [Kind::own("USCC", credit_code_cn)];
pub(super) const TAIWAN: [Kind; 1] = [Kind::own("UBN", business_tw)];
pub(super) const SINGAPORE: [Kind; 1] = [Kind::own("UEN", entity_sg)];
pub(super) const THAILAND: [Kind; 2] = [
    Kind::own("PIN", person_th).written("#-####-#####-##-#"),
    Kind::own("MOA", company_th).written("#-##-#-###-#####-#"),
];
pub(super) const INDONESIA: [Kind; 1] = [Kind::own("NPWP", |text| {
    require(matches!(text.len(), 15 | 16), Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    let nine = if text.len() == 15 { text.get(..9) } else { text.get(1..10) };
    if text.len() == 15 || text.starts_with('0') { luhn(nine.unwrap_or(""), DIGITS) } else { Ok(()) }
})
.formed(|text| {
    if text.len() == 15 {
        super::kind::fill("##.###.###.#-###.###", text)
    } else {
        super::kind::fill("##.###.###.#-###.####", text)
    }
})];
pub(super) const VIETNAM: [Kind; 1] = [Kind::own("MST", tax_code_vn)
    .formed(|text| if text.len() == 13 { super::kind::fill("##########-###", text) } else { text.to_owned() })];
pub(super) const PAKISTAN: [Kind; 1] = [Kind::own("CNIC", |text| {
    digits_of(text, 13)?;
    require(number(text, 12, 13) > 0 && matches!(number(text, 0, 1), 1..=7), Fault::Component)
})
.written("#####-#######-#")];

fn abn_au(text: &str) -> Checked {
    let mut all = digits_of(text, 11)?;
    starts_nonzero(text)?;
    if let Some(first) = all.first_mut() {
        *first = first.saturating_sub(1);
    }
    require(modulo(weigh(&all, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]), 89) == 0, Fault::CheckDigit)
}

fn acn_au(text: &str) -> Checked {
    let all = digits_of(text, 9)?;
    ends_in(&all, modulo(weigh(&all, &[8, 7, 6, 5, 4, 3, 2, 1]).saturating_neg(), 10))
}

fn tfn_au(text: &str) -> Checked {
    require(matches!(text.len(), 8 | 9), Fault::Length)?;
    let all = digits(text)?;
    require(modulo(weigh(&all, &[1, 4, 3, 7, 5, 8, 6, 9, 10]), 11) == 0, Fault::CheckDigit)
}

fn ird_nz(text: &str) -> Result<String, Fault> {
    require(matches!(text.len(), 8 | 9), Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    require((10_000_000..150_000_000).contains(&number(text, 0, text.len())), Fault::Component)?;
    let full = format!("{text:0>9}");
    let all = digits(&full)?;
    let first = modulo(weigh(&all, &[3, 2, 7, 6, 5, 4, 3, 2]).saturating_neg(), 11);
    let check = if first == 10 { modulo(weigh(&all, &[7, 4, 3, 2, 5, 2, 7, 6]).saturating_neg(), 11) } else { first };
    ends_in(&all, check)?;
    Ok(text.to_owned())
}

fn pan_in(text: &str) -> Checked {
    require(text.len() == 10, Fault::Length)?;
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    let is_letters = |part: &str| part.chars().all(|c| c.is_ascii_uppercase());
    require(
        text.is_ascii() && is_letters(part(0, 5)) && is_digits(part(5, 9)) && is_letters(part(9, 10)),
        Fault::Format,
    )?;
    require(part(5, 9) != "0000", Fault::Component)?;
    require("ABCFGHJKLPT".contains(part(3, 4)), Fault::Component)
}

fn gstin_in(text: &str) -> Checked {
    require(text.len() == 15, Fault::Length)?;
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    require(is_digits(part(0, 2)) && text.chars().all(|c| ALPHANUMERIC.contains(c)), Fault::Format)?;
    require(part(13, 14) == "Z" && part(12, 13) != "0", Fault::Format)?;
    pan_in(part(2, 12)).map_err(|fault| if fault == Fault::Length { Fault::Format } else { fault })?;
    require(matches!(number(text, 0, 2), 1..=38 | 97), Fault::Component)?;
    luhn(text, ALPHANUMERIC)
}

/// Verhoeff's check: multiplication in the symmetries of the pentagon, after permutations.
fn aadhaar_in(text: &str) -> Checked {
    const PERMUTATION: [i64; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let all = digits_of(text, 12)?;
    require(!text.starts_with(['0', '1']), Fault::Format)?;
    require(!text.chars().eq(text.chars().rev()), Fault::Format)?;
    let permute = |digit: i64| usize::try_from(digit).ok().and_then(|at| PERMUTATION.get(at)).copied().unwrap_or(0);
    let mut check = 0_i64;
    for (place, digit) in all.iter().rev().enumerate() {
        let moved = (0..place % 8).fold(*digit, |digit, _| permute(digit));
        check = dihedral(check, moved);
    }
    require(check == 0, Fault::CheckDigit)
}

fn dihedral(one: i64, other: i64) -> i64 {
    match (one < 5, other < 5) {
        (true, true) => modulo(one.saturating_add(other), 5),
        (true, false) => modulo(one.saturating_add(other), 5).saturating_add(5),
        (false, true) => modulo(one.saturating_sub(other), 5).saturating_add(5),
        (false, false) => modulo(one.saturating_sub(other), 5),
    }
}

fn corporate_jp(text: &str) -> Checked {
    let all = digits_of(text, 13)?;
    let rest = all.get(1..).unwrap_or_default();
    let check = 9_i64.saturating_sub(modulo(weigh(rest, &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]), 9));
    require(all.first() == Some(&check), Fault::CheckDigit)
}

fn registration_kr(text: &str) -> Checked {
    let all = digits_of(text, 10)?;
    require(number(text, 0, 3) >= 101 && number(text, 3, 5) > 0 && number(text, 5, 9) > 0, Fault::Component)?;
    let ninth = all.get(8).copied().unwrap_or(0).saturating_mul(5);
    let sum = weigh(&all, &[1, 3, 7, 1, 3, 7, 1, 3, 5]).saturating_add(ninth.checked_div(10).unwrap_or(0));
    ends_in(&all, modulo(sum.saturating_neg(), 10))
}

fn credit_code_cn(text: &str) -> Checked {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    require(text.len() == 18, Fault::Length)?;
    require(text.get(..8).is_some_and(is_digits), Fault::Format)?;
    let value = |c: char| ALPHABET.find(c).and_then(|at| i64::try_from(at).ok()).ok_or(Fault::Format);
    let mut values = Vec::new();
    for character in text.chars() {
        values.push(value(character)?);
    }
    let weights: [i64; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    ends_in_letter(text, ALPHABET, modulo(weigh(&values, &weights).saturating_neg(), 31))
}

fn business_tw(text: &str) -> Checked {
    let all = digits_of(text, 8)?;
    let tens = |product: i64| product.checked_div(10).unwrap_or(0).saturating_add(modulo(product, 10));
    let products =
        all.iter().zip([1_i64, 2, 1, 2, 1, 2, 4, 1]).map(|(digit, weight)| tens(digit.saturating_mul(weight)));
    let sum = products.fold(0, i64::saturating_add);
    let has_seven = all.get(6) == Some(&7);
    let is_whole = modulo(sum, 5) == 0 || (has_seven && modulo(sum.saturating_add(1), 5) == 0);
    require(is_whole, Fault::CheckDigit)
}

fn entity_sg(text: &str) -> Checked {
    let all = |part: &str| -> Vec<i64> { part.chars().filter_map(alphanumeric_value).collect() };
    let last = text.chars().next_back().unwrap_or(' ');
    require(last.is_ascii_uppercase() && text.is_ascii(), Fault::Format)?;
    match text.len() {
        // A business, and a local company by its year.
        9 => {
            let body = text.get(..8).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
            ends_in_letter(text, "XMKECAWLJDB", modulo(weigh(&all(body), &[10, 4, 9, 3, 8, 2, 7, 1]), 11))
        }
        10 if text.starts_with(|c: char| c.is_ascii_digit()) => {
            let body = text.get(..9).filter(|body| is_digits(body)).ok_or(Fault::Format)?;
            require(number(text, 0, 4) < 2100, Fault::Component)?;
            ends_in_letter(text, "ZKCMDNERGWH", modulo(weigh(&all(body), &[10, 8, 6, 4, 9, 7, 5, 3, 1]), 11))
        }
        10 => {
            const ALPHABET: &str = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
            require(text.starts_with(['R', 'S', 'T']), Fault::Component)?;
            const KINDS: &str = "CC CD CH CL CM CP CS CX DP FB FC FM FN GA GB GS HS LL LP MB MC MD MH MM MQ NB NR PA PB PF RF RP \
                 SM SS TC TU VH XL";
            let is_known = text.get(3..5).is_some_and(|kind| KINDS.split_whitespace().any(|known| known == kind));
            require(is_known, Fault::Component)?;
            let is_formed = text.get(1..3).is_some_and(is_digits) && text.get(5..9).is_some_and(is_digits);
            require(is_formed, Fault::Format)?;
            let values: Vec<i64> =
                text.chars().take(9).filter_map(|c| ALPHABET.find(c)).filter_map(|at| i64::try_from(at).ok()).collect();
            let sum = weigh(&values, &[4, 3, 5, 3, 10, 2, 2, 5, 7]);
            ends_in_letter(text, ALPHABET, modulo(sum.saturating_sub(5), 11))
        }
        _ => Err(Fault::Length),
    }
}

/// The check digit of people and of companies.
fn thai(text: &str) -> Checked {
    let all = digits_of(text, 13)?;
    let left = modulo(weigh(&all, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]), 11);
    ends_in(&all, modulo(11_i64.saturating_sub(left), 10))
}

fn person_th(text: &str) -> Checked {
    thai(text)?;
    require(!text.starts_with(['0', '9']), Fault::Component)
}

fn company_th(text: &str) -> Checked {
    thai(text)?;
    require(text.starts_with('0'), Fault::Component)
}

fn tax_code_vn(text: &str) -> Checked {
    require(matches!(text.len(), 10 | 13), Fault::Length)?;
    let all = digits(text)?;
    require(number(text, 2, 9) > 0, Fault::Component)?;
    require(text.len() == 10 || number(text, 10, 13) > 0, Fault::Component)?;
    let check = 10_i64.saturating_sub(modulo(weigh(&all, &[31, 29, 23, 19, 17, 13, 7, 5, 3]), 11));
    ends_in(all.get(..10).unwrap_or_default(), check)
}

/// A date of two digits of year in either century.
pub(super) fn short_date(text: &str) -> Checked {
    let (year, month, day) = (number(text, 0, 2), number(text, 2, 4), number(text, 4, 6));
    date(year.saturating_add(1900), month, day).or_else(|_| date(year.saturating_add(2000), month, day))
}
