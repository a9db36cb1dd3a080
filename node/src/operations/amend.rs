//! Making an addendum to a Z report: a corrected count, or an amount that was paid in another way than was recorded.

use counterfoil_core::addendum::{Correction, amended, printed};
use counterfoil_core::command::{Amendment, Command};
use counterfoil_core::event::Event;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::tender::TenderKind;
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};
use crate::wire::basket::note;
use crate::wire::read::DecimalText;

/// Makes an addendum.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmendZ {
    /// The number of the Z report.
    pub number: String,
    /// What was really in the drawer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<DecimalText>,
    /// The kind of tender that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The kind of tender that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<DecimalText>,
    /// Why.
    pub reason: String,
}

#[derive(Serialize)]
struct AmendedWire {
    number: String,
    expected: String,
    counted: String,
    over_short: String,
    operator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
}

impl Operation for AmendZ {
    const NAME: &'static str = "amend-z";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let correction = self.correction(currency)?;
        let reason = note("reason", self.reason)?;
        let who = till.identify(caller)?;
        let amendment = Amendment { z: self.number, correction, reason };
        let outcome = till.execute_by(&Command::AmendZ(amendment), who.by())?;
        let Outcome::Recorded(event) = outcome else { return Err(unexpected(&outcome)) };
        let Event::ZAmended(addendum) = *event else {
            return Err(Failure::damaged("bug", format!("an addendum was recorded as {}", event.code())));
        };
        let missing = || Failure::damaged("bug", "the report of an addendum is gone");
        let closed = till.read(|core| core.z_report(Some(addendum.z.as_str())))?.ok_or_else(missing)?;
        let addenda = till.read(|core| core.addenda(&addendum.z))?;
        let now = amended(&closed.z, &addenda)?;
        Ok(Answer::done(&AmendedWire {
            number: printed(&addendum.z, addendum.number)?.to_string(),
            expected: now.expected.show(currency),
            counted: now.counted.show(currency),
            over_short: now.over_short.show(currency),
            operator: addendum.operator.to_string(),
            approved_by: addendum.approved_by.map(|approval| approval.approver.to_string()),
        }))
    }
}

impl AmendZ {
    fn correction(&self, currency: counterfoil_core::currency::Currency) -> Result<Correction, Refusal> {
        match (&self.counted, &self.from, &self.to, &self.amount) {
            (Some(counted), None, None, None) => {
                Ok(Correction::Count(Money::read("counted", counted.as_str(), currency)?))
            }
            (None, Some(from), Some(to), Some(amount)) => Ok(Correction::Tender {
                from: kind("from", from)?,
                to: kind("to", to)?,
                amount: Money::read("amount", amount.as_str(), currency)?,
            }),
            _ => {
                let limit = "what was counted, or from, to and amount of a tender";
                Err(Refusal::new(Reason::Missing, "counted", "", limit))
            }
        }
    }
}

fn kind(field: &str, text: &str) -> Result<TenderKind, Refusal> {
    text.parse().map_err(|refusal: Refusal| Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit()))
}
