//! Roles: named sets of permissions, and how far some of them reach.
//!
//! Every till knows `admin`, `manager` and `cashier`. A shop may change what the last two allow and add roles of its
//! own; an admin may always do everything, so that nobody can lock the shop out. A limit is of the role: a discount up to
//! so many percent, a difference at the count up to so much. Beyond it a second person approves (see `approval`).
//! Example: role `trainee` with `sell` and `give_discount` up to 5 % sells, and asks a manager for 10 %.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{MasterCode, Name};
use crate::money::Money;
use crate::quantity::Percent;
use crate::refusal::{Reason, Refusal};

/// What an operator is: one of the roles that every till knows, or one of the shop's own. Frozen order: it is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Everything, operators included.
    Admin,
    /// The whole till day, and what cashiers may not do.
    Manager,
    /// Selling, refunding by receipt, opening and closing the drawer.
    Cashier,
    /// A role of the shop's own, by its code.
    Named(MasterCode),
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $least:ident;)*) => {
        /// One thing that a role may or may not do. Frozen order: it is stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// All permissions.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code used in files and answers.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The least of the roles that every till knows to which it belongs from the beginning.
            #[must_use]
            pub const fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$least,)* }
            }
        }
    };
}

permissions! {
    /// Sell.
    Sell = "sell", Cashier;
    /// Refund by receipt.
    Refund = "refund", Cashier;
    /// Open and close the drawer, read X reports.
    RunDrawer = "run_drawer", Cashier;
    /// Move cash in or out outside sales.
    MoveCash = "move_cash", Manager;
    /// Open the drawer without a sale.
    OpenWithoutSale = "open_without_sale", Manager;
    /// Sell at another price than the catalogue's.
    OverridePrice = "override_price", Cashier;
    /// Give discounts, up to the limit of the role.
    GiveDiscount = "give_discount", Cashier;
    /// Take goods back that come without a receipt.
    ReturnWithoutReceipt = "return_without_receipt", Manager;
    /// Pay a refund back with another tender than the one it was paid with.
    RefundToOtherTender = "refund_to_other_tender", Manager;
    /// Close the drawer with a difference, up to the limit of the role.
    AcceptOverShort = "accept_over_short", Cashier;
    /// See what should be in the drawer before it is counted.
    SeeExpected = "see_expected", Cashier;
    /// Annul a completed document.
    VoidDocument = "void_document", Manager;
    /// Receive, adjust, transfer and count stock.
    ChangeStock = "change_stock", Manager;
    /// Change products, prices, categories and tax classes.
    ChangeMasterData = "change_master_data", Manager;
    /// Add customers and change what is known of them.
    ChangeCustomers = "change_customers", Cashier;
    /// Erase what is known of a customer.
    ErasePersonalData = "erase_personal_data", Manager;
    /// Issue documents although the clock is doubtful.
    OverrideClock = "override_clock", Manager;
    /// Add operators and change their roles.
    ChangeOperators = "change_operators", Admin;
    /// Make addenda to Z reports.
    AmendZ = "amend_z", Manager;
}

impl Role {
    /// The roles that every till knows, from most to least.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Manager, Self::Cashier];

    /// The role of a code: one that every till knows, else one of the shop's own.
    ///
    /// # Errors
    /// Empty, too long, or with characters that are not allowed.
    pub fn named(code: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|role| role.code() == code);
        let own = || MasterCode::new(code).map(Self::Named);
        let named = |refusal: Refusal| Refusal::new(refusal.reason(), "role", refusal.value(), refusal.limit());
        known.map_or_else(own, Ok).map_err(named)
    }

    /// The code used in files and answers.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Cashier => "cashier",
            Self::Named(code) => code.as_str(),
        }
    }

    /// How many digits the PIN of such an operator has at least; who may override others needs more of them.
    #[must_use]
    pub const fn pin_digits_min(&self) -> usize {
        match self {
            Self::Admin | Self::Manager | Self::Named(_) => 6,
            Self::Cashier => 4,
        }
    }

    /// What the role allows as long as the shop has not said otherwise.
    #[must_use]
    pub fn built_in(&self) -> RoleRules {
        let is_allowed = |permission: &Permission| match self {
            Self::Named(_) => false,
            Self::Admin | Self::Manager | Self::Cashier => *self <= permission.least_role(),
        };
        RoleRules {
            role: self.clone(),
            name: Name::new(self.code()).expect("a code of a role is a name"),
            permissions: Permission::ALL.iter().copied().filter(is_allowed).collect(),
            discount_percent_max: None,
            over_short_max: None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

/// Reads a role that every till knows.
impl FromStr for Role {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|role| role.code() == text);
        found.ok_or_else(|| Refusal::new(Reason::Malformed, "role", text, "admin, manager or cashier"))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl FromStr for Permission {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.iter().copied().find(|permission| permission.code() == text);
        found.ok_or_else(|| {
            let codes: Vec<_> = Self::ALL.iter().map(|permission| permission.code()).collect();
            Refusal::new(Reason::Malformed, "permissions", text, format!("one of {}", codes.join(", ")))
        })
    }
}

/// What a role allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRules {
    /// Which role.
    pub role: Role,
    /// Its name for people.
    pub name: Name,
    /// What it allows, in their order, none twice.
    pub permissions: Vec<Permission>,
    /// The most that it may take off a line or a sale; no limit without.
    pub discount_percent_max: Option<Percent>,
    /// The largest difference at the count, over or short, that needs no second person; no limit without.
    pub over_short_max: Option<Money>,
}

impl RoleRules {
    /// Whether the role allows it.
    #[must_use]
    pub fn has_permission(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Checks what the rules can say about themselves.
    ///
    /// # Errors
    /// They are of `admin`, name a permission twice or out of order, or a limit is below zero.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.role == Role::Admin {
            return Err(Refusal::new(
                Reason::Malformed,
                "role",
                &self.role,
                "any role but admin, who may do everything",
            ));
        }
        if !self.permissions.is_sorted_by(|one, other| one < other) {
            let limit = "each permission once, in their order";
            return Err(Refusal::new(Reason::Malformed, "permissions", "a list with repetitions", limit));
        }
        if let Some(percent) = self.discount_percent_max.filter(|percent| percent.is_negative()) {
            return Err(Refusal::new(Reason::Negative, "discount_percent_max", percent, "zero or more"));
        }
        if let Some(money) = self.over_short_max.filter(|money| money.is_negative()) {
            return Err(Refusal::new(Reason::Negative, "over_short_max", money.minor(), "zero or more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_allows_what_the_one_below_it_allows() {
        let [admin, manager, cashier] = Role::ALL.map(|role| role.built_in().permissions);
        assert_eq!(admin, Permission::ALL);
        assert!(manager.iter().all(|permission| admin.contains(permission)) && manager.len() < admin.len());
        assert!(cashier.iter().all(|permission| manager.contains(permission)) && cashier.len() < manager.len());
        assert_eq!(Role::named("trainee").unwrap().built_in().permissions, []);
        for permission in Permission::ALL {
            assert_eq!(permission.code().parse::<Permission>().unwrap(), *permission);
        }
        assert_eq!("fly".parse::<Permission>().unwrap_err().code(), "malformed");
    }

    fn check(rules: &RoleRules, field: Option<&str>) {
        assert_eq!(rules.check().err().map(|refusal| refusal.field().to_owned()).as_deref(), field, "{rules:?}");
    }

    #[test]
    fn rules_that_contradict_themselves_are_refused() {
        let rules = Role::Cashier.built_in();
        check(&rules, None);
        check(&RoleRules { permissions: Vec::new(), ..rules.clone() }, None);
        check(&Role::Admin.built_in(), Some("role"));
        let twice = vec![Permission::Sell, Permission::Sell];
        check(&RoleRules { permissions: twice, ..rules.clone() }, Some("permissions"));
        let limit = |text: &str| Some(text.parse::<Percent>().unwrap());
        check(&RoleRules { discount_percent_max: limit("0"), ..rules.clone() }, None);
        check(&RoleRules { discount_percent_max: limit("-1"), ..rules.clone() }, Some("discount_percent_max"));
        check(&RoleRules { over_short_max: Some(Money::from_minor(0)), ..rules.clone() }, None);
        check(&RoleRules { over_short_max: Some(Money::from_minor(-1)), ..rules }, Some("over_short_max"));
    }
}
