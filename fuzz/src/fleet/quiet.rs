//! Quiet points: the network heals, everybody is on, people do what they must, and all sync until nothing changes.
//!
//! That takes a bounded number of rounds; more means that the fleet never comes to rest (invariant Y1). Then every till
//! and head office are looked at, with their audits, and the oracle judges the whole.

use counterfoil_core::command::{Command, Count};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::id::Hash;
use counterfoil_core::money::Money;
use counterfoil_core::till::Access;
use counterfoil_sync_server::store::StoreError;
use counterfoil_sync_server::verdict::Standing;

use super::history::{Truth, What};
use super::line::Purpose;
use super::observe;
use super::world::{Cut, Event, Role, Seat, World};

const DAY_MS: i64 = 86_400_000;

/// The most rounds until nothing changes any more.
const ROUNDS_MAX: usize = 12;

/// What does not change once everything has arrived.
#[derive(Debug, PartialEq, Eq)]
struct Stand {
    tills: Vec<Vec<(Hash, u64, u64, u64)>>,
    cursors: Vec<Option<u64>>,
    office: Vec<(Hash, u64, Standing, u64)>,
    epoch: u64,
}

impl World {
    /// Lets the fleet come to rest, and looks at all of it.
    pub(crate) fn come_to_rest(&mut self) {
        self.is_calm = true;
        self.tell("everything is mended, and all sync until nothing changes");
        self.mend_everything();
        self.deliver_all();
        for seat in 0..self.seats.len() {
            self.seats[seat].exchange = None;
        }
        // Nobody tells tills of a loss that nobody knows of; but they ask about their ended journals once a day.
        if std::mem::take(&mut self.has_lost_unknowingly) {
            self.let_time_pass(DAY_MS);
        }
        let mut before = self.stand();
        for round in 1..=ROUNDS_MAX {
            self.sync_round();
            let after = self.stand();
            if before == after || self.broken.is_some() {
                break;
            }
            if round == ROUNDS_MAX {
                self.break_off(
                    "Y1",
                    format_args!("after {round} rounds something still changes: {before:?} {after:?}"),
                );
            }
            before = after;
        }
        self.look_at_all();
        self.tally.quiet = self.tally.quiet.saturating_add(1);
        self.is_calm = false;
    }

    fn mend_everything(&mut self) {
        self.office.disk.mend();
        self.office.disk.crash_at(u64::MAX);
        self.office.clock_off_ms.set(0);
        self.switch_office_on();
        for seat in 0..self.seats.len() {
            if self.seats[seat].cut != Cut::Whole {
                self.seats[seat].cut = Cut::Whole;
                self.truth(Truth::Line { device: seat, is_whole: true });
            }
            let off_ms = self.seats[seat].device.borrow().clock_off_ms;
            if off_ms != 0 {
                self.set_clock(seat, 0);
            }
            let device = self.device(seat);
            device.borrow().disk.mend();
            device.borrow().disk.crash_at(u64::MAX);
            if self.seats[seat].has_bad_disk.take().is_some() {
                device.borrow_mut().exchange_cable();
            }
            self.switch_on(seat);
        }
    }

    /// Delivers whatever is under way, until nothing is.
    fn deliver_all(&mut self) {
        while let Some(event) = self.next_message() {
            match event {
                Event::Arrive(message) => self.arrive(message),
                Event::Answer(reply) => self.deliver(reply),
                Event::Act(_)
                | Event::Sync(_)
                | Event::Start(_)
                | Event::StartOffice
                | Event::OfficeWork
                | Event::Mishap
                | Event::Heal(_)
                | Event::Weeks(_)
                | Event::SetClock(_)
                | Event::GiveUp(_)
                | Event::Backup => {}
            }
        }
    }

    fn sync_round(&mut self) {
        for seat in 0..self.seats.len() {
            if self.broken.is_some() {
                return;
            }
            self.sync(seat);
            self.deliver_all();
            if self.seats[seat].waits_for_drawer {
                self.close_drawer(seat);
                self.begin_exchange(seat, Purpose::Sync);
                self.deliver_all();
            }
            if self.needs_person(seat) {
                self.tell(format_args!("{} gets a token from a person", self.name(seat)));
                self.join(seat);
                self.deliver_all();
                self.begin_exchange(seat, Purpose::Sync);
                self.deliver_all();
            }
        }
    }

    /// Whether a person must give the device a token, and would: not twice for one slot, nor for one that is revoked.
    fn needs_person(&self, seat: usize) -> bool {
        let place = &self.seats[seat];
        let slot = |seat: &Seat| (seat.device.borrow().store.clone(), seat.device.borrow().name.clone());
        let has_other = |other: &Seat| {
            other.role == Role::InUse
                && !std::ptr::eq(other, place)
                && slot(other) == slot(place)
                && other.device.borrow_mut().till().is_some_and(|till| *till.access() == Access::Full)
        };
        place.needs_token && place.role == Role::InUse && !place.is_revoked && !self.seats.iter().any(has_other)
    }

    fn close_drawer(&mut self, seat: usize) {
        let session = self.device(seat).borrow_mut().till().and_then(|till| till.session().cloned());
        if let Some(session) = session {
            let expected = session.expected().map_or(0, Money::minor);
            self.perform(seat, &Command::CloseDrawer(Count::Total(Money::from_minor(expected.max(0)))));
        }
    }

    fn stand(&mut self) -> Stand {
        let (mut tills, mut cursors) = (Vec::new(), Vec::new());
        for seat in 0..self.seats.len() {
            let device = self.device(seat);
            let mut device = device.borrow_mut();
            let Some(till) = device.till() else { continue };
            let journals = till.journals().unwrap_or_default();
            tills.push(
                journals
                    .iter()
                    .map(|known| (known.hash, known.seq, known.acknowledged, known.acknowledged_epoch))
                    .collect(),
            );
            cursors.push(till.feed_cursor().ok().flatten().map(|cursor| cursor.revision));
        }
        let told = self.office.rows().map(|store| {
            store.read(|rows| {
                let journals = rows.journals()?;
                let journals = journals.iter().map(|known| (known.hash, known.seq, known.standing, known.kept));
                Ok::<_, StoreError>((journals.collect(), rows.epoch()?.counter))
            })
        });
        let (office, epoch) = told.and_then(Result::ok).unwrap_or_default();
        Stand { tills, cursors, office, epoch }
    }

    /// Every till and head office tell what they show, with their audits.
    fn look_at_all(&mut self) {
        for seat in 0..self.seats.len() {
            let device = self.device(seat);
            let mut device = device.borrow_mut();
            let Some(till) = device.till() else { continue };
            let told = observe::till(seat, till, &mut self.known, Some(InMemoryBackend::new()));
            drop(device);
            match told {
                Ok(what) => self.see(what),
                Err(error) => self.break_off("S1", format_args!("{} cannot be audited: {error}", self.name(seat))),
            }
        }
        self.observe_office(observe::Wants::Audit);
        self.see(What::Quiet);
    }
}
