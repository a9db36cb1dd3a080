//! What a run is made of: how many steps, how many tills, which faults.

use std::collections::BTreeSet;

use fastrand::Rng;

use super::fault::FaultKind;

/// The steps of a run, unless told otherwise.
pub const STEPS: u64 = 320;

/// What a run is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many steps.
    pub steps: u64,
    /// How many tills at the beginning.
    pub tills: usize,
    /// The kinds of faults that the seed brings up.
    pub faults: BTreeSet<FaultKind>,
    /// Those among them that do not happen after all: a story is shrunk by this without losing its course.
    pub suppressed: BTreeSet<FaultKind>,
}

impl Options {
    /// The options of a seed: two to six tills, and a share of all faults, so that each meets each of the others alone
    /// and in company.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        // Not the run's own generator: a shrunk story keeps its course while options change.
        let mut rng = Rng::with_seed(seed ^ 0x0f1e_e75e_ed00_0001);
        let tills = rng.usize(2..=6);
        let share = rng.u8(1..=6);
        let faults = FaultKind::ALL.iter().copied().filter(|_| rng.u8(..10) < share).collect();
        Self { steps: STEPS, tills, faults, suppressed: BTreeSet::new() }
    }

    /// Whether the seed brings up a kind of fault.
    #[must_use]
    pub fn is_drawn(&self, kind: FaultKind) -> bool {
        self.faults.contains(&kind)
    }

    /// Whether a kind of fault may happen.
    #[must_use]
    pub fn is_enabled(&self, kind: FaultKind) -> bool {
        self.is_drawn(kind) && !self.suppressed.contains(&kind)
    }
}
