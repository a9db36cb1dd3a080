//! Refunds across tills: no till knows offline what another has refunded of a receipt, and head office sees them all.
//!
//! Credit notes of one document are added up over all journals; where together they take back more of a line than was sold,
//! or pay back more than was paid, they are all named, and so is the refund of a sale that has not come. The money is out
//! already, so nothing is put apart: it is for people. Only a credit note by the code on a receipt can be of another till,
//! so only documents that have one are compared.

use std::collections::BTreeMap;

use counterfoil_core::document::DocumentV1;
use counterfoil_core::event::Event;
use counterfoil_core::id::{DocumentNumber, JournalId};
use counterfoil_core::quantity::Quantity;

use super::{Audit, Gathered};
use crate::store::{Rows, StoreError};

const ENTRIES_AT_A_TIME: usize = 1_000;

/// The credit notes of one document.
#[derive(Default)]
pub(super) struct Corrected {
    /// The journal of the document, where a till other than its own has refunded it.
    journal: Option<JournalId>,
    notes: Vec<Note>,
}

struct Note {
    printed: DocumentNumber,
    journal: JournalId,
    /// Line of the document and how much of it, above zero.
    lines: Vec<(u16, Quantity)>,
    payable: i128,
}

impl Corrected {
    fn by(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("{} of journal {}", note.printed, note.journal));
        format!("by {}", notes.collect::<Vec<_>>().join(" and "))
    }
}

/// Takes up a document, if it is a credit note.
pub(super) fn gather(gathered: &mut Gathered, journal: JournalId, document: &DocumentV1) {
    let Some(preceding) = &document.preceding else { return };
    let lines = document.lines.iter().map(|line| (line.preceding_line, line.quantity.negated()));
    let note = Note {
        printed: document.printed.clone(),
        journal,
        lines: lines.collect(),
        payable: -i128::from(document.totals.payable.minor()),
    };
    let corrected = gathered.corrected.entry(preceding.as_str().to_owned()).or_default();
    corrected.journal = corrected.journal.or(document.preceding_journal);
    corrected.notes.push(note);
}

/// Names every document of which more was refunded than there was.
pub(super) fn check(rows: &dyn Rows, gathered: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    let mut by_journal: BTreeMap<JournalId, BTreeMap<String, Corrected>> = BTreeMap::new();
    for (printed, corrected) in std::mem::take(&mut gathered.corrected) {
        if let Some(journal) = corrected.journal {
            by_journal.entry(journal).or_default().insert(printed, corrected);
        }
    }
    for (journal, mut wanted) in by_journal {
        let mut from = 1;
        while !wanted.is_empty() {
            let entries = rows.entries(journal, from, ENTRIES_AT_A_TIME)?;
            let Some(last) = entries.last() else { break };
            from = last.seq().saturating_add(1);
            for entry in &entries {
                let Ok(Some(Event::SaleCompleted(sold))) = Event::decode(entry) else { continue };
                if let Some(corrected) = wanted.remove(sold.printed.as_str()) {
                    audit.findings.extend(over_refunded(&sold, &corrected));
                }
            }
        }
        // A till that has not sent the sale yet is no difference; head office compares when it has.
        for (printed, corrected) in wanted {
            let by = corrected.by();
            audit.findings.push(format!("refund_unproven: {printed} of journal {journal} was not received yet, {by}"));
        }
    }
    Ok(())
}

/// What was refunded too much, with the credit notes that did it.
fn over_refunded(sold: &DocumentV1, corrected: &Corrected) -> Option<String> {
    let mut too_much = Vec::new();
    for (number, line) in (1_u16..).zip(&sold.lines) {
        let of_line = corrected.notes.iter().flat_map(|note| &note.lines).filter(|(of, _)| *of == number);
        let back = of_line.map(|(_, quantity)| *quantity).try_fold(Quantity::ZERO, Quantity::checked_add)?;
        if back > line.quantity {
            too_much.push(format!("line {number} ({}): {back} of {}", line.code, line.quantity));
        }
    }
    let (paid, back) = (i128::from(sold.totals.payable.minor()), corrected.notes.iter().map(|note| note.payable).sum());
    if too_much.is_empty() && paid >= back {
        return None;
    }
    let (lines, by) = (too_much.join(", "), corrected.by());
    Some(format!("refunded_twice: {}: {lines}; {back} of {paid} minor units were paid back, {by}", sold.printed))
}
