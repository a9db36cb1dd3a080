//! Switching on and losing power: tills and head office crash, start again, and are crashed while they do.
//!
//! A computer that lost power comes back after a while by itself. What is looked at after each start is what its store
//! then holds. Always: a disk that kept its promises gives back everything that was acknowledged; only then is the crash
//! called honest.

use counterfoil_disk::{Failure as DiskFailure, Kind, Repeats};

use super::fault::FaultKind;
use super::history::{Truth, What};
use super::observe;
use super::world::{Cut, Event, Role, World};

impl World {
    /// Perhaps the power of a till will fail within its next few writes.
    pub(crate) fn aim_at_power(&mut self, seat: usize) {
        if self.has_fault(FaultKind::TillCrash, 50) {
            let ahead = self.rng.u64(..24);
            let device = self.device(seat);
            let device = device.borrow();
            device.disk.crash_at(device.disk.counts().operations().saturating_add(ahead));
        }
    }

    /// Whether the power of a till has just failed; if so it is down, and comes back later.
    pub(crate) fn has_lost_power(&mut self, seat: usize) -> bool {
        if self.seats[seat].device.borrow().disk.has_power() {
            return false;
        }
        self.fault(FaultKind::TillCrash);
        self.tell(format_args!("{} loses power in the middle of its work", self.name(seat)));
        self.lose_power(seat);
        true
    }

    /// The power of a till fails.
    pub(crate) fn lose_power(&mut self, seat: usize) {
        self.seats[seat].device.borrow_mut().cut_power();
        self.seats[seat].exchange = None;
        self.seats[seat].has_bad_disk = None;
        self.truth(Truth::HonestCrash { device: seat });
        let wait = self.rng.i64(20_000..600_000);
        self.after(wait, Event::Start(seat));
    }

    /// A till is switched on, unless it is on or nobody uses it.
    pub(crate) fn switch_on(&mut self, seat: usize) {
        let device = self.device(seat);
        if self.seats[seat].role == Role::Dead || device.borrow().is_up() || !device.borrow().has_store() {
            return;
        }
        let is_aimed = self.has_fault(FaultKind::CrashInRecovery, 3);
        let started = {
            let mut device = device.borrow_mut();
            if is_aimed {
                device.disk.crash_at(self.rng.u64(..12));
            }
            device.start()
        };
        if !device.borrow().disk.has_power() {
            self.fault(FaultKind::CrashInRecovery);
            self.tell(format_args!("{} loses power while it starts", self.name(seat)));
            return self.lose_power(seat);
        }
        match started {
            Ok(()) => {
                let access = device.borrow_mut().till().map(|till| format!("{:?}", till.access()));
                let head = device.borrow_mut().head_seq();
                self.tell(format_args!("{} starts at entry {head}: {}", self.name(seat), access.unwrap_or_default()));
                self.observe_till(seat);
            }
            // Somebody has spoilt the disk of a till that was down; that is not an honest crash.
            Err(_) if self.seats[seat].has_bad_disk.is_some() => self.repair(seat),
            Err(failure) => {
                let name = self.name(seat);
                self.break_off("N2", format_args!("{name} does not start after an honest crash: {failure}"));
            }
        }
    }

    /// A disk fails one call, or has no room: the till stops, a person looks at it and starts it again.
    pub(crate) fn spoil_disk(&mut self, seat: usize, kind: FaultKind) {
        let device = self.device(seat);
        let device = device.borrow();
        let counts = device.disk.counts();
        if kind == FaultKind::DiskFull {
            device.disk.set_capacity(device.disk.live().allocated_bytes());
        } else {
            let (call, done) = match self.rng.u8(..3) {
                0 => (Kind::Flush, counts.flushes),
                1 => (Kind::SetLen, counts.set_lens),
                _ => (Kind::Write, counts.writes),
            };
            let repeats = if self.rng.bool() { Repeats::Once } else { Repeats::ForEver };
            let nth = done.saturating_add(self.rng.u64(..4));
            device.disk.fail(DiskFailure { kind: call, nth, repeats, error: std::io::ErrorKind::Other });
        }
        drop(device);
        self.seats[seat].has_bad_disk = Some(kind);
        self.tell(format_args!("the disk of {} goes bad: {kind}", self.name(seat)));
    }

    /// A person looks at a till that has stopped over its disk, and starts it again.
    pub(crate) fn repair(&mut self, seat: usize) {
        let Some(kind) = self.seats[seat].has_bad_disk.take() else { return };
        self.fault(kind);
        self.tell(format_args!("{} has stopped over its disk and is started again", self.name(seat)));
        self.seats[seat].exchange = None;
        if self.rng.bool() {
            self.seats[seat].device.borrow_mut().cut_power();
        } else {
            self.seats[seat].device.borrow_mut().exchange_cable();
        }
        self.truth(Truth::HonestCrash { device: seat });
        self.after(60_000, Event::Start(seat));
    }

    /// A till's line is whole again, and it syncs at once.
    pub(crate) fn heal(&mut self, seat: usize) {
        if self.seats[seat].cut != Cut::Whole {
            self.seats[seat].cut = Cut::Whole;
            self.truth(Truth::Line { device: seat, is_whole: true });
            self.tell(format_args!("the line of {} is whole again", self.name(seat)));
            let now = self.time.get();
            if self.last_heal.replace((now, seat)).is_some_and(|(at, other)| at == now && other != seat) {
                self.fault(FaultKind::TwoBackAtOnce);
            }
        }
        self.sync(seat);
    }

    /// Head office has lost power.
    pub(crate) fn lose_office(&mut self) {
        self.fault(FaultKind::OfficeCrash);
        self.tell("head office loses power");
        self.office.cut_power();
        self.truth(Truth::OfficeCrash);
        let wait = self.rng.i64(10_000..1_800_000);
        self.after(wait, Event::StartOffice);
    }

    /// Head office is switched on, also where its power has failed and nobody has asked it for anything since.
    pub(crate) fn switch_office_on(&mut self) {
        if self.office.is_up() && self.office.disk.has_power() {
            return;
        }
        if self.office.is_up() {
            self.lose_office();
        }
        let started = self.office.start();
        if !self.office.disk.has_power() {
            return self.lose_office();
        }
        if let Err(error) = started {
            return self.break_off("S1", format_args!("head office does not start after an honest crash: {error}"));
        }
        self.tell("head office starts");
        self.observe_office(observe::Wants::NoAudit);
    }

    /// Looks at head office and tells what it exports.
    pub(crate) fn observe_office(&mut self, wants: observe::Wants) {
        let Some(store) = self.office.rows() else { return };
        match observe::office(store, &mut self.known, wants) {
            Ok(what) => self.see(what),
            Err(error) => self.break_off("S1", format_args!("head office cannot be looked at: {error}")),
        }
    }

    /// Copies are made: of head office, and of a till that is on.
    pub(crate) fn make_copies(&mut self) {
        if self.office.is_up() {
            self.backups.push(self.office.backup());
        }
        if let Some(seat) = self.pick(|seat| seat.role == Role::InUse && seat.device.borrow().is_up()) {
            let copy = self.seats[seat].device.borrow().copy();
            self.seats[seat].copies.push(copy);
            self.tell(format_args!("copies of head office and of {} are made", self.name(seat)));
        }
    }

    /// Tells what only the simulator knows about a clock, and sets it.
    pub(crate) fn set_clock(&mut self, seat: usize, off_ms: i64) {
        self.seats[seat].device.borrow_mut().clock_off_ms = off_ms;
        if off_ms == 0 {
            self.seats[seat].wrong_clock = None;
        }
        self.tell(format_args!("the clock of {} is set {off_ms} ms off", self.name(seat)));
        self.see(What::Truth(Truth::ClockSet { device: Some(seat), off_ms }));
    }
}
