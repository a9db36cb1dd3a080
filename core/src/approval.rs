//! Approval by a second person: one who may do it lends the operator exactly what is missing.
//!
//! A command may carry an approver, who proved to be present by PIN as the operator did. Nobody approves for
//! themselves. What the operator may do alone needs no approval and records none; what was lent is recorded in the event
//! with the approver's name. Example: a cashier moves 50.00 to the safe with `--approved-by mia`: the event names the
//! cashier as operator, and Mia as who lent `move_cash`.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::id::OperatorCode;
use crate::money::Money;
use crate::operator::Operator;
use crate::quantity::{Decimal, Percent};
use crate::refusal::{Reason, Refusal};
use crate::role::{Permission, RoleRules};

/// Who approved, and what was lent. Version 1 of the stored fact, shared by all events that can be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalV1 {
    /// The second person.
    pub approver: OperatorCode,
    /// What the operator could not do alone, each once.
    pub lent: Vec<Permission>,
}

/// A person at the till, with the rules of their role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub code: OperatorCode,
    /// Whether this person may work now.
    pub is_active: bool,
    /// What their role allows.
    pub rules: RoleRules,
}

impl Actor {
    /// An operator whose role allows this.
    #[must_use]
    pub fn new(operator: Operator, rules: RoleRules) -> Self {
        Self { code: operator.code, is_active: operator.is_active, rules }
    }

    /// The operator that every till begins with, who may do everything.
    #[must_use]
    pub fn owner() -> Self {
        let owner = Operator::owner();
        let rules = owner.role.built_in();
        Self::new(owner, rules)
    }

    /// How refusals name this person: `ana (cashier)`.
    fn shown(&self) -> String {
        format!("{} ({})", self.code, self.rules.role)
    }

    fn require_active(&self, field: &str) -> Result<(), Refusal> {
        if self.is_active {
            return Ok(());
        }
        Err(Refusal::new(Reason::OperatorUnknown, field, &self.code, "an active operator is needed"))
    }

    fn lacks(&self, field: &str, permission: Permission) -> Refusal {
        let limit = format!("the role {}", permission.least_role());
        Refusal::new(Reason::NotPermitted, field, self.shown(), limit)
    }

    fn may_take_off(&self, off: Money, of: Money) -> bool {
        self.rules.discount_percent_max.is_none_or(|limit| {
            let hundredfold = Decimal::from(off.minor()).checked_mul(Decimal::ONE_HUNDRED);
            let allowed = Decimal::from(of.minor()).checked_mul(limit.decimal());
            hundredfold.zip(allowed).is_some_and(|(taken, allowed)| taken <= allowed)
        })
    }

    fn may_accept(&self, over_short: Money) -> bool {
        let is_within = |limit: Money| over_short.minor().unsigned_abs() <= limit.minor().unsigned_abs();
        self.rules.has_permission(Permission::AcceptOverShort) && self.rules.over_short_max.is_none_or(is_within)
    }
}

/// How a difference at the count stands to the limits of who closes and who approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverShortStanding {
    /// The operator may accept it alone.
    Within,
    /// A second person accepted it.
    Approved,
    /// Nobody who may has accepted it.
    Unapproved,
}

/// What operator and approver may do together, gathering what the approver had to lend.
#[derive(Clone, Debug)]
#[must_use = "what was lent must be recorded in the event"]
pub struct Authority<'a> {
    operator: &'a Actor,
    approver: Option<&'a Actor>,
    lent: Vec<Permission>,
}

impl<'a> Authority<'a> {
    /// The authority of an operator, with that of who approves.
    ///
    /// # Errors
    /// One of them works no longer, or they are the same person.
    pub fn new(operator: &'a Actor, approver: Option<&'a Actor>) -> Result<Self, Refusal> {
        operator.require_active("operator")?;
        if let Some(approver) = approver {
            approver.require_active("approved_by")?;
            if approver.code == operator.code {
                let limit = "someone other than the operator";
                return Err(Refusal::new(Reason::NotPermitted, "approved_by", approver.shown(), limit));
            }
        }
        Ok(Self { operator, approver, lent: Vec::new() })
    }

    /// Refuses what neither of them may do.
    ///
    /// # Errors
    /// `not_permitted`, naming the person and a role that may.
    pub fn require(&mut self, permission: Permission) -> Result<(), Refusal> {
        if self.operator.rules.has_permission(permission) {
            return Ok(());
        }
        let Some(approver) = self.approver else { return Err(self.operator.lacks("operator", permission)) };
        if !approver.rules.has_permission(permission) {
            return Err(approver.lacks("approved_by", permission));
        }
        self.lend(permission);
        Ok(())
    }

    /// Refuses a discount of `off` from `of` beyond the limits of both.
    ///
    /// # Errors
    /// `not_permitted`, or `approval_needed` with what is taken off and the limit.
    pub fn require_discount(&mut self, off: Money, of: Money, currency: Currency) -> Result<(), Refusal> {
        if off.is_zero() {
            return Ok(());
        }
        self.require(Permission::GiveDiscount)?;
        let is_own = self.operator.rules.has_permission(Permission::GiveDiscount);
        if is_own && self.operator.may_take_off(off, of) {
            return Ok(());
        }
        let refused = |field: &str, actor: &Actor| {
            let percent = |limit: Percent| format!("{limit} % for the role {}", actor.rules.role);
            let limit = actor.rules.discount_percent_max.map_or_else(String::new, percent);
            let value = format!("{} off {}", off.show(currency), of.show(currency));
            Refusal::new(Reason::ApprovalNeeded, field, value, limit)
        };
        let Some(approver) = self.approver else { return Err(refused("discounts", self.operator)) };
        if !approver.rules.has_permission(Permission::GiveDiscount) {
            return Err(approver.lacks("approved_by", Permission::GiveDiscount));
        }
        if !approver.may_take_off(off, of) {
            return Err(refused("approved_by", approver));
        }
        self.lend(Permission::GiveDiscount);
        Ok(())
    }

    /// Whether a difference at the count is accepted, and by whom. Closing is never refused because of it.
    #[must_use]
    pub fn accept_over_short(&mut self, over_short: Money) -> OverShortStanding {
        if over_short.is_zero() || self.operator.may_accept(over_short) {
            return OverShortStanding::Within;
        }
        if self.approver.is_some_and(|approver| approver.may_accept(over_short)) {
            self.lend(Permission::AcceptOverShort);
            return OverShortStanding::Approved;
        }
        OverShortStanding::Unapproved
    }

    /// What to record: none where the operator could do it alone.
    #[must_use]
    pub fn into_approval(self) -> Option<ApprovalV1> {
        let approver = self.approver.filter(|_| !self.lent.is_empty())?;
        Some(ApprovalV1 { approver: approver.code.clone(), lent: self.lent })
    }

    fn lend(&mut self, permission: Permission) {
        if !self.lent.contains(&permission) {
            self.lent.push(permission);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;

    fn actor(code: &str, role: Role, discount: Option<&str>, over_short: Option<i64>) -> Actor {
        let discount_percent_max = discount.map(|text| text.parse().unwrap());
        let over_short_max = over_short.map(Money::from_minor);
        let rules = RoleRules { discount_percent_max, over_short_max, ..role.built_in() };
        Actor { code: OperatorCode::new(code).unwrap(), is_active: true, rules }
    }

    fn lent(authority: Authority<'_>) -> Vec<Permission> {
        authority.into_approval().map_or_else(Vec::new, |approval| approval.lent)
    }

    #[test]
    fn the_approver_lends_exactly_what_is_missing() {
        let (ana, mia) = (actor("ana", Role::Cashier, None, None), actor("mia", Role::Manager, None, None));
        let mut authority = Authority::new(&ana, Some(&mia)).unwrap();
        authority.require(Permission::Sell).unwrap();
        assert_eq!(authority.clone().into_approval(), None, "what she may do alone is not approved");
        authority.require(Permission::MoveCash).unwrap();
        authority.require(Permission::MoveCash).unwrap();
        let refusal = authority.require(Permission::ChangeOperators).unwrap_err();
        assert_eq!((refusal.field(), refusal.limit()), ("approved_by", "the role admin"));
        let approval = authority.into_approval().unwrap();
        assert_eq!((approval.approver.as_str(), approval.lent), ("mia", vec![Permission::MoveCash]));
    }

    #[test]
    fn nobody_approves_for_themselves_or_after_they_left() {
        let mia = actor("mia", Role::Manager, None, None);
        assert_eq!(Authority::new(&mia, Some(&mia)).unwrap_err().field(), "approved_by");
        let (ana, gone) = (actor("ana", Role::Cashier, None, None), Actor { is_active: false, ..mia });
        assert_eq!(Authority::new(&ana, Some(&gone)).unwrap_err().code(), "operator_unknown");
        assert_eq!(Authority::new(&gone, Some(&ana)).unwrap_err().field(), "operator");
    }

    fn check_discount(own: Option<&str>, second: Option<&str>, off: i64, expected: Result<bool, &str>) {
        let ana = actor("ana", Role::Cashier, own, None);
        let mia = actor("mia", Role::Manager, second, None);
        let mut authority = Authority::new(&ana, second.is_some().then_some(&mia)).unwrap();
        let off = Money::from_minor(off);
        let found = authority.require_discount(off, Money::from_minor(1_000), "EUR".parse().unwrap());
        let found = found.map(|()| !lent(authority).is_empty()).map_err(|refusal| refusal.field().to_owned());
        assert_eq!(found, expected.map_err(str::to_owned), "{own:?} {second:?} {off:?}");
    }

    #[test]
    fn a_discount_above_the_limit_needs_someone_with_a_higher_one() {
        check_discount(None, None, 1_000, Ok(false));
        check_discount(Some("10"), None, 100, Ok(false));
        check_discount(Some("10"), None, 101, Err("discounts"));
        check_discount(Some("0"), None, 0, Ok(false));
        check_discount(Some("0"), None, 1, Err("discounts"));
        check_discount(Some("10"), Some("20"), 100, Ok(false));
        check_discount(Some("10"), Some("20"), 200, Ok(true));
        check_discount(Some("10"), Some("20"), 201, Err("approved_by"));
    }

    fn check_count(own: Option<i64>, second: Option<i64>, over_short: i64, expected: OverShortStanding) {
        let ana = actor("ana", Role::Cashier, None, own);
        let mia = actor("mia", Role::Manager, None, second);
        let mut authority = Authority::new(&ana, second.is_some().then_some(&mia)).unwrap();
        let found = authority.accept_over_short(Money::from_minor(over_short));
        assert_eq!(found, expected, "{own:?} {second:?} {over_short}");
        assert_eq!(!lent(authority).is_empty(), expected == OverShortStanding::Approved);
    }

    #[test]
    fn a_difference_above_the_limit_is_approved_or_recorded_as_unapproved() {
        check_count(None, None, -99_999, OverShortStanding::Within);
        check_count(Some(500), None, 500, OverShortStanding::Within);
        check_count(Some(500), None, -500, OverShortStanding::Within);
        check_count(Some(500), None, -501, OverShortStanding::Unapproved);
        check_count(Some(500), Some(1_000), -501, OverShortStanding::Approved);
        check_count(Some(500), Some(1_000), 1_001, OverShortStanding::Unapproved);
        check_count(Some(0), None, 0, OverShortStanding::Within);
    }
}
