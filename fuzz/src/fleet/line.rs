//! The till's end of the simulated network: an exchange that is polled by hand, one answer at a time.
//!
//! An exchange is the till program's own future. Where it asks head office for something it comes to rest with its
//! request in the slot; it goes on when the simulator has put an answer there. Between the two anything may happen to
//! till, network and head office. Dropping the future is what a crash does to it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use counterfoil_core::grant::GrantV1;
use counterfoil_core::id::Hash;
use counterfoil_core::refusal::Reason;
use counterfoil_node::failure::Failure;
use counterfoil_node::operations::sync_step::{StepAnswer, SteppedTill, SyncStep};
use counterfoil_node::sync::head_office::{HeadOffice, Keeper};
use counterfoil_node::sync::line::Line;
use counterfoil_node::sync::send_and_fetch;
use counterfoil_node::sync::till_side::TillSide;
use counterfoil_node::sync::trouble::Trouble;
use counterfoil_node::wire::sync::{Document, SyncReport};

use super::device::{Device, head_office_of};
use super::history::What;
use super::observe;
use super::office::Request;

/// A device that the simulator and an exchange share.
pub(crate) type Shared = Rc<RefCell<Device>>;

/// What an exchange has asked for, or what it was answered.
#[derive(Default)]
pub(crate) struct Slot {
    request: Option<Request>,
    answer: Option<Result<Vec<u8>, Trouble>>,
}

/// A line over which one request is under way at a time.
struct SimulatedLine(Rc<RefCell<Slot>>);

impl SimulatedLine {
    async fn ask(&mut self, request: Request) -> Result<Vec<u8>, Trouble> {
        self.0.borrow_mut().request = Some(request);
        poll_fn(|_| match self.0.borrow_mut().answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

impl Line for SimulatedLine {
    async fn get(&mut self, path: &str) -> Result<Vec<u8>, Trouble> {
        self.ask(Request::Get(path.to_owned())).await
    }

    async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        self.ask(Request::Post(path.to_owned(), body)).await
    }
}

/// The till as an exchange sees it, with what is to be told of it.
pub(crate) struct Side {
    device: Shared,
    told: Rc<RefCell<Vec<What>>>,
    has_new_rows: Rc<Cell<bool>>,
}

impl TillSide for Side {
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure> {
        let acknowledged = match &step {
            SyncStep::Acknowledge { bytes } => observe::acknowledgement(&bytes.0),
            SyncStep::Stand
            | SyncStep::Hello { .. }
            | SyncStep::Batch { .. }
            | SyncStep::Stop { .. }
            | SyncStep::FeedCursor
            | SyncStep::FeedPage { .. }
            | SyncStep::FetchFeedAnew
            | SyncStep::ForgetStaleRows
            | SyncStep::RequestJournal
            | SyncStep::GiveUpKey
            | SyncStep::Enrol { .. }
            | SyncStep::Finish => None,
        };
        let mut device = self.device.borrow_mut();
        let answer = step.carry_out(&mut *device)?;
        if matches!(answer, StepAnswer::Applied { rows: 1.., .. }) {
            self.has_new_rows.set(true);
        }
        if let Some(acknowledgement) = acknowledged {
            self.told.borrow_mut().push(What::Stored { device: device.id, acknowledgement });
        }
        Ok(answer)
    }
}

impl Keeper for Side {
    fn keep(&self, head_office: &HeadOffice) -> Result<(), Failure> {
        self.device.borrow_mut().files.head_office = Some(head_office.clone());
        Ok(())
    }
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To send and fetch.
    Sync,
    /// To join by a token: its hash, and that of the key of the till's certificate.
    Enrol(Hash, Hash),
}

/// What came of an exchange.
pub(crate) type Exchanged = Result<SyncReport, Trouble>;

/// An exchange under way.
pub(crate) struct Exchange {
    /// What it is for.
    pub(crate) purpose: Purpose,
    work: Pin<Box<dyn Future<Output = Exchanged>>>,
    slot: Rc<RefCell<Slot>>,
    told: Rc<RefCell<Vec<What>>>,
    has_new_rows: Rc<Cell<bool>>,
}

/// Where an exchange has come to rest.
pub(crate) enum Rest {
    /// It asks for something.
    Asks(Request),
    /// It has ended.
    Ended(Exchanged),
}

impl Exchange {
    /// Begins an exchange of a device.
    pub(crate) fn begin(device: &Shared, purpose: Purpose) -> Self {
        let slot = Rc::new(RefCell::new(Slot::default()));
        let told = Rc::new(RefCell::new(Vec::new()));
        let line = SimulatedLine(Rc::clone(&slot));
        let has_new_rows = Rc::new(Cell::new(false));
        let side = Side { device: Rc::clone(device), told: Rc::clone(&told), has_new_rows: Rc::clone(&has_new_rows) };
        let work: Pin<Box<dyn Future<Output = Exchanged>>> = match purpose {
            Purpose::Sync => Box::pin(sync(line, side)),
            Purpose::Enrol(token, tls_key) => Box::pin(enrol(line, side, token, tls_key)),
        };
        Self { purpose, work, slot, told, has_new_rows }
    }

    /// Goes on until it asks for something or ends. What is to be told of the till is added to `told`.
    pub(crate) fn go_on(&mut self, told: &mut Vec<What>) -> Rest {
        let polled = self.work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        told.append(&mut self.told.borrow_mut());
        match polled {
            Poll::Ready(exchanged) => Rest::Ended(exchanged),
            Poll::Pending => {
                let asked = self.slot.borrow_mut().request.take();
                Rest::Asks(asked.expect("an exchange rests only where it has asked for something"))
            }
        }
    }

    /// Whether the till has got rows of master data since this was asked last.
    pub(crate) fn has_new_rows(&self) -> bool {
        self.has_new_rows.replace(false)
    }

    /// Gives it the answer that it waits for.
    pub(crate) fn answer(&self, answer: Result<Vec<u8>, Trouble>) {
        self.slot.borrow_mut().answer = Some(answer);
    }
}

/// The exchange of the till program, less TLS and certificates.
async fn sync(mut line: SimulatedLine, side: Side) -> Exchanged {
    take_next_if_opened(&side)?;
    let known = side.device.borrow().files.head_office.clone();
    let mut head_office = known.ok_or_else(|| Trouble::unexpected("nothing", "a till that has joined"))?;
    let mut report = SyncReport::default();
    send_and_fetch(&mut line, &side, &side, &mut head_office, &mut report).await?;
    side.keep(&head_office)?;
    side.ask(SyncStep::Finish)?;
    Ok(report)
}

/// Joining by a token, as the till program does it: what the token brings is stored, then the journal is opened, then what
/// was stored is taken into use.
async fn enrol(mut line: SimulatedLine, side: Side, token: Hash, tls_key: Hash) -> Exchanged {
    let has_till = side.device.borrow_mut().till().is_some();
    if has_till {
        take_next_if_opened(&side)?;
        let known = side.device.borrow().files.head_office.clone();
        if let Some(known) = known.filter(|known| known.token == token) {
            let granted = GrantV1::verify(&known.grant)?.journal.to_string();
            if side.journals()?.iter().any(|stand| stand.journal == granted) {
                return Ok(SyncReport::default());
            }
        }
    }
    let signed = match line.ask(Request::Enrol(token, tls_key, journal_request(&side)?)).await {
        // As the till program does it where the journal of its key has ended.
        Err(Trouble::Refused(refusal)) if refusal.reason() == Reason::IdReused && refusal.field() == "journal" => {
            side.device.borrow_mut().give_up_pending_key()?;
            line.ask(Request::Enrol(token, tls_key, journal_request(&side)?)).await?
        }
        asked => asked?,
    };
    let granted = GrantV1::verify(&signed)?;
    side.device.borrow_mut().files.next_head_office = Some(head_office_of(&granted, &signed, token));
    if has_till {
        side.ask(SyncStep::Enrol { grant: Document(signed) })?;
    } else {
        side.device.borrow_mut().create_granted(&signed)?;
    }
    let mut device = side.device.borrow_mut();
    device.files.head_office = device.files.next_head_office.take();
    drop(device);
    Ok(SyncReport::default())
}

fn journal_request(side: &Side) -> Result<Vec<u8>, Failure> {
    let has_till = side.device.borrow_mut().till().is_some();
    if has_till { side.document(SyncStep::RequestJournal) } else { side.device.borrow_mut().first_request() }
}

/// Ends an enrolment that was cut off after its journal was opened.
fn take_next_if_opened(side: &Side) -> Result<(), Trouble> {
    let Some(next) = side.device.borrow().files.next_head_office.clone() else { return Ok(()) };
    let granted = GrantV1::verify(&next.grant)?.journal.to_string();
    if side.journals()?.iter().any(|stand| stand.journal == granted) {
        let mut device = side.device.borrow_mut();
        device.files.head_office = device.files.next_head_office.take();
    }
    Ok(())
}
