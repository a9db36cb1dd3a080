//! A small shop for tests: its clock, its profile, its goods, and how baskets and refunds are asked for.

use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::command::{Basket, BasketLine, RefundLine, RefundRequest};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{MasterCode, Name, OperatorCode, ProductCode};
use counterfoil_core::tax::{LineTax, TaxBase};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

/// So many minutes after 2026-11-21 12:00 at +01:00.
pub(crate) fn now(minutes: i64) -> Now {
    Now { at: Timestamp(1_795_258_800_000 + minutes * 60_000), offset: ZoneOffset(60) }
}

pub(crate) fn owner() -> OperatorCode {
    OperatorCode::new("owner").unwrap()
}

pub(crate) fn profile(country: &str, currency: &str, prices_include_tax: bool) -> Profile {
    Profile {
        store: "S01".parse().unwrap(),
        till: "T01".parse().unwrap(),
        currency: currency.parse().unwrap(),
        country: country.parse().unwrap(),
        zone: Name::new("Etc/UTC").unwrap(),
        prices_include_tax,
        has_history: false,
    }
}

/// Code, unit, price and tax class of the goods; product 1 is read by barcode too.
pub(crate) const GOODS: [(&str, &str, &str, &str); 10] = [
    ("milk", "piece", "1.25", "standard"),
    ("bread", "piece", "0.99", "reduced"),
    ("sugar", "piece", "0.333", "reduced"),
    ("bag", "piece", "0.01", "standard"),
    ("gift", "piece", "0", "standard"),
    ("book", "piece", "19.9", "zero"),
    ("cheese", "kg", "13.49", "standard"),
    ("oil", "l", "4.05", "two"),
    ("wine", "piece", "250", "compound"),
    ("rope", "m", "0.07", "two"),
];

pub(crate) fn goods() -> Vec<MasterRow> {
    let tax = |text: &str| {
        let words: Vec<&str> = text.split(' ').collect();
        let base = if words.len() > 3 { TaxBase::NetPlusEarlier } else { TaxBase::Net };
        let (code, category) = (words[0].parse().unwrap(), words[1].parse().unwrap());
        LineTax { code, category, rate: words[2].parse().unwrap(), base }
    };
    let classes = [
        ("standard", vec!["VAT S 21"]),
        ("reduced", vec!["VAT S 5.5"]),
        ("zero", vec!["VAT Z 0"]),
        ("two", vec!["GST S 5", "QST S 9.975"]),
        ("compound", vec!["ICE S 35", "VAT S 12 compound"]),
    ];
    let class = |(code, taxes): (&str, Vec<&str>)| TaxClass {
        code: MasterCode::new(code).unwrap(),
        taxes: taxes.into_iter().map(tax).collect(),
    };
    let product = |(code, unit, price, class): (&str, &str, &str, &str)| Product {
        code: ProductCode::new(code).unwrap(),
        name: Name::new(code).unwrap(),
        brand: None,
        barcodes: if code == "milk" { vec!["3850334043641".parse().unwrap()] } else { Vec::new() },
        categories: Vec::new(),
        unit: unit.parse::<Unit>().unwrap(),
        tax_class: MasterCode::new(class).unwrap(),
        price: Some(price.parse().unwrap()),
        cost: None,
        packs: Vec::new(),
        variant: None,
    };
    let classes = classes.into_iter().map(|row| MasterRow::TaxClass(class(row)));
    classes.chain(GOODS.into_iter().map(|row| MasterRow::Product(Box::new(product(row))))).collect()
}

/// A basket of (code, quantity), paid with what is payable in cash.
pub(crate) fn basket(id: &str, lines: &[(&str, &str)]) -> Basket {
    let line = |(code, quantity): &(&str, &str)| BasketLine {
        code: (*code).to_owned(),
        quantity: quantity.parse().unwrap(),
        unit_price: None,
    };
    Basket::of_lines(id.parse().unwrap(), lines.iter().map(line).collect())
}

/// A refund of (line, quantity) of a document, or of all that is left of it, in cash.
pub(crate) fn refund(id: &str, of: &str, lines: Option<&[(u16, &str)]>) -> RefundRequest {
    let line = |(line, quantity): &(u16, &str)| RefundLine { line: *line, quantity: Some(quantity.parse().unwrap()) };
    RefundRequest {
        id: id.parse().unwrap(),
        refund_of: of.to_owned(),
        lines: lines.map(|lines| lines.iter().map(line).collect()),
        tenders: None,
        at: None,
    }
}
