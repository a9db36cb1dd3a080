//! A refusal as JSON: `{"code","message","field","value","limit"}`.

use counterfoil_core::refusal::{Reason, Refusal};
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

impl RefusalWire {
    /// The refusal that was told; one of a code that this program does not know is `declined`.
    #[must_use]
    pub fn to_refusal(&self) -> Refusal {
        let known = Reason::ALL.iter().copied().find(|reason| reason.code() == self.code);
        Refusal::new(known.unwrap_or(Reason::Declined), self.field.as_str(), &self.value, &self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_back() {
        let refusal = Refusal::new(Reason::Unpaid, "tenders", "5.00", "7.35");
        assert_eq!(RefusalWire::from(&refusal).to_refusal(), refusal);
        let unknown = RefusalWire { code: "of_tomorrow".to_owned(), ..RefusalWire::from(&refusal) };
        assert_eq!(unknown.to_refusal().code(), "declined");
    }
}
