//! What head office sells and who sells it: a small catalogue that changes while the tills are open.

use std::sync::LazyLock;

use counterfoil_core::catalog::{MasterRow, Product, StorePrice, TaxClass, Unit};
use counterfoil_core::currency::Currency;
use counterfoil_core::feed::FeedRow;
use counterfoil_core::id::{Barcode, CountryCode, MasterCode, Name, OperatorCode, ProductCode, StoreCode, TillCode};
use counterfoil_core::operator::{Operator, Pin, PinHash, Role};
use counterfoil_core::quantity::UnitPrice;
use counterfoil_core::tax::{LineTax, TaxCategory};
use counterfoil_sync_server::master_data::MasterChange;
use counterfoil_sync_server::store::record::StoreRecord;
use rust_decimal::Decimal;

/// The products, by code, name, unit, tax class and price in hundredths.
pub(crate) const PRODUCTS: [(&str, &str, Unit, &str, i64); 6] = [
    ("milk", "Milk 1 l", Unit::Piece, "R4", 95),
    ("bread", "Bread", Unit::Piece, "R4", 180),
    ("apple", "Apples", Unit::Kilogram, "R10", 249),
    ("soap", "Soap", Unit::Piece, "S21", 333),
    ("lamp", "Lamp", Unit::Piece, "S21", 2_499),
    ("cable", "Cable", Unit::Metre, "S21", 75),
];

/// The stores, by code and zone.
pub(crate) const STORES: [(&str, &str); 3] =
    [("S01", "Europe/Madrid"), ("S02", "Atlantic/Canary"), ("S03", "Europe/Bucharest")];

/// The manager of every store.
pub(crate) const MANAGER: &str = "ana";
/// The cashier of every store.
pub(crate) const CASHIER: &str = "ben";

/// The PIN of everybody.
pub(crate) const PIN_TEXT: &str = "736251";

/// The PINs are hashed once for all runs, as that takes long on purpose.
static PIN: LazyLock<PinHash> =
    LazyLock::new(|| Pin::new(PIN_TEXT, &Role::Manager).expect("six digits are a manager's PIN").hash([5; 16]));

const FITS: &str = "the codes and names of this file are short and plain";

/// How a store counts.
pub(crate) fn store(code: &StoreCode, zone: &str) -> StoreRecord {
    StoreRecord {
        store: code.clone(),
        currency: "EUR".parse::<Currency>().expect(FITS),
        country: "ES".parse::<CountryCode>().expect(FITS),
        zone: zone.parse::<Name>().expect(FITS),
        prices_include_tax: true,
    }
}

/// The code of a store of this file.
pub(crate) fn store_code(text: &str) -> StoreCode {
    text.parse().expect(FITS)
}

/// The code of a till of a store.
pub(crate) fn till_code(number: usize) -> TillCode {
    format!("T{number:02}").parse().expect(FITS)
}

/// The code of an operator of this file.
pub(crate) fn operator_code(text: &str) -> OperatorCode {
    text.parse().expect(FITS)
}

/// All master data at the beginning.
pub(crate) fn opening() -> Vec<MasterChange> {
    let classes = [("S21", 21), ("R10", 10), ("R4", 4)].map(|(code, rate)| {
        let rate = counterfoil_core::quantity::Percent::new(Decimal::from(rate));
        MasterRow::TaxClass(TaxClass { code: master(code), taxes: vec![LineTax::vat(TaxCategory::Standard, rate)] })
    });
    let products = PRODUCTS.iter().enumerate().map(|(number, (code, ..))| product(code, number, price_of(number)));
    let rows = classes.into_iter().chain(products);
    let operators = [(MANAGER, Role::Manager), (CASHIER, Role::Cashier)].map(|(code, role)| {
        let row = FeedRow::Set(MasterRow::Operator(operator(code, code, role)));
        MasterChange { store: None, row, pin: Some(PIN.clone()) }
    });
    rows.map(|row| MasterChange::set(None, row)).chain(operators).collect()
}

/// An operator of the whole company.
pub(crate) fn operator(code: &str, name: &str, role: Role) -> Operator {
    Operator { code: operator_code(code), name: name.parse().expect(FITS), role, is_active: true }
}

fn price_of(number: usize) -> i64 {
    PRODUCTS.get(number).map_or(100, |(.., price)| *price)
}

/// A product of this file at a price in hundredths.
pub(crate) fn product(code: &str, number: usize, price: i64) -> MasterRow {
    let (name, unit, class) =
        PRODUCTS.get(number).map_or(("Thing", Unit::Piece, "S21"), |(_, name, unit, class, _)| (*name, *unit, *class));
    MasterRow::Product(Box::new(Product {
        code: code.parse::<ProductCode>().expect(FITS),
        name: name.parse().expect(FITS),
        brand: None,
        barcodes: Vec::<Barcode>::new(),
        categories: Vec::new(),
        unit,
        tax_class: master(class),
        price: Some(hundredths(price)),
        cost: None,
        packs: Vec::new(),
        variant: None,
    }))
}

/// A store's own price of a product.
pub(crate) fn store_price(number: usize, price: i64) -> MasterRow {
    let code = PRODUCTS.get(number).map_or("milk", |(code, ..)| *code);
    MasterRow::Price(StorePrice { product: code.parse().expect(FITS), price: hundredths(price) })
}

fn hundredths(price: i64) -> UnitPrice {
    UnitPrice::new(Decimal::new(price, 2))
}

fn master(code: &str) -> MasterCode {
    code.parse().expect(FITS)
}
