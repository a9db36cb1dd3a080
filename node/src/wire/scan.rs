//! `till scan`: says what a scanned code is, without any data of a till.
//!
//! Example: `4006381333931` is an EAN-13 of GTIN 04006381333931; with another last digit it is not valid, and the error
//! names the digit that would be. `(01)09501101530003(3103)000195` is 0.195 kg of an article.

use counterfoil_core::gs1::element;
use counterfoil_core::scan::{Rules, Scanned, scan as read};
use serde::Serialize;

/// What a code is. All fields are always there; what does not apply is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Whether the code is whole and keeps the rules of its kind.
    pub valid: bool,
    /// How it is written, such as `ean-13`.
    pub symbology: Option<&'static str>,
    /// The article's number, 14 digits.
    pub gtin: Option<String>,
    /// The GS1 element strings in it.
    pub elements: Vec<Element>,
    /// The net weight in it, in kilograms.
    pub weight: Option<String>,
    /// The price in it.
    pub price: Option<String>,
    /// The number of pieces in it.
    pub count: Option<u64>,
    /// The currency of the price in it.
    pub currency: Option<&'static str>,
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

impl From<element::Element> for Element {
    fn from(element::Element { ai, value }: element::Element) -> Self {
        Self { ai, value }
    }
}

impl From<Scanned> for Scan {
    fn from(scanned: Scanned) -> Self {
        Self {
            valid: scanned.is_valid(),
            symbology: scanned.symbology.map(|symbology| symbology.as_str()),
            gtin: scanned.gtin.map(|gtin| gtin.to_string()),
            elements: scanned.elements.into_iter().map(Element::from).collect(),
            weight: scanned.measures.weight.map(|weight| weight.to_string()),
            price: scanned.measures.price.map(|price| price.to_string()),
            count: scanned.measures.count,
            currency: scanned.measures.currency,
            digital_link: scanned.digital_link,
            error: scanned.problem.map(|problem| problem.to_string()),
        }
    }
}

/// Says what a code is.
#[must_use]
pub fn scan(code: &str, rules: Rules<'_>) -> Scan {
    Scan::from(read(code, rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_code_names_its_article() {
        let found = scan("4006381333931\r\n", Rules::default());
        assert_eq!((found.valid, found.symbology), (true, Some("ean-13")));
        assert_eq!(found.gtin.as_deref(), Some("04006381333931"));
        assert_eq!(serde_json::to_value(&found).unwrap()["elements"][0]["ai"], "01");
    }

    #[test]
    fn elements_yield_their_measures() {
        let found = scan("(01)09501101530003(3103)000195(3932)978299(30)2", Rules::default());
        let expected = r#"{"valid":true,"symbology":"gs1-element-string","gtin":"09501101530003","elements":[{"ai":"01","value":"09501101530003"},{"ai":"3103","value":"000195"},{"ai":"3932","value":"978299"},{"ai":"30","value":"2"}],"weight":"0.195","price":"2.99","count":2,"currency":"EUR","digital_link":"https://id.gs1.org/01/09501101530003?3103=000195&3932=978299&30=2","error":null}"#;
        assert_eq!(serde_json::to_string(&found).unwrap(), expected);
    }

    #[test]
    fn a_code_that_is_not_whole_says_why() {
        let found = serde_json::to_value(scan("4006381333930", Rules::default())).unwrap();
        assert_eq!(found["valid"], false);
        assert_eq!(found["error"], "barcode: 4006381333930 is not a code with check digit 1");
        assert!(found["gtin"].is_null() && found["weight"].is_null());
    }
}
