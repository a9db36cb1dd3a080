//! Scanned codes: what is valid has a GTIN that is valid itself; what is not says why.

use counterfoil_core::barcode::{check_digit, comparison_key, read, upc_e_to_upc_a, verify_check_digit};
use counterfoil_core::id::Barcode;
use counterfoil_node::wire::scan::scan;

use super::require_told;

/// Reads the bytes as a scanned code.
///
/// # Panics
/// A law of article codes is broken.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let code = text.trim();
    let scanned = scan(&text);
    match read(code) {
        Ok(article) => {
            let gtin = article.gtin.as_str();
            assert!(gtin.len() == 14 && gtin.bytes().all(|byte| byte.is_ascii_digit()));
            verify_check_digit(gtin).expect("a GTIN has the check digit of its code");
            assert_eq!(read(gtin).map(|it| it.gtin), Ok(article.gtin), "a GTIN names another article than its code");
            assert!(scanned.valid && scanned.error.is_none() && scanned.gtin.as_deref() == Some(gtin));
            assert_eq!(scanned.elements.first().map(|element| element.value.as_str()), Some(gtin));
        }
        Err(refusal) => {
            require_told(&refusal);
            assert!(!scanned.valid && scanned.gtin.is_none() && scanned.error == Some(refusal.to_string()));
        }
    }
    serde_json::to_string(&scanned).expect("a scan is told as JSON");
    if let Some(digit) = check_digit(code) {
        verify_check_digit(&format!("{code}{digit}")).expect("the check digit checks");
        for other in ('0'..='9').filter(|other| *other != digit) {
            assert!(verify_check_digit(&format!("{code}{other}")).is_err(), "two check digits for {code}");
        }
    }
    match upc_e_to_upc_a(code) {
        Ok(upc_a) => assert!(upc_a.len() == 12 && verify_check_digit(&upc_a).is_ok()),
        Err(refusal) => require_told(&refusal),
    }
    match Barcode::new(code) {
        Ok(barcode) => {
            let key = comparison_key(&barcode);
            assert_eq!(comparison_key(&key), key, "two codes of one article have two keys");
        }
        Err(refusal) => require_told(&refusal),
    }
}
