//! `till scan`: says what a scanned code is, without any data of a till.
//!
//! Article codes (EAN, UPC, GTIN) name their article by its GTIN of 14 digits. Example: `4006381333931` is an EAN-13 of
//! GTIN 04006381333931; with another last digit it is not valid, and the error names the digit that would be.

use counterfoil_core::barcode;
use serde::Serialize;

/// What a code is. All fields are always there; what does not apply is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Whether the code is whole and its check digit right.
    pub valid: bool,
    /// How it is written, such as `ean-13`.
    pub symbology: Option<&'static str>,
    /// The article's number, 14 digits.
    pub gtin: Option<String>,
    /// The GS1 element strings in it.
    pub elements: Vec<Element>,
    /// The weight in it, in kilograms.
    pub weight: Option<String>,
    /// The price in it.
    pub price: Option<String>,
    /// The number of pieces in it.
    pub count: Option<String>,
    /// The currency of the price in it.
    pub currency: Option<String>,
    /// The GS1 Digital Link of the same content.
    pub digital_link: Option<String>,
    /// Why it is not valid.
    pub error: Option<String>,
}

/// A GS1 element string: application identifier and value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Element {
    /// The application identifier, such as `01`.
    pub ai: String,
    /// Its value.
    pub value: String,
}

/// Says what a code is. Line ends and spaces around it, which some scanners send, are passed over.
#[must_use]
pub fn scan(code: &str) -> Scan {
    match barcode::read(code.trim()) {
        Ok(article) => {
            let gtin = article.gtin.to_string();
            let elements = vec![Element { ai: "01".to_owned(), value: gtin.clone() }];
            Scan { valid: true, symbology: Some(article.symbology.as_str()), gtin: Some(gtin), elements, ..nothing() }
        }
        Err(refusal) => Scan { error: Some(refusal.to_string()), ..nothing() },
    }
}

const fn nothing() -> Scan {
    Scan {
        valid: false,
        symbology: None,
        gtin: None,
        elements: Vec::new(),
        weight: None,
        price: None,
        count: None,
        currency: None,
        digital_link: None,
        error: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_code_names_its_article() {
        let found = scan("4006381333931\r\n");
        assert_eq!((found.valid, found.symbology), (true, Some("ean-13")));
        assert_eq!(found.gtin.as_deref(), Some("04006381333931"));
        assert_eq!(serde_json::to_value(&found).unwrap()["elements"][0]["ai"], "01");
    }

    #[test]
    fn a_code_that_is_not_whole_says_why() {
        let found = serde_json::to_value(scan("4006381333930")).unwrap();
        assert_eq!(found["valid"], false);
        assert_eq!(found["error"], "barcode: 4006381333930 is not a code with check digit 1");
        assert!(found["gtin"].is_null() && found["weight"].is_null());
    }
}
