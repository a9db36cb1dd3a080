//! Renewing the till's certificate, from half of its time on.
//!
//! The key stays the same. A certificate that has ended cannot open the door any more; then a hello that answers a fresh
//! challenge proves by the journal's key who asks.

use counterfoil_core::time::Timestamp;

use super::client::Client;
use super::head_office::{CERTIFICATE_MS, HeadOffice, TlsKey};
use super::till_side::TillSide;
use super::trouble::Trouble;
use crate::folder::Folder;
use crate::operations::sync_step::SyncStep;
use crate::wire::sync::{Document, RenewAnswer, RenewRequest};

/// How far a certificate is through its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateAge {
    /// In its first half.
    Fresh,
    /// In its second half.
    Renewable,
    /// Past its end.
    Ended,
}

/// How far a certificate is that was given at `certified`.
#[must_use]
pub const fn certificate_age(certified: Timestamp, now: Timestamp) -> CertificateAge {
    match now.0.saturating_sub(certified.0) {
        age if age >= CERTIFICATE_MS => CertificateAge::Ended,
        age if age >= CERTIFICATE_MS / 2 => CertificateAge::Renewable,
        _ => CertificateAge::Fresh,
    }
}

/// Gets a new certificate and stores it.
///
/// # Errors
/// Head office cannot be reached or refuses; the disk failed.
pub async fn renew(
    client: &mut Client,
    till: &dyn TillSide,
    folder: &Folder,
    head_office: &mut HeadOffice,
    now: Timestamp,
) -> Result<(), Trouble> {
    let hello = match certificate_age(head_office.certified, now) {
        CertificateAge::Fresh | CertificateAge::Renewable => None,
        CertificateAge::Ended => Some(Document(fresh_hello(client, till).await?)),
    };
    let request = RenewRequest { csr: TlsKey::read_or_make(folder)?.signing_request()?, hello };
    let answer: RenewAnswer = client.post_json("/sync/renew", &request).await?;
    head_office.certificate = answer.certificate;
    head_office.certified = now;
    head_office.write(folder)?;
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
    use super::*;

    #[test]
    fn a_certificate_is_renewed_from_half_of_its_time_on() {
        let check = |days: i64, age| {
            assert_eq!(certificate_age(Timestamp(1_000), Timestamp(1_000 + days * 86_400_000)), age, "{days} days");
        };
        check(-1, CertificateAge::Fresh);
        check(0, CertificateAge::Fresh);
        check(198, CertificateAge::Fresh);
        check(199, CertificateAge::Renewable);
        check(396, CertificateAge::Renewable);
        check(397, CertificateAge::Ended);
    }
}
