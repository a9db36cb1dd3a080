//! Refusals of a refund, what it pays back by which tender, and an id that is used again with other content.

use counterfoil_core::command::{Command, RefundLine, RefundRequest};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{JournalId, Note};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::{Issued, SetUp, Till};

use crate::{basket, card_number, count, goods, issue, now, open_till, owner, profile, refund, refused, sell, tender};

fn take_back(till: &mut Till, request: &RefundRequest) -> Issued {
    issue(till, &Command::RefundSale(request.clone()))
}

/// Three milk at 1.25 and one bag at 0.01, of which one milk and the bag have come back.
fn partly_refunded() -> Till {
    let mut till = open_till();
    sell(&mut till, basket("sale", &[("milk", "3"), ("bag", "1")]));
    let first = take_back(&mut till, &refund("first", "sale", Some(&[(1, "1"), (2, "1")])));
    assert_eq!(first.document.totals.payable.minor(), -126);
    till
}

#[test]
fn what_cannot_be_taken_back_is_refused_by_code_and_field() {
    let mut till = partly_refunded();
    type Lines = Option<&'static [(u16, &'static str)]>;
    let cases: [(&str, &str, &str, Lines); 12] = [
        ("document_unknown", "refund_of", "nothing", None),
        ("wrong_document", "refund_of", "S01-T01-C26A-000001", None),
        ("wrong_document", "refund_of", "first", None),
        ("missing", "lines", "sale", Some(&[])),
        ("malformed", "lines[0].line", "sale", Some(&[(0, "1")])),
        ("malformed", "lines[1].line", "sale", Some(&[(1, "1"), (3, "1")])),
        ("malformed", "lines[1].line", "sale", Some(&[(1, "1"), (1, "1")])),
        ("nothing_left", "lines[0].quantity", "sale", Some(&[(2, "1")])),
        ("nothing_left", "lines[0].quantity", "sale", Some(&[(1, "3")])),
        ("quantity_zero", "lines[0].quantity", "sale", Some(&[(1, "0")])),
        ("quantity_negative", "lines[0].quantity", "sale", Some(&[(1, "-1")])),
        ("quantity_fraction", "lines[0].quantity", "sale", Some(&[(1, "0.5")])),
    ];
    for (code, field, of, lines) in cases {
        refused(&mut till, &Command::RefundSale(refund("r", of, lines)), code, field);
    }
    let rest = take_back(&mut till, &refund("rest", "s01-t01-r26a-000001", Some(&[(1, "2")])));
    assert_eq!((rest.document.totals.payable.minor(), rest.document.lines[0].preceding_line), (-250, 1));
    refused(&mut till, &Command::RefundSale(refund("r", "sale", None)), "nothing_left", "refund_of");
    issue_z(&mut till);
    refused(&mut till, &Command::RefundSale(refund("r", "S01-T01-Z26A-000001", None)), "wrong_document", "number");
}

fn issue_z(till: &mut Till) {
    till.execute(&count(10_000), &owner(), now(5)).unwrap();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(5)).unwrap();
}

#[test]
fn a_line_without_a_quantity_is_all_that_is_left_of_it() {
    let mut till = partly_refunded();
    let line = RefundLine { line: 1, quantity: None };
    let request = RefundRequest { lines: Some(vec![line]), ..refund("all", "sale", None) };
    let credited = take_back(&mut till, &request);
    assert_eq!(credited.document.lines[0].quantity, "-2".parse::<Quantity>().unwrap());
    let refusal = RefundRequest { id: "more".parse().unwrap(), ..request };
    let refusal = refused(&mut till, &Command::RefundSale(refusal), "nothing_left", "lines[0].quantity");
    assert_eq!((refusal.value(), refusal.limit()), ("all", "0"));
}

#[test]
fn exactly_what_is_owed_is_paid_back() {
    let mut till = partly_refunded();
    let with = |tenders: Vec<Tender>| {
        let one = refund("t", "sale", Some(&[(1, "1")]));
        Command::RefundSale(RefundRequest { tenders: Some(tenders), ..one })
    };
    let cash = |minor| tender(TenderKind::Cash, minor);
    refused(&mut till, &with(vec![]), "unpaid", "tenders");
    refused(&mut till, &with(vec![cash(124)]), "unpaid", "tenders");
    refused(&mut till, &with(vec![cash(126)]), "tender_not_allowed", "tenders");
    refused(&mut till, &with(vec![cash(125), cash(0)]), "not_positive", "tenders[1].amount");
    refused(&mut till, &with(vec![cash(-125)]), "not_positive", "tenders[0].amount");
    let card = Tender { reference: Some(card_number()), ..tender(TenderKind::Card, 25) };
    refused(&mut till, &with(vec![cash(100), card.clone()]), "card_number", "tenders[1].reference");
    let card = Tender { reference: Some(Note::new("terminal 7").unwrap()), ..card };
    let credited = issue(&mut till, &with(vec![cash(100), card.clone()]));
    assert_eq!(credited.document.tenders, [cash(-100), Tender { amount: Money::from_minor(-25), ..card }]);
}

/// A till with goods, tax included, and an open drawer where the smallest coin is 0.05.
pub(crate) fn finnish_till() -> Till {
    let key = SigningKey::from_seed([5; 32]);
    let profile = Profile { prices_include_tax: true, ..profile("FI", "EUR", true) };
    let set_up = SetUp { profile, journal: JournalId([5; 16]), key, series_suffix: "A".to_owned() };
    let mut till = Till::create(counterfoil_core::db::InMemoryBackend::new(), set_up, now(0)).unwrap();
    till.execute(&Command::ChangeMasterData(goods()), &owner(), now(0)).unwrap();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(0)).unwrap();
    till
}

/// Finland rounds cash to 0.05: 0.02 is nothing in cash and 0.02 on a card, 0.03 is 0.05 in cash.
#[test]
fn only_cash_is_paid_back_in_whole_coins() {
    let mut till = finnish_till();
    let mut sale = basket("sale", &[("bag", "40")]);
    sale.tenders = Some(vec![tender(TenderKind::Card, 40)]);
    sell(&mut till, sale);
    let mut pay = |id: &str, quantity: &str, tenders: Option<Vec<Tender>>| {
        figures(&mut till, &RefundRequest { tenders, ..refund(id, "sale", Some(&[(1, quantity)])) })
    };
    assert_eq!(pay("card", "2", Some(vec![tender(TenderKind::Card, 2)])), (-2, 0, -2));
    assert_eq!(pay("cash", "3", Some(vec![tender(TenderKind::Cash, 5)])), (-3, -2, -5));
    let cash = Some(vec![tender(TenderKind::Cash, 5)]);
    assert_eq!(pay("more cash", "5", cash), (-5, 0, -5), "10 are owed in all, of which 7 were paid: 3 are 5 in cash");
    assert_eq!(
        pay("unnamed", "4", None),
        (-4, 2, -2),
        "14 are owed in all, of which 12 were paid; the card is not rounded"
    );
    let both = vec![tender(TenderKind::Cash, 5), tender(TenderKind::Card, 1)];
    assert_eq!(pay("both", "5", Some(both)), (-5, -1, -6), "5 are owed: 1 to the card, and 4 are 5 in cash");

    let rounded = sell(&mut till, basket("rounded", &[("bag", "13")]));
    assert_eq!(rounded.document.totals.payable.minor(), 15);
    let card = Some(vec![tender(TenderKind::Card, 3)]);
    let part = RefundRequest { tenders: card, ..refund("part", "rounded", Some(&[(1, "3")])) };
    assert_eq!(figures(&mut till, &part), (-3, 0, -3));
    let last = refund("last", "rounded", None);
    assert_eq!(figures(&mut till, &last), (-10, -2, -12), "the last step pays what is left of the 15 that were paid");
}

/// Gross, rounding and payable of the credit note.
fn figures(till: &mut Till, request: &RefundRequest) -> (i64, i64, i64) {
    let totals = take_back(till, request).document.totals;
    (totals.gross.minor(), totals.rounding.minor(), totals.payable.minor())
}

#[test]
fn an_id_used_for_another_refund_names_the_field_that_differs() {
    let mut till = partly_refunded();
    sell(&mut till, basket("other", &[("milk", "3"), ("bag", "1")]));
    let named = Some(vec![tender(TenderKind::Cash, 126)]);
    let made = RefundRequest { tenders: named, ..refund("again", "other", Some(&[(1, "1"), (2, "1")])) };
    let credited = take_back(&mut till, &made);
    assert_eq!(take_back(&mut till, &made), credited);
    let lines = |lines: &[(u16, &str)]| refund("again", "other", Some(lines)).lines;
    let cases: [(&str, RefundRequest); 11] = [
        ("refund_of", RefundRequest { refund_of: "sale".to_owned(), ..made.clone() }),
        ("refund_of", RefundRequest { refund_of: "nothing".to_owned(), ..made.clone() }),
        ("lines", RefundRequest { lines: None, ..made.clone() }),
        ("lines", RefundRequest { lines: lines(&[(1, "1")]), ..made.clone() }),
        ("lines[0].line", RefundRequest { lines: lines(&[(2, "1"), (1, "1")]), ..made.clone() }),
        ("lines[2].line", RefundRequest { lines: lines(&[(1, "1"), (2, "1"), (2, "1")]), ..made.clone() }),
        ("lines[0].quantity", RefundRequest { lines: lines(&[(1, "2"), (2, "1")]), ..made.clone() }),
        ("tenders", RefundRequest { tenders: None, ..made.clone() }),
        ("tenders", RefundRequest { tenders: Some(Vec::new()), ..made.clone() }),
        ("tenders[0]", RefundRequest { tenders: Some(vec![tender(TenderKind::Card, 126)]), ..made.clone() }),
        ("at", RefundRequest { at: Some(now(5)), ..made.clone() }),
    ];
    for (field, request) in cases {
        refused(&mut till, &Command::RefundSale(request), "id_reused", field);
    }
    let sale = refund("sale", "nothing", None);
    refused(&mut till, &Command::RefundSale(sale), "id_reused", "refund_of");
}

#[test]
fn one_id_is_one_refund_though_another_sale_is_just_like_it() {
    let mut till = open_till();
    for id in ["one", "two"] {
        sell(&mut till, basket(id, &[("milk", "1")]));
    }
    let first = take_back(&mut till, &refund("r", "one", None));
    refused(&mut till, &Command::RefundSale(refund("r", "two", None)), "id_reused", "refund_of");
    let by_number = RefundRequest { refund_of: "S01-T01-R26A-000001".to_owned(), ..refund("r", "one", None) };
    assert_eq!(take_back(&mut till, &by_number), first, "the number and the id name one document");
}

#[test]
fn imported_refunds_have_their_own_time_too() {
    let mut till = crate::closed_till(true);
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(1)).unwrap();
    sell(&mut till, basket("sale", &[("milk", "3")]));
    let at = |minutes| RefundRequest { at: Some(now(minutes)), ..refund("r", "sale", Some(&[(1, "1")])) };
    refused(&mut till, &Command::RefundSale(at(6)), "malformed", "at");
    let credited = take_back(&mut till, &at(3));
    assert_eq!(credited.document.issued, Some(now(3)));
    assert_eq!(take_back(&mut till, &at(3)), credited);
    refused(&mut till, &Command::RefundSale(at(4)), "id_reused", "at");
    refused(&mut till, &Command::RefundSale(RefundRequest { at: None, ..at(3) }), "id_reused", "at");
    let now = RefundRequest { id: "now".parse().unwrap(), ..at(5) };
    let credited = take_back(&mut till, &now);
    assert_eq!((credited.document.issued, take_back(&mut till, &now)), (None, credited.clone()), "the entry's time");
}
