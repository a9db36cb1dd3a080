//! What a till is served with: keys, store, open challenges, and the time, random bytes and merging that come from outside.
//!
//! The open office is one desk: its clock and random bytes are the system's, and its writer merges what all tills push in
//! one thread. Whoever brings another (a simulated head office) serves tills by the very same rules. Always: a challenge
//! is open once per journal, is answered once, and the map of them has a limit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use counterfoil_core::id::{JournalId, StoreCode, TillCode};
use counterfoil_core::journal::hello::Challenge;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::time::Timestamp;

use crate::clock;
use crate::enrolment::Granting;
use crate::merge::{Outcome, Word};
use crate::operation_error::OperationError;
use crate::said::said;
use crate::store::Store;
use crate::verdict::Asked;

/// The most challenges that are open at once; one per journal, so a full map means a flood.
const CHALLENGES_MAX: usize = 65_536;

/// Where tills are served.
pub trait Desk {
    /// The key by which head office signs.
    fn key(&self) -> &SigningKey;

    /// Its store.
    fn store(&self) -> &dyn Store;

    /// The challenges that are open.
    fn challenges(&self) -> &Challenges;

    /// Its clock.
    fn now(&self) -> Timestamp;

    /// Fresh random bytes; who needs fewer takes the first ones.
    ///
    /// # Errors
    /// There are none.
    fn random(&self) -> Result<[u8; 32], OperationError>;

    /// Merges a verified word; the outcome is durable when this returns.
    ///
    /// # Errors
    /// Head office is stopping, or the store failed.
    fn merge(&self, word: Word) -> Result<Outcome, OperationError>;
}

impl dyn Desk + '_ {
    /// What it grants with, now.
    ///
    /// # Errors
    /// There are no random bytes.
    pub fn granting(&self) -> Result<Granting<'_>, OperationError> {
        Ok(Granting { key: self.key(), now: self.now(), year_in: clock::year_in, fresh: self.eight()? })
    }

    /// Eight random bytes.
    ///
    /// # Errors
    /// There are none.
    pub fn eight(&self) -> Result<[u8; 8], OperationError> {
        let [one, two, three, four, five, six, seven, eight, ..] = self.random()?;
        Ok([one, two, three, four, five, six, seven, eight])
    }

    /// A fresh challenge for a journal, in place of any before. Only a till's own journals keep one open; any other gets
    /// one that nobody remembers.
    ///
    /// # Errors
    /// There are no random bytes, or the store failed.
    pub fn challenge(
        &self,
        journal: JournalId,
        (store, till): (&StoreCode, &TillCode),
    ) -> Result<Challenge, OperationError> {
        let challenge = Challenge(self.random()?);
        let seq = self.store().read(|rows| {
            let record = rows.journal(journal)?;
            let own = record.filter(|own| own.profile.store == *store && own.profile.till == *till);
            let Some(own) = own else { return Ok(None) };
            Ok(Some(own.seq.max(said(rows, journal)?.map_or(0, |(seq, _)| seq))))
        })?;
        if let Some(seq) = seq {
            self.challenges().open(journal, Asked { challenge, seq });
        }
        Ok(challenge)
    }
}

/// The challenges that are open, one per journal.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<HashMap<JournalId, Asked>>);

impl Challenges {
    fn open(&self, journal: JournalId, asked: Asked) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= CHALLENGES_MAX {
            open.clear();
        }
        open.insert(journal, asked);
    }

    /// Takes the challenge that is open for a journal, which can be answered once.
    #[must_use]
    pub fn take(&self, journal: JournalId) -> Option<Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&journal)
    }
}
