//! Why an exchange with head office did not succeed, and whether it is worth trying again.
//!
//! A network that is down or a head office that is busy passes; a refusal does not. Sending again is always harmless:
//! head office answers what it has already with `duplicate`.

use std::time::Duration;

use counterfoil_core::journal::fault::Fault;
use counterfoil_core::refusal::{Reason, Refusal};

use crate::failure::Failure;

/// Why an exchange did not succeed.
#[derive(Debug)]
pub enum Trouble {
    /// Head office cannot be reached, or the connection broke.
    Unreachable(String),
    /// Head office asks to come again, after this time if it says so.
    Busy(Option<Duration>),
    /// Head office does not take this till's certificate, most likely because it has ended.
    NotLetIn(String),
    /// Head office, or a rule of this till, says no.
    Refused(Refusal),
    /// Something here is broken.
    Failed(Failure),
}

impl Trouble {
    /// Whether the same exchange may succeed later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Busy(_) => true,
            Self::NotLetIn(_) | Self::Refused(_) | Self::Failed(_) => false,
        }
    }

    /// An answer that does not mean what it should.
    pub fn unexpected(value: impl std::fmt::Display, limit: impl std::fmt::Display) -> Self {
        Self::Refused(Refusal::new(Reason::Declined, "head_office", format!("it answered {value}"), limit))
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable(why) => Self::damaged("unreachable", format!("head office cannot be reached: {why}")),
            Trouble::Busy(_) => Self::damaged("busy", "head office is busy; try again later"),
            Trouble::NotLetIn(why) => {
                let limit = "ask head office for a token and run till enrol";
                Self::Refused(Refusal::new(Reason::NotPermitted, "certificate", why, limit))
            }
            Trouble::Refused(refusal) => Self::Refused(refusal),
            Trouble::Failed(failure) => failure,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Usage(_) | Failure::Damaged(_) => Self::Failed(failure),
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        let limit = format!("what head office should have sent: {fault}");
        Self::Refused(Refusal::new(Reason::Malformed, "head_office", "the answer", limit))
    }
}
