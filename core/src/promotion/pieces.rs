//! The pieces of a basket, and how offers of several pieces take them.
//!
//! The pieces of a line are worth whole minor units that sum to the line: of 1.00 for three, 0.33, 0.33 and 0.34. An
//! offer takes the dearest pieces that are left, so that it saves most; what is bought for other goods that are got is
//! taken from the cheapest.

use crate::money::Money;
use crate::promotion::Benefit;
use crate::ratio::Ratio;
use crate::refusal::Refusal;
use crate::rounding::{Mode, round_ratio};

/// A line as offers see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// What it costs, in minor units, above zero.
    pub(super) amount: i64,
    /// How many pieces it has; none where it is weighed, or has too many to be put together.
    pub(super) pieces: u32,
    /// What offers of single goods take off the whole line.
    pub(super) fill: i64,
}

impl Line {
    /// What the first `count` pieces are worth together.
    fn worth_of_first(&self, count: u32) -> i64 {
        share(self.amount, count, self.pieces)
    }

    /// What `count` pieces after the first `from` are worth.
    pub(super) fn worth(&self, from: u32, count: u32) -> i64 {
        self.worth_of_first(from.saturating_add(count)).saturating_sub(self.worth_of_first(from))
    }

    /// What offers of single goods take off where `taken` pieces belong to others.
    pub(super) fn fill_beside(&self, taken: u32) -> i64 {
        match taken {
            0 => self.fill,
            taken => share(self.fill, self.pieces.saturating_sub(taken), self.pieces),
        }
    }
}

/// `amount x part / whole`, cut to the minor unit.
fn share(amount: i64, part: u32, whole: u32) -> i64 {
    // Division of 128 bits is several times slower than of 64, and nearly every product of a shop fits 64.
    if let Some(product) = amount.checked_mul(i64::from(part)) {
        return product.checked_div(i64::from(whole)).unwrap_or(0);
    }
    let product = i128::from(amount).saturating_mul(i128::from(part));
    product.checked_div(i128::from(whole)).and_then(|share| i64::try_from(share).ok()).unwrap_or(0)
}

/// Pieces of one line that an offer has taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) line: usize,
    pub(super) count: u32,
    pub(super) worth: i64,
    /// What offers of single goods would have taken off these pieces.
    pub(super) fill: i64,
}

/// An offer of several pieces, laid over the basket once.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) pieces: Vec<Taken>,
    pub(super) saving: i64,
}

impl Group {
    /// What it saves, less what its pieces would have saved by offers of single goods.
    pub(super) fn gain(&self) -> i64 {
        self.pieces.iter().fold(self.saving, |gain, piece| gain.saturating_sub(piece.fill))
    }
}

/// The lines and how many pieces of each are taken.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'a> {
    pub(super) lines: &'a [Line],
    pub(super) taken: Vec<u32>,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(lines: &'a [Line]) -> Self {
        Self { lines, taken: vec![0; lines.len()] }
    }

    /// Lays an offer over the pieces that are left, and takes them; none where too few are left or nothing is saved.
    /// `selections` are the offer's goods and after them those of its benefit, as lines from the dearest.
    ///
    /// # Errors
    /// Beyond what can be counted.
    pub(super) fn take(&mut self, benefit: &Benefit, selections: &[Vec<usize>]) -> Result<Option<Group>, Refusal> {
        let Some(group) = self.try_to_take(benefit, selections)? else { return Ok(None) };
        if group.saving > 0 {
            return Ok(Some(group));
        }
        self.give_back(&group.pieces);
        Ok(None)
    }

    pub(super) fn give_back(&mut self, pieces: &[Taken]) {
        for piece in pieces {
            if let Some(taken) = self.taken.get_mut(piece.line) {
                *taken = taken.saturating_sub(piece.count);
            }
        }
    }

    fn try_to_take(&mut self, benefit: &Benefit, selections: &[Vec<usize>]) -> Result<Option<Group>, Refusal> {
        let goods = selections.first().map_or(&[][..], Vec::as_slice);
        let mut pieces = Vec::new();
        let saving = match benefit {
            Benefit::BuyGet { buy, get, percent, gets: None } => {
                if !self.pick(goods.iter(), buy.saturating_add(*get), &mut pieces) {
                    return Ok(None);
                }
                let cheapest = self.worth_of_last(&pieces, *get);
                round_ratio(Ratio::whole(cheapest.into()).times(Ratio::of_percent(*percent))?, Mode::HalfUp)?.minor()
            }
            Benefit::BuyGet { buy, get, percent, gets: Some(_) } => {
                let others = selections.get(1).map_or(&[][..], Vec::as_slice);
                if !self.pick(others.iter(), *get, &mut pieces) {
                    return Ok(None);
                }
                let got = worth(&pieces);
                if !self.pick(goods.iter().rev(), *buy, &mut pieces) {
                    return Ok(None);
                }
                round_ratio(Ratio::whole(got.into()).times(Ratio::of_percent(*percent))?, Mode::HalfUp)?.minor()
            }
            Benefit::MixAndMatch { count, price } => {
                if !self.pick(goods.iter(), *count, &mut pieces) {
                    return Ok(None);
                }
                worth(&pieces).saturating_sub(price.minor())
            }
            Benefit::Bundle { parts, price } => {
                let parts = parts.iter().zip(selections.iter().skip(1));
                let mut parts: Vec<_> = parts.map(|(part, lines)| (lines, part.count)).collect();
                // What few lines can be is taken first, before a part that has more to choose from.
                parts.sort_by_key(|(lines, _)| lines.len());
                for (lines, count) in parts {
                    if !self.pick(lines.iter(), count, &mut pieces) {
                        return Ok(None);
                    }
                }
                worth(&pieces).saturating_sub(price.minor())
            }
            Benefit::Percent(_) | Benefit::AmountEach(_) | Benefit::AmountOnce(_) | Benefit::FixedPrice(_) => {
                return Ok(None);
            }
        };
        Ok(Some(Group { pieces, saving }))
    }

    /// Takes `count` pieces of the lines in their order; gives all back where there are not so many.
    fn pick<'l>(&mut self, lines: impl Iterator<Item = &'l usize>, count: u32, pieces: &mut Vec<Taken>) -> bool {
        let mut left = count;
        for line in lines {
            let (Some(of), Some(taken)) = (self.lines.get(*line), self.taken.get_mut(*line)) else { continue };
            let count = left.min(of.pieces.saturating_sub(*taken));
            if count == 0 {
                continue;
            }
            let after = taken.saturating_add(count);
            let fill = of.fill_beside(*taken).saturating_sub(of.fill_beside(after));
            pieces.push(Taken { line: *line, count, worth: of.worth(*taken, count), fill });
            *taken = after;
            left = left.saturating_sub(count);
            if left == 0 {
                return true;
            }
        }
        self.give_back(pieces);
        pieces.clear();
        false
    }

    /// What the `count` pieces that were taken last, the cheapest, are worth.
    fn worth_of_last(&self, pieces: &[Taken], count: u32) -> i64 {
        let mut left = count;
        let mut sum = 0_i64;
        for piece in pieces.iter().rev() {
            let some = left.min(piece.count);
            let (Some(line), Some(taken)) = (self.lines.get(piece.line), self.taken.get(piece.line)) else { continue };
            sum = sum.saturating_add(line.worth(taken.saturating_sub(some), some));
            left = left.saturating_sub(some);
        }
        sum
    }
}

fn worth(pieces: &[Taken]) -> i64 {
    pieces.iter().fold(0_i64, |sum, piece| sum.saturating_add(piece.worth))
}

/// What an offer of single goods takes off a line of this amount and quantity: never below zero, never more than it.
///
/// # Errors
/// Beyond what can be counted.
pub(super) fn saving_on(benefit: &Benefit, amount: i64, quantity: Ratio, scale: Ratio) -> Result<i64, Refusal> {
    let saving = match benefit {
        Benefit::Percent(percent) => {
            round_ratio(Ratio::whole(amount.into()).times(Ratio::of_percent(*percent))?, Mode::HalfUp)?.minor()
        }
        Benefit::AmountEach(each) => round_ratio(quantity.times(Ratio::of_minor(*each))?, Mode::HalfUp)?.minor(),
        Benefit::FixedPrice(price) => {
            let price = quantity.times(Ratio::of_decimal(price.decimal()))?.times(scale)?;
            amount.saturating_sub(round_ratio(price, Mode::HalfUp)?.minor())
        }
        Benefit::AmountOnce(_) | Benefit::BuyGet { .. } | Benefit::MixAndMatch { .. } | Benefit::Bundle { .. } => 0,
    };
    Ok(Money::from_minor(saving.clamp(0, amount)).minor())
}
