//! Reading a journal from its first entry to its head, in one pass over its table.

use redb::ReadTransaction;

use crate::db::error::DbError;
use crate::db::look_up::{EntryRef, Tables};
use crate::db::tables::ENTRIES;
use crate::db::tail::{Tail, View};
use crate::journal::envelope::{ChainHead, Entry};
use crate::journal_state::JournalState;

/// Hands every entry of a life to `each`, in order; each is checked against the one before, the last against the head.
pub(crate) fn each_entry<E: From<DbError>>(
    tx: &ReadTransaction,
    tail: &Tail,
    life: u16,
    state: &JournalState,
    each: &mut dyn FnMut(&Entry) -> Result<(), E>,
) -> Result<(), E> {
    let mut head = ChainHead::start(state.journal);
    let view = View::new(tx, tail);
    let table = tx.open_table(ENTRIES).map_err(DbError::from)?;
    for found in table.range((life, 1)..=(life, state.seq)).map_err(DbError::from)? {
        let (_, stored) = found.map_err(DbError::from)?;
        head = take(head, stored.value(), each)?;
    }
    // What is not in its table yet is in the tail.
    while head.seq() < state.seq {
        let seq = head.seq().saturating_add(1);
        let stored = view.entry_bytes(EntryRef { life, seq })?.ok_or(DbError::MissingEntry { seq })?;
        head = take(head, &stored, each)?;
    }
    if head != state.chain_head() {
        let text = format!("journal {} ends in {} and not in its head {}", state.journal, head.hash(), state.hash);
        return Err(DbError::Invariant(text).into());
    }
    Ok(())
}

fn take<E: From<DbError>>(
    head: ChainHead,
    stored: &[u8],
    each: &mut dyn FnMut(&Entry) -> Result<(), E>,
) -> Result<ChainHead, E> {
    let seq = head.seq().saturating_add(1);
    let damaged = |fault| DbError::DamagedEntry { seq, fault };
    let entry = Entry::read(stored).map_err(damaged)?;
    let head = head.verify_next(&entry).map_err(damaged)?;
    each(&entry)?;
    Ok(head)
}
