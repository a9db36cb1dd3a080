//! What head office sends a till, signed by the right key whatever it says: feed pages, acknowledgements, stops, grants.
//!
//! A till believes its head office, but it may not break over it: what is refused leaves the journal as it was, and
//! what is taken leaves a till whose audit agrees.

use std::cell::RefCell;

use counterfoil_core::command::Command;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::journal::key::Domain;
use counterfoil_core::money::Money;
use counterfoil_core::till::{Till, TillError};

use super::draw::Draw;
use super::shop::{JOURNAL, granted, now, office_key, owner};
use super::signing::{resign, sign};
use super::{require_told, require_worded};

thread_local! {
    /// A till that has its grant and nothing else; one that has changed is made anew.
    static FRESH: RefCell<Option<Till>> = const { RefCell::new(None) };
}

/// The kind of document and how it is signed, then the payload, or a whole document to be signed anew.
///
/// # Panics
/// The till breaks over what it was sent.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let (kind, way) = (draw.byte() % 5, draw.byte() % 3);
    let domain = [Domain::Feed, Domain::Acknowledgement, Domain::Stop, Domain::Grant, Domain::Feed][usize::from(kind)];
    let signed = match way {
        0 => Some(draw.rest().to_vec()),
        1 => sign(domain, draw.rest(), &office_key()),
        _ => resign(domain, draw.rest(), &office_key()),
    };
    let Some(signed) = signed else { return };
    let mut till = FRESH.take().unwrap_or_else(granted);
    let before = till.mark();
    let result = match kind {
        0 | 4 => till.apply_feed_page(&signed, now(1)).map(drop),
        1 => till.accept_acknowledgement(&signed).map(drop),
        2 => till.accept_stop(&signed),
        _ => till.apply_series_grant(&signed, now(1)),
    };
    match result {
        Ok(()) => {
            let audit = till.audit(InMemoryBackend::new()).expect("a till in memory");
            assert!(audit.is_ok(), "{:?}", audit.differences);
            till.status().expect("a till that can be asked");
            till.products(None, 100).expect("a till that can be asked");
            till.hello(JOURNAL, None).expect("a till that can say hello");
            if let Err(error) = till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(2)) {
                told(&error);
            }
        }
        Err(error) => {
            told(&error);
            assert_eq!(till.mark(), before, "what was refused has left a trace");
            FRESH.set(Some(till));
        }
    }
}

fn told(error: &TillError) {
    match error {
        TillError::Refused(refusal) => require_told(refusal),
        TillError::Fault(fault) => require_worded(fault),
        TillError::Db(error) => panic!("a document from outside has broken the store: {error}"),
    }
}
