//! X and Z reports: the figures of the open session, and those of a closed one.

use counterfoil_core::receipt::{Print, x_text, z_text};
use counterfoil_core::refusal::{Reason, Refusal};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::receipt::{Format, Printing, printed};
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

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let session = till.read(|core| Ok(core.session().cloned()))?;
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

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let found = till.read(|core| core.z_report(self.number.as_deref()))?;
        let unknown = || {
            let value = self.number.as_deref().unwrap_or("no session");
            Refusal::new(Reason::DocumentUnknown, "number", value, "the number of a Z report")
        };
        let closed = found.ok_or_else(unknown)?;
        let z = &closed.z;
        match self.format {
            Format::Json => Ok(Answer::done(&ReportWire::of_z(z, currency)?.closed_at(closed.closed))),
            Format::Text => {
                printed(Some(z.printed.as_str()), z_text(till.profile(), z, closed.closed, Print::from(self.print))?)
            }
        }
    }
}
