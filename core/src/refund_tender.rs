//! With what a refund is paid back: the tenders of the sale, each up to what it paid.
//!
//! Nothing said, it goes back first to what is not cash, in the order in which the sale took it, each tender up to what it
//! paid for goods and was not yet paid back; the rest is cash, in whole coins. Named tenders may share it otherwise, within
//! the same bounds. More of a kind than the sale was paid with needs the permission `refund_to_other_tender`, by role or by
//! approval. A tip and notes handed out are no part of it; foreign notes come back as cash of the drawer's currency, and so
//! does what an exchange paid, which nobody can tell the kind of any more, so that it needs the permission too. A gift card,
//! a store credit and a customer account are each known by number; cards and transfers are told apart by their terminal, so
//! what all of one kind paid counts together. Always: no kind gets back more than it paid unless someone allowed it, and
//! all kinds together never more than was paid.
//!
//! | the sale was paid with | back before | to pay back | coin | paid back |
//! |---|---|---|---|---|
//! | cash 20.00, change 4.28 | - | 15.72 | - | cash 15.72 |
//! | card 15.72 | - | 5.00 | - | card 5.00 |
//! | card 10.00, cash 5.72 | - | 5.00 | - | card 5.00 |
//! | card 10.00, cash 5.72 | card 5.00 | 7.50 | - | card 5.00, cash 2.50 |
//! | card 10.00, cash 5.70 | - | 12.53 | 0.05 | card 10.00, cash 2.55 |
//! | card 10.00, cash 5.70 | card 10.00, cash 2.55 | the rest | 0.05 | cash 3.15 |
//! | gift card A 5.00, gift card B 5.00 | gift card A 3.00 | 4.00 | - | gift card A 2.00, gift card B 2.00 |
//! | card 27.00 with a tip of 2.00 | - | all | - | card 25.00 |
//! | USD 20.00 at 0.92, change 2.68 | - | all | - | cash 15.72 |
//! | card 10.00 | cash 4.00, approved | the rest | - | card 6.00 |
//! | card 40.00, exchanged for other goods of 40.00 | - | all of these | - | cash 40.00, needs the permission |

use serde::{Deserialize, Serialize};

use crate::document::DocumentV1;
use crate::id::Note;
use crate::money::Money;
use crate::refusal::Refusal;
use crate::tender::{Tender, TenderKind};

/// What was paid back of a sale with one kind of tender so far; above zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedTender {
    /// The kind.
    pub kind: TenderKind,
    /// The number of the gift card, store credit or account.
    pub number: Option<Note>,
    /// How much.
    pub amount: Money,
}

impl RefundedTender {
    /// Adds the tenders of a credit note, which are below zero.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn add_all(refunded: &mut Vec<Self>, credit_note: &[Tender]) -> Result<(), Refusal> {
        for tender in credit_note {
            let number = number_of(tender);
            match refunded.iter_mut().find(|known| known.kind == tender.kind && known.number.as_ref() == number) {
                Some(known) => known.amount = known.amount.minus(tender.amount)?,
                None => {
                    let (kind, number) = (tender.kind, number.cloned());
                    refunded.push(Self { kind, number, amount: tender.amount.negated()? });
                }
            }
        }
        Ok(())
    }
}

/// The number that tells a tender from others of its kind.
fn number_of(tender: &Tender) -> Option<&Note> {
    tender.reference.as_ref().filter(|_| tender.kind.rules().needs_reference)
}

/// What is left to pay back with the tenders of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// In the order in which they are used; cash is the last.
    left: Vec<Left>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Left {
    kind: TenderKind,
    reference: Option<Note>,
    amount: Money,
}

/// What a refund pays back where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// With what is not cash; above zero.
    pub tenders: Vec<Tender>,
    /// Their sum.
    pub sum: Money,
    /// What is left to pay in cash, before coins are rounded.
    pub rest: Money,
}

impl WayBack {
    /// What is left of the tenders of a sale after what was paid back before.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn of(sold: &DocumentV1, before: &[RefundedTender]) -> Result<Self, Refusal> {
        let mut left = Vec::new();
        let mut cash = Money::ZERO.minus(sold.change)?;
        for tender in &sold.tenders {
            let amount = tender.for_goods()?;
            match tender.kind {
                TenderKind::Cash | TenderKind::ForeignCash => cash = cash.plus(amount)?,
                TenderKind::Exchange => {}
                TenderKind::Card
                | TenderKind::Transfer
                | TenderKind::Voucher
                | TenderKind::GiftCard
                | TenderKind::StoreCredit
                | TenderKind::CustomerAccount => {
                    left.push(Left { kind: tender.kind, reference: tender.reference.clone(), amount });
                }
            }
        }
        left.push(Left { kind: TenderKind::Cash, reference: None, amount: cash });
        let mut way = Self { left };
        for refunded in before {
            way.use_up(refunded.kind, refunded.number.as_ref(), refunded.amount)?;
        }
        Ok(way)
    }

    /// The tenders that pay back so much where nothing is said.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn plan(&self, due: Money) -> Result<Planned, Refusal> {
        let (mut tenders, mut rest) = (Vec::new(), due);
        for left in self.left.iter().filter(|left| !left.kind.is_cash()) {
            let amount = left.amount.min(rest);
            if amount.is_positive() {
                rest = rest.minus(amount)?;
                tenders.push(Tender { reference: left.reference.clone(), ..Tender::of(left.kind, amount) });
            }
        }
        Ok(Planned { tenders, sum: due.minus(rest)?, rest })
    }

    /// Takes a tender of a refund, above zero, off what is left, and tells how much of it the sale was not paid with.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn take(&mut self, tender: &Tender) -> Result<Money, Refusal> {
        self.use_up(tender.kind, number_of(tender), tender.amount)
    }

    fn use_up(&mut self, kind: TenderKind, number: Option<&Note>, amount: Money) -> Result<Money, Refusal> {
        let mut rest = amount;
        for left in &mut self.left {
            let is_same = left.kind == kind && (number.is_none() || left.reference.as_ref() == number);
            if is_same && left.amount.is_positive() {
                let part = left.amount.min(rest);
                left.amount = left.amount.minus(part)?;
                rest = rest.minus(part)?;
            }
        }
        Ok(rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tender(kind: TenderKind, minor: i64, reference: Option<&str>) -> Tender {
        let reference = reference.map(|text| text.parse().unwrap());
        Tender { reference, ..Tender::of(kind, Money::from_minor(minor)) }
    }

    fn left(of: &[Tender], cash: i64) -> WayBack {
        let of = of.iter().map(|one| Left { kind: one.kind, reference: one.reference.clone(), amount: one.amount });
        let cash = Left { kind: TenderKind::Cash, reference: None, amount: Money::from_minor(cash) };
        WayBack { left: of.chain([cash]).collect() }
    }

    fn check(way: &WayBack, due: i64, tenders: &[Tender], rest: i64) {
        let planned = way.plan(Money::from_minor(due)).unwrap();
        assert_eq!((planned.tenders.as_slice(), planned.rest.minor()), (tenders, rest), "{due} of {way:?}");
        assert_eq!(planned.sum.minor(), due - rest);
    }

    #[test]
    fn what_is_not_cash_goes_back_first_in_the_order_of_the_sale() {
        use TenderKind::{Card, GiftCard};
        let way = left(&[tender(GiftCard, 500, Some("A")), tender(Card, 1_000, Some("AUTH 1"))], 572);
        check(&way, 300, &[tender(GiftCard, 300, Some("A"))], 0);
        check(&way, 700, &[tender(GiftCard, 500, Some("A")), tender(Card, 200, Some("AUTH 1"))], 0);
        check(&way, 2_072, &[tender(GiftCard, 500, Some("A")), tender(Card, 1_000, Some("AUTH 1"))], 572);
        check(&way, 0, &[], 0);
        check(&left(&[], 572), 500, &[], 500);
    }

    #[test]
    fn a_card_of_the_shop_is_known_by_its_number_and_a_payment_card_by_its_terminal() {
        use TenderKind::{Card, Cash, GiftCard, Transfer};
        let mut way = left(&[tender(GiftCard, 500, Some("A")), tender(Card, 300, None), tender(Card, 200, None)], 100);
        let mut over = |one: Tender| way.take(&one).unwrap().minor();
        assert_eq!(over(tender(GiftCard, 400, Some("B"))), 400, "another card of the shop");
        assert_eq!(over(tender(GiftCard, 400, Some("A"))), 0);
        assert_eq!(over(tender(GiftCard, 400, Some("A"))), 300);
        assert_eq!(over(tender(Card, 450, Some("terminal 2"))), 0);
        assert_eq!(over(tender(Card, 450, None)), 400);
        assert_eq!(
            (over(tender(Cash, 100, None)), over(tender(Cash, 1, None)), over(tender(Transfer, 1, None))),
            (0, 1, 1)
        );
    }

    #[test]
    fn what_was_paid_back_is_added_up_by_kind_and_number() {
        let mut refunded = Vec::new();
        let back = |kind, minor: i64, number| tender(kind, -minor, number);
        let first = [back(TenderKind::Card, 300, Some("t1")), back(TenderKind::GiftCard, 100, Some("A"))];
        RefundedTender::add_all(&mut refunded, &first).unwrap();
        let next = [back(TenderKind::Card, 200, Some("t2")), back(TenderKind::GiftCard, 50, Some("B"))];
        RefundedTender::add_all(&mut refunded, &next).unwrap();
        let found: Vec<_> = refunded.iter().map(|one| (one.kind, one.number.is_some(), one.amount.minor())).collect();
        let gift = TenderKind::GiftCard;
        assert_eq!(found, [(TenderKind::Card, false, 500), (gift, true, 100), (gift, true, 50)]);
    }

    proptest! {
        #[test]
        fn whatever_the_steps_no_tender_gets_back_more_than_it_paid_and_all_get_back_all(
            paid in proptest::collection::vec((0_usize..4, 0_i64..1_000), 0..5),
            cash in 0_i64..1_000,
            steps in proptest::collection::vec(1_i64..700, 0..8),
        ) {
            let kinds = [TenderKind::Card, TenderKind::Transfer, TenderKind::GiftCard, TenderKind::StoreCredit];
            let number = |kind: TenderKind, at: usize| kind.rules().needs_reference.then(|| format!("N{at}"));
            let of = paid.iter().enumerate().map(|(at, (kind, minor))| tender(kinds[*kind], *minor, number(kinds[*kind], at).as_deref()));
            let of: Vec<Tender> = of.collect();
            let whole = left(&of, cash);
            let mut way = whole.clone();
            let mut refunded = Vec::new();
            let all: i64 = of.iter().map(|one| one.amount.minor()).sum::<i64>() + cash;
            let mut owed = all;
            for due in steps.into_iter().chain([all]) {
                let due = due.min(owed);
                owed -= due;
                let planned = way.plan(Money::from_minor(due)).unwrap();
                let rest = planned.rest.is_positive().then(|| Tender::of(TenderKind::Cash, planned.rest));
                let tenders: Vec<Tender> = planned.tenders.into_iter().chain(rest).collect();
                prop_assert_eq!(tenders.iter().map(|one| one.amount.minor()).sum::<i64>(), due);
                for one in &tenders {
                    prop_assert!(way.take(one).unwrap().is_zero(), "more than it paid: {:?}", one);
                }
                let back: Vec<Tender> =
                    tenders.iter().map(|one| Tender { amount: one.amount.negated().unwrap(), ..one.clone() }).collect();
                RefundedTender::add_all(&mut refunded, &back).unwrap();
                // What the rows know of it leaves the same as the steps themselves.
                let mut again = whole.clone();
                for one in &refunded {
                    prop_assert!(again.use_up(one.kind, one.number.as_ref(), one.amount).unwrap().is_zero());
                }
                prop_assert_eq!(&again, &way);
            }
            prop_assert!(way.left.iter().all(|left| left.amount.is_zero()));
        }
    }
}
