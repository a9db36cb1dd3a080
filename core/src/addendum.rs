//! A numbered addendum to a Z report: a fact that came late, or the correction of one. The report itself never changes.
//!
//! Addenda of one report are numbered from 1 without a gap and printed as `Z-NUMBER/1`. A corrected count changes
//! over/short; a corrected tender moves an amount from one kind to another, and where one of them is cash also what should
//! have been in the drawer. Always: figures of the report plus its addenda are what is known now. Example: expected 120.00,
//! counted 100.00; a note of 20.00 is found under the tray: addendum 1, counted 120.00, over/short 0.00.

use serde::{Deserialize, Serialize};

use crate::approval::ApprovalV1;
use crate::drawer::ZReportV1;
use crate::id::{DocumentNumber, Note, OperatorCode};
use crate::money::Money;
use crate::refusal::Refusal;
use crate::tender::TenderKind;

/// The most addenda to one Z report.
pub const ADDENDA_MAX: u16 = 99;

/// An addendum was made to a Z report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZAddendumV1 {
    /// The report.
    pub z: DocumentNumber,
    /// Its number among the addenda of that report, from 1.
    pub number: u16,
    /// What is corrected.
    pub correction: Correction,
    /// Why.
    pub reason: Note,
    /// By whom.
    pub operator: OperatorCode,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
}

/// What an addendum corrects. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Correction {
    /// What was really in the drawer.
    Count(Money),
    /// An amount was paid in another way than was recorded.
    Tender {
        /// How it was recorded.
        from: TenderKind,
        /// How it was paid.
        to: TenderKind,
        /// How much.
        amount: Money,
    },
}

impl Correction {
    /// How it changes the cash that the till knows of.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn cash(self) -> Result<Money, Refusal> {
        match self {
            Self::Tender { from: TenderKind::Cash, to, amount } if to != TenderKind::Cash => amount.negated(),
            Self::Tender { from, to: TenderKind::Cash, amount } if from != TenderKind::Cash => Ok(amount),
            Self::Count(_) | Self::Tender { .. } => Ok(Money::ZERO),
        }
    }
}

/// The figures of a drawer as they are known after all addenda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amended {
    /// What should have been in the drawer.
    pub expected: Money,
    /// What was.
    pub counted: Money,
    /// Counted less expected.
    pub over_short: Money,
}

/// A report with its addenda, as figures.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn amended(z: &ZReportV1, addenda: &[ZAddendumV1]) -> Result<Amended, Refusal> {
    let (mut expected, mut counted) = (z.expected, z.counted);
    for addendum in addenda {
        expected = expected.plus(addendum.correction.cash()?)?;
        if let Correction::Count(count) = addendum.correction {
            counted = count;
        }
    }
    Ok(Amended { expected, counted, over_short: counted.minus(expected)? })
}

/// The number of an addendum as printed: `S01-T01-Z26A-000001/1`.
///
/// # Errors
/// Longer than a document number may be.
pub fn printed(z: &DocumentNumber, number: u16) -> Result<DocumentNumber, Refusal> {
    DocumentNumber::new(format!("{z}/{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: TenderKind, to: TenderKind, expected: i64) {
        let correction = Correction::Tender { from, to, amount: Money::from_minor(500) };
        assert_eq!(correction.cash().unwrap().minor(), expected, "{from} to {to}");
    }

    #[test]
    fn only_what_was_or_was_not_cash_changes_the_cash() {
        check(TenderKind::Cash, TenderKind::Card, -500);
        check(TenderKind::Card, TenderKind::Cash, 500);
        check(TenderKind::Card, TenderKind::Voucher, 0);
        check(TenderKind::Cash, TenderKind::Cash, 0);
        assert_eq!(Correction::Count(Money::from_minor(5)).cash().unwrap(), Money::ZERO);
    }
}
