//! Who acts in a command, with the rules of their roles.

use crate::approval::{Actor, Authority};
use crate::db::look_up::Tables;
use crate::db::master;
use crate::decide::Context;
use crate::id::OperatorCode;
use crate::journal_state::JournalState;
use crate::refusal::{Reason, Refusal};
use crate::time::Now;

use super::TillError;

/// By whom a command is carried out. Both have been identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// Who asks.
    pub operator: &'a OperatorCode,
    /// Who approves, if anyone does.
    pub approver: Option<&'a OperatorCode>,
}

/// Those who act, as the tables know them at this moment.
pub(super) struct Actors {
    operator: Actor,
    approver: Option<Actor>,
}

impl Actors {
    pub(super) fn of(tables: &impl Tables, generation: u8, by: By<'_>) -> Result<Self, TillError> {
        let approver = by.approver.map(|code| actor(tables, generation, code, "approved_by"));
        Ok(Self { operator: actor(tables, generation, by.operator, "operator")?, approver: approver.transpose()? })
    }

    pub(super) fn authority(&self) -> Result<Authority<'_>, Refusal> {
        Authority::new(&self.operator, self.approver.as_ref())
    }

    pub(super) const fn context<'a>(&'a self, state: &'a JournalState, now: Now) -> Context<'a> {
        Context { state, operator: &self.operator, approver: self.approver.as_ref(), now }
    }
}

fn actor(tables: &impl Tables, generation: u8, code: &OperatorCode, field: &str) -> Result<Actor, TillError> {
    let unknown = || Refusal::new(Reason::OperatorUnknown, field, code, "add the operator first");
    let operator = master::operator(tables, generation, code)?.ok_or_else(unknown)?;
    let rules = master::role_rules(tables, generation, &operator.role)?;
    Ok(Actor::new(operator, rules))
}
