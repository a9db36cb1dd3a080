//! Saying what a role may do, and listing the roles.
//!
//! What is not given stays as it is; a new role of the shop's own begins with nothing allowed. Example:
//! `{"code":"cashier","discount_max":"10"}` lets cashiers give 10 % alone; for more a second person approves.

use counterfoil_core::command::Command;
use counterfoil_core::currency::Currency;
use counterfoil_core::money::Money;
use counterfoil_core::quantity::Percent;
use counterfoil_core::refusal::Refusal;
use counterfoil_core::role::{Permission, Role, RoleRules};
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};
use crate::wire::read::DecimalText;

/// The word for no limit.
const NO_LIMIT: &str = "none";

/// Says what a role may do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// `manager`, `cashier` or a code of the shop's own.
    pub code: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All that it may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The most percent that it may take off, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_max: Option<DecimalText>,
    /// The largest difference at the count that it may accept, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_short_max: Option<DecimalText>,
}

/// Asks for the roles.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadRoles {}

#[derive(Serialize)]
struct RoleWire {
    code: String,
    name: String,
    discount_max: Option<String>,
    over_short_max: Option<String>,
    permissions: Vec<&'static str>,
}

#[derive(Serialize)]
struct RolesWire {
    roles: Vec<RoleWire>,
}

impl RoleWire {
    fn of(rules: &RoleRules, currency: Currency) -> Self {
        Self {
            code: rules.role.to_string(),
            name: rules.name.to_string(),
            discount_max: rules.discount_percent_max.map(|limit| limit.to_string()),
            over_short_max: rules.over_short_max.map(|limit| limit.show(currency)),
            permissions: rules.permissions.iter().map(|permission| permission.code()).collect(),
        }
    }
}

impl Operation for SetRole {
    const NAME: &'static str = "set-role";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let role = Role::named(&self.code)?;
        let known = till.read(|core| core.role_rules(&role))?;
        let rules = self.changed(known, currency)?;
        let caller = till.identify_for_set_up(caller)?;
        let outcome = till.execute_by(&Command::SetRole(Box::new(rules.clone())), caller.by())?;
        let Outcome::RoleSet = outcome else { return Err(unexpected(&outcome)) };
        Ok(Answer::done(&RoleWire::of(&rules, currency)))
    }
}

impl SetRole {
    /// The rules as they will be.
    fn changed(self, known: RoleRules, currency: Currency) -> Result<RoleRules, Refusal> {
        let mut rules = known;
        if let Some(name) = self.name {
            rules.name = name.parse()?;
        }
        if let Some(codes) = self.permissions {
            let read = codes.iter().map(|code| code.trim()).filter(|code| !code.is_empty()).map(str::parse);
            rules.permissions = read.collect::<Result<Vec<Permission>, _>>()?;
            rules.permissions.sort_unstable();
            rules.permissions.dedup();
        }
        if let Some(limit) = self.discount_max {
            rules.discount_percent_max = match limit.as_str() {
                NO_LIMIT => None,
                text => Some(Percent::read("discount_max", text)?),
            };
        }
        if let Some(limit) = self.over_short_max {
            rules.over_short_max = match limit.as_str() {
                NO_LIMIT => None,
                text => Some(Money::read("over_short_max", text, currency)?),
            };
        }
        Ok(rules)
    }
}

impl Operation for ReadRoles {
    const NAME: &'static str = "roles";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let roles = till.read(|core| core.roles())?;
        Ok(Answer::done(&RolesWire { roles: roles.iter().map(|rules| RoleWire::of(rules, currency)).collect() }))
    }
}
