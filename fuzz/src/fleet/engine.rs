//! One run: a seed and its options become a fleet, a course of events, and a verdict.
//!
//! Each step takes the next event of the agenda. Now and then, and at the end, the fleet comes to rest: the network is
//! whole, clocks are right, everybody syncs until nothing changes, and everything is looked at.

use counterfoil_core::id::Hash;
use counterfoil_core::operator::Role;
use counterfoil_core::time::Timestamp;
use counterfoil_node::failure::Failure;
use counterfoil_sync_server::grants::{History, add_token};
use counterfoil_sync_server::master_data;
use counterfoil_sync_server::store::record::TokenRecord;

use super::fault::FaultCounts;
use super::history::{Grant, What};
use super::line::Purpose;
use super::observe;
use super::options::Options;
use super::oracle::Counts;
use super::shop;
use super::trace::{Trace, Wants};
use super::world::{Event, Role as Use, World};

pub use super::world::Tally;

/// How long a token is good.
const TOKEN_MS: i64 = 40 * 86_400_000;
/// How many steps lie between two quiet points, at most.
const QUIET_EVERY: u64 = 160;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Of which seed.
    pub seed: u64,
    /// What was broken, where something was.
    pub failure: Option<Broken>,
    /// How often each fault happened.
    pub faults: FaultCounts,
    /// How often each promise was looked at.
    pub checks: Counts,
    /// Steps, sales and so on.
    pub tally: Tally,
    /// The hash of everything that happened.
    pub trace_hash: String,
    /// The story, where it was wanted.
    pub story: Vec<String>,
}

/// A law that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its letter and number.
    pub law: String,
    /// What a person reads.
    pub text: String,
    /// At which step.
    pub step: u64,
}

/// Runs a seed.
#[must_use]
pub fn run(seed: u64, options: &Options, wants: Wants) -> Ran {
    let mut world = World::new(seed, options.clone(), Trace::new(wants));
    world.open_company();
    while world.step < world.options.steps && world.broken.is_none() {
        let before = world.step;
        world.take_step();
        if world.step != before && world.step.is_multiple_of(QUIET_EVERY) {
            world.come_to_rest();
        }
        world.look();
    }
    if world.broken.is_none() {
        world.come_to_rest();
        world.look();
    }
    let step = world.step;
    let failure = world.broken.take().map(|(law, text)| Broken { law, text, step });
    if let Some(broken) = &failure {
        world.tell(format_args!("BROKEN {}: {}", broken.law, broken.text));
    }
    world.tally.steps = world.step;
    Ran {
        seed,
        failure,
        faults: world.faults.clone(),
        checks: world.oracle.counts().clone(),
        tally: world.tally,
        trace_hash: world.trace.hash(),
        story: world.trace.lines().to_vec(),
    }
}

impl World {
    /// Head office has its catalogue and people, each till its token.
    fn open_company(&mut self) {
        let store = self.office.rows().expect("head office runs from the beginning");
        let changed = store.write(|rows| master_data::change(rows, &shop::opening()));
        changed.expect("the opening catalogue contradicts nothing");
        let stores = self.rng.usize(1..=shop::STORES.len().min(self.options.tills));
        for number in 0..self.options.tills {
            let (code, zone) = shop::STORES[number % stores];
            let slot = (shop::store_code(code), shop::till_code(number + 1));
            let seat = self.add_device(slot, zone);
            self.tell(format_args!("{} is set up in {zone}", self.name(seat)));
            self.join(seat);
            let wait = self.rng.i64(1..60_000);
            self.after(wait, Event::Sync(seat));
            let wait = self.rng.i64(60_000..600_000);
            self.after(wait, Event::Act(seat));
        }
        for event in [Event::OfficeWork, Event::Mishap, Event::Backup] {
            let wait = self.rng.i64(600_000..7_200_000);
            self.after(wait, event);
        }
    }

    /// A person makes a token for the slot of a device and types it in there.
    pub(crate) fn join(&mut self, seat: usize) {
        // Whoever got no answer types the same token again; some get themselves a new one.
        let again = self.seats[seat].token.filter(|_| self.rng.u8(..4) > 0);
        let Some(token) = again.or_else(|| self.make_token(seat)) else { return };
        self.seats[seat].token = Some(token);
        let tls_key = Hash([u8::try_from(seat % 256).unwrap_or(0); 32]);
        self.begin_exchange(seat, Purpose::Enrol(token, tls_key));
    }

    pub(crate) fn make_token(&mut self, seat: usize) -> Option<Hash> {
        if self.seats[seat].is_revoked {
            return None;
        }
        let mut bytes = [0; 32];
        self.rng.fill(&mut bytes);
        let device = self.device(seat);
        let device = device.borrow();
        let (code, till, zone) = (device.store.clone(), device.name.clone(), device.zone);
        drop(device);
        let expires = Timestamp(self.time.get().saturating_add(TOKEN_MS));
        let store = self.office.rows()?;
        let made = store.write(|rows| {
            let epoch = rows.as_rows().epoch()?;
            let token = TokenRecord { store: code.clone(), till: till.clone(), expires, epoch, used: None, refused: 0 };
            add_token(rows, Hash(bytes), &token, &shop::store(&code, zone), History::Refused)
        });
        match made {
            Ok(()) => Some(Hash(bytes)),
            Err(error) => {
                self.tell(format_args!("no token for {}: {error}", self.name(seat)));
                None
            }
        }
    }

    fn take_step(&mut self) {
        let Some(event) = self.next_event() else {
            self.step = self.options.steps;
            return;
        };
        match event {
            // Nobody waits any more for what an answer of long ago would have said; that is no step.
            Event::Answer(reply) | Event::GiveUp(reply) => return self.deliver(reply),
            Event::Arrive(message) => self.arrive(message),
            Event::Act(seat) => {
                self.do_something(seat);
                self.act_again(seat);
            }
            Event::Sync(seat) => {
                self.sync(seat);
                let wait = self.rng.i64(30_000..5_400_000);
                self.after(wait, Event::Sync(seat));
            }
            Event::Start(seat) => self.switch_on(seat),
            Event::StartOffice => self.switch_office_on(),
            Event::OfficeWork => {
                self.change_catalogue();
                let wait = self.rng.i64(1_800_000..14_400_000);
                self.after(wait, Event::OfficeWork);
            }
            Event::Mishap => {
                self.go_wrong();
                let wait = self.rng.i64(300_000..5_400_000);
                self.after(wait, Event::Mishap);
            }
            Event::Heal(seat) => self.heal(seat),
            Event::Weeks(seat) => self.let_weeks_pass(seat),
            Event::SetClock(seat) => self.set_clock(seat, 0),
            Event::Backup => {
                self.make_copies();
                let wait = self.rng.i64(3_600_000..21_600_000);
                self.after(wait, Event::Backup);
            }
        }
        self.step = self.step.saturating_add(1);
    }

    fn act_again(&mut self, seat: usize) {
        let wait =
            if self.rng.u8(..40) == 0 { self.rng.i64(28_800_000..57_600_000) } else { self.rng.i64(5_000..900_000) };
        self.after(wait, Event::Act(seat));
    }

    /// A till syncs, or joins first where it has never joined.
    pub(crate) fn sync(&mut self, seat: usize) {
        if self.seats[seat].exchange.is_some() || self.seats[seat].role == Use::Dead {
            return;
        }
        let (is_up, has_store, has_joined) = {
            let device = self.seats[seat].device.borrow();
            (device.is_up(), device.has_store(), device.files.head_office.is_some())
        };
        if is_up && has_joined {
            self.begin_exchange(seat, Purpose::Sync);
        } else if !has_store && self.seats[seat].role == Use::InUse {
            self.join(seat);
        }
    }

    /// What follows from an exchange that has ended.
    pub(crate) fn after_exchange(&mut self, seat: usize, purpose: Purpose) {
        let Purpose::Enrol(token, _) = purpose else { return };
        let device = self.device(seat);
        let mut device = device.borrow_mut();
        let (store, till) = (device.store.as_str().to_owned(), device.name.as_str().to_owned());
        let Some(state) = device.till().map(|till| till.state().clone()) else { return };
        let has_joined = device.files.head_office.as_ref().is_some_and(|known| known.token == token);
        drop(device);
        if !has_joined {
            return;
        }
        self.seats[seat].token = None;
        let series = state.series.iter().map(|own| own.head.series().code.as_str().to_owned()).collect();
        let token = counterfoil_core::hex::encode(&token.0);
        self.see(What::Granted(Grant { token, store, till, journal: state.journal.0, series }));
        self.observe_till(seat);
    }

    /// Head office changes what it sells, or who sells it.
    fn change_catalogue(&mut self) {
        let number = self.rng.usize(..shop::PRODUCTS.len());
        let price = self.rng.i64(10..5_000);
        let change = match self.rng.u8(..10) {
            0..6 => master_data::MasterChange::set(None, shop::product(shop::PRODUCTS[number].0, number, price)),
            6..9 => {
                let (store, _) = shop::STORES[self.rng.usize(..shop::STORES.len())];
                master_data::MasterChange::set(Some(shop::store_code(store)), shop::store_price(number, price))
            }
            _ => {
                let name = format!("Ben {price}");
                let operator = shop::operator(shop::CASHIER, &name, Role::Cashier);
                let row = counterfoil_core::catalog::MasterRow::Operator(operator);
                master_data::MasterChange::set(None, row)
            }
        };
        let Some(store) = self.office.rows() else { return };
        let changed = store.write(|rows| master_data::change(rows, std::slice::from_ref(&change)));
        if !self.office.disk.has_power() {
            return self.lose_office();
        }
        match changed {
            Ok(_) => self.tell(format_args!("head office changes {:?}", shop::PRODUCTS[number].0)),
            Err(error) => self.judge_office_failure(&error.into()),
        }
    }

    /// Looks at a till and tells what it shows.
    pub(crate) fn observe_till(&mut self, seat: usize) {
        let device = self.device(seat);
        let mut device = device.borrow_mut();
        let Some(till) = device.till() else { return };
        let told = observe::till(seat, till, &mut self.known, None::<counterfoil_core::db::InMemoryBackend>);
        drop(device);
        match told {
            Ok(what) => self.see(what),
            Err(error) => {
                if self.seats[seat].device.borrow().disk.has_power() {
                    self.break_off("S1", format_args!("{} cannot be looked at: {error}", self.name(seat)));
                }
            }
        }
    }

    /// A failure of a till that nobody has caused is a defect.
    pub(crate) fn judge_failure(&mut self, seat: usize, failure: &Failure) {
        let Failure::Damaged(damage) = failure else { return };
        if damage.code == "panic" {
            self.break_off("panic", format_args!("{} panicked: {}", self.name(seat), damage.message));
        } else if self.seats[seat].has_bad_disk.is_some() {
            self.repair(seat);
        } else if matches!(damage.code, "store" | "bug") {
            self.break_off("failure", format_args!("{} failed on a sound disk: {}", self.name(seat), damage.message));
        }
    }

    /// A failure of head office that nobody has caused is a defect.
    pub(crate) fn judge_office_failure(&mut self, cause: &anyhow::Error) {
        if self.office.disk.has_power() {
            self.break_off("failure", format_args!("head office failed on a sound disk: {cause:#}"));
        }
    }

    /// Lets the oracle look at what is new.
    fn look(&mut self) {
        if let Err(broken) = self.oracle.step(&self.history) {
            self.break_off(
                &broken.check.to_string(),
                format_args!("{} (always: {})", broken.text, broken.check.rule()),
            );
        }
    }
}
