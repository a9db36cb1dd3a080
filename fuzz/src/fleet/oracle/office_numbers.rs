//! N8, and head office's half of N1: what it lists as missing and as double is what is missing and double.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Ledger, short};
use super::{Check, Findings};
use crate::fleet::history::{Fact, Hash, Journal, OfficeAudit, Verdict, Word};

/// Compares head office's audit with what it holds, by our own count.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(audit) = ledger.office.as_ref().and_then(|office| office.audit.as_ref()) else { return };
    let counted = numbers(ledger);
    series(audit, &counted, findings);
    unreceived(ledger, audit, findings);
    all_is_named(ledger, audit, findings);
}

/// The numbers of each series: which entries are counted, and which are counted or kept.
type Numbers = BTreeMap<String, (BTreeMap<u64, BTreeSet<Hash>>, BTreeMap<u64, BTreeSet<Hash>>)>;

fn numbers(ledger: &Ledger) -> Numbers {
    let mut numbers = Numbers::new();
    let mut add = |fact: &Fact, hash: Hash, is_counted: bool| {
        let (series, number) = match fact {
            Fact::Document(document) => (&document.series, document.number),
            Fact::DrawerClosed(zed) => (&zed.series, zed.number),
            _ => return,
        };
        let (counted, all) = numbers.entry(series.clone()).or_default();
        if is_counted {
            counted.entry(number).or_default().insert(hash);
        }
        all.entry(number).or_default().insert(hash);
    };
    for entry in ledger.held.values().flatten() {
        add(&entry.fact, entry.hash, true);
    }
    for journal in ledger.office.iter().flat_map(|office| &office.journals) {
        journal.kept.iter().for_each(|kept| add(&kept.entry.fact, kept.entry.hash, false));
    }
    numbers
}

fn series(audit: &OfficeAudit, numbers: &Numbers, findings: &mut Findings) {
    for told in &audit.series {
        let empty = Default::default();
        let (counted, all) = numbers.get(&told.series).unwrap_or(&empty);
        let last = counted.keys().next_back().copied().unwrap_or(0);
        let mut missing: Vec<(u64, u64)> = Vec::new();
        for number in (told.first..=last).filter(|number| !counted.contains_key(number)) {
            match missing.last_mut() {
                Some(run) if run.1 + 1 == number => run.1 = number,
                _ => missing.push((number, number)),
            }
        }
        let is = (told.last, told.missing.clone());
        findings.equal(Check::N8, &is, &(last, missing), || format!("last and missing numbers of {}", told.series));
        let double = |(number, hashes): (&u64, &BTreeSet<Hash>)| (hashes.len() > 1).then_some(*number);
        let doubles: Vec<u64> = all.iter().filter_map(double).collect();
        findings.equal(Check::N1, &told.duplicates, &doubles, || format!("doubles that are named of {}", told.series));
    }
    let told: BTreeSet<&String> = audit.series.iter().map(|series| &series.series).collect();
    for (series, (counted, _)) in numbers {
        findings.check(Check::N8, counted.is_empty() || told.contains(series), || format!("{series} is not listed"));
    }
}

/// What is said to be missing is missing.
fn unreceived(ledger: &Ledger, audit: &OfficeAudit, findings: &mut Findings) {
    for missing in &audit.unreceived {
        let entries = ledger.branches.iter().filter(|((_, journal), _)| *journal == missing.journal);
        let of_range = |seq: u64| (missing.from..=missing.to).contains(&seq);
        let is_all_here = |entries: &Vec<crate::fleet::history::Entry>| {
            let mut named = entries.iter().filter(|entry| of_range(entry.seq)).peekable();
            named.peek().is_some() && named.all(|entry| ledger.is_at_office(missing.journal, entry))
        };
        let branches: Vec<_> = entries.map(|(_, entries)| entries).collect();
        // What a till has said to have and then lost, since it was put back, is in no branch any more and missing for ever.
        let is_lost = |word: &Verdict| {
            let is_of = word.of == Word::Hello && (word.journal, word.seq) == (missing.journal, missing.to);
            is_of && !ledger.is_hash_at_office(missing.journal, word.seq, word.hash)
        };
        let is_lost = ledger.verdicts.iter().any(|judged| is_lost(&judged.verdict));
        let is_wrong = !is_lost && !branches.is_empty() && branches.iter().all(|entries| is_all_here(entries));
        findings.check(Check::N8, !is_wrong, || {
            let (journal, from, to) = (short(missing.journal), missing.from, missing.to);
            format!("entries {from} to {to} of {journal} are said to be missing, and are there")
        });
    }
}

/// What a till has signed to have, and head office does not, is said to be missing.
fn all_is_named(ledger: &Ledger, audit: &OfficeAudit, findings: &mut Findings) {
    let mut said: BTreeMap<Journal, (u64, Hash)> = BTreeMap::new();
    for judged in &ledger.verdicts {
        let word = &judged.verdict;
        let is_believed = matches!(word.code.as_str(), "append" | "duplicate" | "server_restored" | "server_fault");
        if word.of == Word::Hello && is_believed && judged.restores == ledger.truth.restores + ledger.truth.losses {
            let newest = said.entry(word.journal).or_default();
            *newest = (word.seq, word.hash).max(*newest);
        }
    }
    for (journal, (seq, hash)) in said {
        let held = ledger.held.get(&journal).map_or(0, |entries| entries.len() as u64);
        let is_kept = ledger
            .office
            .iter()
            .flat_map(|office| &office.journals)
            .any(|one| one.journal == journal && one.kept.iter().any(|kept| kept.entry.hash == hash));
        if seq <= held || is_kept {
            continue;
        }
        let is_named = audit.unreceived.iter().any(|missing| missing.journal == journal && missing.to >= seq);
        findings.check(Check::N8, is_named, || {
            format!(
                "{} has said that it has {seq} entries; {held} are held, and nothing is said to be missing",
                short(journal)
            )
        });
    }
}
