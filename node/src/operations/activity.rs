//! Recording what sells nothing: opening the drawer without a sale, voiding a line, abandoning a basket.

use counterfoil_core::activity::{ActivityV1, DoneV1, UnsoldLineV1};
use counterfoil_core::command::{Activity, Command};
use counterfoil_core::currency::Currency;
use counterfoil_core::event::Event;
use counterfoil_core::id::CommandId;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};
use crate::wire::basket::{BasketLineWire, basket_line, each, note};

/// Opens the drawer without a sale.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenWithoutSale {
    /// Why.
    pub reason: String,
}

/// Records that a line was taken out of a basket before it was sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoidLine {
    /// The basket's id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basket: Option<String>,
    /// The line.
    pub line: BasketLineWire,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Records that a basket was given up before it was sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbandonBasket {
    /// The basket's id.
    pub id: String,
    /// What was in it.
    pub lines: Vec<BasketLineWire>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Serialize)]
struct RecordedWire {
    recorded: &'static str,
    session: Option<u64>,
    operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basket: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gross: Option<String>,
}

#[derive(Serialize)]
struct LineWire {
    code: String,
    quantity: String,
    gross: String,
}

impl Operation for OpenWithoutSale {
    const NAME: &'static str = "no-sale";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        record(till, caller, Activity::OpenWithoutSale(note("reason", self.reason)?))
    }
}

impl Operation for VoidLine {
    const NAME: &'static str = "void-line";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let basket = self.basket.map(CommandId::new).transpose();
        let of_basket = |refusal: Refusal| Refusal::new(refusal.reason(), "basket", refusal.value(), refusal.limit());
        let line = basket_line(self.line).map_err(|refusal| refusal.inside("line"))?;
        let reason = self.reason.map(|reason| note("reason", reason)).transpose()?;
        record(till, caller, Activity::VoidLine { basket: basket.map_err(of_basket)?, line, reason })
    }
}

impl Operation for AbandonBasket {
    const NAME: &'static str = "abandon";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let basket = CommandId::new(self.id)?;
        let lines = each("lines", self.lines, basket_line)?;
        let reason = self.reason.map(|reason| note("reason", reason)).transpose()?;
        record(till, caller, Activity::AbandonBasket { basket, lines, reason })
    }
}

fn record(till: &mut OpenTill, caller: &Caller, activity: Activity) -> Result<Answer, Failure> {
    let currency = till.profile().currency;
    let who = till.identify(caller)?;
    let outcome = till.execute_by(&Command::RecordActivity(activity), who.by())?;
    let Outcome::Recorded(event) = outcome else { return Err(unexpected(&outcome)) };
    let Event::ActivityRecorded(activity) = *event else {
        return Err(Failure::damaged("bug", format!("an activity was recorded as {}", event.code())));
    };
    Ok(Answer::done(&recorded(*activity, currency)?))
}

fn recorded(activity: ActivityV1, currency: Currency) -> Result<RecordedWire, Refusal> {
    let code = activity.what.code();
    let (reason, basket, lines) = match activity.what {
        DoneV1::OpenedWithoutSale(reason) => (Some(reason), None, Vec::new()),
        DoneV1::LineVoided { basket, line, reason } => (reason, basket, vec![line]),
        DoneV1::BasketAbandoned { basket, lines, reason } => (reason, Some(basket), lines),
        DoneV1::Reprinted(number) => {
            let limit = "recorded where it is printed";
            return Err(Refusal::new(Reason::WrongDocument, "number", number, limit));
        }
    };
    let gross = Money::sum(lines.iter().map(|line| line.gross))?;
    let line = |UnsoldLineV1 { code, quantity, gross }: &UnsoldLineV1| LineWire {
        code: code.to_string(),
        quantity: quantity.to_string(),
        gross: gross.show(currency),
    };
    Ok(RecordedWire {
        recorded: code,
        session: activity.session,
        operator: activity.operator.map(|code| code.to_string()),
        approved_by: activity.approved_by.map(|approval| approval.approver.to_string()),
        reason: reason.map(|reason| reason.to_string()),
        basket: basket.map(|basket| basket.to_string()),
        gross: (!lines.is_empty()).then(|| gross.show(currency)),
        lines: lines.iter().map(line).collect(),
    })
}
