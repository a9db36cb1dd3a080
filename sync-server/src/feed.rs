//! The feed down: signed pages of master data for one store, and grants of further years for one till's journal.
//!
//! A page carries at most 500 rows. A till of another epoch begins at revision 0. The last page has the hash of all rows
//! that the till must then hold, and any grant of a year that its journal was not opened with: next year's series come
//! down long before the first sale that needs them.
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

/// Where a till says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The epoch of its cursor; none before its first page.
    pub epoch: Option<Epoch>,
    /// The revision that it has.
    pub revision: u64,
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
    let (epoch, from_revision, slice) = store.read(|rows| {
        let epoch = rows.epoch()?;
        let from_revision = if asked.epoch == Some(epoch) { asked.revision } else { 0 };
        Ok((epoch, from_revision, master_data::feed(rows, store_code, from_revision)?))
    })?;
    if slice.newest < from_revision {
        let limit = format!("head office has {} in epoch {epoch}", slice.newest);
        return Err(Refusal::new(Reason::Declined, "revision", from_revision, limit).into());
    }
    let grants = match slice.state {
        Some(_) => further_grants(store, (store_code, till_code), epoch, granting)?,
        None => Vec::new(),
    };
    let page = FeedPageV1 {
        store: store_code.clone(),
        epoch,
        from_revision,
        to_revision: slice.to_revision,
        rows: slice.rows,
        pins: slice.pins,
        state: slice.state,
        grants,
    };
    Ok(page.sign(granting.key)?)
}

/// Every page for the till in a slot, from the first row on, signed: the feed as a file.
///
/// # Errors
/// As [`page`].
pub fn pages(
    store: &dyn Store,
    slot: (&StoreCode, &TillCode),
    granting: Granting<'_>,
) -> Result<Vec<Vec<u8>>, OperationError> {
    let mut pages = Vec::new();
    let mut asked = Asked { epoch: None, revision: 0 };
    loop {
        let bytes = page(store, slot, asked, granting)?;
        let read = FeedPageV1::verify(&bytes, &granting.key.public_key())?;
        asked = Asked { epoch: Some(read.epoch), revision: read.to_revision };
        pages.push(bytes);
        if read.state.is_some() {
            return Ok(pages);
        }
    }
}

/// Grants of this year and the next that the slot's journal was not opened with; they are made when first needed.
fn further_grants(
    store: &dyn Store,
    slot: (&StoreCode, &TillCode),
    epoch: Epoch,
    granting: Granting<'_>,
) -> Result<Vec<Vec<u8>>, OperationError> {
    let Some((slot, store_record, journal, granted)) = load(store, slot)? else { return Ok(Vec::new()) };
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

fn load(store: &dyn Store, (code, till): (&StoreCode, &TillCode)) -> Result<Option<Granted>, OperationError> {
    Ok(store.read(|rows| {
        let Some(slot) = rows.slot(code, till)?.filter(|slot| !slot.is_revoked) else { return Ok(None) };
        let (Some(journal), Some(store)) = (slot.journal, rows.store_record(code)?) else { return Ok(None) };
        Ok(rows.grant(journal)?.map(|granted| (slot, store, journal, granted)))
    })?)
}
