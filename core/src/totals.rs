//! From lines, discounts and adjustments to the totals of a document (EN 16931, BR-CO-10 to BR-CO-15).
//!
//! Exclusive prices: net = sum of the lines - allowances + charges, gross = net + tax. Inclusive prices: all of these
//! are gross, and net = gross - tax. Allowances contain the discounts. Always: net + tax = gross; the lines' and the
//! adjustments' taxes sum to the tax; of every line gross = net - discount + tax. Example: two pieces at 10.00 with
//! 21 % and 10 % discount are net 18.00, tax 3.78, gross 21.78.

use crate::allotment::allot;
use crate::assessment::{Assessment, Part, assess};
use crate::currency::Currency;
use crate::discount::{self, Discount, DocumentAdjustment};
use crate::line::{self, ADJUSTMENTS_MAX, Direction, Extent, LineInput};
use crate::money::Money;
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};
pub use crate::tax::PriceMode;
use crate::tax::TaxTotal;

/// The most lines on one document.
pub const LINES_MAX: usize = 1000;

/// All that decides the totals of a document, before payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentInput {
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether prices, discounts and adjustments are without or with tax.
    pub prices: PriceMode,
    /// One to `LINES_MAX` lines.
    pub lines: Vec<LineInput>,
    /// Discounts on the sum of the lines, at most `discount::DISCOUNTS_MAX`.
    pub discounts: Vec<Discount>,
    /// Allowances and charges with their own taxes, at most `line::ADJUSTMENTS_MAX`.
    pub document_adjustments: Vec<DocumentAdjustment>,
}

/// A document with all its amounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedDocument {
    /// In the order of the input.
    pub lines: Vec<PricedLine>,
    /// The document's own allowances and charges, in the order of the input.
    pub adjustments: Vec<PricedAdjustment>,
    /// One per distinct tax, in the order in which they first appear.
    pub taxes: Vec<TaxTotal>,
    /// The lines before discounts.
    pub line_sum: Money,
    /// Discounts and the document's own allowances.
    pub allowances: Money,
    /// The document's own charges.
    pub charges: Money,
    /// Without tax.
    pub net: Money,
    /// The sum of the rounded taxes.
    pub tax: Money,
    /// With tax: what is to be paid before cash is rounded.
    pub gross: Money,
}

/// A line with all its amounts: `gross = net - discount + tax`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// Before discounts on the sale; with inclusive prices without the line's share of tax.
    pub net: Money,
    /// The line's share of the discounts on the sale.
    pub discount: Money,
    /// The line's share of the document's taxes.
    pub tax: Money,
    /// What the line adds to the document's gross.
    pub gross: Money,
    /// The share of each of the line's taxes, in their order.
    pub taxes: Vec<Money>,
}

/// An allowance (below zero) or a charge on the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedAdjustment {
    /// Without tax, or with it where prices are inclusive.
    pub amount: Money,
    /// Its share of the document's taxes.
    pub tax: Money,
    /// The share of each of its taxes, in their order.
    pub taxes: Vec<Money>,
}

/// Works out every amount of a document.
///
/// # Errors
/// No line or too many, a line, discount, adjustment or tax that its own rule refuses, or an overflow.
pub fn price(input: &DocumentInput) -> Result<PricedDocument, Refusal> {
    check_counts(input)?;
    let amounts = line_amounts(input)?;
    let line_sum = Money::sum(amounts.iter().copied())?;
    let discounted = discount::total(&input.discounts, line_sum, input.currency)?;
    let weights: Vec<i128> = amounts.iter().map(|amount| i128::from(amount.minor())).collect();
    let discounts = allot(discounted, &weights)?;
    let adjustments = adjustment_amounts(input)?;
    let parts = parts(input, &amounts, &discounts, &adjustments)?;
    let Assessment { totals: taxes, shares } =
        assess(input.prices, &parts).map_err(|refusal| in_input(refusal, input.lines.len()))?;
    let tax = Money::sum(taxes.iter().map(|total| total.amount))?;

    let mut shares = shares.into_iter();
    let mut lines = Vec::with_capacity(amounts.len());
    for ((amount, discount), shares) in amounts.iter().zip(&discounts).zip(&mut shares) {
        lines.push(priced_line(input.prices, *amount, *discount, shares)?);
    }
    let mut priced_adjustments = Vec::with_capacity(adjustments.len());
    for (amount, taxes) in adjustments.iter().zip(shares) {
        priced_adjustments.push(PricedAdjustment { amount: *amount, tax: Money::sum(taxes.iter().copied())?, taxes });
    }

    let (allowances, charges) = allowances_and_charges(input, discounted, &adjustments)?;
    let shown = line_sum.minus(allowances)?.plus(charges)?;
    let (net, gross) = match input.prices {
        PriceMode::Exclusive => (shown, shown.plus(tax)?),
        PriceMode::Inclusive => (shown.minus(tax)?, shown),
    };
    Ok(PricedDocument { lines, adjustments: priced_adjustments, taxes, line_sum, allowances, charges, net, tax, gross })
}

fn check_counts(input: &DocumentInput) -> Result<(), Refusal> {
    if input.lines.is_empty() {
        return Err(Refusal::new(Reason::Missing, "lines", "", "at least one line"));
    }
    if input.lines.len() > LINES_MAX {
        return Err(Refusal::new(Reason::TooMany, "lines", input.lines.len(), format!("{LINES_MAX} lines")));
    }
    let adjustments = input.document_adjustments.len();
    if adjustments > ADJUSTMENTS_MAX {
        let limit = format!("{ADJUSTMENTS_MAX} allowances and charges");
        return Err(Refusal::new(Reason::TooMany, "document_allowances_charges", adjustments, limit));
    }
    Ok(())
}

fn line_amounts(input: &DocumentInput) -> Result<Vec<Money>, Refusal> {
    let mut amounts = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.iter().enumerate() {
        let amount = line::amount(line, input.currency);
        amounts.push(amount.map_err(|refusal| refusal.inside(&format!("lines[{index}]")))?);
    }
    Ok(amounts)
}

fn adjustment_amounts(input: &DocumentInput) -> Result<Vec<Money>, Refusal> {
    let mut amounts = Vec::with_capacity(input.document_adjustments.len());
    for (index, DocumentAdjustment { adjustment, .. }) in input.document_adjustments.iter().enumerate() {
        let field = format!("document_allowances_charges[{index}]");
        if matches!(adjustment.extent, Extent::Percent(_)) {
            return Err(Refusal::new(
                Reason::Missing,
                format!("{field}.base"),
                "",
                "the amount that the percentage is of",
            ));
        }
        amounts.push(adjustment.effect(Ratio::ZERO).map_err(|refusal| refusal.inside(&field))?);
    }
    Ok(amounts)
}

fn parts<'a>(
    input: &'a DocumentInput,
    amounts: &[Money],
    discounts: &[Money],
    adjustments: &[Money],
) -> Result<Vec<Part<'a>>, Refusal> {
    let mut parts = Vec::with_capacity(amounts.len().saturating_add(adjustments.len()));
    for ((line, amount), discount) in input.lines.iter().zip(amounts).zip(discounts) {
        parts.push(Part { amount: amount.minus(*discount)?, taxes: &line.taxes });
    }
    for (adjustment, amount) in input.document_adjustments.iter().zip(adjustments) {
        parts.push(Part { amount: *amount, taxes: &adjustment.taxes });
    }
    Ok(parts)
}

/// Names the line or adjustment instead of the part: `parts[3].taxes` is `lines[3].taxes`.
fn in_input(refusal: Refusal, lines: usize) -> Refusal {
    let named = refusal.field().strip_prefix("parts[").and_then(|rest| rest.split_once("]."));
    let Some((Ok(index), inner)) = named.map(|(index, inner)| (index.parse::<usize>(), inner)) else { return refusal };
    let outer = match index.checked_sub(lines) {
        None => format!("lines[{index}]"),
        Some(adjustment) => format!("document_allowances_charges[{adjustment}]"),
    };
    Refusal::new(refusal.reason(), inner, refusal.value(), refusal.limit()).inside(&outer)
}

fn priced_line(prices: PriceMode, amount: Money, discount: Money, taxes: Vec<Money>) -> Result<PricedLine, Refusal> {
    let tax = Money::sum(taxes.iter().copied())?;
    let net = match prices {
        PriceMode::Exclusive => amount,
        PriceMode::Inclusive => amount.minus(tax)?,
    };
    let gross = net.minus(discount)?.plus(tax)?;
    Ok(PricedLine { net, discount, tax, gross, taxes })
}

fn allowances_and_charges(
    input: &DocumentInput,
    discounted: Money,
    adjustments: &[Money],
) -> Result<(Money, Money), Refusal> {
    let (mut allowances, mut charges) = (discounted, Money::ZERO);
    for (adjustment, amount) in input.document_adjustments.iter().zip(adjustments) {
        match adjustment.adjustment.direction {
            Direction::Allowance => allowances = allowances.minus(*amount)?,
            Direction::Charge => charges = charges.plus(*amount)?,
        }
    }
    Ok((allowances, charges))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Adjustment;
    use crate::tax::{LineTax, TaxCategory};

    fn line(quantity: &str, price: &str, rate: &str) -> LineInput {
        LineInput {
            quantity: quantity.parse().unwrap(),
            unit_price: price.parse().unwrap(),
            base_quantity: "1".parse().unwrap(),
            price_discount: "0".parse().unwrap(),
            taxes: vec![LineTax::vat(TaxCategory::Standard, rate.parse().unwrap())],
            adjustments: Vec::new(),
        }
    }

    fn document(prices: PriceMode, lines: Vec<LineInput>, discounts: Vec<Discount>) -> DocumentInput {
        let currency = "EUR".parse().unwrap();
        DocumentInput { currency, prices, lines, discounts, document_adjustments: Vec::new() }
    }

    fn charge(direction: Direction, extent: Extent, rate: &str) -> DocumentAdjustment {
        let taxes = vec![LineTax::vat(TaxCategory::Standard, rate.parse().unwrap())];
        DocumentAdjustment { adjustment: Adjustment { direction, extent }, taxes }
    }

    /// Totals are line sum, allowances, charges, net, tax, gross; a line is net, discount, tax, gross.
    fn check(input: &DocumentInput, totals: [i64; 6], lines: &[[i64; 4]]) {
        let priced = price(input).unwrap();
        let figures = [priced.line_sum, priced.allowances, priced.charges, priced.net, priced.tax, priced.gross];
        assert_eq!(figures.map(Money::minor), totals, "{input:?}");
        let found: Vec<_> =
            priced.lines.iter().map(|l| [l.net, l.discount, l.tax, l.gross].map(Money::minor)).collect();
        assert_eq!(found, lines, "{input:?}");
    }

    #[test]
    fn exclusive_prices_add_tax_to_the_net() {
        let input =
            document(PriceMode::Exclusive, vec![line("2", "10", "21")], vec![Discount::Percent("10".parse().unwrap())]);
        check(&input, [2000, 200, 0, 1800, 378, 2178], &[[2000, 200, 378, 2178]]);
        let input = document(PriceMode::Exclusive, vec![line("1", "0", "21"), line("-1", "10", "10")], Vec::new());
        check(&input, [-1000, 0, 0, -1000, -100, -1100], &[[0, 0, 0, 0], [-1000, 0, -100, -1100]]);
    }

    #[test]
    fn inclusive_prices_contain_tax_and_sum_to_the_shelf() {
        let input = document(PriceMode::Inclusive, vec![line("1", "52.50", "12")], Vec::new());
        check(&input, [5250, 0, 0, 4687, 563, 5250], &[[4687, 0, 563, 5250]]);
        let discounts = vec![Discount::Amount(Money::from_minor(100))];
        let input = document(PriceMode::Inclusive, vec![line("1", "1", "21"), line("1", "2", "10")], discounts);
        check(&input, [300, 100, 0, 176, 24, 200], &[[88, 33, 12, 67], [188, 67, 12, 133]]);
    }

    #[test]
    fn adjustments_of_the_document_are_pinned_to_their_tax() {
        let mut input =
            document(PriceMode::Exclusive, vec![line("1", "100", "21"), line("1", "100", "10")], Vec::new());
        input.document_adjustments = vec![
            charge(Direction::Allowance, Extent::Amount(Money::from_minor(500)), "21"),
            charge(Direction::Charge, Extent::PercentOf("10".parse().unwrap(), Money::from_minor(1000)), "10"),
        ];
        check(&input, [20000, 500, 100, 19600, 3005, 22605], &[[10000, 0, 2100, 12100], [10000, 0, 1000, 11000]]);
        let priced = price(&input).unwrap();
        assert_eq!(
            priced.adjustments.iter().map(|a| (a.amount.minor(), a.tax.minor())).collect::<Vec<_>>(),
            [(-500, -105), (100, 10)]
        );
    }

    fn refused(input: &DocumentInput, code: &str, field: &str) {
        let refusal = price(input).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, field));
    }

    #[test]
    fn a_refusal_names_the_line_or_the_adjustment() {
        let good = || line("1", "1", "21");
        let of = |lines| document(PriceMode::Exclusive, lines, Vec::new());
        refused(&of(Vec::new()), "missing", "lines");
        refused(&of(vec![good(); LINES_MAX + 1]), "too_many", "lines");
        refused(&of(vec![good(), line("0", "1", "21")]), "quantity_zero", "lines[1].quantity");
        refused(&of(vec![good(), line("1", "1", "-21")]), "negative", "lines[1].taxes[0].rate");
        let most = || line("1", "92233720368547758.07".get(..15).unwrap(), "21");
        refused(&of(vec![most(); LINES_MAX]), "overflow", "amount");
        let mut input = of(vec![good()]);
        let cent = charge(Direction::Charge, Extent::Amount(Money::from_minor(1)), "0");
        input.document_adjustments = vec![cent.clone(); ADJUSTMENTS_MAX];
        check(&input, [100, 0, 100, 200, 21, 221], &[[100, 0, 21, 121]]);
        input.document_adjustments.push(cent);
        refused(&input, "too_many", "document_allowances_charges");
        input.document_adjustments = vec![charge(Direction::Charge, Extent::Amount(Money::ZERO), "-1")];
        refused(&input, "negative", "document_allowances_charges[0].taxes[0].rate");
        input.document_adjustments = vec![charge(Direction::Charge, Extent::Percent("1".parse().unwrap()), "1")];
        refused(&input, "missing", "document_allowances_charges[0].base");
    }
}
