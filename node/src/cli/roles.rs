//! `till role`.

use clap::{Args, Subcommand};

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::operations::role::{ReadRoles, SetRole};
use crate::wire::read::DecimalText;

/// Keeps roles.
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// Say what a role may do; what is not given stays as it is
    Set(Set),
    /// List all roles with what they may do
    List(List),
}

/// Says what a role may do.
#[derive(Debug, Args)]
pub struct Set {
    /// The role: manager, cashier, or one of the shop's own such as trainee
    code: String,
    /// Its name for people
    #[arg(long)]
    name: Option<String>,
    /// All that it may do, such as sell,refund,run_drawer; `till role list` shows every permission with admin
    #[arg(long, value_name = "PERMISSION,...", value_delimiter = ',')]
    permissions: Option<Vec<String>>,
    /// The most percent that it may take off without a second person; none for no limit
    #[arg(long, value_name = "PERCENT|none")]
    discount_max: Option<String>,
    /// The largest difference at the count that needs no second person; none for no limit
    #[arg(long, value_name = "AMOUNT|none")]
    over_short_max: Option<String>,
}

/// Lists the roles.
#[derive(Debug, Args)]
pub struct List {}

impl RoleCommand {
    /// Sets or lists.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        match self {
            Self::Set(Set { code, name, permissions, discount_max, over_short_max }) => {
                let (discount_max, over_short_max) = (discount_max.map(DecimalText), over_short_max.map(DecimalText));
                console.ask(SetRole { code, name, permissions, discount_max, over_short_max }, show::fields)
            }
            Self::List(List {}) => console.ask(ReadRoles {}, show::fields),
        }
    }
}
