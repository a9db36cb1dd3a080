//! Tables and tail together are what the journal says, however often the tail is folded and whenever the power goes.
//!
//! Three tills do the same: one is never stopped, one is stopped cleanly after every command so that each entry goes to
//! the tables by itself, and after every command a copy of the first one's disk is opened as a pulled plug leaves it.

mod bounds;
mod others;
#[path = "../shop/mod.rs"]
mod shop;

use std::io;
use std::sync::{Arc, Mutex};

use counterfoil_core::command::{CashMovement, Command, Count};
use counterfoil_core::db::{InMemoryBackend, StorageBackend};
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::till::{Access, SetUp, Till};
use proptest::prelude::*;
use shop::{GOODS, basket, goods, now, owner, profile, refund};

/// A file in memory that can be copied at any moment.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Vec<u8>>>);

impl Disk {
    fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.bytes())))
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.0.lock().unwrap()[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        self.0.lock().unwrap()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn made() -> (Disk, Till) {
    let disk = Disk::default();
    let set_up = SetUp {
        profile: profile("SK", "EUR", true),
        journal: JournalId([1; 16]),
        key: key(),
        series_suffix: "A".to_owned(),
    };
    let mut till = Till::create(disk.clone(), set_up, now(0)).unwrap();
    till.execute(&Command::ChangeMasterData(goods()), &owner(), now(0)).unwrap();
    (disk, till)
}

fn opened(disk: &Disk) -> Till {
    Till::open(disk.clone(), vec![key()], Access::Full).unwrap()
}

/// What a till answers: its state, every entry, its stock, and what became of each sale.
fn answers(till: &Till, sales: usize) -> String {
    let status = format!("{:?} {:?}\n", till.status().unwrap(), till.state());
    let entries = till.batch(till.head().journal(), 1).unwrap();
    let stock: Vec<_> = GOODS.iter().map(|good| till.stock(&good.0.parse().unwrap()).unwrap()).collect();
    let sold: Vec<_> = (0..sales).map(|sale| till.document(&sale.to_string()).unwrap()).collect();
    format!("{status}{entries:?}\n{stock:?}\n{sold:?}")
}

fn assert_audited(till: &mut Till) {
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{:?}", audit.differences);
}

#[derive(Clone, Debug)]
enum Step {
    Sell(usize, u8),
    Refund(usize, bool),
    Repeat(usize),
    Move(i64),
    Open,
    Close,
    Price,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..GOODS.len(), 1_u8..5).prop_map(|(good, quantity)| Step::Sell(good, quantity)),
        5 => (0..30_usize, any::<bool>()).prop_map(|(sale, is_whole)| Step::Refund(sale, is_whole)),
        2 => (0..30_usize).prop_map(Step::Repeat),
        1 => (-5_i64..500).prop_map(Step::Move),
        1 => Just(Step::Open),
        1 => Just(Step::Close),
        1 => Just(Step::Price),
    ]
}

fn sale(number: usize, good: usize, quantity: u8) -> Command {
    let other = GOODS[(good * 7 + 3) % GOODS.len()].0;
    Command::CompleteSale(basket(&number.to_string(), &[(GOODS[good].0, &quantity.to_string()), (other, "1")]))
}

fn command(step: &Step, place: usize, sales: &mut Vec<Command>) -> Command {
    match step {
        Step::Sell(good, quantity) => {
            sales.push(sale(sales.len(), *good, *quantity));
            sales[sales.len() - 1].clone()
        }
        Step::Refund(of, is_whole) => {
            let lines: &[(u16, &str)] = &[(1, "1")];
            let lines = if *is_whole { None } else { Some(lines) };
            Command::RefundSale(refund(&format!("r{place}"), &of.to_string(), lines))
        }
        Step::Repeat(of) => sales.get(*of).cloned().unwrap_or(Command::OpenDrawer(Money::ZERO)),
        Step::Move(amount) => Command::MoveCash(CashMovement {
            kind: CashMovementKind::PayIn,
            amount: Money::from_minor(*amount),
            reason: "for a reason".parse().unwrap(),
            bag: None,
        }),
        Step::Open => Command::OpenDrawer(Money::from_minor(5_000)),
        Step::Close => Command::CloseDrawer(Count::Total(Money::from_minor(9_000))),
        Step::Price => {
            let mut rows = goods();
            rows.rotate_left(place % 9);
            Command::ChangeMasterData(rows)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folding_and_pulled_plugs_change_no_answer(steps in proptest::collection::vec(step(), 1..25)) {
        let (mut disk, mut steady) = made();
        let (stopped_disk, stopped) = made();
        drop(stopped);
        let mut sales = Vec::new();
        for (place, step) in [Step::Open].iter().chain(&steps).enumerate() {
            let command = command(step, place, &mut sales);
            let outcome = steady.execute(&command, &owner(), now(1)).map_err(|error| error.to_string());
            let mut stopped = opened(&stopped_disk);
            prop_assert_eq!(&stopped.execute(&command, &owner(), now(1)).map_err(|error| error.to_string()), &outcome);
            drop(stopped);
            let expected = answers(&steady, sales.len());
            let mut pulled = opened(&disk.copy());
            prop_assert_eq!(answers(&pulled, sales.len()), &expected[..]);
            assert_audited(&mut pulled);
            prop_assert_eq!(answers(&opened(&stopped_disk), sales.len()), expected);
            if place % 5 == 4 {
                // The steady till itself loses its power now and then: it goes on from a copy of its disk.
                disk = disk.copy();
                steady = opened(&disk);
            }
        }
        assert_audited(&mut steady);
        assert_audited(&mut opened(&stopped_disk));
    }
}

#[test]
fn a_tail_that_is_full_is_folded_with_the_next_sale() {
    let (disk, mut till) = made();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(1)).unwrap();
    for number in 0..600 {
        till.execute(&sale(number, number % GOODS.len(), 2), &owner(), now(1)).unwrap();
        if number % 97 == 0 || (255..260).contains(&number) {
            let mut pulled = opened(&disk.copy());
            assert_eq!(answers(&pulled, number), answers(&till, number));
            assert_audited(&mut pulled);
        }
    }
    let expected = answers(&till, 600);
    drop(till);
    assert_eq!(answers(&opened(&disk), 600), expected);
}
