//! Turns what the product shows to an outsider into plain data of the history.
//!
//! Only reading goes on here: entries as they are exported, reports, audits, printed text. No figure is computed but the
//! sums that an export states for several taxes of one line. Entries are told once: `Known` remembers how far.

mod fact;
mod office;
mod till;

pub use fact::entry;
pub use office::{Wants, office};
pub use till::{paper, paper_z, till};

use std::collections::BTreeMap;

use counterfoil_core::journal::acknowledgement::{Acknowledgement as Signed, Epoch as CoreEpoch};
use counterfoil_core::journal::key::PublicKey;
use counterfoil_core::quantity::Quantity;

use super::history::{Acknowledgement, Device, Epoch, Hash, Journal};

/// Millionths in one.
const MILLION: i64 = 1_000_000;

/// How far entries were told, so that each is told once.
#[derive(Clone, Debug, Default)]
pub struct Known {
    tills: BTreeMap<(Device, Journal), (u64, Hash)>,
    keys: BTreeMap<(Device, Journal), PublicKey>,
    office: BTreeMap<Journal, (u64, Hash)>,
}

impl Known {
    /// The disk of a till was exchanged: its entries are told anew.
    pub fn forget(&mut self, device: Device) {
        self.tills.retain(|(of, _), _| *of != device);
    }

    /// Head office was put back: its entries are told anew.
    pub fn forget_office(&mut self) {
        self.office.clear();
    }
}

/// An acknowledgement, from its signed bytes; `None` where they are none.
#[must_use]
pub fn acknowledgement(bytes: &[u8]) -> Option<Acknowledgement> {
    let read = Signed::read(bytes).ok()?;
    let claimed = read.claimed();
    Some(Acknowledgement {
        journal: claimed.journal.0,
        epoch: epoch(claimed.epoch),
        seq: claimed.seq,
        hash: claimed.hash.0,
    })
}

/// An epoch.
#[must_use]
pub const fn epoch(epoch: CoreEpoch) -> Epoch {
    Epoch { counter: epoch.counter, random: epoch.random }
}

/// A quantity in millionths; more digits than that do not occur.
///
/// # Panics
/// The quantity is beyond what millionths in 64 bits count.
#[must_use]
pub fn millionths(quantity: Quantity) -> i64 {
    let mut decimal = quantity.decimal();
    decimal.rescale(6);
    let mantissa = i64::try_from(decimal.mantissa()).expect("a quantity of less than nine billion");
    assert_eq!(decimal.normalize(), quantity.decimal(), "a quantity of at most six digits after the point");
    mantissa
}

/// Millionths of a sum that may be beyond what one document can hold.
fn millionths_wide(quantity: Quantity) -> i128 {
    let decimal = quantity.decimal().normalize();
    let digits = decimal.scale().min(6);
    decimal.mantissa() * i128::from(MILLION) / 10_i128.pow(digits)
}

/// What documents of a currency come to.
fn sums(total: &counterfoil_core::journal::hello::RunningTotal) -> super::history::Sums {
    super::history::Sums {
        currency: total.currency.code().to_owned(),
        documents: total.count,
        gross: total.gross.minor(),
        tax: total.tax.minor(),
        cash: total.cash.minor(),
    }
}
