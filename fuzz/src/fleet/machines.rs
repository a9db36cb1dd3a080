//! Mishaps of whole machines: clones, old copies, dead tills and their disks, and head office put back.
//!
//! After each of them people do what the product offers: a device that may not go on gets a token, a dead till's slot is
//! given to another device by a token, head office that was put back begins a new epoch.

use counterfoil_core::id::JournalId;

use super::device::{Brought, IsSameMachine};
use super::fault::FaultKind;
use super::history::{Truth, What};
use super::line::Purpose;
use super::observe;
use super::world::{Event, Role, Seat, World};

/// The most devices of a fleet, clones and replacements among them.
const DEVICES_MAX: usize = 9;

fn is_selling(seat: &Seat) -> bool {
    seat.role == Role::InUse && seat.device.borrow().is_up() && seat.device.borrow().files.head_office.is_some()
}

impl World {
    /// A till's disk is cloned to a second computer, and both sell on.
    pub(crate) fn clone_disk(&mut self) {
        if self.seats.len() >= DEVICES_MAX {
            return;
        }
        let Some(seat) = self.pick(is_selling) else { return };
        let device = self.device(seat);
        let (slot, zone) = {
            let device = device.borrow();
            ((device.store.clone(), device.name.clone()), device.zone)
        };
        let clone = self.add_device(slot, zone);
        let is_same_machine = if self.rng.u8(..10) < 7 { IsSameMachine::Yes } else { IsSameMachine::No };
        let copy = self.device(clone);
        copy.borrow_mut().become_clone(&device.borrow(), is_same_machine);
        self.seats[clone].printed = self.seats[seat].printed.clone();
        self.seats[clone].unanswered = self.seats[seat].unanswered.clone();
        let (journal, shared) = self.head_of(seat);
        self.fault(FaultKind::Cloned);
        self.truth(Truth::Cloned { from: seat, to: clone, journal: journal.0, shared });
        // Both may open the journal for which the disk held a key, before head office has heard of it from either.
        if let Some(next) = self.device(clone).borrow().next_journal() {
            self.truth(Truth::Cloned { from: seat, to: clone, journal: next.0, shared: 0 });
        }
        self.tell(format_args!(
            "the disk of {} is cloned to device {clone} at entry {shared} (same machine: {is_same_machine:?})",
            self.name(seat)
        ));
        self.after(1_000, Event::Start(clone));
        self.after(30_000, Event::Act(clone));
        let wait = self.rng.i64(60_000..7_200_000);
        self.after(wait, Event::Sync(clone));
        if self.rng.bool() {
            // Both copies speak at the very same moment.
            self.after(wait, Event::Sync(seat));
        }
    }

    pub(crate) fn head_of(&self, seat: usize) -> (JournalId, u64) {
        let mut device = self.seats[seat].device.borrow_mut();
        device.till().map_or((JournalId([0; 16]), 0), |till| (till.mark().journal, till.mark().seq))
    }

    /// A till is put back to an earlier copy of itself.
    pub(crate) fn roll_back(&mut self, kind: FaultKind) {
        let Some(seat) = self.pick(|seat| is_selling(seat) && !seat.copies.is_empty()) else { return };
        let place = self.rng.usize(..self.seats[seat].copies.len());
        let copy = self.seats[seat].copies[place].clone();
        let (journal, from) = self.head_of(seat);
        if copy.journal() != Some(journal) || copy.seq() >= from {
            return;
        }
        let brought = if kind == FaultKind::RestoredWithMark { Brought::WithMark } else { Brought::StoreOnly };
        let device = self.device(seat);
        self.seats[seat].exchange = None;
        device.borrow_mut().put_back(&copy, brought);
        self.known.forget(seat);
        self.fault(kind);
        self.truth(Truth::RolledBack { device: seat, journal: journal.0, from, to: copy.seq() });
        self.tell(format_args!("{} is put back from entry {from} to {} ({kind})", self.name(seat), copy.seq()));
        // What was printed since then is unknown to this copy; people have the paper in their hands.
        self.seats[seat].unanswered = None;
        self.after(1_000, Event::Start(seat));
    }

    /// A till dies; another computer takes its slot by a token.
    pub(crate) fn replace_dead(&mut self) {
        if self.seats.len() >= DEVICES_MAX {
            return;
        }
        let Some(dead) = self.pick(is_selling) else { return };
        let (journal, _) = self.head_of(dead);
        let device = self.device(dead);
        let (slot, zone) = {
            let device = device.borrow();
            ((device.store.clone(), device.name.clone()), device.zone)
        };
        self.seats[dead].role = Role::Dead;
        self.seats[dead].exchange = None;
        device.borrow_mut().cut_power();
        let by = self.add_device(slot, zone);
        self.fault(FaultKind::Replaced);
        self.truth(Truth::Replaced { dead, by, journal: journal.0 });
        self.tell(format_args!("{} dies; device {by} takes its place", self.name(dead)));
        self.join(by);
        let wait = self.rng.i64(60_000..600_000);
        self.after(wait, Event::Sync(by));
        self.after(wait, Event::Act(by));
    }

    /// The disk of a dead till is read after all, and its journals are sent.
    pub(crate) fn salvage(&mut self) {
        let Some(seat) = self.pick(|seat| seat.role == Role::Dead) else { return };
        self.seats[seat].role = Role::Salvaged;
        self.fault(FaultKind::Salvaged);
        self.truth(Truth::Salvaged { device: seat });
        self.tell(format_args!("the disk of {} is read after all", self.name(seat)));
        self.after(1_000, Event::Start(seat));
        self.after(60_000, Event::Sync(seat));
    }

    /// A token is typed in at a second device too; only one of them may get a journal.
    pub(crate) fn use_token_twice(&mut self) {
        if self.seats.len() >= DEVICES_MAX {
            return;
        }
        let Some(seat) = self.pick(is_selling) else { return };
        let device = self.device(seat);
        let (slot, zone, token) = {
            let device = device.borrow();
            let token = device.files.head_office.as_ref().map(|known| known.token);
            ((device.store.clone(), device.name.clone()), device.zone, token)
        };
        let Some(token) = token else { return };
        let thief = self.add_device(slot, zone);
        self.seats[thief].role = Role::Dead;
        self.fault(FaultKind::TokenTwice);
        self.tell(format_args!("device {thief} shows the token of {} again", self.name(seat)));
        self.begin_exchange(thief, Purpose::Enrol(token, counterfoil_core::id::Hash([77; 32])));
    }

    /// Head office is put back to an older backup: with a new epoch, as its guide says, or without anybody saying so.
    pub(crate) fn put_office_back(&mut self, kind: FaultKind) {
        if self.backups.is_empty() || !self.office.is_up() {
            return;
        }
        let place = self.rng.usize(..self.backups.len());
        let backup = self.backups[place].clone();
        // Later backups are of a future that no longer is.
        self.backups.truncate(place.saturating_add(1));
        if let Err(error) = self.office.put_back(&backup) {
            return self.break_off("S1", format_args!("head office does not start from its backup: {error}"));
        }
        self.known.forget_office();
        self.is_office_put_back = true;
        self.fault(kind);
        if kind == FaultKind::OfficeRestored {
            match self.office.begin_epoch() {
                Ok(epoch) => {
                    self.tell(format_args!("head office is restored from backup {place}: epoch {}", epoch.counter));
                    let epoch = super::history::Epoch { counter: epoch.counter, random: epoch.random };
                    self.see(What::Truth(Truth::OfficeRestored { epoch }));
                }
                Err(error) => self.break_off("S1", format_args!("head office cannot begin an epoch: {error}")),
            }
        } else {
            self.tell(format_args!("head office's disk is exchanged for backup {place}"));
            self.has_lost_unknowingly = true;
            self.truth(Truth::OfficeLost);
        }
        self.revoke_again();
        self.observe_office(observe::Wants::NoAudit);
    }

    /// What was revoked before the backup was put back may be trusted again there; a person sees to it at once.
    fn revoke_again(&mut self) {
        for seat in 0..self.seats.len() {
            if !self.seats[seat].is_revoked {
                continue;
            }
            let device = self.device(seat);
            let (store, till) = (device.borrow().store.clone(), device.borrow().name.clone());
            if let Some(rows) = self.office.rows()
                && rows.write(|rows| counterfoil_sync_server::grants::revoke(rows, &store, &till)).is_ok()
            {
                self.tell(format_args!("head office again trusts {} no longer", self.name(seat)));
            }
        }
    }

    /// Head office trusts a till no longer.
    pub(crate) fn revoke(&mut self) {
        let Some(seat) = self.pick(is_selling) else { return };
        let (store, till) = {
            let device = self.seats[seat].device.borrow();
            (device.store.clone(), device.name.clone())
        };
        let Some(rows) = self.office.rows() else { return };
        let revoked = rows.write(|rows| counterfoil_sync_server::grants::revoke(rows, &store, &till));
        if !self.office.disk.has_power() {
            return self.lose_office();
        }
        let Ok(revoked) = revoked else { return };
        self.fault(FaultKind::Revoked);
        self.tell(format_args!("head office trusts {} no longer", self.name(seat)));
        for journal in revoked {
            self.truth(Truth::Ended { journal: journal.0, is_revoked: true });
        }
        for seat in &mut self.seats {
            let is_of_slot = seat.device.borrow().store == store && seat.device.borrow().name == till;
            if is_of_slot {
                seat.is_revoked = true;
            }
        }
    }
}
