//! Renewing the till's certificate, from half of its time on.
//!
//! The key stays the same. How far a certificate is through its time is told by the certificate itself and by the last
//! time that head office has signed; the till's own clock has no say, since it may be years off. A till that comes back
//! after its certificate has ended is not let in, and that is its sign to renew. A hello that answers a fresh challenge
//! goes along each time: where the certificate has ended, the journal's key proves by it who asks.
//! Example: given on 2026-11-21 for 397 days, renewed with the first exchange after 2027-06-07.

use counterfoil_core::time::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::client::Client;
use super::head_office::{HeadOffice, TlsKey};
use super::line::Line;
use super::till_side::TillSide;
use super::tls;
use super::trouble::Trouble;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::operations::sync_step::SyncStep;
use crate::wire::sync::{Document, RenewAnswer, RenewRequest};

/// Whether a certificate in PEM was in the second half of its time, or past it, when head office last signed something.
///
/// # Errors
/// It is not a certificate.
pub fn is_renewable(certificate: &str, seen: Timestamp) -> Result<bool, Failure> {
    let unreadable = || Failure::damaged("tls", "the certificate of this till cannot be read");
    let bytes = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| unreadable())?;
    let (_, parsed) = X509Certificate::from_der(&bytes).map_err(|_| unreadable())?;
    let validity = parsed.validity();
    let [from, to] = [validity.not_before, validity.not_after].map(|time| time.timestamp().saturating_mul(1_000));
    Ok(seen.0 >= from.midpoint(to))
}

/// Gets a new certificate, stores it, and connects with it from now on.
///
/// # Errors
/// Head office cannot be reached or refuses; the disk failed.
pub async fn renew(
    client: &mut Client,
    till: &dyn TillSide,
    folder: &Folder,
    head_office: &mut HeadOffice,
) -> Result<(), Trouble> {
    let hello = Some(Document(fresh_hello(client, till).await?));
    let key = TlsKey::read_or_make(folder)?;
    let request = RenewRequest { csr: key.signing_request()?, hello };
    let answer: RenewAnswer = client.post_json("/sync/renew", &request).await?;
    let config = tls::enrolled(&head_office.authority, &answer.certificate, &key.pem(), head_office.seen)?;
    head_office.certificate = answer.certificate;
    head_office.write(folder)?;
    client.connect_anew(config);
    Ok(())
}

async fn fresh_hello(client: &mut Client, till: &dyn TillSide) -> Result<Vec<u8>, Trouble> {
    let journals = till.journals()?;
    let current = journals.last().ok_or_else(|| Trouble::unexpected("no journal", "a till has one"))?;
    let challenge = client.challenge(current.journal.parse()?).await?.to_vec();
    Ok(till.document(SyncStep::Hello { journal: current.journal.clone(), challenge: Some(Document(challenge)) })?)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_renewed_from_half_of_its_time_on() {
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 11, 21), date_time_ymd(2027, 12, 23));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        let begin = 1_795_219_200_000;
        let check = |days: i64, is_due: bool| {
            let seen = Timestamp(begin + days * 86_400_000);
            assert_eq!(is_renewable(&certificate, seen).unwrap(), is_due, "{days} days");
        };
        check(-1, false);
        check(0, false);
        check(198, false);
        check(199, true);
        check(396, true);
        check(397, true);
        check(4_000, true);
        assert!(is_renewable("no certificate", Timestamp(begin)).is_err());
    }
}
