//! What promotions take off lines that are to be priced.

use crate::currency::Currency;
use crate::id::MasterCode;
use crate::line::{Adjustment, Direction, Extent, LineInput, amount};
use crate::money::Money;
use crate::promotion::{Applied, Good, Occasion, Promotions};
use crate::refusal::Refusal;

/// By what offers know a line.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The product's code, where it is known.
    pub product: Option<&'a str>,
    /// The categories it is in.
    pub categories: &'a [MasterCode],
}

impl Promotions {
    /// Works out what is taken off each line and makes it an allowance of the line, so that its net and its taxes follow.
    /// `named` answers each line in order; a line that answers none, such as one with a typed price, has no offers.
    ///
    /// # Errors
    /// A line that cannot be priced, or beyond what can be counted.
    pub fn take_off(
        &self,
        lines: &mut [LineInput],
        named: &[Option<Named<'_>>],
        occasion: &Occasion<'_>,
        currency: Currency,
    ) -> Result<Vec<Vec<Applied>>, Refusal> {
        if self.offers().is_empty() {
            return Ok(vec![Vec::new(); lines.len()]);
        }
        let mut goods = Vec::with_capacity(lines.len());
        for (index, (line, named)) in lines.iter().zip(named).enumerate() {
            let amount = match named {
                Some(_) => amount(line, currency).map_err(|refusal| refusal.inside(&format!("lines[{index}]")))?,
                None => Money::ZERO,
            };
            let Named { product, categories } = named.unwrap_or(Named { product: None, categories: &[] });
            goods.push(Good { product, categories, quantity: line.quantity, amount });
        }
        let applied = self.work_out(&goods, occasion, currency)?;
        for (line, applied) in lines.iter_mut().zip(&applied) {
            let off = Money::sum(applied.iter().map(|applied| applied.amount))?;
            if !off.is_zero() {
                line.adjustments.push(Adjustment { direction: Direction::Allowance, extent: Extent::Amount(off) });
            }
        }
        Ok(applied)
    }
}
