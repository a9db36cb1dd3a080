//! Documents that were issued: finding one by its number or id, and reading one from its entry.

use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef, Tables};
use crate::document::Issued;
use crate::event::Event;
use crate::id::CommandId;
use crate::journal::envelope::Entry;
use crate::refusal::{Reason, Refusal};

use super::TillError;

/// The document that a new entry issued.
pub(super) fn issued(entry: Entry, event: Event) -> Result<Issued, TillError> {
    let code = event.code();
    let (Event::SaleCompleted(document) | Event::CreditNoteIssued(document)) = event else {
        return Err(unexpected_event(code));
    };
    Ok(Issued { entry, document: *document })
}

/// Finds a document by its printed number or by the id of the command that issued it.
pub(super) fn find_document(tables: &impl Tables, number_or_id: &str) -> Result<Option<EntryRef>, TillError> {
    if let Some(at) = look_up::document(tables, number_or_id)? {
        return Ok(Some(at));
    }
    if let Ok(id) = CommandId::new(number_or_id)
        && let Some(at) = look_up::command(tables, &id)?
    {
        return Ok(Some(at));
    }
    // Numbers are printed in capitals and typed as they come.
    Ok(look_up::document(tables, &number_or_id.to_ascii_uppercase())?)
}

/// The document that an entry issued.
pub(super) fn issued_at(tables: &impl Tables, at: EntryRef) -> Result<Issued, TillError> {
    let missing = || DbError::Invariant(format!("entry {} of journal {} is missing", at.seq, at.life));
    let entry = look_up::entry(tables, at)?.ok_or_else(missing)?;
    let event = Event::decode(&entry).map_err(|fault| DbError::DamagedEntry { seq: at.seq, fault })?;
    match event {
        Some(Event::SaleCompleted(document) | Event::CreditNoteIssued(document)) => {
            Ok(Issued { entry, document: *document })
        }
        _ => {
            let number = entry.seq();
            Err(Refusal::new(Reason::WrongDocument, "number", format!("entry {number}"), "no sale or credit note")
                .into())
        }
    }
}

pub(super) fn unexpected_event(code: &str) -> TillError {
    DbError::Invariant(format!("{code} is not what was decided")).into()
}
