//! What is paid with: the kinds of tender, what each may do, and one tender of a document.
//!
//! What a kind may do and what it needs is a table. Foreign notes count by their frozen rate; a tip, or notes handed out
//! against a card, are part of the tender's amount and said by it. Example: a card of 27.00 with a tip of 2.00 pays 25.00.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::foreign_cash::ForeignCash;
use crate::id::Note;
use crate::money::Money;
use crate::refusal::{Reason, Refusal};

/// What is paid with. The order is frozen, since it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TenderKind {
    /// Coins and notes.
    Cash,
    /// A payment card, by a terminal of its own.
    Card,
    /// A bank transfer.
    Transfer,
    /// A voucher of another issuer, taken at its face value.
    Voucher,
    /// A gift card of the shop's own, by its number.
    GiftCard,
    /// What the shop owes the customer, by the number of the credit.
    StoreCredit,
    /// On account: the customer pays later.
    CustomerAccount,
    /// Notes of another currency, at the rate that the sale keeps.
    ForeignCash,
    /// A refund and a sale of one exchange, settled against each other; no caller names it.
    Exchange,
}

/// What a kind of tender may do and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenderRules {
    /// More may be handed over than is due; the rest is given back in cash.
    pub gives_change: bool,
    /// The drawer opens for it.
    pub opens_drawer: bool,
    /// A sale needs the number of the card, credit or account.
    pub needs_reference: bool,
    /// A refund may be paid back with it.
    pub is_refundable: bool,
    /// It spends what the shop owes or lends, so that offline an allowance bounds it.
    pub is_stored_value: bool,
    /// It may hold a tip.
    pub takes_tip: bool,
    /// Notes may be handed out against it.
    pub takes_cash_out: bool,
}

const PLAIN: TenderRules = TenderRules {
    gives_change: false,
    opens_drawer: false,
    needs_reference: false,
    is_refundable: true,
    is_stored_value: false,
    takes_tip: false,
    takes_cash_out: false,
};
const NOTES: TenderRules = TenderRules { gives_change: true, opens_drawer: true, takes_tip: true, ..PLAIN };
const STORED: TenderRules = TenderRules { needs_reference: true, is_stored_value: true, ..PLAIN };

impl TenderKind {
    /// Every kind, in the frozen order.
    pub const ALL: [Self; 9] = [
        Self::Cash,
        Self::Card,
        Self::Transfer,
        Self::Voucher,
        Self::GiftCard,
        Self::StoreCredit,
        Self::CustomerAccount,
        Self::ForeignCash,
        Self::Exchange,
    ];

    /// The kinds that a caller names: all but the exchange, in the frozen order.
    pub const NAMED: [Self; 8] = [
        Self::Cash,
        Self::Card,
        Self::Transfer,
        Self::Voucher,
        Self::GiftCard,
        Self::StoreCredit,
        Self::CustomerAccount,
        Self::ForeignCash,
    ];

    /// What it may do and needs.
    #[must_use]
    pub const fn rules(self) -> TenderRules {
        match self {
            Self::Cash => NOTES,
            Self::Card => TenderRules { takes_tip: true, takes_cash_out: true, ..PLAIN },
            Self::Transfer | Self::Voucher | Self::Exchange => PLAIN,
            Self::GiftCard | Self::StoreCredit | Self::CustomerAccount => STORED,
            Self::ForeignCash => TenderRules { is_refundable: false, ..NOTES },
        }
    }

    /// The name in commands and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::Voucher => "voucher",
            Self::GiftCard => "gift-card",
            Self::StoreCredit => "store-credit",
            Self::CustomerAccount => "customer-account",
            Self::ForeignCash => "foreign-cash",
            Self::Exchange => "exchange",
        }
    }

    /// Whether it is coins and notes: rounded, and able to give change.
    #[must_use]
    pub const fn is_cash(self) -> bool {
        self.rules().gives_change
    }
}

impl FromStr for TenderKind {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| Refusal::new(Reason::Malformed, "kind", text, Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl fmt::Display for TenderKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One means of payment and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    /// With what.
    pub kind: TenderKind,
    /// How much is handed over, in the document's currency; above zero, or below it where the customer is owed.
    pub amount: Money,
    /// The terminal's or the bank's reference; never a card number.
    pub reference: Option<Note>,
    /// How much of the amount is a tip.
    pub tip: Money,
    /// How much of the amount is handed out in notes.
    pub cash_out: Money,
    /// What was handed over where it is money of another currency.
    pub foreign: Option<ForeignCash>,
}

impl Tender {
    /// So much of a kind, and nothing else.
    #[must_use]
    pub const fn of(kind: TenderKind, amount: Money) -> Self {
        Self { kind, amount, reference: None, tip: Money::ZERO, cash_out: Money::ZERO, foreign: None }
    }

    /// Notes of another currency, counted by their rate.
    ///
    /// # Errors
    /// The rate is not above zero, or the value is beyond what 64 bits count.
    pub fn of_foreign(foreign: ForeignCash, currency: Currency) -> Result<Self, Refusal> {
        let amount = foreign.value(currency)?;
        Ok(Self { foreign: Some(foreign), ..Self::of(TenderKind::ForeignCash, amount) })
    }

    /// The same the other way round.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn negated(&self) -> Result<Self, Refusal> {
        Ok(Self { amount: self.amount.negated()?, ..self.clone() })
    }

    /// What is left of the amount to pay for the goods.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn for_goods(&self) -> Result<Money, Refusal> {
        self.amount.minus(self.tip)?.minus(self.cash_out)
    }
}

/// The cash that tenders bring into the drawer, in its own currency: cash less change and less what was handed out.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn drawer_cash(tenders: &[Tender], change: Money) -> Result<Money, Refusal> {
    let cash = tenders.iter().filter(|tender| tender.kind == TenderKind::Cash);
    let taken = Money::sum(cash.map(|tender| tender.amount))?;
    taken.minus(Money::sum(tenders.iter().map(|tender| tender.cash_out))?)?.minus(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back_and_keep_their_order() {
        for (index, kind) in TenderKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.as_str().parse::<TenderKind>().unwrap(), kind);
            assert_eq!(postcard::to_stdvec(&kind).unwrap(), [u8::try_from(index).unwrap()]);
        }
        assert_eq!("Cash".parse::<TenderKind>().unwrap_err().code(), "malformed");
        assert_eq!(format!("{:<8}|{:>8}", TenderKind::Cash, TenderKind::Card), "cash    |    card");
    }

    #[test]
    fn the_goods_are_paid_by_what_is_neither_tip_nor_handed_out() {
        let minor = Money::from_minor;
        let card = Tender { tip: minor(200), cash_out: minor(1_000), ..Tender::of(TenderKind::Card, minor(3_700)) };
        let cash = Tender { tip: minor(50), ..Tender::of(TenderKind::Cash, minor(1_050)) };
        assert_eq!((card.for_goods().unwrap().minor(), cash.for_goods().unwrap().minor()), (2_500, 1_000));
        assert_eq!(drawer_cash(&[card, cash], minor(30)).unwrap().minor(), 1_050 - 1_000 - 30);
    }
}
