//! `till backup`, `till restore` and `till migrate`.

use std::path::PathBuf;

use clap::Args;
use counterfoil_core::import_files::reached::Reached;

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::import::progress::Progress;
use crate::local::reach::Reach;
use crate::open_till::OpenTill;
use crate::operations::safekeeping::{BackUp, Migrate, Restore, told};

/// Writes everything that the till has into one new file, also while it sells.
///
/// The file is read back and audited before it gets its name. Keys, pepper and PINs are not in it: whoever finds it can
/// sign nothing and prove to be nobody.
#[derive(Debug, Args)]
pub struct Backup {
    /// The new file, best on another disk
    file: PathBuf,
}

impl Backup {
    /// Writes it.
    ///
    /// # Errors
    /// The file is there already, the till cannot be reached, or a disk failed.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let file = std::path::absolute(&self.file).map_err(|error| Failure::io(&self.file, &error))?;
        let backup = BackUp { file };
        let mut reach = console.reach()?;
        let answer = match &mut reach {
            Reach::Here(till) => {
                let bar = Progress::start("rows");
                backup.begin(till)?.finish(&mut |done, total| bar.show(Reached { rows: done, done, total }))?
            }
            Reach::Served(_) => reach.perform(console.caller(), backup),
        };
        console.show(&answer, show::fields)
    }
}

/// Goes on after a disk was lost or a store was put back.
///
/// With a backup FILE: puts it into a data folder that has no till. Without: goes on with the store that is there, which is
/// an older copy, came from another machine, or lost its key. Either way its journal ends and is never continued, because
/// what was sold after the backup is not in it; it stays readable for refunds and reports. A new journal with series of its own is
/// opened at once where shops choose their series; elsewhere, and with a head office, a grant is awaited.
#[derive(Debug, Args)]
pub struct RestoreTill {
    /// A backup
    file: Option<PathBuf>,
}

impl RestoreTill {
    /// Restores.
    ///
    /// # Errors
    /// There is a till already, the file is damaged, this till is in order, or a disk failed.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let Some(file) = self.file else { return console.ask(Restore {}, show::fields) };
        let folder = console.folder()?;
        folder.require_no_till()?;
        folder.make()?;
        let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
        let (mut till, restored) = OpenTill::restore_from(lock, &file)?;
        console.show(&told(&mut till, restored)?, show::fields)
    }
}

/// Brings the store to this program's schema, and says what that changed.
#[derive(Debug, Args)]
pub struct MigrateStore {}

impl MigrateStore {
    /// Opening the store does it; this tells.
    ///
    /// # Errors
    /// The till cannot be reached, or its store is of a newer program.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(Migrate {}, show::fields)
    }
}
