//! Number templates and the arithmetic of series: what is printed is unique, in turn, and never longer than a number.

use std::collections::BTreeMap;

use counterfoil_core::id::SeriesCode;
use counterfoil_core::journal::codec::decode;
use counterfoil_core::series::{DocumentKind, NumberTemplate, Series, SeriesHead, holes};

use super::draw::Draw;
use super::require_told;
use super::shop::profile;

/// The first byte says whether the rest is a template, a stored series, or numbers that were found.
///
/// # Panics
/// A law of numbering is broken.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    match draw.byte() % 3 {
        0 => of_template(&mut draw),
        1 => {
            if let Ok(series) = decode::<Series>(draw.rest()) {
                allot(SeriesHead::start(series));
            }
        }
        _ => of_numbers(draw),
    }
}

fn of_template(draw: &mut Draw<'_>) {
    let (first, count, year) = (draw.number(8), draw.byte(), i64::from(draw.byte()) + 1_950);
    let code = draw.text();
    let text = String::from_utf8_lossy(draw.rest()).into_owned();
    let kind = DocumentKind::ALL[usize::from(count) % DocumentKind::ALL.len()];
    let template = match text.parse::<NumberTemplate>() {
        Ok(template) => template,
        Err(refusal) => {
            assert_eq!(refusal.field(), "template");
            return require_told(&refusal);
        }
    };
    assert!(template.as_str() == text && text.len() <= 60);
    match SeriesCode::new(&code) {
        Ok(code) => {
            let last = (count > 0).then(|| first.saturating_add(u64::from(count)));
            allot(SeriesHead::start(Series { code, kind, year, template, first, last }));
        }
        Err(refusal) => require_told(&refusal),
    }
    let profile = profile();
    match Series::standard(&profile.store, &profile.till, kind, year, &code) {
        Ok(series) => assert!(DocumentKind::of_standard(&series.code).is_none_or(|found| found == kind)),
        Err(refusal) => require_told(&refusal),
    }
}

/// Takes numbers until the series or the patience is used up.
fn allot(mut head: SeriesHead) {
    let profile = profile();
    let (first, last) = (head.series().first, head.series().last);
    let mut printed: Vec<String> = Vec::new();
    let mut expected = first;
    for _ in 0..260 {
        match head.clone().allot(&profile.store, &profile.till) {
            Ok((allotted, next)) => {
                assert_eq!((allotted.number, &allotted.series), (expected, &head.series().code));
                assert!(last.is_none_or(|last| expected <= last), "a number beyond its range");
                assert!(allotted.printed.as_str().len() <= 60);
                assert!(allotted.printed.as_str().contains(&expected.to_string()), "the number is not printed");
                assert_eq!(next.last_issued(), Some(expected));
                assert_eq!(next.last_printed(&profile.store, &profile.till), Ok(Some(allotted.printed.clone())));
                printed.push(allotted.printed.as_str().to_owned());
                (head, expected) = (next, expected.saturating_add(1));
            }
            Err(refusal) => {
                require_told(&refusal);
                break;
            }
        }
    }
    let count = printed.len();
    printed.sort_unstable();
    printed.dedup();
    assert_eq!(printed.len(), count, "one number was printed twice");
}

/// Missing and repeated numbers, told as a count by hand tells them.
fn of_numbers(mut draw: Draw<'_>) {
    let first = u64::from(draw.byte());
    let mut found = Vec::new();
    while !draw.is_empty() && found.len() < 300 {
        found.push(first.saturating_add(u64::from(draw.byte())));
    }
    let (missing, duplicates) = holes(first, &found);
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    found.iter().for_each(|number| *counts.entry(*number).or_default() += 1);
    let highest = counts.keys().next_back().copied().unwrap_or(first);
    let absent: Vec<u64> =
        (first..=highest).filter(|number| !found.is_empty() && !counts.contains_key(number)).collect();
    let told: Vec<u64> = missing.iter().flat_map(|(from, to)| *from..=*to).collect();
    assert_eq!(told, absent, "of {found:?}");
    let repeated: Vec<u64> = counts.iter().filter(|(_, count)| **count > 1).map(|(number, _)| *number).collect();
    assert_eq!(duplicates, repeated, "of {found:?}");
    assert!(missing.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "two runs that are one: {missing:?}");
}
