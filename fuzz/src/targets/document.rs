//! Signed documents: hello, acknowledgement, grant, stop, feed page, journal request, as they come and signed anew.
//!
//! Always: a document that verifies, with its statement signed again, is the same bytes; with one bit changed it
//! verifies no more; and it is of no other kind.

use counterfoil_core::feed::FeedPageV1;
use counterfoil_core::grant::{GrantV1, JournalRequestV1, StopV1};
use counterfoil_core::journal::acknowledgement::Acknowledgement;
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::journal::key::{Domain, SigningKey};
use counterfoil_core::journal::signed::{self, Statement, Unverified, sign_statement};
use counterfoil_core::receipt_code::ReceiptCodeV1;

use super::draw::Draw;
use super::require_worded;
use super::shop::{key, office_key};
use super::signing::DOMAINS;

/// The first byte says of which kind the document is, and whether the rest is the document or its payload.
///
/// # Panics
/// A law of signed documents is broken.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let choice = draw.byte();
    let domain = DOMAINS[usize::from(choice) % DOMAINS.len()];
    let key = if matches!(domain, Domain::Batch | Domain::Hello | Domain::Request) { key() } else { office_key() };
    let signed = if choice < 128 {
        draw.rest().to_vec()
    } else {
        match signed::sign(domain, draw.rest(), &key) {
            Ok(signed) => {
                assert_eq!(signed::open(domain, &signed, &key.public_key()).as_deref(), Ok(draw.rest()));
                signed
            }
            Err(fault) => return require_worded(&fault),
        }
    };
    match domain {
        Domain::Batch => judge::<BatchHead>(&signed, &key),
        Domain::Hello => judge::<Hello>(&signed, &key),
        Domain::Acknowledgement => judge::<Acknowledgement>(&signed, &key),
        Domain::Grant => judge::<GrantV1>(&signed, &key),
        Domain::Feed => judge::<FeedPageV1>(&signed, &key),
        Domain::Stop => judge::<StopV1>(&signed, &key),
        Domain::Request => judge::<JournalRequestV1>(&signed, &key),
        // No documents of their own, but parts of the code on a receipt.
        Domain::Receipt | Domain::Certificate => {}
    }
    told(GrantV1::verify(&signed));
    told(JournalRequestV1::verify(&signed));
    judge_code(&signed);
}

/// The code on a receipt that is made of any bytes: read without a panic, and never verified.
fn judge_code(bytes: &[u8]) {
    let letter = |byte: &u8| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte % 32)]);
    let text: String = "CFR1".chars().chain(bytes.iter().map(letter)).collect();
    if let Ok((code, ..)) = ReceiptCodeV1::read(&text) {
        let _ = code.as_document().is_balanced();
    }
    assert!(ReceiptCodeV1::verify(&text, |_| None, Some(&office_key().public_key())).is_err());
}

fn told<T>(result: Result<T, Fault>) {
    if let Err(fault) = result {
        require_worded(&fault);
    }
}

fn judge<T: Statement>(bytes: &[u8], key: &SigningKey) {
    let unverified = match Unverified::<T>::read(bytes) {
        Ok(unverified) => unverified,
        Err(fault) => return require_worded(&fault),
    };
    let verified = match unverified.verify(&key.public_key()) {
        Ok(verified) => verified,
        Err(fault) => return require_worded(&fault),
    };
    assert_eq!(verified.proof(), bytes);
    assert_eq!(sign_statement(verified.statement(), key).as_deref(), Ok(bytes), "signed again it is other bytes");
    let mut altered = bytes.to_vec();
    let place = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    altered[place % bytes.len()] ^= 1 << (place % 8);
    let verified = Unverified::<T>::read(&altered).and_then(|it| it.verify(&key.public_key()).map(|_| ()));
    assert!(verified.is_err(), "one bit was changed and it still verifies");
    for other in DOMAINS.into_iter().filter(|other| *other != T::DOMAIN) {
        assert!(signed::open(other, bytes, &key.public_key()).is_err(), "it is of two kinds");
    }
}
