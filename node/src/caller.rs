//! Who calls: the operator's code and the PIN as typed.
//!
//! A PIN comes from a file, from standard input or from `TILL_PIN`, never from the command line, where every user of
//! the computer could read it.

use std::fmt;

use counterfoil_core::id::OperatorCode;
use counterfoil_core::operator::Pin;

/// Who calls a command.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The operator's code; without one the till decides who acts.
    pub operator: Option<OperatorCode>,
    /// The PIN as it was typed.
    pub pin: Option<String>,
}

/// Does not show the PIN.
impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caller").field("operator", &self.operator).finish_non_exhaustive()
    }
}

impl Caller {
    /// The PIN, to be compared.
    #[must_use]
    pub fn typed_pin(&self) -> Option<Pin> {
        self.pin.as_deref().map(Pin::typed)
    }
}
