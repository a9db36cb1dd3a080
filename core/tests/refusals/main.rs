//! What a till refuses, with code and field, where each limit lies, and that a refusal leaves no trace.
//!
//! Each table has the last value that is taken beside the first that is not. After every refusal the journal's head is
//! where it was.

mod approval;
mod drawer;
mod goods_back;
mod people;
mod products;
mod refund;
mod sale;
mod way_back;
#[path = "../shop/mod.rs"]
mod shop;

use counterfoil_core::command::{Basket, Command, Count};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::id::{JournalId, Note};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::Refusal;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::{Issued, Outcome, SetUp, Till, TillError};
use shop::{GOODS, basket, goods, now, owner, profile, refund};

/// A till of the shop with its goods, without an open drawer.
fn closed_till(has_history: bool) -> Till {
    let profile = counterfoil_core::grant::Profile { has_history, ..profile("ES", "EUR", true) };
    let key = SigningKey::from_seed([4; 32]);
    let set_up = SetUp { profile, journal: JournalId([4; 16]), key, series_suffix: "A".to_owned() };
    let mut till = Till::create(InMemoryBackend::new(), set_up, now(0)).unwrap();
    let stored = till.execute(&Command::ChangeMasterData(goods()), &owner(), now(0)).unwrap();
    assert!(matches!(stored, Outcome::MasterData(counts) if counts.added == 5 + GOODS.len() as u64));
    till
}

fn open_till() -> Till {
    let mut till = closed_till(false);
    till.execute(&Command::OpenDrawer(Money::from_minor(10_000)), &owner(), now(1)).unwrap();
    till
}

fn tender(kind: TenderKind, minor: i64) -> Tender {
    Tender::of(kind, Money::from_minor(minor))
}

/// A text that looks like the number of a payment card.
fn card_number() -> Note {
    Note::new("4111 1111 1111 1111").unwrap()
}

fn execute(till: &mut Till, command: &Command) -> Result<Outcome, Refusal> {
    match till.execute(command, &owner(), now(5)) {
        Ok(outcome) => Ok(outcome),
        Err(TillError::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{command:?}: {error}"),
    }
}

fn issue(till: &mut Till, command: &Command) -> Issued {
    let outcome = execute(till, command).unwrap();
    let Outcome::Issued(issued) = outcome else { panic!("no document but {outcome:?}") };
    *issued
}

/// Expects a refusal with this code and field, and that the journal is where it was.
fn refused(till: &mut Till, command: &Command, code: &str, field: &str) -> Refusal {
    let head = till.head();
    let refusal = execute(till, command).expect_err(&format!("{command:?} was carried out"));
    assert_eq!((refusal.code(), refusal.field()), (code, field), "{command:?}: {refusal}");
    assert_eq!(till.head(), head, "{command:?} has left a trace");
    refusal
}

fn sell(till: &mut Till, basket: Basket) -> Issued {
    issue(till, &Command::CompleteSale(basket))
}

fn count(minor: i64) -> Command {
    Command::CloseDrawer(Count::Total(Money::from_minor(minor)))
}

#[test]
fn after_every_refusal_the_books_agree() {
    let mut till = open_till();
    refused(&mut till, &Command::CompleteSale(basket("1", &[("nothing", "1")])), "product_unknown", "lines[0].code");
    sell(&mut till, basket("1", &[("milk", "2")]));
    let again = refund("2", "nothing", None);
    refused(&mut till, &Command::RefundSale(again), "document_unknown", "refund_of");
    refused(&mut till, &count(-1), "negative", "count");
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}
