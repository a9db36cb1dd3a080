//! Tokens and grants as they are kept: what is loaded before [`decide`] and stored after it, in one transaction.
//!
//! Always: the token is used up, the series are granted, the journal is expected and the earlier one ended by the same
//! commit. A journal that may still send its own end is left open; one that another device replaces is closed, and what
//! it says later is kept and not counted.

use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::id::{Hash, JournalId, StoreCode, TillCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::series::Series;
use counterfoil_core::time::Timestamp;

use crate::enrolment::{GrantChange, GrantContext, GrantDecision, Granting, KnownJournal, Right, decide};
use crate::operation_error::OperationError;
use crate::store::record::{
    EvidenceOf, Finding, GrantRecord, JournalRecord, SeriesRecord, SlotRecord, StoreRecord, TokenRecord,
};
use crate::store::{Rows, RowsMut, Store, StoreError};
use crate::verdict::Standing;

/// Keeps a token, with its store and slot where they are new.
///
/// # Errors
/// The store is there and counts in another way, the slot is revoked, or the store failed.
pub fn add_token(
    rows: &mut dyn RowsMut,
    hash: Hash,
    token: &TokenRecord,
    store: &StoreRecord,
    history: History,
) -> Result<(), StoreError> {
    add_slot(rows, (&token.store, &token.till), store, history)?;
    rows.put_token(hash, token)
}

/// Keeps a slot and its store, where they are new.
///
/// # Errors
/// As [`add_token`].
pub fn add_slot(
    rows: &mut dyn RowsMut,
    (code, till): (&StoreCode, &TillCode),
    store: &StoreRecord,
    history: History,
) -> Result<(), StoreError> {
    if let Some(known) = rows.as_rows().store_record(code)? {
        refuse_difference(&known, store)?;
    }
    rows.put_store(store)?;
    let has_history = history == History::Allowed;
    let slot = match rows.as_rows().slot(code, till)? {
        Some(slot) if slot.is_revoked => {
            let name = format!("{code}/{till} is revoked");
            return Err(Refusal::new(Reason::Declined, "till", name, "take another code").into());
        }
        Some(slot) => SlotRecord { has_history: has_history || slot.has_history, ..slot },
        None => SlotRecord {
            store: code.clone(),
            till: till.clone(),
            has_history,
            is_revoked: false,
            suffixes: 0,
            journal: None,
        },
    };
    rows.put_slot(&slot)
}

/// The slot of a till that may be served; else the refusal.
///
/// # Errors
/// The store failed.
pub fn slot_in_use(
    rows: &dyn Rows,
    store: &StoreCode,
    till: &TillCode,
) -> Result<Result<SlotRecord, Refusal>, StoreError> {
    let refused = |value: String, limit: &str| Refusal::new(Reason::NotPermitted, "till", value, limit);
    Ok(match rows.slot(store, till)? {
        Some(slot) if !slot.is_revoked => Ok(slot),
        Some(_) => Err(refused(format!("{store}/{till} is revoked"), "a till in use")),
        None => Err(refused(format!("{store}/{till}"), "a till that head office knows")),
    })
}

/// Trusts a till no longer: its slot gets nothing more, and what its journals say from now on is kept and not counted.
/// Gives the journals that end by this.
///
/// # Errors
/// There is no such till, or the store failed.
pub fn revoke(rows: &mut dyn RowsMut, store: &StoreCode, till: &TillCode) -> Result<Vec<JournalId>, StoreError> {
    let unknown = || Refusal::new(Reason::Missing, "till", format!("{store}/{till}"), "a till that head office knows");
    let slot = rows.as_rows().slot(store, till)?.ok_or_else(unknown)?;
    rows.put_slot(&SlotRecord { is_revoked: true, ..slot })?;
    let mut revoked = Vec::new();
    for record in rows.as_rows().journals()? {
        let is_of_till = record.profile.store == *store && record.profile.till == *till;
        if is_of_till && record.standing == Standing::Open {
            revoked.push(record.journal);
            rows.put_journal(&JournalRecord { standing: Standing::Revoked, ..record })?;
        }
    }
    Ok(revoked)
}

/// Begins a new epoch, for what tills were told in the one before may be lost here: each of them says so at its next
/// hello and sends it again, and tokens from before are void.
///
/// # Errors
/// The store failed.
pub fn begin_epoch(rows: &mut dyn RowsMut, fresh: [u8; 8]) -> Result<Epoch, StoreError> {
    let counter = rows.as_rows().epoch()?.counter.saturating_add(1);
    let epoch = Epoch { counter, random: fresh };
    rows.put_epoch(epoch)?;
    Ok(epoch)
}

/// Whether a till may take over documents of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// It may, and they are marked as taken over.
    Allowed,
    /// It may not.
    Refused,
}

fn refuse_difference(known: &StoreRecord, asked: &StoreRecord) -> Result<(), Refusal> {
    let prices = |store: &StoreRecord| if store.prices_include_tax { "inclusive" } else { "exclusive" };
    let compared = [
        ("currency", asked.currency.code(), known.currency.code()),
        ("country", asked.country.as_str(), known.country.as_str()),
        ("zone", asked.zone.as_str(), known.zone.as_str()),
        ("prices", prices(asked), prices(known)),
    ];
    match compared.into_iter().find(|(_, asked, known)| asked != known) {
        Some((field, asked, has)) => {
            Err(Refusal::new(Reason::IdReused, field, asked, format!("store {} has {has}", known.store)))
        }
        None => Ok(()),
    }
}

/// Grants a journal, or gives again what was granted, or refuses; the refusal of a used token is counted.
///
/// # Errors
/// It is refused, it cannot be signed, or the store failed.
pub fn grant(
    store: &dyn Store,
    request: &JournalRequestV1,
    (token, slot): (Option<Hash>, Option<(&StoreCode, &TillCode)>),
    right: Right<'_>,
    granting: Granting<'_>,
) -> Result<(GrantRecord, Option<TokenRecord>), OperationError> {
    let decided = store.write(|rows| {
        let context = load(rows.as_rows(), request, token, slot)?;
        if right == Right::EndedJournal {
            require_ended(rows.as_rows(), &context)?;
        }
        // What cannot be granted is given up by its refusal; other failures are told after the transaction.
        let decision = match decide(&context, request, right, granting) {
            Ok(decision) => decision,
            Err(OperationError::Refused(refusal)) => return Err(refusal.into()),
            Err(error @ (OperationError::Fault(_) | OperationError::Failed(_))) => {
                return Err(StoreError::Invariant(error.to_string()));
            }
        };
        apply(rows, token, request, &decision, granting.now)?;
        Ok((decision, context.token))
    })?;
    match decided {
        (GrantDecision::Grant(change), _) => Ok((change.granted, change.token)),
        (GrantDecision::Repeat { granted, token }, known) => Ok((*granted, token.map(|token| *token).or(known))),
        (GrantDecision::Refuse { refusal, .. }, _) => Err(refusal.into()),
    }
}

fn load(
    rows: &dyn Rows,
    request: &JournalRequestV1,
    token: Option<Hash>,
    slot: Option<(&StoreCode, &TillCode)>,
) -> Result<GrantContext, StoreError> {
    let token = match token {
        Some(hash) => rows.token(hash)?,
        None => None,
    };
    let of_token = token.as_ref().map(|token| (&token.store, &token.till));
    let slot = match of_token.or(slot) {
        Some((store, till)) => rows.slot(store, till)?,
        None => None,
    };
    let store = match &slot {
        Some(slot) => rows.store_record(&slot.store)?,
        None => None,
    };
    let predecessor = match &request.predecessor {
        Some(asked) => rows.journal(asked.journal)?.map(known),
        None => None,
    };
    let asked = rows.journal(request.journal)?;
    let granted_standing = asked.as_ref().map(|record| record.standing);
    let has_begun = asked.is_some_and(|record| record.heard.is_some());
    let (granted, epoch) = (rows.grant(request.journal)?, rows.epoch()?);
    Ok(GrantContext { token, slot, store, granted, granted_standing, has_begun, predecessor, epoch })
}

fn known(record: JournalRecord) -> KnownJournal {
    KnownJournal { journal: record.journal, key: record.key, profile: record.profile }
}

/// A till may ask by itself only where its present journal cannot go on.
fn require_ended(rows: &dyn Rows, context: &GrantContext) -> Result<(), StoreError> {
    if context.granted.is_some() {
        return Ok(());
    }
    let Some(journal) = context.slot.as_ref().and_then(|slot| slot.journal) else { return Ok(()) };
    if has_ended(rows, journal)? {
        return Ok(());
    }
    let limit = "its journal can go on; a further one needs a token";
    Err(Refusal::new(Reason::Declined, "journal", format!("{journal} is open"), limit).into())
}

fn has_ended(rows: &dyn Rows, journal: JournalId) -> Result<bool, StoreError> {
    let standing = rows.journal(journal)?.map(|record| record.standing);
    let is_open = standing == Some(Standing::Open);
    let is_revoked = standing == Some(Standing::Revoked);
    let is_rolled_back = rows.evidence(journal)?.iter().any(|evidence| evidence.of == EvidenceOf::Rollback);
    Ok(!is_revoked && (!is_open || is_rolled_back))
}

fn apply(
    rows: &mut dyn RowsMut,
    hash: Option<Hash>,
    request: &JournalRequestV1,
    decision: &GrantDecision,
    now: Timestamp,
) -> Result<(), StoreError> {
    let token = match decision {
        GrantDecision::Grant(change) => {
            apply_change(rows, request, change, now)?;
            change.token.as_ref()
        }
        GrantDecision::Refuse { token, .. } | GrantDecision::Repeat { token, .. } => token.as_deref(),
    };
    match (hash, token) {
        (Some(hash), Some(token)) => rows.put_token(hash, token),
        _ => Ok(()),
    }
}

fn apply_change(
    rows: &mut dyn RowsMut,
    request: &JournalRequestV1,
    change: &GrantChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    rows.put_slot(&change.slot)?;
    rows.put_grant(request.journal, &change.granted)?;
    put_series(rows, request.journal, &change.series)?;
    for expected in &change.expected {
        let predecessor = request.predecessor.as_ref().map(|predecessor| predecessor.journal);
        if rows.as_rows().journal(expected.journal)?.is_some() {
            continue;
        }
        let record = JournalRecord::new(expected.journal, expected.key, expected.profile.clone(), now);
        let predecessor = predecessor.filter(|_| expected.journal == request.journal);
        rows.put_journal(&JournalRecord { predecessor, ..record })?;
    }
    if let Some(epoch) = change.epoch {
        rows.put_epoch(epoch)?;
    }
    let Some(closed) = change.closed else { return Ok(()) };
    let Some(record) = rows.as_rows().journal(closed)? else { return Ok(()) };
    match record.standing {
        Standing::Open | Standing::Quarantined => {}
        Standing::Closed | Standing::Revoked => return Ok(()),
    }
    let slot = &change.slot;
    let text = format!(
        "{}/{} goes on in journal {}; journal {closed} ended here at entry {}, and what comes of it later is kept and not \
         counted: look whether another device still sells with it",
        slot.store, slot.till, request.journal, record.seq
    );
    rows.put_finding(closed, &Finding { seq: record.seq, code: "replaced".to_owned(), text, found: now })?;
    match record.standing {
        Standing::Open => rows.put_journal(&JournalRecord { standing: Standing::Closed, ..record }),
        Standing::Quarantined | Standing::Closed | Standing::Revoked => Ok(()),
    }
}

/// Keeps the series of a journal. Those that head office was taught by the journal's own entries, since it had forgotten
/// that it granted them, are there already.
fn put_series(rows: &mut dyn RowsMut, journal: JournalId, series: &[Series]) -> Result<(), StoreError> {
    for series in series {
        match rows.as_rows().series(&series.code)? {
            None => rows.put_series(&SeriesRecord { series: series.clone(), journal })?,
            Some(known) if known.journal == journal => {}
            Some(known) => {
                let text = format!("series {} was granted to journal {} before", series.code, known.journal);
                return Err(StoreError::Invariant(text));
            }
        }
    }
    Ok(())
}

/// Keeps a grant of a further year, unless one of that year is there, and gives the one that is kept.
///
/// # Errors
/// Nothing was granted to this journal, or the store failed.
pub fn add_further(
    rows: &mut dyn RowsMut,
    journal: JournalId,
    year: i64,
    grant: &[u8],
    series: &[Series],
) -> Result<Vec<u8>, StoreError> {
    let missing = || StoreError::Invariant(format!("nothing was granted to journal {journal}"));
    let mut record = rows.as_rows().grant(journal)?.ok_or_else(missing)?;
    if let Some((_, kept)) = record.further.iter().find(|(known, _)| *known == year) {
        return Ok(kept.clone());
    }
    put_series(rows, journal, series)?;
    record.further.push((year, grant.to_vec()));
    rows.put_grant(journal, &record)?;
    Ok(grant.to_vec())
}
