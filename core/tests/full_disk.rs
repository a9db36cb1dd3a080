//! A disk that runs full: the sale at hand fails as a whole, and with the reserve released the day can be ended.

#[path = "shop/mod.rs"]
mod shop;

use counterfoil_core::command::{CashMovement, Command, Count};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::till::{Access, Outcome, SetUp, Space, Till, TillError};
use counterfoil_disk::TornDisk;
use shop::{basket, goods, now, owner, profile, refund};

const JOURNAL: JournalId = JournalId([7; 16]);
const PAGE: usize = 4_096;

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// A till with one sale, its drawer open.
fn selling(disk: &TornDisk) -> Till {
    let set_up =
        SetUp { profile: profile("ES", "EUR", true), journal: JOURNAL, key: key(), series_suffix: "A".to_owned() };
    let mut till = Till::create(disk.backend(), set_up, now(0)).unwrap();
    till.execute(&Command::ChangeMasterData(goods()), &owner(), now(0)).unwrap();
    till.execute(&Command::OpenDrawer(Money::from_minor(10_000)), &owner(), now(1)).unwrap();
    sell(&mut till, "first").unwrap();
    till
}

fn sell(till: &mut Till, id: &str) -> Result<Outcome, TillError> {
    till.execute(&Command::CompleteSale(basket(id, &[("milk", "1"), ("book", "2")])), &owner(), now(2))
}

fn scarce() -> Space {
    Space::Scarce("3 MiB are free".to_owned())
}

fn is_refused(result: Result<Outcome, TillError>) -> bool {
    matches!(result, Err(TillError::Refused(refusal)) if refusal.code() == "disk_full")
}

#[test]
fn on_a_full_disk_nothing_begins_and_everything_can_be_ended() {
    let disk = TornDisk::new();
    let mut till = selling(&disk);
    till.set_space(scarce());
    let before = till.mark();
    assert!(is_refused(sell(&mut till, "second")));
    assert!(is_refused(till.execute(&Command::ChangeMasterData(goods()), &owner(), now(3))));
    assert_eq!(till.mark(), before, "a refusal uses up nothing");
    assert!(sell(&mut till, "first").is_ok(), "the answer of an earlier sale needs no room");

    till.execute(&Command::RefundSale(refund("back", "first", None)), &owner(), now(4)).unwrap();
    let (kind, amount) = (CashMovementKind::SafeDrop, Money::from_minor(5_000));
    let drop = CashMovement { kind, amount, reason: "to the safe".parse().unwrap(), bag: None };
    till.execute(&Command::MoveCash(drop), &owner(), now(5)).unwrap();
    assert!(till.hello(JOURNAL, None).is_ok() && till.batch(JOURNAL, 1).unwrap().is_some());
    till.execute(&Command::CloseDrawer(Count::Total(Money::from_minor(5_000))), &owner(), now(6)).unwrap();
    assert!(is_refused(till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(7))));

    till.set_space(Space::Enough);
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(8)).unwrap();
    let Ok(Outcome::Issued(sold)) = sell(&mut till, "second") else { panic!("not sold") };
    assert_eq!(sold.document.number, 2, "no number was used up");
    assert!(till.audit(InMemoryBackend::new()).unwrap().is_ok());
}

/// The disk is full after every number of further pages: the till stops, and opened again with room it stands before or
/// after that very sale.
#[test]
fn wherever_the_disk_runs_full_the_sale_is_whole_or_not_there() {
    let mut failed = 0;
    for pages in (0..64).step_by(9) {
        let disk = TornDisk::new();
        let mut till = selling(&disk);
        disk.set_capacity(disk.live().allocated_bytes() + pages * PAGE);
        let mut sold = 1;
        let stopped = loop {
            match sell(&mut till, &format!("sale {sold}")) {
                Ok(_) => sold += 1,
                Err(error) => break error,
            }
            assert!(sold < 10_000, "the disk never runs full");
        };
        let TillError::Db(error) = &stopped else { panic!("{stopped}") };
        assert!(error.is_disk_full(), "{error}");
        assert!(matches!(till.access(), Access::ReadOnly(_)), "it stops until it is opened again");
        assert!(sell(&mut till, "another").is_err());
        drop(till);
        failed += 1;

        disk.mend();
        let mut till = Till::open(disk.backend(), vec![key()], Access::Full).unwrap();
        till.check_pages().unwrap();
        till.set_space(scarce());
        assert!(till.audit(InMemoryBackend::new()).unwrap().is_ok(), "{pages} pages");
        let issued = till.state().last_numbers().first().map_or(0, |(_, number)| *number);
        assert!(issued == sold || issued == sold + 1, "{issued} of {sold}");
        till.execute(&Command::CloseDrawer(Count::Total(Money::ZERO)), &owner(), now(9)).unwrap();
    }
    assert_eq!(failed, 8);
}
