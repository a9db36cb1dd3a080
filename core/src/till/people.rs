//! The roles of a till, and changing people and roles where no head office feeds them.

use crate::catalog::MasterKey;
use crate::db::error::DbError;
use crate::db::look_up;
use crate::db::tables::{LOCKOUTS, PINS};
use crate::db::{WriteTransaction, master, row};
use crate::decide::{self, Context};
use crate::operator::{Lockout, Operator, PinHash};
use crate::refusal::{Reason, Refusal};
use crate::role::{Permission, Role, RoleRules};

use super::actors::{Actors, By};
use super::execute::Carried;
use super::outcome::Outcome;
use super::{Till, TillError};

impl Till {
    /// What every role of this till allows: those that every till knows and the shop's own.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn roles(&self) -> Result<Vec<RoleRules>, TillError> {
        let tx = self.store.read()?;
        let active = look_up::feed_state(&tx)?.active;
        let mut roles: Vec<RoleRules> = Role::ALL.iter().map(Role::built_in).collect();
        for generation in [0, active] {
            for rules in master::roles(&tx, generation)? {
                match roles.iter_mut().find(|known| known.role == rules.role) {
                    Some(known) => *known = rules,
                    None => roles.push(rules),
                }
            }
        }
        roles.sort_by(|one, other| one.role.cmp(&other.role));
        Ok(roles)
    }

    /// What the role of an operator allows.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn role_rules(&self, role: &Role) -> Result<RoleRules, TillError> {
        let tx = self.store.read()?;
        let active = look_up::feed_state(&tx)?.active;
        Ok(master::role_rules(&tx, active, role)?)
    }

    /// Refuses what neither who asks nor who approves may do, where only something is read.
    ///
    /// # Errors
    /// `not_permitted`, or a failing or damaged store.
    pub fn require(&self, by: By<'_>, permission: Permission) -> Result<(), TillError> {
        let tx = self.store.read()?;
        let generation = look_up::feed_state(&tx)?.active;
        let actors = Actors::of(&tx, generation, by)?;
        Ok(actors.authority()?.require(permission)?)
    }

    pub(super) fn set_role(
        &self,
        tx: &WriteTransaction,
        context: &Context<'_>,
        rules: &RoleRules,
    ) -> Result<Carried, TillError> {
        self.require_own_master_data("roles")?;
        let known = master::row(tx, 0, &MasterKey::of_role(&rules.role))?;
        match decide::master_data::set_role(context, rules, known.as_ref())? {
            Some(event) => self.record(tx, context, event, |_| Outcome::RoleSet),
            None => Ok(Carried { outcome: Outcome::RoleSet, state: None, has_pin: false }),
        }
    }

    pub(super) fn set_operator(
        &self,
        tx: &WriteTransaction,
        context: &Context<'_>,
        set: &Operator,
        pin: Option<&PinHash>,
    ) -> Result<Carried, TillError> {
        self.require_own_master_data("operators")?;
        let known = master::operator(tx, 0, &set.code)?;
        let view = self.store.read()?;
        let is_other_admin = |other: &&Operator| other.code != set.code && other.role == Role::Admin && other.is_active;
        let other_admins = master::operators(&view, 0)?.iter().filter(is_other_admin).count();
        let has_rules = master::row(tx, 0, &MasterKey::of_role(&set.role))?.is_some();
        let event = decide::master_data::set_operator(context, set, known.as_ref(), other_admins, has_rules)?;
        if let Some(pin) = pin {
            let pepper = self.pepper.as_ref();
            let missing =
                || Refusal::new(Reason::Missing, "pepper", "", "the device's secret, without which no PIN is kept");
            let verifier = pin.seal(pepper.ok_or_else(missing)?);
            row::put(&mut tx.open_table(PINS).map_err(DbError::from)?, PINS, &set.code.as_str(), &verifier)?;
            let mut lockouts = tx.open_table(LOCKOUTS).map_err(DbError::from)?;
            row::put(&mut lockouts, LOCKOUTS, &set.code.as_str(), &Lockout::NONE)?;
        }
        match event {
            Some(event) => self.record(tx, context, event, |_| Outcome::OperatorSet),
            None => Ok(Carried { outcome: Outcome::OperatorSet, state: None, has_pin: pin.is_some() }),
        }
    }
}
