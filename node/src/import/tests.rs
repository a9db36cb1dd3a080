//! Imports of the real files, into a shelf that keeps rows as a till does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use counterfoil_core::catalog::{MasterKey, MasterRow, Product, Unit};
use counterfoil_core::import_options::Field;
use counterfoil_core::import_run::RowCounts;
use counterfoil_core::refusal::Refusal;

use super::*;

#[derive(Default)]
struct Shelf(BTreeMap<MasterKey, MasterRow>);

impl Shelf {
    fn products(&self) -> impl Iterator<Item = &Product> {
        self.0.values().filter_map(|row| if let MasterRow::Product(product) = row { Some(&**product) } else { None })
    }

    fn product(&self, code: &str) -> &Product {
        self.products().find(|product| product.code.as_str() == code).unwrap()
    }

    fn categories(&self) -> usize {
        self.0.keys().filter(|key| matches!(key, MasterKey::Category(_))).count()
    }
}

impl Destination for Shelf {
    type Error = Failure;

    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, Failure> {
        let mut counts = RowCounts::default();
        for row in rows {
            match self.0.insert(row.key(), row.clone()) {
                None => counts.added += 1,
                Some(before) if before == row => counts.unchanged += 1,
                Some(_) => counts.updated += 1,
            }
        }
        Ok(Ok(counts))
    }
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn options(defaults: &[(Field, &str)], key: &[&str]) -> ImportOptions {
    ImportOptions {
        defaults: defaults.iter().map(|(field, text)| (*field, (*text).to_owned())).collect(),
        key: key.iter().map(|part| (*part).to_owned()).collect(),
        ..ImportOptions::default()
    }
}

fn import(shelf: &mut Shelf, name: &str, options: &ImportOptions) -> ImportReport {
    import_products(&data(name), options, shelf).unwrap()
}

/// read, added, updated, unchanged, rejected
fn figures(report: &ImportReport) -> [u64; 5] {
    [report.read(), report.added, report.updated, report.unchanged, report.rejected.len() as u64]
}

#[test]
fn a_price_list_imports_whole_and_the_other_store_updates_its_prices() {
    let (mut shelf, options) = (Shelf::default(), options(&[(Field::TaxRate, "25")], &[]));
    let list = "konzum_store_0204_2025-07-03.csv";
    let report = import(&mut shelf, list, &options);
    assert_eq!((figures(&report), report.warnings.len()), ([10_950, 10_950, 0, 0, 0], 0));
    assert_eq!(figures(&import(&mut shelf, list, &options)), [10_950, 0, 0, 10_950, 0]);
    assert_eq!(shelf.products().filter(|product| product.barcodes.is_empty()).count(), 158);
    assert_eq!(shelf.products().filter(|product| product.unit == Unit::Kilogram).count(), 499);
    assert_eq!(shelf.categories(), 6);
    let food = shelf.product("01647057");
    assert_eq!((food.name.as_str(), food.price.unwrap().to_string()), ("BUDDY MP GOVEDINA 405g", "0.99".to_owned()));
    let other = import(&mut shelf, "konzum_store_0901_2025-07-03.csv", &options);
    assert_eq!(figures(&other), [6_801, 147, 4_950, 1_704, 0]);
}

#[test]
fn films_import_with_their_genres_and_one_without_a_title_is_rejected() {
    let defaults = [(Field::Price, "9.99"), (Field::TaxRate, "25")];
    let (mut shelf, options) = (Shelf::default(), options(&defaults, &["name", "Release Date"]));
    let report = import(&mut shelf, "movies.json", &options);
    assert_eq!(figures(&report), [3_201, 3_200, 0, 0, 1]);
    assert_eq!(report.rejected[0].field, "name");
    assert_eq!(ending(&report), Ending::Refused);
    assert_eq!(figures(&import(&mut shelf, "movies.json", &options)), [3_201, 0, 0, 3_200, 1]);
    assert_eq!(shelf.categories(), 12);
    assert!(shelf.products().any(|product| product.name.as_str() == "1776"));
}

#[test]
fn goods_of_invoice_lines_import_by_code_and_every_line_is_counted() {
    let (mut shelf, options) = (Shelf::default(), options(&[(Field::TaxRate, "20")], &["code"]));
    let report = import(&mut shelf, "online_retail_2010-12.csv.gz", &options);
    assert_eq!(figures(&report), [42_481, 2_801, 16_621, 22_934, 125]);
    assert!(report.rejected.iter().all(|rejected| rejected.field == "name"));
}

#[test]
fn a_broken_file_gives_its_bad_lines_and_the_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goods.csv");
    let text = "\u{feff}code;name;price;tax_rate\n1;Tea;2;25\n2;Milk;two;25\n3;Rum\n4;Gin;9;25\n";
    std::fs::write(&path, text).unwrap();
    let report = import_products(&path, &ImportOptions::default(), &mut Shelf::default()).unwrap();
    assert_eq!(figures(&report), [4, 2, 0, 0, 2]);
    let told: Vec<_> = report.rejected.iter().map(|rejected| (rejected.row, rejected.field.as_str())).collect();
    assert_eq!(told, [(3, "price"), (4, "row")]);
}
