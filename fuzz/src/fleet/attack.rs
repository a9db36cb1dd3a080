//! What a hostile or confused network brings: forged words, words of others, old words again.
//!
//! None of it may change what counts. What head office answers to such a word goes to nobody; what a till is given again
//! goes through the same step as in an exchange.

use counterfoil_core::id::Hash;
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::envelope::ChainHead;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_node::operations::sync_step::SyncStep;
use counterfoil_node::wire::sync::{Document, SyncAnswer};
use counterfoil_sync_server::verdict::Standing;

use super::fault::FaultKind;
use super::history::{Attack, AttackKind, What};
use super::office::Request;
use super::world::World;

impl World {
    /// A word that went by is brought once more, changed or by another.
    pub(crate) fn attack_office(&mut self, kind: FaultKind) {
        if !self.office.is_up() {
            return;
        }
        let is_hello = kind == FaultKind::ReplayedHello || (kind == FaultKind::FlippedByte && self.rng.u8(..4) == 0);
        let path = if is_hello { "/sync/hello" } else { "/sync/batch" };
        let Some((seat, bytes)) = self.overheard_word(path) else { return };
        let Some((brought_by, bytes, attack)) = self.spoil_word(kind, seat, bytes) else { return };
        let before = self.office_stand();
        let path = match (kind, path) {
            (FaultKind::OtherKind, "/sync/hello") => "/sync/batch",
            (FaultKind::OtherKind, _) if self.rng.bool() => "/sync/request",
            (FaultKind::OtherKind, _) => "/sync/hello",
            _ => path,
        };
        let request = Request::Post(path.to_owned(), bytes);
        let answer = self.serve(None, brought_by, &request);
        if !self.office.is_up() {
            return;
        }
        let after = self.office_stand();
        self.fault(kind);
        let verdict = match &answer {
            Some(Ok(bytes)) => serde_json::from_slice::<SyncAnswer>(bytes).map_or("?", |answer| answer.verdict.code()),
            Some(Err(_)) => "refused",
            None => "nothing",
        };
        // A genuine word that head office lost in a restore is welcome, whoever brings it.
        let was_taken = before != after && !(attack == AttackKind::Replayed && self.is_office_put_back);
        self.tell(format_args!("somebody brings a word of {} ({kind}): {verdict}", self.name(seat)));
        self.see(What::Attack(Attack { kind: attack, was_taken }));
    }

    /// Who brings the word, how it is then, and what that is called.
    fn spoil_word(&mut self, kind: FaultKind, seat: usize, mut bytes: Vec<u8>) -> Option<(usize, Vec<u8>, AttackKind)> {
        if kind == FaultKind::ForgedKey {
            let key = self.forgers_key();
            return Some((seat, self.forged(&bytes, &key)?, AttackKind::Forged));
        }
        if kind == FaultKind::FlippedByte {
            let place = self.rng.usize(..bytes.len());
            bytes[place] ^= 1 << self.rng.u8(..8);
            return Some((seat, bytes, AttackKind::Forged));
        }
        if kind == FaultKind::OtherKind {
            return Some((seat, bytes, AttackKind::OtherKind));
        }
        if kind == FaultKind::ForeignJournal {
            let own = self.slot_of(seat);
            let other = (0..self.seats.len()).find(|other| self.slot_of(*other) != own)?;
            return Some((other, self.unsent_batch(seat).unwrap_or(bytes), AttackKind::Foreign));
        }
        Some((seat, bytes, AttackKind::Replayed))
    }

    /// A batch of what a till has not sent yet: what head office would take from the till itself.
    fn unsent_batch(&self, seat: usize) -> Option<Vec<u8>> {
        let device = self.device(seat);
        let mut device = device.borrow_mut();
        let till = device.till()?;
        let journal = till.mark().journal;
        let held = self.office.rows()?.read(|rows| rows.journal(journal)).ok()??.seq;
        till.batch(journal, held.saturating_add(1)).ok()?
    }

    /// An entry that follows what head office holds of a batch's journal, signed with another key.
    fn forged(&self, bytes: &[u8], key: &SigningKey) -> Option<Vec<u8>> {
        let journal = Batch::read(bytes).ok()?.journal();
        let record = self.office.rows()?.read(|rows| rows.journal(journal)).ok()??;
        let now = self.seats.first()?.device.borrow().now();
        let (entry, _) = ChainHead::at(journal, record.seq, record.hash).append(now, 8, 1, b"forged").ok()?;
        Batch::sign(&[entry], key).ok()
    }

    fn slot_of(&self, seat: usize) -> (String, String) {
        let device = self.seats[seat].device.borrow();
        (device.store.as_str().to_owned(), device.name.as_str().to_owned())
    }

    fn overheard_word(&mut self, path: &str) -> Option<(usize, Vec<u8>)> {
        let words: Vec<usize> = (0..self.overheard.len())
            .filter(|place| matches!(&self.overheard[*place].1, Request::Post(to, _) if to == path))
            .collect();
        let place = self.rng.choice(words)?;
        match &self.overheard[place] {
            (seat, Request::Post(_, bytes), _) => Some((*seat, bytes.clone())),
            (_, Request::Get(_) | Request::Enrol(..), _) => None,
        }
    }

    fn forgers_key(&mut self) -> SigningKey {
        let mut seed = [0; 32];
        self.rng.fill(&mut seed);
        SigningKey::from_seed(seed)
    }

    /// What head office counts: per journal its head, standing and how much is kept, and the epoch.
    fn office_stand(&self) -> Vec<(u64, Hash, u64, Standing)> {
        let Some(store) = self.office.rows() else { return Vec::new() };
        let journals = store.read(|rows| rows.journals()).unwrap_or_default();
        journals.iter().map(|record| (record.seq, record.hash, record.kept, record.standing)).collect()
    }

    /// A till gets an answer of long ago once more.
    pub(crate) fn replay_to_till(&mut self, kind: FaultKind) {
        let mut steps = Vec::new();
        for (seat, request, answer) in &self.overheard {
            let step = match (kind, request) {
                (FaultKind::ReplayedFeedPage, Request::Get(path)) if path.starts_with("/sync/feed") => {
                    Some(SyncStep::FeedPage { bytes: Document(answer.clone()) })
                }
                (FaultKind::ReplayedGrant, Request::Enrol(..)) => {
                    Some(SyncStep::Enrol { grant: Document(answer.clone()) })
                }
                (FaultKind::ReplayedAcknowledgement, Request::Post(..)) => {
                    let read = serde_json::from_slice::<SyncAnswer>(answer).ok();
                    read.and_then(|read| read.acknowledgement).map(|bytes| SyncStep::Acknowledge { bytes })
                }
                _ => None,
            };
            steps.extend(step.map(|step| (*seat, step)));
        }
        let Some((seat, step)) = self.rng.choice(steps) else { return };
        if self.seats[seat].exchange.is_some() || !self.seats[seat].device.borrow().is_up() {
            return;
        }
        let device = self.device(seat);
        let before = self.head_of(seat);
        let answered = step.carry_out(&mut *device.borrow_mut());
        if self.has_lost_power(seat) {
            return;
        }
        let after = self.head_of(seat);
        self.fault(kind);
        self.observe_till(seat);
        let text = match &answered {
            Ok(_) => "taken".to_owned(),
            Err(failure) => failure.to_string(),
        };
        self.tell(format_args!("{} gets an old answer again ({kind}): {text}", self.name(seat)));
        if let Err(failure) = &answered {
            self.judge_failure(seat, failure);
        }
        self.see(What::Attack(Attack { kind: AttackKind::Replayed, was_taken: before != after }));
    }
}
