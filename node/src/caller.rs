//! Who calls: the operator's code and the PIN as typed, and those of a second person who approves.
//!
//! A PIN comes from a file, from standard input or from `TILL_PIN`, never from the command line, where every user of
//! the computer could read it.

use std::fmt;

use counterfoil_core::id::OperatorCode;
use counterfoil_core::operator::{Pin, Role};
use counterfoil_core::till::By;

/// Who calls a command.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The operator's code; without one the till decides who acts.
    pub operator: Option<OperatorCode>,
    /// The PIN as it was typed.
    pub pin: Option<String>,
    /// The code of a second person who approves what the operator may not do alone.
    pub approver: Option<OperatorCode>,
    /// That person's PIN as it was typed.
    pub approval_pin: Option<String>,
}

/// Who acts, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The operator.
    pub code: OperatorCode,
    /// The operator's role.
    pub role: Role,
    /// Who approves what the operator may not do alone.
    pub approver: Option<OperatorCode>,
}

impl Identified {
    /// By whom a command is carried out.
    #[must_use]
    pub const fn by(&self) -> By<'_> {
        By { operator: &self.code, approver: self.approver.as_ref() }
    }
}

/// Does not show the PIN.
impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Caller")
            .field("operator", &self.operator)
            .field("approver", &self.approver)
            .finish_non_exhaustive()
    }
}

impl Caller {
    /// The PIN, to be compared.
    #[must_use]
    pub fn typed_pin(&self) -> Option<Pin> {
        self.pin.as_deref().map(Pin::typed)
    }

    /// The approver's PIN, to be compared.
    #[must_use]
    pub fn typed_approval_pin(&self) -> Option<Pin> {
        self.approval_pin.as_deref().map(Pin::typed)
    }
}
