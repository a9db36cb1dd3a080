//! A tender as it is submitted to `quote`, `sell` and `refund`.
//!
//! `{"kind","amount","reference","tip","cash_out"}`; the kind by any name that `payment_form` knows. Money of another
//! currency names it: `{"kind":"cash","currency":"USD","amount":"20.00","rate":"0.92"}`.

use counterfoil_core::currency::Currency;
use counterfoil_core::foreign_cash::ForeignCash;
use counterfoil_core::id::Note;
use counterfoil_core::money::Money;
use counterfoil_core::payment_form;
use counterfoil_core::quantity::ExchangeRate;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::tender::{Tender, TenderKind};
use serde::{Deserialize, Serialize};

use crate::wire::read::DecimalText;

/// One tender as it is submitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenderWire {
    /// `cash`, `card`, `transfer`, `voucher`, `gift-card`, `store-credit`, `customer-account`, or another name of one.
    pub kind: String,
    /// How much, tip and notes handed out included.
    pub amount: DecimalText,
    /// The terminal's reference, or the number of the card, credit or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How much of the amount is a tip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip: Option<DecimalText>,
    /// How much of the amount is handed out in notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_out: Option<DecimalText>,
    /// The currency of the amount, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// How much of the document's currency one unit of the other is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<DecimalText>,
}

impl TenderWire {
    /// Reads it for a document in `currency`.
    ///
    /// # Errors
    /// A field that cannot be read, or that does not go with the others.
    pub fn read(&self, currency: Currency) -> Result<Tender, Refusal> {
        let money = |field: &str, text: &Option<DecimalText>| {
            text.as_ref().map_or(Ok(Money::ZERO), |text| Money::read(field, text.as_str(), currency))
        };
        let kind = payment_form::read(&self.kind)?;
        let reference = self.reference.as_deref().map(Note::new).transpose();
        let reference = reference
            .map_err(|refusal| Refusal::new(refusal.reason(), "reference", refusal.value(), refusal.limit()))?;
        Ok(Tender {
            reference,
            tip: money("tip", &self.tip)?,
            cash_out: money("cash_out", &self.cash_out)?,
            ..self.value(kind, currency)?
        })
    }

    fn value(&self, kind: TenderKind, currency: Currency) -> Result<Tender, Refusal> {
        let own: Currency = self.currency.as_deref().map_or(Ok(currency), str::parse)?;
        if own == currency {
            if let Some(rate) = &self.rate {
                let limit = format!("left out, as the amount is in {currency}");
                return Err(Refusal::new(Reason::Malformed, "rate", rate.as_str(), limit));
            }
            if kind == TenderKind::ForeignCash {
                return Err(Refusal::new(Reason::Missing, "currency", "", "the currency of the notes"));
            }
            return Ok(Tender::of(kind, Money::read("amount", self.amount.as_str(), currency)?));
        }
        match kind {
            TenderKind::Cash | TenderKind::ForeignCash => {}
            TenderKind::Card
            | TenderKind::Transfer
            | TenderKind::Voucher
            | TenderKind::GiftCard
            | TenderKind::StoreCredit
            | TenderKind::CustomerAccount
            | TenderKind::Exchange => {
                let limit = format!("only cash is taken in another currency than {currency}");
                return Err(Refusal::new(Reason::TenderNotAllowed, "currency", own, limit));
            }
        }
        let Some(rate) = &self.rate else {
            let limit = format!("how much {currency} one {own} is");
            return Err(Refusal::new(Reason::Missing, "rate", "", limit));
        };
        let amount = Money::read("amount", self.amount.as_str(), own)?;
        let rate = ExchangeRate::read("rate", rate.as_str())?;
        Tender::of_foreign(ForeignCash { currency: own, amount, rate }, currency)
    }
}
