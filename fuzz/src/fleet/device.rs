//! A simulated computer that is a till: core's real till on a simulated disk, and the small files beside its store.
//!
//! What the till program keeps beside the store (mark, secret, what it knows of head office) is here a struct of values
//! with the same rules: the mark is written after each commit and made durable now and then; the secret and what is known
//! of head office are replaced whole. Losing power takes the mark back to a written state and tears the store.
//! Always: core is called as the till program calls it; once a disk has failed nothing is answered until the till is
//! started again.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use counterfoil_core::grant::{GrantV1, JournalRequestV1};
use counterfoil_core::id::{Hash, JournalId, StoreCode, TillCode};
use counterfoil_core::journal::key::{PublicKey, SigningKey};
use counterfoil_core::operator::Pepper;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::{Access, Mark, Till, TillError};
use counterfoil_core::time::{Now, Timestamp};
use counterfoil_disk::{Image, TornDisk};
use counterfoil_node::failure::Failure;
use counterfoil_node::folder::secret::journal_of;
use counterfoil_node::operations::sync_step::SteppedTill;
use counterfoil_node::sync::head_office::HeadOffice;
use counterfoil_sync_server::clock;
use fastrand::Rng;

/// The true time in milliseconds UTC, shared by the whole fleet.
pub(crate) type TrueTime = Rc<Cell<i64>>;

/// The keys of a till, as its secret file keeps them.
#[derive(Clone)]
pub(crate) struct Secret {
    machine: u64,
    keys: Vec<SigningKey>,
    pending: Option<(SigningKey, u64)>,
}

/// The small files beside the store.
#[derive(Clone)]
pub(crate) struct Files {
    secret: Secret,
    /// The mark as the file shows it now.
    mark: Option<Mark>,
    /// The mark as it surely survives.
    durable_mark: Option<Mark>,
    /// Whether there is a store under its own name.
    has_store: bool,
    pub(crate) head_office: Option<HeadOffice>,
    pub(crate) next_head_office: Option<HeadOffice>,
}

/// A copy of all that is on a till's disk.
#[derive(Clone)]
pub(crate) struct Copy {
    store: Image,
    files: Files,
}

impl Copy {
    /// The journal that the till wrote last.
    pub(crate) fn journal(&self) -> Option<JournalId> {
        self.files.mark.map(|mark| mark.journal)
    }

    /// Its last entry.
    pub(crate) fn seq(&self) -> u64 {
        self.files.mark.map_or(0, |mark| mark.seq)
    }
}

/// A till program that runs.
struct Running {
    till: Till,
    broken: Option<String>,
}

/// A computer that is a till.
pub(crate) struct Device {
    /// Its number in the fleet.
    pub(crate) id: usize,
    /// Its store, as head office knows it.
    pub(crate) store: StoreCode,
    /// Its name in the store.
    pub(crate) name: TillCode,
    /// The zone of its store.
    pub(crate) zone: &'static str,
    /// By how much its clock is wrong.
    pub(crate) clock_off_ms: i64,
    /// Its disk.
    pub(crate) disk: TornDisk,
    /// The small files.
    pub(crate) files: Files,
    machine: u64,
    time: TrueTime,
    rng: Rng,
    running: Option<Running>,
}

/// How a till's copy is brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// Store and mark, as they were.
    WithMark,
    /// The store alone.
    StoreOnly,
}

impl Device {
    /// A new computer with an empty disk.
    pub(crate) fn new(
        id: usize,
        (store, name): (StoreCode, TillCode),
        zone: &'static str,
        time: TrueTime,
        mut rng: Rng,
    ) -> Self {
        let machine = rng.u64(..);
        let secret = Secret { machine, keys: Vec::new(), pending: None };
        let files = Files {
            secret,
            mark: None,
            durable_mark: None,
            has_store: false,
            head_office: None,
            next_head_office: None,
        };
        let disk = TornDisk::new();
        Self { id, store, name, zone, clock_off_ms: 0, disk, files, machine, time, rng, running: None }
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> Now {
        clock::at(self.zone, Timestamp(self.time.get().saturating_add(self.clock_off_ms)))
    }

    /// The till, where the program runs.
    pub(crate) fn till(&mut self) -> Option<&mut Till> {
        self.running.as_mut().map(|running| &mut running.till)
    }

    /// The last entry of its current journal; 0 where nothing runs.
    pub(crate) fn head_seq(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.till.mark().seq)
    }

    /// Whether the program runs and answers.
    pub(crate) fn is_up(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.broken.is_none())
    }

    /// Whether there is a store on the disk.
    pub(crate) fn has_store(&self) -> bool {
        self.files.has_store
    }

    /// Starts the till program on the store that is there.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        let mut till = self.open_store()?;
        if self.settle_if_pending(&till.state().key.clone()) {
            // Its pages are not checked yet, so it writes nothing as it is closed.
            till.stop("it is opened again");
            drop(till);
            till = self.open_store()?;
        }
        guarded(|| till.check_pages())?;
        if let Some(mark) = self.files.mark {
            guarded(|| till.check_mark(&mark))?;
        }
        till.set_pepper(Pepper::new([7; 32]));
        let is_full = *till.access() == Access::Full;
        self.running = Some(Running { till, broken: None });
        if is_full {
            self.write_mark();
            self.files.durable_mark = self.files.mark;
        }
        Ok(())
    }

    fn open_store(&self) -> Result<Till, Failure> {
        let secret = &self.files.secret;
        let access = if secret.machine == self.machine {
            Access::Full
        } else {
            Access::ReadOnly("it was made on another machine; till enrol URL TOKEN gets it a new journal".to_owned())
        };
        let mut newest_first = secret.keys.iter().rev();
        let newest = newest_first.next().into_iter();
        let keys = newest.chain(secret.pending.as_ref().map(|(key, _)| key)).chain(newest_first).cloned().collect();
        guarded(|| Till::open(self.disk.backend(), keys, access))
    }

    fn settle_if_pending(&mut self, key: &PublicKey) -> bool {
        let secret = &mut self.files.secret;
        let Some((pending, machine)) = secret.pending.take_if(|(pending, _)| pending.public_key() == *key) else {
            return false;
        };
        secret.keys.push(pending);
        secret.machine = machine;
        true
    }

    /// The power fails: the program ends, the mark may be an older one or torn, and the store keeps what was flushed and
    /// some of what was not.
    pub(crate) fn cut_power(&mut self) {
        let image = self.disk.power_cut(self.rng.u64(..));
        self.running = None;
        self.disk = TornDisk::from_image(image);
        self.files.mark = match self.rng.u8(..20) {
            0 => None,
            1..8 => self.files.durable_mark,
            _ => self.files.mark,
        };
        self.files.durable_mark = self.files.mark;
    }

    /// The disk is looked at and found whole again: whatever it had failed at does not come again.
    pub(crate) fn exchange_cable(&mut self) {
        let image = self.disk.live();
        self.running = None;
        self.disk = TornDisk::from_image(image);
    }

    /// The journal that it would ask for next, where it has a key for that already.
    pub(crate) fn next_journal(&self) -> Option<JournalId> {
        let (key, machine) = self.files.secret.pending.as_ref()?;
        (*machine == self.machine).then(|| journal_of(key))
    }

    /// A copy of all that is on its disk, as it is between two commands.
    pub(crate) fn copy(&self) -> Copy {
        Copy { store: self.disk.durable(), files: self.files.clone() }
    }

    /// Puts a copy in place of what is on its disk.
    pub(crate) fn put_back(&mut self, copy: &Copy, brought: Brought) {
        self.running = None;
        self.disk = TornDisk::from_image(copy.store.clone());
        match brought {
            Brought::WithMark => self.files = copy.files.clone(),
            Brought::StoreOnly => {}
        }
        self.files.durable_mark = self.files.mark;
    }

    /// Makes this computer a copy of another, as a cloned disk does; `is_same_machine` where even what tells machines apart
    /// was cloned.
    pub(crate) fn become_clone(&mut self, of: &Self, is_same_machine: IsSameMachine) {
        self.put_back(&of.copy(), Brought::WithMark);
        if is_same_machine == IsSameMachine::Yes {
            self.machine = of.machine;
        }
    }

    /// The signed request for the first journal of an empty disk.
    ///
    /// # Errors
    /// It cannot be signed.
    pub(crate) fn first_request(&mut self) -> Result<Vec<u8>, Failure> {
        let key = self.pending_key()?;
        let request =
            JournalRequestV1 { journal: journal_of(&key), key: key.public_key(), slot: None, predecessor: None };
        Ok(request.sign(&key)?)
    }

    /// Makes the store by a grant, on a disk that has none.
    ///
    /// # Errors
    /// The grant is for another key or does not verify, or the disk failed.
    pub(crate) fn create_granted(&mut self, grant: &[u8]) -> Result<(), Failure> {
        let (key, now) = (self.pending_key()?, self.now());
        // The store is made under another name; it has its own only once it is whole.
        let disk = TornDisk::new();
        let till = guarded(|| Till::create_granted(disk.backend(), key, grant, now))?;
        drop(till);
        self.disk = TornDisk::from_image(disk.durable());
        (self.files.mark, self.files.durable_mark, self.files.has_store) = (None, None, true);
        self.start()
    }

    /// Lets core do something that may append entries, as the till program does.
    ///
    /// # Errors
    /// Core refuses it, or disk or data failed now or before.
    pub(crate) fn act<T>(&mut self, act: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure> {
        let stopped = || Failure::damaged("stopped", "the till program does not run");
        let running = self.running.as_mut().ok_or_else(stopped)?;
        if let Some(broken) = &running.broken {
            return Err(Failure::damaged("store", broken.clone()));
        }
        let before = running.till.mark();
        let result = guarded(|| act(&mut running.till));
        if let Err(Failure::Damaged(damage)) = &result {
            running.broken = Some(damage.message.clone());
        } else if running.till.mark() != before {
            self.write_mark();
        }
        result
    }

    fn write_mark(&mut self) {
        if let Some(running) = &self.running {
            self.files.mark = Some(running.till.mark());
        }
    }

    fn settle(&mut self, key: &SigningKey) {
        self.settle_if_pending(&key.public_key());
    }
}

/// Whether a cloned disk carries what tells machines apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsSameMachine {
    /// It does: a whole virtual machine was cloned.
    Yes,
    /// It does not: a disk was put into another computer.
    No,
}

impl SteppedTill for Device {
    fn now(&self) -> Now {
        self.now()
    }

    fn read<T>(&mut self, ask: impl FnOnce(&Till) -> Result<T, TillError>) -> Result<T, Failure> {
        self.act(|till| ask(till))
    }

    fn write<T>(&mut self, act: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure> {
        self.act(act)
    }

    fn pending_key(&mut self) -> Result<SigningKey, Failure> {
        let machine = self.machine;
        if let Some((key, made_on)) = &self.files.secret.pending
            && *made_on == machine
        {
            return Ok(key.clone());
        }
        let mut seed = [0; 32];
        self.rng.fill(&mut seed);
        let key = SigningKey::from_seed(seed);
        self.files.secret.pending = Some((key.clone(), machine));
        Ok(key)
    }

    fn give_up_pending_key(&mut self) -> Result<(), Failure> {
        self.files.secret.pending = None;
        Ok(())
    }

    fn enrol(&mut self, grant: &[u8]) -> Result<(), Failure> {
        let (key, now) = (self.pending_key()?, self.now());
        self.act(|till| till.enrol(key.clone(), grant, now))?;
        self.settle(&key);
        self.sync_marks()
    }

    fn sync_marks(&mut self) -> Result<(), Failure> {
        self.files.durable_mark = self.files.mark;
        Ok(())
    }
}

/// Calls core so that neither its errors nor a panic over damaged bytes get further, as the till program does.
fn guarded<T>(call: impl FnOnce() -> Result<T, TillError>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(TillError::Refused(refusal))) => Err(refusal.into()),
        Ok(Err(TillError::Fault(fault))) => {
            let limit = "what was signed for this till and not altered since";
            Err(Refusal::new(Reason::Declined, "bytes", fault, limit).into())
        }
        Ok(Err(TillError::Db(error))) => Err(Failure::damaged("store", error.to_string())),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(Failure::damaged("panic", text.unwrap_or_else(|| "an unknown cause".to_owned())))
        }
    }
}

/// What a token has brought, as the till keeps it.
pub(crate) fn head_office_of(grant: &GrantV1, signed: &[u8], token: Hash) -> HeadOffice {
    HeadOffice {
        address: "https://head-office.example:7443".parse().expect("this is the address of a host and a port"),
        authority: String::new(),
        certificate: String::new(),
        seen: grant.granted,
        token,
        grant: signed.to_vec(),
        epoch: grant.epoch.counter,
        finished: Vec::new(),
        asked: grant.granted,
    }
}
