//! `till export`, `till acknowledge`, `till apply`: head office by file, where there is no network.
//!
//! A file is a parcel of signed items. Handing the same file over twice changes nothing; where an item is refused, those
//! before it stay.

use std::path::{Path, PathBuf};

use clap::Args;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::refusal::{Reason, Refusal};
use serde::Serialize;

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::folder::{read_bytes, write_whole};
use crate::local::reach::Reach;
use crate::open_till::OpenTill;
use crate::operations::Answer;
use crate::operations::sync_step::{StepAnswer, SyncStep, first_request};
use crate::wire::sync::Document;

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
        let StepAnswer::Stand { journals: stands } = ask(&mut reach, console, SyncStep::Stand)? else {
            return Err(unexpected());
        };
        let (mut items, mut journals, mut entries) = (Vec::new(), 0, 0);
        for (place, stand) in (1..).zip(&stands) {
            let from = if self.all { 1 } else { stand.acknowledged.saturating_add(1) };
            if from > stand.seq && place != stands.len() {
                continue;
            }
            journals += 1;
            let hello = SyncStep::Hello { journal: stand.journal.clone(), challenge: None };
            items.extend(bytes(ask(&mut reach, console, hello)?)?.map(|(bytes, _)| item(ItemKind::Hello, bytes)));
            let mut next = from;
            loop {
                let batch = SyncStep::Batch { journal: stand.journal.clone(), from_seq: next };
                let Some((bytes, last_seq)) = bytes(ask(&mut reach, console, batch)?)? else { break };
                entries += last_seq.saturating_sub(next).saturating_add(1);
                next = last_seq.saturating_add(1);
                items.push(item(ItemKind::Batch, bytes));
            }
        }
        Ok((items, journals, entries))
    }

    fn request(&self, console: &Console) -> Result<Item, Failure> {
        let folder = console.folder()?;
        let request = if folder.has_till() {
            let (bytes, _) =
                bytes(ask(&mut console.reach()?, console, SyncStep::RequestJournal)?)?.ok_or_else(unexpected)?;
            bytes
        } else {
            let missing = |field: &str| Refusal::new(Reason::Missing, field, "", "--store and --till for a new till");
            let store = self.store.as_deref().ok_or_else(|| missing("store"))?.parse()?;
            let till = self.till.as_deref().ok_or_else(|| missing("till"))?.parse()?;
            folder.make()?;
            let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
            first_request(lock.folder(), Some((store, till)))?
        };
        Ok(item(ItemKind::JournalRequest, request))
    }
}

const fn item(kind: ItemKind, bytes: Vec<u8>) -> Item {
    Item { kind, bytes }
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
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

fn hand_over(path: &Path, console: &Console) -> Result<Ending, Failure> {
    let parcel = read_bytes(path, PARCEL_BYTES_MAX)?;
    let items = parcel::open(&path.display().to_string(), &parcel)?;
    let mut applied = AppliedWire::default();
    let mut items = items.as_slice();
    let folder = console.folder()?;
    if let (false, [Item { kind: ItemKind::Grant, bytes }, others @ ..]) = (folder.has_till(), items) {
        folder.make()?;
        let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
        drop(OpenTill::create_granted(lock, bytes)?);
        applied.items += 1;
        items = others;
    }
    let steps = items.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    let mut reach = console.reach()?;
    for step in steps {
        let answer = ask(&mut reach, console, step)?;
        applied.items += 1;
        if let StepAnswer::Applied { rows, revision, .. } = answer {
            applied.rows = applied.rows.saturating_add(rows);
            applied.revision = Some(revision);
        }
    }
    while matches!(ask(&mut reach, console, SyncStep::ForgetStaleRows)?, StepAnswer::Forgotten { is_more: true }) {}
    ask(&mut reach, console, SyncStep::Finish)?;
    console.show(&Answer::done(&applied), show::fields)
}

/// The step by which the till takes an item.
fn step(item: &Item) -> Result<SyncStep, Refusal> {
    let refused = |what: &str| Refusal::new(Reason::Malformed, "file", what, "what head office sends to a till");
    let bytes = Document(item.bytes.clone());
    match item.kind {
        ItemKind::Acknowledgement => Ok(SyncStep::Acknowledge { bytes }),
        ItemKind::Grant => Ok(SyncStep::Enrol { grant: bytes }),
        ItemKind::FeedPage => Ok(SyncStep::FeedPage { bytes }),
        ItemKind::Stop => Ok(SyncStep::Stop { bytes }),
        ItemKind::Hello => Err(refused("a hello")),
        ItemKind::Batch => Err(refused("a batch")),
        ItemKind::JournalRequest => Err(refused("a journal request")),
    }
}

fn ask(reach: &mut Reach, console: &Console, step: SyncStep) -> Result<StepAnswer, Failure> {
    reach.perform(console.caller(), step).read()
}

/// Signed bytes, with the last entry in them.
fn bytes(answer: StepAnswer) -> Result<Option<(Vec<u8>, u64)>, Failure> {
    let StepAnswer::Bytes { bytes, last_seq } = answer else { return Err(unexpected()) };
    Ok(bytes.map(|bytes| (bytes.0, last_seq)))
}

fn unexpected() -> Failure {
    Failure::damaged("bug", "the till answered a step with something else")
}
