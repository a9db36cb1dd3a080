//! S1, S5: stock is the sum of movements, and below zero it stops nobody.

use std::collections::BTreeMap;

use super::branch::documents_of;
use super::ledger::Ledger;
use super::sync::is_each_of_one_till;
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

/// S1 over the fleet: where every journal is of one till, the tills' stock is what head office has counted, in whatever
/// order it came.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(office) = ledger.office.as_ref().filter(|_| is_each_of_one_till(ledger)) else { return };
    let mut at_tills: BTreeMap<&str, i128> = BTreeMap::new();
    for (product, stock) in ledger.tills.values().flat_map(|told| &told.stock) {
        *at_tills.entry(product).or_default() -= i128::from(*stock);
    }
    for (product, sold) in at_tills {
        let products = office.days.iter().flat_map(|day| &day.products).filter(|(code, _, _)| code == product);
        let counted: i128 = products.map(|(_, quantity, _)| quantity).sum();
        findings.equal(Check::S1, &counted, &sold, || format!("millionths of {product} that head office counts"));
    }
}
