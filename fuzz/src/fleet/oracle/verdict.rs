//! Y7 and Y8: forks, copies and tills put back are found and proven, and honest tills are left alone.

use std::collections::BTreeSet;

use super::ledger::{Ledger, short};
use super::{Check, Findings};
use crate::fleet::history::{Device, Entry, Journal, OfficeJournal, Seen, Verdict, What, Word};

/// Checks a verdict in the moment it is given.
pub(super) fn before(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    let What::Verdict(verdict) = &seen.what else { return };
    no_false_alarm(ledger, verdict, findings);
}

fn no_false_alarm(ledger: &Ledger, verdict: &Verdict, findings: &mut Findings) {
    let truth = &ledger.truth;
    let is_true = match verdict.code.as_str() {
        "fork" | "rollback" => truth.is_disturbed(verdict.journal),
        "server_restored" => truth.restores + truth.losses > 0,
        "server_fault" => truth.losses > 0,
        _ => true,
    };
    findings.check(Check::Y8, is_true, || {
        format!(
            "{} was judged {} at entry {}, and nothing of the kind has happened",
            short(verdict.journal),
            verdict.code,
            verdict.seq
        )
    });
}

/// Checks what was found against what has happened.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(office) = &ledger.office else { return };
    for journal in &office.journals {
        if !ledger.truth.is_disturbed(journal.journal) {
            let is_alarm = |of: &str| matches!(of, "fork" | "rollback");
            let is_calm =
                journal.standing != "quarantined" && !journal.evidence.iter().any(|proof| is_alarm(&proof.of));
            findings.check(Check::Y8, is_calm, || {
                let (name, standing, proofs) = (short(journal.journal), &journal.standing, &journal.evidence);
                format!("{name} is {standing} with {proofs:?}, and nothing of the kind has happened")
            });
        }
        words_are_of_what_is_held(ledger, journal, findings);
    }
    copies_are_found(ledger, findings);
    put_back_are_found(ledger, findings);
}

fn of_journal(ledger: &Ledger, journal: Journal) -> Option<&OfficeJournal> {
    ledger.office.iter().flat_map(|office| &office.journals).find(|one| one.journal == journal)
}

fn is_proven(journal: &OfficeJournal) -> bool {
    let is_ended = matches!(journal.standing.as_str(), "closed" | "revoked");
    let both = |of: &str| journal.evidence.iter().any(|proof| proof.of == of && proof.has_ours && proof.has_theirs);
    is_ended || both("fork") || both("rollback")
}

/// No entry was taken as held that is not what is held.
fn words_are_of_what_is_held(ledger: &Ledger, journal: &OfficeJournal, findings: &mut Findings) {
    let held = ledger.held.get(&journal.journal).map_or(&[][..], Vec::as_slice);
    let is_now = |restores: u64| restores == ledger.truth.restores + ledger.truth.losses;
    for judged in ledger.verdicts.iter().filter(|judged| is_now(judged.restores)) {
        let word = &judged.verdict;
        let is_taken = matches!(word.code.as_str(), "append" | "duplicate");
        if word.journal != journal.journal || !is_taken || word.seq == 0 {
            continue;
        }
        let Some(entry) = held.get(at(word.seq)) else { continue };
        let is_same = entry.hash == word.hash;
        let is_known = word.of == Word::Hello && is_proven(journal);
        findings.check(Check::Y7, is_same || is_known, || {
            format!(
                "entry {} of {} was judged {}, and is not the one that is held",
                word.seq,
                short(word.journal),
                word.code
            )
        });
    }
}

fn at(seq: u64) -> usize {
    usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// Each pair of copies that both went on is proven, kept and stopped.
fn copies_are_found(ledger: &Ledger, findings: &mut Findings) {
    for copy in &ledger.truth.copies {
        let branch = |device: Device| ledger.branches.get(&(device, copy.journal));
        let (Some(one), Some(other)) = (branch(copy.from), branch(copy.to)) else { continue };
        let is_heard = |device: Device| ledger.fresh.contains(&device) && !ledger.truth.cut.contains(&device);
        let next = at(copy.shared + 1);
        let is_forked = one.get(next).zip(other.get(next)).is_some_and(|(one, other)| one.hash != other.hash);
        if is_forked && is_heard(copy.from) && is_heard(copy.to) {
            found(ledger, copy.journal, &[(copy.from, one), (copy.to, other)], Proof::Needed, findings);
        }
    }
}

/// Each till that was put back behind what head office holds is proven, kept and stopped.
fn put_back_are_found(ledger: &Ledger, findings: &mut Findings) {
    for one in &ledger.truth.put_back {
        let Some(branch) = ledger.branches.get(&(one.device, one.journal)) else { continue };
        let held = ledger.held.get(&one.journal).map_or(&[][..], Vec::as_slice);
        let known: BTreeSet<_> = branch.iter().map(|entry| entry.hash).collect();
        let is_behind = held.iter().skip(at(one.to + 1)).any(|entry| !known.contains(&entry.hash));
        let is_heard = ledger.fresh.contains(&one.device) && !ledger.truth.cut.contains(&one.device);
        if is_behind && is_heard {
            let has_left = current(ledger, one.device).is_some_and(|journal| journal != one.journal);
            let is_forgotten = has_left && ledger.truth.memory_losses() > one.memory_losses;
            let proof = if is_forgotten { Proof::PerhapsForgotten } else { Proof::Needed };
            found(ledger, one.journal, &[(one.device, branch)], proof, findings);
        }
    }
}

/// Whether head office must have the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// It must.
    Needed,
    /// It was put back since, and a till that has gone on in another journal long ago gives no new one.
    PerhapsForgotten,
}

/// The journal that a till writes now.
fn current(ledger: &Ledger, device: Device) -> Option<Journal> {
    ledger.tills.get(&device)?.journals.last().map(|last| last.journal)
}

fn found(ledger: &Ledger, journal: Journal, branches: &[(Device, &Vec<Entry>)], proof: Proof, findings: &mut Findings) {
    let name = short(journal);
    let Some(told) = of_journal(ledger, journal) else {
        return findings.check(Check::Y7, false, || format!("head office does not know journal {name}"));
    };
    findings.check(Check::Y7, is_proven(told) || proof == Proof::PerhapsForgotten, || {
        format!("{name} has two pasts and is {} with {:?}", told.standing, told.evidence)
    });
    for (device, branch) in branches {
        let lost = branch.iter().find(|entry| !ledger.is_at_office(journal, entry));
        findings.check(Check::Y7, lost.is_none(), || {
            format!(
                "entry {} of till {device}'s side of {name} is neither held nor kept",
                lost.map_or(0, |entry| entry.seq)
            )
        });
        let of_till = ledger.tills.get(device).into_iter().flat_map(|till| &till.journals);
        let goes_on = of_till.into_iter().any(|one| one.journal == journal && one.is_open && one.stopped.is_none());
        let is_current = current(ledger, *device) == Some(journal);
        findings.check(Check::Y7, !(goes_on && is_current), || format!("till {device} may still sell in {name}"));
    }
}
