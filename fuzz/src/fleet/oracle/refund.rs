//! C5: no more comes back than went out, per line and per document, over all tills.

use std::collections::BTreeMap;

use super::ledger::Ledger;
use super::{Check, Findings};
use crate::fleet::history::{Document, Kind};

/// What was given back of one document.
#[derive(Default)]
struct Back {
    quantities: BTreeMap<u16, i128>,
    gross: BTreeMap<u16, i128>,
    payable: i128,
}

/// Compares all credit notes with what they correct.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let all = ledger.all_documents();
    let mut backs: BTreeMap<&str, Back> = BTreeMap::new();
    for (_, _, document) in all.values() {
        let Some(preceding) = document.preceding.as_ref().filter(|_| document.kind == Kind::CreditNote) else {
            continue;
        };
        let back = backs.entry(preceding).or_default();
        back.payable -= i128::from(document.payable);
        for line in &document.lines {
            *back.quantities.entry(line.preceding_line).or_default() -= i128::from(line.quantity);
            let gross = i128::from(line.net) - i128::from(line.discount) + i128::from(line.tax);
            *back.gross.entry(line.preceding_line).or_default() -= gross;
        }
    }
    for (journal, _, sold) in all.values() {
        // Two copies of one till cannot know of each other's refunds; head office sees both.
        if ledger.truth.is_disturbed(*journal) {
            continue;
        }
        if let Some(back) = backs.get(sold.printed.as_str()) {
            compare(sold, back, findings);
        }
    }
}

fn compare(sold: &Document, back: &Back, findings: &mut Findings) {
    findings.check(Check::C5, back.payable <= i128::from(sold.payable), || {
        format!("{} was paid with {}, and {} came back", sold.printed, sold.payable, back.payable)
    });
    for (line, quantity) in &back.quantities {
        let of_line = usize::from(*line).checked_sub(1).and_then(|at| sold.lines.get(at));
        let Some(of_line) = of_line else {
            findings.check(Check::C5, false, || format!("{} has no line {line}", sold.printed));
            continue;
        };
        let sold_gross = i128::from(of_line.net) - i128::from(of_line.discount) + i128::from(of_line.tax);
        let gross = back.gross.get(line).copied().unwrap_or(0);
        let holds = *quantity <= i128::from(of_line.quantity) && gross.abs() <= sold_gross.abs();
        findings.check(Check::C5, holds, || {
            format!("line {line} of {}: {quantity} of {} for {gross} of {sold_gross}", sold.printed, of_line.quantity)
        });
    }
}
