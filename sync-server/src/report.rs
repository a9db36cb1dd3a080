//! What a store took in, by day: read from roll-ups, never by scanning sales.
//!
//! Credit notes are taken off in every figure. Days are local dates of issue of the store.

use counterfoil_core::currency::Currency;
use counterfoil_core::id::StoreCode;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::tender::TenderKind;
use counterfoil_core::time::Date;

use crate::operation_error::OperationError;
use crate::store::Store;
use crate::store::record::{Dimension, RollUp};

/// The longest time that one report covers, in days: ten years.
pub const DAYS_MAX: i64 = 3_653;

/// One store's day in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportDay {
    /// The store.
    pub store: StoreCode,
    /// The local date.
    pub date: Date,
    /// The currency.
    pub currency: Currency,
    /// The day's figures.
    pub total: RollUp,
    /// What was tendered, by kind, cash less change.
    pub tenders: Vec<(TenderKind, i128)>,
}

/// The days of a store, or of all, that have any figures.
///
/// # Errors
/// `from` is after `to`, or they are too far apart; the store failed.
pub fn report(
    store: &dyn Store,
    of_store: Option<&StoreCode>,
    from: Date,
    to: Date,
) -> Result<Vec<ReportDay>, OperationError> {
    if from > to {
        return Err(Refusal::new(Reason::Malformed, "from", from, format!("a date up to {to}")).into());
    }
    if to.day().saturating_sub(from.day()) > DAYS_MAX {
        return Err(Refusal::new(Reason::TooMany, "to", format!("{from} to {to}"), format!("{DAYS_MAX} days")).into());
    }
    Ok(store.read(|rows| {
        let mut stores = match of_store {
            Some(store) => vec![store.clone()],
            None => rows.journals()?.into_iter().map(|journal| journal.profile.store).collect(),
        };
        stores.sort_unstable();
        stores.dedup();
        let mut days: Vec<ReportDay> = Vec::new();
        for store in stores {
            for (key, roll_up) in rows.roll_ups(&store, from, to)? {
                let is_same = |day: &&mut ReportDay| {
                    day.store == key.store && day.date == key.day && day.currency == key.currency
                };
                let day = match days.iter_mut().rfind(is_same) {
                    Some(day) => day,
                    None => {
                        let (date, currency) = (key.day, key.currency);
                        days.push(ReportDay {
                            store: key.store.clone(),
                            date,
                            currency,
                            total: RollUp::ZERO,
                            tenders: Vec::new(),
                        });
                        let last = days.len() - 1;
                        &mut days[last]
                    }
                };
                match key.dimension {
                    Dimension::Day => day.total = roll_up,
                    Dimension::Tender(kind) => day.tenders.push((kind, roll_up.gross)),
                    Dimension::Hour(_) | Dimension::Product(_) | Dimension::Tax(_) | Dimension::Operator(_) => {}
                }
            }
        }
        Ok(days)
    })?)
}

/// An amount of minor units with the currency's digits; beyond 64 bits as the number of minor units.
#[must_use]
pub fn show(minor: i128, currency: Currency) -> String {
    i64::try_from(minor).map_or_else(|_| minor.to_string(), |minor| Money::from_minor(minor).show(currency))
}
