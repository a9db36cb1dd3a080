//! The oracle is tested with defects: each is planted alone, and the check that is named for it must find it.
//!
//! A defect may be noticed first by a check that is stronger, where one is named beside it; anything else that breaks
//! proves nothing about the check in question. Every check has at least one defect; a test counts them.

use std::collections::BTreeSet;
use std::fmt;

use counterfoil_core::planted::{self, Bug};

use super::boundary::{self, Boundary};
use super::oracle::Check;

/// A defect, in the product or around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// In the product.
    Product(Bug),
    /// Around it.
    Around(Boundary),
}

impl fmt::Display for Planted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(bug) => formatter.pad(&format!("{bug:?}")),
            Self::Around(boundary) => formatter.pad(&format!("{boundary:?}")),
        }
    }
}

/// Which check must find a defect, and which stronger ones may be before it.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// The defect.
    pub planted: Planted,
    /// The check that is named for it.
    pub check: Check,
    /// Checks that see the same harm earlier.
    pub stronger: &'static [Check],
}

/// Every defect with its check.
pub const EXPECTED: &[Expected] = &[
    product(Bug::NumberAgainAfterStart, Check::N1, &[Check::N6]),
    product(Bug::RefusalBurnsNumber, Check::N2, &[]),
    product(Bug::MoveNotInTotal, Check::N3, &[]),
    around(Boundary::PaperOfAnotherEntry, Check::N4, &[Check::D1]),
    product(Bug::AnsweredBeforeCommit, Check::N4, &[Check::D1, Check::N1]),
    product(Bug::NumberFreedByRefund, Check::N5, &[Check::N1]),
    product(Bug::TimeGoesBack, Check::N6, &[]),
    around(Boundary::SeriesGrantedTwice, Check::N7, &[]),
    product(Bug::AuditLosesLastNumber, Check::N8, &[]),
    product(Bug::YearIgnored, Check::N9, &[]),
    product(Bug::LineShownWithoutTax, Check::C1, &[]),
    product(Bug::ChangeNotPrinted, Check::C2, &[]),
    product(Bug::MoveNotInDrawer, Check::C3, &[]),
    product(Bug::DayForgetsCards, Check::C4, &[]),
    product(Bug::RefundForgotten, Check::C5, &[]),
    product(Bug::PriceOff, Check::C8, &[]),
    product(Bug::StockForgetsRefunds, Check::S1, &[]),
    product(Bug::StockCountedTwice, Check::S2, &[]),
    around(Boundary::RefusedForStock, Check::S5, &[]),
    product(Bug::CommitNotDurable, Check::D1, &[]),
    product(Bug::IdForgotten, Check::D2, &[]),
    around(Boundary::GoesOnAfterFailure, Check::D5, &[]),
    product(Bug::LastEntryNotSent, Check::Y1, &[]),
    product(Bug::DuplicateCountedAgain, Check::Y2, &[]),
    around(Boundary::ExportAltersByte, Check::Y3, &[]),
    around(Boundary::OldestDropped, Check::Y4, &[]),
    product(Bug::CursorWithoutRows, Check::Y5, &[]),
    product(Bug::AcknowledgedNotStored, Check::Y6, &[]),
    product(Bug::ForkTakenForRepeat, Check::Y7, &[]),
    product(Bug::RollbackNotSeen, Check::Y7, &[]),
    product(Bug::ChallengeNotChecked, Check::Y8, &[]),
    product(Bug::QuarantineOfAll, Check::Y9, &[]),
    product(Bug::FeedEnds, Check::Y10, &[]),
    product(Bug::TotalLeavesOutOne, Check::Y11, &[Check::C4]),
    product(Bug::ClockChangesPrice, Check::Y15, &[Check::C8]),
    product(Bug::SalvageThrownAway, Check::Y16, &[Check::Y1]),
    product(Bug::SignatureNotChecked, Check::X1, &[]),
    product(Bug::EndedStillCounts, Check::X2, &[]),
    product(Bug::TokenWorksTwice, Check::X3, &[]),
    product(Bug::WrongPinNotCounted, Check::X4, &[]),
    product(Bug::ForeignJournalTaken, Check::X5, &[]),
    around(Boundary::OtherKindTaken, Check::X11, &[]),
];

const fn product(bug: Bug, check: Check, stronger: &'static [Check]) -> Expected {
    Expected { planted: Planted::Product(bug), check, stronger }
}

const fn around(boundary: Boundary, check: Check, stronger: &'static [Check]) -> Expected {
    Expected { planted: Planted::Around(boundary), check, stronger }
}

/// Checks without a defect, and defects without a check: there must be none.
#[must_use]
pub fn unproven() -> Vec<String> {
    let checks = Check::ALL.iter().filter(|check| EXPECTED.iter().all(|expected| expected.check != **check));
    let product = Bug::ALL.iter().map(|bug| Planted::Product(*bug));
    let around = Boundary::ALL.iter().map(|boundary| Planted::Around(*boundary));
    let defects = product.chain(around).filter(|one| EXPECTED.iter().all(|expected| expected.planted != *one));
    checks.map(ToString::to_string).chain(defects.map(|one| one.to_string())).collect()
}

/// How a defect was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// With which seed.
    pub seed: u64,
    /// By which check.
    pub by: String,
    /// What else broke with seeds before that.
    pub before: BTreeSet<String>,
}

/// Lets a defect live over seeds until it is found as expected. `run` gives the law that a seed breaks, if any.
///
/// # Errors
/// Nothing that was expected breaks with any of the seeds; tells what did.
pub fn find(
    expected: &Expected,
    seeds: impl IntoIterator<Item = u64>,
    mut run: impl FnMut(u64) -> Option<String>,
) -> Result<Found, BTreeSet<String>> {
    let mut before = BTreeSet::new();
    for seed in seeds {
        plant(Some(expected.planted));
        let broken = run(seed);
        plant(None);
        let Some(broken) = broken else { continue };
        let is_meant = |check: &Check| check.to_string() == broken;
        if is_meant(&expected.check) || expected.stronger.iter().any(is_meant) {
            return Ok(Found { seed, by: broken, before });
        }
        before.insert(broken);
    }
    Err(before)
}

fn plant(planted: Option<Planted>) {
    let (product, around) = match planted {
        Some(Planted::Product(bug)) => (Some(bug), None),
        Some(Planted::Around(boundary)) => (None, Some(boundary)),
        None => (None, None),
    };
    planted::plant(product);
    boundary::plant(around);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_defect_and_every_defect_a_check() {
        assert_eq!(unproven(), [""; 0]);
    }

    #[test]
    fn a_defect_that_nothing_notices_is_told_with_what_broke_instead() {
        let expected = product(Bug::ChangeNotPrinted, Check::C2, &[Check::C1]);
        let run = |seed| {
            assert!(planted::is_alive(Bug::ChangeNotPrinted));
            Some(if seed < 3 { "Y1".to_owned() } else { "C1".to_owned() })
        };
        assert_eq!(find(&expected, 1..3, run), Err(BTreeSet::from(["Y1".to_owned()])));
        let found = find(&expected, 1..9, run).unwrap();
        assert_eq!((found.seed, found.by.as_str()), (3, "C1"));
        assert!(!planted::is_alive(Bug::ChangeNotPrinted));
    }
}
