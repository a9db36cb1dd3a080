//! Head office's audit: reads everything as an outsider would, and takes nothing derived on trust.
//!
//! Every row's seal is checked; each journal's hashes are recomputed, its chain followed and its batches' signatures
//! verified; series, sessions and money are counted again and compared with the stored states, documents and roll-ups,
//! and with what the till itself signed in its last hello. What a till has signed for and not sent yet is named, by its
//! hello or by the journal that follows. Sales that are kept and not counted are named with their sums; while a fork is
//! not resolved, or a number was given twice, the answer is not ok. A receipt that several tills refunded is named.
//! Example: 700 entries held, a hello of 812: `unreceived` 701 to 812, 110 documents, 1,204.50 EUR.

mod journal;
mod kept;
mod refunds;
mod tables;
mod told;

use std::collections::BTreeMap;

use counterfoil_core::grant::PredecessorV1;
use counterfoil_core::id::{JournalId, SeriesCode, StoreCode, TillCode};
use counterfoil_core::journal::hello::RunningTotal;
use counterfoil_core::planted::{Bug, is_alive};
use counterfoil_core::series::{Series, holes};
use counterfoil_core::time::Timestamp;

use crate::master_data;
use crate::projection::Projection;
use crate::store::record::{EvidenceOf, RollUp, RollUpKey};
use crate::store::rows::roll_up_key;
use crate::store::{Rows, StoreError};
use crate::verdict::Standing;

/// The most differences that are listed.
const DIFFERENCES_MAX: usize = 100;

/// What the audit found of one journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalAudit {
    /// Which.
    pub journal: JournalId,
    /// Of which store.
    pub store: StoreCode,
    /// Of which till.
    pub till: TillCode,
    /// How many entries are applied.
    pub entries: u64,
    /// The hash of the last, in hexadecimal digits.
    pub head: String,
    /// `ok`, or what is wrong with the chain.
    pub chain: String,
    /// Up to which entry head office has acknowledged.
    pub acknowledged: u64,
    /// How it stands.
    pub standing: Standing,
    /// How many entries are kept without being applied.
    pub kept: u64,
}

/// What the audit found of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesAudit {
    /// The series.
    pub series: Series,
    /// Of which store.
    pub store: StoreCode,
    /// Of which till.
    pub till: TillCode,
    /// The last number found.
    pub last: Option<u64>,
    /// How many numbers were found.
    pub issued: u64,
    /// Runs of numbers that are missing.
    pub missing: Vec<(u64, u64)>,
    /// How many documents have numbers of it and are kept without being counted.
    pub kept: u64,
    /// Numbers that were found more than once, in what is counted and what is kept.
    pub duplicates: Vec<u64>,
}

/// What is kept of a journal and counts nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disputed {
    /// Of which journal.
    pub journal: JournalId,
    /// Of which store.
    pub store: StoreCode,
    /// Of which till.
    pub till: TillCode,
    /// How the journal stands, which is why.
    pub standing: Standing,
    /// How many entries.
    pub entries: u64,
    /// What their documents come to, per currency.
    pub totals: Vec<RunningTotal>,
}

/// Two signed statements that cannot both be of one undisturbed life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceAudit {
    /// About which journal.
    pub journal: JournalId,
    /// Of which store.
    pub store: StoreCode,
    /// Of which till.
    pub till: TillCode,
    /// What they prove.
    pub of: EvidenceOf,
    /// About which entry.
    pub seq: u64,
    /// When the second one came.
    pub received: Timestamp,
    /// What that means, for people.
    pub text: String,
}

/// What a till has signed for and head office does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreceived {
    /// Of which journal.
    pub journal: JournalId,
    /// Of which store.
    pub store: StoreCode,
    /// Of which till.
    pub till: TillCode,
    /// The first entry.
    pub from: u64,
    /// The last entry.
    pub to: u64,
    /// What its documents come to, per currency.
    pub totals: Vec<RunningTotal>,
    /// The numbers of each series.
    pub numbers: Vec<(SeriesCode, u64, u64)>,
}

/// What the audit found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Every journal.
    pub journals: Vec<JournalAudit>,
    /// Every series that was granted.
    pub series: Vec<SeriesAudit>,
    /// How many drawer sessions were opened.
    pub drawer_sessions: u64,
    /// What all documents of each currency come to.
    pub totals: Vec<RunningTotal>,
    /// What tills have and head office has not.
    pub unreceived: Vec<Unreceived>,
    /// What is kept and counted nowhere.
    pub disputed: Vec<Disputed>,
    /// What is proven of forks, of tills put back and of entries that head office had lost.
    pub evidence: Vec<EvidenceAudit>,
    /// What does not agree, at most 100.
    pub differences: Vec<String>,
    /// What a person should look at, and was told when it came.
    pub findings: Vec<String>,
    /// Entries of a type or version that this program does not know.
    pub unread: u64,
    /// The first entry that is damaged.
    pub first_bad_seq: Option<u64>,
}

impl Audit {
    /// Whether everything agrees. What is still on its way is no difference; a fork that nobody has resolved is one.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        let is_forked = self.disputed.iter().any(|disputed| disputed.standing == Standing::Quarantined);
        let is_twice = self.series.iter().any(|series| !series.duplicates.is_empty());
        self.differences.is_empty() && self.first_bad_seq.is_none() && !is_forked && !is_twice
    }

    /// Adds a difference.
    pub fn differs(&mut self, text: impl Into<String>) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(text.into());
        }
    }

    fn is_bad_at(&mut self, seq: u64, text: String) {
        self.first_bad_seq.get_or_insert(seq);
        self.differs(text);
    }
}

/// What is gathered from all journals before it is compared.
#[derive(Default)]
struct Gathered {
    projection: Projection,
    numbers: BTreeMap<SeriesCode, Vec<u64>>,
    /// The numbers of documents that are kept and not applied.
    kept_numbers: BTreeMap<SeriesCode, Vec<u64>>,
    documents: usize,
    /// The credit notes of each document that has some, by its printed number.
    corrected: BTreeMap<String, refunds::Corrected>,
    /// What each journal says of the one before it.
    predecessors: Vec<(JournalId, PredecessorV1)>,
    /// Up to which entry each journal's own branch has been received, applied or kept.
    received: BTreeMap<JournalId, u64>,
}

/// Audits head office.
///
/// # Errors
/// The store fails while reading, so that nothing can be said.
pub fn audit(rows: &dyn Rows) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    tables::check_seals(rows, &mut audit)?;
    let mut gathered = Gathered::default();
    // A damaged row ends the part that needs it, and the others go on.
    let parts: [(&str, Part); 7] = [
        ("journals", journals),
        ("predecessors", told::predecessors),
        ("series", series),
        ("refunds", refunds::check),
        ("roll-ups", roll_ups),
        ("documents", tables::check_documents),
        ("master data", master),
    ];
    for (name, part) in parts {
        match part(rows, &mut gathered, &mut audit) {
            Err(error @ StoreError::Backend(_)) => return Err(error),
            Err(error) => audit.differs(format!("{name}: {error}")),
            Ok(()) => {}
        }
    }
    audit.totals.sort_by(|one, other| one.currency.code().cmp(other.currency.code()));
    Ok(audit)
}

/// What is kept of the journals of a store, or of all, and stands in no report.
///
/// # Errors
/// The store fails, or a row is damaged.
pub fn not_counted(rows: &dyn Rows, store: Option<&StoreCode>) -> Result<Vec<Disputed>, StoreError> {
    let (mut gathered, mut audit) = (Gathered::default(), Audit::default());
    for record in rows.journals()? {
        if store.is_none_or(|store| record.profile.store == *store) {
            kept::check(rows, &record, None, &mut gathered, &mut audit)?;
        }
    }
    Ok(audit.disputed)
}

type Part = fn(&dyn Rows, &mut Gathered, &mut Audit) -> Result<(), StoreError>;

fn journals(rows: &dyn Rows, gathered: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    let records = rows.journals()?;
    tables::check_entries_belong(rows, &records, audit)?;
    for record in &records {
        journal::check(rows, record, gathered, audit)?;
    }
    Ok(())
}

/// Every series that was granted or shown: no number missing, none twice, each of the one journal that has the series.
fn series(rows: &dyn Rows, gathered: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    for record in rows.all_series()? {
        let code = record.series.code.clone();
        let found = gathered.numbers.remove(&code).unwrap_or_default();
        let kept = gathered.kept_numbers.remove(&code).unwrap_or_default();
        let (missing, twice) = holes(record.series.first, &found);
        let (_, duplicates) = holes(record.series.first, &[found.as_slice(), &kept].concat());
        if !missing.is_empty() {
            audit.differs(format!("series {code} has numbers missing: {missing:?}"));
        }
        if !twice.is_empty() {
            audit.differs(format!("series {code} has numbers twice: {twice:?}"));
        }
        if duplicates.len() > twice.len() {
            let text = format!("series {code}: numbers given twice, with what is kept and not counted: {duplicates:?}");
            audit.findings.push(text);
        }
        let Some(journal) = rows.journal(record.journal)? else {
            audit.differs(format!("series {code} is of journal {}, which is not there", record.journal));
            continue;
        };
        audit.series.push(SeriesAudit {
            series: record.series,
            store: journal.profile.store,
            till: journal.profile.till,
            last: found.iter().max().copied().filter(|_| !is_alive(Bug::AuditLosesLastNumber)),
            issued: u64::try_from(found.len()).unwrap_or(u64::MAX),
            missing,
            kept: u64::try_from(kept.len()).unwrap_or(u64::MAX),
            duplicates,
        });
    }
    let strange: Vec<String> = gathered.numbers.keys().map(|code| format!("series {code} is not known")).collect();
    strange.into_iter().for_each(|text| audit.differs(text));
    Ok(())
}

/// The roll-ups as stored against those of a replay.
fn roll_ups(rows: &dyn Rows, gathered: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    let key = |key: &RollUpKey| roll_up_key(key).as_bytes().to_vec();
    let replayed = std::mem::take(&mut gathered.projection).into_roll_ups();
    let mut replayed: BTreeMap<Vec<u8>, (RollUpKey, RollUp)> = replayed.map(|pair| (key(&pair.0), pair)).collect();
    for (stored_key, stored) in rows.all_roll_ups()? {
        match replayed.remove(&key(&stored_key)) {
            Some((_, expected)) if expected == stored => {}
            Some(_) => audit.differs(format!("the roll-up of {} is not that of its entries", name(&stored_key))),
            None => audit.differs(format!("there are no entries for the roll-up of {}", name(&stored_key))),
        }
    }
    for (missing, _) in replayed.into_values() {
        audit.differs(format!("the roll-up of {} is missing", name(&missing)));
    }
    Ok(())
}

fn name(key: &RollUpKey) -> String {
    format!("{} {} {} {:?}", key.store, key.day, key.currency, key.dimension)
}

fn master(rows: &dyn Rows, _: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    master_data::audit(rows)?.into_iter().for_each(|text| audit.differs(text));
    Ok(())
}

/// Adds a journal's total to that of all; a sum beyond 64 bits is a difference.
fn add_total(audit: &mut Audit, total: RunningTotal) {
    if is_alive(Bug::TotalLeavesOutOne) && total.count.is_multiple_of(2) {
        return;
    }
    if let Err(refusal) = total.add_to(&mut audit.totals) {
        audit.differs(format!("the total of all journals: {refusal}"));
    }
}
