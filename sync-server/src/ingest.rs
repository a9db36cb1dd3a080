//! What came as a file: hellos and batches of a till that has no line, and the answers to carry back.
//!
//! Items are taken in order, exactly as over the wire. The newest acknowledgement of each journal and every stop go into
//! the parcel that the till takes with `till acknowledge`. Taking the same file again changes nothing.

use std::collections::BTreeMap;

use counterfoil_core::id::JournalId;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::refusal::{Reason, Refusal};

use crate::exchange::{Answer, take_batch, take_hello};
use crate::office::Office;
use crate::operation_error::OperationError;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// The answers, in the order of the items.
    pub answers: Vec<(ItemKind, Answer)>,
    /// The parcel to carry back; none where there is nothing to say.
    pub parcel: Option<Vec<u8>>,
}

/// Takes the items of a parcel.
///
/// # Errors
/// It is no parcel, an item is not for head office, or the store failed.
pub fn ingest(office: &Office, bytes: &[u8]) -> Result<Ingested, OperationError> {
    let mut answers = Vec::new();
    let items = parcel::open("what came", bytes)?;
    for (place, item) in (1..).zip(&items) {
        let wrong = || -> OperationError {
            let limit = "a hello or a batch; a journal request is for head-office grant";
            Refusal::new(Reason::Malformed, "file", format!("item {place}"), limit).into()
        };
        let answer = match item.kind {
            ItemKind::Hello => take_hello(office, &item.bytes, None)?,
            ItemKind::Batch => take_batch(office, &item.bytes, None)?,
            // A request travels with an export and is granted by a person.
            ItemKind::JournalRequest => continue,
            ItemKind::Acknowledgement | ItemKind::Grant | ItemKind::FeedPage | ItemKind::Stop => return Err(wrong()),
        };
        answers.push((item.kind, answer));
    }
    let mut newest: BTreeMap<JournalId, Vec<u8>> = BTreeMap::new();
    let mut stops: BTreeMap<JournalId, Vec<u8>> = BTreeMap::new();
    for (_, answer) in &answers {
        newest.extend(answer.acknowledgement.clone().map(|bytes| (answer.journal, bytes)));
        stops.extend(answer.stop.clone().map(|bytes| (answer.journal, bytes)));
    }
    let item = |kind: ItemKind| move |bytes: Vec<u8>| Item { kind, bytes };
    let mut back: Vec<Item> = newest.into_values().map(item(ItemKind::Acknowledgement)).collect();
    back.extend(stops.into_values().map(item(ItemKind::Stop)));
    let parcel = if back.is_empty() { None } else { Some(parcel::encode(&back)?) };
    Ok(Ingested { answers, parcel })
}
