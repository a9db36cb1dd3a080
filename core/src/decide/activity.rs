//! Recording what sells nothing: the drawer opened without a sale, lines voided, baskets abandoned.
//!
//! What was voided or abandoned is priced as if it were sold now, so that the report tells what it came to. Example: a
//! line of 2 x 1.25 is voided: 2.50 stands on the X report.

use crate::activity::{ActivityV1, DoneV1};
use crate::command::{Activity, BasketLine};
use crate::decide::Context;
use crate::decide::sale::{Sellable, unsold_lines};
use crate::event::Event;
use crate::id::{Note, refuse_card_number};
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;

/// Decides to record an activity. `products` answers each of its lines in order.
///
/// # Errors
/// Not permitted, the drawer is closed, a reason that is missing or holds a card number, or lines that could not be sold.
pub fn decide(context: &Context<'_>, activity: &Activity, products: &[Option<Sellable>]) -> Result<Event, Refusal> {
    let permission = match activity {
        Activity::OpenWithoutSale(_) => Permission::OpenWithoutSale,
        Activity::VoidLine { .. } | Activity::AbandonBasket { .. } => Permission::Sell,
    };
    let mut authority = context.require(permission)?;
    check_reason(activity.reason())?;
    let session = context.session()?;
    let what = match activity {
        Activity::OpenWithoutSale(reason) => DoneV1::OpenedWithoutSale(reason.clone()),
        Activity::VoidLine { basket, line, reason } => {
            let lines = unsold_lines(context, std::slice::from_ref(line), products, &mut authority)?;
            let missing = || Refusal::new(Reason::Missing, "line", "", "the line that is voided");
            let line = lines.into_iter().next().ok_or_else(missing)?;
            DoneV1::LineVoided { basket: basket.clone(), line, reason: reason.clone() }
        }
        Activity::AbandonBasket { basket, lines, reason } => DoneV1::BasketAbandoned {
            basket: basket.clone(),
            lines: unsold_lines(context, lines, products, &mut authority)?,
            reason: reason.clone(),
        },
    };
    Ok(Event::ActivityRecorded(Box::new(ActivityV1 {
        session: Some(session),
        operator: Some(context.operator.code.clone()),
        approved_by: authority.into_approval(),
        what,
    })))
}

fn check_reason(reason: Option<&Note>) -> Result<(), Refusal> {
    reason.map_or(Ok(()), |reason| refuse_card_number("reason", reason.as_str()))
}

impl Activity {
    /// The lines that it names.
    #[must_use]
    pub fn lines(&self) -> &[BasketLine] {
        match self {
            Self::OpenWithoutSale(_) => &[],
            Self::VoidLine { line, .. } => std::slice::from_ref(line),
            Self::AbandonBasket { lines, .. } => lines,
        }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Option<&Note> {
        match self {
            Self::OpenWithoutSale(reason) => Some(reason),
            Self::VoidLine { reason, .. } | Self::AbandonBasket { reason, .. } => reason.as_ref(),
        }
    }
}
