//! Scanned codes against published values, through the program itself; NOTICE names where they come from.

use std::process::Command;

use counterfoil_core::barcode::{upc_e_to_upc_a, verify_check_digit};
use counterfoil_core::gs1::element::{Element, read_bracketed, to_bracketed, to_scanned};
use counterfoil_core::gs1::lint::named;
use counterfoil_core::in_store_code::{masks_of, regions, verifier};
use serde_json::{Value, json};

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// The answers of one `till scan` of all codes, and whether it refused one.
fn scan(options: &[&str], codes: &[&str]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_till"));
    let output = command.args(["--json", "scan"]).args(options).arg("--").args(codes).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), codes.len(), "{text}");
    let has_refused = answers.iter().any(|answer| answer["valid"] == false);
    assert_eq!(output.status.code(), Some(i32::from(has_refused)), "{text}");
    for answer in &answers {
        assert_eq!(answer["error"].is_null(), answer["valid"] == true, "{answer}");
    }
    answers
}

fn texts<'a>(cases: &'a [Value], name: &str) -> Vec<&'a str> {
    cases.iter().map(|case| case[name].as_str().unwrap()).collect()
}

/// The elements of an answer, with FNC1 as `^`.
fn elements(answer: &Value) -> Vec<Element> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = answer["elements"].as_array().unwrap();
    listed.iter().map(|element| Element { ai: text(&element["ai"]), value: text(&element["value"]) }).collect()
}

/// Every case has the published verdict, and the published elements where it has any.
fn check_elements(cases: &[Value], input: &str) {
    for (case, answer) in cases.iter().zip(scan(&[], &texts(cases, input))) {
        assert_eq!(answer["valid"], case["valid"], "{case}: {answer}");
        if let Some(scanned) = case["fnc1_form"].as_str() {
            assert_eq!(to_scanned(&elements(&answer)), scanned.trim_end_matches('^'), "{case}");
        }
        if let Some(bracketed) = case["ai"].as_str() {
            assert_eq!(to_bracketed(&elements(&answer)), bracketed, "{case}");
        }
        if let Some(error) = case["error"].as_str().filter(|error| error.contains(' ')) {
            let told = answer["error"].as_str().unwrap();
            assert!(told.starts_with(error), "{case}: {told}");
        }
    }
}

#[test]
fn every_check_digit_is_judged_as_published() {
    let cases = vectors(include_str!("vectors/barcode_check_digits.json"));
    assert_eq!(cases.len(), 18);
    for (case, answer) in cases.iter().zip(scan(&[], &texts(&cases, "value"))) {
        let value = case["value"].as_str().unwrap();
        assert_eq!(verify_check_digit(value).is_ok(), case["valid"].as_bool().unwrap(), "{case}");
        assert_eq!(answer["valid"], case["valid"], "{case}: {answer}");
    }
}

#[test]
fn every_upc_e_is_the_published_upc_a() {
    let cases = vectors(include_str!("vectors/barcode_upc_e.json"));
    assert_eq!(cases.len(), 103);
    let shorts = |name: &'static str| cases.iter().filter_map(move |case| Some((case, case[name].as_str()?)));
    let all: Vec<(&Value, &str)> = shorts("upce6").chain(shorts("upce8")).collect();
    let codes: Vec<&str> = all.iter().map(|(_, code)| *code).collect();
    for ((case, code), answer) in all.iter().zip(scan(&[], &codes)) {
        assert_eq!(upc_e_to_upc_a(code).ok().as_deref(), case["upca"].as_str(), "{case}");
        assert_eq!((&answer["valid"], &answer["symbology"]), (&json!(true), &json!("upc-e")), "{case}");
        assert_eq!(
            answer["gtin"].as_str(),
            case["gtin13"].as_str().map(|gtin| format!("0{gtin}")).as_deref(),
            "{case}"
        );
    }
    for (case, answer) in cases.iter().zip(scan(&[], &texts(&cases, "upca"))) {
        assert_eq!(
            answer["gtin"].as_str(),
            case["gtin13"].as_str().map(|gtin| format!("0{gtin}")).as_deref(),
            "{case}"
        );
    }
}

#[test]
fn every_bracketed_code_is_read_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_bracketed.json"));
    assert_eq!(cases.len(), 14);
    check_elements(&cases, "input");
}

#[test]
fn every_scanned_element_string_is_judged_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_fnc1.json"));
    assert_eq!(cases.len(), 39);
    check_elements(&cases, "input");
    // GS does what ^ does.
    let with_gs: Vec<String> = texts(&cases, "input").iter().map(|code| code.replace('^', "\u{1D}")).collect();
    let codes: Vec<&str> = with_gs.iter().map(String::as_str).collect();
    for (case, answer) in cases.iter().zip(scan(&[], &codes)) {
        assert_eq!(answer["valid"], case["valid"], "{case}: {answer}");
    }
}

#[test]
fn every_pairing_is_judged_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_associations.json"));
    assert_eq!(cases.len(), 38);
    check_elements(&cases, "input");
}

#[test]
fn every_content_is_judged_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_content_linters.json"));
    assert_eq!(cases.len(), 26);
    for (case, answer) in cases.iter().zip(scan(&[], &texts(&cases, "input"))) {
        assert_eq!(answer["valid"] == true, case["error"].is_null(), "{case}: {answer}");
        if let (Some(code), Some(message)) = (case["error"].as_str(), case["message"].as_str()) {
            let told = answer["error"].as_str().unwrap();
            assert!(told.starts_with(message) && told.contains(code), "{case}: {told}");
        }
        if let Some(scanned) = case["fnc1_form"].as_str() {
            assert_eq!(to_scanned(&elements(&answer)), scanned, "{case}");
        }
    }
}

#[test]
fn every_component_is_judged_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_component_linters.json"));
    assert_eq!(cases.len(), 246);
    for case in &cases {
        let rule = named(case["linter"].as_str().unwrap()).unwrap();
        let found = rule(case["input"].as_str().unwrap());
        assert_eq!(found.is_ok(), case["valid"] == true, "{case}");
        assert_eq!(found.err().map(|finding| finding.code()), case["error"].as_str(), "{case}");
    }
}

#[test]
fn every_symbol_is_read_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_scanner_input.json"));
    assert_eq!(cases.len(), 27);
    let names = json!({"QR": "qr", "DM": "data-matrix", "DotCode": "dotcode", "DataBarExpanded": "gs1-databar",
        "GS1_128_CCA": "gs1-128", "EAN13": "ean-13", "EAN8": "ean-8"});
    for (case, answer) in cases.iter().zip(scan(&[], &texts(&cases, "scan"))) {
        assert_eq!(answer["valid"], case["valid"], "{case}: {answer}");
        if case["valid"] == true {
            assert_eq!(answer["symbology"], names[case["symbology"].as_str().unwrap()], "{case}");
            // An article code is told as an element 01 too.
            let mut found = elements(&answer);
            found.retain(|element| element.ai != "01" || !case["symbology"].as_str().unwrap().starts_with("EAN"));
            assert_eq!(to_bracketed(&found), case["ai"].as_str().unwrap_or(""), "{case}");
        } else if let Some(error) = case["error"].as_str().filter(|_| case["scan"] != "") {
            assert_eq!(answer["error"], error, "{case}");
        }
    }
}

#[test]
fn every_digital_link_is_read_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_digital_link_parse.json"));
    assert_eq!(cases.len(), 52);
    check_elements(&cases, "uri");
}

#[test]
fn every_digital_link_is_written_as_published() {
    let cases = vectors(include_str!("vectors/barcode_gs1_digital_link_generate.json"));
    assert_eq!(cases.len(), 11);
    for case in &cases {
        let stem = case["stem"].as_str();
        let options: Vec<&str> = stem.iter().flat_map(|stem| ["--stem", stem]).collect();
        let code = case["ai"].as_str().unwrap();
        let answers = scan(&options, &[code]);
        assert_eq!(answers[0]["digital_link"], case["uri"], "{case}: {answers:?}");
        if let Some(uri) = case["uri"].as_str() {
            // The link reads back to the same elements, whatever their order.
            let back = scan(&[], &[uri]);
            let mut found = elements(&back[0]);
            let mut given = read_bracketed(code).unwrap();
            for list in [&mut found, &mut given] {
                list.sort_by(|one, other| one.ai.cmp(&other.ai));
                list.dedup();
            }
            assert_eq!(found, given, "{case}");
        }
    }
}

#[test]
fn every_measure_in_an_in_store_code_is_read_as_published() {
    let cases: Value = serde_json::from_str(include_str!("vectors/barcode_rcn_variable_measure.json")).unwrap();
    let valid = cases["valid"].as_array().unwrap();
    assert_eq!(valid.len(), 23);
    for case in valid {
        let (region, code) = (case["region"].as_str().unwrap(), case["code"].as_str().unwrap());
        let answer = &scan(&["--region", region], &[code])[0];
        for field in ["weight", "price", "count", "currency"] {
            assert_eq!(answer[field], case[field], "{field} of {case}");
        }
        let masks = masks_of(region);
        let thirteen = if code.len() == 14 { &code[1..] } else { code };
        let article = masks.iter().find_map(|mask| mask.read(thirteen)).map(|read| read.unwrap().article);
        assert_eq!(article.as_deref().unwrap_or(thirteen), case["base_item_code"].as_str().unwrap(), "{case}");
    }
    for case in cases["invalid"].as_array().unwrap() {
        let answer = &scan(&["--country", case["region"].as_str().unwrap()], &[case["code"].as_str().unwrap()])[0];
        assert_eq!((&answer["valid"], &answer["error"]), (&json!(false), &case["error"]), "{case}");
    }
}

/// The published rules of the countries say where the measure stands by P, C and V; here they are masks.
#[test]
fn every_country_has_the_published_rules() {
    let rules: Value = serde_json::from_str(include_str!("vectors/barcode_rcn_rules.json")).unwrap();
    let published = rules["regions"].as_object().unwrap();
    assert_eq!(published.len(), regions().count());
    for (region, prefixes) in published {
        let prefixes = prefixes.as_object().unwrap();
        let masks = masks_of(region);
        assert_eq!(masks.len(), prefixes.len(), "{region}");
        for (prefix, rule) in prefixes {
            let decimals = usize::try_from(rule["decimals"].as_u64().unwrap()).unwrap();
            let pattern = rule["pattern_12"].as_str().unwrap();
            let value = pattern.matches('V').count();
            let article = format!("{prefix}{}", ".".repeat(pattern.matches('P').count() - 2));
            let (whole, decimal) = ("N".repeat(value - decimals), "D".repeat(decimals));
            let verifier = "C".repeat(pattern.matches('C').count());
            let text = format!("{}:{article}{verifier}{{{whole}{decimal}}}", rule["measure"].as_str().unwrap());
            let expected: counterfoil_core::in_store_code::Mask = text.parse().unwrap();
            assert!(masks.iter().any(|mask| mask.has_form_of(&expected)), "{region} {text}");
        }
    }
}

#[test]
fn every_price_and_weight_field_is_verified_as_published() {
    let cases = vectors(include_str!("vectors/barcode_price_weight_verifier.json"));
    assert_eq!(cases.len(), 100);
    for case in &cases {
        let digit = verifier(case["field"].as_str().unwrap()).and_then(|digit| digit.to_digit(10));
        assert_eq!(digit.map(u64::from), case["digit"].as_u64(), "{case}");
    }
}

#[test]
fn a_mask_of_the_shop_comes_first_and_a_wrong_one_is_told() {
    let answer = &scan(&["--region", "DE", "--mask", "weight:22.....{NNDDD}"], &["2211114002394"])[0];
    assert_eq!((&answer["weight"], &answer["price"]), (&json!("0.239"), &Value::Null));
    let mut wrong = Command::new(env!("CARGO_BIN_EXE_till"));
    let output = wrong.args(["scan", "--mask", "price:22", "2211114002394"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("mask: price:22 is not price, weight or count"));
}
