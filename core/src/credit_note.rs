//! What a refund pays back of a line and of a document.
//!
//! Partial refunds are cumulative: after each, what was refunded so far is the rounded share of what was sold, and the
//! refund pays the difference to what was refunded before. So the parts sum to exactly what was paid, never more,
//! whatever the steps, and no step asks for money. With prices that include tax, gross and taxes are shared and net
//! follows; otherwise net and taxes; both after the discount.
//! Example: 3 pieces for 1.00 in all are refunded one by one as 0.33, 0.34 and 0.33.

use serde::{Deserialize, Serialize};

use crate::cash_rounding::CashRounding;
use crate::currency::Currency;
use crate::document::{DocumentV1, LineV1};
use crate::money::Money;
use crate::quantity::{Decimal, Quantity};
use crate::refund_tender::RefundedTender;
use crate::refusal::{Reason, Refusal};
use crate::rounding::{Mode, round};

/// What was refunded of one line so far, or what one refund takes of it: positive amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedLine {
    /// How much of the product.
    pub quantity: Quantity,
    /// Without tax, before discounts on the sale.
    pub net: Money,
    /// The share of the discounts on the sale.
    pub discount: Money,
    /// Each of the line's taxes.
    pub taxes: Vec<Money>,
}

/// What was refunded of a document so far: positive amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedDocument {
    /// With tax.
    pub gross: Money,
    /// What was paid back.
    pub payable: Money,
    /// With which kinds of tender.
    pub tenders: Vec<RefundedTender>,
}

impl RefundedDocument {
    /// Nothing refunded.
    pub const NONE: Self = Self { gross: Money::ZERO, payable: Money::ZERO, tenders: Vec::new() };
}

impl RefundedLine {
    /// Nothing refunded of a line with so many taxes.
    #[must_use]
    pub fn none(taxes: usize) -> Self {
        Self { quantity: Quantity::ZERO, net: Money::ZERO, discount: Money::ZERO, taxes: vec![Money::ZERO; taxes] }
    }

    /// Both together.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn plus(&self, part: &Self) -> Result<Self, Refusal> {
        let overflow = || Refusal::new(Reason::Overflow, "quantity", part.quantity, "28 digits");
        let taxes = self.taxes.iter().zip(&part.taxes).map(|(one, other)| one.plus(*other));
        Ok(Self {
            quantity: self.quantity.checked_add(part.quantity).ok_or_else(overflow)?,
            net: self.net.plus(part.net)?,
            discount: self.discount.plus(part.discount)?,
            taxes: taxes.collect::<Result<_, _>>()?,
        })
    }

    /// Net less discount plus taxes.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn gross(&self) -> Result<Money, Refusal> {
        self.net.minus(self.discount)?.plus(Money::sum(self.taxes.iter().copied())?)
    }
}

/// What is left of a line to refund.
#[must_use]
pub fn quantity_left(sold: &LineV1, before: &RefundedLine) -> Quantity {
    sold.quantity.checked_sub(before.quantity).unwrap_or(Quantity::ZERO)
}

/// What refunding `quantity` more of a line pays back of it.
///
/// # Errors
/// `quantity_zero`, `quantity_negative`, or `nothing_left` when more is asked than is left.
pub fn refund_line(
    sold: &LineV1,
    before: &RefundedLine,
    quantity: Quantity,
    has_tax_in_price: bool,
    currency: Currency,
) -> Result<RefundedLine, Refusal> {
    let left = quantity_left(sold, before);
    if quantity.is_zero() {
        return Err(Refusal::new(Reason::QuantityZero, "quantity", quantity, format!("above zero, at most {left}")));
    }
    if quantity.is_negative() {
        return Err(Refusal::new(
            Reason::QuantityNegative,
            "quantity",
            quantity,
            format!("above zero, at most {left}"),
        ));
    }
    sold.unit.check(quantity)?;
    let after = before.quantity.checked_add(quantity).filter(|after| *after <= sold.quantity);
    let Some(after) = after else {
        return Err(Refusal::new(Reason::NothingLeft, "quantity", quantity, left));
    };
    let part = |total: Money, refunded: Money| share(total, after, sold.quantity, currency)?.minus(refunded);
    let taxes = sold.taxes.iter().zip(&before.taxes).map(|((_, total), refunded)| part(*total, *refunded));
    let taxes = taxes.collect::<Result<Vec<_>, _>>()?;
    let discount = part(sold.discount, before.discount)?;
    // What is paid is shared after the discount, so that no step takes back more discount than it pays.
    let paid = if has_tax_in_price {
        part(sold.gross()?, before.gross()?)?.minus(Money::sum(taxes.iter().copied())?)?
    } else {
        part(sold.net.minus(sold.discount)?, before.net.minus(before.discount)?)?
    };
    Ok(RefundedLine { quantity, net: paid.plus(discount)?, discount, taxes })
}

/// What is paid back for a part of a document whose gross is `gross`, to the last minor unit: never below zero, together
/// never above what was paid. The document's rounding difference is shared like any amount; the last step pays what is
/// left of what was paid.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn refund_payable(
    sold: &DocumentV1,
    before: &RefundedDocument,
    gross: Money,
    is_all: bool,
    currency: Currency,
) -> Result<Money, Refusal> {
    let left = sold.totals.payable.minus(before.payable)?;
    if is_all {
        return Ok(left);
    }
    let after = before.gross.plus(gross)?;
    let whole = Quantity::new(sold.totals.gross.decimal(currency));
    let part = Quantity::new(after.decimal(currency));
    let due = after.plus(share(sold.totals.rounding, part, whole, currency)?)?.minus(before.payable)?;
    // An earlier step, rounded to coins, may have paid back more than its share already.
    Ok(due.max(Money::ZERO).min(left))
}

/// What is paid back in cash where `non_cash` of it is paid back otherwise: each step but the last is a whole number of
/// coins, and the last pays what is left of what was paid.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn refund_in_cash(
    sold: &DocumentV1,
    before: &RefundedDocument,
    gross: Money,
    is_all: bool,
    non_cash: Money,
    coins: &CashRounding,
) -> Result<Money, Refusal> {
    let left = sold.totals.payable.minus(before.payable)?.minus(non_cash)?;
    if is_all {
        return Ok(left);
    }
    let due = before.gross.plus(gross)?.minus(before.payable)?.minus(non_cash)?;
    Ok(coins.apply(due.max(Money::ZERO))?.paid().min(left))
}

/// `total x part / whole`, rounded half away from zero; all of it where part is the whole.
fn share(total: Money, part: Quantity, whole: Quantity, currency: Currency) -> Result<Money, Refusal> {
    if part == whole {
        return Ok(total);
    }
    let overflow = || Refusal::new(Reason::Overflow, "quantity", part, "28 digits");
    let exact = total
        .decimal(currency)
        .checked_mul(part.decimal())
        .and_then(|product: Decimal| product.checked_div(whole.decimal()))
        .ok_or_else(overflow)?;
    round(exact, currency, Mode::HalfUp)
}
