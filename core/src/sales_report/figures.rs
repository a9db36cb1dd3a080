//! What one row of a table comes to, and what its period does.
//!
//! Always: net + tax = gross; `sales_gross` + `refunds_gross` = gross; margin = the net of lines whose cost is known, less
//! that cost. The cost of a line is rounded to the currency by itself, so that it is the same in every table.
//! Example: net 10.00, of it 8.00 with a cost of 5.00: margin 3.00, which is 37.5 % of 8.00.

use crate::currency::Currency;
use crate::document::{DocumentV1, LineV1};
use crate::money::Money;
use crate::quantity::{Decimal, Quantity, UnitPrice};
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};
use crate::rounding::{Mode, round_ratio};
use crate::tax::TaxTotal;
use crate::tender::Tender;

/// Whether a document sells or takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Sale,
    Refund,
}

/// The figures of a row, as its table has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figures<'a> {
    /// By day, hour, product, category and operator.
    Goods(&'a GoodsFigures),
    /// By tender.
    Tender(&'a TenderFigures),
    /// By tax rate.
    Tax(&'a TaxFigures),
}

/// What goods come to; refunds are in it with their negative amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoodsFigures {
    /// How many documents that sell.
    pub sales: u64,
    /// How many documents that take back.
    pub refunds: u64,
    /// How many lines.
    pub lines: u64,
    /// How much, in the product's unit; only where all is one product.
    pub quantity: Quantity,
    /// With tax, of documents that sell.
    pub sales_gross: Money,
    /// With tax, of documents that take back: negative.
    pub refunds_gross: Money,
    /// What discounts on the sale took off, as the prices are, with or without tax.
    pub discounts: Money,
    /// What promotions took off, as the prices are, with or without tax.
    pub promotions: Money,
    /// Without tax, after all discounts.
    pub net: Money,
    /// The taxes.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
    /// The net of the lines whose cost is known.
    pub costed_net: Money,
    /// What those lines cost the shop.
    pub cost: Money,
    /// How many those lines are.
    pub costed_lines: u64,
}

impl Default for GoodsFigures {
    fn default() -> Self {
        let nothing = Money::ZERO;
        Self {
            sales: 0,
            refunds: 0,
            lines: 0,
            quantity: Quantity::ZERO,
            sales_gross: nothing,
            refunds_gross: nothing,
            discounts: nothing,
            promotions: nothing,
            net: nothing,
            tax: nothing,
            gross: nothing,
            costed_net: nothing,
            cost: nothing,
            costed_lines: 0,
        }
    }
}

impl GoodsFigures {
    /// A document that counts, without its lines.
    pub(super) fn of_document(standing: Standing, gross: Money) -> Self {
        let mut figures = Self::default();
        figures.count(standing, true, gross);
        figures
    }

    /// A line, which counts no document yet.
    pub(super) fn of_line(line: &LineV1, cost: Option<UnitPrice>, currency: Currency) -> Result<Self, Refusal> {
        let net = line.net.minus(line.discount)?;
        let (costed_net, cost, costed_lines) = match cost {
            Some(cost) => (net, cost_of(line.quantity, cost, currency)?, 1),
            None => (Money::ZERO, Money::ZERO, 0),
        };
        Ok(Self {
            lines: 1,
            discounts: line.discount,
            promotions: Money::sum(line.promotions.iter().map(|promotion| promotion.amount))?,
            net,
            tax: line.tax()?,
            gross: line.gross()?,
            costed_net,
            cost,
            costed_lines,
            ..Self::default()
        })
    }

    /// Says of which document the figures are.
    pub(super) fn count(&mut self, standing: Standing, is_first: bool, gross: Money) {
        let documents = u64::from(is_first);
        match standing {
            Standing::Sale => (self.sales, self.sales_gross) = (documents, gross),
            Standing::Refund => (self.refunds, self.refunds_gross) = (documents, gross),
        }
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<(), Refusal> {
        self.sales = self.sales.saturating_add(other.sales);
        self.refunds = self.refunds.saturating_add(other.refunds);
        self.lines = self.lines.saturating_add(other.lines);
        let too_much = || Refusal::new(Reason::Overflow, "quantity", other.quantity, "what can be counted exactly");
        self.quantity = self.quantity.checked_add(other.quantity).ok_or_else(too_much)?;
        self.sales_gross = self.sales_gross.plus(other.sales_gross)?;
        self.refunds_gross = self.refunds_gross.plus(other.refunds_gross)?;
        self.discounts = self.discounts.plus(other.discounts)?;
        self.promotions = self.promotions.plus(other.promotions)?;
        self.net = self.net.plus(other.net)?;
        self.tax = self.tax.plus(other.tax)?;
        self.gross = self.gross.plus(other.gross)?;
        self.costed_net = self.costed_net.plus(other.costed_net)?;
        self.cost = self.cost.plus(other.cost)?;
        self.costed_lines = self.costed_lines.saturating_add(other.costed_lines);
        Ok(())
    }

    /// What is left of the net after the cost; `None` where no cost is known.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn margin(&self) -> Result<Option<Money>, Refusal> {
        (self.costed_lines > 0).then(|| self.costed_net.minus(self.cost)).transpose()
    }

    /// The margin in percent of the net that has a cost, with one digit; `None` where there is no such net.
    ///
    /// # Errors
    /// Beyond what can be counted.
    pub fn margin_percent(&self) -> Result<Option<Decimal>, Refusal> {
        let Some(margin) = self.margin()?.filter(|_| !self.costed_net.is_zero()) else { return Ok(None) };
        // Where more came back than went out both are below zero, and a ratio divides by what is above it.
        let (margin, net) = match self.costed_net.is_negative() {
            true => (margin.negated()?, self.costed_net.negated()?),
            false => (margin, self.costed_net),
        };
        let tenths = Ratio::of_decimal(Decimal::ONE_THOUSAND).times(Ratio::of_minor(margin))?;
        let tenths = round_ratio(tenths.divided_by(Ratio::of_minor(net))?, Mode::HalfUp)?;
        Ok(Some(Decimal::new(tenths.minor(), 1)))
    }
}

fn cost_of(quantity: Quantity, cost: UnitPrice, currency: Currency) -> Result<Money, Refusal> {
    let cost = Ratio::of_decimal(quantity.decimal()).times(Ratio::of_decimal(cost.decimal()))?;
    round_ratio(cost.in_minor_units(currency)?, Mode::HalfUp)
}

/// What came in and went out by one kind of tender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenderFigures {
    /// How many documents.
    pub documents: u64,
    /// What was handed over.
    pub taken: Money,
    /// What was paid back: negative.
    pub paid_back: Money,
    /// What was handed out in cash, as change or against a card: negative.
    pub handed_out: Money,
    /// What is left: what the X and Z reports say.
    pub amount: Money,
    /// How much of it is tips.
    pub tips: Money,
    /// How much of it pays for goods.
    pub for_goods: Money,
    /// The notes themselves, in their own currency.
    pub notes: Money,
}

impl TenderFigures {
    pub(super) fn add_tender(&mut self, tender: &Tender) -> Result<(), Refusal> {
        if tender.amount.is_negative() {
            self.paid_back = self.paid_back.plus(tender.amount)?;
        } else {
            self.taken = self.taken.plus(tender.amount)?;
        }
        self.amount = self.amount.plus(tender.amount)?;
        self.tips = self.tips.plus(tender.tip)?;
        self.for_goods = self.for_goods.plus(tender.amount)?.minus(tender.tip)?;
        if let Some(foreign) = &tender.foreign {
            self.notes = self.notes.plus(foreign.amount)?;
        }
        Ok(())
    }

    pub(super) fn hand_out(&mut self, amount: Money) -> Result<(), Refusal> {
        self.handed_out = self.handed_out.minus(amount)?;
        self.amount = self.amount.minus(amount)?;
        self.for_goods = self.for_goods.minus(amount)?;
        Ok(())
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<(), Refusal> {
        self.documents = self.documents.saturating_add(other.documents);
        self.taken = self.taken.plus(other.taken)?;
        self.paid_back = self.paid_back.plus(other.paid_back)?;
        self.handed_out = self.handed_out.plus(other.handed_out)?;
        self.amount = self.amount.plus(other.amount)?;
        self.tips = self.tips.plus(other.tips)?;
        self.for_goods = self.for_goods.plus(other.for_goods)?;
        self.notes = self.notes.plus(other.notes)?;
        Ok(())
    }
}

/// What one tax comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaxFigures {
    /// How many documents bear it.
    pub documents: u64,
    /// What it is of.
    pub taxable: Money,
    /// The tax.
    pub tax: Money,
}

impl TaxFigures {
    pub(super) const fn of(total: &TaxTotal) -> Self {
        Self { documents: 1, taxable: total.taxable, tax: total.amount }
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<(), Refusal> {
        self.documents = self.documents.saturating_add(other.documents);
        self.taxable = self.taxable.plus(other.taxable)?;
        self.tax = self.tax.plus(other.tax)?;
        Ok(())
    }
}

/// What all documents of a period come to in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodFigures {
    /// Their goods.
    pub goods: GoodsFigures,
    /// What cash rounding added or took.
    pub rounding: Money,
    /// What was to be paid.
    pub payable: Money,
    /// Tips beside it.
    pub tips: Money,
}

impl PeriodFigures {
    pub(super) fn add(&mut self, document: &DocumentV1, goods: &GoodsFigures) -> Result<(), Refusal> {
        self.goods.add(goods)?;
        self.rounding = self.rounding.plus(document.totals.rounding)?;
        self.payable = self.payable.plus(document.totals.payable)?;
        self.tips = self.tips.plus(Money::sum(document.tenders.iter().map(|tender| tender.tip))?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margin(net: i64, cost: i64) -> (Option<i64>, Option<String>) {
        let figures = GoodsFigures {
            costed_lines: 1,
            costed_net: Money::from_minor(net),
            cost: Money::from_minor(cost),
            ..GoodsFigures::default()
        };
        let percent = figures.margin_percent().unwrap().map(|percent| percent.to_string());
        (figures.margin().unwrap().map(Money::minor), percent)
    }

    #[test]
    fn a_margin_is_of_what_has_a_cost() {
        assert_eq!(margin(800, 500), (Some(300), Some("37.5".to_owned())));
        assert_eq!(margin(300, 200), (Some(100), Some("33.3".to_owned())));
        assert_eq!(margin(100, 150), (Some(-50), Some("-50.0".to_owned())));
        assert_eq!(margin(-800, -500), (Some(-300), Some("37.5".to_owned())));
        assert_eq!(margin(0, 5), (Some(-5), None));
        assert_eq!(GoodsFigures::default().margin(), Ok(None));
    }

    #[test]
    fn the_cost_of_a_line_is_rounded_by_itself() {
        let cost = |quantity: &str, cost: &str, currency: &str| {
            cost_of(quantity.parse().unwrap(), cost.parse().unwrap(), currency.parse().unwrap()).unwrap().minor()
        };
        assert_eq!(cost("3", "0.335", "EUR"), 101);
        assert_eq!(cost("-3", "0.335", "EUR"), -101);
        assert_eq!(cost("0.333", "1", "EUR"), 33);
        assert_eq!(cost("2", "99.5", "JPY"), 199);
        assert_eq!(cost("1", "0.1239", "KWD"), 124);
    }
}
