//! `till export`, `till acknowledge`, `till apply`: head office by file, where there is no network.
//!
//! A file is a parcel of signed items. Handing the same file over twice changes nothing; where an item is refused, those
//! before it stay.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::refusal::{Reason, Refusal};
use serde::{Deserialize, Serialize};

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::folder::{read_bytes, write_whole};
use crate::local::reach::Reach;
use crate::open_till::OpenTill;
use crate::operations::exchange::{
    Accept, Accepted, ExportPart, ExportedPart, Handed, JournalRequest, request_of_folder, seq_after,
};
use crate::operations::status::ReadStatus;
use crate::operations::{Answer, Operation};

/// The most bytes of a parcel that is read.
const PARCEL_BYTES_MAX: u64 = 1 << 28;

/// Writes what head office does not have yet.
#[derive(Debug, Args)]
pub struct Export {
    /// The file to write
    file: PathBuf,
    /// All entries, also those that head office has acknowledged
    #[arg(long, conflicts_with = "journal_request")]
    all: bool,
    /// A request for a (further) journal instead, for `head-office grant`
    #[arg(long)]
    journal_request: bool,
    /// The store that the request is for, where this folder has no till yet
    #[arg(long, requires = "journal_request", value_name = "CODE")]
    store: Option<String>,
    /// The till that the request is for, where this folder has no till yet
    #[arg(long, requires = "journal_request", value_name = "CODE")]
    till: Option<String>,
}

#[derive(Deserialize)]
struct StatusOutline {
    journals: Vec<JournalOutline>,
}

#[derive(Deserialize)]
struct JournalOutline {
    journal: String,
    seq: u64,
    acknowledged: u64,
}

#[derive(Serialize)]
struct ExportedWire {
    file: String,
    journals: usize,
    entries: u64,
    bytes: usize,
}

impl Export {
    /// Writes the file.
    ///
    /// # Errors
    /// The till cannot be reached or refuses, or the file cannot be written.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let (items, journals, entries) = match self.journal_request {
            true => (vec![self.request(console)?], 0, 0),
            false => self.entries(console)?,
        };
        let parcel = parcel::encode(&items)?;
        write_whole(&self.file, &parcel)?;
        let file = self.file.display().to_string();
        let answer = Answer::done(&ExportedWire { file, journals, entries, bytes: parcel.len() });
        console.show(&answer, show::fields)
    }

    fn entries(&self, console: &Console) -> Result<(Vec<Item>, usize, u64), Failure> {
        let mut reach = console.reach()?;
        let status: StatusOutline = ask(&mut reach, console, ReadStatus {})?;
        let last = status.journals.len().saturating_sub(1);
        let (mut items, mut journals, mut entries) = (Vec::new(), 0, 0);
        for (index, outline) in status.journals.iter().enumerate() {
            let from = if self.all { 1 } else { outline.acknowledged + 1 };
            if from > outline.seq && index != last {
                continue;
            }
            journals += 1;
            let mut part = |from_seq: Option<u64>| -> Result<Option<Vec<u8>>, Failure> {
                let part = ExportPart { journal: outline.journal.clone(), from_seq };
                let part: ExportedPart = ask(&mut reach, console, part)?;
                part.bytes.map(|bytes| decode(&bytes)).transpose()
            };
            items.extend(part(None)?.map(|bytes| Item { kind: ItemKind::Hello, bytes }));
            let mut next = from;
            while let Some(bytes) = part(Some(next))? {
                let after = seq_after(&bytes)?;
                entries += after.saturating_sub(next);
                next = after;
                items.push(Item { kind: ItemKind::Batch, bytes });
            }
        }
        Ok((items, journals, entries))
    }

    fn request(&self, console: &Console) -> Result<Item, Failure> {
        let folder = console.folder()?;
        let bytes = if folder.has_till() {
            let request: ExportedPart = ask(&mut console.reach()?, console, JournalRequest {})?;
            decode(&request.bytes.unwrap_or_default())?
        } else {
            let missing = |field: &str| Refusal::new(Reason::Missing, field, "", "--store and --till for a new till");
            let store = self.store.as_deref().ok_or_else(|| missing("store"))?.parse()?;
            let till = self.till.as_deref().ok_or_else(|| missing("till"))?.parse()?;
            folder.make()?;
            let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
            request_of_folder(lock.folder(), (store, till))?
        };
        Ok(Item { kind: ItemKind::JournalRequest, bytes })
    }
}

/// Applies what head office sent as a file.
#[derive(Debug, Args)]
pub struct Apply {
    /// The file
    file: PathBuf,
}

impl Apply {
    /// Applies it item by item. In a folder without a till, a grant makes one.
    ///
    /// # Errors
    /// The file cannot be read or is no parcel, or the till refuses an item.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        hand_over(&self.file, console)
    }
}

/// Takes head office's acknowledgement.
#[derive(Debug, Args)]
pub struct Acknowledge {
    /// The file
    file: PathBuf,
}

impl Acknowledge {
    /// Takes it.
    ///
    /// # Errors
    /// The file cannot be read or is no parcel, or the till refuses an item.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.folder()?.require_till()?;
        hand_over(&self.file, console)
    }
}

#[derive(Default, Serialize)]
struct AppliedWire {
    items: u64,
    #[serde(flatten)]
    last: Accepted,
}

fn hand_over(path: &Path, console: &Console) -> Result<Ending, Failure> {
    let bytes = read_bytes(path, PARCEL_BYTES_MAX)?;
    let not_a_parcel = |fault| Refusal::new(Reason::Malformed, "file", fault, "a parcel of head office");
    let items = parcel::decode(&bytes).map_err(not_a_parcel)?;
    let kinds = items.iter().map(|item| handed(item.kind)).collect::<Result<Vec<_>, _>>()?;
    let mut applied = AppliedWire::default();
    let mut items = items.into_iter().zip(kinds).peekable();
    let folder = console.folder()?;
    if let (false, Some((item, Handed::Grant))) = (folder.has_till(), items.peek()) {
        folder.make()?;
        let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
        drop(OpenTill::create_granted(lock, &item.bytes)?);
        applied.items += 1;
        drop(items.next());
    }
    let mut reach = console.reach()?;
    for (item, kind) in items {
        let accepted: Accepted = ask(&mut reach, console, Accept { kind, bytes: STANDARD.encode(&item.bytes) })?;
        applied.items += 1;
        applied.last = applied.last.followed_by(accepted);
    }
    console.show(&Answer::done(&applied), show::fields)
}

fn handed(kind: ItemKind) -> Result<Handed, Refusal> {
    let refused = |what: &str| Refusal::new(Reason::Malformed, "file", what, "what head office sends to a till");
    match kind {
        ItemKind::Acknowledgement => Ok(Handed::Acknowledgement),
        ItemKind::Grant => Ok(Handed::Grant),
        ItemKind::FeedPage => Ok(Handed::FeedPage),
        ItemKind::Stop => Ok(Handed::Stop),
        ItemKind::Hello => Err(refused("a hello")),
        ItemKind::Batch => Err(refused("a batch")),
        ItemKind::JournalRequest => Err(refused("a journal request")),
    }
}

/// Asks an operation and reads its answer.
fn ask<O: Operation, T: for<'de> Deserialize<'de>>(
    reach: &mut Reach,
    console: &Console,
    operation: O,
) -> Result<T, Failure> {
    reach.perform(console.caller(), operation).read()
}

fn decode(base64: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(base64).map_err(|error| Failure::damaged("bug", error.to_string()))
}
