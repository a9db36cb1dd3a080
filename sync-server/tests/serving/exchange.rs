//! Hellos, batches and the feed, said by real tills.

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::{GrantV1, JournalRequestV1, PredecessorV1};
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::money::Money;
use counterfoil_core::till::Till;
use counterfoil_sync_server::audit::audit;
use counterfoil_sync_server::ingest::ingest;
use counterfoil_sync_server::master_data::{self, MasterChange};

use crate::head::{Head, Joined, milk, now};

fn balance(head: &Head) -> (bool, u64, u64) {
    let found = head.server.office().store().read(audit).unwrap();
    assert_eq!(found.differences, Vec::<String>::new());
    let documents = found.totals.first().map_or(0, |total| total.count);
    (found.is_ok(), documents, found.unreceived.iter().map(|one| one.to - one.from + 1).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_till_sells_arrives_and_is_acknowledged() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    ["a", "b", "c"].iter().for_each(|id| till.sell(id));
    let answer = till.hello().await;
    assert_eq!((answer["verdict"].as_str(), answer["expected_seq"].as_u64()), (Some("append"), Some(1)));
    assert_eq!(balance(&head), (true, 0, 5));
    let answer = till.push(1).await;
    assert_eq!((answer["verdict"].as_str(), answer["expected_seq"].as_u64()), (Some("append"), Some(6)));
    assert_eq!(till.till.journals().unwrap()[0].acknowledged, 5);
    assert_eq!(till.push(2).await["verdict"], "duplicate");
    assert_eq!(till.hello().await["verdict"], "duplicate");
    assert_eq!(balance(&head), (true, 3, 0));
    till.sell("d");
    till.sell("e");
    assert_eq!(till.push(7).await["verdict"], "gap");
    assert_eq!(till.push(5).await["verdict"], "append");
    assert_eq!(balance(&head), (true, 5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_speaks_only_for_itself() {
    let head = Head::open().await;
    let (mut one, mut other) = (head.join("S01", "T01", 1).await, head.join("S01", "T02", 2).await);
    std::mem::swap(&mut one.client, &mut other.client);
    let batch = one.till.batch(one.journal, 1).unwrap().unwrap();
    assert_eq!(one.client.post("/sync/batch", batch.clone()).await.refused(), (403, "not_permitted".to_owned()));
    let (key, thief) = (SigningKey::from_seed([1; 32]), SigningKey::from_seed([2; 32]));
    let entries = Batch::read(&batch).unwrap().verify(&key.public_key()).unwrap().entries().to_vec();
    let altered = Batch::sign(&entries, &thief).unwrap();
    let answer = other.client.post("/sync/batch", altered).await.json();
    assert_eq!((answer["verdict"].as_str(), answer["acknowledgement"].as_str()), (Some("bad_signature"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_and_removals_come_down_and_the_state_hash_agrees() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    assert_eq!(till.pull().await, 0);
    let change = |changes: &[MasterChange]| {
        head.server.office().store().write(|rows| master_data::change(rows, changes)).unwrap()
    };
    assert_eq!(change(&[MasterChange::set(None, milk("1.25"))]).unchanged, 1);
    assert_eq!(change(&[MasterChange::set(None, milk("1.35"))]).updated, 1);
    assert_eq!(till.pull().await, 1);
    let price = |till: &Joined| till.till.resolve("milk").unwrap().unwrap().price.unwrap().to_string();
    assert_eq!(price(&till), "1.35");
    let of_store = |store: &str, price: &str| {
        let price =
            counterfoil_core::catalog::StorePrice { product: "milk".parse().unwrap(), price: price.parse().unwrap() };
        MasterChange::set(Some(store.parse().unwrap()), counterfoil_core::catalog::MasterRow::Price(price))
    };
    change(&[of_store("S02", "9.99"), of_store("S01", "1.15")]);
    assert_eq!((till.pull().await, price(&till).as_str()), (1, "1.15"));
    let key = counterfoil_core::catalog::MasterKey::Product("milk".parse().unwrap());
    let row = counterfoil_core::feed::FeedRow::Remove(key);
    change(&[MasterChange { store: None, row, pin: None }]);
    assert_eq!(till.pull().await, 1);
    assert!(till.till.resolve("milk").unwrap().is_none());
    assert_eq!(till.client.get("/sync/feed?revision=99").await.status, 200);
}

fn request_after(till: &Joined, number: u8) -> Vec<u8> {
    let key = SigningKey::from_seed([number; 32]);
    let summary = &till.till.journals().unwrap()[0];
    let predecessor = PredecessorV1 {
        journal: till.journal,
        key: SigningKey::from_seed([till.journal.0[0]; 32]).public_key(),
        seq: summary.seq,
        hash: summary.hash,
        perpetual_gross: Money::ZERO,
        sessions: 1,
    };
    let journal = JournalId([number; 16]);
    JournalRequestV1 { journal, key: key.public_key(), slot: None, predecessor: Some(predecessor) }.sign(&key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_till_is_stopped_and_gets_a_journal_with_series_never_used() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    till.sell("a");
    assert_eq!(till.push(1).await["verdict"], "append");
    let refused = till.client.post("/sync/request", request_after(&till, 9)).await.refused();
    assert_eq!(refused, (409, "declined".to_owned()));

    let grant = head.server.office().store().read(|rows| rows.grant(till.journal)).unwrap().unwrap().grant;
    let key = SigningKey::from_seed([1; 32]);
    till.till = Till::create_granted(InMemoryBackend::new(), key, &grant, now()).unwrap();
    let answer = till.hello().await;
    // Another first entry shows itself as a fork, an equal one as a rollback; either way this life is over.
    assert!(matches!(answer["verdict"].as_str(), Some("fork" | "rollback")), "{answer}");
    assert!(answer["stop"].is_string());
    let answered = till.client.post("/sync/request", request_after(&till, 9)).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    let granted = GrantV1::verify(&answered.body).unwrap();
    assert_eq!(granted.series[0].code.as_str(), "S01-T01-R26B");
    let again = till.client.post("/sync/request", request_after(&till, 9)).await;
    assert_eq!(again.body, answered.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forked_journal_is_set_apart_and_others_go_on() {
    let head = Head::open().await;
    let (mut clone, mut other) = (head.join("S01", "T01", 1).await, head.join("S01", "T02", 2).await);
    clone.sell("a");
    assert_eq!(clone.push(1).await["verdict"], "append");
    let grant = head.server.office().store().read(|rows| rows.grant(clone.journal)).unwrap().unwrap().grant;
    let key = SigningKey::from_seed([1; 32]);
    let mut later = now();
    later.at.0 += 1;
    clone.till = Till::create_granted(InMemoryBackend::new(), key, &grant, later).unwrap();
    let answer = clone.push(1).await;
    assert_eq!((answer["verdict"].as_str(), answer["acknowledgement"].as_str()), (Some("fork"), None));
    other.sell("b");
    assert_eq!(other.push(1).await["verdict"], "append");
    let found = head.server.office().store().read(audit).unwrap();
    assert_eq!((found.is_ok(), found.differences.len(), found.totals[0].count), (false, 0, 2));
    let standings: Vec<String> = found.journals.iter().map(|one| format!("{:?} {}", one.standing, one.kept)).collect();
    assert_eq!(standings, ["Quarantined 1", "Open 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_travels_by_file_counts_as_much_as_what_travels_by_wire() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    till.sell("a");
    let item = |kind, bytes| Item { kind, bytes };
    let hello = till.till.hello(till.journal, None).unwrap();
    let batch = till.till.batch(till.journal, 1).unwrap().unwrap();
    let file = parcel::encode(&[item(ItemKind::Hello, hello), item(ItemKind::Batch, batch)]).unwrap();
    for expected in ["append", "duplicate"] {
        let ingested = ingest(head.server.office(), &file).unwrap();
        assert_eq!(ingested.answers.last().unwrap().1.verdict, expected);
        for item in parcel::decode(&ingested.parcel.unwrap()).unwrap() {
            assert_eq!(item.kind, ItemKind::Acknowledgement);
            till.till.accept_acknowledgement(&item.bytes).unwrap();
        }
    }
    assert_eq!(till.till.journals().unwrap()[0].acknowledged, 3);
    assert!(ingest(head.server.office(), &file[..file.len() - 1]).is_err());
    assert_eq!(balance(&head), (true, 1, 0));
}
