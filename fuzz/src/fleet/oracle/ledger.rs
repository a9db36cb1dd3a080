//! What the oracle knows so far: the papers, what tills and head office have told, and the truth of the engine.

use std::collections::{BTreeMap, BTreeSet};

use super::paper::{self, Slip};
use super::truth::Truth;
use crate::fleet::history::{
    Acknowledgement, Asked, Device, Document, DrawerAct, Entry, Epoch, Fact, Grant, Hash, Journal, OfficeTold, Paper,
    PinTried, Seen, TillTold, Truth as Told, Verdict, What,
};

/// The code of a PIN that was compared and is wrong.
pub(super) const WRONG_PIN: &str = "pin_wrong";

/// A paper with what can be read on it.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    pub(super) paper: Paper,
    pub(super) slip: Result<Slip, String>,
    pub(super) is_clock_wrong: bool,
}

/// A verdict, and how often head office had been put back before it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) restores: u64,
}

/// Everything that the oracle knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// The entries of each journal as each device tells them; the first is entry 1.
    pub(super) branches: BTreeMap<(Device, Journal), Vec<Entry>>,
    /// What each till told last, without entries.
    pub(super) tills: BTreeMap<Device, TillTold>,
    /// The tills that have told since the last quiet point.
    pub(super) fresh: BTreeSet<Device>,
    /// The applied entries of each journal as head office tells them.
    pub(super) held: BTreeMap<Journal, Vec<Entry>>,
    /// What head office told last, without entries.
    pub(super) office: Option<OfficeTold>,
    pub(super) papers: Vec<Printed>,
    /// What each device has printed and must have for ever: entry and hash.
    pub(super) promises: BTreeMap<(Device, Journal), BTreeMap<u64, Hash>>,
    /// The first paper of each number.
    pub(super) numbers: BTreeMap<(String, u64), (Journal, u64, Hash)>,
    /// The ids that somebody asked for, and how often.
    pub(super) asked: BTreeMap<String, u64>,
    /// What drawers were told to do, and said that they did, since the device last lost its memory.
    pub(super) acts: BTreeMap<(Device, Journal), Vec<(u64, DrawerAct)>>,
    pub(super) verdicts: Vec<Judged>,
    /// How much of each journal head office holds, by its last answer.
    pub(super) holds: BTreeMap<Journal, u64>,
    /// The newest acknowledgement of each journal and epoch.
    pub(super) acknowledged: BTreeMap<(Journal, Epoch), Acknowledgement>,
    /// The newest acknowledgement that each till has shown to have: how often head office had lost its memory, the epoch's
    /// counter and the entry.
    pub(super) stored: BTreeMap<(Device, Journal), (u64, u64, u64)>,
    pub(super) grants: Vec<Grant>,
    /// How many wrong PINs in a row, and when the last one.
    pub(super) wrong_pins: BTreeMap<(Device, String), (u32, i64)>,
    /// The rows that each revision of master data shows in a store.
    pub(super) shown: BTreeMap<(Epoch, String, u64), Vec<String>>,
    /// Whether what a till has just told is the first since a crash.
    pub(super) is_after_crash: bool,
    /// Failed, and not opened again since.
    pub(super) failed: BTreeSet<Device>,
    pub(super) truth: Truth,
}

impl Ledger {
    /// Takes up what was seen.
    pub(super) fn take(&mut self, seen: &Seen) {
        match &seen.what {
            What::Asked(asked) => self.take_asked(asked),
            What::Printed(paper) => self.take_paper(paper),
            What::PrintedZ(paper) => self.promise((paper.device, paper.journal), paper.seq, paper.hash),
            What::Refused(_) | What::Attack(_) | What::Pruned { .. } => {}
            What::Pin(tried) => self.take_pin(tried, seen.at_ms),
            What::Failed { device, .. } => {
                self.failed.insert(*device);
            }
            What::Drawer(drawer) => {
                self.acts.entry((drawer.device, drawer.journal)).or_default().push((drawer.session, drawer.what));
            }
            What::Till(told) => self.take_till(told),
            What::Office(told) => self.take_office(told),
            What::Verdict(verdict) => {
                self.holds.insert(verdict.journal, verdict.held);
                self.verdicts.push(Judged { verdict: verdict.clone(), restores: self.truth.memory_losses() });
            }
            What::Acknowledged(acknowledgement) => {
                self.acknowledged.insert((acknowledgement.journal, acknowledgement.epoch), *acknowledgement);
            }
            What::Stored { device, acknowledgement } => {
                let newest = (acknowledgement.epoch.counter, acknowledgement.seq);
                self.store((*device, acknowledgement.journal), newest);
            }
            What::Granted(grant) => self.grants.push(grant.clone()),
            What::Truth(told) => self.take_truth(told, seen.at_ms),
            What::Quiet => {}
        }
    }

    /// The quiet point is over.
    pub(super) fn end_quiet(&mut self) {
        self.fresh.clear();
    }

    /// A till has an acknowledgement. Two epochs may have one counter once head office has lost its memory.
    fn store(&mut self, of: (Device, Journal), (counter, seq): (u64, u64)) {
        let newest = (self.truth.memory_losses(), counter, seq);
        let stored = self.stored.entry(of).or_default();
        *stored = newest.max(*stored);
    }

    fn promise(&mut self, of: (Device, Journal), seq: u64, hash: Hash) {
        self.promises.entry(of).or_default().insert(seq, hash);
    }

    fn take_pin(&mut self, tried: &PinTried, at_ms: i64) {
        let key = (tried.device, tried.operator.clone());
        if tried.is_let_in {
            self.wrong_pins.remove(&key);
        } else if tried.code == WRONG_PIN {
            let wrong = self.wrong_pins.entry(key).or_default();
            *wrong = (wrong.0 + 1, at_ms);
        }
    }

    fn take_asked(&mut self, asked: &Asked) {
        *self.asked.entry(asked.id.clone()).or_default() += 1;
    }

    fn take_paper(&mut self, paper: &Paper) {
        let number = (paper.series.clone(), paper.number);
        self.numbers.entry(number).or_insert((paper.journal, paper.seq, paper.hash));
        self.promise((paper.device, paper.journal), paper.seq, paper.hash);
        let is_clock_wrong = self.truth.is_clock_wrong(paper.device);
        let mut paper = paper.clone();
        // Asked again, a till answers with the sale as it was; what it shows now says nothing about that.
        if self.asked.get(&paper.id).is_some_and(|times| *times > 1) {
            paper.shown.clear();
        }
        let slip = paper::read(&paper.text);
        self.papers.push(Printed { paper, slip, is_clock_wrong });
    }

    fn take_till(&mut self, told: &TillTold) {
        let device = told.device;
        let mut kept = told.clone();
        for journal in &mut kept.journals {
            let entries = std::mem::take(&mut journal.entries);
            let branch = self.branches.entry((device, journal.journal)).or_default();
            if let Some(first) = entries.first() {
                let before = usize::try_from(first.seq.saturating_sub(1)).unwrap_or(usize::MAX);
                branch.truncate(before);
                branch.extend(entries);
            }
            self.store((device, journal.journal), (journal.acknowledged_epoch, journal.acknowledged));
        }
        if let Some(feed) = &told.feed {
            self.show((feed.epoch, told.store.clone(), feed.revision), &feed.rows);
        }
        self.tills.insert(device, kept);
        self.fresh.insert(device);
        self.failed.remove(&device);
        self.is_after_crash = self.truth.crashed.remove(&device);
    }

    fn take_office(&mut self, told: &OfficeTold) {
        let mut kept = told.clone();
        for journal in &mut kept.journals {
            let entries = std::mem::take(&mut journal.entries);
            let held = self.held.entry(journal.journal).or_default();
            if let Some(first) = entries.first() {
                held.truncate(usize::try_from(first.seq.saturating_sub(1)).unwrap_or(usize::MAX));
                held.extend(entries);
            }
            held.truncate(usize::try_from(journal.seq).unwrap_or(usize::MAX));
            self.holds.insert(journal.journal, journal.seq);
        }
        for master in &told.master {
            self.show((told.epoch, master.store.clone(), master.revision), &master.rows);
        }
        self.held.retain(|journal, _| kept.journals.iter().any(|known| known.journal == *journal));
        self.office = Some(kept);
    }

    /// The first that shows a revision says what is in it.
    fn show(&mut self, revision: (Epoch, String, u64), rows: &[String]) {
        self.shown.entry(revision).or_insert_with(|| rows.to_vec());
    }

    fn take_truth(&mut self, told: &Told, at_ms: i64) {
        let branches = &self.branches;
        self.truth.take(told, at_ms, |device| {
            branches.keys().filter(|(of, _)| *of == device).map(|(_, journal)| *journal).collect()
        });
        match told {
            Told::HonestCrash { device } => {
                self.failed.remove(device);
            }
            Told::RolledBack { device, journal, to, .. } => {
                self.forget(*device, Some(*journal));
                // The whole store was put back, with what it knew to be acknowledged of earlier journals.
                self.stored.retain(|of, _| of.0 != *device);
                // With it went back what it knew of wrong PINs: who can put a whole disk back needs no PIN.
                self.wrong_pins.retain(|of, _| of.0 != *device);
                if let Some(promises) = self.promises.get_mut(&(*device, *journal)) {
                    promises.retain(|seq, _| seq <= to);
                }
            }
            Told::DiskLied { device } => {
                self.forget(*device, None);
                self.promises.retain(|of, _| of.0 != *device);
            }
            // What was acknowledged before is answered for by the new epoch's tills, not by head office.
            Told::OfficeLost => self.acknowledged.clear(),
            Told::OfficeRestored { .. } => self.holds.clear(),
            Told::Replaced { dead: device, .. } | Told::Gone { device } => {
                // What it told before it died says nothing about what has arrived.
                self.fresh.remove(device);
            }
            Told::OfficeCrash
            | Told::Cloned { .. }
            | Told::Salvaged { .. }
            | Told::Ended { .. }
            | Told::Line { .. }
            | Told::ClockSet { .. } => {}
        }
    }

    /// A device has lost its memory of a journal, or of all.
    fn forget(&mut self, device: Device, journal: Option<Journal>) {
        let is_meant = |of: &(Device, Journal)| of.0 == device && journal.is_none_or(|journal| journal == of.1);
        self.acts.retain(|of, _| !is_meant(of));
        self.stored.retain(|of, _| !is_meant(of));
    }

    /// Every document that tills or head office have told, each once, with its journal and entry.
    pub(super) fn all_documents(&self) -> BTreeMap<Hash, (Journal, &Entry, &Document)> {
        let tills = self.branches.iter().map(|((_, journal), entries)| (*journal, entries));
        let held = self.held.iter().map(|(journal, entries)| (*journal, entries));
        let mut found = BTreeMap::new();
        for (journal, entries) in tills.chain(held) {
            for (entry, document) in documents(entries) {
                found.insert(entry.hash, (journal, entry, document));
            }
        }
        found
    }

    /// The entry that a device tells under a seq.
    pub(super) fn entry_of(&self, device: Device, journal: Journal, seq: u64) -> Option<&Entry> {
        self.branches.get(&(device, journal))?.get(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// Whether head office holds or keeps an entry.
    pub(super) fn is_at_office(&self, journal: Journal, entry: &Entry) -> bool {
        self.is_hash_at_office(journal, entry.seq, entry.hash)
    }

    /// Whether head office holds or keeps the entry of a hash.
    pub(super) fn is_hash_at_office(&self, journal: Journal, seq: u64, hash: Hash) -> bool {
        let at = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
        let held = self.held.get(&journal).and_then(|entries| entries.get(at));
        if held.is_some_and(|held| held.hash == hash) {
            return true;
        }
        let of_journal = self.office.iter().flat_map(|office| &office.journals).filter(|one| one.journal == journal);
        of_journal.flat_map(|one| &one.kept).any(|kept| kept.entry.hash == hash)
    }
}

/// The documents among entries.
pub(super) fn documents(entries: &[Entry]) -> impl Iterator<Item = (&Entry, &Document)> {
    entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Document(document) => Some((entry, &**document)),
        Fact::Opened { .. }
        | Fact::Closed
        | Fact::Series(_)
        | Fact::MasterData
        | Fact::Operator
        | Fact::Activity
        | Fact::Locked(_)
        | Fact::DrawerOpened { .. }
        | Fact::CashMoved { .. }
        | Fact::DrawerClosed(_)
        | Fact::Unknown(..) => None,
    })
}

/// The beginning of a journal's id, for people.
pub(super) fn short(journal: Journal) -> String {
    journal.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
