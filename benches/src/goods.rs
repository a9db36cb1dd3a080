//! The goods of a real supermarket: the price list of a Konzum store of 2025-07-03 (see NOTICE).
//!
//! The list names no tax rates, so each category gets one of Croatia's three by its name: 25, 13 or 5 percent. For a
//! catalogue of 100,000 the list is repeated under further codes, each with a barcode of its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use counterfoil_core::barcode::check_digit;
use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::decide::sale::Sellable;
use counterfoil_core::id::Barcode;
use counterfoil_core::tax::{LineTax, TaxCategory};

const LIST: &str = "konzum_store_0204_2025-07-03.csv";
const RATES: [&str; 3] = ["25", "13", "5"];

/// The folder of the data files.
#[must_use]
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/data")
}

/// The articles of the list, as a till finds them.
#[must_use]
pub fn articles() -> Vec<Sellable> {
    let mut reader = csv::Reader::from_path(data().join(LIST)).expect("the price list lies in the repository");
    let rows = reader.deserialize::<HashMap<String, String>>().map(|row| row.expect("the price list is CSV"));
    rows.filter_map(|row| article(&row)).collect()
}

fn article(row: &HashMap<String, String>) -> Option<Sellable> {
    let price = if row["SpecialPrice"].is_empty() { &row["Price"] } else { &row["SpecialPrice"] };
    let class = row["Category"].bytes().map(usize::from).sum::<usize>() % RATES.len();
    let barcode = row["Barcode"].parse().ok();
    let product = Product {
        code: row["ProductId"].parse().ok()?,
        name: row["Product"].trim().parse().ok()?,
        brand: row["Brand"].trim().parse().ok(),
        barcodes: barcode.into_iter().collect(),
        categories: Vec::new(),
        unit: if row["Unit"] == "kg" { Unit::Kilogram } else { Unit::Piece },
        tax_class: class_code(class).parse().ok()?,
        price: price.parse().ok(),
        cost: None,
    };
    Some(Sellable { price: product.price, price_list: None, product, taxes: vec![tax(class)] })
}

fn class_code(class: usize) -> String {
    format!("S{}", RATES[class])
}

fn tax(class: usize) -> LineTax {
    LineTax::vat(TaxCategory::Standard, RATES[class].parse().expect("a rate is a number"))
}

/// The tax classes of the articles.
#[must_use]
pub fn tax_classes() -> Vec<MasterRow> {
    let class =
        |class| TaxClass { code: class_code(class).parse().expect("a class is a code"), taxes: vec![tax(class)] };
    (0..RATES.len()).map(|rate| MasterRow::TaxClass(class(rate))).collect()
}

/// So many products: the articles, and the articles again under further codes. No two share a barcode.
#[must_use]
pub fn catalogue(count: usize) -> Vec<Product> {
    let articles = articles();
    let mut products = Vec::with_capacity(count);
    for round in 0.. {
        for (place, article) in articles.iter().enumerate() {
            if products.len() == count {
                return products;
            }
            let mut product = article.product.clone();
            if round > 0 {
                product.code = format!("{}-{round}", product.code).parse().expect("a longer code is a code");
                product.barcodes = vec![in_store_barcode(round * articles.len() + place)];
            }
            products.push(product);
        }
    }
    products
}

/// An EAN-13 of the range that shops give out themselves.
fn in_store_barcode(number: usize) -> Barcode {
    let payload = format!("29{number:010}");
    let digit = check_digit(&payload).expect("twelve digits have a check digit");
    format!("{payload}{digit}").parse().expect("digits are a barcode")
}
