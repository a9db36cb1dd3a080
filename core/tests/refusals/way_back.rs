//! With what a refund is paid back, by a cashier who may refund but lend nothing: the cases of `refund_tender`.

use counterfoil_core::command::{Basket, Command, ExchangeRequest, RefundRequest};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::foreign_cash::ForeignCash;
use counterfoil_core::id::{Name, OperatorCode};
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Role};
use counterfoil_core::refusal::Refusal;
use counterfoil_core::role::Permission;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::{By, Issued, Outcome, Till, TillError};

use crate::refund::finnish_till;
use crate::{basket, execute, now, refund, sell, tender};

/// Ana is a cashier, Mia a manager; the smallest coin is 0.05, and a bag is 0.01.
fn staffed() -> Till {
    let mut till = finnish_till();
    for (code, role) in [("ana", Role::Cashier), ("mia", Role::Manager)] {
        let (code, name) = (OperatorCode::new(code).unwrap(), Name::new(code).unwrap());
        execute(&mut till, &Command::SetOperator(Operator { code, name, role, is_active: true }, None)).unwrap();
    }
    till
}

fn by_ana(till: &mut Till, command: &Command, approver: Option<&str>) -> Result<Outcome, Refusal> {
    let (ana, approver) = (OperatorCode::new("ana").unwrap(), approver.map(|code| OperatorCode::new(code).unwrap()));
    match till.execute_by(command, By { operator: &ana, approver: approver.as_ref() }, now(5)) {
        Ok(outcome) => Ok(outcome),
        Err(TillError::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{command:?}: {error}"),
    }
}

fn numbered(kind: TenderKind, minor: i64, number: &str) -> Tender {
    Tender { reference: Some(number.parse().unwrap()), ..tender(kind, minor) }
}

fn paid(id: &str, bags: &str, tenders: &[Tender]) -> Basket {
    Basket { tenders: Some(tenders.to_vec()), ..basket(id, &[("bag", bags)]) }
}

fn back(id: &str, bags: Option<&str>, tenders: &[Tender]) -> Command {
    let named = (!tenders.is_empty()).then(|| tenders.to_vec());
    let line = bags.map(|bags| [(1, bags)]);
    Command::RefundSale(RefundRequest { tenders: named, ..refund(id, "s", line.as_ref().map(|line| line.as_slice())) })
}

fn issued(outcome: Outcome) -> Issued {
    let Outcome::Issued(issued) = outcome else { panic!("no document but {outcome:?}") };
    *issued
}

/// A sale, and for each step how many bags come back and with what they are paid; after the last nothing is left.
fn check(bags: &str, tenders: &[Tender], steps: &[(Option<&str>, &[Tender])]) {
    let mut till = staffed();
    let sold = sell(&mut till, paid("s", bags, tenders));
    let mut payable = 0;
    for (step, (bags, expected)) in steps.iter().enumerate() {
        let outcome = by_ana(&mut till, &back(&format!("r{step}"), *bags, &[]), None);
        let credit_note = issued(outcome.unwrap()).document;
        let turned: Vec<Tender> = credit_note.tenders.iter().map(|one| one.negated().unwrap()).collect();
        assert_eq!(turned, *expected, "step {step} of {bags:?}");
        assert_eq!(credit_note.approved_by, None);
        payable -= credit_note.totals.payable.minor();
    }
    assert_eq!(payable, sold.document.totals.payable.minor());
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}

#[test]
fn nothing_said_a_refund_goes_back_to_the_tenders_of_the_sale() {
    use TenderKind::{Card, Cash, GiftCard};
    let card = |minor| numbered(Card, minor, "AUTH 1");
    let cash = |minor| tender(Cash, minor);
    let gift = |minor, number| numbered(GiftCard, minor, number);
    check("1572", &[cash(2_000)], &[(Some("500"), &[cash(500)]), (None, &[cash(1_070)])]);
    check("1572", &[card(1_572)], &[(Some("500"), &[card(500)]), (None, &[card(1_072)])]);
    // 0.01 of the rounding of -0.02 belongs to the first step; cash is whole coins.
    let steps: [(_, &[Tender]); 3] =
        [(Some("500"), &[card(499)]), (Some("753"), &[card(501), cash(255)]), (None, &[cash(315)])];
    check("1572", &[card(1_000), cash(570)], &steps);
    let gifts = [gift(500, "A"), gift(500, "B")];
    let steps: [(_, &[Tender]); 3] =
        [(Some("300"), &[gift(300, "A")]), (Some("400"), &[gift(200, "A"), gift(200, "B")]), (None, &[gift(300, "B")])];
    check("1000", &gifts, &steps);
    let tipped = Tender { tip: Money::from_minor(200), ..card(2_700) };
    check("2500", &[tipped], &[(None, &[card(2_500)])]);
    let foreign = ForeignCash {
        currency: "USD".parse().unwrap(),
        amount: Money::from_minor(2_000),
        rate: "0.92".parse().unwrap(),
    };
    let dollars = Tender::of_foreign(foreign, "EUR".parse().unwrap()).unwrap();
    check("1572", &[dollars], &[(Some("500"), &[cash(500)]), (None, &[cash(1_070)])]);
    let mixed = [gift(200, "A"), card(300), cash(500)];
    check("1000", &mixed, &[(None, &[gift(200, "A"), card(300), cash(500)])]);
}

fn refused(till: &mut Till, command: &Command, expected: (&str, &str)) -> Refusal {
    let head = till.head();
    let refusal = by_ana(till, command, None).expect_err("it was carried out");
    assert_eq!((refusal.code(), refusal.field()), expected, "{refusal}");
    assert_eq!(till.head(), head);
    refusal
}

#[test]
fn more_than_a_tender_paid_needs_someone_who_may_allow_it() {
    use TenderKind::{Card, Cash, GiftCard};
    let mut till = staffed();
    sell(&mut till, paid("s", "1000", &[tender(Card, 600), tender(Cash, 400)]));
    let refusal =
        refused(&mut till, &back("r", None, &[tender(Cash, 1_000)]), ("approval_needed", "tenders[0].amount"));
    assert_eq!((refusal.value(), refusal.limit()), ("cash 10.00", "4.00, which is left of what cash paid"));
    let over = [tender(Card, 100), tender(Cash, 405)];
    refused(&mut till, &back("r", Some("505"), &over), ("approval_needed", "tenders[1].amount"));
    let twice = [tender(Cash, 300), tender(Cash, 200)];
    refused(&mut till, &back("r", Some("500"), &twice), ("approval_needed", "tenders[1].amount"));
    let gift = back("r", Some("100"), &[numbered(GiftCard, 100, "A")]);
    refused(&mut till, &gift, ("approval_needed", "tenders[0].amount"));
    refused(&mut till, &back("r", Some("100"), &[tender(GiftCard, 100)]), ("missing", "tenders[0].reference"));
    refused(&mut till, &back("r", Some("100"), &[tender(Cash, 98)]), ("unpaid", "tenders"));
    // Within what each paid they may be named in any share.
    let first = issued(by_ana(&mut till, &back("r1", Some("200"), &[tender(Cash, 200)]), None).unwrap());
    assert_eq!(first.document.approved_by, None);
    let cash = back("r2", Some("400"), &[tender(Cash, 400)]);
    refused(&mut till, &cash, ("approval_needed", "tenders[0].amount"));
    let approved = issued(by_ana(&mut till, &cash, Some("mia")).unwrap());
    let approval = approved.document.approved_by.unwrap();
    assert_eq!((approval.approver.as_str(), approval.lent), ("mia", vec![Permission::RefundToOtherTender]));
    // 6.00 was paid by card and 6.00 of 10.00 went back in cash: what is left goes back to the card.
    let rest = issued(by_ana(&mut till, &back("r3", None, &[]), None).unwrap());
    assert_eq!(rest.document.tenders, [tender(Card, -400)]);
}

#[test]
fn what_an_exchange_paid_is_paid_out_by_approval_only() {
    let mut till = staffed();
    sell(&mut till, paid("s", "400", &[tender(TenderKind::Card, 400)]));
    let sale = basket("e", &[("bag", "300")]);
    let exchange = ExchangeRequest { id: "e".parse().unwrap(), refund_of: "s".to_owned(), back: None, sale };
    let Outcome::Exchanged(both) = by_ana(&mut till, &Command::Exchange(exchange), None).unwrap() else { panic!() };
    let expected = [tender(TenderKind::Card, -100), tender(TenderKind::Exchange, -300)];
    assert_eq!(both.0.document.tenders, expected, "the difference goes back to the card");
    let back = Command::RefundSale(refund("r", "e/sale", None));
    let refusal = refused(&mut till, &back, ("approval_needed", "tenders"));
    assert_eq!((refusal.value(), refusal.limit()), ("cash 3.00", "0.00, which is left of what cash paid"));
    let paid_out = issued(by_ana(&mut till, &back, Some("mia")).unwrap());
    assert_eq!(paid_out.document.tenders, [tender(TenderKind::Cash, -300)]);
}
