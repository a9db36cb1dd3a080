//! The open till of a data folder: core's till, and what keeps it safe on this disk.
//!
//! Every call into core passes through `read`, `write` or `inspect`. All stop at a panic; once disk or store have failed,
//! nothing but an audit is answered until the folder is opened again. After each commit the mark is written. Always:
//! whoever has an `OpenTill` holds the lock of its folder.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use counterfoil_core::command::Command;
use counterfoil_core::db::{FileBackend, StorageBackend};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::OperatorCode;
use counterfoil_core::in_store_code::Mask;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::operator::Operator;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::{self as core_till, Access, By, Outcome, SetUp, Space, Till, TillError};
use counterfoil_core::time::Now;

use crate::caller::{Caller, Identified};
use crate::clock::Clock;
use crate::failure::{Damage, Failure};
use crate::folder::ballast::Ballast;
use crate::folder::lost::require_none_lost;
use crate::folder::mark::{MARK, Mark, MarkFiles};
use crate::folder::secret::{Secret, journal_of};
use crate::folder::settings::Settings;
use crate::folder::{Folder, FolderLock, remove_if_there, sync_folder_of};

mod restored;

/// What tells the series of a till's first journal from those of later ones.
const FIRST_SUFFIX: &str = "A";

/// The code of a failure for want of room.
const DISK_FULL: &str = "disk_full";

/// The till that requests and sync share; each has it for itself while core works, and never during a network call.
pub type SharedTill = Arc<Mutex<OpenTill>>;

/// The open till of a data folder.
#[derive(Debug)]
pub struct OpenTill {
    /// None only while, after a full disk, it is opened again; and if that fails, `broken` says why.
    till: Option<Till>,
    profile: Profile,
    lock: FolderLock,
    ballast: Ballast,
    clock: Clock,
    marks: MarkFiles,
    starts: u64,
    broken: Option<Damage>,
}

impl OpenTill {
    /// Opens the till of a locked folder. Without its secret, on another machine, or older than its mark it is read only.
    ///
    /// # Errors
    /// There is no till, or it cannot be opened.
    pub fn open(lock: FolderLock) -> Result<Self, Failure> {
        let folder = lock.folder();
        folder.require_till()?;
        let mut secret = Secret::read(folder)?;
        let mut till = Self::open_store(folder, secret.as_ref())?;
        // The power may have gone between the commit that opened the journal and the note that its key is in use.
        if let Some(secret) = secret.as_mut().filter(|secret| secret.is_pending(&till.state().key)) {
            // Its pages are not checked yet, so it writes nothing as it is closed.
            till.stop("it is opened again");
            secret.settle_pending(folder)?;
            drop(till);
            till = Self::open_store(folder, Some(secret))?;
        }
        Self::start(till, lock, secret)
    }

    fn open_store(folder: &Folder, secret: Option<&Secret>) -> Result<Till, Failure> {
        let access = match secret {
            None => Access::ReadOnly(
                "its secret file is missing; till restore or till enrol URL TOKEN gets it a new journal".to_owned(),
            ),
            Some(secret) if !secret.is_of_this_machine() => Access::ReadOnly(
                "it was made on another machine; till restore or till enrol URL TOKEN gets it a new journal".to_owned(),
            ),
            Some(_) => Access::Full,
        };
        let keys = secret.map_or_else(Vec::new, |secret| secret.keys().cloned().collect());
        let store = folder.store();
        let backend = backend(&store, OpenOptions::new().read(true).write(true))?;
        guarded(&store, || Till::open(backend, keys, access))
    }

    /// Makes a stand-alone till in a locked folder that has none.
    ///
    /// # Errors
    /// There is a till, core refuses the profile, or the disk failed.
    pub fn create(lock: FolderLock, profile: Profile, settings: &Settings) -> Result<Self, Failure> {
        let now = Clock::in_zone(profile.zone.as_str())?.now();
        lock.folder().require_no_till()?;
        require_none_lost(lock.folder())?;
        if let Some(path) = &settings.second_mark
            && let Some(mark) = Mark::read(path)?
        {
            let value = format!("{} is the mark of journal {} at entry {}", path.display(), mark.journal, mark.seq);
            return Err(Refusal::new(Reason::Declined, "second_mark", value, "name a file that no till uses").into());
        }
        settings.write(lock.folder())?;
        Self::create_with(lock, |backend, key| {
            let journal = journal_of(&key);
            let set_up = SetUp { profile, journal, key, series_suffix: FIRST_SUFFIX.to_owned() };
            Till::create(backend, set_up, now)
        })
    }

    /// Makes a till in a locked folder that has none, by a grant for the pending key of the folder.
    ///
    /// # Errors
    /// There is a till, the grant is for another key or does not verify, or the disk failed.
    pub fn create_granted(lock: FolderLock, grant: &[u8]) -> Result<Self, Failure> {
        let now = Clock::in_zone("UTC")?.now();
        Self::create_with(lock, |backend, key| Till::create_granted(backend, key, grant, now))
    }

    /// Makes the store under another name and gives it its own once all that belongs to it is on the disk.
    fn create_with(
        lock: FolderLock,
        make: impl FnOnce(FileBackend, SigningKey) -> Result<Till, TillError>,
    ) -> Result<Self, Failure> {
        let folder = lock.folder().clone();
        folder.require_no_till()?;
        let mut secret = Secret::read_or_make(&folder)?;
        let key = secret.pending_key(&folder)?;
        let (temporary, store) = (folder.file("store.new"), folder.store());
        let backend =
            backend(&temporary, OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600))?;
        let till = guarded(&temporary, || make(backend, key))?;
        // The marks of a store that was lost speak of its journal, which ends here.
        for mark in [Some(folder.file(MARK)), Settings::read(&folder)?.second_mark].into_iter().flatten() {
            remove_if_there(&mark)?;
        }
        let named = fs::rename(&temporary, &store).and_then(|()| sync_folder_of(&store));
        named.map_err(|error| Failure::io(&store, &error))?;
        Self::start(till, lock, Some(secret))
    }

    fn start(mut till: Till, lock: FolderLock, secret: Option<Secret>) -> Result<Self, Failure> {
        let folder = lock.folder();
        // A damaged store can still be audited, which says where it is damaged; nothing else is answered.
        let mut broken = damage_of(guarded(&folder.store(), || till.check_pages()))?;
        let settings = Settings::read(folder)?;
        let masks: Result<Vec<Mask>, Refusal> = settings.masks.iter().map(|mask| mask.parse()).collect();
        till.set_masks(masks?)?;
        let (first, second) = (folder.file(MARK), settings.second_mark);
        let mut starts = 0;
        for path in [Some(first.as_path()), second.as_deref()].into_iter().flatten() {
            let Some(mark) = Mark::read(path)? else { continue };
            starts = starts.max(mark.starts);
            let found = damage_of(guarded(&folder.store(), || till.check_mark(&mark.to_store())))?;
            broken = broken.or(found);
        }
        if let Some(damage) = &broken {
            till.stop(&damage.message);
        }
        if let Some(mut secret) = secret {
            if secret.is_pending(&till.state().key) {
                secret.settle_pending(folder)?;
            }
            till.set_pepper(secret.pepper());
        }
        let clock = Clock::in_zone(till.profile().zone.as_str())?;
        let marks = MarkFiles::open(&first, second.as_deref())?;
        let (is_writable, profile) = (*till.access() == Access::Full, till.profile().clone());
        let starts = starts.saturating_add(1);
        let ballast = Ballast::of(folder.clone());
        let mut open = Self { till: Some(till), profile, ballast, lock, clock, marks, starts, broken };
        open.measure_space();
        // A mark that is ahead of the store stays as the witness that it is.
        if is_writable && open.broken.is_none() {
            open.write_mark();
            open.sync_marks()?;
        }
        Ok(open)
    }

    /// The folder.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        self.lock.folder()
    }

    /// What the till is.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The clock of the store.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Reads the clock.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// How often this till was started.
    #[must_use]
    pub const fn starts(&self) -> u64 {
        self.starts
    }

    /// Asks core something that changes nothing.
    ///
    /// # Errors
    /// Core refuses it, or disk or data failed now or before.
    pub fn read<T>(&mut self, ask: impl FnOnce(&Till) -> Result<T, TillError>) -> Result<T, Failure> {
        self.write(|till| ask(till))
    }

    /// Lets core do something that may append entries. What it answers is durable.
    ///
    /// # Errors
    /// Core refuses it, or disk or data failed now or before.
    pub fn write<T>(&mut self, act: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure> {
        if let Some(damage) = &self.broken {
            return Err(Failure::Damaged(damage.clone()));
        }
        let store = self.lock.folder().store();
        let Some(till) = &mut self.till else { return Err(closed()) };
        let before = till.mark();
        let result = guarded(&store, || act(till));
        let after = till.mark();
        match &result {
            Err(Failure::Damaged(damage)) if damage.code == DISK_FULL => return Err(self.throw_off_ballast(before)),
            Err(Failure::Damaged(damage)) => self.stop_after(damage),
            Ok(_) | Err(Failure::Refused(_) | Failure::Usage(_)) if after != before => self.write_mark(),
            Ok(_) | Err(Failure::Refused(_) | Failure::Usage(_)) => {}
        }
        result
    }

    /// Looks how much room the disk has; below the reserve only what ends the day goes on.
    pub fn measure_space(&mut self) -> Space {
        let space = self.ballast.space();
        if let Some(till) = &mut self.till {
            till.set_space(space.clone());
        }
        space
    }

    fn stop_after(&mut self, damage: &Damage) {
        let message = format!("the till stopped after a failure and must be opened again: {}", damage.message);
        if let Some(till) = &mut self.till {
            till.stop(&message);
        }
        self.broken = Some(Damage { code: damage.code, message });
    }

    /// After a full disk: makes room, opens the store again and checks it. What was asked was not done, so it may be
    /// asked again; unless the failing disk kept it all the same, which only looking can tell.
    fn throw_off_ballast(&mut self, before: core_till::Mark) -> Failure {
        match self.open_again() {
            Ok(after) if after == before => {
                let limit = "room was made to end the day; ask again, and make room on the disk";
                Refusal::new(Reason::DiskFull, "disk", "it took no more", limit).into()
            }
            Ok(after) if after.journal == before.journal && after.seq > before.seq => {
                self.write_mark();
                let message = "the disk was full, but what was asked is in the journal: look before asking again";
                Failure::damaged(DISK_FULL, message)
            }
            Ok(after) => {
                let message =
                    format!("after the disk was full the store ends at entry {}, not {}", after.seq, before.seq);
                self.stopped_by(Failure::damaged("store", message))
            }
            Err(failure) => self.stopped_by(failure),
        }
    }

    fn stopped_by(&mut self, failure: Failure) -> Failure {
        if let Failure::Damaged(damage) = &failure {
            self.stop_after(damage);
        }
        failure
    }

    fn open_again(&mut self) -> Result<core_till::Mark, Failure> {
        // Only a closed store lets itself be opened; should that fail, nothing more is answered.
        self.till = None;
        let folder = self.lock.folder().clone();
        self.ballast.release()?;
        let secret = Secret::read(&folder)?;
        let mut till = Self::open_store(&folder, secret.as_ref())?;
        guarded(&folder.store(), || till.check_pages())?;
        // An older copy stays one.
        for path in [Some(folder.file(MARK)), Settings::read(&folder)?.second_mark].into_iter().flatten() {
            if let Some(mark) = Mark::read(&path)? {
                guarded(&folder.store(), || till.check_mark(&mark.to_store()))?;
            }
        }
        if let Some(secret) = secret {
            till.set_pepper(secret.pepper());
        }
        till.set_space(self.ballast.space());
        let mark = till.mark();
        self.till = Some(till);
        Ok(mark)
    }

    /// Lets core look for damage, also where damage is known.
    ///
    /// # Errors
    /// So much is damaged that nothing can be said.
    pub fn inspect<T>(&mut self, look: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure> {
        let store = self.lock.folder().store();
        let Some(till) = &mut self.till else { return Err(closed()) };
        guarded(&store, || look(till))
    }

    /// Who calls.
    ///
    /// # Errors
    /// The operator is missing, unknown or locked, the PIN is missing or wrong, or the disk failed.
    pub fn identify(&mut self, caller: &Caller) -> Result<Identified, Failure> {
        let (pin, now) = (caller.typed_pin(), self.now());
        let operator = self.write(|till| till.identify(caller.operator.as_ref(), pin.as_ref(), now))?;
        self.with_approver(operator, caller)
    }

    fn with_approver(&mut self, operator: Operator, caller: &Caller) -> Result<Identified, Failure> {
        let Operator { code, role, .. } = operator;
        let Some(approver) = &caller.approver else { return Ok(Identified { code, role, approver: None }) };
        let (pin, now) = (caller.typed_approval_pin(), self.now());
        let approver = self.write(|till| till.identify_approver(&code, approver, pin.as_ref(), now))?.code;
        Ok(Identified { code, role, approver: Some(approver) })
    }

    /// Who calls to set the till up: to change products or operators. As long as no admin has a PIN, whoever names nobody
    /// acts as `owner`. That ends when the till joins a head office, which says from then on who its people are.
    ///
    /// # Errors
    /// As [`OpenTill::identify`].
    pub fn identify_for_set_up(&mut self, caller: &Caller) -> Result<Identified, Failure> {
        let is_own = |till: &Till| Ok(!till.is_enrolled()? && !till.has_admin_with_pin()?);
        if caller.operator.is_none() && self.read(is_own)? {
            return self.with_approver(Operator::owner(), caller);
        }
        self.identify(caller)
    }

    /// Carries out a command for an operator.
    ///
    /// # Errors
    /// Core refuses it, or the disk failed.
    pub fn execute(&mut self, command: &Command, operator: &OperatorCode) -> Result<Outcome, Failure> {
        self.execute_by(command, By { operator, approver: None })
    }

    /// Carries out a command for an operator, with what an approver lends.
    ///
    /// # Errors
    /// Core refuses it, or the disk failed.
    pub fn execute_by(&mut self, command: &Command, by: By<'_>) -> Result<Outcome, Failure> {
        self.measure_space();
        let now = self.now();
        match self.write(|till| till.execute_by(command, by, now)) {
            // Nothing was done, and room was made since.
            Err(Failure::Refused(refusal)) if refusal.reason() == Reason::DiskFull => {
                self.write(|till| till.execute_by(command, by, now))
            }
            result => result,
        }
    }

    /// Opens the journal that head office granted for the pending key of the folder.
    ///
    /// # Errors
    /// Core refuses the grant, or the disk failed.
    pub fn enrol(&mut self, grant: &[u8]) -> Result<(), Failure> {
        let folder = self.folder().clone();
        let mut secret = self.secret()?;
        let (key, now) = (secret.pending_key(&folder)?, self.now());
        self.write(|till| till.enrol(key, grant, now))?;
        secret.settle_pending(&folder)?;
        self.profile = self.read(|till| Ok(till.profile().clone()))?;
        self.clock = Clock::in_zone(self.profile().zone.as_str())?;
        self.sync_marks()
    }

    /// The key to ask head office for a journal with; it is on the disk before it is shown.
    ///
    /// # Errors
    /// The disk failed.
    pub fn pending_key(&mut self) -> Result<SigningKey, Failure> {
        self.secret()?.pending_key(self.folder())
    }

    /// Asks head office with another key from now on.
    ///
    /// # Errors
    /// The disk failed.
    pub fn give_up_pending_key(&mut self) -> Result<(), Failure> {
        self.secret()?.give_up_pending(self.folder())
    }

    /// The secret of the folder, or a new one that is not yet written. No PIN of before can be checked with a new pepper:
    /// they are forgotten first, and head office sends its own again.
    fn secret(&mut self) -> Result<Secret, Failure> {
        if let Some(secret) = Secret::read(self.folder())? {
            return Ok(secret);
        }
        let secret = Secret::make()?;
        self.write(Till::forget_pins)?;
        self.write(|till| {
            till.set_pepper(secret.pepper());
            Ok(())
        })?;
        Ok(secret)
    }

    /// Makes the mark durable: when the drawer opens or closes, and after a sync.
    ///
    /// # Errors
    /// The disk failed.
    pub fn sync_marks(&self) -> Result<(), Failure> {
        self.marks.sync()
    }

    /// Writes the mark. What was committed stays committed if that fails; but nothing more is answered then.
    fn write_mark(&mut self) {
        let Some(till) = &self.till else { return };
        let mark = Mark::of_store(&till.mark(), self.starts);
        if let Err(Failure::Damaged(damage)) = self.marks.write(&mark) {
            tracing::error!(message = damage.message, "the mark cannot be written");
            self.broken = Some(damage);
        }
    }
}

/// Damage that was found, which leaves the till to an audit; any other failure is one.
fn damage_of(checked: Result<(), Failure>) -> Result<Option<Damage>, Failure> {
    match checked {
        Ok(()) => Ok(None),
        Err(Failure::Damaged(damage)) => Ok(Some(damage)),
        Err(failure) => Err(failure),
    }
}

fn closed() -> Failure {
    Failure::damaged("store", "the till is closed after a failure and must be opened again")
}

pub(crate) fn backend(path: &Path, options: &OpenOptions) -> Result<FileBackend, Failure> {
    let file = options.open(path).map_err(|error| Failure::io(path, &error))?;
    FileBackend::new(file).map_err(|error| Failure::damaged("io", format!("{}: {error}", path.display())))
}

/// An empty store for a replay, in a file that is gone once it is closed.
///
/// # Errors
/// The disk failed.
pub fn scratch(folder: &Folder) -> Result<impl StorageBackend, Failure> {
    let path = folder.file("scratch.redb");
    remove_if_there(&path)?;
    let backend = backend(&path, OpenOptions::new().read(true).write(true).create_new(true).mode(0o600))?;
    fs::remove_file(&path).map_err(|error| Failure::io(&path, &error))?;
    Ok(backend)
}

/// Calls core so that neither its errors nor a panic over damaged bytes get further than a failure naming the file.
pub(crate) fn guarded<T>(store: &Path, call: impl FnOnce() -> Result<T, TillError>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(TillError::Refused(refusal))) => Err(refusal.into()),
        Ok(Err(TillError::Fault(fault))) => {
            let limit = "what was signed for this till and not altered since";
            Err(Refusal::new(Reason::Declined, "bytes", fault, limit).into())
        }
        Ok(Err(TillError::Db(error))) if error.is_disk_full() => {
            Err(Failure::damaged(DISK_FULL, format!("{}: {error}", store.display())))
        }
        Ok(Err(TillError::Db(error))) => Err(Failure::damaged("store", format!("{}: {error}", store.display()))),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("an unknown cause");
            Err(Failure::damaged("store", format!("{} cannot be read: {text}", store.display())))
        }
    }
}

#[cfg(test)]
#[path = "open_till_tests.rs"]
mod tests;
