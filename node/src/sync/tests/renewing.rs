//! Certificates that grow old, whatever the till's clock says.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::*;

fn renewals(shop: &Shop) -> usize {
    let requests = std::mem::take(&mut shop.fake.state().requests);
    requests.iter().filter(|request| *request == "/sync/renew").count()
}

#[test]
fn a_certificate_in_its_second_half_is_renewed_once() {
    let shop = Shop::new();
    let granted = 1_795_000_000_000;
    shop.fake.state().validity_ms = Some((granted - 250 * 86_400_000, granted + 147 * 86_400_000));
    shop.join().unwrap();
    let before = HeadOffice::require(&shop.folder()).unwrap().certificate;
    shop.fake.state().validity_ms = None;
    shop.exchange().unwrap();
    assert_ne!(HeadOffice::require(&shop.folder()).unwrap().certificate, before);
    assert_eq!(renewals(&shop), 1);
    shop.exchange().unwrap();
    assert_eq!(renewals(&shop), 0);
}

#[test]
fn a_till_that_is_not_let_in_renews_its_certificate_and_goes_on_with_the_new_one() {
    let shop = Shop::joined();
    shop.work(3);
    let before = HeadOffice::require(&shop.folder()).unwrap().certificate;
    let ended = CertificateDer::from_pem_slice(before.as_bytes()).unwrap().to_vec();
    shop.fake.state().ended = Some(ended);
    assert_eq!(shop.exchange().unwrap().journals[0].acknowledged, 4);
    assert_ne!(HeadOffice::require(&shop.folder()).unwrap().certificate, before);
    assert_eq!(renewals(&shop), 1);
}
