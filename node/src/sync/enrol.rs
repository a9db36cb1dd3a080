//! Joining a head office by a one-time token.
//!
//! The keys are made and stored first, then the token is shown, then what it brings is stored beside what there was, then
//! the journal that was granted is opened, and only then the new certificate takes the place of an old one. A crash between any two of these is mended by the same command: head office gives the same token
//! with the same keys the same answer again. On a till that sold on its own the present journal is closed and the granted
//! one opened in one transaction; the next sync sends the old one as history, signed with its own key.

use std::sync::Mutex;

use counterfoil_core::grant::{GrantV1, JournalRequestV1};
use counterfoil_core::journal::key::PublicKey;
use counterfoil_core::refusal::{Reason, Refusal};

use super::address::{Address, Token};
use super::client::Client;
use super::head_office::{HeadOffice, TlsKey};
use super::till_side::TillSide;
use super::tls;
use super::turn::Turn;
use crate::failure::Failure;
use crate::folder::Folder;
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
    let request = first_request(folder, None)?;
    let asked = JournalRequestV1::verify(&request)?;
    let grant = ask(folder, address, token, request)?;
    let granted = check_grant(&grant, &asked.key)?;
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
    let request = till.document(SyncStep::RequestJournal)?;
    let asked = JournalRequestV1::verify(&request)?;
    let grant = ask(folder, address, token, request)?;
    let granted = check_grant(&grant, &asked.key)?;
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

/// Shows the token and stores what head office gives for it. Returns the signed grant.
fn ask(folder: &Folder, address: &Address, token: &Token, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
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
    };
    head_office.write_next(folder)?;
    Ok(answer.grant.0)
}

fn check_grant(grant: &[u8], key: &PublicKey) -> Result<GrantV1, Failure> {
    let granted = GrantV1::verify(grant)?;
    if granted.key == *key {
        return Ok(granted);
    }
    let limit = "the key of this till's journal request";
    Err(Refusal::new(Reason::Declined, "grant", format!("for key {}", granted.key), limit).into())
}
