//! Refusals of master data, and what a change counts.

use counterfoil_core::catalog::{Category, MasterRow, Product, StorePrice, TaxClass};
use counterfoil_core::command::{Command, MASTER_ROWS_MAX};
use counterfoil_core::id::{Barcode, MasterCode, Name, ProductCode};
use counterfoil_core::import_run::RowCounts;
use counterfoil_core::operator::Operator;
use counterfoil_core::till::{Outcome, Till};

use crate::{closed_till, execute, refused};

fn product(till: &Till, code: &str, barcodes: &[&str]) -> Product {
    let known = till.resolve("milk").unwrap().unwrap().product;
    let barcodes = barcodes.iter().map(|barcode| barcode.parse().unwrap()).collect();
    Product { code: ProductCode::new(code).unwrap(), barcodes, ..known }
}

fn row(product: Product) -> MasterRow {
    MasterRow::Product(Box::new(product))
}

fn change(till: &mut Till, rows: Vec<MasterRow>) -> RowCounts {
    let outcome = execute(till, &Command::ChangeMasterData(rows)).unwrap();
    let Outcome::MasterData(counts) = outcome else { panic!("no counts but {outcome:?}") };
    counts
}

#[test]
fn a_row_that_cannot_be_kept_is_refused_by_its_place() {
    let mut till = closed_till(false);
    let good = row(product(&till, "good", &["96385074"]));
    let none = TaxClass { code: MasterCode::new("none").unwrap(), taxes: Vec::new() };
    let dear = StorePrice { product: ProductCode::new("milk").unwrap(), price: "-0.01".parse().unwrap() };
    let barcodes: Vec<Barcode> = (0..1000).map(|number| format!("B{number}").parse().unwrap()).collect();
    let categories: Vec<MasterCode> = (0..1000).map(|number| format!("C{number}").parse().unwrap()).collect();
    let base = product(&till, "bad", &[]);
    for (bad, code, field) in [
        (MasterRow::Operator(Operator::owner()), "malformed", "rows[1].operator"),
        (MasterRow::TaxClass(none), "too_many", "rows[1].taxes"),
        (MasterRow::Price(dear), "price_negative", "rows[1].price"),
        (row(product(&till, "taken", &["3850334043641"])), "malformed", "rows[1].barcode"),
        (row(product(&till, "twice", &["96385074"])), "malformed", "rows[1].barcode"),
        (row(Product { cost: Some("-1".parse().unwrap()), ..base.clone() }), "price_negative", "rows[1].cost"),
        (row(Product { barcodes, ..base.clone() }), "too_many", "rows[1].barcode"),
        (row(Product { categories, ..base.clone() }), "too_many", "rows[1].category"),
    ] {
        refused(&mut till, &Command::ChangeMasterData(vec![good.clone(), bad]), code, field);
    }
    let many = vec![good.clone(); MASTER_ROWS_MAX + 1];
    refused(&mut till, &Command::ChangeMasterData(many), "too_many", "rows");
    let counts = change(&mut till, vec![good; MASTER_ROWS_MAX]);
    assert_eq!((counts.added, counts.updated, counts.unchanged), (1, 0, MASTER_ROWS_MAX as u64 - 1));
    assert_eq!(till.resolve("good").unwrap(), till.resolve("96385074").unwrap());
}

#[test]
fn a_change_counts_what_it_did_and_repeating_it_is_no_entry() {
    let mut till = closed_till(false);
    let drinks = Category { code: "drinks".parse().unwrap(), name: Name::new("Drinks").unwrap(), parent: None };
    let renamed = Product { name: Name::new("Milk 1 l").unwrap(), ..product(&till, "milk", &["3850334043641"]) };
    let price = StorePrice { product: renamed.code.clone(), price: "1.19".parse().unwrap() };
    let rows = vec![MasterRow::Category(drinks), row(renamed.clone()), MasterRow::Price(price.clone())];
    let counts = change(&mut till, rows.clone());
    assert_eq!((counts.added, counts.updated, counts.unchanged), (2, 1, 0));
    let head = till.head();
    let counts = change(&mut till, rows);
    assert_eq!((counts.added, counts.updated, counts.unchanged), (0, 0, 3));
    assert_eq!(till.head(), head);
    let milk = till.resolve("3850334043641").unwrap().unwrap();
    assert_eq!((milk.product, milk.price), (renamed, Some(price.price)), "the store's own price goes first");
}

#[test]
fn products_are_listed_page_by_page_in_the_order_of_their_codes() {
    let till = closed_till(false);
    let page = |after: Option<&str>, limit| {
        let after = after.map(|code| ProductCode::new(code).unwrap());
        let products = till.products(after.as_ref(), limit).unwrap();
        products.into_iter().map(|product| product.code.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(page(None, 4), "bag book bread cheese");
    assert_eq!(page(Some("cheese"), 4), "gift milk oil rope");
    assert_eq!(page(Some("rope"), 4), "sugar wine");
    assert_eq!(page(Some("wine"), 4), "");
}
