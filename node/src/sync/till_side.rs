//! The till as a sync sees it: it can be asked for one short step after the other, and is free in between.

use std::sync::{Mutex, PoisonError};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::local::reach::Reach;
use crate::open_till::OpenTill;
use crate::operations::sync_step::{JournalStand, StepAnswer, SyncStep};

/// A till that can be asked for steps.
pub trait TillSide {
    /// Carries out one step.
    ///
    /// # Errors
    /// The till refuses it, or disk or data failed.
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure>;

    /// Its journals, oldest first; the last one is the current one.
    ///
    /// # Errors
    /// As `ask`.
    fn journals(&self) -> Result<Vec<JournalStand>, Failure> {
        let answer = self.ask(SyncStep::Stand)?;
        let StepAnswer::Stand { journals } = answer else { return Err(unexpected(&answer)) };
        Ok(journals)
    }

    /// Signed bytes, with the last entry in them.
    ///
    /// # Errors
    /// As `ask`.
    fn bytes(&self, step: SyncStep) -> Result<Option<(Vec<u8>, u64)>, Failure> {
        let answer = self.ask(step)?;
        let StepAnswer::Bytes { bytes, last_seq } = answer else { return Err(unexpected(&answer)) };
        Ok(bytes.map(|bytes| (bytes.0, last_seq)))
    }

    /// Signed bytes that must be there.
    ///
    /// # Errors
    /// As `ask`.
    fn document(&self, step: SyncStep) -> Result<Vec<u8>, Failure> {
        let missing = || Failure::damaged("bug", "the till answered a step without bytes");
        self.bytes(step)?.map(|(bytes, _)| bytes).ok_or_else(missing)
    }
}

/// What is said of an answer that belongs to another step.
pub(super) fn unexpected(answer: &StepAnswer) -> Failure {
    Failure::damaged("bug", format!("the till answered a step with {answer:?}"))
}

/// A till opened in this process, which others may use between the steps.
impl TillSide for Mutex<OpenTill> {
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure> {
        // A panic inside the till has closed it by itself; one outside of it has not touched it.
        step.carry_out(&mut *self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The till of a folder, opened here or served by another process.
impl TillSide for Mutex<Reach> {
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure> {
        match &mut *self.lock().unwrap_or_else(PoisonError::into_inner) {
            Reach::Here(till) => step.carry_out(&mut **till),
            served @ Reach::Served(_) => served.perform(&Caller::default(), step).read(),
        }
    }
}
