//! Refusals of a sale, and an id that is used again with other content.

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::command::{Basket, BasketLine, CHANGE_MINOR_MAX, Command, QUANTITY_MAX};
use counterfoil_core::discount::Discount;
use counterfoil_core::id::{MasterCode, Note, ProductCode};
use counterfoil_core::money::Money;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::TenderKind;
use counterfoil_core::till::Till;
use counterfoil_core::totals::LINES_MAX;

use crate::{basket, card_number, closed_till, now, open_till, refused, sell, tender};

type Change = fn(&mut Basket);

fn check(till: &mut Till, code: &str, field: &str, change: Change) {
    let mut basket = basket("s", &[("milk", "1"), ("bag", "2")]);
    change(&mut basket);
    refused(till, &Command::CompleteSale(basket), code, field);
}

#[test]
fn what_cannot_be_sold_is_refused_by_code_and_field() {
    let mut till = open_till();
    let cases: [(&str, &str, Change); 14] = [
        ("missing", "lines", |basket| basket.lines.clear()),
        ("malformed", "document", |basket| basket.document = DocumentKind::CreditNote),
        ("malformed", "document", |basket| basket.document = DocumentKind::ZReport),
        ("card_number", "customer", |basket| basket.customer = Some(card_number())),
        ("backdated", "at", |basket| basket.at = Some(now(4))),
        ("product_unknown", "lines[1].code", |basket| basket.lines[1].code = "nothing".to_owned()),
        ("quantity_zero", "lines[1].quantity", |basket| basket.lines[1].quantity = "0".parse().unwrap()),
        ("quantity_negative", "lines[0].quantity", |basket| basket.lines[0].quantity = "-1".parse().unwrap()),
        ("quantity_fraction", "lines[0].quantity", |basket| basket.lines[0].quantity = "0.5".parse().unwrap()),
        ("discount_too_large", "discounts[0]", |basket| {
            basket.discounts = vec![Discount::Amount(Money::from_minor(128))];
        }),
        ("unpaid", "tenders", |basket| basket.tenders = Some(vec![tender(TenderKind::Cash, 126)])),
        ("unpaid", "tenders", |basket| basket.tenders = Some(Vec::new())),
        ("non_cash_above_gross", "tenders", |basket| basket.tenders = Some(vec![tender(TenderKind::Card, 128)])),
        ("card_number", "tenders[0].reference", |basket| {
            let card = tender(TenderKind::Card, 127);
            basket.tenders = Some(vec![counterfoil_core::tender::Tender { reference: Some(card_number()), ..card }]);
        }),
    ];
    for (code, field, change) in cases {
        check(&mut till, code, field, change);
    }
    check(&mut closed_till(false), "drawer_closed", "drawer", |_| {});
}

#[test]
fn the_earlier_line_is_told_first() {
    let mut till = open_till();
    check(&mut till, "price_negative", "lines[0].unit_price", |basket| {
        basket.lines[0].unit_price = Some("-0.01".parse().unwrap());
        basket.lines[1].code = "nothing".to_owned();
    });
    check(&mut till, "missing", "lines", |basket| {
        basket.lines.clear();
        basket.document = DocumentKind::ZReport;
    });
}

#[test]
fn each_limit_of_a_sale_is_the_last_value_that_it_takes() {
    let mut till = open_till();
    let most = QUANTITY_MAX.to_string();
    let sold = sell(&mut till, basket("1", &[("bag", &most)]));
    assert_eq!(sold.document.totals.gross.minor(), QUANTITY_MAX);
    let more = format!("{most}.001");
    let cheese = Command::CompleteSale(basket("2", &[("cheese", &more)]));
    refused(&mut till, &cheese, "too_many", "lines[0].quantity");

    let mut long = basket("3", &[("bag", "1")]);
    long.lines = vec![long.lines[0].clone(); LINES_MAX];
    let sold = sell(&mut till, long.clone());
    assert_eq!((sold.document.lines.len(), sold.document.totals.gross.minor()), (1000, 1000));
    long.id = "4".parse().unwrap();
    long.lines.push(long.lines[0].clone());
    refused(&mut till, &Command::CompleteSale(long), "too_many", "lines");

    let mut change = basket("5", &[("bag", "1")]);
    change.tenders = Some(vec![tender(TenderKind::Cash, 1 + CHANGE_MINOR_MAX)]);
    assert_eq!(sell(&mut till, change.clone()).document.change.minor(), CHANGE_MINOR_MAX);
    change.id = "6".parse().unwrap();
    change.tenders = Some(vec![tender(TenderKind::Cash, 2 + CHANGE_MINOR_MAX)]);
    refused(&mut till, &Command::CompleteSale(change), "too_many", "tenders");
}

#[test]
fn a_product_without_price_or_taxes_is_not_sold() {
    let mut till = open_till();
    let known = till.resolve("milk").unwrap().unwrap().product;
    let priceless = counterfoil_core::catalog::Product {
        code: ProductCode::new("priceless").unwrap(),
        barcodes: Vec::new(),
        price: None,
        ..known.clone()
    };
    let classless = counterfoil_core::catalog::Product {
        code: ProductCode::new("classless").unwrap(),
        barcodes: Vec::new(),
        tax_class: MasterCode::new("unknown").unwrap(),
        ..known
    };
    let rows = [priceless, classless].map(|product| MasterRow::Product(Box::new(product))).to_vec();
    till.execute(&Command::ChangeMasterData(rows), &crate::owner(), now(2)).unwrap();
    for code in ["priceless", "classless"] {
        let sale = Command::CompleteSale(basket("p", &[(code, "1")]));
        refused(&mut till, &sale, "no_price", "lines[0].code");
    }
    let mut typed = basket("p", &[("priceless", "2")]);
    typed.lines[0].unit_price = Some("0.50".parse().unwrap());
    let sold = sell(&mut till, typed);
    assert_eq!((sold.document.totals.gross.minor(), sold.document.lines[0].has_typed_price), (100, true));
}

/// The sale that the ids below were used for: two lines, a discount, a customer and two tenders.
fn first() -> Basket {
    let mut first = basket("again", &[("milk", "2"), ("bag", "1")]);
    first.lines[1].unit_price = Some("0.02".parse().unwrap());
    first.discounts = vec![Discount::Amount(Money::from_minor(2))];
    let card = tender(TenderKind::Card, 200);
    let card = counterfoil_core::tender::Tender { reference: Some(Note::new("terminal 7").unwrap()), ..card };
    first.tenders = Some(vec![card, tender(TenderKind::Cash, 100)]);
    first.customer = Some(Note::new("Ana").unwrap());
    first
}

#[test]
fn an_id_used_with_other_content_names_the_field_that_differs() {
    let mut till = open_till();
    let sold = sell(&mut till, first());
    assert_eq!(sell(&mut till, first()), sold);
    fn line(code: &str) -> BasketLine {
        BasketLine { code: code.to_owned(), ..first().lines[0].clone() }
    }
    let cases: [(&str, Change); 15] = [
        ("document", |basket| basket.document = DocumentKind::Invoice),
        ("lines", |basket| basket.lines.push(line("bag"))),
        ("lines[0].code", |basket| basket.lines[0] = line("bread")),
        ("lines[0].quantity", |basket| basket.lines[0].quantity = "3".parse().unwrap()),
        ("lines[0].unit_price", |basket| basket.lines[0].unit_price = Some("1.25".parse().unwrap())),
        ("lines[1].unit_price", |basket| basket.lines[1].unit_price = None),
        ("discounts", |basket| basket.discounts = vec![Discount::Amount(Money::from_minor(1))]),
        ("discounts", |basket| basket.discounts.clear()),
        ("tenders", |basket| basket.tenders = None),
        ("tenders", |basket| basket.tenders.as_mut().unwrap().truncate(1)),
        ("tenders[1]", |basket| basket.tenders.as_mut().unwrap()[1].kind = TenderKind::Voucher),
        ("tenders[1]", |basket| basket.tenders.as_mut().unwrap()[1].amount = Money::from_minor(101)),
        ("tenders[0]", |basket| basket.tenders.as_mut().unwrap()[0].reference = None),
        ("customer", |basket| basket.customer = None),
        ("at", |basket| basket.at = Some(now(5))),
    ];
    for (field, change) in cases {
        let mut other = first();
        change(&mut other);
        let refusal = refused(&mut till, &Command::CompleteSale(other), "id_reused", field);
        assert!(refusal.limit().ends_with(" on S01-T01-R26A-000001"), "{refusal}");
    }
}

#[test]
fn a_sale_paid_without_naming_how_is_not_the_same_as_one_that_names_it() {
    let mut till = open_till();
    let unnamed = basket("u", &[("milk", "1")]);
    let sold = sell(&mut till, unnamed.clone());
    assert_eq!(sold.document.tenders, [tender(TenderKind::Cash, 125)]);
    let named = Basket { tenders: Some(vec![tender(TenderKind::Cash, 125)]), ..unnamed.clone() };
    refused(&mut till, &Command::CompleteSale(named), "id_reused", "tenders");
    assert_eq!(sell(&mut till, unnamed), sold);
}

#[test]
fn the_id_of_a_credit_note_is_no_id_of_a_sale() {
    let mut till = open_till();
    sell(&mut till, basket("sale", &[("milk", "1")]));
    let back = Command::RefundSale(crate::refund("back", "sale", None));
    crate::issue(&mut till, &back);
    for document in [DocumentKind::Receipt, DocumentKind::CreditNote] {
        let sale = Basket { document, ..basket("back", &[("milk", "1")]) };
        refused(&mut till, &Command::CompleteSale(sale), "id_reused", "document");
    }
}

#[test]
fn imported_history_has_its_own_time_and_never_the_future() {
    let mut till = closed_till(true);
    till.execute(&Command::OpenDrawer(Money::ZERO), &crate::owner(), now(1)).unwrap();
    let at = |minutes: i64, id: &str| Basket { at: Some(now(minutes)), ..basket(id, &[("milk", "1")]) };
    refused(&mut till, &Command::CompleteSale(at(6, "h1")), "malformed", "at");
    let sold = sell(&mut till, at(5, "h1"));
    assert_eq!((sold.document.issued, sold.document.is_imported), (None, true), "it is the time of the entry");
    refused(&mut till, &Command::CompleteSale(at(4, "h2")), "backdated", "at");
    let second = sell(&mut till, at(5, "h2"));
    assert_eq!((second.document.number, sell(&mut till, at(5, "h2"))), (2, second), "the same once more");
    for other in [None, Some(now(4))] {
        let sale = Basket { at: other, ..at(5, "h2") };
        refused(&mut till, &Command::CompleteSale(sale), "id_reused", "at");
    }
}
