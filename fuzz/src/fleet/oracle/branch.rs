//! N3, C1 and C2 over what tills tell: their own sums against ours.

use std::collections::BTreeMap;

use super::ledger::{Ledger, documents};
use super::{Check, Findings};
use crate::fleet::history::{Device, Document, Entry, Fact, TillTold};

/// What documents and moves come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) documents: u64,
    pub(super) gross: i128,
    pub(super) tax: i128,
    pub(super) cash: i128,
}

/// Sums documents and moved cash.
pub(super) fn sum_of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Sum {
    let mut sum = Sum::default();
    for entry in entries {
        match &entry.fact {
            Fact::Document(document) => {
                sum.documents += 1;
                sum.gross += i128::from(document.gross);
                sum.tax += i128::from(document.tax);
                sum.cash += cash_of(document);
            }
            Fact::CashMoved { amount, .. } => sum.cash += i128::from(*amount),
            _ => {}
        }
    }
    sum
}

/// The cash that a document moves into the drawer.
pub(super) fn cash_of(document: &Document) -> i128 {
    let cash = document.tenders.iter().filter(|(kind, _)| kind == "cash").map(|(_, amount)| i128::from(*amount));
    cash.sum::<i128>() - i128::from(document.change)
}

/// Checks each till that has told since the last quiet point.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    for (device, told) in ledger.tills.iter().filter(|(device, _)| ledger.fresh.contains(device)) {
        own_sums(ledger, *device, told, findings);
        chains(ledger, *device, told, findings);
    }
    for (_, entry, document) in ledger.all_documents().into_values() {
        balanced(entry, document, findings);
    }
}

/// N3: the till's audit against the sum of its entries.
fn own_sums(ledger: &Ledger, device: Device, told: &TillTold, findings: &mut Findings) {
    let Some(audit) = &told.audit else { return };
    findings.check(Check::N3, audit.is_ok, || format!("till {device} finds about itself: {:?}", audit.differences));
    let branches = told.journals.iter().filter_map(|journal| ledger.branches.get(&(device, journal.journal)));
    let branches: Vec<&Vec<Entry>> = branches.collect();
    let is_whole = told.journals.iter().zip(&branches).all(|(journal, branch)| journal.seq == branch.len() as u64);
    if !is_whole || branches.len() != told.journals.len() {
        return;
    }
    let ours = sum_of(branches.iter().flat_map(|branch| branch.iter()));
    let mut theirs = Sum::default();
    for total in &audit.totals {
        theirs.documents += total.documents;
        theirs.gross += i128::from(total.gross);
        theirs.tax += i128::from(total.tax);
        theirs.cash += i128::from(total.cash);
    }
    findings.equal(Check::N3, &theirs, &ours, || format!("the sums of till {device} over all its entries"));
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in branches.iter().flat_map(|branch| branch.iter()) {
        match &entry.fact {
            Fact::Document(document) => *counted.entry(&document.series).or_default() += 1,
            Fact::DrawerClosed(zed) => *counted.entry(&zed.series).or_default() += 1,
            _ => {}
        }
    }
    for series in &audit.series {
        let entries = counted.get(series.series.as_str()).copied().unwrap_or(0);
        findings.equal(Check::N3, &series.issued, &entries, || {
            format!("numbers and entries of {} at till {device}", series.series)
        });
    }
}

/// N3: each entry follows the one before it, and the last is the head that the till states.
fn chains(ledger: &Ledger, device: Device, told: &TillTold, findings: &mut Findings) {
    for journal in &told.journals {
        let Some(branch) = ledger.branches.get(&(device, journal.journal)) else { continue };
        let Some(last) = branch.last() else { continue };
        let mut previous = [0; 32];
        let is_chain = branch.iter().zip(1_u64..).all(|(entry, seq)| {
            let follows = entry.previous == previous && entry.seq == seq;
            previous = entry.hash;
            follows
        });
        let is_head = (last.seq, last.hash) == (journal.seq, journal.hash);
        findings.check(Check::N3, is_chain && is_head, || {
            format!("till {device} states entry {} as its head, and tells {} entries", journal.seq, branch.len())
        });
    }
}

/// C1 and C2 of one document.
fn balanced(entry: &Entry, document: &Document, findings: &mut Findings) {
    let wide = |amount: i64| i128::from(amount);
    let lines: i128 = document.lines.iter().map(|line| wide(line.net) - wide(line.discount)).sum();
    let line_taxes: i128 = document.lines.iter().map(|line| wide(line.tax)).sum();
    let taxes: i128 = document.taxes.iter().map(|tax| wide(tax.amount)).sum();
    let tenders: i128 = document.tenders.iter().map(|(_, amount)| wide(*amount)).sum();
    let is = [lines, line_taxes, taxes, lines + taxes, wide(document.gross) + wide(document.rounding)];
    let must = [document.net, document.tax, document.tax, document.gross, document.payable].map(wide);
    let name = || format!("entry {}, {}", entry.seq, document.printed);
    findings.equal(Check::C1, &is, &must, || format!("lines, their tax, taxes, total and payable of {}", name()));
    findings.equal(Check::C2, &(tenders - wide(document.change)), &wide(document.payable), || {
        format!("tenders less change of {}", name())
    });
}

/// The documents of a till, over all the journals that it tells.
pub(super) fn documents_of<'a>(ledger: &'a Ledger, told: &TillTold) -> Vec<(&'a Entry, &'a Document)> {
    let branches = told.journals.iter().filter_map(|journal| ledger.branches.get(&(told.device, journal.journal)));
    branches.flat_map(|branch| documents(branch)).collect()
}
