//! Refusals at the drawer, counts by denomination, and Z reports by their numbers.

use counterfoil_core::addendum::{ADDENDA_MAX, Correction, amended};
use counterfoil_core::command::{Activity, Amendment, BasketLine, CashMovement, Command, Count, DENOMINATIONS_MAX};
use counterfoil_core::drawer::{CashMovementKind, Tally, ZReportV1};
use counterfoil_core::id::Note;
use counterfoil_core::money::Money;
use counterfoil_core::tender::TenderKind;
use counterfoil_core::till::{Outcome, Till, TillError};

use crate::{basket, card_number, closed_till, count, execute, now, open_till, owner, refused, sell};

fn movement(kind: CashMovementKind, minor: i64, reason: &Note) -> Command {
    let bag = (kind == CashMovementKind::BankDrop).then(|| Note::new("B-17").unwrap());
    Command::MoveCash(CashMovement { kind, amount: Money::from_minor(minor), reason: reason.clone(), bag })
}

fn pieces(pieces: &[(i64, u32)]) -> Command {
    Command::CloseDrawer(Count::Denominations(
        pieces.iter().map(|(face, count)| (Money::from_minor(*face), *count)).collect(),
    ))
}

fn close(till: &mut Till, command: &Command) -> ZReportV1 {
    let outcome = execute(till, command).unwrap();
    let Outcome::DrawerClosed(z) = outcome else { panic!("no report but {outcome:?}") };
    *z
}

#[test]
fn a_drawer_is_open_or_closed_and_its_amounts_have_a_sign() {
    let mut till = closed_till(false);
    let change = Note::new("change").unwrap();
    refused(&mut till, &movement(CashMovementKind::PayIn, 1, &change), "drawer_closed", "drawer");
    refused(&mut till, &count(0), "drawer_closed", "drawer");
    refused(&mut till, &Command::OpenDrawer(Money::from_minor(-1)), "negative", "float");
    execute(&mut till, &Command::OpenDrawer(Money::ZERO)).unwrap();
    let refusal = refused(&mut till, &Command::OpenDrawer(Money::ZERO), "drawer_open", "drawer");
    assert_eq!(refusal.value(), "1");
    for kind in CashMovementKind::ALL {
        refused(&mut till, &movement(kind, 0, &change), "not_positive", "amount");
        refused(&mut till, &movement(kind, -1, &change), "not_positive", "amount");
        refused(&mut till, &movement(kind, 1, &card_number()), "card_number", "reason");
        execute(&mut till, &movement(kind, 1, &change)).unwrap();
        assert_eq!(kind.code().parse::<CashMovementKind>().unwrap(), kind);
        assert_eq!(format!("{kind:>12}"), format!("{:>12}", kind.code()));
    }
    // Two kinds put money in and three take it out.
    execute(&mut till, &movement(CashMovementKind::PayIn, 1, &change)).unwrap();
    assert_eq!("drop".parse::<CashMovementKind>().unwrap_err().code(), "malformed");
    refused(&mut till, &count(-1), "negative", "count");
    assert_eq!(close(&mut till, &count(0)).over_short, Money::ZERO);
}

/// 100.00 float; 2 x 50.00 and 3 x 0.20 are 100.60, 0.60 over.
#[test]
fn a_count_by_denomination_is_faces_times_pieces() {
    let mut till = open_till();
    refused(&mut till, &pieces(&[(5_000, 2), (0, 1)]), "not_positive", "denominations");
    refused(&mut till, &pieces(&[(-20, 1)]), "not_positive", "denominations");
    refused(&mut till, &pieces(&[(i64::MAX, 2)]), "overflow", "denominations");
    refused(&mut till, &pieces(&[(i64::MAX, 1), (1, 1)]), "overflow", "amount");
    refused(&mut till, &pieces(&[(1, 1); DENOMINATIONS_MAX + 1]), "too_many", "denominations");
    let z = close(&mut till, &pieces(&[(5_000, 2), (20, 3)]));
    assert_eq!((z.expected.minor(), z.counted.minor(), z.over_short.minor()), (10_000, 10_060, 60));
    execute(&mut till, &Command::OpenDrawer(Money::ZERO)).unwrap();
    assert_eq!(close(&mut till, &pieces(&[(1, 1); DENOMINATIONS_MAX])).counted.minor(), 64);
    execute(&mut till, &Command::OpenDrawer(Money::ZERO)).unwrap();
    assert_eq!(close(&mut till, &pieces(&[])).counted, Money::ZERO);
}

#[test]
fn a_z_report_is_found_by_its_number_or_the_plain_number() {
    let mut till = open_till();
    assert_eq!(till.z_report(None).unwrap(), None);
    sell(&mut till, basket("1", &[("milk", "2")]));
    let first = close(&mut till, &count(10_250));
    execute(&mut till, &Command::OpenDrawer(Money::ZERO)).unwrap();
    let second = close(&mut till, &count(5));
    let found = |number| till.z_report(number).unwrap().map(|closed| closed.z);
    let figures = |z: &ZReportV1| (z.session.sales, z.over_short.minor());
    assert_eq!((figures(&first), figures(&second)), ((1, 0), (0, 5)));
    assert_eq!(found(None), Some(second.clone()));
    for (number, z) in [("1", &first), ("2", &second), ("s01-t01-z26a-000001", &first)] {
        assert_eq!(found(Some(number)).as_ref(), Some(z), "{number}");
    }
    for number in ["0", "3", "S01-T01-Z26A-000003", "nothing"] {
        assert_eq!(found(Some(number)), None, "{number}");
    }
    for wrong in [till.z_report(Some("S01-T01-R26A-000001")).err(), till.document("S01-T01-Z26A-000001").err()] {
        let Some(TillError::Refused(refusal)) = wrong else { panic!("{wrong:?}") };
        assert_eq!((refusal.code(), refusal.field()), ("wrong_document", "number"));
    }
}

#[test]
fn what_the_till_says_of_itself_follows_what_was_done() {
    let mut till = closed_till(false);
    let status = till.status().unwrap();
    assert_eq!((status.session, status.is_enrolled, status.feed_revision), (None, false, None));
    assert_eq!(status.unsent, till.head().seq());
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(1)).unwrap();
    assert_eq!(till.status().unwrap().session, Some(1));
    sell(&mut till, basket("1", &[("3850334043641", "3")]));
    let back = crate::refund("2", "1", Some(&[(1, "1")]));
    execute(&mut till, &Command::RefundSale(back)).unwrap();
    let stock = |code: &str| till.stock(&code.parse().unwrap()).unwrap().to_string();
    assert_eq!((stock("milk"), stock("bread"), stock("nothing")), ("-2".into(), "0".into(), "0".into()));
    assert_eq!(till.session().unwrap().cash_taken().minor(), 250);
    let numbers = till.state().last_numbers();
    let numbers: Vec<_> = numbers.iter().map(|(series, number)| (series.as_str(), *number)).collect();
    assert_eq!(numbers, [("S01-T01-C26A", 1), ("S01-T01-R26A", 1)]);
    let shown = format!("{till:?}");
    assert!(shown.contains("access: Full") && shown.contains("life: 1"), "{shown}");
}

#[test]
fn what_goes_to_the_bank_has_a_bag_and_nothing_else_has_one() {
    let mut till = open_till();
    let reason = Note::new("evening").unwrap();
    let with_bag = |kind, bag: Option<Note>| {
        Command::MoveCash(CashMovement { kind, amount: Money::from_minor(100), reason: reason.clone(), bag })
    };
    let bag = || Some(Note::new("B-1").unwrap());
    refused(&mut till, &with_bag(CashMovementKind::BankDrop, None), "missing", "bag");
    refused(&mut till, &with_bag(CashMovementKind::BankDrop, Some(card_number())), "card_number", "bag");
    refused(&mut till, &with_bag(CashMovementKind::SafeDrop, bag()), "malformed", "bag");
    execute(&mut till, &with_bag(CashMovementKind::BankDrop, bag())).unwrap();
    assert_eq!(close(&mut till, &count(9_900)).over_short, Money::ZERO);
}

#[test]
fn what_sells_nothing_is_refused_like_a_sale_and_counted_once_recorded() {
    let line = |code: &str| BasketLine { code: code.to_owned(), quantity: "2".parse().unwrap(), unit_price: None };
    let void =
        |code: &str| Command::RecordActivity(Activity::VoidLine { basket: None, line: line(code), reason: None });
    let abandon = |lines: Vec<BasketLine>| {
        let basket = "b".parse().unwrap();
        Command::RecordActivity(Activity::AbandonBasket { basket, lines, reason: None })
    };
    let no_sale = |reason: Note| Command::RecordActivity(Activity::OpenWithoutSale(reason));
    let mut till = closed_till(false);
    refused(&mut till, &void("milk"), "drawer_closed", "drawer");
    execute(&mut till, &Command::OpenDrawer(Money::ZERO)).unwrap();
    refused(&mut till, &void("nothing"), "product_unknown", "lines[0].code");
    refused(&mut till, &abandon(Vec::new()), "missing", "lines");
    refused(&mut till, &no_sale(card_number()), "card_number", "reason");
    execute(&mut till, &void("milk")).unwrap();
    execute(&mut till, &abandon(vec![line("milk"), line("bread")])).unwrap();
    execute(&mut till, &no_sale(Note::new("change").unwrap())).unwrap();
    till.record_reprint(&"S01-T01-R26A-000001".parse().unwrap(), None, now(6)).unwrap();
    let session = close(&mut till, &count(0)).session;
    let figures = |tally: Tally| (tally.count, tally.gross.minor());
    assert_eq!((figures(session.voided), figures(session.abandoned)), ((1, 250), (1, 448)));
    assert_eq!((session.no_sales, session.reprints, session.sales), (1, 1, 0));
    till.record_reprint(&"S01-T01-R26A-000001".parse().unwrap(), Some(&owner()), now(6)).unwrap();
    let audit = till.audit(counterfoil_core::db::InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}

#[test]
fn a_z_report_gets_addenda_and_stays_as_it_was() {
    let mut till = open_till();
    let amend = |z: &str, correction| {
        Command::AmendZ(Amendment { z: z.to_owned(), correction, reason: Note::new("found").unwrap() })
    };
    let counted = |minor| Correction::Count(Money::from_minor(minor));
    let moved = |from, to, minor| Correction::Tender { from, to, amount: Money::from_minor(minor) };
    refused(&mut till, &amend("1", counted(1)), "document_unknown", "z");
    sell(&mut till, basket("1", &[("milk", "2")]));
    let z = close(&mut till, &count(10_000));
    refused(&mut till, &amend("1", counted(-1)), "negative", "counted");
    refused(&mut till, &amend("1", moved(TenderKind::Cash, TenderKind::Card, 0)), "not_positive", "amount");
    refused(&mut till, &amend("1", moved(TenderKind::Cash, TenderKind::Cash, 5)), "malformed", "to");
    let cash = till.state().total.cash.minor();
    execute(&mut till, &amend(z.printed.as_str(), counted(10_250))).unwrap();
    execute(&mut till, &amend("1", moved(TenderKind::Cash, TenderKind::Card, 250))).unwrap();
    assert_eq!(till.state().total.cash.minor(), cash - 250);
    let addenda = till.addenda(&z.printed).unwrap();
    assert_eq!(addenda.iter().map(|addendum| addendum.number).collect::<Vec<_>>(), [1, 2]);
    let now_known = amended(&z, &addenda).unwrap();
    assert_eq!((now_known.expected.minor(), now_known.over_short.minor()), (10_000, 250));
    assert_eq!(till.z_report(Some("1")).unwrap().unwrap().z, z, "the report itself never changes");
    for _ in addenda.len()..usize::from(ADDENDA_MAX) {
        execute(&mut till, &amend("1", counted(1))).unwrap();
    }
    refused(&mut till, &amend("1", counted(1)), "too_many", "z");
    let audit = till.audit(counterfoil_core::db::InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}
