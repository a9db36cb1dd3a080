//! Enrolling, acknowledging, stopping: how journals of one folder follow one another.

use counterfoil_core::command::{Command, Count};
use counterfoil_core::db::{FileBackend, InMemoryBackend};
use counterfoil_core::event::Event;
use counterfoil_core::feed::FeedPageV1;
use counterfoil_core::grant::GrantV1;
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::till::{Access, Mark, Outcome, SetUp, Till, TillError};

use crate::office::{JOURNAL, Office, audit_is_ok, epoch, price, refused, sell, till_key};
use crate::shop::{goods, now, owner, profile, refund};

const OWN: JournalId = JournalId([1; 16]);

fn own_key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// A stand-alone till that sold two pieces and closed its drawer.
fn stand_alone() -> Till {
    let profile = profile("ES", "EUR", true);
    let set_up = SetUp { profile, journal: OWN, key: own_key(), series_suffix: "A".to_owned() };
    let mut till = Till::create(InMemoryBackend::new(), set_up, now(0)).unwrap();
    till.execute(&Command::ChangeMasterData(goods()), &owner(), now(0)).unwrap();
    open(&mut till);
    assert_eq!(sell(&mut till, "1", "milk") + sell(&mut till, "2", "book"), 125 + 1990);
    close(&mut till);
    till
}

fn open(till: &mut Till) {
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
}

fn close(till: &mut Till) {
    till.execute(&Command::CloseDrawer(Count::Total(Money::ZERO)), &owner(), now(6)).unwrap();
}

fn is_read_only(till: &Till) -> bool {
    matches!(till.access(), Access::ReadOnly(_))
}

/// The event of a journal's entry, as head office would read it from a batch.
fn event_at(till: &Till, journal: JournalId, key: &SigningKey, seq: u64) -> Option<Event> {
    let bytes = till.batch(journal, seq).unwrap()?;
    let batch = Batch::read(&bytes).unwrap().verify(&key.public_key()).unwrap();
    Event::decode(batch.first()).unwrap()
}

#[test]
fn enrolling_closes_the_till_s_own_journal_and_carries_its_totals_on() {
    let (office, mut till) = (Office::new(), stand_alone());
    let own_head = till.mark();
    till.enrol(till_key(), &office.grant(JOURNAL, &till_key()), now(7)).unwrap();
    let journals = till.journals().unwrap();
    assert_eq!(
        journals.iter().map(|journal| (journal.journal, journal.is_open)).collect::<Vec<_>>(),
        [(OWN, false), (JOURNAL, true)]
    );
    assert_eq!((journals[0].seq, journals[1].seq), (own_head.seq + 1, 1));
    let Some(Event::JournalOpened(opened)) = event_at(&till, JOURNAL, &till_key(), 1) else { panic!("no opening") };
    let predecessor = opened.predecessor.unwrap();
    assert_eq!((predecessor.journal, predecessor.seq, predecessor.hash), (OWN, journals[0].seq, journals[0].hash));
    assert!(matches!(event_at(&till, OWN, &own_key(), journals[0].seq), Some(Event::JournalClosed(_))));
    assert_eq!((till.state().perpetual_gross.minor(), till.state().total.gross.minor()), (2115, 0));
    open(&mut till);
    assert_eq!(till.session().unwrap().session, 2);
    assert_eq!(sell(&mut till, "3", "milk"), 125);
    // What was sold under the till's own journal is taken back under the granted one.
    till.execute(&Command::RefundSale(refund("r", "2", Some(&[(1, "1")]))), &owner(), now(8)).unwrap();
    let credited = till.document("r").unwrap().unwrap().document;
    assert_eq!((credited.printed.as_str(), credited.totals.gross.minor()), ("S01-T01-C26H-000001", -1990));
    assert_eq!(till.state().perpetual_gross.minor(), 2115 + 125 - 1990);
    close(&mut till);
    assert_eq!(till.z_report(None).unwrap().unwrap().z.perpetual_gross.minor(), 250);
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
    assert_eq!((audit.totals[0].gross.minor(), audit.drawer_sessions), (250, 2));
}

#[test]
fn a_grant_is_taken_once_and_only_where_it_fits() {
    let (office, mut till) = (Office::new(), stand_alone());
    open(&mut till);
    let grant = office.grant(JOURNAL, &till_key());
    assert_eq!(refused(till.enrol(till_key(), &grant, now(7))).0, "drawer_open");
    close(&mut till);
    let head = till.mark();
    assert_eq!(refused(till.enrol(own_key(), &grant, now(7))), ("declined", "grant".to_owned()));
    let mut other = office.grant_of(JOURNAL, &till_key(), Office::series(2026, "H"));
    other.profile.currency = "USD".parse().unwrap();
    let other = GrantV1::sign(&other, &office.key).unwrap();
    assert_eq!(refused(till.enrol(till_key(), &other, now(7))), ("declined", "grant".to_owned()));
    let mut forged = grant.clone();
    forged[40] ^= 1;
    assert!(matches!(till.enrol(till_key(), &forged, now(7)), Err(TillError::Fault(_))));
    let same = office.grant(OWN, &own_key());
    assert_eq!(refused(till.enrol(own_key(), &same, now(7))), ("declined", "grant".to_owned()));
    assert_eq!((till.mark(), till.is_enrolled().unwrap()), (head, false));
    till.enrol(till_key(), &grant, now(7)).unwrap();
    let head = till.mark();
    till.enrol(till_key(), &grant, now(8)).unwrap();
    assert_eq!((till.mark(), till.journals().unwrap().len()), (head, 2));
    let stranger = Office { key: SigningKey::from_seed([8; 32]), ..Office::new() };
    let key = SigningKey::from_seed([3; 32]);
    let foreign = stranger.grant(JournalId([3; 16]), &key);
    assert_eq!(refused(till.enrol(key, &foreign, now(9))), ("declined", "grant".to_owned()));
    assert_eq!(till.mark(), head);
    audit_is_ok(&mut till);
}

#[test]
fn an_acknowledgement_is_stored_only_if_it_is_of_this_chain_and_not_late() {
    let mut office = Office::new();
    let mut till = office.till();
    let (seq, hash) = (till.head().seq(), till.head().hash());
    let acknowledged = |till: &Till| till.journals().unwrap()[0].acknowledged;
    let declined = ("declined", "acknowledgement".to_owned());
    assert_eq!(refused(till.accept_acknowledgement(&office.acknowledge(JOURNAL, seq, Hash([4; 32])))), declined);
    assert_eq!(refused(till.accept_acknowledgement(&office.acknowledge(JOURNAL, seq + 1, hash))), declined);
    let foreign = office.acknowledge(JournalId([8; 16]), seq, hash);
    assert_eq!(refused(till.accept_acknowledgement(&foreign)), ("document_unknown", "journal".to_owned()));
    let stranger = Office { key: SigningKey::from_seed([8; 32]), ..Office::new() };
    let forged = till.accept_acknowledgement(&stranger.acknowledge(JOURNAL, seq, hash));
    assert!(matches!(forged, Err(TillError::Fault(Fault::BadSignature { .. }))), "{forged:?}");
    assert_eq!((acknowledged(&till), till.status().unwrap().unsent), (0, seq));
    let first = till.batch(JOURNAL, 1).unwrap().unwrap();
    let first = Batch::read(&first).unwrap().verify(&till_key().public_key()).unwrap().first().hash();
    let late = office.acknowledge(JOURNAL, 1, first);
    assert_eq!(till.accept_acknowledgement(&office.acknowledge(JOURNAL, seq, hash)).unwrap(), seq);
    assert_eq!((acknowledged(&till), till.status().unwrap().unsent), (seq, 0));
    till.accept_acknowledgement(&late).unwrap();
    assert_eq!(acknowledged(&till), seq);
    audit_is_ok(&mut till);
    // Head office was restored: its new epoch holds less, and the till must know in order to send again.
    office.epoch = epoch(2);
    till.accept_acknowledgement(&office.acknowledge(JOURNAL, 1, first)).unwrap();
    assert_eq!(acknowledged(&till), 1);
    till.accept_acknowledgement(&office.acknowledge(JOURNAL, 0, Hash::ZERO)).unwrap();
    assert_eq!(acknowledged(&till), 1);
    audit_is_ok(&mut till);
}

#[test]
fn a_stopped_journal_grows_no_more_until_another_is_granted() {
    let (office, folder) = (Office::new(), tempfile::tempdir().unwrap());
    let file = || {
        let path = folder.path().join("till.redb");
        let file = std::fs::File::options().read(true).write(true).create(true).truncate(false).open(path);
        FileBackend::new(file.unwrap()).unwrap()
    };
    let mut till = Till::create_granted(file(), till_key(), &office.grant(JOURNAL, &till_key()), now(0)).unwrap();
    let mut fed = Office::new();
    let rows = fed.set(goods());
    till.apply_feed_page(&fed.last_page(0, 1, rows), now(1)).unwrap();
    open(&mut till);
    assert_eq!(sell(&mut till, "1", "milk"), 125);
    let head = till.mark();
    let stranger = Office { key: SigningKey::from_seed([8; 32]), ..Office::new() };
    assert!(matches!(till.accept_stop(&stranger.stop(JOURNAL)), Err(TillError::Fault(_))));
    assert_eq!(refused(till.accept_stop(&office.stop(OWN))).0, "document_unknown");
    assert_eq!(till.access(), &Access::Full);
    till.accept_stop(&office.stop(JOURNAL)).unwrap();
    drop(till);
    let mut till = Till::open(file(), vec![till_key()], Access::Full).unwrap();
    assert!(is_read_only(&till));
    let open_drawer = Command::OpenDrawer(Money::ZERO);
    assert_eq!(refused(till.execute(&open_drawer, &owner(), now(9))).0, "read_only");
    let grant = office.grant_of(JOURNAL, &till_key(), Office::series(2029, "H")).sign(&office.key).unwrap();
    let rows = fed.set(vec![price("milk", "1.5")]);
    let page = FeedPageV1 { state: fed.state(), grants: vec![grant.clone()], ..fed.page(1, 2, rows) };
    till.apply_feed_page(&fed.sign(page), now(9)).unwrap();
    assert_eq!(Mark { changes: head.changes, ..till.mark() }, head, "the journal has not grown");
    assert_eq!(till.mark().changes, head.changes + 2, "a stop and a page were stored beside it");
    assert_eq!(refused(till.apply_series_grant(&grant, now(9))).0, "read_only");
    assert!(till.document("1").unwrap().is_some() && till.batch(JOURNAL, 1).unwrap().is_some());
    assert_eq!(till.journals().unwrap()[0].stopped.as_deref(), Some("fork"));
    let key = SigningKey::from_seed([3; 32]);
    let next = office.grant_of(JournalId([3; 16]), &key, Office::series(2026, "K")).sign(&office.key).unwrap();
    till.enrol(key, &next, now(10)).unwrap();
    // The stopped journal is not continued, not even to close its drawer or to say that it ends.
    assert_eq!(till.journals().unwrap()[0].seq, head.seq);
    // Its drawer session goes on in the new one, with all of its figures.
    assert_eq!((till.session().unwrap().session, till.session().unwrap().sales), (1, 1));
    assert_eq!(sell(&mut till, "2", "milk"), 150);
    let outcome = till.execute(&Command::RefundSale(refund("r", "1", None)), &owner(), now(11)).unwrap();
    assert!(matches!(outcome, Outcome::Issued(_)));
    audit_is_ok(&mut till);
}
