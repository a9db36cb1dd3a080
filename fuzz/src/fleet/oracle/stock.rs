//! S1, S5: stock is the sum of movements, and below zero it stops nobody.

use std::collections::BTreeMap;

use super::branch::documents_of;
use super::ledger::{Ledger, documents};
use super::{Check, Findings};
use crate::fleet::history::{Seen, TillTold, What};

/// Checks what a till has told of its stock, and a refusal.
pub(super) fn after(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Till(told) => at_till(ledger, told, findings),
        What::Refused(refused) => {
            let is_negative =
                ledger.tills.get(&refused.device).is_some_and(|told| told.stock.iter().any(|one| one.1 < 0));
            if is_negative {
                findings.check(Check::S5, !refused.code.contains("stock"), || {
                    format!("{} was refused as {}", refused.id, refused.code)
                });
            }
        }
        _ => {}
    }
}

fn at_till(ledger: &Ledger, told: &TillTold, findings: &mut Findings) {
    let is_whole = told.journals.iter().all(|journal| {
        ledger.branches.get(&(told.device, journal.journal)).is_some_and(|branch| branch.len() as u64 == journal.seq)
    });
    if !is_whole {
        return;
    }
    let mut moved: BTreeMap<&str, i128> = BTreeMap::new();
    for (_, document) in documents_of(ledger, told) {
        for line in &document.lines {
            *moved.entry(&line.product).or_default() -= i128::from(line.quantity);
        }
    }
    for (product, stock) in &told.stock {
        let moved = moved.get(product.as_str()).copied().unwrap_or(0);
        if moved != 0 || *stock != 0 {
            findings.equal(Check::S1, &i128::from(*stock), &moved, || {
                format!("millionths of {product} at till {}", told.device)
            });
        }
    }
}

/// S1 at head office: the sum over all days, in whatever order entries came.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(office) = &ledger.office else { return };
    let mut moved: BTreeMap<&str, i128> = BTreeMap::new();
    for (_, document) in ledger.held.values().flat_map(|entries| documents(entries)) {
        for line in &document.lines {
            *moved.entry(&line.product).or_default() += i128::from(line.quantity);
        }
    }
    let mut told: BTreeMap<&str, i128> = BTreeMap::new();
    for (product, quantity, _) in office.days.iter().flat_map(|day| &day.products) {
        *told.entry(product).or_default() += quantity;
    }
    for (product, quantity) in moved {
        let told = told.get(product).copied().unwrap_or(0);
        findings.equal(Check::S1, &told, &quantity, || format!("millionths of {product} that head office counts"));
    }
}
