//! The data folder of one till: what lies in it, and the lock that keeps it to one process.
//!
//! | file | what |
//! |---|---|
//! | `store.redb` | the store: journal and everything derived from it |
//! | `secret.json` | journal keys and PIN pepper, 0600, bound to this machine, never in a backup |
//! | `mark.json` | journal, seq and hash of the last commit; shows a store that was put back |
//! | `ballast` | 64 MiB that are thrown off when the disk is full, so that the day can be ended |
//! | `till.json` | settings of this folder: where the second mark file lies |
//! | `local-api.json` | address and token of a running `till serve`, 0600 |
//! | `head-office.json` | address, authority and certificate of the head office that the till belongs to |
//! | `head-office-next.json` | the same, brought by a token whose journal is not open yet |
//! | `tls-key.pem` | the key of the certificate, 0600 |
//! | `sync-lock` | held during an exchange with head office, so that one goes after the other |
//! | `lock` | held by the one process that has the folder open |
//!
//! Always: a store is only opened with the lock in hand, so two processes never write one store.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use counterfoil_core::refusal::{Reason, Refusal};

use crate::failure::Failure;

pub mod ballast;
pub mod lost;
pub mod machine;
pub mod mark;
pub mod secret;
pub mod settings;

/// A data folder, whether or not a till is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder of this user: `$XDG_DATA_HOME/counterfoil-till`, else `~/.local/share/counterfoil-till`.
    ///
    /// # Errors
    /// The environment names neither a data folder nor a home.
    pub fn of_user() -> Result<Self, Failure> {
        let is_absolute = |path: &PathBuf| path.is_absolute();
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(is_absolute);
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(is_absolute);
        let data = data.or_else(|| home.map(|home| home.join(".local/share")));
        let missing = || Failure::Usage("name the data folder with --data: there is no HOME to look in".to_owned());
        Ok(Self::at(data.ok_or_else(missing)?.join("counterfoil-till")))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of that name in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.file("store.redb")
    }

    /// Whether a till is in it.
    #[must_use]
    pub fn has_till(&self) -> bool {
        self.store().exists()
    }

    /// Refuses a folder without a till.
    ///
    /// # Errors
    /// `missing`, naming `data`; or the store is gone while a journal was written here.
    pub fn require_till(&self) -> Result<(), Failure> {
        if self.has_till() {
            return Ok(());
        }
        lost::require_none_lost(self)?;
        let limit = format!("a till in {}: make one with init, enrol or apply", self.path.display());
        Err(Refusal::new(Reason::Missing, "data", self.path.display(), limit).into())
    }

    /// Refuses a folder that has a till.
    ///
    /// # Errors
    /// `declined`, naming `data`.
    pub fn require_no_till(&self) -> Result<(), Refusal> {
        if !self.has_till() {
            return Ok(());
        }
        let value = format!("there is a till in {} already", self.path.display());
        Err(Refusal::new(Reason::Declined, "data", value, "name another folder with --data"))
    }

    /// Makes the folder where it is missing, readable by its owner alone.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self) -> Result<(), Failure> {
        if self.path.is_dir() {
            return Ok(());
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        // The folder's own name lies in the folder above.
        let made = made.and_then(|()| sync_folder_of(&self.path));
        made.map_err(|error| Failure::io(&self.path, &error))
    }

    /// Takes the lock if no other process has it.
    ///
    /// # Errors
    /// The lock file cannot be made.
    pub fn try_lock(&self) -> Result<Option<FolderLock>, Failure> {
        let path = self.file("lock");
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(|error| Failure::io(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(Failure::io(&path, &error)),
        }
        // For people who wonder who has the till, and for telling a live address from one that was left behind.
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|error| Failure::io(&path, &error))?;
        Ok(Some(FolderLock { folder: self.clone(), _file: file }))
    }

    /// The process that wrote itself into the lock file last.
    #[must_use]
    pub fn holder(&self) -> Option<u32> {
        read_small(&self.file("lock"), 64).ok()??.trim().parse().ok()
    }

    /// The failure of a folder that another process has open.
    #[must_use]
    pub fn held_by_another(&self) -> Failure {
        let who = self.holder().map_or_else(|| "another process".to_owned(), |holder| format!("process {holder}"));
        let message = format!("{} has {} open; wait for it or end it", who, self.path.display());
        Failure::damaged("locked", message)
    }
}

/// The right to open the store of a folder, held until dropped.
#[derive(Debug)]
pub struct FolderLock {
    folder: Folder,
    _file: File,
}

impl FolderLock {
    /// Whose lock it is.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// Writes a whole file so that after a power cut it is either the old or the new one, readable by its owner alone.
///
/// # Errors
/// The disk failed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let temporary = temporary_beside(path);
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder_of(path)
    };
    write().map_err(|error| Failure::io(path, &error))
}

/// A name beside `path` that no file of a person has.
fn temporary_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.counterfoil", std::process::id()))
}

/// Removes a file that may be gone already.
///
/// # Errors
/// The disk failed.
pub fn remove_if_there(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io(path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the names in the folder of `path` durable.
///
/// # Errors
/// The disk failed.
pub fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    // A bare name lies in the working folder, which has no name of its own.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads a whole file.
///
/// # Errors
/// It cannot be read, or is larger than `bytes_max`.
pub fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|error| Failure::io(path, &error))?;
    if bytes.len() as u64 > bytes_max {
        let limit = format!("{bytes_max} bytes");
        return Err(Refusal::new(Reason::TooLong, "file", path.display(), limit).into());
    }
    Ok(bytes)
}

/// Reads a small file, or nothing where there is none.
///
/// # Errors
/// It cannot be read, or is larger than `bytes_max`.
pub fn read_small(path: &Path, bytes_max: u64) -> Result<Option<String>, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(path, &error)),
    };
    let mut text = String::new();
    file.take(bytes_max).read_to_string(&mut text).map_err(|error| Failure::io(path, &error))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_the_lock_and_the_other_is_told_who() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path().join("a/b"));
        folder.make().unwrap();
        let lock = folder.try_lock().unwrap().unwrap();
        assert!(folder.try_lock().unwrap().is_none());
        assert!(folder.held_by_another().to_string().contains(&std::process::id().to_string()));
        drop(lock);
        assert!(folder.try_lock().unwrap().is_some());
    }

    #[test]
    fn a_whole_file_reads_back_and_leaves_nothing_beside_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("settings.json");
        assert_eq!(read_small(&path, 100).unwrap(), None);
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"other").unwrap();
        assert_eq!(read_small(&path, 100).unwrap().as_deref(), Some("other"));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_whole_file_takes_no_file_of_a_similar_name() {
        let place = tempfile::tempdir().unwrap();
        for name in ["report.new", "report.tmp", ".report.cfx", "report"] {
            fs::write(place.path().join(name), name).unwrap();
        }
        write_whole(&place.path().join("report.cfx"), b"parcel").unwrap();
        for name in ["report.new", "report.tmp", ".report.cfx", "report"] {
            assert_eq!(fs::read_to_string(place.path().join(name)).unwrap(), name);
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 5);
    }
}
