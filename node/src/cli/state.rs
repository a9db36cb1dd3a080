//! `till status` and `till audit`.

use clap::Args;

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::operations::audit::AuditTill;
use crate::operations::status::ReadStatus;

/// Shows how the till is.
#[derive(Debug, Args)]
pub struct Status {}

impl Status {
    /// Shows it.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(ReadStatus {}, show::fields)
    }
}

/// Audits the till.
#[derive(Debug, Args)]
pub struct Audit {}

impl Audit {
    /// Replays everything and shows what it found.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(AuditTill {}, show::fields)
    }
}
