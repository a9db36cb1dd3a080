//! The secret file: the keys of this till's journals and the pepper of its PINs.
//!
//! It is the only place where they are, readable by its owner alone, and bound to the machine it was made on: a folder
//! that was copied to another machine can be read there but cannot number. It is never part of a backup or an export.
//! A key is stored before it is first used: one that is asked for and not yet granted is `pending`.

use std::fmt;

use counterfoil_core::hex;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::key::{PublicKey, SigningKey};
use counterfoil_core::operator::Pepper;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::folder::machine::machine_hash;
use crate::folder::{Folder, read_small, write_whole};

const NAME: &str = "secret.json";
const BYTES_MAX: u64 = 1_048_576;

/// What the secret file holds.
pub struct Secret {
    machine: String,
    pepper: [u8; 32],
    keys: Vec<SigningKey>,
    pending: Option<SigningKey>,
    /// The machine on which the pending key was made.
    pending_machine: Option<String>,
}

/// Shows nothing of what it holds.
impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretText {
    machine: String,
    pepper: String,
    keys: Vec<String>,
    pending: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_machine: Option<String>,
}

impl Secret {
    /// Reads the secret of a folder; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read, or is no secret file.
    pub fn read(folder: &Folder) -> Result<Option<Self>, Failure> {
        let path = folder.file(NAME);
        let Some(text) = read_small(&path, BYTES_MAX)? else { return Ok(None) };
        // The cause is not told: a parser's message could repeat a key.
        let unreadable = || Failure::damaged("secret", format!("{} is not a secret file", path.display()));
        let text: SecretText = serde_json::from_str(&text).map_err(|_| unreadable())?;
        let key = |text: &String| hex::decode(text).map(SigningKey::from_seed).ok_or_else(unreadable);
        Ok(Some(Self {
            machine: text.machine,
            pepper: hex::decode(&text.pepper).ok_or_else(unreadable)?,
            keys: text.keys.iter().map(key).collect::<Result<_, _>>()?,
            pending: text.pending.as_ref().map(key).transpose()?,
            pending_machine: text.pending_machine,
        }))
    }

    /// Reads the secret of a folder, or makes one for this machine that is not yet written.
    ///
    /// # Errors
    /// The file is damaged, or the computer has no random numbers.
    pub fn read_or_make(folder: &Folder) -> Result<Self, Failure> {
        match Self::read(folder)? {
            Some(secret) => Ok(secret),
            None => Self::make(),
        }
    }

    /// A secret for this machine, with a pepper of its own, that is not yet written.
    ///
    /// # Errors
    /// The computer has no random numbers.
    pub fn make() -> Result<Self, Failure> {
        let (machine, pepper) = (machine_hash(), random()?);
        Ok(Self { machine, pepper, keys: Vec::new(), pending: None, pending_machine: None })
    }

    /// Writes the secret.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, folder: &Folder) -> Result<(), Failure> {
        let text = SecretText {
            machine: self.machine.clone(),
            pepper: hex::encode(&self.pepper),
            keys: self.keys.iter().map(seed).collect(),
            pending: self.pending.as_ref().map(seed),
            pending_machine: self.pending_machine.clone(),
        };
        let bytes = serde_json::to_vec(&text).expect("text always becomes JSON");
        write_whole(&folder.file(NAME), &bytes)
    }

    /// Whether it was made on this machine.
    #[must_use]
    pub fn is_of_this_machine(&self) -> bool {
        self.machine == machine_hash()
    }

    /// The pepper of PINs.
    #[must_use]
    pub fn pepper(&self) -> Pepper {
        Pepper::new(self.pepper)
    }

    /// The keys a store may have been written with, the likeliest first: the newest, the pending one, then older ones.
    pub fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        let mut newest_first = self.keys.iter().rev();
        newest_first.next().into_iter().chain(self.pending.as_ref()).chain(newest_first)
    }

    /// The newest key of a journal that was opened.
    #[must_use]
    pub fn newest_settled(&self) -> Option<&SigningKey> {
        self.keys.last()
    }

    /// The key to ask for a journal with, made and written before it is shown to anybody. Asking again uses it again; but
    /// one that came from another machine is never used, since the folder there may use it too.
    ///
    /// # Errors
    /// The disk failed, or the computer has no random numbers.
    pub fn pending_key(&mut self, folder: &Folder) -> Result<SigningKey, Failure> {
        let machine = machine_hash();
        if let Some(key) = &self.pending
            && *self.pending_machine.as_ref().unwrap_or(&self.machine) == machine
        {
            return Ok(key.clone());
        }
        let key = SigningKey::from_seed(random()?);
        (self.pending, self.pending_machine) = (Some(key.clone()), Some(machine));
        self.write(folder)?;
        Ok(key)
    }

    /// Whether the pending key is this one.
    #[must_use]
    pub fn is_pending(&self, key: &PublicKey) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.public_key() == *key)
    }

    /// Whether the pending key is that of this journal.
    #[must_use]
    pub fn is_pending_of(&self, journal: JournalId) -> bool {
        self.pending.as_ref().is_some_and(|pending| journal_of(pending) == journal)
    }

    /// Takes note that the journal of the pending key was granted and opened: from now on the till is of the machine on
    /// which that key was made. Older keys send their journals' entries as history; nothing is added to those.
    ///
    /// # Errors
    /// The disk failed.
    pub fn settle_pending(&mut self, folder: &Folder) -> Result<(), Failure> {
        let Some(key) = self.pending.take() else { return Ok(()) };
        self.keys.push(key);
        self.machine = self.pending_machine.take().unwrap_or_else(|| std::mem::take(&mut self.machine));
        self.write(folder)
    }

    /// Asks with another key from now on: the journal of the pending one has ended without having been opened here, so
    /// nothing was ever signed with it.
    ///
    /// # Errors
    /// The disk failed.
    pub fn give_up_pending(&mut self, folder: &Folder) -> Result<(), Failure> {
        (self.pending, self.pending_machine) = (None, None);
        self.write(folder)
    }
}

/// The id of the journal that a key is for: 128 bits of the hash of its public half, so that asking again for the same
/// key asks for the same journal.
#[must_use]
pub fn journal_of(key: &SigningKey) -> JournalId {
    let message = Sha256::new().chain_update(b"counterfoil-journal-id/1").chain_update(key.public_key().to_bytes());
    let hash = message.finalize();
    let (id, _) = hash.split_first_chunk().expect("a SHA-256 has 32 bytes, more than the 16 of an id");
    JournalId(*id)
}

fn seed(key: &SigningKey) -> String {
    hex::encode(&*key.seed())
}

/// So many random bytes from the operating system.
///
/// # Errors
/// It has none.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|error| Failure::damaged("random", format!("the computer gives no random numbers: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_pending_key_stays_the_same_until_it_is_settled() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let first = Secret::read_or_make(&folder).unwrap().pending_key(&folder).unwrap();
        let mut secret = Secret::read(&folder).unwrap().unwrap();
        assert_eq!(secret.pending_key(&folder).unwrap().public_key(), first.public_key());
        secret.settle_pending(&folder).unwrap();
        let mut secret = Secret::read(&folder).unwrap().unwrap();
        assert_eq!(secret.keys().map(SigningKey::public_key).collect::<Vec<_>>(), [first.public_key()]);
        assert_ne!(secret.pending_key(&folder).unwrap().public_key(), first.public_key());
        assert_eq!(secret.keys().next().unwrap().public_key(), first.public_key());
        assert!(secret.is_of_this_machine());
        let mode = std::fs::metadata(folder.file(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_secret_is_told_without_showing_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        std::fs::write(folder.file(NAME), r#"{"machine":"m","pepper":"00","keys":["5eed"],"pending":null}"#).unwrap();
        let told = Secret::read(&folder).unwrap_err().to_string();
        assert!(told.contains(NAME) && !told.contains("5eed"), "{told}");
    }
}
