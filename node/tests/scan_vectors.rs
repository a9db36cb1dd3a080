//! Check digits and UPC-E against published codes; NOTICE names where they come from.

use counterfoil_core::barcode::{upc_e_to_upc_a, verify_check_digit};
use counterfoil_node::wire::scan::scan;
use serde_json::Value;

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_check_digit_is_judged_as_published() {
    let cases = vectors(include_str!("vectors/barcode_check_digits.json"));
    assert_eq!(cases.len(), 18);
    for case in &cases {
        let value = case["value"].as_str().unwrap();
        let is_valid = case["valid"].as_bool().unwrap();
        assert_eq!(verify_check_digit(value).is_ok(), is_valid, "{case}");
        // A scan knows the lengths of articles; the published 17 and 18 digits are of pallets and the like.
        let is_article = matches!(value.len(), 8 | 12 | 13 | 14);
        assert_eq!(scan(value).valid, is_valid && is_article, "{case}");
    }
}

#[test]
fn every_upc_e_is_the_published_upc_a() {
    let cases = vectors(include_str!("vectors/barcode_upc_e.json"));
    assert_eq!(cases.len(), 103);
    for case in &cases {
        let field = |name: &str| case[name].as_str();
        for short in [field("upce6"), field("upce8")].into_iter().flatten() {
            assert_eq!(upc_e_to_upc_a(short).ok().as_deref(), field("upca"), "{case}");
        }
        let found = scan(field("upce8").unwrap());
        assert_eq!((found.valid, found.symbology), (true, Some("upc-e")), "{case}");
        assert_eq!(found.gtin, field("gtin13").map(|gtin| format!("0{gtin}")), "{case}");
        assert_eq!(scan(field("upca").unwrap()).gtin, found.gtin, "{case}");
    }
}
