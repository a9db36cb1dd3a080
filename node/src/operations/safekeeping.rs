//! Backups, going on after a restore, and what an opening changed in the store.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::{Migration, Restored, Snapshot};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::{Folder, remove_if_there, sync_folder_of};
use crate::open_till::{OpenTill, backend, guarded, scratch};
use crate::operations::{Answer, Operation};

/// Writes a backup of the till as it stands into a new file. Keys, pepper and PINs are not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackUp {
    /// The file, which is not there yet; a whole path, since whoever serves the till has a working folder of its own.
    pub file: PathBuf,
}

/// A backup of which the till has been asked all that it must say: it may sell on while the file is written.
#[derive(Debug)]
pub struct Begun {
    snapshot: Snapshot,
    folder: Folder,
    file: PathBuf,
}

#[derive(Serialize)]
struct BackedUpWire {
    file: String,
    bytes: u64,
    rows: u64,
    journal: String,
    entries: u64,
    hash: String,
    verified: bool,
}

impl BackUp {
    /// Takes the till's state.
    ///
    /// # Errors
    /// The file is there already, or the till is damaged.
    pub fn begin(self, till: &mut OpenTill) -> Result<Begun, Failure> {
        let declined = |value: String, limit| Refusal::new(Reason::Declined, "file", value, limit);
        if !self.file.is_absolute() {
            return Err(declined(self.file.display().to_string(), "a whole path").into());
        }
        if self.file.exists() {
            return Err(declined(format!("{} is there already", self.file.display()), "a new file").into());
        }
        let snapshot = till.read(|core| core.snapshot())?;
        Ok(Begun { snapshot, folder: till.folder().clone(), file: self.file })
    }
}

impl Begun {
    /// Writes the file, reads it back and audits it; only then it has its name. `copied` is told how many of how many rows
    /// are written.
    ///
    /// # Errors
    /// A disk failed, or the file is not what was written.
    pub fn finish(self, copied: &mut dyn FnMut(u64, u64)) -> Result<Answer, Failure> {
        let Self { snapshot, folder, file } = &self;
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let temporary = file.with_file_name(name);
        let written = write(snapshot, folder, &temporary, copied).and_then(|(bytes, rows)| {
            let named = fs::rename(&temporary, file).and_then(|()| sync_folder_of(file));
            named.map_err(|error| Failure::io(file, &error))?;
            Ok((bytes, rows))
        });
        if written.is_err() {
            remove_if_there(&temporary)?;
        }
        let (bytes, rows) = written?;
        let mark = snapshot.mark();
        Ok(Answer::done(&BackedUpWire {
            file: file.display().to_string(),
            bytes,
            rows,
            journal: mark.journal.to_string(),
            entries: mark.seq,
            hash: mark.hash.to_string(),
            verified: true,
        }))
    }
}

fn write(
    snapshot: &Snapshot,
    folder: &Folder,
    file: &Path,
    copied: &mut dyn FnMut(u64, u64),
) -> Result<(u64, u64), Failure> {
    remove_if_there(file)?;
    let rows = guarded(file, || snapshot.rows())?;
    let new = backend(file, OpenOptions::new().read(true).write(true).create_new(true).mode(0o600))?;
    guarded(file, || snapshot.write_to(new, &mut |so_far| copied(so_far, rows)))?;
    let again = backend(file, OpenOptions::new().read(true).write(true))?;
    let scratch = scratch(folder)?;
    guarded(file, || snapshot.verify(again, scratch))?;
    let bytes = File::open(file).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
    Ok((bytes.map_err(|error| Failure::io(file, &error))?.len(), rows))
}

impl Operation for BackUp {
    const NAME: &'static str = "backup";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        self.begin(till)?.finish(&mut |_, _| {})
    }
}

/// Ends the journal of a store that may not grow, and goes on in a new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {}

#[derive(Serialize)]
struct RestoredWire {
    can_sell: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<String>,
    series: Vec<String>,
    drawer_session: Option<u64>,
    next: &'static str,
}

impl Operation for Restore {
    const NAME: &'static str = "restore";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let restored = till.restore()?;
        told(till, restored)
    }
}

/// What a restore came to.
///
/// # Errors
/// The till failed meanwhile.
pub fn told(till: &mut OpenTill, restored: Restored) -> Result<Answer, Failure> {
    let is_enrolled = till.read(|core| core.is_enrolled())?;
    let state = till.read(|core| Ok(core.state().clone()))?;
    let opened = match restored {
        Restored::Opened(journal) => Some(journal),
        Restored::Waiting => None,
    };
    let next = match (opened, is_enrolled) {
        (Some(_), _) => "sell; documents of the old journal can still be refunded and printed",
        (None, true) => "till sync, or till apply FILE with a grant of head office",
        (None, false) => {
            "a grant: the authority of this country registers series; till enrol URL TOKEN or till apply FILE"
        }
    };
    let codes = state.series.iter().filter(|_| opened.is_some());
    Ok(Answer::done(&RestoredWire {
        can_sell: opened.is_some(),
        journal: opened.map(|journal| journal.to_string()),
        series: codes.map(|series| series.head.series().code.to_string()).collect(),
        drawer_session: state.session.as_ref().map(|session| session.session),
        next,
    }))
}

/// Says what opening the store changed in it, and what it holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrate {}

#[derive(Serialize)]
struct MigratedWire {
    schema_before: u32,
    schema_after: u32,
    result: String,
    tables: Vec<TableWire>,
}

#[derive(Serialize)]
struct TableWire {
    table: String,
    rows: u64,
}

impl Operation for Migrate {
    const NAME: &'static str = "migrate";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let Migration { before, after, rows } = till.read(|core| core.migration())?;
        let result = if before == after {
            "nothing to do: the store has the schema of this program".to_owned()
        } else {
            format!("the store was brought from schema {before} to {after}; its entries are as they were written")
        };
        let tables = rows.into_iter().map(|(table, rows)| TableWire { table, rows }).collect();
        Ok(Answer::done(&MigratedWire { schema_before: before, schema_after: after, result, tables }))
    }
}
