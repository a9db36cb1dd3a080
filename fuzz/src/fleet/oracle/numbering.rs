//! N1 to N7 and N9: each number once, without hole, in order, in a series that one journal has for ever.

use std::collections::BTreeMap;

use super::ledger::{Ledger, documents, short};
use super::{Check, Findings};
use crate::fleet::history::{Device, Entry, Fact, Hash, Journal, Paper, Seen, What};

/// What was numbered by an entry.
struct Numbered<'a> {
    entry: &'a Entry,
    series: &'a str,
    number: u64,
    issued_ms: i64,
    day: &'a str,
    is_imported: bool,
}

/// Checks a paper or a refusal against what was known before it.
pub(super) fn before(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Printed(paper) => paper_is_single(ledger, paper, findings),
        What::Refused(refused) => {
            findings.check(Check::N3, refused.before == refused.after, || {
                let (before, after) = (refused.before.1, refused.after.1);
                format!("{} was refused ({}), and entry {before} became {after}", refused.id, refused.code)
            });
        }
        _ => {}
    }
}

fn paper_is_single(ledger: &Ledger, paper: &Paper, findings: &mut Findings) {
    let Paper { device, series, number, journal, seq, hash, .. } = paper;
    if let Some((first_journal, first_seq, first_hash)) = ledger.numbers.get(&(series.clone(), *number)) {
        let is_same = (first_journal, first_seq, first_hash) == (journal, seq, hash);
        let is_known = first_journal == journal && ledger.truth.may_differ(*journal, *first_seq.min(seq));
        findings.check(Check::N1, is_same || is_known, || {
            format!("{series} {number} stands on two papers: entry {first_seq} and entry {seq} of {}", short(*journal))
        });
        return;
    }
    findings.check(Check::N1, true, String::new);
    let Some(branch) = ledger.branches.get(&(*device, *journal)) else { return };
    let of_number = |entry: &&Entry| numbered(entry).is_some_and(|one| one.series == series && one.number == *number);
    let earlier = branch.iter().find(|entry| of_number(entry) && entry.hash != *hash);
    let is_known = earlier.is_some_and(|entry| ledger.truth.may_differ(*journal, entry.seq.min(*seq)));
    findings.check(Check::N5, earlier.is_none() || is_known, || {
        let earlier = earlier.map_or(0, |entry| entry.seq);
        format!("{series} {number} of entry {earlier}, which was never printed, is issued again by entry {seq}")
    });
}

/// After a till has told: numbers that were taken and not printed are not freed either.
pub(super) fn after(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    let What::Till(told) = &seen.what else { return };
    for journal in &told.journals {
        if let Some(branch) = ledger.branches.get(&(told.device, journal.journal)) {
            let from = journal.entries.first().map_or(u64::MAX, |entry| entry.seq);
            series_of(told.device, journal.journal, branch, from, findings);
        }
    }
}

/// N2, N6 and N9 over a branch, reported for entries from `from` on.
fn series_of(device: Device, journal: Journal, branch: &[Entry], from: u64, findings: &mut Findings) {
    let mut last: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    let at = |one: &Numbered<'_>| format!("till {device}, {}, entry {}", short(journal), one.entry.seq);
    for one in branch.iter().filter_map(numbered) {
        let (number, time) = last.get(one.series).copied().unwrap_or((0, i64::MIN));
        last.insert(one.series, (one.number, one.issued_ms));
        if one.entry.seq < from {
            continue;
        }
        if one.number <= number {
            findings
                .check(Check::N6, false, || format!("{}: {} {} follows {number}", at(&one), one.series, one.number));
            continue;
        }
        findings.check(Check::N2, one.number == number + 1, || {
            format!("{}: {} {} follows {number}", at(&one), one.series, one.number)
        });
        if !one.is_imported {
            findings.check(Check::N6, one.issued_ms >= time, || {
                format!("{}: {} {} was issued before the one before it", at(&one), one.series, one.number)
            });
            if let Some(year) = year_of(one.series) {
                findings.check(Check::N9, one.day.get(2..4) == Some(year), || {
                    format!("{}: {} {} is dated {}", at(&one), one.series, one.number, one.day)
                });
            }
        }
    }
}

fn numbered(entry: &Entry) -> Option<Numbered<'_>> {
    match &entry.fact {
        Fact::Document(document) => Some(Numbered {
            entry,
            series: &document.series,
            number: document.number,
            issued_ms: document.issued_ms,
            day: &document.day,
            is_imported: document.is_imported,
        }),
        Fact::DrawerClosed(zed) => Some(Numbered {
            entry,
            series: &zed.series,
            number: zed.number,
            issued_ms: zed.issued_ms,
            day: &zed.day,
            is_imported: false,
        }),
        Fact::Opened { .. }
        | Fact::Closed
        | Fact::Series(_)
        | Fact::MasterData
        | Fact::Operator
        | Fact::Activity
        | Fact::Locked(_)
        | Fact::DrawerOpened { .. }
        | Fact::CashMoved { .. }
        | Fact::Unknown(..) => None,
    }
}

/// The two digits of the year in a code such as `S01-T01-R26A`.
fn year_of(series: &str) -> Option<&str> {
    let digits = series.rsplit('-').next()?.get(1..3)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// N1 over all entries, and N7.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    once_in_the_fleet(ledger, findings);
    owners(ledger, findings);
    closed_stay_closed(ledger, findings);
}

fn once_in_the_fleet(ledger: &Ledger, findings: &mut Findings) {
    let mut first: BTreeMap<(&str, u64), (Journal, u64, Hash)> = BTreeMap::new();
    for (journal, entry, document) in ledger.all_documents().into_values() {
        let here = (journal, entry.seq, entry.hash);
        let there = *first.entry((document.series.as_str(), document.number)).or_insert(here);
        let is_known = there.0 == journal && ledger.truth.may_differ(journal, there.1.min(entry.seq));
        findings.check(Check::N1, there == here || is_known, || {
            format!(
                "{} {} is of entry {} of {} and of entry {} of {}",
                document.series,
                document.number,
                there.1,
                short(there.0),
                entry.seq,
                short(journal)
            )
        });
    }
}

/// Each series has one journal, and each document a series of its own journal.
fn owners(ledger: &Ledger, findings: &mut Findings) {
    let mut claims: Vec<(&str, Journal)> = Vec::new();
    for grant in &ledger.grants {
        claims.extend(grant.series.iter().map(|series| (series.as_str(), grant.journal)));
    }
    for ((_, journal), branch) in &ledger.branches {
        let mut granted = Vec::new();
        for entry in branch {
            if let Fact::Opened { series, .. } | Fact::Series(series) = &entry.fact {
                claims.extend(series.iter().map(|code| (code.as_str(), *journal)));
                granted.extend(series.iter().map(String::as_str));
            }
        }
        for (entry, document) in documents(branch) {
            findings.check(Check::N7, granted.contains(&document.series.as_str()), || {
                let name = short(*journal);
                format!("entry {} has a number of {}, which {name} was not granted", entry.seq, document.series)
            });
        }
    }
    let mut owners: BTreeMap<&str, Journal> = BTreeMap::new();
    for (series, journal) in claims {
        let owner = *owners.entry(series).or_insert(journal);
        findings.check(Check::N7, owner == journal, || {
            format!("series {series} is of {} and of {}", short(owner), short(journal))
        });
    }
}

fn closed_stay_closed(ledger: &Ledger, findings: &mut Findings) {
    for ((device, journal), branch) in &ledger.branches {
        if let Some(at) = branch.iter().position(|entry| entry.fact == Fact::Closed) {
            findings.check(Check::N7, at + 1 == branch.len(), || {
                format!("till {device} went on in journal {} after it was closed", short(*journal))
            });
        }
    }
}
