//! What head office does not take: each is refused on the wire, and nothing of it is stored.

use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::journal::parcel::{self, ItemKind};
use counterfoil_node::failure::Failure;
use counterfoil_node::folder::Folder;
use counterfoil_node::sync::client::Client;
use counterfoil_node::sync::head_office::{HeadOffice, TlsKey};
use counterfoil_node::sync::line::Line;
use counterfoil_node::sync::tls;
use counterfoil_node::sync::trouble::Trouble;
use counterfoil_node::wire::sync::{SyncAnswer, VerdictWire};

use crate::head::Head;
use crate::till::Till;

/// Everything that head office tells of itself.
fn state(head: &Head) -> String {
    let store = head.office();
    let tokens = store.store().read(|rows| rows.slots()).unwrap();
    format!("{} {tokens:?}", head.audit())
}

/// Sends bytes as the till of a folder, with its certificate.
fn post<T: serde::de::DeserializeOwned>(till: &Till, path: &str, body: Vec<u8>) -> Result<T, Trouble> {
    let folder = Folder::at(till.folder());
    let known = HeadOffice::require(&folder).unwrap();
    let key = TlsKey::read_or_make(&folder).unwrap().pem();
    let config = tls::enrolled(&known.authority, &known.certificate, &key, known.seen).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Client::new(known.address, config).post_for(path, body).await })
}

fn refusal(answered: Result<SyncAnswer, Trouble>) -> (String, String) {
    match answered.map_err(Failure::from) {
        Err(Failure::Refused(refusal)) => (refusal.code().to_owned(), refusal.field().to_owned()),
        other => panic!("{other:?}"),
    }
}

/// The signed batch in an export of what was not sent yet.
fn batch(till: &Till) -> Vec<u8> {
    till.ok(&["export", &till.path("batch.cfx")]);
    let items = parcel::decode(&std::fs::read(till.path("batch.cfx")).unwrap()).unwrap();
    items.into_iter().find(|item| item.kind == ItemKind::Batch).unwrap().bytes
}

#[test]
fn a_batch_that_is_altered_foreign_or_too_large_leaves_nothing() {
    let head = Head::open();
    let (till, other) = (head.till("S01", "T01"), head.till("S01", "T02"));
    till.sync();
    till.sell_milk("a", 3);
    let (batch, before) = (batch(&till), state(&head));
    let verdict = |bytes: Vec<u8>| post::<SyncAnswer>(&till, "/sync/batch", bytes).unwrap().verdict;

    let thief = SigningKey::from_seed([7; 32]);
    let entries = Batch::read(&batch).unwrap();
    let key = HeadOffice::require(&Folder::at(till.folder())).unwrap();
    let granted = counterfoil_core::grant::GrantV1::verify(&key.grant).unwrap();
    let entries = entries.verify(&granted.key).unwrap().entries().to_vec();
    assert_eq!(verdict(Batch::sign(&entries, &thief).unwrap()), VerdictWire::BadSignature);
    for at in (0..batch.len()).step_by(batch.len() / 24) {
        let mut altered = batch.clone();
        altered[at] ^= 0x20;
        match post::<SyncAnswer>(&till, "/sync/batch", altered) {
            Ok(answer) => {
                let is_refused = matches!(
                    answer.verdict,
                    VerdictWire::BadSignature | VerdictWire::BrokenChain | VerdictWire::UnknownJournal
                );
                assert!(is_refused && answer.acknowledgement.is_none(), "byte {at}: {answer:?}");
            }
            Err(Trouble::Refused(refusal)) => assert_eq!(refusal.code(), "malformed", "byte {at}"),
            Err(other) => panic!("byte {at}: {other:?}"),
        }
    }
    let malformed = ("malformed".to_owned(), "body".to_owned());
    assert_eq!(refusal(post(&till, "/sync/batch", batch[..batch.len() - 1].to_vec())), malformed);
    assert_eq!(refusal(post(&till, "/sync/hello", batch.clone())), malformed);
    assert_eq!(refusal(post(&other, "/sync/batch", batch.clone())), ("not_permitted".to_owned(), "journal".to_owned()));
    assert_eq!(state(&head), before);

    assert_eq!(verdict(batch), VerdictWire::Append);
    assert_eq!(till.sync()["journals"][0]["verdict"], "duplicate");
    head.clean_audit();
}

#[test]
fn a_token_that_is_used_ended_or_of_another_head_office_makes_no_till() {
    let (head, stranger) = (Head::open(), Head::open());
    let till = Till::nowhere();
    let used = head.token("S01", "T01", &[]);
    till.ok(&["enrol", &head.line.url(), &used]);
    till.ok(&["enrol", &head.line.url(), &used]);
    let before = state(&head);
    let refused = |url: &str, token: &str| {
        let nobody = Till::nowhere();
        let ran = nobody.run(&["enrol", url, token]);
        assert_eq!(nobody.run(&["status"]).refused(), ("missing".to_owned(), "data".to_owned()));
        ran
    };
    let invalid = ("token_invalid".to_owned(), "token".to_owned());
    assert_eq!(refused(&head.line.url(), &used).refused(), invalid);
    assert_eq!(refused(&head.line.url(), "CF1-nothing").refused(), invalid);
    // A token names the authority by which it may be shown; it is shown to no other.
    let ran = refused(&stranger.line.url(), &head.token("S01", "T02", &[]));
    assert_eq!((ran.code, ran.last()["error"]["code"].as_str()), (3, Some("unreachable")), "{ran:?}");
    assert_eq!(refused("http://localhost:1", &used).refused(), ("malformed".to_owned(), "url".to_owned()));
    assert_eq!(stranger.clean_audit()["journals"], serde_json::json!([]));
    assert_eq!(state(&head).split(" [").next(), before.split(" [").next());
}

#[test]
fn a_till_speaks_to_no_head_office_with_another_authority() {
    let (head, stranger) = (Head::open(), Head::open());
    let till = head.till("S01", "T01");
    till.sync();
    till.sell_milk("a", 1);
    let before = (state(&head), state(&stranger));
    head.line.lead_to(stranger.address());
    let ran = till.run(&["sync"]);
    assert_eq!((ran.code, ran.last()["error"]["code"].as_str()), (3, Some("unreachable")), "{ran:?}");
    assert!(ran.last().to_string().contains("TLS"), "{ran:?}");
    assert_eq!((state(&head), state(&stranger)), before);
    head.line.lead_to(head.address());
    assert_eq!(till.sync()["journals"][0]["sent"], 1);
}
