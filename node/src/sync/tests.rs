//! A till and a fake head office over real TLS: joining, sending, mishaps, stops and the feed.

use std::sync::Mutex;

use counterfoil_core::catalog::{Category, MasterRow, TaxClass};
use counterfoil_core::command::{CashMovement, Command, Count};
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::feed::FeedRow;
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{JournalId, Name, OperatorCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::money::Money;
use tempfile::TempDir;

use super::address::{Address, Token};
use super::enrol::enrol;
use super::*;
use crate::folder::settings::Settings;
use crate::local::reach::Reach;
use crate::open_till::OpenTill;
use crate::operations::sync_step::StepAnswer;
use crate::wire::sync::VerdictWire;

mod fake;
mod healing;
mod renewing;

use fake::{FakeHeadOffice, Mishap};

fn profile() -> Profile {
    Profile {
        store: "S01".parse().unwrap(),
        till: "T01".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        country: "HR".parse().unwrap(),
        zone: Name::new("Europe/Zagreb").unwrap(),
        prices_include_tax: true,
        has_history: false,
    }
}

/// A folder and its fake head office.
struct Shop {
    place: TempDir,
    fake: FakeHeadOffice,
}

impl Shop {
    fn new() -> Self {
        Self { place: tempfile::tempdir().unwrap(), fake: FakeHeadOffice::start(profile(), "127.0.0.1") }
    }

    fn folder(&self) -> Folder {
        Folder::at(self.place.path().join("till"))
    }

    fn join(&self) -> Result<crate::wire::sync::Enrolled, Failure> {
        enrol(&self.folder(), &self.fake.address, &self.fake.token)
    }

    fn joined() -> Self {
        let shop = Self::new();
        shop.join().unwrap();
        shop
    }

    fn exchange(&self) -> Result<SyncReport, Trouble> {
        exchange(&Mutex::new(Reach::of(&self.folder()).unwrap()), &self.folder())
    }

    fn open(&self) -> OpenTill {
        OpenTill::open(self.folder().try_lock().unwrap().unwrap()).unwrap()
    }

    fn journal(&self) -> JournalId {
        self.open().read(|core| Ok(core.mark().journal)).unwrap()
    }

    fn execute(&self, command: &Command) {
        self.open().execute(command, &"owner".parse::<OperatorCode>().unwrap()).unwrap();
    }

    /// Makes so many entries, the first of which opens the drawer unless it is open.
    fn work(&self, entries: usize) {
        let owner: OperatorCode = "owner".parse().unwrap();
        let mut till = self.open();
        let is_open = till.read(|till| Ok(till.session().is_some())).unwrap();
        if !is_open {
            till.execute(&Command::OpenDrawer(Money::ZERO), &owner).unwrap();
        }
        let movement = CashMovement {
            kind: CashMovementKind::PayIn,
            amount: Money::from_minor(100),
            reason: "change".parse().unwrap(),
            bag: None,
        };
        for _ in usize::from(!is_open)..entries {
            till.execute(&Command::MoveCash(movement.clone()), &owner).unwrap();
        }
    }

    fn close(&self) {
        self.execute(&Command::CloseDrawer(Count::Total(Money::ZERO)));
    }
}

fn category(code: &str) -> FeedRow {
    let name = Name::new(code).unwrap();
    FeedRow::Set(MasterRow::Category(Category { code: code.parse().unwrap(), name, parent: None }))
}

#[test]
fn an_empty_folder_joins_and_sends_all_that_it_does() {
    let shop = Shop::new();
    let joined = shop.join().unwrap();
    assert_eq!((joined.store.as_str(), joined.till.as_str(), joined.series.len()), ("S01", "T01", 15));
    shop.work(1_300);
    let report = shop.exchange().unwrap();
    assert_eq!((report.journals[0].sent, report.journals[0].acknowledged), (1_301, 1_301));
    assert_eq!((shop.fake.held(shop.journal()), report.notes.len()), (1_301, 0));
    let again = shop.exchange().unwrap();
    assert_eq!((again.journals[0].sent, again.journals[0].acknowledged), (0, 1_301));
}

#[test]
fn a_lost_answer_is_mended_by_sending_again() {
    let shop = Shop::joined();
    // Challenge, hello, batch and feed: the answer to each is lost once.
    for lost in 0..4 {
        shop.work(10);
        shop.close();
        shop.fake.state().mishaps = (0..lost).map(|_| Mishap::None).chain([Mishap::LoseAnswer]).collect();
        assert!(shop.exchange().unwrap_err().is_passing(), "{lost}");
        shop.exchange().unwrap();
        let seq = shop.open().read(|core| Ok(core.mark().seq)).unwrap();
        assert_eq!(shop.fake.held(shop.journal()) as u64, seq, "{lost}");
    }
}

#[test]
fn a_busy_head_office_is_heard() {
    let shop = Shop::joined();
    shop.fake.state().mishaps.push_back(Mishap::Status(429, Some(7)));
    let trouble = shop.exchange().unwrap_err();
    assert_eq!(asked_for(&trouble), Some(Duration::from_secs(7)));
    shop.fake.state().mishaps.push_back(Mishap::Status(503, None));
    assert!(matches!(shop.exchange().unwrap_err(), Trouble::Busy(None)));
}

#[test]
fn an_enrolment_that_was_cut_off_is_mended_by_the_same_command() {
    let shop = Shop::new();
    shop.fake.state().mishaps.push_back(Mishap::LoseAnswer);
    assert!(shop.join().is_err());
    assert!(!shop.folder().has_till());
    let joined = shop.join().unwrap();
    assert_eq!(shop.join().unwrap(), joined);
    let requests = shop.fake.state().requests.clone();
    assert_eq!(requests, ["/enrol", "/enrol"]);
    let other = Folder::at(shop.place.path().join("other"));
    let refused = enrol(&other, &shop.fake.address, &shop.fake.token).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.code() == "token_invalid"));
}

#[test]
fn a_power_cut_before_the_key_was_noted_as_used_costs_nothing() {
    let shop = Shop::joined();
    let journal = shop.journal();
    // As it is between the commit that opened the journal and the note in the secret file.
    let path = shop.folder().file("secret.json");
    let mut secret: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let key = secret["keys"].as_array_mut().unwrap().pop().unwrap();
    secret["pending"] = key;
    std::fs::write(&path, secret.to_string()).unwrap();
    assert_eq!(shop.join().unwrap().journal, journal.to_string());
    shop.work(3);
    assert_eq!(shop.exchange().unwrap().journals[0].acknowledged, 4);
    assert_ne!(shop.open().pending_key().unwrap().public_key(), shop.fake.state().journals[&journal].0);
}

#[test]
fn a_till_that_sold_on_its_own_sends_its_history_under_its_old_key() {
    let shop = Shop::new();
    shop.folder().make().unwrap();
    let lock = shop.folder().try_lock().unwrap().unwrap();
    drop(OpenTill::create(lock, profile(), &Settings::default()).unwrap());
    let old = shop.journal();
    shop.work(5);
    let refused = shop.join().unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.code() == "drawer_open"));
    assert!(shop.fake.state().requests.is_empty());
    shop.close();
    shop.join().unwrap();
    let new = shop.journal();
    assert_ne!(old, new);
    let report = shop.exchange().unwrap();
    let sent: Vec<u64> = report.journals.iter().map(|journal| journal.sent).collect();
    assert_eq!((sent[1], shop.fake.held(new)), (1, 1));
    assert_eq!(sent[0], shop.fake.held(old) as u64);
    assert_eq!(shop.exchange().unwrap().journals.len(), 1);
}

#[test]
fn what_a_restored_head_office_lost_is_sent_again() {
    let shop = Shop::joined();
    shop.work(20);
    shop.exchange().unwrap();
    let journal = shop.journal();
    shop.fake.state().journals.get_mut(&journal).unwrap().1.truncate(7);
    shop.fake.state().epoch = Epoch { counter: 2, random: [2; 8] };
    let report = shop.exchange().unwrap();
    assert_eq!((report.journals[0].sent, shop.fake.held(journal)), (14, 21));
}

#[test]
fn a_stopped_journal_gets_a_successor_even_with_an_open_drawer() {
    for verdict in [VerdictWire::Fork, VerdictWire::Rollback, VerdictWire::Closed] {
        let shop = Shop::joined();
        shop.work(1);
        shop.exchange().unwrap();
        let old = shop.journal();
        shop.fake.state().stopped.insert(old, verdict);
        let report = shop.exchange().unwrap();
        assert_ne!(shop.journal(), old, "{verdict:?}");
        assert!(report.notes.iter().any(|note| note.contains("a new journal was granted")), "{:?}", report.notes);
        shop.work(2);
        assert_eq!(shop.exchange().unwrap().journals.last().unwrap().acknowledged, 3);
    }
}

#[test]
fn a_till_that_was_put_back_goes_on_in_a_new_journal() {
    let shop = Shop::joined();
    shop.exchange().unwrap();
    let (old, store) = (shop.journal(), shop.folder().store());
    let copy = std::fs::read(&store).unwrap();
    shop.work(3);
    shop.exchange().unwrap();
    std::fs::write(&store, copy).unwrap();
    shop.fake.state().stopped.insert(old, VerdictWire::Rollback);
    let report = shop.exchange().unwrap();
    assert!(report.notes.iter().any(|note| note.contains("an older copy")), "{:?}", report.notes);
    assert_ne!(shop.journal(), old);
    // Head office has acknowledged more of the old journal than this copy has of it; it is asked about it once more.
    shop.fake.state().stopped.insert(old, VerdictWire::Closed);
    shop.work(2);
    assert_eq!(shop.exchange().unwrap().journals.last().unwrap().acknowledged, 3);
    shop.fake.state().requests.clear();
    assert_eq!(shop.exchange().unwrap().journals.len(), 1);
    assert!(!shop.fake.state().requests.iter().any(|request| request.contains(&old.to_string())));
}

#[test]
fn a_till_that_was_put_back_sends_what_head_office_lacks_of_it() {
    let shop = Shop::joined();
    shop.work(3);
    shop.exchange().unwrap();
    let old = shop.journal();
    // Head office knows of later entries, and has not got the last ones of this copy.
    shop.fake.state().journals.get_mut(&old).unwrap().1.truncate(2);
    shop.fake.state().stopped.insert(old, VerdictWire::Rollback);
    let report = shop.exchange().unwrap();
    assert_eq!((report.journals[0].verdict.as_str(), report.journals[0].sent), ("rollback", 2));
    assert_eq!(shop.fake.held(old), 4);
    assert_ne!(shop.journal(), old, "it goes on in a new journal");
}

#[test]
fn a_forked_till_sends_its_whole_branch_and_goes_on_in_a_new_journal() {
    let shop = Shop::joined();
    shop.exchange().unwrap();
    let (old, store) = (shop.journal(), shop.folder().store());
    let copy = std::fs::read(&store).unwrap();
    shop.work(3);
    shop.exchange().unwrap();
    std::fs::write(&store, copy).unwrap();
    std::fs::remove_file(shop.folder().file("mark.json")).unwrap();
    shop.work(6);
    let report = shop.exchange().unwrap();
    assert!(report.notes.iter().any(|note| note.contains("two records of this till")), "{:?}", report.notes);
    let disputed: Vec<u64> = shop.fake.state().disputed[&old].1.clone();
    assert_eq!(disputed, [5, 6, 7, 2, 3, 4, 5, 6, 7]);
    assert_eq!(shop.fake.held(old), 4);
    assert_ne!(shop.journal(), old);
    shop.work(2);
    assert_eq!(shop.exchange().unwrap().journals.last().unwrap().acknowledged, 3);
}

/// A till that makes an entry between the look at its journals and its hello.
struct Busy<'a>(&'a Shop, Mutex<OpenTill>);

impl TillSide for Busy<'_> {
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure> {
        if matches!(step, SyncStep::Hello { .. }) {
            let is_first = self.0.fake.state().requests.iter().filter(|path| path.contains("challenge")).count() == 1;
            let till = &mut *self.1.lock().unwrap();
            let owner: OperatorCode = "owner".parse().unwrap();
            assert!(!is_first || till.execute(&Command::CloseDrawer(Count::Total(Money::ZERO)), &owner).is_ok());
        }
        self.1.ask(step)
    }
}

#[test]
fn what_is_sold_while_an_exchange_begins_is_sent_though_it_ends_the_journal() {
    let shop = Shop::joined();
    shop.work(2);
    shop.exchange().unwrap();
    let old = shop.journal();
    shop.fake.state().requests.clear();
    shop.fake.state().stopped.insert(old, VerdictWire::Fork);
    exchange(&Busy(&shop, Mutex::new(shop.open())), &shop.folder()).unwrap();
    assert_eq!(shop.fake.held(old), 4);
    assert_ne!(shop.journal(), old);
}

#[test]
fn a_revoked_journal_stops_and_asks_for_nothing() {
    let shop = Shop::joined();
    let journal = shop.journal();
    shop.fake.state().stopped.insert(journal, VerdictWire::Revoked);
    let report = shop.exchange().unwrap();
    assert_eq!((shop.journal(), report.journals[0].verdict.as_str()), (journal, "revoked"));
    assert!(report.notes[0].contains("trusts its key no longer"), "{:?}", report.notes);
    let mut till = shop.open();
    let refused = till.execute(&Command::OpenDrawer(Money::ZERO), &"owner".parse().unwrap()).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.code() == "read_only"));
}

#[test]
fn master_data_comes_down_page_by_page_and_anew_after_a_restore() {
    let shop = Shop::joined();
    let class = TaxClass { code: "S25".parse().unwrap(), taxes: vec![] };
    shop.fake.state().rows = ["A", "B", "C", "D"].map(category).to_vec();
    shop.fake.state().rows.push(FeedRow::Set(MasterRow::TaxClass(class)));
    let report = shop.exchange().unwrap();
    assert_eq!((report.feed_rows, report.feed_revision), (5, Some(5)));
    assert_eq!(shop.exchange().unwrap().feed_rows, 0);
    shop.fake.state().rows.push(category("E"));
    assert_eq!(shop.exchange().unwrap().feed_rows, 1);
    shop.fake.state().epoch = Epoch { counter: 2, random: [2; 8] };
    shop.fake.state().rows.truncate(3);
    assert_eq!(shop.exchange().unwrap().feed_rows, 3);
}

#[test]
fn a_till_that_is_ahead_of_head_office_in_one_epoch_fetches_everything_anew() {
    let shop = Shop::joined();
    shop.fake.state().rows = ["A", "B", "C", "D", "E"].map(category).to_vec();
    shop.exchange().unwrap();
    // Head office's disk was exchanged for an older one: two changes are lost there, and another was made since.
    shop.fake.state().rows = ["A", "B", "C", "X"].map(category).to_vec();
    let report = shop.exchange().unwrap();
    assert_eq!((report.feed_rows, report.feed_revision), (4, Some(4)));
    let again = shop.exchange().unwrap();
    assert_eq!((again.feed_rows, again.feed_revision), (0, Some(4)));
}

#[test]
fn another_authority_or_host_is_not_trusted() {
    let shop = Shop::new();
    let stranger = FakeHeadOffice::start(profile(), "127.0.0.1");
    let check = |address: &Address, token: &Token| {
        let folder = Folder::at(shop.place.path().join("refused"));
        let told = enrol(&folder, address, token).unwrap_err().to_string();
        assert!(told.contains("TLS"), "{told}");
    };
    check(&stranger.address, &shop.fake.token);
    let misnamed = FakeHeadOffice::start(profile(), "head.example");
    check(&misnamed.address, &misnamed.token);
    assert!(stranger.state().requests.is_empty() && misnamed.state().requests.is_empty());
    shop.join().unwrap();
    let mut known = HeadOffice::require(&shop.folder()).unwrap();
    known.address = stranger.address.clone();
    known.write(&shop.folder()).unwrap();
    assert!(matches!(shop.exchange().unwrap_err(), Trouble::Unreachable(told) if told.contains("TLS")));
    assert!(stranger.state().requests.is_empty());
}

#[test]
fn the_till_is_free_between_the_steps_of_a_sync() {
    let shop = Shop::joined();
    let till = Mutex::new(shop.open());
    let fake = &shop.fake;
    std::thread::scope(|scope| {
        // While head office's answer is held back, the till must answer.
        let held_back = fake.state();
        let syncing = scope.spawn(|| exchange(&till, &shop.folder()));
        till.lock().unwrap().execute(&Command::OpenDrawer(Money::ZERO), &"owner".parse().unwrap()).unwrap();
        drop(held_back);
        syncing.join().unwrap().unwrap();
    });
}

#[test]
fn a_till_on_its_own_is_told_to_join() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(place.path());
    let lock = folder.try_lock().unwrap().unwrap();
    let till = Mutex::new(OpenTill::create(lock, profile(), &Settings::default()).unwrap());
    let refused = sync(&till, &folder).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.field() == "head_office"));
}
