//! What many runs came to, in one table.

use std::fmt;

use counterfoil_core::hex;
use sha2::{Digest, Sha256};

use super::engine::{Ran, Tally};
use super::fault::{FaultCounts, FaultKind};
use super::oracle::{Check, Counts};

/// The least number of seeds over which every kind of fault must have happened.
pub const SEEDS_FOR_EVERY_FAULT: u64 = 200;

/// The sums of many runs. Runs are added in the order of their seeds, so that the hash of all is that of the run.
#[derive(Clone, Default)]
pub struct Summary {
    seeds: u64,
    failed: u64,
    tally: Tally,
    faults: FaultCounts,
    checks: Counts,
    hash: Sha256,
}

impl Summary {
    /// Adds a run.
    pub fn add(&mut self, ran: &Ran) {
        self.seeds = self.seeds.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(ran.failure.is_some()));
        self.tally.add(&ran.tally);
        self.faults.add(&ran.faults);
        self.checks.add(&ran.checks);
        self.hash.update(ran.trace_hash.as_bytes());
    }

    /// Kinds of faults that never happened and checks that never looked, where there were seeds enough for each.
    #[must_use]
    pub fn never(&self) -> (Vec<FaultKind>, Vec<Check>) {
        if self.seeds < SEEDS_FOR_EVERY_FAULT {
            return (Vec::new(), Vec::new());
        }
        (self.faults.never(), self.checks.never())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { steps, sales, syncs, broken_off, quiet } = self.tally;
        writeln!(formatter, "seeds {}, failed {}", self.seeds, self.failed)?;
        writeln!(formatter, "steps {steps}, sales and refunds {sales}, quiet points {quiet}")?;
        writeln!(formatter, "exchanges {syncs}, broken off {broken_off}")?;
        for (place, kind) in FaultKind::ALL.iter().enumerate() {
            let end = if place % 3 == 2 { "\n" } else { "" };
            write!(formatter, "  {:<24}{:>8}{end}", kind.code(), self.faults.of(*kind))?;
        }
        writeln!(formatter)?;
        for (place, check) in Check::ALL.iter().enumerate() {
            let end = if place % 6 == 5 { "\n" } else { "" };
            write!(formatter, "  {check:<5}{:>8}{end}", self.checks.of(*check))?;
        }
        writeln!(formatter)?;
        write!(formatter, "trace of all {}", hex::encode(&self.hash.clone().finalize()))
    }
}
