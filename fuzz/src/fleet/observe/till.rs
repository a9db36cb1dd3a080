//! What a till shows.

use counterfoil_core::document::Issued;
use counterfoil_core::drawer::ZReportV1;
use counterfoil_core::event::Event;
use counterfoil_core::id::{JournalId, ProductCode};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::envelope::Entry as Stored;
use counterfoil_core::receipt::{Print, document_text, z_text};
use counterfoil_core::till::{Access, Audit, JournalSummary, StorageBackend, Till, TillError};

use super::fact::{entry, session};
use super::{Known, epoch, millionths, sums};
use crate::fleet::history::{
    Device, Entry, FeedTold, JournalTold, Paper, PaperZ, SeriesTold, TillAudit, TillTold, What,
};

const PRODUCTS_MAX: usize = 10_000;

/// A document that the till has answered with, as its printer prints it.
///
/// # Errors
/// The text cannot be made.
pub fn paper(device: Device, till: &Till, issued: &Issued, print: Print) -> Result<What, TillError> {
    let document = &issued.document;
    Ok(What::Printed(Paper {
        device,
        text: document_text(till.profile(), issued, print)?,
        is_copy: print == Print::Reprint,
        id: document.id.as_str().to_owned(),
        journal: issued.entry.journal().0,
        seq: issued.entry.seq(),
        hash: issued.entry.hash().0,
        series: document.series.as_str().to_owned(),
        number: document.number,
        has_tax_in_price: document.prices_include_tax,
        shown: shown_prices(till, issued)?,
    }))
}

/// The prices that the till shows for the products of a sale at this moment.
fn shown_prices(till: &Till, issued: &Issued) -> Result<Vec<(String, String)>, TillError> {
    let mut shown = Vec::new();
    for line in &issued.document.lines {
        if let Some(price) = till.resolve(line.code.as_str())?.and_then(|found| found.price) {
            shown.push((line.code.as_str().to_owned(), price.to_string()));
        }
    }
    Ok(shown)
}

/// A Z report that the till has answered with. It is the last entry of the current journal.
///
/// # Errors
/// The text cannot be made.
pub fn paper_z(
    device: Device,
    till: &Till,
    z: &ZReportV1,
    now: counterfoil_core::time::Now,
) -> Result<What, TillError> {
    let head = till.head();
    Ok(What::PrintedZ(PaperZ {
        device,
        text: z_text(till.profile(), z, now, Print::Original)?,
        journal: head.journal().0,
        seq: head.seq(),
        hash: head.hash().0,
        series: z.series.as_str().to_owned(),
        number: z.number,
    }))
}

/// Everything that a till tells of itself; with a scratch backend also its audit.
///
/// # Errors
/// The store fails or is damaged.
pub fn till<B: StorageBackend>(
    device: Device,
    till: &mut Till,
    known: &mut Known,
    scratch: Option<B>,
) -> Result<What, TillError> {
    let audit = scratch.map(|scratch| till.audit(scratch)).transpose()?.as_ref().map(audit_told);
    let mut journals = Vec::new();
    for summary in till.journals()? {
        journals.push(journal_told(device, till, known, summary)?);
    }
    let products = till.products(None, PRODUCTS_MAX)?;
    let mut stock = Vec::new();
    for product in &products {
        stock.push((product.code.as_str().to_owned(), millionths(till.stock(&product.code)?)));
    }
    let profile = till.profile();
    Ok(What::Till(Box::new(TillTold {
        device,
        store: profile.store.as_str().to_owned(),
        till: profile.till.as_str().to_owned(),
        currency: profile.currency.code().to_owned(),
        read_only: match till.access() {
            Access::Full => None,
            Access::ReadOnly(why) => Some(why.clone()),
        },
        journals,
        session: till.session().map(session),
        stock,
        feed: feed_told(till, &products.iter().map(|product| product.code.clone()).collect::<Vec<_>>())?,
        audit,
    })))
}

fn journal_told(
    device: Device,
    till: &Till,
    known: &mut Known,
    summary: JournalSummary,
) -> Result<JournalTold, TillError> {
    let entries = if summary.has_key { new_entries(device, till, known, &summary)? } else { Vec::new() };
    Ok(JournalTold {
        journal: summary.journal.0,
        seq: summary.seq,
        hash: summary.hash.0,
        is_open: summary.is_open,
        acknowledged: summary.acknowledged,
        acknowledged_epoch: summary.acknowledged_epoch,
        stopped: summary.stopped,
        entries,
    })
}

/// The entries after what was told; all of them where the till's past is another now.
fn new_entries(
    device: Device,
    till: &Till,
    known: &mut Known,
    summary: &JournalSummary,
) -> Result<Vec<Entry>, TillError> {
    let key = (device, summary.journal.0);
    let told = known.tills.get(&key).copied().filter(|(seq, _)| *seq <= summary.seq);
    if told == Some((summary.seq, summary.hash.0)) {
        return Ok(Vec::new());
    }
    let mut after = told.map_or(0, |(seq, _)| seq);
    let mut stored = read_entries(device, till, known, summary.journal, after)?;
    let follows =
        |stored: &[Stored]| stored.first().zip(told).is_some_and(|(first, (_, hash))| first.previous().0 == hash);
    if after > 0 && !follows(&stored) {
        after = 0;
        stored = read_entries(device, till, known, summary.journal, after)?;
    }
    if let Some(last) = stored.last() {
        known.tills.insert(key, (last.seq(), last.hash().0));
    }
    Ok(stored.iter().map(|one| entry(one, till.profile().currency)).collect())
}

fn read_entries(
    device: Device,
    till: &Till,
    known: &mut Known,
    journal: JournalId,
    after: u64,
) -> Result<Vec<Stored>, TillError> {
    let mut entries: Vec<Stored> = Vec::new();
    let mut next = after.saturating_add(1);
    while let Some(bytes) = till.batch(journal, next)? {
        let batch = Batch::read(&bytes)?;
        if let Some(first) = batch.claimed_first()?
            && let Some(Event::JournalOpened(opened)) = Event::decode(&first)?
        {
            known.keys.insert((device, journal.0), opened.key);
        }
        let Some(key) = known.keys.get(&(device, journal.0)) else {
            return read_entries(device, till, known, journal, 0);
        };
        let verified = batch.verify(key)?;
        next = verified.last().seq().saturating_add(1);
        entries.extend_from_slice(verified.entries());
    }
    Ok(entries)
}

fn feed_told(till: &Till, codes: &[ProductCode]) -> Result<Option<FeedTold>, TillError> {
    let Some(cursor) = till.served_feed()? else { return Ok(None) };
    let mut rows = Vec::new();
    for code in codes {
        if let Some(found) = till.resolve(code.as_str())? {
            rows.push(format!("{:?} {:?} {:?}", found.product, found.price, found.taxes));
        }
    }
    Ok(Some(FeedTold { epoch: epoch(cursor.epoch), revision: cursor.revision, rows }))
}

fn audit_told(audit: &Audit) -> TillAudit {
    let mut differences = audit.differences.clone();
    differences.extend(audit.first_bad_seq.map(|seq| format!("entry {seq} is damaged")));
    let series = audit.series.iter().map(|series| SeriesTold {
        series: series.series.as_str().to_owned(),
        first: series.first,
        last: series.last.unwrap_or(0),
        issued: series.issued,
        missing: series.missing.clone(),
        duplicates: series.duplicates.clone(),
    });
    TillAudit {
        is_ok: audit.is_ok(),
        differences,
        series: series.collect(),
        totals: audit.totals.iter().map(sums).collect(),
        sessions: audit.drawer_sessions,
    }
}
