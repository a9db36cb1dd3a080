//! X and Z reports: the figures of the open session, and those of a closed one.

use counterfoil_core::receipt::{Print, addenda_text, x_text, z_text};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::role::{Permission, RoleRules};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::receipt::{Format, Printing, printed, record_reprint};
use crate::operations::{Answer, Operation};
use crate::wire::report::ReportWire;

/// Reads the figures of the open drawer session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadX {
    /// `json` for the figures, `text` for the print.
    #[serde(default)]
    pub format: Format,
}

impl Operation for ReadX {
    const NAME: &'static str = "x";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        require_sight(till, caller)?;
        let session = till.read(|core| core.require_whole().map(|()| core.session().cloned()))?;
        let closed = || Refusal::new(Reason::DrawerClosed, "drawer", "", "open it with its float");
        let session = session.ok_or_else(closed)?;
        match self.format {
            Format::Json => Ok(Answer::done(&ReportWire::of_x(&session, currency)?)),
            Format::Text => printed(None, x_text(till.profile(), &session, till.now())?),
        }
    }
}

/// Reads a Z report; without a number the last one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadZ {
    /// Its number, or the plain number that it has among the Z reports of this till's newest journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// `json` for the figures, `text` for the print.
    #[serde(default)]
    pub format: Format,
    /// Whether a print is the first one or a copy, which says so.
    #[serde(default)]
    pub print: Printing,
}

impl Operation for ReadZ {
    const NAME: &'static str = "z";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let found = till.read(|core| core.z_report(self.number.as_deref()))?;
        let unknown = || {
            let value = self.number.as_deref().unwrap_or("no session");
            Refusal::new(Reason::DocumentUnknown, "number", value, "the number of a Z report")
        };
        let closed = found.ok_or_else(unknown)?;
        let z = &closed.z;
        let addenda = till.read(|core| core.addenda(&z.printed))?;
        match self.format {
            Format::Json => {
                let report = ReportWire::of_z(z, currency)?.closed_at(closed.closed);
                Ok(Answer::done(&report.with_addenda(z, &addenda, currency)?))
            }
            Format::Text => {
                record_reprint(till, caller, &z.printed, self.print)?;
                let mut text = z_text(till.profile(), z, closed.closed, Print::from(self.print))?;
                if !addenda.is_empty() {
                    text.push_str(&addenda_text(till.profile(), z, &addenda)?);
                }
                printed(Some(z.printed.as_str()), text)
            }
        }
    }
}

/// Where the shop counts blind, who may not see what should be in the drawer does not read an X report either: it could
/// be reckoned from it.
pub(super) fn require_sight(till: &mut OpenTill, caller: &Caller) -> Result<(), Failure> {
    let roles = till.read(|core| core.roles())?;
    if roles.iter().all(is_sighted) {
        return Ok(());
    }
    let who = till.identify(caller)?;
    till.read(|core| core.require(who.by(), Permission::SeeExpected))
}

/// Only roles that may close the drawer count it.
fn is_sighted(rules: &RoleRules) -> bool {
    rules.has_permission(Permission::SeeExpected) || !rules.has_permission(Permission::RunDrawer)
}
