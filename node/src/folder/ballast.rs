//! Room on the disk: a ballast file that can be thrown off, and when a sale may no longer begin.
//!
//! A till that finds its disk full in the middle of the day must still be able to end it. So the folder holds 64 MiB of
//! real blocks in `ballast`. While less than 8 MiB are free beside it, no sale begins. Should a write fail all the same,
//! the ballast is removed, the store is opened again and checked, and what ends the day goes on: refunds, cash
//! movements, closing the drawer, sync. Sales begin again once the ballast could be laid in again.
//! Example: 5 MiB free with ballast: no sales; 70 MiB free without: none either; 90 MiB: the ballast is back, sales.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use counterfoil_core::till::Space;
use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::failure::Failure;
use crate::folder::{Folder, remove_if_there, sync_folder_of};

/// The file.
pub const BALLAST: &str = "ballast";
/// How much the ballast holds.
pub const BALLAST_BYTES: u64 = 64 << 20;
/// How much must be free beside the ballast for a sale to begin.
pub const RESERVE_BYTES: u64 = 8 << 20;

const BLOCK_BYTES: u64 = 512;

/// The ballast of a folder.
#[derive(Debug)]
pub struct Ballast {
    folder: Folder,
    /// Whether this file system can hold none; then the free space alone is watched.
    is_impossible: bool,
}

impl Ballast {
    /// The ballast of a folder, whether or not it is laid in.
    #[must_use]
    pub const fn of(folder: Folder) -> Self {
        Self { folder, is_impossible: false }
    }

    /// Whether there is room, after laying in the ballast where it is missing and fits.
    pub fn space(&mut self) -> Space {
        let Some(free) = free_bytes(self.folder.path()) else { return Space::Enough };
        let is_laid = self.is_laid();
        let needed = if is_laid { RESERVE_BYTES } else { BALLAST_BYTES.saturating_add(2 * RESERVE_BYTES) };
        if free >= needed && (is_laid || self.lay_in()) {
            return Space::Enough;
        }
        let mebibytes = |bytes: u64| bytes >> 20;
        let (free, needed) = (mebibytes(free), mebibytes(needed));
        Space::Scarce(format!("{free} MiB are free in {}, {needed} MiB are needed", self.folder.path().display()))
    }

    /// Throws the ballast off.
    ///
    /// # Errors
    /// The disk failed.
    pub fn release(&self) -> Result<(), Failure> {
        let path = self.folder.file(BALLAST);
        remove_if_there(&path)?;
        sync_folder_of(&path).map_err(|error| Failure::io(&path, &error))
    }

    /// A ballast that a power cut left half laid in does not count.
    fn is_laid(&self) -> bool {
        let blocks = std::fs::metadata(self.folder.file(BALLAST)).map_or(0, |file| file.blocks());
        self.is_impossible || blocks.saturating_mul(BLOCK_BYTES) >= BALLAST_BYTES
    }

    fn lay_in(&mut self) -> bool {
        let path = self.folder.file(BALLAST);
        let laid = || -> std::io::Result<()> {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            fallocate(&file, FallocateFlags::empty(), 0, BALLAST_BYTES)?;
            file.sync_all()
        };
        let Err(error) = laid() else { return true };
        tracing::warn!(%error, path = %path.display(), "no ballast can be laid in");
        // Half a ballast holds room that nobody can use.
        if let Err(failure) = self.release() {
            tracing::warn!(%failure, "what there is of it stays");
        }
        self.is_impossible = !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        self.is_impossible
    }
}

fn free_bytes(path: &Path) -> Option<u64> {
    let found = statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
