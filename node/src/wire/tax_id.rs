//! `till tax-id`: checks and formats a tax id, without any data of a till.
//!
//! Example: `till tax-id AR 20055361682` is valid and formatted 20-05536168-2.

use counterfoil_core::tax_id::read;
use serde::Serialize;

/// What a tax id is. All fields are always there; what does not apply is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaxId {
    /// Whether it keeps the rules of its country.
    pub valid: bool,
    /// The country, two letters.
    pub country: String,
    /// The number as it is usually written there.
    pub formatted: Option<String>,
    /// Why it is not valid.
    pub error: Option<String>,
}

/// Checks a tax id.
#[must_use]
pub fn tax_id(country: &str, id: &str, region: Option<&str>) -> TaxId {
    match read(country, id, region) {
        Ok(found) => {
            TaxId { valid: true, country: found.country.to_owned(), formatted: Some(found.formatted), error: None }
        }
        Err(refusal) => TaxId {
            valid: false,
            country: country.trim().to_uppercase(),
            formatted: None,
            error: Some(refusal.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_id_is_formatted_or_refused() {
        let told = |country, id| serde_json::to_string(&tax_id(country, id, None)).unwrap();
        assert_eq!(
            told("ar", "20055361682"),
            r#"{"valid":true,"country":"AR","formatted":"20-05536168-2","error":null}"#
        );
        assert_eq!(
            told("AR", "20055361683"),
            r#"{"valid":false,"country":"AR","formatted":null,"error":"tax_id: 20055361683 is not a tax id of AR (CUIT, DNI): as CUIT it has wrong check digits"}"#
        );
    }
}
