//! The drawer: opening with a float, moving cash, closing with a count.

use counterfoil_core::command::{CashMovement, Command, Count};
use counterfoil_core::currency::Currency;
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};
use crate::wire::basket::note;
use crate::wire::read::DecimalText;
use crate::wire::report::ReportWire;

/// Begins a drawer session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDrawer {
    /// The change money in the drawer.
    pub float: DecimalText,
}

#[derive(Serialize)]
struct OpenedWire {
    session: u64,
    float: String,
    currency: String,
    operator: String,
}

impl Operation for OpenDrawer {
    const NAME: &'static str = "open";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let float = Money::read("float", self.float.as_str(), currency)?;
        let operator = till.identify(caller)?;
        let outcome = till.execute_by(&Command::OpenDrawer(float), operator.by())?;
        let Outcome::DrawerOpened(session) = outcome else { return Err(unexpected(&outcome)) };
        till.sync_marks()?;
        Ok(Answer::done(&OpenedWire {
            session,
            float: float.show(currency),
            currency: currency.to_string(),
            operator: operator.code.to_string(),
        }))
    }
}

/// Moves cash in or out outside a sale.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveCash {
    /// `pay-in`, `pay-out`, `safe-drop`, `bank-drop` or `float-top-up`.
    pub kind: String,
    /// How much.
    pub amount: DecimalText,
    /// Why.
    pub reason: String,
    /// The number of the bag of a bank-drop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bag: Option<String>,
}

#[derive(Serialize)]
struct MovedWire {
    kind: &'static str,
    amount: String,
    currency: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bag: Option<String>,
    operator: String,
}

impl Operation for MoveCash {
    const NAME: &'static str = "move-cash";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let kind: CashMovementKind = self.kind.parse()?;
        let amount = Money::read("amount", self.amount.as_str(), currency)?;
        let reason = note("reason", self.reason)?;
        let bag = self.bag.map(|bag| note("bag", bag)).transpose()?;
        let operator = till.identify(caller)?;
        let (shown, bag_shown) = (reason.to_string(), bag.as_ref().map(ToString::to_string));
        let outcome = till.execute_by(&Command::MoveCash(CashMovement { kind, amount, reason, bag }), operator.by())?;
        let Outcome::CashMoved = outcome else { return Err(unexpected(&outcome)) };
        Ok(Answer::done(&MovedWire {
            kind: kind.code(),
            amount: amount.show(currency),
            currency: currency.to_string(),
            reason: shown,
            bag: bag_shown,
            operator: operator.code.to_string(),
        }))
    }
}

/// Ends the drawer session with a count; makes the Z report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseDrawer {
    /// What was counted in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<DecimalText>,
    /// What was counted by face value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominations: Option<Vec<Denomination>>,
}

/// Pieces of one face value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denomination {
    /// The face value.
    pub face: DecimalText,
    /// How many.
    pub pieces: u32,
}

impl Operation for CloseDrawer {
    const NAME: &'static str = "close";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let count = self.read(currency)?;
        let operator = till.identify(caller)?;
        let outcome = till.execute_by(&Command::CloseDrawer(count), operator.by())?;
        let Outcome::DrawerClosed(z) = outcome else { return Err(unexpected(&outcome)) };
        till.sync_marks()?;
        Ok(Answer::done(&ReportWire::of_z(&z, currency)?))
    }
}

impl CloseDrawer {
    fn read(&self, currency: Currency) -> Result<Count, Refusal> {
        match (&self.count, &self.denominations) {
            (Some(count), None) => Ok(Count::Total(Money::read("count", count.as_str(), currency)?)),
            (None, Some(pieces)) => {
                let read = pieces.iter().enumerate().map(|(index, one)| {
                    let face = Money::read("face", one.face.as_str(), currency);
                    Ok((face.map_err(|refusal| refusal.inside(&format!("denominations[{index}]")))?, one.pieces))
                });
                Ok(Count::Denominations(read.collect::<Result<_, Refusal>>()?))
            }
            (None, None) => Err(Refusal::new(Reason::Missing, "count", "", "count or denominations")),
            (Some(count), Some(_)) => {
                let limit = "to be given together with denominations; give one";
                Err(Refusal::new(Reason::Malformed, "count", count.as_str(), limit))
            }
        }
    }
}
