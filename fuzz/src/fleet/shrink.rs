//! Making a failing run small enough to read: fewer steps, fewer kinds of faults, fewer tills, the same law broken.
//!
//! Each try is a whole run. What is kept is whatever still breaks the same law; the tries have a limit.

use super::engine::{Ran, run};
use super::fault::FaultKind;
use super::options::Options;
use super::trace::Wants;

/// The most runs that shrinking takes.
const TRIES_MAX: usize = 160;

struct Shrinking {
    seed: u64,
    law: String,
    best: Options,
    tries: usize,
}

impl Shrinking {
    fn try_this(&mut self, options: Options) -> Option<Ran> {
        if self.tries >= TRIES_MAX || options == self.best {
            return None;
        }
        self.tries = self.tries.saturating_add(1);
        let ran = run(self.seed, &options, Wants::Hash);
        let is_same = ran.failure.as_ref().is_some_and(|broken| broken.law == self.law);
        if is_same {
            self.best = options;
            return Some(ran);
        }
        None
    }

    fn fewer_steps(&mut self) {
        let mut step = self.best.steps / 2;
        while step > 0 {
            let shorter = Options { steps: self.best.steps.saturating_sub(step), ..self.best.clone() };
            if shorter.steps == 0 || self.try_this(shorter).is_none() {
                step /= 2;
            }
        }
    }

    fn fewer_faults(&mut self) {
        for kind in FaultKind::ALL {
            if self.best.is_enabled(*kind) {
                let mut fewer = self.best.clone();
                fewer.suppressed.insert(*kind);
                self.try_this(fewer);
            }
        }
    }

    fn fewer_tills(&mut self) {
        for tills in 1..self.best.tills {
            if self.try_this(Options { tills, ..self.best.clone() }).is_some() {
                return;
            }
        }
    }
}

/// The smallest options that were found to break the same law, given those of a run that failed.
#[must_use]
pub fn shrink(failed: &Ran, options: &Options) -> Options {
    let Some(broken) = &failed.failure else { return options.clone() };
    let mut shrinking = Shrinking { seed: failed.seed, law: broken.law.clone(), best: options.clone(), tries: 0 };
    shrinking.try_this(Options { steps: broken.step.max(1), ..options.clone() });
    shrinking.fewer_tills();
    shrinking.fewer_steps();
    shrinking.fewer_faults();
    shrinking.fewer_steps();
    shrinking.best
}
