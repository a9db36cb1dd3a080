//! N4, D1, D2, D5: what was answered stays, nothing appears that nobody asked for, and a failed till does nothing.

use std::collections::BTreeMap;

use super::branch::documents_of;
use super::ledger::{Ledger, short};
use super::{Check, Findings};
use crate::fleet::history::{Device, DrawerAct, Entry, Fact, Journal, Seen, TillTold, Truth, What};

/// D5: looks at who does something before the till was opened again.
pub(super) fn before(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    let (device, is_success) = match &seen.what {
        What::Printed(paper) => (paper.device, !paper.is_copy),
        What::PrintedZ(paper) => (paper.device, true),
        What::Drawer(drawer) => (drawer.device, true),
        What::Refused(refused) => (refused.device, false),
        What::Till(told) => (told.device, false),
        What::Truth(Truth::HonestCrash { device }) => (*device, false),
        _ => return,
    };
    if ledger.failed.contains(&device) {
        findings
            .check(Check::D5, !is_success, || format!("till {device} went on after a failure, without being opened"));
    }
}

/// N4, D1 and D2, whenever a till tells.
pub(super) fn after(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    let What::Till(told) = &seen.what else { return };
    let check = if ledger.is_after_crash { Check::D1 } else { Check::N4 };
    for journal in &told.journals {
        let of = (told.device, journal.journal);
        let Some(branch) = ledger.branches.get(&of).filter(|branch| !branch.is_empty()) else { continue };
        for (seq, hash) in ledger.promises.get(&of).into_iter().flatten() {
            let entry = ledger.entry_of(of.0, of.1, *seq);
            findings.check(check, entry.is_some_and(|entry| entry.hash == *hash), || {
                let end = branch.len();
                format!(
                    "till {} has printed entry {seq} of {}, and its {end} entries do not have it",
                    of.0,
                    short(of.1)
                )
            });
        }
        if ledger.is_after_crash {
            answered_acts(ledger, of, branch, findings);
        }
    }
    if ledger.is_after_crash {
        only_what_was_asked(ledger, told, findings);
    }
}

/// D2 without a crash: a repeated command is answered again, and not carried out again.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    for (_, told) in ledger.tills.iter().filter(|(device, _)| ledger.fresh.contains(device)) {
        only_what_was_asked(ledger, told, findings);
    }
}

/// D1: what drawers were told to do, and said that they did, is there.
fn answered_acts(ledger: &Ledger, of: (Device, Journal), branch: &[Entry], findings: &mut Findings) {
    let mut there: BTreeMap<(u64, i64, u8), u64> = BTreeMap::new();
    for entry in branch {
        let key = match &entry.fact {
            Fact::DrawerOpened { session, float } => (*session, *float, 0),
            Fact::CashMoved { session, amount, .. } => (*session, *amount, 1),
            Fact::DrawerClosed(zed) => (zed.session.session, zed.counted, 2),
            _ => continue,
        };
        *there.entry(key).or_default() += 1;
    }
    for (session, act) in ledger.acts.get(&of).into_iter().flatten() {
        let key = match act {
            DrawerAct::Opened(float) => (*session, *float, 0),
            DrawerAct::Moved(amount) => (*session, *amount, 1),
            DrawerAct::Closed { counted, .. } => (*session, *counted, 2),
        };
        let left = there.entry(key).or_default();
        findings.check(Check::D1, *left > 0, || {
            format!("till {} has answered {act:?} in session {session}, and has no entry of it", of.0)
        });
        *left = left.saturating_sub(1);
    }
}

/// D2: each document was asked for, and is there once.
fn only_what_was_asked(ledger: &Ledger, told: &TillTold, findings: &mut Findings) {
    let mut known: BTreeMap<&str, u64> = BTreeMap::new();
    for (entry, document) in documents_of(ledger, told) {
        let earlier = known.insert(&document.id, entry.seq);
        findings.check(Check::D2, ledger.asked.contains_key(&document.id) && earlier.is_none(), || {
            let (id, seq) = (&document.id, entry.seq);
            match earlier {
                Some(earlier) => format!("{id} is entry {earlier} and entry {seq} of till {}", told.device),
                None => format!("nobody has asked till {} for {id}, entry {seq}", told.device),
            }
        });
    }
}
