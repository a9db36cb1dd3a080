//! How a total is paid, and what change is given.
//!
//! Only the part paid in cash is rounded: payable = non-cash tenders + rounded (gross - non-cash) where cash is among
//! the tenders, else gross. Change comes from cash only, so other tenders may not be above the total; what is above it as
//! a tip, or to be handed out in notes, is said by the tender. Foreign notes count by their frozen rate, and their change
//! is given in the document's currency. Always: tendered - change - tips - cash out = payable = gross + rounding. A gross
//! below zero is owed to the customer; its tenders are below zero and everything mirrors.
//! Example: 15.72 with a 0.05 coin, 20.00 in cash: payable 15.70, rounding -0.02, change 4.30.

use crate::cash_rounding::CashRounding;
use crate::currency::Currency;
use crate::id::refuse_card_number;
use crate::money::Money;
use crate::refusal::{Reason, Refusal};
use crate::tender::{Tender, TenderKind, drawer_cash};

/// The most tenders of one document.
pub const TENDERS_MAX: usize = 20;

/// The proof that a total is paid. Only `settle`, `settle_in_cash` and `settle_exchange` make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    gross: Money,
    payable: Money,
    tendered: Money,
    tips: Money,
    cash_out: Money,
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

    /// What the tenders hold as tips.
    #[must_use]
    pub const fn tips(&self) -> Money {
        self.tips
    }

    /// What is handed out in notes against tenders, beside change.
    #[must_use]
    pub const fn cash_out(&self) -> Money {
        self.cash_out
    }

    /// What goes into the drawer in its own currency.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn cash(&self) -> Result<Money, Refusal> {
        drawer_cash(&self.tenders, self.change)
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
    let non_cash = tenders.iter().filter(|tender| !tender.kind.is_cash());
    let non_cash = Money::sum(non_cash.map(Tender::for_goods).collect::<Result<Vec<_>, _>>()?)?;
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
    let tips = Money::sum(tenders.iter().map(|tender| tender.tip))?;
    let cash_out = Money::sum(tenders.iter().map(|tender| tender.cash_out))?;
    let for_goods = tendered.minus(tips)?.minus(cash_out)?;
    if !is_covered(payable, for_goods, gross) {
        return Err(Refusal::new(Reason::Unpaid, "tenders", for_goods.show(currency), payable.show(currency)));
    }
    let change = for_goods.minus(payable)?;
    Ok(Settlement { gross, payable, tendered, tips, cash_out, change, tenders: tenders.to_vec() })
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
        false => vec![Tender::of(TenderKind::Cash, payable)],
    };
    let (tips, cash_out, change) = (Money::ZERO, Money::ZERO, Money::ZERO);
    Ok(Settlement { gross, payable, tendered: payable, tips, cash_out, change, tenders })
}

/// Settles a total with what goods that come back give for it, and the cash that the rest is in coins. What is exchanged may
/// be a part of a coin off the total, where the difference is paid back in coins.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn settle_exchange(gross: Money, exchanged: Money, cash: Money) -> Result<Settlement, Refusal> {
    let mut tenders = if cash.is_zero() { Vec::new() } else { vec![Tender::of(TenderKind::Cash, cash)] };
    tenders.push(Tender::of(TenderKind::Exchange, exchanged));
    let payable = exchanged.plus(cash)?;
    let (tips, cash_out, change) = (Money::ZERO, Money::ZERO, Money::ZERO);
    Ok(Settlement { gross, payable, tendered: payable, tips, cash_out, change, tenders })
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
        check_extra(gross, tender, currency).map_err(|refusal| refusal.inside(&format!("tenders[{index}]")))?;
    }
    Ok(())
}

/// A tip and notes handed out: of kinds that may hold them, never below zero, and no more than the amount.
fn check_extra(gross: Money, tender: &Tender, currency: Currency) -> Result<(), Refusal> {
    let rules = tender.kind.rules();
    for (field, extra, is_allowed) in
        [("tip", tender.tip, rules.takes_tip), ("cash_out", tender.cash_out, rules.takes_cash_out)]
    {
        if extra.is_zero() {
            continue;
        }
        if extra.is_negative() {
            return Err(Refusal::new(Reason::Negative, field, extra.show(currency), "0 or more"));
        }
        if !is_allowed || gross.is_negative() {
            let limit = format!("a {} holds none here", tender.kind);
            return Err(Refusal::new(Reason::TenderNotAllowed, field, extra.show(currency), limit));
        }
    }
    if gross.is_negative() || !tender.for_goods()?.is_negative() {
        return Ok(());
    }
    let limit = format!("the amount of {} that holds it", tender.amount.show(currency));
    Err(Refusal::new(Reason::TooMany, "tip", tender.tip.plus(tender.cash_out)?.show(currency), limit))
}

/// Whether `amount` is within `cover`, both seen from the side that pays.
const fn is_covered(amount: Money, cover: Money, gross: Money) -> bool {
    if gross.is_negative() { cover.minor() <= amount.minor() } else { amount.minor() <= cover.minor() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::foreign_cash::ForeignCash;
    use crate::id::Note;
    use crate::rounding::Mode;

    fn tender(kind: TenderKind, minor: i64) -> Tender {
        Tender::of(kind, Money::from_minor(minor))
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
        let found = [found[0], found[1], found[2], found[3], settlement.cash().unwrap()].map(Money::minor);
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

    /// Expected are payable, tips, cash out, change and what the drawer gains.
    fn check_extra_held(gross: i64, tenders: &[Tender], expected: [i64; 5]) {
        let settlement = settled(gross, tenders).unwrap();
        let found = [settlement.payable(), settlement.tips(), settlement.cash_out(), settlement.change()];
        let found = [found[0], found[1], found[2], found[3], settlement.cash().unwrap()].map(Money::minor);
        assert_eq!(found, expected, "{gross} with {tenders:?}");
    }

    #[test]
    fn tips_and_notes_handed_out_are_beside_the_goods() {
        let tipped = |tender: Tender, tip| Tender { tip: Money::from_minor(tip), ..tender };
        let handed = |tender: Tender, out| Tender { cash_out: Money::from_minor(out), ..tender };
        check_extra_held(2500, &[tipped(card(2700), 200)], [2500, 200, 0, 0, 0]);
        check_extra_held(2502, &[tipped(cash(3000), 200)], [2500, 200, 0, 300, 2700]);
        check_extra_held(2500, &[handed(card(4500), 2000)], [2500, 0, 2000, 0, -2000]);
        check_extra_held(2502, &[tipped(handed(card(3200), 1000), 200), cash(1000)], [2500, 200, 1000, 500, -500]);
        let code = |gross, tender| settled(gross, &[tender]).unwrap_err();
        let refused = code(100, tipped(tender(TenderKind::Voucher, 200), 100));
        assert_eq!((refused.code(), refused.field()), ("tender_not_allowed", "tenders[0].tip"));
        assert_eq!(code(100, handed(cash(200), 100)).field(), "tenders[0].cash_out");
        assert_eq!(code(100, tipped(card(100), -1)).code(), "negative");
        assert_eq!(code(100, tipped(handed(card(100), 50), 51)).code(), "too_many");
        assert_eq!(code(-100, tipped(card(-100), 1)).code(), "tender_not_allowed");
        assert_eq!(code(100, tipped(card(200), 99)).code(), "non_cash_above_gross");
    }

    #[test]
    fn foreign_notes_count_by_their_rate_and_give_change_at_home() {
        let currency = "EUR".parse().unwrap();
        let notes = |code: &str, amount: i64, rate: &str| {
            let currency = code.parse().unwrap();
            ForeignCash { currency, amount: Money::from_minor(amount), rate: rate.parse().unwrap() }
        };
        let dollars = Tender::of_foreign(notes("USD", 2000, "0.92"), currency).unwrap();
        assert_eq!(dollars.amount.minor(), 1840);
        check_extra_held(1572, std::slice::from_ref(&dollars), [1570, 0, 0, 270, -270]);
        check_extra_held(2000, &[dollars, cash(200)], [2000, 0, 0, 40, 160]);
        let yen = Tender::of_foreign(notes("JPY", 10_000, "0.006135"), currency).unwrap();
        assert_eq!(yen.amount.minor(), 6135);
        assert_eq!(Tender::of_foreign(notes("USD", 1, "0"), currency).unwrap_err().field(), "rate");
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
