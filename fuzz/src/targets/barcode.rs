//! Scanned codes: what is valid has a GTIN that is valid itself; what is not says why; a written link reads back.

use std::sync::LazyLock;

use counterfoil_core::barcode::{Gtin, check_digit, comparison_key, read, upc_e_to_upc_a, verify_check_digit};
use counterfoil_core::gs1::digital_link;
use counterfoil_core::gs1::element::{FNC1, read_scanned, to_scanned};
use counterfoil_core::id::Barcode;
use counterfoil_core::in_store_code::{Mask, masks_of};
use counterfoil_core::scan::{Rules, scan};
use counterfoil_node::wire::scan::Scan;

use super::require_told;

static MASKS: LazyLock<Vec<Mask>> = LazyLock::new(|| ["DE", "SE", "DK"].into_iter().flat_map(masks_of).collect());

/// Reads the bytes as a scanned code.
///
/// # Panics
/// A law of scanned codes is broken.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let code = text.trim();
    article_code(code);
    scanned_code(&text);
    if let Ok(mask) = text.parse::<Mask>() {
        for code in ["2211114002394", "0000000000000", "9999999999994"] {
            if let Some(Ok(measured)) = mask.read(code) {
                verify_check_digit(&measured.article).expect("a zeroed code has its check digit");
            }
        }
    }
}

fn scanned_code(text: &str) {
    let scanned = scan(text, Rules { masks: &MASKS, ..Rules::default() });
    for gtin in [scanned.gtin, scanned.article].into_iter().flatten() {
        assert_eq!(Gtin::new(gtin.as_str()), Some(gtin), "a GTIN has its check digit");
    }
    assert_eq!(scanned.is_valid(), scanned.problem.is_none());
    if scanned.is_valid() && !scanned.elements.is_empty() {
        let written = to_scanned(&scanned.elements);
        let again = read_scanned(&written[1..], FNC1).expect("elements are written as they are read");
        assert_eq!(again, scanned.elements, "elements read back");
        if let Some(uri) = &scanned.digital_link {
            let mut back = digital_link::read(uri).expect("a link that was written is read");
            let mut given = scanned.elements.clone();
            for list in [&mut back, &mut given] {
                list.sort_by(|one, other| one.ai.cmp(&other.ai));
                list.dedup();
            }
            assert_eq!(back, given, "a link says what its elements say");
        }
    }
    if let Some(problem) = &scanned.problem {
        assert!(!problem.to_string().is_empty(), "a problem is told");
    }
    serde_json::to_string(&Scan::from(scanned)).expect("a scan is told as JSON");
}

fn article_code(code: &str) {
    match read(code) {
        Ok(article) => {
            let gtin = article.gtin.as_str();
            assert!(gtin.len() == 14 && gtin.bytes().all(|byte| byte.is_ascii_digit()));
            verify_check_digit(gtin).expect("a GTIN has the check digit of its code");
            assert_eq!(read(gtin).map(|it| it.gtin), Ok(article.gtin), "a GTIN names another article than its code");
            let scanned = scan(code, Rules::default());
            assert!(scanned.is_valid() && scanned.gtin == Some(article.gtin));
            assert_eq!(scanned.value("01"), Some(gtin));
        }
        Err(refusal) => require_told(&refusal),
    }
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
