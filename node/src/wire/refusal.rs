//! A refusal as JSON: `{"code","message","field","value","limit"}`.

use counterfoil_core::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// The answer of a rule that says no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalWire {
    /// The stable code for programs.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// The path of the field.
    pub field: String,
    /// The value that was given.
    pub value: String,
    /// What would have been accepted.
    pub limit: String,
}

impl From<&Refusal> for RefusalWire {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code().to_owned(),
            message: refusal.to_string(),
            field: refusal.field().to_owned(),
            value: refusal.value().to_owned(),
            limit: refusal.limit().to_owned(),
        }
    }
}
