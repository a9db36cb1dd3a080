//! Y1 to Y4, Y6, Y9, Y11, Y15 and Y16: everything arrives, once, as it was written, and what is acknowledged stays.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Ledger, short};
use super::{Check, Findings};
use crate::fleet::history::{Acknowledgement, Device, Entry, Journal, OfficeTold, Seen, Sums, TillTold, What};

/// Checks acknowledgements and what a till tells against what was known.
pub(super) fn before(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Acknowledged(acknowledgement) => never_back(ledger, acknowledgement, findings),
        What::Till(told) => {
            for journal in &told.journals {
                let known = ledger.stored.get(&(told.device, journal.journal)).copied().unwrap_or_default();
                if known.0 != ledger.truth.memory_losses() {
                    continue;
                }
                let (known, stored) = ((known.1, known.2), (journal.acknowledged_epoch, journal.acknowledged));
                findings.check(Check::Y6, stored >= known, || {
                    format!(
                        "till {} had the acknowledgement {known:?} (epoch, entry), and now has {stored:?}",
                        told.device
                    )
                });
            }
        }
        What::Pruned { device, journal, to } => {
            let covered = ledger.stored.get(&(*device, *journal)).map_or(0, |(_, _, seq)| *seq);
            findings.check(Check::Y4, *to <= covered, || {
                format!("till {device} has dropped entries to {to}, acknowledged is {covered}")
            });
        }
        _ => {}
    }
}

fn never_back(ledger: &Ledger, new: &Acknowledgement, findings: &mut Findings) {
    let Some(known) = ledger.acknowledged.get(&(new.journal, new.epoch)) else { return };
    findings.check(Check::Y6, new.seq >= known.seq, || {
        let (name, counter) = (short(new.journal), new.epoch.counter);
        format!("{name} was acknowledged to {}, and then to {}, in one epoch ({counter})", known.seq, new.seq)
    });
}

/// Checks what was just told.
pub(super) fn after(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Till(told) => {
            for journal in &told.journals {
                let branch = ledger.branches.get(&(told.device, journal.journal)).filter(|branch| !branch.is_empty());
                let Some(branch) = branch else { continue };
                let is_whole = branch.len() as u64 == journal.seq && branch.first().is_some_and(|entry| entry.seq == 1);
                findings.check(Check::Y4, is_whole, || {
                    let (has, name) = (branch.len(), short(journal.journal));
                    format!("till {} has {has} of {} entries of {name}", told.device, journal.seq)
                });
            }
        }
        What::Office(told) => acknowledged_is_held(ledger, told, findings),
        _ => {}
    }
}

/// Y6: what head office has signed to hold, it holds.
fn acknowledged_is_held(ledger: &Ledger, told: &OfficeTold, findings: &mut Findings) {
    for ((journal, epoch), acknowledged) in &ledger.acknowledged {
        if *epoch != told.epoch || acknowledged.seq == 0 {
            continue;
        }
        let at = usize::try_from(acknowledged.seq - 1).unwrap_or(usize::MAX);
        let held = ledger.held.get(journal).and_then(|entries| entries.get(at));
        findings.check(Check::Y6, held.is_some_and(|entry| entry.hash == acknowledged.hash), || {
            format!(
                "entry {} of {} was acknowledged, and head office does not hold it",
                acknowledged.seq,
                short(*journal)
            )
        });
    }
}

/// Everything that must hold when it is quiet.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(office) = &ledger.office else { return };
    let tills: Vec<(Device, &TillTold)> = heard(ledger).collect();
    // What says more about a cause stands before what says only that something is missing.
    successors(ledger, findings);
    quarantine_delays_no_other(ledger, office, &tills, findings);
    prefixes(ledger, findings);
    once(ledger, office, findings);
    for (device, told) in &tills {
        arrived(ledger, *device, told, findings);
    }
    sums_of_tills(ledger, office, &tills, findings);
    wrong_clocks_count(ledger, findings);
}

/// The tills that have told at this quiet point and can reach head office.
fn heard(ledger: &Ledger) -> impl Iterator<Item = (Device, &TillTold)> {
    let is_heard = |device: &Device| ledger.fresh.contains(device) && !ledger.truth.cut.contains(device);
    ledger.tills.iter().filter(move |(device, _)| is_heard(device)).map(|(device, told)| (*device, told))
}

/// Y2: no entry is held twice, nor held and kept.
fn once(ledger: &Ledger, office: &OfficeTold, findings: &mut Findings) {
    for journal in &office.journals {
        let held = ledger.held.get(&journal.journal).map_or(&[][..], Vec::as_slice);
        let hashes: BTreeSet<_> = held.iter().map(|entry| entry.hash).collect();
        let is_single = hashes.len() == held.len() && held.len() as u64 == journal.seq;
        let is_apart = !journal.kept.iter().any(|kept| hashes.contains(&kept.entry.hash));
        findings.check(Check::Y2, is_single && is_apart, || {
            format!("{}: an entry is held twice, or is held and kept", short(journal.journal))
        });
    }
}

/// Y3: what is held is what a till wrote.
fn prefixes(ledger: &Ledger, findings: &mut Findings) {
    for (journal, held) in &ledger.held {
        let branches = ledger.branches.iter().filter(|((_, of), branch)| of == journal && !branch.is_empty());
        for ((device, _), branch) in branches {
            let shared = held.iter().zip(branch).take_while(|(entry, _)| !ledger.truth.may_differ(*journal, entry.seq));
            let differs = shared.into_iter().find(|(one, other)| one.bytes != other.bytes);
            findings.check(Check::Y3, differs.is_none(), || {
                let seq = differs.map_or(0, |(entry, _)| entry.seq);
                format!("entry {seq} of {} is not what till {device} wrote", short(*journal))
            });
            let is_whole = ledger.fresh.contains(device) && !ledger.truth.is_disturbed(*journal);
            if is_whole {
                findings.check(Check::Y3, held.len() <= branch.len(), || {
                    let (held, wrote) = (held.len(), branch.len());
                    format!("head office holds {held} entries of {}, till {device} wrote {wrote}", short(*journal))
                });
            }
        }
    }
}

/// Y1: everything is there.
fn arrived(ledger: &Ledger, device: Device, told: &TillTold, findings: &mut Findings) {
    for journal in &told.journals {
        if ledger.truth.ended.get(&journal.journal) == Some(&true) {
            continue;
        }
        let Some(branch) = ledger.branches.get(&(device, journal.journal)) else { continue };
        let missing: Vec<&Entry> = branch.iter().filter(|entry| !ledger.is_at_office(journal.journal, entry)).collect();
        findings.check(Check::Y1, missing.is_empty(), || {
            let first = missing.first().map_or(0, |entry| entry.seq);
            let (count, name) = (missing.len(), short(journal.journal));
            format!("{count} entries of till {device}, from {first} of {name} on, are not at head office")
        });
    }
}

/// Y9: other journals grow and are not stopped.
fn quarantine_delays_no_other(
    ledger: &Ledger,
    office: &OfficeTold,
    tills: &[(Device, &TillTold)],
    findings: &mut Findings,
) {
    if !office.journals.iter().any(|journal| journal.standing == "quarantined") {
        return;
    }
    for (device, told) in tills {
        let Some(current) = told.journals.last() else { continue };
        // A token for another device of the same slot has ended the journal, or the slot was revoked before head office
        // learned of the journal, whatever else is in quarantine.
        let is_ended = |standing: &str| matches!(standing, "closed" | "revoked");
        let has_successor = office.journals.iter().any(|one| one.journal == current.journal && is_ended(&one.standing));
        let has_ended = ledger.truth.ended.contains_key(&current.journal) || has_successor;
        if ledger.truth.is_disturbed(current.journal) || has_ended {
            continue;
        }
        let held = ledger.held.get(&current.journal).map_or(0, |entries| entries.len() as u64);
        findings.check(Check::Y9, current.stopped.is_none() && held >= current.seq, || {
            let (stopped, seq) = (&current.stopped, current.seq);
            format!("till {device}, of no quarantined journal, is stopped ({stopped:?}) or held to {held} of {seq}")
        });
    }
}

/// Whether every journal is told by exactly one till, head office holds all of each, and nothing else.
pub(super) fn is_each_of_one_till(ledger: &Ledger) -> bool {
    let tills: Vec<&TillTold> = heard(ledger).map(|(_, told)| told).collect();
    let mut told: Vec<(Journal, u64)> =
        tills.iter().flat_map(|till| &till.journals).map(|one| (one.journal, one.seq)).collect();
    let journals = ledger.office.iter().flat_map(|office| &office.journals);
    let is_kept = journals.clone().any(|journal| !journal.kept.is_empty());
    let mut held: Vec<(Journal, u64)> = journals.filter(|one| one.seq > 0).map(|one| (one.journal, one.seq)).collect();
    told.sort_unstable();
    held.sort_unstable();
    told == held && !is_kept && tills.len() == ledger.tills.len() && tills.iter().all(|till| till.audit.is_some())
}

/// Y11: where every journal is of one till, the sums of all tills are head office's.
fn sums_of_tills(ledger: &Ledger, office: &OfficeTold, tills: &[(Device, &TillTold)], findings: &mut Findings) {
    let Some(audit) = office.audit.as_ref().filter(|_| is_each_of_one_till(ledger)) else { return };
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for total in tills.iter().filter_map(|(_, till)| till.audit.as_ref()).flat_map(|audit| &audit.totals) {
        let sum = sums.entry(&total.currency).or_insert(Sums { currency: total.currency.clone(), ..Sums::default() });
        sum.documents += total.documents;
        (sum.gross, sum.tax, sum.cash) = (sum.gross + total.gross, sum.tax + total.tax, sum.cash + total.cash);
    }
    let theirs: BTreeMap<&str, Sums> = audit.totals.iter().map(|sum| (sum.currency.as_str(), sum.clone())).collect();
    let is_some = |sum: &&Sums| sum.documents > 0 || sum.cash != 0;
    let [theirs, ours]: [Vec<Sums>; 2] =
        [theirs, sums].map(|sums| sums.into_values().filter(|sum| is_some(&sum)).collect());
    findings.equal(Check::Y11, &theirs, &ours, || "head office's totals and the sum of the tills' audits".to_owned());
}

/// Y15: what was sold under a wrong clock is there like everything else.
fn wrong_clocks_count(ledger: &Ledger, findings: &mut Findings) {
    let heard: BTreeSet<Device> = heard(ledger).map(|(device, _)| device).collect();
    for printed in ledger.papers.iter().filter(|one| one.is_clock_wrong && heard.contains(&one.paper.device)) {
        let paper = &printed.paper;
        let Some(entry) = ledger.entry_of(paper.device, paper.journal, paper.seq) else { continue };
        let is_there = ledger.truth.ended.contains_key(&paper.journal) || ledger.is_at_office(paper.journal, entry);
        findings.check(Check::Y15, is_there, || {
            format!("{} {} was sold under a wrong clock, and is not at head office", paper.series, paper.number)
        });
    }
}

/// Y16: a successor has a journal and series of its own; what is salvaged has come.
fn successors(ledger: &Ledger, findings: &mut Findings) {
    for one in &ledger.truth.replaced {
        let Some(told) = ledger.tills.get(&one.by).filter(|_| ledger.fresh.contains(&one.by)) else { continue };
        let has_old = told.journals.iter().any(|journal| journal.journal == one.journal);
        findings.check(Check::Y16, !has_old, || {
            format!("till {} goes on in the journal of the dead till {}", one.by, one.dead)
        });
        if ledger.truth.salvaged.contains(&one.dead) {
            let branch = ledger.branches.get(&(one.dead, one.journal)).map_or(&[][..], Vec::as_slice);
            let missing = branch.iter().find(|entry| !ledger.is_at_office(one.journal, entry));
            findings.check(Check::Y16, missing.is_none(), || {
                let seq = missing.map_or(0, |entry| entry.seq);
                format!("entry {seq} was salvaged from the dead till {}, and is not at head office", one.dead)
            });
        }
    }
}
