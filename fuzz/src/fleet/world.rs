//! The fleet of one run: devices, head office, messages under way, and what was seen of all of it.
//!
//! Everything that will happen stands in one agenda by its true time; taking the next event is one step. Always: the only
//! source of chance is the seed's generator, and nothing that is iterated over has an order of its own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use counterfoil_core::command::Command;
use counterfoil_core::id::{Hash, StoreCode, TillCode};
use counterfoil_disk::Image;
use counterfoil_node::sync::trouble::Trouble;
use fastrand::Rng;

use super::device::{Copy, Device, TrueTime};
use super::fault::{FaultCounts, FaultKind};
use super::history::{History, Truth, What};
use super::line::{Exchange, Shared};
use super::observe::Known;
use super::office::{Office, Request};
use super::options::Options;
use super::oracle::Oracle;
use super::trace::Trace;

/// True times at which a run may begin: 2026-03-27 08:00 UTC, an ordinary day, and 2026-12-31 14:00 UTC, when the series
/// of the year end.
const BEGINNINGS_MS: [i64; 2] = [1_774_598_400_000, 1_798_725_600_000];
/// True times some hours before the clocks of Europe change: 2026-03-28 18:00 UTC and 2026-10-24 18:00 UTC.
const BEFORE_CHANGE_MS: [i64; 2] = [1_774_720_800_000, 1_792_864_800_000];

/// What happens next.
pub(crate) enum Event {
    /// Somebody does something at a till.
    Act(usize),
    /// A till begins to sync.
    Sync(usize),
    /// A till's computer is switched on.
    Start(usize),
    /// A request arrives at head office.
    Arrive(Message),
    /// An answer arrives at a till.
    Answer(Reply),
    /// Head office is switched on.
    StartOffice,
    /// Somebody changes something at head office.
    OfficeWork,
    /// Something goes wrong.
    Mishap,
    /// The line of a till is whole again.
    Heal(usize),
    /// Weeks pass in which nobody works but those who must.
    Weeks(usize),
    /// Somebody sets the clock of a till right.
    SetClock(usize),
    /// A till no longer waits for an answer.
    GiveUp(Reply),
    /// Somebody makes copies: of head office, and of a till.
    Backup,
}

/// A request on its way.
pub(crate) struct Message {
    /// From which device.
    pub(crate) device: usize,
    /// Which exchange of the fleet, and which request of it; none for a copy that nobody waits for.
    pub(crate) waits: Option<(u64, u64)>,
    /// In which order it was sent.
    pub(crate) sent: u64,
    /// What it asks.
    pub(crate) request: Request,
}

/// An answer on its way.
pub(crate) struct Reply {
    /// To which device.
    pub(crate) device: usize,
    /// Which exchange and request it answers.
    pub(crate) waits: (u64, u64),
    /// What arrives.
    pub(crate) answer: Result<Vec<u8>, Trouble>,
}

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is whole.
    Whole,
    /// Nothing goes either way.
    Both,
    /// Requests are lost.
    Up,
    /// Answers are lost.
    Down,
}

/// What a device is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// People sell with it.
    InUse,
    /// It has died, or was taken out of use; its disk may be read one day.
    Dead,
    /// Its disk was read, and nothing is expected of it.
    Salvaged,
}

/// A device with its place in the fleet.
pub(crate) struct Seat {
    /// The computer.
    pub(crate) device: Shared,
    /// What it is used for.
    pub(crate) role: Role,
    /// The exchange under way, its number, and the request that it waits for.
    pub(crate) exchange: Option<(u64, u64, Exchange)>,
    /// What its line does.
    pub(crate) cut: Cut,
    /// A command whose answer was lost; the person asks again.
    pub(crate) unanswered: Option<Command>,
    /// Numbers of documents that were printed, for refunds.
    pub(crate) printed: Vec<String>,
    /// Copies of its disk, oldest first.
    pub(crate) copies: Vec<Copy>,
    /// The token that was typed in and has brought no answer yet.
    pub(crate) token: Option<Hash>,
    /// Whether its last exchange said that a person must give it a token.
    pub(crate) needs_token: bool,
    /// Whether its last exchange said that the drawer must be closed first.
    pub(crate) waits_for_drawer: bool,
    /// Whether head office trusts its slot no longer.
    pub(crate) is_revoked: bool,
    /// What is wrong with its clock, until somebody has sold by it.
    pub(crate) wrong_clock: Option<FaultKind>,
    /// How far its zone was from UTC when somebody did something last.
    pub(crate) offset: Option<i16>,
    /// What its disk was made to do wrong.
    pub(crate) has_bad_disk: Option<FaultKind>,
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps taken.
    pub steps: u64,
    /// Sales and refunds printed.
    pub sales: u64,
    /// Exchanges that ended well.
    pub syncs: u64,
    /// Exchanges that did not.
    pub broken_off: u64,
    /// Quiet points reached.
    pub quiet: u64,
}

impl Tally {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        let Self { steps, sales, syncs, broken_off, quiet } = other;
        for (sum, more) in [
            (&mut self.steps, steps),
            (&mut self.sales, sales),
            (&mut self.syncs, syncs),
            (&mut self.broken_off, broken_off),
            (&mut self.quiet, quiet),
        ] {
            *sum = sum.saturating_add(*more);
        }
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) rng: Rng,
    pub(crate) time: TrueTime,
    pub(crate) step: u64,
    pub(crate) trace: Trace,
    pub(crate) history: History,
    pub(crate) known: Known,
    pub(crate) oracle: Oracle,
    pub(crate) faults: FaultCounts,
    pub(crate) tally: Tally,
    pub(crate) office: Office,
    pub(crate) seats: Vec<Seat>,
    /// Backups of head office, oldest first.
    pub(crate) backups: Vec<Image>,
    /// Requests and answers that went by, for those who replay them.
    pub(crate) overheard: Vec<(usize, Request, Vec<u8>)>,
    /// Whether the network is whole and nothing goes wrong.
    pub(crate) is_calm: bool,
    /// The newest request that has arrived, by the order of sending.
    pub(crate) newest_arrived: u64,
    /// Whether somebody asks again for what was asked before.
    pub(crate) is_asked_again: bool,
    /// When a line was healed last, and whose.
    pub(crate) last_heal: Option<(i64, usize)>,
    /// Whether head office was ever put back to an older state.
    pub(crate) is_office_put_back: bool,
    /// Whether head office was put back to an older state without anybody saying so, and no day has passed since.
    pub(crate) has_lost_unknowingly: bool,
    /// What a run cannot go on after.
    pub(crate) broken: Option<(String, String)>,
    agenda: BTreeMap<(i64, u64), Event>,
    counter: u64,
}

impl World {
    /// A fleet without devices.
    pub(crate) fn new(seed: u64, options: Options, trace: Trace) -> Self {
        let mut rng = Rng::with_seed(seed);
        let beginnings = if options.is_drawn(FaultKind::SummerTime) { BEFORE_CHANGE_MS } else { BEGINNINGS_MS };
        let time: TrueTime = Rc::new(Cell::new(beginnings[rng.usize(..beginnings.len())]));
        let office = Office::create(Rc::clone(&time), rng.fork());
        Self {
            options,
            time,
            step: 0,
            trace,
            history: History::default(),
            known: Known::default(),
            oracle: Oracle::new(),
            faults: FaultCounts::default(),
            tally: Tally::default(),
            office: office.expect("a store can be made on a sound disk"),
            seats: Vec::new(),
            backups: Vec::new(),
            overheard: Vec::new(),
            is_calm: false,
            newest_arrived: 0,
            is_asked_again: false,
            last_heal: None,
            is_office_put_back: false,
            has_lost_unknowingly: false,
            broken: None,
            agenda: BTreeMap::new(),
            counter: 0,
            rng,
        }
    }

    /// Adds a computer with an empty disk.
    pub(crate) fn add_device(&mut self, slot: (StoreCode, TillCode), zone: &'static str) -> usize {
        let id = self.seats.len();
        let device = Device::new(id, slot, zone, Rc::clone(&self.time), self.rng.fork());
        self.seats.push(Seat {
            device: Rc::new(RefCell::new(device)),
            role: Role::InUse,
            exchange: None,
            cut: Cut::Whole,
            unanswered: None,
            printed: Vec::new(),
            copies: Vec::new(),
            token: None,
            needs_token: false,
            waits_for_drawer: false,
            has_bad_disk: None,
            is_revoked: false,
            wrong_clock: None,
            offset: None,
        });
        id
    }

    /// The next number of its own.
    pub(crate) fn number(&mut self) -> u64 {
        self.counter = self.counter.saturating_add(1);
        self.counter
    }

    /// Puts an event into the agenda, so many milliseconds from now.
    pub(crate) fn after(&mut self, wait_ms: i64, event: Event) {
        let number = self.number();
        self.agenda.insert((self.time.get().saturating_add(wait_ms), number), event);
    }

    /// Takes the next event and lets time pass until then.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        let ((at, _), event) = self.agenda.pop_first()?;
        if at > self.time.get() {
            self.time.set(at);
        }
        Some(event)
    }

    /// Lets time pass in which nothing happens: whatever is to come comes so much later.
    pub(crate) fn let_time_pass(&mut self, wait_ms: i64) {
        self.time.set(self.time.get().saturating_add(wait_ms));
        let later = |((at, number), event): ((i64, u64), Event)| ((at.saturating_add(wait_ms), number), event);
        self.agenda = std::mem::take(&mut self.agenda).into_iter().map(later).collect();
    }

    /// Takes the next message under way, wherever it stands in the agenda.
    pub(crate) fn next_message(&mut self) -> Option<Event> {
        let is_message = |event: &Event| matches!(event, Event::Arrive(_) | Event::Answer(_));
        let key = self.agenda.iter().find(|(_, event)| is_message(event)).map(|(key, _)| *key)?;
        if key.0 > self.time.get() {
            self.time.set(key.0);
        }
        self.agenda.remove(&key)
    }

    /// Whether a fault of this kind happens now, with a chance of one in `one_in`; it is not yet counted.
    pub(crate) fn has_fault(&mut self, kind: FaultKind, one_in: u32) -> bool {
        !self.is_calm && self.options.is_drawn(kind) && self.rng.u32(..one_in) == 0 && self.options.is_enabled(kind)
    }

    /// Notes that a fault has happened.
    pub(crate) fn fault(&mut self, kind: FaultKind) {
        self.faults.count(kind);
    }

    /// Adds a line to the story.
    pub(crate) fn tell(&mut self, text: impl std::fmt::Display) {
        let line = format!("{:>5} {} {text}", self.step, clock_text(self.time.get()));
        self.trace.add(line);
    }

    /// Adds to what was seen.
    pub(crate) fn see(&mut self, what: What) {
        self.history.add(self.step, self.time.get(), what);
    }

    /// Adds to what only the simulator knows.
    pub(crate) fn truth(&mut self, truth: Truth) {
        self.see(What::Truth(truth));
    }

    /// Notes that something cannot be: the run ends, and names the law that was broken.
    pub(crate) fn break_off(&mut self, law: &str, text: impl std::fmt::Display) {
        if self.broken.is_none() {
            self.broken = Some((law.to_owned(), text.to_string()));
        }
    }

    /// The device of a seat.
    pub(crate) fn device(&self, seat: usize) -> Shared {
        Rc::clone(&self.seats[seat].device)
    }

    /// A till's name in the story.
    pub(crate) fn name(&self, seat: usize) -> String {
        let device = self.seats[seat].device.borrow();
        format!("{}/{}#{seat}", device.store, device.name)
    }

    /// One of the devices that people sell with and which satisfy a test.
    pub(crate) fn pick(&mut self, test: impl Fn(&Seat) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.seats.len()).filter(|seat| test(&self.seats[*seat])).collect();
        self.rng.choice(fitting)
    }
}

/// A true time as people read it.
fn clock_text(time_ms: i64) -> String {
    let now = counterfoil_sync_server::clock::at("UTC", counterfoil_core::time::Timestamp(time_ms));
    let seconds = time_ms.rem_euclid(60_000);
    format!("{}:{:02}.{:03}", now.on_paper(), seconds.div_euclid(1_000), seconds.rem_euclid(1_000))
}
