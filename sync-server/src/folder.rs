//! The data folder of a head office: which file is what, and that secrets are for its owner only.
//!
//! | file | content | mode |
//! |---|---|---|
//! | `head-office.toml` | settings | 0644 |
//! | `head-office.redb` | the store | 0600 |
//! | `authority.pem`, `authority-key.pem` | root certificate and its key | 0644, 0600 |
//! | `signing-key` | 64 hexadecimal digits: the Ed25519 key of grants, acknowledgements and the feed | 0600 |
//! | `admin-api.json` | address and token of the running server's local API, gone when it stops | 0600 |
//! | `server-lock` | held by the running server, with its process id in it | 0600 |
//!
//! A secret file is written under another name, synced and renamed, so that it is whole or not there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// More than a process id needs.
const PROCESS_BYTES_MAX: u64 = 32;

/// A folder and what belongs where in it.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path, which need not exist.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder of this user where none was named: `~/.local/share/counterfoil/head-office`.
    #[must_use]
    pub fn of_user() -> Self {
        let data = std::env::var_os("XDG_DATA_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = || std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        Self(data.unwrap_or_else(|| home().join(".local/share")).join("counterfoil/head-office"))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The settings file.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.0.join("head-office.toml")
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join("head-office.redb")
    }

    /// The root certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.0.join("authority.pem")
    }

    /// The root certificate's key.
    #[must_use]
    pub fn authority_key(&self) -> PathBuf {
        self.0.join("authority-key.pem")
    }

    /// The key by which head office signs.
    #[must_use]
    pub fn signing_key(&self) -> PathBuf {
        self.0.join("signing-key")
    }

    /// Address and token of the running server's local API.
    #[must_use]
    pub fn admin_api(&self) -> PathBuf {
        self.0.join("admin-api.json")
    }

    /// Makes the folder, for its owner only where it is new.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(&self) -> io::Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0)
    }
}

/// The right to serve a folder; the system takes it back when its process ends, however it ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl Folder {
    /// Takes the right to serve. Whoever asks has the store, which belongs to one process, so this waits for nobody but a
    /// command that is looking who serves.
    ///
    /// # Errors
    /// The system refuses.
    pub fn lock_to_serve(&self) -> io::Result<ServerLock> {
        let mut file = self.open_lock()?;
        file.lock()?;
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(ServerLock { _file: file })
    }

    /// The process that serves now. One that was killed serves no more, whatever it has left behind.
    ///
    /// # Errors
    /// The system refuses.
    pub fn server(&self) -> io::Result<Option<u32>> {
        if !self.lock_file().exists() {
            return Ok(None);
        }
        let mut file = self.open_lock()?;
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                Read::by_ref(&mut file).take(PROCESS_BYTES_MAX).read_to_string(&mut text)?;
                Ok(text.trim().parse().ok())
            }
        }
    }

    fn lock_file(&self) -> PathBuf {
        self.0.join("server-lock")
    }

    fn open_lock(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.lock_file())
    }
}

/// Writes a file whole or not at all, readable by its owner only.
///
/// # Errors
/// The system refuses.
pub fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, 0o600)
}

/// Writes a file whole or not at all, readable by all.
///
/// # Errors
/// The system refuses.
pub fn write_public(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, 0o644)
}

fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_serves_is_known_as_long_as_the_lock_is_held_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        assert_eq!(folder.server().unwrap(), None);
        let lock = folder.lock_to_serve().unwrap();
        assert_eq!(folder.server().unwrap(), Some(std::process::id()));
        drop(lock);
        assert_eq!(folder.server().unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("new"));
        folder.create().unwrap();
        write_secret(&folder.signing_key(), b"one").unwrap();
        write_secret(&folder.signing_key(), b"two").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&folder.signing_key())), (0o700, 0o600));
        assert_eq!(fs::read(folder.signing_key()).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
