//! What the cells of a product file mean: units, taxes, packs and variants.
//!
//! Example: unit `ko` is a piece, tax `25%` is class `S25`, and `size=M; colour=red` are two attributes of a variant.

use crate::catalog::{Pack, TaxClass, Unit, Variant};
use crate::id::{Barcode, MasterCode, Name, ProductCode};
use crate::import_options::Field;
use crate::quantity::{Percent, Quantity};
use crate::refusal::{Reason, Refusal};
use crate::tax::{LineTax, TaxCategory};

/// Each pack barcode with its quantity; one quantity may hold for all.
///
/// # Errors
/// Neither one quantity nor as many as barcodes, or one that cannot be read.
pub(crate) fn packs_of(barcodes: Vec<String>, quantities: &[String]) -> Result<Vec<Pack>, Refusal> {
    if barcodes.is_empty() {
        return Ok(Vec::new());
    }
    if quantities.len() != 1 && quantities.len() != barcodes.len() {
        return Err(missing(Field::PackQuantity, "how many each pack barcode stands for"));
    }
    let pack = |(barcode, quantity): (String, &String)| {
        Ok(Pack {
            barcode: named(Field::PackBarcode, Barcode::new(barcode))?,
            quantity: Quantity::read(Field::PackQuantity.code(), quantity)?,
        })
    };
    barcodes.into_iter().zip(quantities.iter().cycle()).map(pack).collect()
}

/// A variant by its parent and attributes such as `size=M; colour=red`.
///
/// # Errors
/// An attribute without a name or value.
pub(crate) fn variant_of(parent: String, texts: &[String]) -> Result<Variant, Refusal> {
    let mut attributes = Vec::new();
    for part in texts.iter().flat_map(|text| text.split([';', '\u{1f}'])).map(str::trim) {
        if part.is_empty() {
            continue;
        }
        let limit = "NAME=VALUE; NAME=VALUE such as size=M; colour=red";
        let malformed = || Refusal::new(Reason::Malformed, Field::Attributes.code(), part, limit);
        let (name, value) = part.split_once(['=', ':']).ok_or_else(malformed)?;
        let name_of = |text: &str| named(Field::Attributes, Name::new(clean(text)));
        attributes.push((name_of(name)?, name_of(value)?));
    }
    Ok(Variant { parent: named(Field::Parent, ProductCode::new(parent))?, attributes })
}

/// The text with tabs and other control characters as spaces, and none around it.
pub(crate) fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    spaced.trim().to_owned()
}

/// The refusal of a value of a general kind, naming the field that it was for.
pub(crate) fn named<T>(field: Field, read: Result<T, Refusal>) -> Result<T, Refusal> {
    read.map_err(|refusal| Refusal::new(refusal.reason(), field.code(), refusal.value(), refusal.limit()))
}

pub(crate) fn missing(field: Field, limit: &str) -> Refusal {
    Refusal::new(Reason::Missing, field.code(), "", limit)
}

pub(crate) fn unit_of(text: &str, warnings: &mut Vec<String>) -> Unit {
    match text.to_lowercase().trim_end_matches('.') {
        "piece" | "pieces" | "ko" | "kom" | "komad" | "pc" | "pcs" | "ud" | "uds" | "un" | "unit" | "units"
        | "each" | "ea" | "stk" | "st" | "stück" | "szt" | "db" | "ks" | "pz" | "pza" | "pieza" => Unit::Piece,
        "kg" | "kgs" | "kilo" | "kilogram" | "kilogramo" | "kilogramm" => Unit::Kilogram,
        "l" | "lt" | "ltr" | "litre" | "liter" | "litro" | "litra" => Unit::Litre,
        "m" | "mt" | "mtr" | "metre" | "meter" | "metro" => Unit::Metre,
        _ => {
            warnings.push(format!("unit {text} is not known; sold by the piece"));
            Unit::Piece
        }
    }
}

pub(crate) fn tax_class(text: &str) -> Result<TaxClass, Refusal> {
    let field = Field::TaxRate.code();
    let rate = Percent::read(field, text.trim_end_matches('%').trim_end())?;
    if rate.is_negative() {
        return Err(Refusal::new(Reason::Negative, field, rate, "0 or more percent"));
    }
    if rate.decimal() > 100.into() {
        return Err(Refusal::new(Reason::Overflow, field, rate, "100 percent"));
    }
    let category = if rate.is_zero() { TaxCategory::ZeroRated } else { TaxCategory::Standard };
    Ok(TaxClass { code: MasterCode::new(format!("{category}{rate}"))?, taxes: vec![LineTax::vat(category, rate)] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_have_each_a_quantity_or_one_for_all() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let check = |barcodes: &[&str], quantities: &[&str], expected: Option<&[&str]>| {
            let packs = packs_of(texts(barcodes), &texts(quantities));
            let found =
                packs.as_ref().map(|packs| packs.iter().map(|pack| pack.quantity.to_string()).collect::<Vec<_>>());
            assert_eq!(found.ok(), expected.map(texts), "{barcodes:?} {quantities:?}");
        };
        check(&[], &["6"], Some(&[]));
        check(&["A", "B"], &["6"], Some(&["6", "6"]));
        check(&["A", "B"], &["6", "12"], Some(&["6", "12"]));
        check(&["A"], &[], None);
        check(&["A"], &["many"], None);
    }

    #[test]
    fn a_variant_has_a_parent_and_attributes() {
        let variant = variant_of("SHIRT".to_owned(), &["size=M; colour: red".to_owned()]).unwrap();
        let told: Vec<String> = variant.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!((variant.parent.as_str(), told), ("SHIRT", vec!["size=M".to_owned(), "colour=red".to_owned()]));
        assert_eq!(variant_of("SHIRT".to_owned(), &["large".to_owned()]).unwrap_err().field(), "attributes");
    }
}
