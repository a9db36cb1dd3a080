//! Going on after a restore: a store that was put back, or one that is an older copy, came from another machine or lost its
//! key. Its journal ends; core says whether a new one may be opened at once.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::{Access, Restored, Till};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::folder::mark::MARK;
use crate::folder::secret::{Secret, journal_of};
use crate::folder::settings::Settings;
use crate::folder::{FolderLock, remove_if_there, sync_folder_of};

use super::{OpenTill, backend, guarded, scratch};

impl OpenTill {
    /// Ends the journal of this store, which may not grow, and opens another where that is allowed.
    ///
    /// # Errors
    /// The till is in order, its store is damaged, or the disk failed.
    pub fn restore(&mut self) -> Result<Restored, Failure> {
        if self.read(|till| Ok(*till.access() == Access::Full))? {
            let limit =
                "a store that was put back, brought from another machine, or lost its key; nothing is to be done";
            return Err(Refusal::new(Reason::Declined, "data", "this till is in order", limit).into());
        }
        let folder = self.folder().clone();
        let mut secret = self.secret()?;
        let (key, now) = (secret.pending_key(&folder)?, self.now());
        let journal = journal_of(&key);
        let restored = self.write(|till| till.restore(key, journal, now))?;
        if matches!(restored, Restored::Opened(_)) {
            secret.settle_pending(&folder)?;
        }
        self.sync_marks()?;
        Ok(restored)
    }

    /// Puts a backup into a locked folder that has no till, audits it, and ends its journal. The folder has a till only once
    /// all of that is done.
    ///
    /// # Errors
    /// There is a till, the file is no backup or is damaged, or the disk failed.
    pub fn restore_from(lock: FolderLock, file: &Path) -> Result<(Self, Restored), Failure> {
        let folder = lock.folder().clone();
        folder.require_no_till()?;
        let mut secret = Secret::read_or_make(&folder)?;
        let key = secret.pending_key(&folder)?;
        let journal = journal_of(&key);
        let (temporary, store) = (folder.file("store.new"), folder.store());
        remove_if_there(&temporary)?;
        let mut source = fs::File::open(file).map_err(|error| Failure::io(file, &error))?;
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary);
        let copied = made.and_then(|mut to| std::io::copy(&mut source, &mut to).and_then(|_| to.sync_all()));
        copied.map_err(|error| Failure::io(&temporary, &error))?;
        let disk = backend(&temporary, OpenOptions::new().read(true).write(true))?;
        let access = Access::ReadOnly("it was restored from a backup".to_owned());
        let mut till = guarded(file, || Till::open(disk, Vec::new(), access))?;
        guarded(file, || till.check_pages())?;
        let scratch = scratch(&folder)?;
        let audit = guarded(file, || till.audit(scratch))?;
        if let Some(difference) = audit.differences.first() {
            let text = format!("{} is damaged, take another backup: {difference}", file.display());
            return Err(Failure::damaged("backup", text));
        }
        let now = Clock::in_zone(till.profile().zone.as_str())?.now();
        let restored = guarded(file, || till.restore(key, journal, now))?;
        drop(till);
        // The marks of a store that was lost speak of its journal, which ends here.
        for mark in [Some(folder.file(MARK)), Settings::read(&folder)?.second_mark].into_iter().flatten() {
            remove_if_there(&mark)?;
        }
        let named = fs::rename(&temporary, &store).and_then(|()| sync_folder_of(&store));
        named.map_err(|error| Failure::io(&store, &error))?;
        Ok((Self::open(lock)?, restored))
    }
}
