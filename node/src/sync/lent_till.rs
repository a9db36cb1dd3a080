//! The till of a folder, let go of while head office makes a sync wait.
//!
//! A sync that a person asked for opens the till itself where nobody serves it, and who has it open keeps all others out.
//! So a till that no step has needed for a moment is closed, and opened again for the next step: a sale in another
//! process waits for that moment, never for the network. A till that is served stays with the process that serves it.
//! Example: head office takes 5 s to answer; after 0.2 s the till is free, and sells until the answer is there.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::till_side::TillSide;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::local::reach::Reach;
use crate::operations::sync_step::{StepAnswer, SyncStep};

/// How long a till is kept after a step, in case the next one follows at once.
const KEPT_FOR: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A till that is open only while a sync needs it.
#[derive(Debug)]
pub struct LentTill<'a> {
    folder: &'a Folder,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    reach: Option<Reach>,
    used: Instant,
}

impl<'a> LentTill<'a> {
    /// Borrows the till of a folder for this work, in which it is asked for steps.
    ///
    /// # Errors
    /// There is no till, it cannot be opened, or a process that does not serve keeps it for itself.
    pub fn borrow<T>(folder: &'a Folder, work: impl FnOnce(&Self) -> T) -> Result<T, Failure> {
        let kept = Kept { reach: Some(Reach::of(folder)?), used: Instant::now() };
        let till = Self { folder, kept: Mutex::new(kept) };
        Ok(thread::scope(|scope| {
            // Dropped at the end of the work, also where it panics.
            let (_working, is_over) = channel::<()>();
            let till = &till;
            scope.spawn(move || {
                while is_over.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    till.let_go_if_idle();
                }
            });
            work(till)
        }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic inside the till has closed it by itself; one outside of it has not touched it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn let_go_if_idle(&self) {
        let mut kept = self.kept();
        if kept.used.elapsed() >= KEPT_FOR && matches!(kept.reach, Some(Reach::Here(_))) {
            kept.reach = None;
        }
    }
}

impl TillSide for LentTill<'_> {
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure> {
        let mut kept = self.kept();
        let reach = match kept.reach.take() {
            Some(reach) => reach,
            None => Reach::of(self.folder)?,
        };
        let answer = match kept.reach.insert(reach) {
            Reach::Here(till) => step.carry_out(&mut **till),
            served @ Reach::Served(_) => served.perform(&Caller::default(), step).read(),
        };
        kept.used = Instant::now();
        answer
    }
}
