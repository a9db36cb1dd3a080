//! How a total is paid, and what change is given.
//!
//! Only the part paid in cash is rounded: payable = non-cash tenders + rounded (gross - non-cash) where cash is among
//! the tenders, else gross. Change comes from cash only, so other tenders may not be above the total. Always: tendered -
//! change = payable = gross + rounding. A gross below zero is owed to the customer; its tenders are below zero and
//! everything mirrors. Example: 15.72 with a 0.05 coin, 20.00 in cash: payable 15.70, rounding -0.02, change 4.30.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cash_rounding::CashRounding;
use crate::currency::Currency;
use crate::id::{Note, refuse_card_number};
use crate::money::Money;
use crate::refusal::{Reason, Refusal};

/// The most tenders of one document.
pub const TENDERS_MAX: usize = 20;

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
}

impl TenderKind {
    /// Every kind, in the frozen order.
    pub const ALL: [Self; 4] = [Self::Cash, Self::Card, Self::Transfer, Self::Voucher];

    /// The name in commands and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::Voucher => "voucher",
        }
    }

    /// Whether it is coins and notes: rounded, and able to give change.
    #[must_use]
    pub const fn is_cash(self) -> bool {
        match self {
            Self::Cash => true,
            Self::Card | Self::Transfer | Self::Voucher => false,
        }
    }
}

impl FromStr for TenderKind {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| Refusal::new(Reason::Malformed, "kind", text, "cash, card, transfer or voucher"))
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
    /// How much is handed over; above zero, or below it where the customer is owed.
    pub amount: Money,
    /// The terminal's or the bank's reference; never a card number.
    pub reference: Option<Note>,
}

/// The proof that a total is paid. Only `settle` and `settle_in_cash` make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    gross: Money,
    payable: Money,
    tendered: Money,
    change: Money,
    tenders: Vec<Tender>,
}

impl Settlement {
    /// The total that is settled.
    #[must_use]
    pub const fn gross(&self) -> Money {
        self.gross
    }

    /// What is to be paid, with its cash part rounded.
    #[must_use]
    pub const fn payable(&self) -> Money {
        self.payable
    }

    /// `payable` minus the gross total, booked as its own figure.
    #[must_use]
    pub const fn rounding(&self) -> Money {
        Money::from_minor(self.payable.minor().saturating_sub(self.gross.minor()))
    }

    /// The sum of the tenders.
    #[must_use]
    pub const fn tendered(&self) -> Money {
        self.tendered
    }

    /// The cash handed back.
    #[must_use]
    pub const fn change(&self) -> Money {
        self.change
    }

    /// What was handed over, in the order given.
    #[must_use]
    pub fn tenders(&self) -> &[Tender] {
        &self.tenders
    }

    /// What goes into the drawer: cash tenders minus change.
    #[must_use]
    pub fn cash(&self) -> Money {
        let non_cash = self.tenders.iter().filter(|tender| !tender.kind.is_cash());
        let non_cash = non_cash.fold(0_i64, |sum, tender| sum.saturating_add(tender.amount.minor()));
        // Payable less all that is not cash; both were summed with checks when this was made.
        Money::from_minor(self.payable.minor().saturating_sub(non_cash))
    }
}

/// What is to be paid for `gross` with these tenders, whether or not they are enough.
///
/// # Errors
/// Too many tenders, one not above zero (or not below, where the customer is owed), a card number in a reference, or
/// non-cash tenders above the total.
pub fn payable(
    gross: Money,
    tenders: &[Tender],
    rounding: Option<CashRounding>,
    currency: Currency,
) -> Result<Money, Refusal> {
    check(gross, tenders, currency)?;
    let non_cash = Money::sum(tenders.iter().filter(|tender| !tender.kind.is_cash()).map(|tender| tender.amount))?;
    if !is_covered(non_cash, gross, gross) {
        let (value, limit) = (non_cash.show(currency), gross.show(currency));
        return Err(Refusal::new(Reason::NonCashAboveGross, "tenders", value, limit));
    }
    match rounding {
        Some(rounding) if tenders.iter().any(|tender| tender.kind.is_cash()) => {
            non_cash.plus(rounding.apply(gross.minus(non_cash)?)?.paid())
        }
        Some(_) | None => Ok(gross),
    }
}

/// Settles a total with what was tendered.
///
/// # Errors
/// As `payable`, or the tenders are below what is payable.
pub fn settle(
    gross: Money,
    tenders: &[Tender],
    rounding: Option<CashRounding>,
    currency: Currency,
) -> Result<Settlement, Refusal> {
    let payable = payable(gross, tenders, rounding, currency)?;
    let tendered = Money::sum(tenders.iter().map(|tender| tender.amount))?;
    if !is_covered(payable, tendered, gross) {
        return Err(Refusal::new(Reason::Unpaid, "tenders", tendered.show(currency), payable.show(currency)));
    }
    Ok(Settlement { gross, payable, tendered, change: tendered.minus(payable)?, tenders: tenders.to_vec() })
}

/// Settles a total with exactly the cash that is payable, as when nothing is said about tenders.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn settle_in_cash(gross: Money, rounding: Option<CashRounding>) -> Result<Settlement, Refusal> {
    let payable = match rounding {
        Some(rounding) => rounding.apply(gross)?.paid(),
        None => gross,
    };
    let tenders = match payable.is_zero() {
        true => Vec::new(),
        false => vec![Tender { kind: TenderKind::Cash, amount: payable, reference: None }],
    };
    Ok(Settlement { gross, payable, tendered: payable, change: Money::ZERO, tenders })
}

fn check(gross: Money, tenders: &[Tender], currency: Currency) -> Result<(), Refusal> {
    if tenders.len() > TENDERS_MAX {
        return Err(Refusal::new(Reason::TooMany, "tenders", tenders.len(), format!("{TENDERS_MAX} tenders")));
    }
    for (index, tender) in tenders.iter().enumerate() {
        let amount = tender.amount;
        let field = format!("tenders[{index}].amount");
        if gross.is_negative() && !amount.is_negative() {
            let limit = format!("the customer is owed {}, so it must be below zero", gross.show(currency));
            return Err(Refusal::new(Reason::TenderNotAllowed, field, amount.show(currency), limit));
        }
        if !gross.is_negative() && !amount.is_positive() {
            return Err(Refusal::new(Reason::NotPositive, field, amount.show(currency), "what is handed over"));
        }
        if let Some(reference) = &tender.reference {
            refuse_card_number(&format!("tenders[{index}].reference"), reference.as_str())?;
        }
    }
    Ok(())
}

/// Whether `amount` is within `cover`, both seen from the side that pays.
const fn is_covered(amount: Money, cover: Money, gross: Money) -> bool {
    if gross.is_negative() { cover.minor() <= amount.minor() } else { amount.minor() <= cover.minor() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rounding::Mode;

    fn tender(kind: TenderKind, minor: i64) -> Tender {
        Tender { kind, amount: Money::from_minor(minor), reference: None }
    }

    fn cash(minor: i64) -> Tender {
        tender(TenderKind::Cash, minor)
    }

    fn card(minor: i64) -> Tender {
        tender(TenderKind::Card, minor)
    }

    fn five_cents() -> Option<CashRounding> {
        Some(CashRounding::new(Money::from_minor(5), Mode::HalfUp).unwrap())
    }

    fn settled(gross: i64, tenders: &[Tender]) -> Result<Settlement, Refusal> {
        settle(Money::from_minor(gross), tenders, five_cents(), "EUR".parse().unwrap())
    }

    /// Expected are payable, rounding, tendered, change and cash.
    fn check(gross: i64, tenders: &[Tender], expected: [i64; 5]) {
        let settlement = settled(gross, tenders).unwrap();
        let found = [settlement.payable, settlement.rounding(), settlement.tendered, settlement.change];
        let found = [found[0], found[1], found[2], found[3], settlement.cash()].map(Money::minor);
        assert_eq!(found, expected, "{gross} with {tenders:?}");
    }

    #[test]
    fn only_the_cash_part_is_rounded_and_only_cash_gives_change() {
        check(1572, &[cash(2000)], [1570, -2, 2000, 430, 1570]);
        check(1573, &[cash(1575)], [1575, 2, 1575, 0, 1575]);
        check(1572, &[card(1572)], [1572, 0, 1572, 0, 0]);
        check(1572, &[card(1001), cash(600)], [1571, -1, 1601, 30, 570]);
        check(1572, &[card(1572), cash(500)], [1572, 0, 2072, 500, 0]);
        check(0, &[], [0, 0, 0, 0, 0]);
        check(0, &[cash(500)], [0, 0, 500, 500, 0]);
        check(2, &[cash(5)], [0, -2, 5, 5, 0]);
        check(100, &vec![cash(5); TENDERS_MAX], [100, 0, 100, 0, 100]);
        let others = [tender(TenderKind::Transfer, 501), tender(TenderKind::Voucher, 500)];
        check(1001, &others, [1001, 0, 1001, 0, 0]);
    }

    #[test]
    fn what_is_owed_to_the_customer_mirrors_what_is_paid() {
        check(-1572, &[cash(-1570)], [-1570, 2, -1570, 0, -1570]);
        check(-1572, &[cash(-2000)], [-1570, 2, -2000, -430, -1570]);
        check(-1572, &[card(-1001), cash(-570)], [-1571, 1, -1571, 0, -570]);
    }

    fn refused(gross: i64, tenders: &[Tender], text: &str) {
        assert_eq!(settled(gross, tenders).unwrap_err().to_string(), text);
    }

    #[test]
    fn a_settlement_that_does_not_add_up_is_refused_with_both_figures() {
        refused(735, &[cash(500)], "tenders: tendered 5.00 is less than payable 7.35");
        refused(1, &[], "tenders: tendered 0.00 is less than payable 0.01");
        refused(735, &[card(736)], "tenders: non-cash tenders of 7.36 are above the total of 7.35");
        refused(735, &[cash(0)], "tenders[0].amount: 0.00 is not above zero; it must be what is handed over");
        refused(
            735,
            &[card(735), cash(-1)],
            "tenders[1].amount: -0.01 is not above zero; it must be what is handed over",
        );
        assert_eq!(settled(-735, &[cash(735)]).unwrap_err().code(), "tender_not_allowed");
        assert_eq!(settled(-735, &[card(-736)]).unwrap_err().code(), "non_cash_above_gross");
        assert_eq!(settled(-735, &[cash(-500)]).unwrap_err().code(), "unpaid");
        assert_eq!(settled(1, &vec![cash(1); TENDERS_MAX + 1]).unwrap_err().code(), "too_many");
        assert_eq!(settled(1, &[cash(i64::MAX), cash(1)]).unwrap_err().code(), "overflow");
    }

    #[test]
    fn a_card_number_is_never_kept() {
        let reference = Some(Note::new("4111 1111 1111 1111").unwrap());
        let refusal = settled(100, &[Tender { reference, ..card(100) }]).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("card_number", "tenders[0].reference"));
    }

    #[test]
    fn nothing_said_is_paid_in_cash() {
        let settlement = settle_in_cash(Money::from_minor(1572), five_cents()).unwrap();
        assert_eq!((settlement.payable().minor(), settlement.tenders()), (1570, [cash(1570)].as_slice()));
        assert_eq!(settle_in_cash(Money::from_minor(2), five_cents()).unwrap().tenders(), []);
        assert_eq!(settle_in_cash(Money::from_minor(-3), five_cents()).unwrap().payable().minor(), -5);
    }

    #[test]
    fn kinds_read_back_and_keep_their_order() {
        for (index, kind) in TenderKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.as_str().parse::<TenderKind>().unwrap(), kind);
            assert_eq!(postcard::to_stdvec(&kind).unwrap(), [u8::try_from(index).unwrap()]);
        }
        assert_eq!("Cash".parse::<TenderKind>().unwrap_err().code(), "malformed");
        assert_eq!(format!("{:<8}|{:>8}", TenderKind::Cash, TenderKind::Card), "cash    |    card");
    }

    proptest! {
        #[test]
        fn tendered_less_change_is_payable_and_mirrors(gross in 0_i64..100_000, cards in 0_i64..100_000, notes in 0_i64..200_000) {
            let tenders: Vec<_> = [card(cards), cash(notes)].into_iter().filter(|t| t.amount.is_positive()).collect();
            let opposite: Vec<_> = tenders.iter().map(|t| tender(t.kind, -t.amount.minor())).collect();
            let Ok(settlement) = settled(gross, &tenders) else {
                prop_assert!(gross == 0 || settled(-gross, &opposite).is_err());
                return Ok(());
            };
            prop_assert_eq!(settlement.tendered().minus(settlement.change()).unwrap(), settlement.payable());
            prop_assert!(settlement.rounding().minor().abs() * 2 <= 5);
            prop_assert!(settlement.change().minor() >= 0 && settlement.change().minor() <= notes);
            if gross > 0 {
                let mirrored = settled(-gross, &opposite).unwrap();
                prop_assert_eq!(mirrored.payable().minor(), -settlement.payable().minor());
                prop_assert_eq!(mirrored.change().minor(), -settlement.change().minor());
            }
        }
    }
}
