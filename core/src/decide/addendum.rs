//! Making an addendum to a Z report. The report stays as it was issued.

use crate::addendum::{ADDENDA_MAX, Correction, ZAddendumV1};
use crate::command::Amendment;
use crate::decide::Context;
use crate::drawer::ZReportV1;
use crate::event::Event;
use crate::id::refuse_card_number;
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;

/// Decides an addendum to a report that has so many already.
///
/// # Errors
/// Not permitted, no such report, too many addenda, an amount with the wrong sign, or a tender moved to itself.
pub fn decide(
    context: &Context<'_>,
    amendment: &Amendment,
    z: Option<&ZReportV1>,
    before: usize,
) -> Result<Event, Refusal> {
    let authority = context.require(Permission::AmendZ)?;
    refuse_card_number("reason", amendment.reason.as_str())?;
    let unknown = || Refusal::new(Reason::DocumentUnknown, "z", &amendment.z, "the number of a Z report");
    let z = z.ok_or_else(unknown)?;
    check(context, amendment.correction)?;
    let number = u16::try_from(before).ok().and_then(|before| before.checked_add(1));
    let too_many = || Refusal::new(Reason::TooMany, "z", format!("a further addendum to {}", z.printed), ADDENDA_MAX);
    let number = number.filter(|number| *number <= ADDENDA_MAX).ok_or_else(too_many)?;
    Ok(Event::ZAmended(Box::new(ZAddendumV1 {
        z: z.printed.clone(),
        number,
        correction: amendment.correction,
        reason: amendment.reason.clone(),
        operator: context.operator.code.clone(),
        approved_by: authority.into_approval(),
    })))
}

fn check(context: &Context<'_>, correction: Correction) -> Result<(), Refusal> {
    let currency = context.state.profile.currency;
    match correction {
        Correction::Count(counted) if counted.is_negative() => {
            Err(Refusal::new(Reason::Negative, "counted", counted.show(currency), "zero or more"))
        }
        Correction::Tender { amount, .. } if !amount.is_positive() => {
            Err(Refusal::new(Reason::NotPositive, "amount", amount.show(currency), "above zero"))
        }
        Correction::Tender { from, to, .. } if from == to => {
            Err(Refusal::new(Reason::Malformed, "to", to, "another kind of tender"))
        }
        Correction::Count(_) | Correction::Tender { .. } => Ok(()),
    }
}
