//! Joining a head office by a one-time token.
//!
//! The keys are made and stored first, then the token is shown, then what it brings is stored beside what there was, then
//! the journal that was granted is opened, and only then the new certificate takes the place of an old one. A crash between any two of these is mended by the same command: head office gives the same token
//! with the same keys the same answer again. On a till that sold on its own the present journal is closed and the granted
//! one opened in one transaction; the next sync sends the old one as history, signed with its own key.

use std::sync::Mutex;

use counterfoil_core::grant::{GrantV1, JournalRequestV1};
use counterfoil_core::refusal::{Reason, Refusal};

use super::address::{Address, Token};
use super::client::Client;
use super::head_office::{HeadOffice, TlsKey};
use super::till_side::TillSide;
use super::tls;
use super::turn::Turn;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::folder::secret::Secret;
use crate::local::reach::Reach;
use crate::open_till::OpenTill;
use crate::operations::sync_step::{SyncStep, first_request};
use crate::wire::sync::{Document, EnrolAnswer, EnrolRequest, Enrolled};

/// Joins the till of a folder, or makes one in a folder that has none.
///
/// # Errors
/// Head office cannot be reached or refuses the token; the drawer is open; disk or data failed.
pub fn enrol(folder: &Folder, address: &Address, token: &Token) -> Result<Enrolled, Failure> {
    folder.make()?;
    if folder.has_till() { join(folder, address, token) } else { make(folder, address, token) }
}

/// Makes a till in a folder that has none.
fn make(folder: &Folder, address: &Address, token: &Token) -> Result<Enrolled, Failure> {
    let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
    let (grant, granted) = match ask(folder, address, token, first_request(folder, None)?) {
        Err(Failure::Refused(refusal)) if is_key_used_up(&refusal) => {
            Secret::read_or_make(folder)?.give_up_pending(folder)?;
            ask(folder, address, token, first_request(folder, None)?)?
        }
        asked => asked?,
    };
    OpenTill::create_granted(lock, &grant)?;
    HeadOffice::take_next(folder)?;
    Ok(Enrolled::new(&granted))
}

/// Joins a till that is there, opened here or served by another process.
fn join(folder: &Folder, address: &Address, token: &Token) -> Result<Enrolled, Failure> {
    let till = Mutex::new(Reach::of(folder)?);
    let _turn = Turn::wait(folder)?;
    take_next_if_opened(&till, folder)?;
    // The same command again, after all of it was done: it may have been cut off before it could tell.
    let known = HeadOffice::read(folder)?;
    if let Some(known) = known.as_ref().filter(|known| known.token == token.digest()) {
        let granted = GrantV1::verify(&known.grant)?;
        if till.journals()?.iter().any(|stand| stand.journal == granted.journal.to_string()) {
            return Ok(Enrolled::new(&granted));
        }
    }
    if let Some(known) = known.filter(|known| !tls::has_pin(&known.authority, token.pin()).unwrap_or(false)) {
        let limit = format!("one of the head office at {}, to which this till belongs", known.address);
        return Err(Refusal::new(Reason::Declined, "token", "the token is of another head office", limit).into());
    }
    let (grant, granted) = match ask(folder, address, token, till.document(SyncStep::RequestJournal)?) {
        Err(Failure::Refused(refusal)) if is_key_used_up(&refusal) => {
            till.ask(SyncStep::GiveUpKey)?;
            ask(folder, address, token, till.document(SyncStep::RequestJournal)?)?
        }
        asked => asked?,
    };
    till.ask(SyncStep::Enrol { grant: Document(grant) })?;
    HeadOffice::take_next(folder)?;
    Ok(Enrolled::new(&granted))
}

/// Ends an enrolment that was cut off after its journal was opened.
///
/// # Errors
/// Disk or data failed.
pub fn take_next_if_opened(till: &dyn TillSide, folder: &Folder) -> Result<(), Failure> {
    let Some(next) = HeadOffice::read_next(folder)? else { return Ok(()) };
    let granted = GrantV1::verify(&next.grant)?.journal.to_string();
    let is_open = till.journals()?.iter().any(|stand| stand.journal == granted);
    if is_open { HeadOffice::take_next(folder) } else { Ok(()) }
}

/// Whether head office has granted the journal of this key already, and it has ended without the till having heard of it;
/// with another key the till gets a journal.
pub(super) fn is_key_used_up(refusal: &Refusal) -> bool {
    refusal.reason() == Reason::IdReused && refusal.field() == "journal"
}

/// Shows the token and stores what head office gives for it, which must be for the request's key. Returns the grant as it
/// was signed, and as it reads.
fn ask(folder: &Folder, address: &Address, token: &Token, request: Vec<u8>) -> Result<(Vec<u8>, GrantV1), Failure> {
    let asked = JournalRequestV1::verify(&request)?;
    let csr = TlsKey::read_or_make(folder)?.signing_request()?;
    let request = EnrolRequest { token: token.as_str().to_owned(), request: Document(request), csr };
    let answer = super::block_on(async {
        let mut client = Client::new(address.clone(), tls::pinned(token.pin())?);
        client.post_json::<_, EnrolAnswer>("/enrol", &request).await
    })?;
    if !tls::has_pin(&answer.ca, token.pin())? {
        let limit = "the authority that the token names";
        return Err(Refusal::new(Reason::Declined, "head_office", "it sent another authority", limit).into());
    }
    let granted = GrantV1::verify(&answer.grant.0)?;
    let head_office = HeadOffice {
        address: address.clone(),
        authority: answer.ca,
        certificate: answer.certificate,
        seen: granted.granted,
        token: token.digest(),
        grant: answer.grant.0.clone(),
        epoch: granted.epoch.counter,
        finished: Vec::new(),
        asked: granted.granted,
    };
    head_office.write_next(folder)?;
    if granted.key == asked.key {
        return Ok((answer.grant.0, granted));
    }
    let limit = "the key of this till's journal request";
    Err(Refusal::new(Reason::Declined, "grant", format!("for key {}", granted.key), limit).into())
}
