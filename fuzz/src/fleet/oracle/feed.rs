//! Y5 and Y10: one revision shows one set of rows, and when it is quiet all show the same.

use super::ledger::Ledger;
use super::{Check, Findings};
use crate::fleet::history::{Seen, What};

/// Y5: what a till shows at a revision is what everybody shows at it.
pub(super) fn after(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Till(told) => {
            let Some(feed) = &told.feed else { return };
            // Head office that lost its memory without a new epoch gives revisions out again.
            if ledger.truth.losses > 0 {
                return;
            }
            let shown = ledger.shown.get(&(feed.epoch, told.store.clone(), feed.revision));
            findings.check(Check::Y5, shown == Some(&feed.rows), || {
                let (revision, store) = (feed.revision, &told.store);
                let others: Vec<&String> = shown.into_iter().flatten().filter(|row| !feed.rows.contains(row)).collect();
                format!("till {} shows other rows at revision {revision} of {store}; it lacks {others:?}", told.device)
            });
        }
        What::Office(told) => {
            for master in told.master.iter().filter(|_| ledger.truth.losses == 0) {
                let shown = ledger.shown.get(&(told.epoch, master.store.clone(), master.revision));
                findings.check(Check::Y5, shown == Some(&master.rows), || {
                    format!("a till has shown other rows at revision {} of {}", master.revision, master.store)
                });
            }
        }
        _ => {}
    }
}

/// Y10: all tills that may sell show what head office has.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(office) = &ledger.office else { return };
    for (device, told) in &ledger.tills {
        let is_heard = ledger.fresh.contains(device) && !ledger.truth.cut.contains(device);
        if !is_heard || told.read_only.is_some() {
            continue;
        }
        let Some(master) = office.master.iter().find(|master| master.store == told.store) else { continue };
        let rows = told.feed.as_ref().map_or(&[][..], |feed| feed.rows.as_slice());
        findings.check(Check::Y10, rows == master.rows, || {
            let lacks: Vec<&String> = master.rows.iter().filter(|row| !rows.contains(row)).collect();
            let revision = told.feed.as_ref().map_or(0, |feed| feed.revision);
            format!("till {device} at revision {revision} of {} lacks {lacks:?}", master.revision)
        });
    }
}
