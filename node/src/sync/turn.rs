//! One exchange of a folder with head office at a time.
//!
//! A till that syncs beside its sales may be told to sync by a person too. Two exchanges that overlap would show head
//! office two hellos out of their order, the older of which looks as if the till had been put back. So each waits for its
//! turn, over all processes: by a lock on a file, which ends with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use super::trouble::Trouble;
use crate::failure::Failure;
use crate::folder::Folder;

/// How long an exchange waits for the one before it; a request may take a minute.
const WAIT: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(20);

/// The right to exchange with head office, held until dropped.
#[derive(Debug)]
pub struct Turn {
    _file: File,
}

impl Turn {
    /// Waits until no other exchange of the folder goes on.
    ///
    /// # Errors
    /// `Trouble::Busy` where one takes too long; the lock file cannot be made.
    pub fn wait(folder: &Folder) -> Result<Self, Trouble> {
        let path = folder.file("sync-lock");
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(|error| Failure::io(&path, &error))?;
        let deadline = Instant::now() + WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Trouble::Busy(None)),
                Err(TryLockError::Error(error)) => return Err(Failure::io(&path, &error).into()),
            }
        }
    }
}
