//! Joining by a token: once, the same answer again, and never for another key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::grant::GrantV1;
use counterfoil_core::id::Hash;
use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::store::record::TokenRecord;
use counterfoil_sync_server::token::Token;
use serde_json::json;

use crate::client::{Identity, new_key};
use crate::head::{Head, csr_again, journal_request, text};

fn kept(head: &Head, token: &str) -> TokenRecord {
    let hash: Hash = token.parse::<Token>().unwrap().hash();
    head.server.office().store().read(|rows| rows.token(hash)).unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_gives_a_journal_with_its_series_and_a_certificate() {
    let head = Head::open().await;
    let token = head.token("S01", "T01");
    assert_eq!(token.parse::<Token>().unwrap().pin(), head.server.office().authority().pin());
    let (key, csr) = new_key();
    let answer = head.enrol(&token, &journal_request(1), &csr).await.json();
    let grant = GrantV1::verify(&STANDARD.decode(text(&answer["grant"])).unwrap()).unwrap();
    assert_eq!((grant.profile.store.as_str(), grant.profile.till.as_str(), grant.series.len()), ("S01", "T01", 10));
    assert_eq!(grant.head_office, head.server.office().key().public_key());
    assert_eq!(text(&answer["ca"]), head.root);
    let identity = Identity { key, certificate: text(&answer["certificate"]).to_owned() };
    let mut client = head.connect(Some(&identity)).await;
    let answered = client.get(&format!("/sync/challenge?journal={}", grant.journal)).await;
    assert_eq!((answered.status.as_u16(), answered.body.len()), (200, 32));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_keys_get_the_same_answer_again() {
    let head = Head::open().await;
    let token = head.token("S01", "T01");
    let (key, csr) = new_key();
    let first = head.enrol(&token, &journal_request(1), &csr).await.json();
    let identity = Identity { key, certificate: String::new() };
    let again = head.enrol(&token, &journal_request(1), &csr_again(&identity)).await.json();
    assert_eq!(first, again);
    assert_eq!(kept(&head, &token).refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_key_is_refused_and_counted() {
    let head = Head::open().await;
    let token = head.token("S01", "T01");
    let (_, csr) = new_key();
    assert_eq!(head.enrol(&token, &journal_request(1), &csr).await.status, 200);
    let refused = |status: u16| (status, "token_invalid".to_owned());
    assert_eq!(head.enrol(&token, &journal_request(2), &csr).await.refused(), refused(403));
    assert_eq!(head.enrol(&token, &journal_request(1), &new_key().1).await.refused(), refused(403));
    assert_eq!(kept(&head, &token).refused, 2);
    let journals = head.server.office().store().read(|rows| rows.journals()).unwrap();
    assert_eq!(journals.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_unknown_or_has_ended_opens_nothing() {
    let head = Head::open().await;
    let (_, csr) = new_key();
    let pin = head.server.office().authority().pin();
    let unknown = Token::new([5; 20], pin).to_string();
    assert_eq!(head.enrol(&unknown, &journal_request(1), &csr).await.refused().0, 403);
    let token = head.token("S01", "T01");
    let ended = TokenRecord { expires: Timestamp(1), ..kept(&head, &token) };
    let hash = token.parse::<Token>().unwrap().hash();
    head.server.office().store().write(|rows| rows.put_token(hash, &ended)).unwrap();
    let answered = head.enrol(&token, &journal_request(1), &csr).await;
    assert_eq!(answered.refused(), (403, "token_invalid".to_owned()));
    assert_eq!(answered.json()["refused"]["value"], "expired");
    assert!(kept(&head, &token).used.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_uses_up_no_token() {
    let head = Head::open().await;
    let token = head.token("S01", "T01");
    let (_, csr) = new_key();
    let mut altered = journal_request(1);
    altered[20] ^= 1;
    assert_eq!(head.enrol("CF1-x", &journal_request(1), &csr).await.refused(), (422, "malformed".to_owned()));
    assert_eq!(head.enrol(&token, &altered, &csr).await.refused(), (400, "malformed".to_owned()));
    assert_eq!(head.enrol(&token, b"", &csr).await.refused(), (400, "malformed".to_owned()));
    assert_eq!(head.enrol(&token, &journal_request(1), "no request").await.refused().0, 422);
    let body = json!({ "token": token, "request": "%", "csr": csr }).to_string();
    assert_eq!(head.connect(None).await.post("/enrol", body).await.refused().0, 422);
    assert!(kept(&head, &token).used.is_none());
    assert_eq!(head.enrol(&token, &journal_request(1), &csr).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_race_with_one_token_get_one_journal() {
    let head = Head::open().await;
    let token = head.token("S01", "T01");
    let ((_, one), (_, other)) = (new_key(), new_key());
    let (requests, store) = ([journal_request(1), journal_request(2)], head.server.office().store());
    let (first, second) =
        tokio::join!(head.enrol(&token, &requests[0], &one), head.enrol(&token, &requests[1], &other));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403]);
    assert_eq!(store.read(|rows| rows.journals()).unwrap().len(), 1);
}
