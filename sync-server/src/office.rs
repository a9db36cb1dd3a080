//! An open head office: its keys, its settings, its store and the one writer that merges.
//!
//! `init` makes the folder once and never over another; `serve` and each command open it, one process at a time, because
//! the store belongs to one. All keys are made here and leave the folder only as signatures.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use counterfoil_core::hex;
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::authority::Authority;
use crate::clock;
use crate::desk::{Challenges, Desk};
use crate::enrolment::Granting;
use crate::folder::{Folder, write_public, write_secret};
use crate::merge::{Moment, Outcome, Word};
use crate::operation_error::OperationError;
use crate::settings::{Given, Settings};
use crate::store::{RedbStore, Store};
use crate::writer::{self, Inbox};

/// A head office that is open.
pub struct Office {
    folder: Folder,
    settings: Settings,
    authority: Authority,
    key: SigningKey,
    store: Arc<dyn Store>,
    inbox: Option<Inbox>,
    writer: Option<JoinHandle<()>>,
    challenges: Challenges,
}

impl Office {
    /// Makes a head office in a folder that has none.
    ///
    /// # Errors
    /// The folder has one already, the settings are wrong, or the disk failed.
    pub fn create(folder: Folder, given: &Given) -> Result<Self, OperationError> {
        let settings = given.clone().check()?;
        for path in [folder.store(), folder.authority_key(), folder.signing_key()] {
            if path.exists() {
                let limit = "a folder without a head office; nothing is overwritten";
                return Err(Refusal::new(
                    Reason::Declined,
                    "data",
                    format!("{} is there already", path.display()),
                    limit,
                )
                .into());
            }
        }
        folder.create()?;
        let now = clock::now();
        let authority = Authority::create(now)?;
        let seed = Zeroizing::new(random::<32>()?);
        write_secret(&folder.authority_key(), authority.key_pem().as_bytes())?;
        write_public(&folder.authority(), authority.certificate_pem().as_bytes())?;
        write_secret(&folder.signing_key(), Zeroizing::new(hex::encode(&*seed)).as_bytes())?;
        write_public(&folder.settings(), given.write().as_bytes())?;
        // The store comes last: a folder with a store is whole.
        let store = RedbStore::create(&folder.store())?;
        let epoch = Epoch { counter: 1, random: random()? };
        (&store as &dyn Store).write(|rows| rows.put_epoch(epoch))?;
        Self::start(folder, settings, authority, SigningKey::from_seed(*seed), store)
    }

    /// Opens the head office of a folder.
    ///
    /// # Errors
    /// There is none, another process has it, a setting is wrong, or something in it is damaged.
    pub fn open(folder: Folder, settings: Settings) -> Result<Self, OperationError> {
        if !folder.store().exists() {
            let limit = "a folder made by head-office init";
            return Err(Refusal::new(Reason::Missing, "data", folder.path().display(), limit).into());
        }
        let certificate = std::fs::read_to_string(folder.authority())?;
        let key = Zeroizing::new(std::fs::read_to_string(folder.authority_key())?);
        let authority = Authority::open(&certificate, &key)?;
        let seed = read_seed(&folder)?;
        let store = RedbStore::open(&folder.store())?;
        Self::start(folder, settings, authority, SigningKey::from_seed(*seed), store)
    }

    fn start(
        folder: Folder,
        settings: Settings,
        authority: Authority,
        key: SigningKey,
        store: RedbStore,
    ) -> Result<Self, OperationError> {
        let store: Arc<dyn Store> = Arc::new(store);
        // Without random bytes there is no fresh epoch; the check at the start shows whether the system gives any.
        random::<8>()?;
        let moments = Box::new(|| Moment { now: clock::now(), fresh: random().unwrap_or_default() });
        let (inbox, writer) = writer::start(Arc::clone(&store), moments)?;
        let challenges = Challenges::default();
        Ok(Self { folder, settings, authority, key, store, inbox: Some(inbox), writer: Some(writer), challenges })
    }

    /// Its folder.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its certificate authority.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The key by which it signs.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Its store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Where verified words are handed in.
    ///
    /// # Errors
    /// It is stopping.
    pub fn inbox(&self) -> Result<&Inbox, OperationError> {
        self.inbox.as_ref().ok_or_else(|| anyhow::anyhow!("head office is stopping").into())
    }

    /// What it grants with, now.
    #[must_use]
    pub fn granting(&self) -> Granting<'_> {
        // The check at the start has shown that the system gives random bytes.
        Granting { key: &self.key, now: clock::now(), year_in: clock::year_in, fresh: random().unwrap_or_default() }
    }
}

impl Desk for Office {
    fn key(&self) -> &SigningKey {
        &self.key
    }

    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn random(&self) -> Result<[u8; 32], OperationError> {
        Ok(random()?)
    }

    fn merge(&self, word: Word) -> Result<Outcome, OperationError> {
        Ok(self.inbox()?.merge(word)?)
    }
}

impl Drop for Office {
    /// Lets the writer merge what was handed in before the store is closed.
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer ended with a panic");
        }
    }
}

/// Random bytes of the system.
///
/// # Errors
/// The system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn read_seed(folder: &Folder) -> io::Result<Zeroizing<[u8; 32]>> {
    let text = Zeroizing::new(std::fs::read_to_string(folder.signing_key())?);
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "the signing key is not 64 hexadecimal digits");
    hex::decode(text.trim()).map(Zeroizing::new).ok_or_else(wrong)
}
