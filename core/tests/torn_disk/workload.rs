//! What a till does in a test: a script of real commands, varied by a seed, and what it goes on with after a crash.
//!
//! The script makes a till, sells, refunds and moves cash over two drawer sessions, crosses into a year whose series the
//! till grants itself, joins a head office, is fed, acknowledged, fed wrongly, moved to another epoch, stopped, and sells
//! on in a third journal with the drawer session of the second.

use counterfoil_core::catalog::{MasterRow, Product};
use counterfoil_core::command::{Basket, CashMovement, Command, Count, ExchangeRequest, RefundRequest, ReturnRequest};
use counterfoil_core::db::StorageBackend;
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::id::JournalId;
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Role};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::till::{Access, SetUp, Till, TillError};
use counterfoil_core::time::Now;
use fastrand::Rng;

use crate::office::{self, End, Feed};
use crate::shop::{GOODS, basket, goods, now, owner, refund};

/// 2028-01-06, in minutes of the shop's clock: the till has no series of this year when it comes.
const NEXT_YEAR: i64 = 411 * 1_440;

/// How many documents a long session has before it is looked at: just short of what the store keeps apart from its tables.
const LONG_DOCUMENTS: usize = 250;

/// Whether the script of a seed is a long session.
pub(crate) const fn is_long(seed: u64) -> bool {
    seed % 8 == 3
}

/// One thing that a till is asked to do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Make the store in an empty file.
    Create,
    /// Take many steps that nobody looks at one by one.
    Prologue(Vec<Task>),
    /// Carry out a command.
    Do(Box<Command>),
    /// Open the journal of a life by a grant.
    Enrol(u8),
    /// Apply a page of the feed.
    Feed(Vec<u8>),
    /// Accept head office's acknowledgement of the head.
    Acknowledge,
    /// Obey head office's stop.
    Stop,
    /// Close the store and open it again, as at the end of a day.
    Reopen,
}

/// A step and when it is taken.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) step: Step,
    pub(crate) now: Now,
}

impl Task {
    /// Takes the step. `till` is `None` only before the first.
    pub(crate) fn carry_out(&self, till: &mut Option<Till>, disk: &dyn Fn() -> Backend) -> Result<(), TillError> {
        let Self { step, now } = self;
        match step {
            Step::Create => {
                let key = office::key(1);
                let journal = JournalId([1; 16]);
                let set_up = SetUp { profile: office::profile(), journal, key, series_suffix: "A".to_owned() };
                *till = Some(Till::create(disk(), set_up, *now)?);
                return Ok(());
            }
            Step::Reopen => {
                *till = None;
                *till = Some(open(disk())?);
                return Ok(());
            }
            Step::Prologue(tasks) => return tasks.iter().try_for_each(|task| task.carry_out(till, disk)),
            Step::Do(_) | Step::Enrol(_) | Step::Feed(_) | Step::Acknowledge | Step::Stop => {}
        }
        let till = till.as_mut().expect("the script begins with its making");
        match step {
            Step::Do(command) => till.execute(command, &owner(), *now).map(|_| ()),
            Step::Enrol(life) => till.enrol(office::key(*life), &office::grant(*life, 2028), *now),
            Step::Feed(page) => till.apply_feed_page(page, *now).map(|_| ()),
            Step::Acknowledge => till.accept_acknowledgement(&office::acknowledgement(till.mark())).map(|_| ()),
            Step::Stop => till.accept_stop(&office::stop(till.mark().journal)),
            Step::Create | Step::Reopen | Step::Prologue(_) => Ok(()),
        }
    }

    /// The id of the document that it issues.
    pub(crate) fn issues(&self) -> Option<String> {
        let Step::Do(command) = &self.step else { return None };
        command.id().map(ToString::to_string)
    }
}

/// What stores are opened on.
pub(crate) type Backend = counterfoil_disk::TornBackend;

/// Opens a till with all of its keys.
pub(crate) fn open(backend: impl StorageBackend) -> Result<Till, TillError> {
    Till::open(backend, office::keys(), Access::Full)
}

/// The script of a seed.
pub(crate) fn script(seed: u64) -> Vec<Task> {
    let mut script = Script { rng: Rng::with_seed(seed), tasks: Vec::new(), minutes: 0, sold: Vec::new() };
    if is_long(seed) {
        script.long();
        return script.tasks;
    }
    script.alone(seed % 4 == 2);
    script.minutes = NEXT_YEAR;
    script.session(2);
    script.step(Step::Reopen);
    script.enrolled();
    script.tasks
}

struct Script {
    rng: Rng,
    tasks: Vec<Task>,
    minutes: i64,
    /// Ids of sales that nothing was taken back of.
    sold: Vec<String>,
}

impl Script {
    fn step(&mut self, step: Step) {
        self.minutes += 1;
        self.tasks.push(Task { step, now: now(self.minutes) });
    }

    fn command(&mut self, command: Command) {
        self.step(Step::Do(Box::new(command)));
    }

    fn alone(&mut self, is_large: bool) {
        self.step(Step::Create);
        self.command(Command::ChangeMasterData(goods()));
        if is_large {
            self.large_range();
        }
        self.session(5);
        let code = "ana".parse().unwrap();
        let ana = Operator { code, name: "Ana".parse().unwrap(), role: Role::Cashier, is_active: true };
        self.command(Command::SetOperator(ana, None));
    }

    /// A session with so many sales that what the store puts off comes due while each step is looked at.
    fn long(&mut self) {
        self.step(Step::Create);
        self.command(Command::ChangeMasterData(goods()));
        self.command(Command::OpenDrawer(Money::from_minor(10_000)));
        for number in 0..LONG_DOCUMENTS {
            self.command(Command::CompleteSale(basket(&format!("p{number}"), &[("milk", "1")])));
        }
        let prologue = std::mem::take(&mut self.tasks);
        self.step(Step::Prologue(prologue));
        for _ in 0..12 {
            self.document();
        }
        self.step(Step::Reopen);
        self.document();
        self.command(Command::CloseDrawer(Count::Total(Money::from_minor(9_000))));
    }

    /// A drawer session with some documents and cash movements.
    fn session(&mut self, documents: usize) {
        self.command(Command::OpenDrawer(Money::from_minor(10_000)));
        for _ in 0..documents {
            self.document();
        }
        self.movement();
        let counted = Money::from_minor(self.rng.i64(9_000..12_000));
        self.command(Command::CloseDrawer(Count::Total(counted)));
    }

    fn enrolled(&mut self) {
        self.step(Step::Enrol(2));
        let mut feed = Feed::of_epoch(1);
        let mut rows = goods();
        let rest = rows.split_off(9);
        self.step(Step::Feed(feed.page(rows, End::More)));
        self.command(Command::OpenDrawer(Money::from_minor(5_000)));
        self.step(Step::Feed(feed.page(rest, End::Last)));
        self.document();
        self.step(Step::Acknowledge);
        self.step(Step::Feed(feed.page(vec![office::price("milk", "1.4")], End::Last)));
        self.document();
        self.step(Step::Feed(feed.page(vec![office::price("bread", "1.1")], End::Wrong)));
        let mut feed = Feed::of_epoch(2);
        self.step(Step::Feed(feed.page(goods(), End::Last)));
        self.document();
        self.step(Step::Stop);
        self.step(Step::Enrol(3));
        self.document();
        self.step(Step::Acknowledge);
        self.document();
    }

    /// A sale, an invoice, or a refund or an exchange of an earlier sale, or goods back without a receipt.
    fn document(&mut self) {
        let id = format!("d{}", self.tasks.len());
        if self.sold.len() > 1 && self.rng.u8(..3) == 0 {
            let of = self.sold.swap_remove(self.rng.usize(..self.sold.len()));
            let lines: Option<&[(u16, &str)]> = if self.rng.bool() { Some(&[(1, "1")]) } else { None };
            let back = refund(&id, &of, lines);
            return match self.rng.u8(..4) {
                0 => self.exchange(back),
                1 => self.goods_return(&id),
                _ => self.command(Command::RefundSale(back)),
            };
        }
        let lines: Vec<(&str, String)> = (0..self.rng.usize(1..4))
            .map(|_| (GOODS[self.rng.usize(..GOODS.len())].0, self.rng.u8(1..6).to_string()))
            .collect();
        let lines: Vec<(&str, &str)> = lines.iter().map(|(code, quantity)| (*code, quantity.as_str())).collect();
        let mut sale = basket(&id, &lines);
        if self.rng.u8(..4) == 0 {
            sale = Basket { document: DocumentKind::Invoice, customer: Some("SK-1".parse().unwrap()), ..sale };
        }
        self.sold.push(id);
        self.command(Command::CompleteSale(sale));
    }

    /// Two documents of one command: both are there after a crash, or none.
    fn exchange(&mut self, back: RefundRequest) {
        let sale = basket(back.id.as_str(), &[("milk", "3")]);
        let RefundRequest { id, refund_of, lines, .. } = back;
        self.command(Command::Exchange(ExchangeRequest { id, refund_of, back: lines, sale }));
    }

    fn goods_return(&mut self, id: &str) {
        let Basket { id, lines, .. } = basket(id, &[("milk", "1")]);
        let reason = "no receipt".parse().unwrap();
        self.command(Command::ReturnGoods(ReturnRequest { id, lines, reason, tenders: None }));
    }

    fn movement(&mut self) {
        let kind = CashMovementKind::ALL[self.rng.usize(..4)];
        let amount = Money::from_minor(self.rng.i64(1..2_000));
        self.command(Command::MoveCash(CashMovement { kind, amount, reason: "change".parse().unwrap(), bag: None }));
    }

    /// So many products with long names that the file must grow.
    fn large_range(&mut self) {
        for round in 0..self.rng.u32(6..10) {
            let rows = (0..200).map(|number| wide_product(round, number));
            self.command(Command::ChangeMasterData(rows.collect()));
        }
    }
}

fn wide_product(round: u32, number: u32) -> MasterRow {
    let MasterRow::Product(milk) = goods().pop().unwrap() else { panic!("the goods end in a product") };
    let name = format!("{round} {number} {}", "long ".repeat(30)).trim().parse().unwrap();
    let code = format!("wide-{round}-{number}").parse().unwrap();
    MasterRow::Product(Box::new(Product { code, name, barcodes: Vec::new(), ..*milk }))
}

/// What a till does next after a crash, which depends on nothing but where it stands: what is needed to sell, then sales.
pub(crate) fn next_extra(till: &Till, now: Now) -> Result<Task, TillError> {
    // The journals of the script are numbered by their lives.
    let life = till.mark().journal.0[0];
    let step = if *till.access() != Access::Full {
        Step::Enrol(life + 1)
    } else if till.products(None, 1)?.is_empty() {
        Step::Do(Box::new(Command::ChangeMasterData(goods())))
    } else if till.session().is_none() {
        Step::Do(Box::new(Command::OpenDrawer(Money::from_minor(7_000))))
    } else {
        let seq = till.mark().seq;
        let one = GOODS[usize::try_from(seq).unwrap() % GOODS.len()].0;
        Step::Do(Box::new(Command::CompleteSale(basket(&format!("x{life}-{seq}"), &[(one, "2"), ("milk", "1")]))))
    };
    Ok(Task { step, now })
}

/// Whether a task sells.
pub(crate) fn is_sale(task: &Task) -> bool {
    matches!(&task.step, Step::Do(command) if matches!(command.as_ref(), Command::CompleteSale(_)))
}
