//! What head office exports.

use std::collections::BTreeMap;

use counterfoil_core::catalog::{MasterKey, MasterRow};
use counterfoil_core::id::StoreCode;
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::envelope::Entry as Stored;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::journal::key::PublicKey;
use counterfoil_core::journal::signed::Unverified;
use counterfoil_sync_server::audit::{self, Audit};
use counterfoil_sync_server::store::record::{Dimension, JournalRecord, KeptBecause};
use counterfoil_sync_server::store::{Rows, Store, StoreError};
use counterfoil_sync_server::verdict::Standing;

use super::fact::{entry, tax_name};
use super::{Known, epoch, millionths_wide, sums};
use crate::fleet::history::{
    Day, Entry, Journal, Kept, MasterTold, OfficeAudit, OfficeJournal, OfficeTold, Proof, SeriesTold, Unreceived, What,
};

/// Entries read at a time.
const ENTRIES_AT_A_TIME: usize = 1_000;
/// The most kept entries and findings of one journal that are told.
const ROWS_MAX: usize = 100_000;

/// Everything that head office exports; with its audit where that is wanted.
///
/// # Errors
/// The store fails or is damaged.
pub fn office(store: &dyn Store, known: &mut Known, wants: Wants) -> Result<What, StoreError> {
    let told = store.read(|rows| {
        let mut journals = Vec::new();
        for record in rows.journals()? {
            journals.push(journal_told(rows, known, &record)?);
        }
        let audit = match wants {
            Wants::Audit => Some(audit_told(&audit::audit(rows)?)),
            Wants::NoAudit => None,
        };
        Ok(OfficeTold { epoch: epoch(rows.epoch()?), journals, days: days(rows)?, audit, master: master(rows)? })
    })?;
    Ok(What::Office(Box::new(told)))
}

/// Whether head office is asked for its audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// With its audit.
    Audit,
    /// Without.
    NoAudit,
}

fn journal_told(rows: &dyn Rows, known: &mut Known, record: &JournalRecord) -> Result<OfficeJournal, StoreError> {
    let currency = record.profile.currency;
    let kept = rows.kept(record.journal, ROWS_MAX)?.into_iter().filter_map(|kept| {
        let because = match kept.because {
            KeptBecause::Disputed => "disputed",
            KeptBecause::Closed => "closed",
            KeptBecause::Revoked => "revoked",
        };
        let stored = Stored::read(&kept.bytes).ok()?;
        Some(Kept { because: because.to_owned(), entry: entry(&stored, currency) })
    });
    let proofs = rows.evidence(record.journal)?;
    let evidence = proofs.iter().map(|proof| Proof {
        of: proof.of.code().to_owned(),
        seq: proof.seq,
        has_ours: proof.ours.as_ref().is_some_and(|bytes| is_signed(bytes, &record.key)),
        has_theirs: is_signed(&proof.theirs, &record.key),
    });
    let findings = rows.findings(record.journal, ROWS_MAX)?;
    Ok(OfficeJournal {
        journal: record.journal.0,
        store: record.profile.store.as_str().to_owned(),
        till: record.profile.till.as_str().to_owned(),
        standing: standing(record.standing).to_owned(),
        seq: record.seq,
        hash: record.hash.0,
        entries: new_entries(rows, known, record)?,
        kept: kept.collect(),
        evidence: evidence.collect(),
        findings: findings.into_iter().map(|finding| (finding.code, finding.text)).collect(),
    })
}

/// Whether the journal's own key has signed a statement, be it a batch's head or a hello.
fn is_signed(bytes: &[u8], key: &PublicKey) -> bool {
    let is_batch = || Unverified::<BatchHead>::read(bytes).and_then(|head| head.verify(key)).is_ok();
    is_batch() || Hello::read(bytes).and_then(|hello| hello.verify(key)).is_ok()
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Closed => "closed",
        Standing::Revoked => "revoked",
        Standing::Quarantined => "quarantined",
    }
}

/// The entries after what was told; all of them where head office's past is another now.
fn new_entries(rows: &dyn Rows, known: &mut Known, record: &JournalRecord) -> Result<Vec<Entry>, StoreError> {
    let journal: Journal = record.journal.0;
    let told = known.office.get(&journal).copied().filter(|(seq, _)| *seq <= record.seq);
    let is_same = match told {
        Some((seq, hash)) => rows.entry(record.journal, seq)?.is_some_and(|stored| stored.hash().0 == hash),
        None => false,
    };
    let mut next = told.filter(|_| is_same).map_or(1, |(seq, _)| seq.saturating_add(1));
    let mut entries = Vec::new();
    loop {
        let stored = rows.entries(record.journal, next, ENTRIES_AT_A_TIME)?;
        let Some(last) = stored.last() else { break };
        next = last.seq().saturating_add(1);
        known.office.insert(journal, (last.seq(), last.hash().0));
        entries.extend(stored.iter().map(|one| entry(one, record.profile.currency)));
    }
    Ok(entries)
}

fn days(rows: &dyn Rows) -> Result<Vec<Day>, StoreError> {
    let mut days: BTreeMap<(String, String, String), Day> = BTreeMap::new();
    for (key, sum) in rows.all_roll_ups()? {
        let (store, date) = (key.store.as_str().to_owned(), key.day.to_string());
        let currency = key.currency.code().to_owned();
        let empty = Day { store: store.clone(), day: date.clone(), currency: currency.clone(), ..Day::default() };
        let day = days.entry((store, date, currency)).or_insert(empty);
        match key.dimension {
            Dimension::Day => {
                (day.documents, day.net, day.tax) = (sum.count, sum.net, sum.tax);
                (day.gross, day.rounding, day.cash) = (sum.gross, sum.rounding, sum.cash);
            }
            Dimension::Tender(kind) => day.tenders.push((kind.as_str().to_owned(), sum.gross)),
            Dimension::Tax(tax) => day.taxes.push((tax_name(&tax), sum.net, sum.tax)),
            Dimension::Product(product) => {
                day.products.push((product.as_str().to_owned(), millionths_wide(sum.quantity), sum.gross));
            }
            Dimension::Hour(_) | Dimension::Operator(_) => {}
        }
    }
    Ok(days.into_values().collect())
}

/// What the tills of each store must show: products in the order of codes, each with the store's price and its taxes.
fn master(rows: &dyn Rows) -> Result<Vec<MasterTold>, StoreError> {
    let all = rows.all_master()?;
    let find = |store: Option<&StoreCode>, key: &MasterKey| {
        let record = all.iter().find(|record| record.store.as_ref() == store && record.key == *key);
        record.and_then(|record| record.row.clone())
    };
    let mut told = Vec::new();
    for store in rows.stores()? {
        let mut shown = BTreeMap::new();
        for record in &all {
            let Some(MasterRow::Product(product)) = &record.row else { continue };
            let price = match find(Some(&store.store), &MasterKey::Price(product.code.clone())) {
                Some(MasterRow::Price(price)) => Some(price.price),
                _ => product.price,
            };
            let taxes = match find(None, &MasterKey::TaxClass(product.tax_class.clone())) {
                Some(MasterRow::TaxClass(class)) => class.taxes,
                _ => Vec::new(),
            };
            shown.insert(product.code.as_str().to_owned(), format!("{product:?} {price:?} {taxes:?}"));
        }
        let rows_shown = shown.into_values().collect();
        told.push(MasterTold { store: store.store.as_str().to_owned(), revision: rows.revision()?, rows: rows_shown });
    }
    Ok(told)
}

fn audit_told(audit: &Audit) -> OfficeAudit {
    let mut differences = audit.differences.clone();
    differences.extend(audit.first_bad_seq.map(|seq| format!("entry {seq} is damaged")));
    let unreceived = audit.unreceived.iter().map(|missing| Unreceived {
        journal: missing.journal.0,
        from: missing.from,
        to: missing.to,
        numbers: missing.numbers.iter().map(|(code, from, to)| (code.as_str().to_owned(), *from, *to)).collect(),
    });
    let series = audit.series.iter().map(|series| SeriesTold {
        series: series.series.code.as_str().to_owned(),
        first: series.series.first,
        last: series.last.unwrap_or(0),
        issued: series.issued,
        missing: series.missing.clone(),
        duplicates: series.duplicates.clone(),
    });
    OfficeAudit {
        is_ok: audit.is_ok(),
        differences,
        findings: audit.findings.clone(),
        unreceived: unreceived.collect(),
        series: series.collect(),
        totals: audit.totals.iter().map(sums).collect(),
    }
}
