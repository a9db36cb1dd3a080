//! From an event to rows, in the transaction that makes it durable or in the tail of one that did.
//!
//! Replay and daily work run this same function, so a store rebuilt from its entries has the same rows, byte for byte.

use crate::addendum::{self, ZAddendumV1};
use crate::catalog::MasterRow;
use crate::credit_note::{RefundedDocument, RefundedLine};
use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef, command_key};
use crate::db::tables::{COMMANDS, DOCUMENTS, JOURNALS, REFUNDED, SERIALS, STOCK};
use crate::db::tail::Rows;
use crate::document::DocumentV1;
use crate::event::Event;
use crate::id::{DocumentNumber, ProductCode};
use crate::journal::envelope::Entry;
use crate::journal_state::JournalState;
use crate::money::Money;
use crate::operator::Operator;
use crate::planted::{Bug, is_alive};
use crate::quantity::Quantity;
use crate::refund_tender::RefundedTender;
use crate::refusal::Refusal;

/// Writes an entry, the journal's state after it and every row derived from it.
pub(crate) fn apply(
    rows: &mut impl Rows,
    life: u16,
    entry: &Entry,
    event: Option<&Event>,
    after: &JournalState,
) -> Result<(), DbError> {
    rows.put_entry(life, entry)?;
    rows.put(JOURNALS, &life, after)?;
    let at = EntryRef { life, seq: entry.seq() };
    match event {
        Some(Event::SaleCompleted(document)) => apply_document(rows, at, document),
        Some(Event::CreditNoteIssued(document)) => {
            apply_document(rows, at, document)?;
            apply_refund(rows, document)
        }
        Some(Event::DrawerClosed(closed)) => index_number(rows, &closed.z.printed, at),
        Some(Event::ZAmended(addendum)) => apply_addendum(rows, at, addendum),
        Some(Event::MasterDataChanged(changed)) => rows.set_master(&changed.rows),
        Some(Event::OperatorSet(set)) => rows.set_master(&[MasterRow::Operator(set.set.clone())]),
        Some(Event::JournalOpened(_)) if life == 1 => rows.set_master(&[MasterRow::Operator(Operator::owner())]),
        Some(
            Event::JournalOpened(_)
            | Event::JournalClosed(_)
            | Event::SeriesGranted(_)
            | Event::OperatorLocked(_)
            | Event::DrawerOpened(_)
            | Event::CashMoved(_)
            | Event::ActivityRecorded(_),
        )
        | None => Ok(()),
    }
}

fn apply_document(rows: &mut impl Rows, at: EntryRef, document: &DocumentV1) -> Result<(), DbError> {
    if !document.is_balanced() {
        return Err(DbError::Invariant(format!("document {} does not add up", document.printed)));
    }
    index_number(rows, &document.printed, at)?;
    rows.put(COMMANDS, &command_key(&document.id), &at)?;
    let is_forgotten = is_alive(Bug::StockForgetsRefunds) && document.preceding.is_some();
    for line in document.lines.iter().filter(|_| !is_forgotten) {
        let before = rows.get::<_, Quantity>(STOCK, &line.code.as_str())?.unwrap_or(Quantity::ZERO);
        let after = before.checked_sub(line.quantity).ok_or_else(|| too_much_stock(&line.code))?;
        rows.put(STOCK, &line.code.as_str(), &after)?;
        if let Some(serial) = line.trace.as_ref().and_then(|trace| trace.serial.as_ref()) {
            let key = look_up::serial_key(&line.code, serial);
            let before = rows.get::<_, Quantity>(SERIALS, &key.as_str())?.unwrap_or(Quantity::ZERO);
            let after = before.checked_add(line.quantity).ok_or_else(|| too_much_stock(&line.code))?;
            rows.put(SERIALS, &key.as_str(), &after)?;
        }
    }
    Ok(())
}

fn too_much_stock(code: &ProductCode) -> DbError {
    DbError::Invariant(format!("the stock of {code} is beyond 28 digits"))
}

/// Indexes an addendum under its own number, which follows that of the one before it.
fn apply_addendum(rows: &mut impl Rows, at: EntryRef, addendum: &ZAddendumV1) -> Result<(), DbError> {
    let numbered = |number| addendum::printed(&addendum.z, number).map_err(|refusal| DbError::unexpected(&refusal));
    let before = match addendum.number.saturating_sub(1) {
        0 => addendum.z.clone(),
        number => numbered(number)?,
    };
    let own = numbered(addendum.number)?;
    if look_up::document(rows, before.as_str())?.is_none() || look_up::document(rows, own.as_str())?.is_some() {
        return Err(DbError::Invariant(format!("addendum {own} does not follow {before}")));
    }
    index_number(rows, &own, at)
}

fn index_number(rows: &mut impl Rows, printed: &DocumentNumber, at: EntryRef) -> Result<(), DbError> {
    rows.put(DOCUMENTS, &printed.as_str(), &at)
}

/// Adds what a credit note takes back to what was refunded of its preceding document.
fn apply_refund(rows: &mut impl Rows, credit_note: &DocumentV1) -> Result<(), DbError> {
    let Some(preceding) = &credit_note.preceding else { return Ok(()) };
    let missing = || DbError::Invariant(format!("document {preceding} is not there to be corrected"));
    let at = match credit_note.preceding_journal {
        Some(journal) => look_up::elsewhere(journal, preceding),
        None => look_up::document(rows, preceding.as_str())?.ok_or_else(missing)?,
    };
    for line in &credit_note.lines {
        let key = (at.life, at.seq, line.preceding_line);
        let before = rows.get::<_, RefundedLine>(REFUNDED, &key)?;
        let before = before.unwrap_or_else(|| RefundedLine::none(line.taxes.len()));
        let after =
            taken_back(line).and_then(|part| before.plus(&part)).map_err(|refusal| DbError::unexpected(&refusal))?;
        rows.put(REFUNDED, &key, &after)?;
    }
    let key = (at.life, at.seq, 0);
    let mut before = rows.get::<_, RefundedDocument>(REFUNDED, &key)?.unwrap_or(RefundedDocument::NONE);
    let totals = credit_note.totals;
    let after = (|| -> Result<_, Refusal> {
        RefundedTender::add_all(&mut before.tenders, &credit_note.tenders)?;
        Ok(RefundedDocument {
            gross: before.gross.minus(totals.gross)?,
            payable: before.payable.minus(totals.payable)?,
            tenders: before.tenders,
        })
    })();
    let after = after.map_err(|refusal| DbError::unexpected(&refusal))?;
    rows.put(REFUNDED, &key, &after)
}

fn taken_back(line: &crate::document::LineV1) -> Result<RefundedLine, Refusal> {
    Ok(RefundedLine {
        quantity: line.quantity.negated(),
        net: line.net.negated()?,
        discount: line.discount.negated()?,
        taxes: line.taxes.iter().map(|(_, amount): &(u8, Money)| amount.negated()).collect::<Result<_, _>>()?,
    })
}
