//! Who gets a journal: by a token, by hand of an administrator, or after an earlier journal had to end.
//!
//! Always: a token makes one journal, and the same token with the same two keys gets the same answer again until that journal
//! has begun or ended, because an answer can be lost on its way; with any other key it is refused, and counted. A further token of the slot with the key
//! of a journal that was granted and has neither begun nor ended gets that grant again, for the till has not heard of it;
//! once it has begun, whoever asks for it is another copy of the till. Each journal of a slot has a suffix of its own
//! (A, B, ... Z, AA), in a later epoch with the epoch's counter behind it, so that no series is granted twice, not even by
//! a head office that was restored and has forgotten some. Series are granted for this year and the next.
//! Example: the second journal of S01/T01 in epoch 1 gets `S01-T01-R26B`; the first one of epoch 2 gets `S01-T01-R26C2`.

use counterfoil_core::grant::{GrantV1, JournalRequestV1, Profile};
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::key::{PublicKey, SigningKey};
use counterfoil_core::number_format::all_series_of;
use counterfoil_core::planted::{Bug, is_alive};
use counterfoil_core::receipt_code::CertifiedV1;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::series::Series;
use counterfoil_core::time::Timestamp;

use crate::operation_error::OperationError;
use crate::store::record::{GrantRecord, SlotRecord, StoreRecord, TokenRecord, TokenUse};
use crate::verdict::Standing;

/// What is known when a journal is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantContext {
    /// The token, if one was shown and is known.
    pub token: Option<TokenRecord>,
    /// The slot: the token's, else the one that was asked for.
    pub slot: Option<SlotRecord>,
    /// How the slot's store counts.
    pub store: Option<StoreRecord>,
    /// What was granted to the journal that is asked for, if it is known already.
    pub granted: Option<GrantRecord>,
    /// How that journal stands.
    pub granted_standing: Option<Standing>,
    /// Whether a word of that journal has come, so that it was opened.
    pub has_begun: bool,
    /// What is known of the journal that it follows.
    pub predecessor: Option<KnownJournal>,
    /// The epoch.
    pub epoch: Epoch,
}

/// A journal that head office expects entries of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownJournal {
    /// Its id.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// What the till is.
    pub profile: Profile,
}

/// What is to be stored when a journal was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantChange {
    /// The slot as it is now.
    pub slot: SlotRecord,
    /// The token as it is now, if one was used.
    pub token: Option<TokenRecord>,
    /// What was granted.
    pub granted: GrantRecord,
    /// The series in it.
    pub series: Vec<Series>,
    /// Journals to expect entries of: the granted one, and the history of a till that was on its own before.
    pub expected: Vec<KnownJournal>,
    /// The slot's earlier journal, which ends by this.
    pub closed: Option<JournalId>,
    /// A new epoch, where the till shows that head office has forgotten something.
    pub epoch: Option<Epoch>,
}

/// What was decided about a request for a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantDecision {
    /// It is granted.
    Grant(Box<GrantChange>),
    /// It was granted before, and nothing changes.
    Repeat {
        /// What was granted.
        granted: Box<GrantRecord>,
        /// The token as it is now, if it was fresh and is used by this.
        token: Option<Box<TokenRecord>>,
    },
    /// It is refused; the token, where there is one, keeps count.
    Refuse {
        /// Why.
        refusal: Refusal,
        /// The token as it is now, if the refusal is to be kept.
        token: Option<Box<TokenRecord>>,
    },
}

/// By what right a journal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right<'a> {
    /// By a token.
    Token {
        /// A certificate for the till, made in case that the token is good.
        certificate: &'a str,
        /// The SHA-256 of the public key that it is for.
        tls_key: Hash,
    },
    /// By an administrator, for a slot that was named.
    Administrator,
    /// By a till whose present journal has to end.
    EndedJournal,
}

/// What head office grants with: its key and its clock.
#[derive(Clone, Copy, Debug)]
pub struct Granting<'a> {
    /// The key that signs.
    pub key: &'a SigningKey,
    /// When.
    pub now: Timestamp,
    /// The calendar year in a zone at that time.
    pub year_in: fn(&str, Timestamp) -> i64,
    /// Random bits for a new epoch, should one be needed.
    pub fresh: [u8; 8],
}

/// Decides about a request for a journal. Pure: the certificate was made before, and is thrown away if it is not needed.
///
/// # Errors
/// The grant cannot be made: a code becomes too long, or it cannot be signed.
pub fn decide(
    context: &GrantContext,
    request: &JournalRequestV1,
    right: Right<'_>,
    granting: Granting<'_>,
) -> Result<GrantDecision, OperationError> {
    let refused = |refusal| Ok(GrantDecision::Refuse { refusal, token: None });
    let token = match check_right(context, request, right, granting.now) {
        Checked::Fresh(token) => token,
        Checked::Decided(decision) => return Ok(decision),
    };
    let (Some(slot), Some(store)) = (&context.slot, &context.store) else {
        let named = request.slot.as_ref().map_or_else(String::new, |(store, till)| format!("{store}/{till}"));
        return refused(Refusal::new(Reason::Missing, "till", named, "a till that head office knows; give it a token"));
    };
    if let Err(refusal) = check_slot(slot, context, request) {
        return refused(refusal);
    }
    let mut change = change(slot, store, context, request, token, granting)?;
    // A journal that is followed on its own device still sends its end; one that was replaced or is disputed does not.
    let sends_its_end = right != Right::EndedJournal
        && request.predecessor.as_ref().is_some_and(|predecessor| Some(predecessor.journal) == change.closed);
    change.closed = change.closed.filter(|_| !sends_its_end);
    Ok(GrantDecision::Grant(Box::new(change)))
}

enum Checked {
    /// The token as it is once the journal is granted, if there is one.
    Fresh(Option<Box<TokenRecord>>),
    /// Nothing more is to be looked at.
    Decided(GrantDecision),
}

fn check_right(context: &GrantContext, request: &JournalRequestV1, right: Right<'_>, now: Timestamp) -> Checked {
    let (certificate, tls_key) = match right {
        Right::Token { certificate, tls_key } => (certificate, tls_key),
        Right::EndedJournal if is_used_up(context) => return used_up(request),
        Right::Administrator | Right::EndedJournal => {
            return repeat(context, request, None).unwrap_or(Checked::Fresh(None));
        }
    };
    let refuse = |value: &str, token: Option<TokenRecord>| {
        let refusal = Refusal::new(Reason::TokenInvalid, "token", value, "ask head office for a new one");
        Checked::Decided(GrantDecision::Refuse { refusal, token: token.map(Box::new) })
    };
    let Some(token) = &context.token else { return refuse("unknown", None) };
    if let Some(used) = token.used.as_ref().filter(|_| !is_alive(Bug::TokenWorksTwice)) {
        let is_same = used.key == request.key && used.journal == request.journal && used.tls_key == tls_key;
        let counted = TokenRecord { refused: token.refused.saturating_add(1), ..token.clone() };
        let granted = context.granted.clone().filter(|_| is_same);
        return match granted {
            Some(_) if is_used_up(context) => used_up(request),
            Some(granted) => Checked::Decided(GrantDecision::Repeat { granted: Box::new(granted), token: None }),
            None => refuse("used by another key", Some(counted)),
        };
    }
    if token.epoch != context.epoch {
        return refuse("from before head office was restored", None);
    }
    if now >= token.expires {
        return refuse("expired", None);
    }
    let (journal, key, certificate) = (request.journal, request.key, certificate.to_owned());
    let used = TokenUse { journal, key, tls_key, certificate, at: now };
    let token = Some(Box::new(TokenRecord { used: Some(used), ..token.clone() }));
    if is_used_up(context) {
        return used_up(request);
    }
    repeat(context, request, token.clone()).unwrap_or(Checked::Fresh(token))
}

/// What was granted to this key in this slot before; the till has not heard of it.
fn repeat(context: &GrantContext, request: &JournalRequestV1, token: Option<Box<TokenRecord>>) -> Option<Checked> {
    let slot = context.slot.as_ref().map(|slot| (&slot.store, &slot.till));
    let is_same = |granted: &&GrantRecord| granted.key == request.key && slot == Some((&granted.store, &granted.till));
    let granted = Box::new(context.granted.as_ref().filter(is_same)?.clone());
    Some(Checked::Decided(GrantDecision::Repeat { granted, token }))
}

/// Whether the journal that is asked for was granted before, and has begun or ended since.
fn is_used_up(context: &GrantContext) -> bool {
    let has_ended = context.granted_standing.is_some_and(|standing| standing != Standing::Open);
    context.granted.is_some() && (context.has_begun || has_ended)
}

/// A till that has not opened its journal before it ended must not begin to sell in it, nor one whose copy has opened it.
fn used_up(request: &JournalRequestV1) -> Checked {
    let limit = "a journal that has neither begun nor ended; ask with another key";
    let refusal = Refusal::new(Reason::IdReused, "journal", request.journal, limit);
    Checked::Decided(GrantDecision::Refuse { refusal, token: None })
}

fn check_slot(slot: &SlotRecord, context: &GrantContext, request: &JournalRequestV1) -> Result<(), Refusal> {
    let name = format!("{}/{}", slot.store, slot.till);
    if slot.is_revoked {
        return Err(Refusal::new(Reason::Declined, "till", format!("{name} is revoked"), "head office must allow it"));
    }
    if let Some((store, till)) = &request.slot
        && (*store != slot.store || *till != slot.till)
    {
        let limit = format!("what is granted is {name}");
        return Err(Refusal::new(Reason::Declined, "till", format!("{store}/{till} was asked for"), limit));
    }
    if context.granted.is_some() {
        return Err(Refusal::new(Reason::IdReused, "journal", request.journal, "a journal with another key or till"));
    }
    if let (Some(asked), Some(known)) = (&request.predecessor, &context.predecessor)
        && (known.key != asked.key || known.profile.store != slot.store || known.profile.till != slot.till)
    {
        return Err(Refusal::new(Reason::IdReused, "predecessor", asked.journal, "a journal of this till"));
    }
    Ok(())
}

fn change(
    slot: &SlotRecord,
    store: &StoreRecord,
    context: &GrantContext,
    request: &JournalRequestV1,
    token: Option<Box<TokenRecord>>,
    granting: Granting<'_>,
) -> Result<GrantChange, OperationError> {
    // A till that was on its own before has given itself suffix A, and sends its history under its old key.
    let unknown = request.predecessor.as_ref().filter(|_| context.predecessor.is_none());
    let given_before = if unknown.is_some() { slot.suffixes.max(1) } else { slot.suffixes };
    // In a slot that has had a journal, one that nobody knows was granted before head office was put back from a copy:
    // how many more were is not known either, and only a new epoch's suffixes have certainly not been given out.
    let has_forgotten = unknown.is_some() && slot.journal.is_some();
    let counter = context.epoch.counter.saturating_add(1);
    let raised = has_forgotten.then_some(Epoch { counter, random: granting.fresh });
    let epoch = raised.unwrap_or(context.epoch);
    let suffix = suffix(given_before, epoch);
    let year = (granting.year_in)(store.zone.as_str(), granting.now);
    let years = [year, year.saturating_add(1)];
    let granted = all_series_of(&store.country, (&slot.store, &slot.till), &years, &suffix)?;
    let profile = profile(slot, store);
    let grant = GrantV1 {
        journal: request.journal,
        key: request.key,
        profile: profile.clone(),
        series: granted.clone(),
        certificate: certified(request.journal, request.key, slot).sign(granting.key),
        head_office: granting.key.public_key(),
        epoch,
        granted: granting.now,
    };
    let expected = |journal, key| KnownJournal { journal, key, profile: profile.clone() };
    let mut journals = vec![expected(request.journal, request.key)];
    journals.extend(unknown.map(|predecessor| expected(predecessor.journal, predecessor.key)));
    Ok(GrantChange {
        slot: SlotRecord { suffixes: given_before.saturating_add(1), journal: Some(request.journal), ..slot.clone() },
        token: token.map(|token| *token),
        granted: GrantRecord {
            store: slot.store.clone(),
            till: slot.till.clone(),
            key: request.key,
            suffix,
            grant: grant.sign(granting.key)?,
            further: Vec::new(),
        },
        series: granted,
        expected: journals,
        closed: slot.journal,
        epoch: raised,
    })
}

/// A grant of one further year for a journal that is there.
///
/// # Errors
/// As [`decide`].
pub fn further_grant(
    slot: &SlotRecord,
    store: &StoreRecord,
    (journal, granted): (JournalId, &GrantRecord),
    year: i64,
    epoch: Epoch,
    granting: Granting<'_>,
) -> Result<(Vec<u8>, Vec<Series>), OperationError> {
    let mut series = all_series_of(&store.country, (&slot.store, &slot.till), &[year], &granted.suffix)?;
    // One that numbers every year was in the grant that opened the journal.
    series.retain(|series| series.year == year);
    let grant = GrantV1 {
        journal,
        key: granted.key,
        profile: profile(slot, store),
        series: series.clone(),
        certificate: certified(journal, granted.key, slot).sign(granting.key),
        head_office: granting.key.public_key(),
        epoch,
        granted: granting.now,
    };
    Ok((grant.sign(granting.key)?, series))
}

/// Whose key a journal's is, as other tills can verify.
fn certified(journal: JournalId, key: PublicKey, slot: &SlotRecord) -> CertifiedV1 {
    CertifiedV1 { journal, key, store: slot.store.clone(), till: slot.till.clone() }
}

fn profile(slot: &SlotRecord, store: &StoreRecord) -> Profile {
    Profile {
        store: slot.store.clone(),
        till: slot.till.clone(),
        currency: store.currency,
        country: store.country.clone(),
        zone: store.zone.clone(),
        prices_include_tax: store.prices_include_tax,
        has_history: slot.has_history,
    }
}

/// What tells the journals of one slot apart: A to Z, AA to ZZ and so on, with the epoch's counter from the second on.
#[must_use]
pub fn suffix(given_before: u32, epoch: Epoch) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(given_before) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    let counter = if epoch.counter > 1 { epoch.counter.to_string() } else { String::new() };
    letters.into_iter().rev().chain(counter.chars()).collect()
}

#[cfg(test)]
#[path = "enrolment_tests.rs"]
mod tests;
