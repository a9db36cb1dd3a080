//! Replaying the tail when a store is opened: where the journal stands, and the rows that no clean stop has folded.
//!
//! Every entry is checked before a figure of it is used: by its seal, by the chain, by the fold, and the last one by the
//! head row. Example: `JOURNALS` ends in 800 and the head row names 812; entries 801 to 812 must all be there.

use redb::{ReadTransaction, ReadableTableMetadata};

use crate::db::apply::apply;
use crate::db::error::DbError;
use crate::db::look_up::Tables;
use crate::db::row;
use crate::db::tables::TAIL;
use crate::db::tail::{HEAD, Head, Tail, View};
use crate::event::Event;
use crate::journal::envelope::Entry;
use crate::journal_state::JournalState;

/// The current journal, where it stands, and its tail. `None` where there is no journal.
pub(crate) fn load(tx: &ReadTransaction) -> Result<Option<(u16, JournalState, Tail)>, DbError> {
    let Some((life, mut state)) = tx.last_state()? else { return Ok(None) };
    let table = tx.open_table(TAIL)?;
    let missing = || DbError::Invariant("table tail_v1 does not name the last entry".to_owned());
    let head = row::get::<_, Head>(&table, TAIL, &HEAD)?.ok_or_else(missing)?;
    let mut tail = Tail::default();
    while head.life == life && state.seq < head.seq {
        let seq = state.seq.saturating_add(1);
        let damaged = |fault| DbError::DamagedEntry { seq, fault };
        let bytes = row::get::<_, Vec<u8>>(&table, TAIL, &seq)?.ok_or(DbError::MissingEntry { seq })?;
        let entry = Entry::read(&bytes).map_err(damaged)?;
        state.chain_head().verify_next(&entry).map_err(damaged)?;
        let event = Event::decode(&entry).map_err(damaged)?;
        state = state.after(&entry, event.as_ref()).map_err(|refusal| DbError::unexpected(&refusal))?;
        let mut view = View::new(tx, &tail);
        apply(&mut view, life, &entry, event.as_ref(), &state)?;
        let rows = view.into_rows();
        tail.take_up(rows);
    }
    if (Head { life, seq: state.seq, hash: state.hash }) != head {
        let text = format!("journal {life} ends in entry {}, table tail_v1 names another", state.seq);
        return Err(DbError::Invariant(text));
    }
    if usize::try_from(table.len()?).unwrap_or(usize::MAX) != tail.entries().saturating_add(1) {
        return Err(DbError::Invariant(format!("table tail_v1 has entries beside those up to {}", state.seq)));
    }
    Ok(Some((life, state, tail)))
}
