//! Adding an operator, or changing name, role, PIN or whether a person still works here; and listing them.
//!
//! What is not given stays as it is. Example: `{"code":"ana","pin":"2468"}` gives Ana another PIN and no other name; it
//! also ends the wait after wrong PINs. A new operator needs a PIN, and so does one who gets a role of more power.

use counterfoil_core::command::Command;
use counterfoil_core::id::{Name, OperatorCode};
use counterfoil_core::operator::{Operator, Pin, Role};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::secret::random;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};

/// The most operators on one page.
pub const PAGE_MAX: usize = 500;

/// Adds or changes an operator.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOperator {
    /// The code typed at the till.
    pub code: String,
    /// The name on receipts; a new operator without one is named by the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `admin`, `manager`, `cashier` or a role of the shop's own; a new operator without one is a cashier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The new PIN; none keeps the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Whether this person may work now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

/// Asks who works at this till.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadOperators {
    /// The page after this code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 500.
    pub limit: usize,
}

#[derive(Serialize)]
struct OperatorWire {
    code: String,
    name: String,
    role: String,
    is_active: bool,
    has_new_pin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

#[derive(Serialize)]
struct PageWire {
    operators: Vec<ListedWire>,
    next: Option<String>,
}

#[derive(Serialize)]
struct ListedWire {
    code: String,
    name: String,
    role: String,
    is_active: bool,
}

/// What is told as long as nobody could prove to be an admin.
const NO_ADMIN_NOTE: &str =
    "no admin has a PIN yet; give the owner one: TILL_NEW_PIN=... till operator add --code owner";

impl Operation for SetOperator {
    const NAME: &'static str = "set-operator";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let code: OperatorCode = self.code.parse().map_err(|refusal| named(&refusal, "code"))?;
        let known = till.read(|core| core.operators())?.into_iter().find(|known| known.code == code);
        let operator = self.changed(code, known.as_ref())?;
        let typed = |pin: &str| Pin::new(pin.trim_end_matches(['\r', '\n']), &operator.role);
        let pin = self.pin.as_deref().map(typed);
        let pin = pin.transpose()?;
        // The PIN of a cashier may be too short for who may override others.
        let needs_pin = known.is_none_or(|known| known.role == Role::Cashier && operator.role != Role::Cashier);
        if needs_pin && pin.is_none() {
            let limit = format!("the new PIN of {}: TILL_NEW_PIN or --new-pin-file FILE", operator.code);
            return Err(Refusal::new(Reason::Missing, "pin", "", limit).into());
        }
        let hash = match &pin {
            Some(pin) => Some(pin.hash(random()?)),
            None => None,
        };
        let caller = till.identify_for_set_up(caller)?;
        let mut answer = OperatorWire {
            code: operator.code.to_string(),
            name: operator.name.to_string(),
            role: operator.role.to_string(),
            is_active: operator.is_active,
            has_new_pin: pin.is_some(),
            note: None,
        };
        let outcome = till.execute_by(&Command::SetOperator(operator, hash), caller.by())?;
        let Outcome::OperatorSet = outcome else { return Err(unexpected(&outcome)) };
        answer.note = (!till.read(|core| core.has_admin_with_pin())?).then_some(NO_ADMIN_NOTE);
        Ok(Answer::done(&answer))
    }
}

impl SetOperator {
    /// The operator as it will be.
    fn changed(&self, code: OperatorCode, known: Option<&Operator>) -> Result<Operator, Failure> {
        if known.is_none() && self.is_active == Some(false) {
            return Err(Refusal::new(Reason::OperatorUnknown, "code", &code, "see `till operator list`").into());
        }
        let name: Option<Name> = self.name.as_deref().map(str::parse).transpose()?;
        let role: Option<Role> = self.role.as_deref().map(Role::named).transpose()?;
        let name = match (name, known) {
            (Some(name), _) => name,
            (None, Some(known)) => known.name.clone(),
            (None, None) => code.as_str().parse()?,
        };
        let role = role.or_else(|| known.map(|known| known.role.clone())).unwrap_or(Role::Cashier);
        let is_active = self.is_active.or_else(|| known.map(|known| known.is_active)).unwrap_or(true);
        Ok(Operator { code, name, role, is_active })
    }
}

impl Operation for ReadOperators {
    const NAME: &'static str = "operators";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        if !(1..=PAGE_MAX).contains(&self.limit) {
            return Err(Refusal::new(Reason::TooMany, "limit", self.limit, format!("1 to {PAGE_MAX}")).into());
        }
        let after: Option<OperatorCode> = self.after.as_deref().map(str::parse).transpose()?;
        let mut operators = till.read(|core| core.operators())?;
        operators.retain(|operator| after.as_ref().is_none_or(|after| operator.code > *after));
        operators.sort_by(|one, other| one.code.cmp(&other.code));
        let has_more = operators.len() > self.limit;
        operators.truncate(self.limit);
        let next = operators.last().filter(|_| has_more).map(|operator| operator.code.to_string());
        let listed = operators.into_iter().map(|Operator { code, name, role, is_active }| ListedWire {
            code: code.to_string(),
            name: name.to_string(),
            role: role.to_string(),
            is_active,
        });
        Ok(Answer::done(&PageWire { operators: listed.collect(), next }))
    }
}

fn named(refusal: &Refusal, field: &str) -> Refusal {
    Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit())
}
