//! The mark: how far the journal had come at the last commit, kept outside the store.
//!
//! A store that was put back from a copy looks perfectly sound; only something beside it remembers that more had been
//! numbered. After every commit the till writes journal, seq, hash, the count of what was stored beside the journal (PIN
//! tries, acknowledgements, stops, pages of the feed) and the count of its starts here, and syncs the file
//! when the drawer opens and closes and after each sync. A second mark may lie on another disk. Always: the mark is
//! written after the commit, so a mark ahead of the store means that the store is older than it was.
//! Example: mark at seq 812, store at seq 640: the till may only be read until it is restored.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::till;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::folder::{read_small, sync_folder_of};

/// The name of the mark in the data folder.
pub const MARK: &str = "mark.json";
/// Every mark has this many bytes, so that writing one never changes the file's length.
const BYTES: usize = 256;

/// How far the journal had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The current journal.
    pub journal: JournalId,
    /// Its last entry.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Hash,
    /// How many commits of the store made no entry.
    pub changes: u64,
    /// How often this till was started.
    pub starts: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkText {
    journal: String,
    seq: u64,
    hash: String,
    #[serde(default)]
    changes: u64,
    starts: u64,
}

impl Mark {
    /// Reads the mark at `path`; `None` where there is none or it is no mark (a torn write says nothing).
    ///
    /// # Errors
    /// The disk failed.
    pub fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let text = read_small(path, 4096)?.and_then(|text| serde_json::from_str::<MarkText>(&text).ok());
        Ok(text.and_then(|text| {
            let journal: JournalId = text.journal.parse().ok()?;
            let hash: Hash = text.hash.parse().ok()?;
            Some(Self { journal, seq: text.seq, hash, changes: text.changes, starts: text.starts })
        }))
    }

    /// The mark of a store after so many starts.
    #[must_use]
    pub const fn of_store(mark: &till::Mark, starts: u64) -> Self {
        let till::Mark { journal, seq, hash, changes } = *mark;
        Self { journal, seq, hash, changes, starts }
    }

    /// What core compares its store with.
    #[must_use]
    pub const fn to_store(self) -> till::Mark {
        till::Mark { journal: self.journal, seq: self.seq, hash: self.hash, changes: self.changes }
    }

    fn bytes(&self) -> Vec<u8> {
        let text = MarkText {
            journal: self.journal.to_string(),
            seq: self.seq,
            hash: self.hash.to_string(),
            changes: self.changes,
            starts: self.starts,
        };
        let mut bytes = serde_json::to_vec(&text).expect("text and numbers always become JSON");
        bytes.resize(BYTES - 1, b' ');
        bytes.push(b'\n');
        bytes
    }
}

/// The mark files of an open till.
#[derive(Debug)]
pub struct MarkFiles {
    files: Vec<(PathBuf, File)>,
}

impl MarkFiles {
    /// Opens or makes the mark files.
    ///
    /// # Errors
    /// The first cannot be opened; a second one that cannot (a stick that was pulled out) is only reported in the log.
    pub fn open(first: &Path, second: Option<&Path>) -> Result<Self, Failure> {
        let mut files = vec![(first.to_owned(), open(first)?)];
        match second.map(|path| (path, open(path))) {
            Some((path, Ok(file))) => files.push((path.to_owned(), file)),
            Some((_, Err(failure))) => tracing::warn!(%failure, "the second mark file cannot be written"),
            None => {}
        }
        Ok(Self { files })
    }

    /// Writes the mark over the earlier one.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, mark: &Mark) -> Result<(), Failure> {
        let bytes = mark.bytes();
        self.each(|file| file.write_all_at(&bytes, 0))
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// The disk failed.
    pub fn sync(&self) -> Result<(), Failure> {
        self.each(File::sync_data)
    }

    fn each(&self, act: impl Fn(&File) -> std::io::Result<()>) -> Result<(), Failure> {
        for (index, (path, file)) in self.files.iter().enumerate() {
            match act(file) {
                Ok(()) => {}
                Err(error) if index == 0 => return Err(Failure::io(path, &error)),
                Err(error) => tracing::warn!(%error, path = %path.display(), "the second mark file cannot be written"),
            }
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let is_new = !path.exists();
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = opened.map_err(|error| Failure::io(path, &error))?;
    if is_new {
        sync_folder_of(path).map_err(|error| Failure::io(path, &error))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(seq: u64) -> Mark {
        Mark { journal: JournalId([7; 16]), seq, hash: Hash([9; 32]), changes: u64::MAX, starts: u64::MAX }
    }

    #[test]
    fn a_mark_reads_back_from_both_files_and_keeps_its_length() {
        let place = tempfile::tempdir().unwrap();
        let (first, second) = (place.path().join("mark.json"), place.path().join("second.json"));
        let files = MarkFiles::open(&first, Some(&second)).unwrap();
        for seq in [u64::MAX, 1] {
            files.write(&mark(seq)).unwrap();
            files.sync().unwrap();
            assert_eq!(std::fs::metadata(&first).unwrap().len(), BYTES as u64);
            assert_eq!(Mark::read(&first).unwrap(), Some(mark(seq)));
            assert_eq!(Mark::read(&second).unwrap(), Some(mark(seq)));
        }
    }

    #[test]
    fn what_is_no_mark_says_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("mark.json");
        assert_eq!(Mark::read(&path).unwrap(), None);
        for text in ["", "{}", "torn {", "{\"journal\":\"x\",\"seq\":1,\"hash\":\"y\",\"starts\":1}"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Mark::read(&path).unwrap(), None, "{text}");
        }
        let gone = place.path().join("no/such/folder/mark.json");
        assert!(MarkFiles::open(&path, Some(&gone)).is_ok());
        assert!(MarkFiles::open(&gone, None).is_err());
    }
}
