//! Adding an operator, or changing name, role, PIN or whether a person still works here.

use counterfoil_core::command::Command;
use counterfoil_core::id::{Name, OperatorCode};
use counterfoil_core::operator::{Operator, Pin, Role};
use counterfoil_core::refusal::Refusal;
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::secret::random;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation};

/// Adds or changes an operator.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOperator {
    /// The code typed at the till.
    pub code: String,
    /// The name on receipts.
    pub name: String,
    /// `admin`, `manager` or `cashier`.
    pub role: String,
    /// The new PIN; none keeps the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Whether this person may work now.
    pub is_active: bool,
}

#[derive(Serialize)]
struct OperatorWire {
    code: String,
    name: String,
    role: &'static str,
    is_active: bool,
    has_new_pin: bool,
}

impl Operation for SetOperator {
    const NAME: &'static str = "set-operator";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let code: OperatorCode = self.code.parse().map_err(|refusal| named(&refusal, "code"))?;
        let name: Name = self.name.parse()?;
        let role: Role = self.role.parse()?;
        let pin = self.pin.as_deref().map(|pin| Pin::new(pin.trim_end_matches(['\r', '\n']), role)).transpose()?;
        let hash = match &pin {
            Some(pin) => Some(pin.hash(random()?)),
            None => None,
        };
        let caller = till.identify_for_set_up(caller)?;
        let answer = OperatorWire {
            code: code.to_string(),
            name: name.to_string(),
            role: role.code(),
            is_active: self.is_active,
            has_new_pin: pin.is_some(),
        };
        let operator = Operator { code, name, role, is_active: self.is_active };
        match till.execute(&Command::SetOperator(operator, hash), &caller.code)? {
            Outcome::OperatorSet => Ok(Answer::done(&answer)),
            Outcome::MasterData(_)
            | Outcome::Issued(_)
            | Outcome::DrawerOpened(_)
            | Outcome::CashMoved
            | Outcome::DrawerClosed(_) => Err(Failure::damaged("bug", "an operator was answered with something else")),
        }
    }
}

fn named(refusal: &Refusal, field: &str) -> Refusal {
    Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit())
}
