//! The simulated head office: its real merge, enrolment, grants and feed on a simulated disk, served by hand.
//!
//! What a till says comes as the bytes of a request with the till that its certificate would name; what it gets is the
//! bytes of the answer, made by the very functions behind the routes of head office. Clock and random bytes come from
//! the simulator. Losing power forgets the challenges and tears the store.
//! Example: `GET /sync/challenge?journal=..` gives 32 bytes; `POST /sync/batch` gives the JSON of a verdict.

use std::cell::{Cell, RefCell};

use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::hex;
use counterfoil_core::id::{Hash, StoreCode, TillCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Timestamp;
use counterfoil_disk::{Image, TornDisk};
use counterfoil_sync_server::desk::{Challenges, Desk};
use counterfoil_sync_server::enrolment::Right;
use counterfoil_sync_server::exchange::{self, Answer};
use counterfoil_sync_server::feed::Asked;
use counterfoil_sync_server::grants;
use counterfoil_sync_server::merge::{Moment, Outcome, Word};
use counterfoil_sync_server::operation_error::OperationError;
use counterfoil_sync_server::store::{RedbStore, Store, StoreError};
use counterfoil_sync_server::wire::SyncAnswer;
use counterfoil_sync_server::writer::merge_together;
use fastrand::Rng;

use super::device::TrueTime;

/// What a till asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `GET` of a path.
    Get(String),
    /// `POST` of bytes to a path.
    Post(String, Vec<u8>),
    /// `POST /enrol`: the hash of a token, that of the key of the till's certificate, and the signed journal request.
    Enrol(Hash, Hash, Vec<u8>),
}

/// What came of a request.
pub(crate) struct Served {
    /// The bytes of the answer.
    pub(crate) bytes: Vec<u8>,
    /// What head office said, where a word was brought.
    pub(crate) answer: Option<Answer>,
}

/// Head office.
pub(crate) struct Office {
    key: SigningKey,
    store: Option<RedbStore>,
    challenges: Challenges,
    time: TrueTime,
    rng: RefCell<Rng>,
    /// Its disk.
    pub(crate) disk: TornDisk,
    /// By how much its clock is wrong.
    pub(crate) clock_off_ms: Cell<i64>,
}

impl Office {
    /// Makes a head office on an empty disk.
    ///
    /// # Errors
    /// The store cannot be made.
    pub(crate) fn create(time: TrueTime, mut rng: Rng) -> Result<Self, StoreError> {
        let disk = TornDisk::new();
        let store = RedbStore::create_on(disk.backend())?;
        let epoch = Epoch { counter: 1, random: rng.u64(..).to_be_bytes() };
        (&store as &dyn Store).write(|rows| rows.put_epoch(epoch))?;
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        Ok(Self {
            key: SigningKey::from_seed(seed),
            store: Some(store),
            challenges: Challenges::default(),
            time,
            rng: RefCell::new(rng),
            disk,
            clock_off_ms: Cell::new(0),
        })
    }

    /// Whether it runs.
    pub(crate) const fn is_up(&self) -> bool {
        self.store.is_some()
    }

    /// Its store, while it runs.
    pub(crate) fn rows(&self) -> Option<&dyn Store> {
        self.store.as_ref().map(|store| store as &dyn Store)
    }

    /// Starts it on what is on its disk.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub(crate) fn start(&mut self) -> Result<(), StoreError> {
        self.store = Some(RedbStore::open_on(self.disk.backend())?);
        Ok(())
    }

    /// The power fails.
    pub(crate) fn cut_power(&mut self) {
        let image = self.disk.power_cut(self.rng.borrow_mut().u64(..));
        self.store = None;
        self.challenges = Challenges::default();
        self.disk = TornDisk::from_image(image);
    }

    /// A backup, as it is between two commits.
    pub(crate) fn backup(&self) -> Image {
        self.disk.durable()
    }

    /// Puts a backup in place of what is on its disk.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub(crate) fn put_back(&mut self, backup: &Image) -> Result<(), StoreError> {
        self.store = None;
        self.challenges = Challenges::default();
        self.disk = TornDisk::from_image(backup.clone());
        self.start()
    }

    /// Begins a new epoch, as `head-office restore` does.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn begin_epoch(&self) -> Result<Epoch, StoreError> {
        let fresh = self.rng.borrow_mut().u64(..).to_be_bytes();
        self.store().write(|rows| grants::begin_epoch(rows, fresh))
    }

    /// Serves a request of the till that a certificate names.
    ///
    /// # Errors
    /// It is refused, or the store failed.
    pub(crate) fn serve(
        &self,
        request: &Request,
        (store, till): (&StoreCode, &TillCode),
    ) -> Result<Served, OperationError> {
        let desk: &dyn Desk = self;
        let speaker = (store, till);
        match request {
            Request::Get(path) => {
                let bytes = match path.split_once('?') {
                    Some(("/sync/challenge", query)) => {
                        let journal = query.strip_prefix("journal=").unwrap_or_default().parse()?;
                        desk.challenge(journal, speaker)?.0.to_vec()
                    }
                    Some(("/sync/feed", query)) => exchange::feed_page(desk, asked(query)?, speaker)?,
                    Some(_) | None => return Err(no_route(path).into()),
                };
                Ok(Served { bytes, answer: None })
            }
            Request::Post(path, bytes) => match path.as_str() {
                "/sync/hello" => Ok(said(exchange::take_hello(desk, bytes, Some(speaker))?)),
                "/sync/batch" => Ok(said(exchange::take_batch(desk, bytes, Some(speaker))?)),
                "/sync/request" => Ok(Served { bytes: exchange::take_request(desk, bytes, speaker)?, answer: None }),
                _ => Err(no_route(path).into()),
            },
            Request::Enrol(token, tls_key, bytes) => {
                let request = JournalRequestV1::verify(bytes)?;
                let right = Right::Token { certificate: "", tls_key: *tls_key };
                let granted = grants::grant(self.store(), &request, (Some(*token), None), right, desk.granting()?);
                Ok(Served { bytes: granted?.0.grant, answer: None })
            }
        }
    }
}

impl Desk for Office {
    fn key(&self) -> &SigningKey {
        &self.key
    }

    fn store(&self) -> &dyn Store {
        self.rows().expect("only a head office that runs is asked for anything")
    }

    fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.time.get().saturating_add(self.clock_off_ms.get()))
    }

    fn random(&self) -> Result<[u8; 32], OperationError> {
        let mut bytes = [0; 32];
        self.rng.borrow_mut().fill(&mut bytes);
        Ok(bytes)
    }

    fn merge(&self, word: Word) -> Result<Outcome, OperationError> {
        let fresh = self.rng.borrow_mut().u64(..).to_be_bytes();
        let outcomes = merge_together(self.store(), &[word], Moment { now: self.now(), fresh })?;
        let none = || StoreError::Invariant("a word without an outcome".to_owned());
        Ok(outcomes.into_iter().next().ok_or_else(none)?)
    }
}

fn said(answer: Answer) -> Served {
    let bytes = serde_json::to_vec(&SyncAnswer::from(answer.clone())).expect("text and numbers always become JSON");
    Served { bytes, answer: Some(answer) }
}

fn no_route(path: &str) -> Refusal {
    Refusal::new(Reason::Malformed, "path", path, "a route of head office")
}

/// Where a till stands in the feed, by the query of its request.
fn asked(query: &str) -> Result<Asked, Refusal> {
    let malformed = || Refusal::new(Reason::Malformed, "query", query, "the query of this route");
    let (mut counter, mut random, mut revision, mut journal) = (None, None, None, None);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "epoch_counter" => counter = Some(value.parse().map_err(|_| malformed())?),
            "epoch_random" => random = Some(hex::decode(value).ok_or_else(malformed)?),
            "revision" => revision = Some(value.parse().map_err(|_| malformed())?),
            "journal" => journal = Some(value.parse()?),
            _ => return Err(malformed()),
        }
    }
    let epoch = counter.zip(random).map(|(counter, random)| Epoch { counter, random });
    Ok(Asked { epoch, revision: revision.ok_or_else(malformed)?, journal })
}
