//! Refusals at the drawer, counts by denomination, and Z reports by their numbers.

use counterfoil_core::command::{CashMovement, Command, Count, DENOMINATIONS_MAX};
use counterfoil_core::drawer::{CashMovementKind, ZReportV1};
use counterfoil_core::id::Note;
use counterfoil_core::money::Money;
use counterfoil_core::till::{Outcome, Till, TillError};

use crate::{basket, card_number, closed_till, count, execute, now, open_till, owner, refused, sell};

fn movement(kind: CashMovementKind, minor: i64, reason: &Note) -> Command {
    Command::MoveCash(CashMovement { kind, amount: Money::from_minor(minor), reason: reason.clone() })
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
