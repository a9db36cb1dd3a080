//! Sales in the tail beside everything else that a till stores: whatever comes between them, a pulled plug and a clean stop
//! leave the same till.

#[path = "../torn_disk/office.rs"]
mod office;

use counterfoil_core::command::Command;
use counterfoil_core::id::OperatorCode;
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Pepper, Pin, PinHash, Role};
use counterfoil_core::till::{Access, SetUp, Till, TillError};
use counterfoil_core::time::Now;

use self::office::{End, Feed};
use super::{Disk, answers, assert_audited, sale};
use crate::shop::{goods, now, owner, refund};

/// In minutes of the shop's clock: a year of which the till has no series.
const YEAR_2028: i64 = 411 * 1_440;

fn open(disk: &Disk) -> Till {
    let mut till = Till::open(disk.clone(), office::keys(), Access::Full).unwrap();
    till.set_pepper(Pepper::new([6; 32]));
    till
}

struct Shop {
    disk: Disk,
    till: Till,
    sales: usize,
    minutes: i64,
}

impl Shop {
    fn new() -> Self {
        let disk = Disk::default();
        let (profile, key) = (office::profile(), office::key(1));
        let journal = counterfoil_core::id::JournalId([1; 16]);
        let set_up = SetUp { profile, journal, key, series_suffix: "A".to_owned() };
        let mut till = Till::create(disk.clone(), set_up, now(0)).unwrap();
        till.set_pepper(Pepper::new([6; 32]));
        till.execute(&Command::ChangeMasterData(goods()), &owner(), now(0)).unwrap();
        let mut shop = Self { disk, till, sales: 0, minutes: 1 };
        shop.run(&Command::OpenDrawer(Money::ZERO)).unwrap();
        shop
    }

    fn now(&self) -> Now {
        now(self.minutes)
    }

    fn run(&mut self, command: &Command) -> Result<(), TillError> {
        let now = self.now();
        self.till.execute(command, &owner(), now).map(|_| ())
    }

    fn sell(&mut self) {
        let command = sale(self.sales, self.sales % 7, 2);
        self.run(&command).unwrap();
        self.sales += 1;
    }

    /// Two sales and a refund of the first stay in the tail; then something else happens, then further sales. After each
    /// step a pulled plug and, at the end, a clean stop leave what the till says of itself.
    fn around(&mut self, act: impl FnOnce(&mut Self)) {
        self.sell();
        self.run(&Command::RefundSale(refund(&format!("r{}", self.sales), &(self.sales - 1).to_string(), None)))
            .unwrap();
        self.sell();
        self.pull_plug();
        act(self);
        self.pull_plug();
    }

    fn pull_plug(&self) {
        let mut pulled = open(&self.disk.copy());
        assert_eq!(pulled.mark(), self.till.mark());
        assert_eq!(answers(&pulled, self.sales), answers(&self.till, self.sales));
        assert_audited(&mut pulled);
    }

    fn stop_cleanly(mut self) -> Self {
        let (expected, mark) = (answers(&self.till, self.sales), self.till.mark());
        drop(self.till);
        self.till = open(&self.disk);
        assert_eq!(self.till.mark(), mark);
        assert_eq!(answers(&self.till, self.sales), expected);
        assert_audited(&mut self.till);
        self
    }
}

/// A till of head office that was fed, its drawer open.
fn fed() -> (Shop, Feed) {
    let mut shop = Shop::new();
    shop.run(&Command::CloseDrawer(counterfoil_core::command::Count::Total(Money::ZERO))).unwrap();
    let now = shop.now();
    shop.till.enrol(office::key(2), &office::grant(2, 2026), now).unwrap();
    let mut feed = Feed::of_epoch(1);
    shop.till.apply_feed_page(&feed.page(goods(), End::Last), now).unwrap();
    shop.run(&Command::OpenDrawer(Money::ZERO)).unwrap();
    (shop, feed)
}

#[test]
fn a_page_of_the_feed_between_sales() {
    let (mut shop, mut feed) = fed();
    for end in [End::More, End::Last, End::Wrong] {
        shop.around(|shop| {
            let page = feed.page(vec![office::price("milk", "1.49")], end);
            let now = shop.now();
            shop.till.apply_feed_page(&page, now).ok();
        });
    }
    shop.around(Shop::sell);
    shop.stop_cleanly();
}

#[test]
fn an_acknowledgement_and_a_stop_between_sales_and_then_a_further_journal() {
    let (mut shop, _) = fed();
    shop.around(|shop| {
        shop.till.accept_acknowledgement(&office::acknowledgement(shop.till.mark())).unwrap();
    });
    shop.around(|shop| {
        shop.till.accept_stop(&office::stop(shop.till.mark().journal)).unwrap();
        let command = sale(1_000, 1, 1);
        assert!(shop.run(&command).is_err(), "it is stopped");
    });
    let now = shop.now();
    shop.till.enrol(office::key(3), &office::grant(3, 2026), now).unwrap();
    assert_eq!(*shop.till.access(), Access::Full);
    shop.pull_plug();
    shop.around(Shop::sell);
    shop.stop_cleanly();
}

#[test]
fn a_new_journal_over_sales_that_nothing_folded() {
    let mut shop = Shop::new();
    shop.around(|shop| {
        shop.run(&Command::CloseDrawer(counterfoil_core::command::Count::Total(Money::ZERO))).unwrap();
    });
    let now = shop.now();
    shop.till.enrol(office::key(2), &office::grant(2, 2026), now).unwrap();
    shop.pull_plug();
    let shop = shop.stop_cleanly();
    drop(shop);

    // An older copy keeps its open drawer: its sales are in the tail when the next journal is opened over them.
    let (mut shop, _) = fed();
    shop.sell();
    shop.sell();
    shop.till.accept_stop(&office::stop(shop.till.mark().journal)).unwrap();
    shop.till = open(&shop.disk.copy());
    assert!(shop.till.session().is_some());
    let disk = shop.disk.copy();
    shop.till = open(&disk);
    shop.disk = disk;
    let now = shop.now();
    shop.till.enrol(office::key(3), &office::grant(3, 2026), now).unwrap();
    shop.pull_plug();
    shop.around(Shop::sell);
    shop.stop_cleanly();
}

#[test]
fn wrong_pins_until_the_lock_between_sales() {
    let mut shop = Shop::new();
    let pin = |text: &str, role: &Role| Pin::new(text, role).unwrap();
    let ana = OperatorCode::new("ana").unwrap();
    let set = |code: &str, role, hash: PinHash| {
        let operator = Operator { code: code.parse().unwrap(), name: code.parse().unwrap(), role, is_active: true };
        Command::SetOperator(operator, Some(hash))
    };
    shop.around(|shop| {
        shop.run(&set("owner", Role::Admin, pin("482913", &Role::Admin).hash([1; 16]))).unwrap();
        shop.run(&set("ana", Role::Cashier, pin("4711", &Role::Cashier).hash([3; 16]))).unwrap();
    });
    for attempt in 1..=5 {
        shop.around(|shop| {
            let now = shop.now();
            let wrong = shop.till.identify(Some(&ana), Some(&pin("1234", &Role::Cashier)), now);
            assert!(wrong.is_err(), "attempt {attempt}");
        });
    }
    let now = shop.now();
    let locked = |till: &mut Till| till.identify(Some(&ana), Some(&pin("4711", &Role::Cashier)), now).is_err();
    assert!(locked(&mut shop.till), "after five wrong PINs the right one is refused");
    assert!(locked(&mut open(&shop.disk.copy())), "a pulled plug does not undo it");
    let mut shop = shop.stop_cleanly();
    assert!(locked(&mut shop.till), "nor does a clean stop");
}

#[test]
fn the_first_sale_of_a_year_without_series_comes_after_sales_in_the_tail() {
    let mut shop = Shop::new();
    shop.around(|shop| {
        shop.minutes = YEAR_2028;
        let command = sale(2_000, 5, 1);
        assert!(shop.run(&Command::RefundSale(refund("r-none", "none", None))).is_err(), "a refusal grants no series");
        let before = shop.till.mark();
        assert!(shop.till.state().series.iter().all(|series| series.head.series().year < 2028));
        shop.run(&command).unwrap();
        assert_eq!(shop.till.mark().seq, before.seq + 2, "the series and the sale, in one commit");
    });
    shop.around(Shop::sell);
    shop.stop_cleanly();
}
