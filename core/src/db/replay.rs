//! Replaying the tail when a store is opened: where the journal stands, and the rows that no clean stop has folded.
//!
//! Every entry is checked before a figure of it is used: by its seal, by the chain, by the fold, and the last one by the
//! head row. What lies before damage is served, what lies behind it never is.
//! Example: `JOURNALS` ends in 800 and the head row names 812; entries 801 to 812 must all be there. If 805 is damaged the
//! till stands at 804 and writes nothing more.

use redb::{ReadTransaction, ReadableTable};

use crate::db::apply::apply;
use crate::db::error::DbError;
use crate::db::look_up::Tables;
use crate::db::row;
use crate::db::tables::TAIL;
use crate::db::tail::{HEAD, Head, Tail, View};
use crate::event::Event;
use crate::journal::envelope::Entry;
use crate::journal_state::JournalState;

/// The current journal as far as it could be verified.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) life: u16,
    pub(crate) state: JournalState,
    pub(crate) tail: Tail,
    /// What is wrong behind it.
    pub(crate) damage: Option<DbError>,
}

/// The current journal, where it stands, and its tail. `None` where there is no journal.
///
/// # Errors
/// The disk failed, or the tables themselves are damaged.
pub(crate) fn load(tx: &ReadTransaction) -> Result<Option<Loaded>, DbError> {
    let Some((life, state)) = tx.last_state()? else { return Ok(None) };
    let table = tx.open_table(TAIL)?;
    let mut loaded = Loaded { life, state, tail: Tail::default(), damage: None };
    if let Err(error) = loaded.take(tx, &table) {
        if !error.is_damage() {
            return Err(error);
        }
        let seq = loaded.state.seq.saturating_add(1);
        loaded.damage = Some(DbError::DamagedTail { seq, cause: error.to_string() });
    }
    Ok(Some(loaded))
}

impl Loaded {
    /// Takes up one entry of the tail after the other.
    fn take(&mut self, tx: &ReadTransaction, table: &impl ReadableTable<u64, &'static [u8]>) -> Result<(), DbError> {
        let missing = || DbError::Invariant("table tail_v1 does not name the last entry".to_owned());
        let head = row::get::<_, Head>(table, TAIL, &HEAD).and_then(|head| head.ok_or_else(missing));
        loop {
            let seq = self.state.seq.saturating_add(1);
            let is_last = match &head {
                Ok(head) => head.life != self.life || head.seq < seq,
                // What the head row would name is not known; what follows the tables is what is there.
                Err(error) => !error.is_damage() || table.get(seq)?.is_none(),
            };
            if is_last {
                break;
            }
            self.take_entry(tx, table, seq, head.as_ref().ok())?;
        }
        let head = head?;
        if (Head { life: self.life, seq: self.state.seq, hash: self.state.hash }) != head {
            let text = format!("journal {} ends in entry {}, table tail_v1 names another", self.life, self.state.seq);
            return Err(DbError::Invariant(text));
        }
        if usize::try_from(table.len()?).unwrap_or(usize::MAX) != self.tail.entries().saturating_add(1) {
            return Err(DbError::Invariant(format!("table tail_v1 has entries beside those up to {}", self.state.seq)));
        }
        Ok(())
    }

    fn take_entry(
        &mut self,
        tx: &ReadTransaction,
        table: &impl ReadableTable<u64, &'static [u8]>,
        seq: u64,
        head: Option<&Head>,
    ) -> Result<(), DbError> {
        let damaged = |fault| DbError::DamagedEntry { seq, fault };
        let bytes = row::get::<_, Vec<u8>>(table, TAIL, &seq)?.ok_or(DbError::MissingEntry { seq })?;
        if !self.tail.has_room_for(&bytes) {
            return Err(DbError::Invariant(format!("entry {seq} is more than table tail_v1 may hold")));
        }
        let entry = Entry::read(&bytes).map_err(damaged)?;
        self.state.chain_head().verify_next(&entry).map_err(damaged)?;
        if head.is_some_and(|head| head.seq == seq && head.hash != entry.hash()) {
            return Err(DbError::Invariant(format!("entry {seq} is there, table tail_v1 names another")));
        }
        let event = Event::decode(&entry).map_err(damaged)?;
        let state = self.state.clone().after(&entry, event.as_ref());
        let state = state.map_err(|refusal| DbError::unexpected(&refusal))?;
        let mut view = View::new(tx, &self.tail);
        apply(&mut view, self.life, &entry, event.as_ref(), &state)?;
        let rows = view.into_rows();
        self.tail.take_up(rows);
        self.state = state;
        Ok(())
    }
}
