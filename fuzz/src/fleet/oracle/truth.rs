//! What only the engine knows: who was copied, put back, lied to, lost. Forks and doubles are believed from here alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::fleet::history::{Device, Journal, Truth as Told};

/// A copy.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) from: Device,
    pub(super) to: Device,
    pub(super) journal: Journal,
    pub(super) shared: u64,
}

/// A till that was put back.
#[derive(Clone, Debug)]
pub(super) struct PutBack {
    pub(super) device: Device,
    pub(super) journal: Journal,
    pub(super) to: u64,
    /// How often head office had lost its memory by then.
    pub(super) memory_losses: u64,
}

/// A till that died and was replaced.
#[derive(Clone, Debug)]
pub(super) struct Successor {
    pub(super) dead: Device,
    pub(super) by: Device,
    pub(super) journal: Journal,
}

/// Everything that only the engine knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    pub(super) copies: Vec<Copy>,
    pub(super) put_back: Vec<PutBack>,
    /// Journals of tills whose disk lied.
    pub(super) lied: BTreeSet<Journal>,
    pub(super) lied_devices: BTreeSet<Device>,
    pub(super) restores: u64,
    pub(super) losses: u64,
    pub(super) replaced: Vec<Successor>,
    pub(super) salvaged: BTreeSet<Device>,
    /// Ended by head office, and whether revoked.
    pub(super) ended: BTreeMap<Journal, bool>,
    pub(super) gone: BTreeSet<Device>,
    pub(super) cut: BTreeSet<Device>,
    /// By how much a clock is wrong.
    pub(super) clocks: BTreeMap<Option<Device>, i64>,
    /// When the clock of a device was set last.
    pub(super) clock_set_ms: BTreeMap<Device, i64>,
    /// Crashed, and not opened again since.
    pub(super) crashed: BTreeSet<Device>,
}

impl Truth {
    pub(super) fn take(&mut self, told: &Told, at_ms: i64, journals_of: impl Fn(Device) -> Vec<Journal>) {
        match told {
            Told::HonestCrash { device } => {
                self.crashed.insert(*device);
            }
            Told::OfficeCrash => {}
            Told::Cloned { from, to, journal, shared } => {
                self.copies.push(Copy { from: *from, to: *to, journal: *journal, shared: *shared });
            }
            Told::RolledBack { device, journal, to, .. } => {
                let memory_losses = self.memory_losses();
                self.put_back.push(PutBack { device: *device, journal: *journal, to: *to, memory_losses });
            }
            Told::DiskLied { device } => {
                self.lied.extend(journals_of(*device));
                self.lied_devices.insert(*device);
            }
            Told::OfficeRestored { .. } => {
                self.restores += 1;
                // It has forgotten what it ended since the backup; the engine ends it again.
                self.ended.clear();
            }
            Told::OfficeLost => self.losses += 1,
            Told::Replaced { dead, by, journal } => {
                self.replaced.push(Successor { dead: *dead, by: *by, journal: *journal });
            }
            Told::Salvaged { device } => {
                self.salvaged.insert(*device);
            }
            Told::Ended { journal, is_revoked } => {
                self.ended.insert(*journal, *is_revoked);
            }
            Told::Line { device, is_whole } => {
                if *is_whole {
                    self.cut.remove(device);
                } else {
                    self.cut.insert(*device);
                }
            }
            Told::ClockSet { device, off_ms } => {
                self.clocks.insert(*device, *off_ms);
                if let Some(device) = device {
                    self.clock_set_ms.insert(*device, at_ms);
                }
            }
            Told::Gone { device } => {
                self.gone.insert(*device);
            }
        }
    }

    /// How often head office has lost its memory.
    pub(super) const fn memory_losses(&self) -> u64 {
        self.restores + self.losses
    }

    /// Whether a journal has two pasts, so that one number may stand on two documents.
    pub(super) fn is_disturbed(&self, journal: Journal) -> bool {
        self.lied.contains(&journal)
            || self.copies.iter().any(|copy| copy.journal == journal)
            || self.put_back.iter().any(|one| one.journal == journal)
    }

    /// Whether entry `seq` of a journal may be there twice.
    pub(super) fn may_differ(&self, journal: Journal, seq: u64) -> bool {
        self.lied.contains(&journal)
            || self.copies.iter().any(|copy| copy.journal == journal && seq > copy.shared)
            || self.put_back.iter().any(|one| one.journal == journal && seq > one.to)
    }

    /// Whether a device's clock is wrong.
    pub(super) fn is_clock_wrong(&self, device: Device) -> bool {
        self.clocks.get(&Some(device)).is_some_and(|off| *off != 0)
    }
}
