//! The feed down: signed pages of master data for one store, and grants of further years for one till's journal.
//!
//! A page carries at most 500 rows. A till of another epoch begins at revision 0. The last page has the hash of all rows
//! that the till must then hold, and any grant of a year that its journal was not opened with: next year's series come
//! down long before the first sale that needs them. A till says which journal it writes: one that goes on beside the slot's
//! newest journal, as a copy may once head office was put back, gets its own and not that one's.
//! Example: at revision 10,950 of 10,957 a till gets 7 rows, the state hash, and nothing follows.

use counterfoil_core::feed::FeedPageV1;
use counterfoil_core::grant::GrantV1;
use counterfoil_core::id::{JournalId, StoreCode, TillCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::refusal::{Reason, Refusal};

use crate::enrolment::{Granting, further_grant};
use crate::grants::add_further;
use crate::master_data;
use crate::operation_error::OperationError;
use crate::store::Store;
use crate::store::record::{GrantRecord, SlotRecord, StoreRecord};
use crate::verdict::Standing;

/// The most bytes of pages in one file; a till reads no more.
const PAGES_BYTES_MAX: usize = 128 * 1_048_576;

/// Pages that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The pages as they were signed.
    pub signed: Vec<Vec<u8>>,
    /// How many rows they bring.
    pub rows: usize,
    /// The revision that a till has after them.
    pub revision: u64,
}

/// Where a till says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The epoch of its cursor; none before its first page.
    pub epoch: Option<Epoch>,
    /// The revision that it has.
    pub revision: u64,
    /// The journal that it writes; the slot's newest where it does not say.
    pub journal: Option<JournalId>,
}

/// The next page for the till in a slot, signed.
///
/// # Errors
/// The till is ahead of head office; the store failed.
pub fn page(
    store: &dyn Store,
    (store_code, till_code): (&StoreCode, &TillCode),
    asked: Asked,
    granting: Granting<'_>,
) -> Result<Vec<u8>, OperationError> {
    Ok(next_page(store, (store_code, Some(till_code)), asked, granting)?.sign(granting.key)?)
}

/// All pages after a revision of this epoch, signed: the feed as a file. Without a till they are for every till of the
/// store and bring no grants.
///
/// # Errors
/// The revision is ahead of head office, the pages are too many for one file, or the store failed.
pub fn pages(
    store: &dyn Store,
    slot: (&StoreCode, Option<&TillCode>),
    after: u64,
    granting: Granting<'_>,
) -> Result<Pages, OperationError> {
    let epoch = store.read(|rows| rows.epoch())?;
    let mut asked = Asked { epoch: Some(epoch), revision: after, journal: None };
    let mut pages = Pages { signed: Vec::new(), rows: 0, revision: after };
    let mut bytes = 0_usize;
    loop {
        let page = next_page(store, slot, asked, granting)?;
        asked = Asked { epoch: Some(page.epoch), revision: page.to_revision, journal: None };
        let signed = page.sign(granting.key)?;
        bytes = bytes.saturating_add(signed.len());
        if bytes > PAGES_BYTES_MAX {
            let limit = format!("{PAGES_BYTES_MAX} bytes in one file; the till must sync over the network once");
            return Err(Refusal::new(Reason::TooMany, "revision", page.to_revision, limit).into());
        }
        pages.signed.push(signed);
        pages.rows = pages.rows.saturating_add(page.rows.len());
        pages.revision = page.to_revision;
        if page.state.is_some() {
            return Ok(pages);
        }
    }
}

fn next_page(
    store: &dyn Store,
    (store_code, till_code): (&StoreCode, Option<&TillCode>),
    asked: Asked,
    granting: Granting<'_>,
) -> Result<FeedPageV1, OperationError> {
    let (epoch, from_revision, slice) = store.read(|rows| {
        let epoch = rows.epoch()?;
        let from_revision = if asked.epoch == Some(epoch) { asked.revision } else { 0 };
        Ok((epoch, from_revision, master_data::feed(rows, store_code, from_revision)?))
    })?;
    if slice.newest < from_revision {
        let limit = format!("head office has {} in epoch {epoch}", slice.newest);
        return Err(Refusal::new(Reason::Declined, "revision", from_revision, limit).into());
    }
    let grants = match (&slice.state, till_code) {
        (Some(_), Some(till_code)) => further_grants(store, (store_code, till_code), asked.journal, (epoch, granting))?,
        (Some(_), None) | (None, _) => Vec::new(),
    };
    Ok(FeedPageV1 {
        store: store_code.clone(),
        epoch,
        from_revision,
        to_revision: slice.to_revision,
        rows: slice.rows,
        pins: slice.pins,
        state: slice.state,
        grants,
    })
}

/// Grants of this year and the next that a journal of the slot was not opened with; they are made when first needed.
fn further_grants(
    store: &dyn Store,
    slot: (&StoreCode, &TillCode),
    asked: Option<JournalId>,
    (epoch, granting): (Epoch, Granting<'_>),
) -> Result<Vec<Vec<u8>>, OperationError> {
    let Some((slot, store_record, journal, granted)) = load(store, slot, asked)? else { return Ok(Vec::new()) };
    let opened_with: Vec<i64> = GrantV1::verify(&granted.grant)?.series.iter().map(|series| series.year).collect();
    let this_year = (granting.year_in)(store_record.zone.as_str(), granting.now);
    let mut grants = Vec::new();
    for year in [this_year, this_year.saturating_add(1)] {
        if opened_with.contains(&year) {
            continue;
        }
        let kept = granted.further.iter().find(|(known, _)| *known == year).map(|(_, grant)| grant.clone());
        grants.push(match kept {
            Some(grant) => grant,
            None => {
                let (grant, series) = further_grant(&slot, &store_record, (journal, &granted), year, epoch, granting)?;
                store.write(|rows| add_further(rows, journal, year, &grant, &series))?
            }
        });
    }
    Ok(grants)
}

type Granted = (SlotRecord, StoreRecord, JournalId, GrantRecord);

/// What was granted to the journal that is asked for, or else to the slot's newest, if it is of the slot and may grow.
fn load(
    store: &dyn Store,
    (code, till): (&StoreCode, &TillCode),
    asked: Option<JournalId>,
) -> Result<Option<Granted>, OperationError> {
    Ok(store.read(|rows| {
        let Some(slot) = rows.slot(code, till)?.filter(|slot| !slot.is_revoked) else { return Ok(None) };
        let (Some(journal), Some(store)) = (asked.or(slot.journal), rows.store_record(code)?) else { return Ok(None) };
        let is_open = rows.journal(journal)?.is_some_and(|record| record.standing == Standing::Open);
        let is_of_slot = |granted: &GrantRecord| granted.store == *code && granted.till == *till;
        let granted = rows.grant(journal)?.filter(|granted| is_open && is_of_slot(granted));
        Ok(granted.map(|granted| (slot, store, journal, granted)))
    })?)
}
