//! Rounding against the General Decimal Arithmetic test cases (quantize and to-integral).

use std::str::FromStr;

use counterfoil_core::quantity::Decimal;
use counterfoil_core::ratio::Ratio;
use counterfoil_core::rounding::{Mode, round_ratio};
use serde_json::Value;

/// Reads `1.5`, `12E+3` or `-.1e-2` as digits and a power of ten; a case has at most 28 digits.
fn read(text: &str) -> (i128, i32) {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = i32::from_str(exponent.strip_prefix('+').unwrap_or(exponent)).unwrap();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.strip_prefix('+').unwrap_or(&digits).to_owned();
    (i128::from_str(&digits).unwrap(), exponent - i32::try_from(fraction.len()).unwrap())
}

fn ten_to_the(exponent: u32) -> Ratio {
    Ratio::whole(10_i128.pow(exponent))
}

/// The number in steps of ten to the power of `quantum`.
fn in_steps((digits, exponent): (i128, i32), quantum: i32) -> Ratio {
    let shift = exponent - quantum;
    let number = Ratio::whole(digits);
    match u32::try_from(shift) {
        Ok(up) => number.times(ten_to_the(up)).unwrap(),
        Err(_) => number.divided_by(ten_to_the(shift.unsigned_abs())).unwrap(),
    }
}

fn mode(name: &str) -> Mode {
    name.replace('_', "-").parse().unwrap()
}

#[test]
fn every_case_rounds_as_decimal_arithmetic_does() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("vectors/gda_rounding.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let value = read(case["args"][0].as_str().unwrap());
        // To-integral leaves a number that is whole already as it is.
        let quantum = case["args"][1].as_str().map_or(0, |quantum| read(quantum).1);
        let expected = in_steps(read(case["result"].as_str().unwrap()), quantum);
        let found = round_ratio(in_steps(value, quantum), mode(case["rounding"].as_str().unwrap()));
        // A result of more than 64 bits of steps is no money; it is refused.
        let is_met = match i64::try_from(expected.reduced().numerator()) {
            Ok(expected) => found.as_ref().is_ok_and(|found| found.minor() == expected),
            Err(_) => found.as_ref().is_err_and(|refusal| refusal.code() == "overflow"),
        };
        if !is_met {
            wrong.push(format!("{line}: {found:?}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 300);
}

#[test]
fn decimals_and_ratios_agree() {
    let value = Decimal::from_str("2.675").unwrap();
    let ratio = Ratio::of_decimal(value).in_minor_units("EUR".parse().unwrap()).unwrap();
    assert_eq!(round_ratio(ratio, Mode::HalfUp).unwrap().minor(), 268);
}
