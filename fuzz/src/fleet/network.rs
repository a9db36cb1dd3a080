//! The simulated network between tills and head office, and what goes wrong on it.
//!
//! A request may be lost, delayed, doubled, cut or overtaken; its answer may be lost or cut after head office has
//! committed. Who waits for an answer that never comes gives up after the time that the till program waits. Head office
//! serves a request whole, at the moment of its arrival, whoever sent it.

use std::time::Duration;

use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_node::sync::client::REQUEST_TIMEOUT;
use counterfoil_node::sync::trouble::Trouble;
use counterfoil_sync_server::exchange::Answer;
use counterfoil_sync_server::operation_error::OperationError;
use counterfoil_sync_server::store::Store;

use super::fault::FaultKind;
use super::history::{Verdict, What, Word};
use super::line::{Exchange, Exchanged, Purpose, Rest};
use super::observe;
use super::office::Request;
use super::world::{Cut, Event, Message, Reply, World};

/// The longest that a message takes in good order.
const TRAVEL_MS: i64 = 400;
/// The most that a replayer remembers.
const OVERHEARD_MAX: usize = 64;

impl World {
    /// Begins an exchange of a device, unless one is under way.
    pub(crate) fn begin_exchange(&mut self, seat: usize, purpose: Purpose) {
        if self.seats[seat].exchange.is_some() {
            return;
        }
        let exchange = Exchange::begin(&self.device(seat), purpose);
        let number = self.number();
        self.seats[seat].exchange = Some((number, 0, exchange));
        self.go_on(seat);
    }

    /// Lets an exchange go on until it asks for something or ends.
    pub(crate) fn go_on(&mut self, seat: usize) {
        let Some((number, asked, mut exchange)) = self.seats[seat].exchange.take() else { return };
        let mut told = Vec::new();
        let rest = exchange.go_on(&mut told);
        told.into_iter().for_each(|what| self.see(what));
        // The power may have gone in one of the steps.
        if self.has_lost_power(seat) {
            return;
        }
        if exchange.has_new_rows() {
            self.observe_till(seat);
        }
        match rest {
            Rest::Asks(request) => {
                let asked = asked.saturating_add(1);
                self.seats[seat].exchange = Some((number, asked, exchange));
                self.send(seat, (number, asked), request);
            }
            Rest::Ended(exchanged) => self.end_exchange(seat, exchange.purpose, exchanged),
        }
    }

    fn end_exchange(&mut self, seat: usize, purpose: Purpose, exchanged: Exchanged) {
        let name = self.name(seat);
        match exchanged {
            Ok(report) => {
                self.tally.syncs = self.tally.syncs.saturating_add(1);
                self.seats[seat].needs_token = report.notes.iter().any(|note| note.contains("till enrol"));
                self.seats[seat].waits_for_drawer =
                    report.notes.iter().any(|note| note.contains("until the drawer is closed"));
                let stands: Vec<String> = report
                    .journals
                    .iter()
                    .map(|journal| format!("{} {}/{}", journal.verdict, journal.acknowledged, journal.seq))
                    .collect();
                self.tell(format_args!("{name} has exchanged ({purpose:?}): {} {:?}", stands.join(", "), report.notes));
            }
            Err(trouble) => {
                self.tally.broken_off = self.tally.broken_off.saturating_add(1);
                self.tell(format_args!("{name} broke off ({purpose:?}): {trouble:?}"));
                if let Trouble::Failed(failure) = &trouble {
                    self.judge_failure(seat, failure);
                }
            }
        }
        self.after_exchange(seat, purpose);
    }

    fn send(&mut self, seat: usize, waits: (u64, u64), request: Request) {
        let sent = self.number();
        let timeout = i64::try_from(REQUEST_TIMEOUT.as_millis()).expect("a minute is a small number");
        let lost = Trouble::Unreachable("the request took too long".to_owned());
        self.after(timeout, Event::GiveUp(Reply { device: seat, waits, answer: Err(lost) }));
        let mut travel = self.rng.i64(1..TRAVEL_MS);
        if self.is_calm {
            self.after(1, Event::Arrive(Message { device: seat, waits: Some(waits), sent, request }));
            return;
        }
        if matches!(self.seats[seat].cut, Cut::Both | Cut::Up) {
            let kind = if self.seats[seat].cut == Cut::Up { FaultKind::PartitionUp } else { FaultKind::PartitionBoth };
            self.fault(kind);
            return;
        }
        if self.has_fault(FaultKind::RequestLost, 12) {
            self.fault(FaultKind::RequestLost);
            self.tell(format_args!("a request of {} is lost", self.name(seat)));
            return;
        }
        if self.has_fault(FaultKind::Delayed, 8) {
            self.fault(FaultKind::Delayed);
            travel = travel.saturating_add(self.rng.i64(5_000..90_000));
        }
        if self.has_fault(FaultKind::Duplicated, 10) {
            self.fault(FaultKind::Duplicated);
            let wait = self.rng.i64(1..TRAVEL_MS);
            self.after(wait, Event::Arrive(Message { device: seat, waits: None, sent, request: request.clone() }));
        }
        if self.has_fault(FaultKind::StaleDuplicate, 16) {
            let wait = self.rng.i64(600_000..40_000_000);
            self.after(wait, Event::Arrive(Message { device: seat, waits: None, sent, request: request.clone() }));
        }
        let request = if self.has_fault(FaultKind::CutRequest, 16) { self.cut(request) } else { request };
        self.after(travel, Event::Arrive(Message { device: seat, waits: Some(waits), sent, request }));
    }

    fn cut(&mut self, request: Request) -> Request {
        match request {
            Request::Post(path, mut bytes) if bytes.len() > 1 => {
                self.fault(FaultKind::CutRequest);
                bytes.truncate(self.rng.usize(..bytes.len()));
                Request::Post(path, bytes)
            }
            whole @ (Request::Get(_) | Request::Post(..) | Request::Enrol(..)) => whole,
        }
    }

    /// A request arrives at head office.
    pub(crate) fn arrive(&mut self, message: Message) {
        if message.sent < self.newest_arrived
            && message.waits.is_some()
            && self.options.is_enabled(FaultKind::Reordered)
        {
            self.fault(FaultKind::Reordered);
        }
        if message.waits.is_none() && self.time_since(message.sent) {
            self.fault(FaultKind::StaleDuplicate);
        }
        self.newest_arrived = self.newest_arrived.max(message.sent);
        let Some(answer) = self.serve(Some(message.device), message.device, &message.request) else { return };
        let Some(waits) = message.waits else { return };
        let seat = message.device;
        if self.is_calm {
            self.after(1, Event::Answer(Reply { device: seat, waits, answer }));
            return;
        }
        if matches!(self.seats[seat].cut, Cut::Both | Cut::Down) {
            self.fault(FaultKind::PartitionDown);
            return;
        }
        if self.has_fault(FaultKind::AnswerLost, 12) {
            self.fault(FaultKind::AnswerLost);
            self.tell(format_args!("an answer to {} is lost", self.name(seat)));
            return;
        }
        let answer = match answer {
            Ok(mut bytes) if bytes.len() > 1 && self.has_fault(FaultKind::CutAnswer, 16) => {
                self.fault(FaultKind::CutAnswer);
                bytes.truncate(self.rng.usize(..bytes.len()));
                Ok(bytes)
            }
            answer => answer,
        };
        let travel = self.rng.i64(1..TRAVEL_MS);
        self.after(travel, Event::Answer(Reply { device: seat, waits, answer }));
    }

    /// Whether a message was sent so long ago that nobody thinks of it any more.
    fn time_since(&self, sent: u64) -> bool {
        self.newest_arrived > sent.saturating_add(20)
    }

    /// Head office serves a request with the certificate of a seat's slot; `None` where it is down.
    pub(crate) fn serve(
        &mut self,
        told_of: Option<usize>,
        seat: usize,
        request: &Request,
    ) -> Option<Result<Vec<u8>, Trouble>> {
        if !self.office.is_up() {
            return Some(Err(Trouble::Unreachable("connection refused".to_owned())));
        }
        let device = self.device(seat);
        let slot = { (device.borrow().store.clone(), device.borrow().name.clone()) };
        let served = self.office.serve(request, (&slot.0, &slot.1));
        if !self.office.disk.has_power() {
            self.lose_office();
            return None;
        }
        match served {
            Ok(served) => {
                if let Some(answer) = &served.answer {
                    self.see_answer(told_of, request, answer);
                }
                self.trace.mix(&served.bytes);
                self.overhear(seat, request, &served.bytes);
                Some(Ok(served.bytes))
            }
            Err(OperationError::Refused(refusal)) => Some(Err(Trouble::Refused(refusal))),
            Err(OperationError::Fault(fault)) => {
                let limit = "a signed document of this route";
                Some(Err(Trouble::Refused(Refusal::new(Reason::Malformed, "body", fault, limit))))
            }
            Err(OperationError::Failed(cause)) => {
                self.tell(format_args!("head office failed: {cause:#}"));
                self.judge_office_failure(&cause);
                Some(Err(Trouble::Busy(Some(Duration::from_secs(5)))))
            }
        }
    }

    fn overhear(&mut self, seat: usize, request: &Request, answer: &[u8]) {
        if self.overheard.len() < OVERHEARD_MAX {
            self.overheard.push((seat, request.clone(), answer.to_vec()));
        } else {
            let place = self.rng.usize(..OVERHEARD_MAX);
            self.overheard[place] = (seat, request.clone(), answer.to_vec());
        }
    }

    /// Tells what head office made of a word.
    fn see_answer(&mut self, device: Option<usize>, request: &Request, answer: &Answer) {
        let Request::Post(path, bytes) = request else { return };
        let (of, seq, hash) = if path == "/sync/hello" {
            let Ok(hello) = Hello::read(bytes) else { return };
            (Word::Hello, hello.claimed().seq, hello.claimed().hash)
        } else {
            let Ok(batch) = Batch::read(bytes) else { return };
            (Word::Batch, batch.last_seq(), batch.last_hash())
        };
        let held = self.held(answer.journal);
        self.see(What::Verdict(Verdict {
            device,
            journal: answer.journal.0,
            of,
            seq,
            hash: hash.0,
            code: answer.verdict.to_owned(),
            held,
            has_stop: answer.stop.is_some(),
        }));
        if let Some(acknowledgement) = answer.acknowledgement.as_deref().and_then(observe::acknowledgement) {
            self.see(What::Acknowledged(acknowledgement));
        }
    }

    fn held(&self, journal: counterfoil_core::id::JournalId) -> u64 {
        let read = |store: &dyn Store| store.read(|rows| rows.journal(journal));
        let record = self.office.rows().map(read).and_then(Result::ok).flatten();
        record.map_or(0, |record| record.seq)
    }

    /// An answer arrives at a till that may still wait for it.
    pub(crate) fn deliver(&mut self, reply: Reply) {
        let seat = reply.device;
        let waits = self.seats[seat].exchange.as_ref().map(|(number, asked, _)| (*number, *asked));
        if waits != Some(reply.waits) {
            return;
        }
        if let Some((_, _, exchange)) = &self.seats[seat].exchange {
            exchange.answer(reply.answer);
        }
        self.go_on(seat);
    }
}
