//! A grant that head office gave and has forgotten, because it was restored from an older copy.
//!
//! The first entry of a journal carries the grant that opened it, signed by this head office. So the first batch of a
//! journal that is not known proves by itself that it may be known: the grant names journal, key and till, and the batch is
//! signed by that key. Always: no suffix of a slot that is learned again is ever given a second time.
//! Example: a grant of `S01-T01-R26C` teaches that three suffixes of S01/T01 were given out.

use counterfoil_core::event::{Event, GrantedByV1};
use counterfoil_core::grant::GrantV1;
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::batch::UnverifiedBatch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::refusal::Refusal;
use counterfoil_core::series::{EVERY_YEAR, Series};
use counterfoil_core::time::Timestamp;

use crate::store::record::{GrantRecord, JournalRecord, SlotRecord, StoreRecord};
use crate::store::{RowsMut, Store, StoreError};
use crate::verdict::Standing;

/// The grant of ours by which a batch opens its journal. The batch itself is still to be verified with the grant's key.
///
/// # Errors
/// The batch holds something else than entries, or a grant that does not verify.
pub fn grant_in(key: &SigningKey, batch: &UnverifiedBatch) -> Result<Option<GrantV1>, Fault> {
    let Some(first) = batch.claimed_first()? else { return Ok(None) };
    let Some((grant, _)) = opened_by(&first)? else { return Ok(None) };
    let is_ours = grant.head_office == key.public_key() && grant.journal == batch.journal();
    Ok((is_ours && suffix_of(&grant).is_some()).then_some(grant))
}

fn opened_by(first: &Entry) -> Result<Option<(GrantV1, Vec<u8>)>, Fault> {
    match Event::decode(first)? {
        Some(Event::JournalOpened(opened)) if first.seq() == 1 => match opened.granted_by {
            GrantedByV1::HeadOffice(bytes) => Ok(Some((GrantV1::verify(&bytes)?, bytes))),
            GrantedByV1::Till | GrantedByV1::Authority(..) => Ok(None),
        },
        Some(_) | None => Ok(None),
    }
}

/// Learns the journal with its store, slot and grant; `first` is its first entry, verified. A grant of this epoch, or of a
/// later one, that was forgotten proves that more was: a new epoch begins, in which each till tells what it has.
///
/// # Errors
/// The store failed.
pub fn keep(
    store: &dyn Store,
    grant: &GrantV1,
    first: &Entry,
    now: Timestamp,
    fresh: [u8; 8],
) -> Result<(), StoreError> {
    let Ok(Some((_, signed))) = opened_by(first) else { return Ok(()) };
    let Some(suffix) = suffix_of(grant) else { return Ok(()) };
    let profile = &grant.profile;
    store.write(|rows| {
        if rows.as_rows().journal(grant.journal)?.is_some() {
            return Ok(());
        }
        if rows.as_rows().store_record(&profile.store)?.is_none() {
            rows.put_store(&StoreRecord {
                store: profile.store.clone(),
                currency: profile.currency,
                country: profile.country.clone(),
                zone: profile.zone.clone(),
                prices_include_tax: profile.prices_include_tax,
            })?;
        }
        if grant.epoch.counter >= rows.as_rows().epoch()?.counter {
            rows.put_epoch(Epoch { counter: grant.epoch.counter.saturating_add(1), random: fresh })?;
        }
        let slot = keep_slot(rows, grant, &suffix)?;
        let granted = GrantRecord {
            store: profile.store.clone(),
            till: profile.till.clone(),
            key: grant.key,
            suffix: suffix.clone(),
            grant: signed.clone(),
            further: Vec::new(),
        };
        rows.put_grant(grant.journal, &granted)?;
        let standing = if slot.is_revoked { Standing::Revoked } else { Standing::Open };
        let record = JournalRecord::new(grant.journal, grant.key, profile.clone(), now);
        rows.put_journal(&JournalRecord { standing, ..record })
    })
}

/// The slot as it is with this grant: its journal is the one that was granted last.
fn keep_slot(rows: &mut dyn RowsMut, grant: &GrantV1, suffix: &str) -> Result<SlotRecord, StoreError> {
    let profile = &grant.profile;
    let known = rows.as_rows().slot(&profile.store, &profile.till)?.unwrap_or_else(|| SlotRecord {
        store: profile.store.clone(),
        till: profile.till.clone(),
        has_history: profile.has_history,
        is_revoked: false,
        suffixes: 0,
        journal: None,
    });
    let granted_last = match known.journal {
        Some(journal) => rows.as_rows().grant(journal)?.and_then(|known| GrantV1::verify(&known.grant).ok()),
        None => None,
    };
    let is_newest = granted_last.is_none_or(|last| last.granted <= grant.granted);
    let slot = SlotRecord {
        suffixes: known.suffixes.max(given_with(suffix)),
        journal: if is_newest { Some(grant.journal) } else { known.journal },
        ..known
    };
    rows.put_slot(&slot)?;
    Ok(slot)
}

/// What tells the series of this grant from those of other journals of the slot.
fn suffix_of(grant: &GrantV1) -> Option<String> {
    let first = grant.series.iter().find(|series| series.year != EVERY_YEAR)?;
    let bare = |series: &Series| -> Result<Series, Refusal> {
        Series::standard(&grant.profile.store, &grant.profile.till, series.kind, series.year, "")
    };
    let suffix = first.code.as_str().strip_prefix(bare(first).ok()?.code.as_str())?;
    (given_with(suffix) > 0).then(|| suffix.to_owned())
}

/// How many suffixes of a slot were given out when this one was the last; the inverse of
/// [`crate::enrolment::suffix`].
fn given_with(suffix: &str) -> u32 {
    let letters = suffix.bytes().take_while(u8::is_ascii_uppercase);
    letters.fold(0, |given: u32, letter| {
        given.saturating_mul(26).saturating_add(u32::from(letter.saturating_sub(b'A'))).saturating_add(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrolment::suffix;

    #[test]
    fn a_suffix_tells_how_many_were_given_out() {
        for counter in [1, 2, 17] {
            for given_before in [0, 1, 24, 25, 26, 51, 52, 701, 702, 18_277] {
                let suffix = suffix(given_before, Epoch { counter, random: [0; 8] });
                assert_eq!(given_with(&suffix), given_before + 1, "{suffix}");
            }
        }
        assert_eq!(given_with(""), 0);
    }
}
