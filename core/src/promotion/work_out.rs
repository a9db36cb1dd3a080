//! From goods and offers to what each offer takes off each line.

use std::cmp::Reverse;

use crate::allotment::allot;
use crate::currency::Currency;
use crate::id::MasterCode;
use crate::money::Money;
use crate::promotion::pieces::{Group, Line, Pieces, saving_on};
use crate::promotion::search::{Candidate, cheapest};
use crate::promotion::{Benefit, Combining, Occasion, Promotion, Promotions};
use crate::quantity::Quantity;
use crate::ratio::Ratio;
use crate::refusal::Refusal;

/// A line with more pieces than this has the benefits of single goods only.
const PIECES_OF_LINE_MAX: u32 = 10_000;

/// A line of a basket as it is offered.
#[derive(Clone, Copy, Debug)]
pub struct Good<'a> {
    /// The product's code, where it is known.
    pub product: Option<&'a str>,
    /// The categories it is in.
    pub categories: &'a [MasterCode],
    /// How much of it.
    pub quantity: Quantity,
    /// What it costs without offers. Offers are for what is sold: nothing is taken off at or below zero.
    pub amount: Money,
}

/// What an offer takes off a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its place in `Promotions::offers`.
    pub offer: usize,
    /// How much, above zero.
    pub amount: Money,
}

impl Promotions {
    /// Works out what is taken off each of the goods, by which offers.
    ///
    /// # Errors
    /// Beyond what can be counted.
    pub fn work_out(
        &self,
        goods: &[Good<'_>],
        occasion: &Occasion<'_>,
        currency: Currency,
    ) -> Result<Vec<Vec<Applied>>, Refusal> {
        let mut work = Work { goods, lines: lines(goods), applied: vec![Vec::new(); goods.len()] };
        let mut active: Vec<bool> = self.offers.iter().map(|offer| offer.condition.holds(occasion)).collect();
        let selections = self.select(goods, &active);
        for (is_active, (index, offer)) in active.iter_mut().zip(self.offers.iter().enumerate()) {
            *is_active = *is_active && work.has_minimum(offer, self.selections_of(index, &selections))?;
        }
        let chosen = || {
            let offers = self.offers.iter().enumerate().zip(&active).filter(|(_, is_active)| **is_active);
            offers.map(|((index, offer), _)| (index, offer, self.selections_of(index, &selections)))
        };
        let mut single: Vec<Vec<Applied>> = vec![Vec::new(); goods.len()];
        let mut summed: Vec<Vec<Applied>> = vec![Vec::new(); goods.len()];
        let mut candidates = Vec::new();
        for (index, offer, selections) in chosen() {
            let savings = match (is_of_single_goods(&offer.benefit), offer.combining) {
                (true, _) => work.savings_on_single(&offer.benefit, selections, currency)?,
                (false, Combining::Combinable) => work.savings_of_groups(&offer.benefit, selections)?,
                (false, Combining::Exclusive) => {
                    candidates.push(Candidate { offer: index, benefit: &offer.benefit, selections });
                    continue;
                }
            };
            for (line, saving) in savings {
                let applied = Applied { offer: index, amount: Money::from_minor(saving) };
                match offer.combining {
                    Combining::Combinable => push(&mut summed, line, applied),
                    Combining::Exclusive => keep_larger(&mut single, line, applied),
                }
            }
        }
        let fills = work.fill(single, summed)?;
        let groups = cheapest(&work.lines, candidates)?;
        work.lay(&groups, &fills)?;
        Ok(work.applied)
    }

    /// For each selection of an active offer, the lines in it, from the dearest.
    fn select(&self, goods: &[Good<'_>], active: &[bool]) -> Vec<Vec<usize>> {
        let mut selections: Vec<Vec<usize>> = vec![Vec::new(); self.offer_of.len()];
        let mut found: Vec<usize> = Vec::new();
        for line in ranked(goods) {
            let Some(good) = goods.get(line) else { continue };
            found.clear();
            found.extend(&self.of_everything);
            found.extend(good.product.and_then(|product| self.by_product.get(product)).into_iter().flatten());
            for category in good.categories {
                found.extend(self.by_category.get(category.as_str()).into_iter().flatten());
            }
            for selection in &found {
                let offer = self.offer_of.get(*selection).copied().unwrap_or(usize::MAX);
                let Some(lines): Option<&mut Vec<usize>> = selections.get_mut(*selection) else { continue };
                // A line that is found by product and by category is in it once; it would be the last one.
                if active.get(offer) == Some(&true) && lines.last() != Some(&line) {
                    lines.push(line);
                }
            }
        }
        selections
    }

    fn selections_of<'s>(&self, offer: usize, selections: &'s [Vec<usize>]) -> &'s [Vec<usize>] {
        let from = self.first_selection.get(offer).copied().unwrap_or(selections.len());
        let to = self.first_selection.get(offer.saturating_add(1)).copied().unwrap_or(selections.len());
        selections.get(from..to).unwrap_or_default()
    }
}

const fn is_of_single_goods(benefit: &Benefit) -> bool {
    match benefit {
        Benefit::Percent(_) | Benefit::AmountEach(_) | Benefit::AmountOnce(_) | Benefit::FixedPrice(_) => true,
        Benefit::BuyGet { .. } | Benefit::MixAndMatch { .. } | Benefit::Bundle { .. } => false,
    }
}

fn push(lists: &mut [Vec<Applied>], line: usize, applied: Applied) {
    if let Some(list) = lists.get_mut(line) {
        list.push(applied);
    }
}

/// Keeps the one that takes off more; the earlier one, of the higher priority, where they are equal.
fn keep_larger(lists: &mut [Vec<Applied>], line: usize, applied: Applied) {
    let Some(list) = lists.get_mut(line) else { return };
    if list.first().is_none_or(|kept| kept.amount < applied.amount) {
        list.clear();
        list.push(applied);
    }
}

fn lines(goods: &[Good<'_>]) -> Vec<Line> {
    let line = |good: &Good<'_>| {
        let is_sold = good.amount.is_positive() && !good.quantity.is_negative();
        let quantity = good.quantity.decimal();
        let pieces = if good.quantity.is_whole() { u32::try_from(quantity.mantissa()).unwrap_or(0) } else { 0 };
        let pieces = if is_sold && quantity.scale() == 0 && pieces <= PIECES_OF_LINE_MAX { pieces } else { 0 };
        Line { amount: if is_sold { good.amount.minor() } else { 0 }, pieces, fill: 0 }
    };
    goods.iter().map(line).collect()
}

/// The lines that are sold, the dearest first by the price of one; what has one price is put in an order that does not
/// depend on that of the lines, nor on any offer.
fn ranked(goods: &[Good<'_>]) -> Vec<usize> {
    let mut ranked: Vec<(Reverse<i128>, usize)> = Vec::with_capacity(goods.len());
    for (line, good) in goods.iter().enumerate() {
        if good.amount.is_positive() && !good.quantity.is_negative() {
            ranked.push((Reverse(price_of_one(good)), line));
        }
    }
    let rest = |line: usize| goods.get(line).map(|good| (good.product, good.categories, good.quantity, good.amount));
    ranked.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| rest(one.1).cmp(&rest(other.1))));
    ranked.into_iter().map(|(_, line)| line).collect()
}

/// In millionths of a minor unit.
fn price_of_one(good: &Good<'_>) -> i128 {
    let quantity = good.quantity.decimal();
    let scale = 10_i128.checked_pow(quantity.scale().saturating_add(6)).unwrap_or(i128::MAX);
    let amount = i128::from(good.amount.minor()).saturating_mul(scale);
    // Division of 128 bits is several times slower than of 64, and nearly every price of a shop fits 64.
    match (i64::try_from(amount), i64::try_from(quantity.mantissa())) {
        (Ok(amount), Ok(quantity)) => amount.checked_div(quantity).unwrap_or(0).into(),
        _ => amount.checked_div(quantity.mantissa()).unwrap_or(0),
    }
}

struct Work<'a> {
    goods: &'a [Good<'a>],
    lines: Vec<Line>,
    applied: Vec<Vec<Applied>>,
}

impl Work<'_> {
    /// Whether the goods of an offer come to what it asks for at least.
    fn has_minimum(&self, offer: &Promotion, selections: &[Vec<usize>]) -> Result<bool, Refusal> {
        let condition = &offer.condition;
        if condition.minimum.is_none() && condition.minimum_quantity.is_none() {
            return Ok(true);
        }
        let mut lines: Vec<usize> = selections.iter().flatten().copied().collect();
        lines.sort_unstable();
        lines.dedup();
        let goods = || lines.iter().filter_map(|line| self.goods.get(*line));
        let amount = Money::sum(goods().map(|good| good.amount))?;
        let quantity = goods().try_fold(Quantity::ZERO, |sum, good| sum.checked_add(good.quantity));
        Ok(condition.minimum.is_none_or(|minimum| amount >= minimum)
            && condition.minimum_quantity.is_none_or(|least| quantity.is_none_or(|quantity| quantity >= least)))
    }

    fn savings_on_single(
        &self,
        benefit: &Benefit,
        selections: &[Vec<usize>],
        currency: Currency,
    ) -> Result<Vec<(usize, i64)>, Refusal> {
        let selected = selections.first().map_or(&[][..], Vec::as_slice);
        let amount_of = |line: usize| self.lines.get(line).map_or(0, |line| line.amount);
        if let Benefit::AmountOnce(amount) = benefit {
            let weights: Vec<i128> = selected.iter().map(|line| amount_of(*line).into()).collect();
            let whole = weights.iter().fold(0_i128, |sum, weight| sum.saturating_add(*weight));
            let whole = Money::from_minor(i64::try_from(whole).unwrap_or(i64::MAX));
            let parts = allot((*amount).min(whole), &weights)?;
            return Ok(selected.iter().zip(parts).map(|(line, part)| (*line, part.minor())).collect());
        }
        let scale = Ratio::ONE.in_minor_units(currency)?;
        let mut savings = Vec::with_capacity(selected.len());
        for line in selected {
            let quantity = self.goods.get(*line).map_or(Quantity::ZERO, |good| good.quantity);
            let saving = saving_on(benefit, amount_of(*line), Ratio::of_decimal(quantity.decimal()), scale)?;
            savings.push((*line, saving));
        }
        savings.retain(|(_, saving)| *saving > 0);
        Ok(savings)
    }

    /// A combinable offer of several pieces takes nothing from others: it is laid over the basket as if it were alone.
    fn savings_of_groups(&self, benefit: &Benefit, selections: &[Vec<usize>]) -> Result<Vec<(usize, i64)>, Refusal> {
        let mut pieces = Pieces::of(&self.lines);
        let mut savings: Vec<(usize, i64)> = Vec::new();
        while let Some(group) = pieces.take(benefit, selections)? {
            for (line, part) in spread(&group)? {
                match savings.iter_mut().find(|(known, _)| *known == line) {
                    Some((_, sum)) => *sum = sum.saturating_add(part.minor()),
                    None => savings.push((line, part.minor())),
                }
            }
        }
        Ok(savings)
    }

    /// Decides for each line between its best exclusive offer and the sum of the combinable ones.
    fn fill(&mut self, single: Vec<Vec<Applied>>, summed: Vec<Vec<Applied>>) -> Result<Vec<Vec<Applied>>, Refusal> {
        let mut fills = Vec::with_capacity(self.lines.len());
        for ((line, single), summed) in self.lines.iter_mut().zip(single).zip(summed) {
            let sum = |list: &[Applied]| Money::sum(list.iter().map(|applied| applied.amount));
            let most = sum(&summed)?.min(Money::from_minor(line.amount));
            let alone = sum(&single)?;
            let (fill, list) = if alone >= most { (alone, single) } else { (most, summed) };
            line.fill = fill.minor();
            fills.push(list);
        }
        Ok(fills)
    }

    /// Books what the groups take off, and what is taken off the pieces that are left.
    fn lay(&mut self, groups: &[(usize, Group)], fills: &[Vec<Applied>]) -> Result<(), Refusal> {
        let mut taken = vec![0_u32; self.lines.len()];
        for (offer, group) in groups {
            for (line, amount) in spread(group)? {
                self.book(line, Applied { offer: *offer, amount })?;
            }
            for piece in &group.pieces {
                if let Some(taken) = taken.get_mut(piece.line) {
                    *taken = taken.saturating_add(piece.count);
                }
            }
        }
        for (index, (fill, taken)) in fills.iter().zip(taken).enumerate() {
            let left = Money::from_minor(self.lines.get(index).map_or(0, |line| line.fill_beside(taken)));
            if let [only] = fill.as_slice() {
                self.book(index, Applied { amount: left, ..*only })?;
                continue;
            }
            let weights: Vec<i128> = fill.iter().map(|applied| applied.amount.minor().into()).collect();
            for (applied, amount) in fill.iter().zip(allot(left, &weights)?) {
                self.book(index, Applied { amount, ..*applied })?;
            }
        }
        for applied in &mut self.applied {
            applied.sort_by_key(|applied| applied.offer);
        }
        Ok(())
    }

    fn book(&mut self, line: usize, applied: Applied) -> Result<(), Refusal> {
        let Some(list) = self.applied.get_mut(line).filter(|_| applied.amount.is_positive()) else { return Ok(()) };
        match list.iter_mut().find(|known| known.offer == applied.offer) {
            Some(known) => known.amount = known.amount.plus(applied.amount)?,
            None => list.push(applied),
        }
        Ok(())
    }
}

/// What a group saves, spread over its pieces by their worth.
fn spread(group: &Group) -> Result<Vec<(usize, Money)>, Refusal> {
    let weights: Vec<i128> = group.pieces.iter().map(|piece| piece.worth.into()).collect();
    let parts = allot(Money::from_minor(group.saving), &weights)?;
    Ok(group.pieces.iter().zip(parts).map(|(piece, part)| (piece.line, part)).collect())
}
