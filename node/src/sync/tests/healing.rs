//! Tills that lost something, or were moved: a token is the way out, and an old series never goes on.

use std::fs;

use counterfoil_core::operator::{Operator, Pin, Role};

use super::*;
use crate::caller::Caller;
use crate::folder::mark::MARK;

impl Shop {
    /// Makes the folder look as if it had been copied from another machine.
    fn change_machine(&self) {
        let path = self.folder().file("secret.json");
        let mut secret: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        secret["machine"] = "0".repeat(64).into();
        if secret.get("pending_machine").is_some() {
            secret["pending_machine"] = "0".repeat(64).into();
        }
        fs::write(&path, secret.to_string()).unwrap();
    }

    fn refusal_of_opening(&self) -> Option<String> {
        let opened = self.open().execute(&Command::OpenDrawer(Money::ZERO), &"owner".parse().unwrap());
        opened.err().map(|failure| failure.to_string())
    }
}

#[test]
fn a_till_on_another_machine_sells_again_after_it_has_joined_with_a_new_token() {
    let shop = Shop::joined();
    shop.work(2);
    shop.close();
    shop.exchange().unwrap();
    let old = shop.journal();
    shop.change_machine();
    assert!(shop.refusal_of_opening().unwrap().contains("another machine"));
    enrol(&shop.folder(), &shop.fake.address, &shop.fake.another_token()).unwrap();
    assert_ne!(shop.journal(), old);
    assert_eq!(shop.refusal_of_opening(), None, "open after the answer");
    assert_eq!(shop.exchange().unwrap().journals.last().unwrap().acknowledged, 2);
}

#[test]
fn a_power_cut_before_the_new_machine_was_noted_costs_nothing() {
    let shop = Shop::joined();
    shop.change_machine();
    enrol(&shop.folder(), &shop.fake.address, &shop.fake.another_token()).unwrap();
    // As it is between the commit that opened the journal and the note in the secret file.
    let path = shop.folder().file("secret.json");
    let mut secret: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    secret["pending"] = secret["keys"].as_array_mut().unwrap().pop().unwrap();
    secret["pending_machine"] = secret["machine"].clone();
    secret["machine"] = "0".repeat(64).into();
    fs::write(&path, secret.to_string()).unwrap();
    assert_eq!(shop.refusal_of_opening(), None);
    assert_eq!(shop.refusal_of_opening().map(|told| told.contains("open already")), Some(true));
}

#[test]
fn a_key_that_was_made_on_another_machine_is_not_asked_with() {
    let shop = Shop::joined();
    let copied = shop.open().pending_key().unwrap().public_key();
    assert_eq!(shop.open().pending_key().unwrap().public_key(), copied);
    shop.change_machine();
    assert_ne!(shop.open().pending_key().unwrap().public_key(), copied);
}

#[test]
fn a_lost_store_gets_a_new_journal_by_a_token_and_never_its_old_one() {
    for has_mark in [true, false] {
        let shop = Shop::joined();
        shop.work(3);
        shop.exchange().unwrap();
        let old = shop.journal();
        fs::remove_file(shop.folder().store()).unwrap();
        if !has_mark {
            fs::remove_file(shop.folder().file(MARK)).unwrap();
        }
        let same = shop.join().unwrap_err();
        assert!(matches!(same, Failure::Refused(refusal) if refusal.code() == "token_invalid"));
        enrol(&shop.folder(), &shop.fake.address, &shop.fake.another_token()).unwrap();
        assert_ne!(shop.journal(), old);
        assert_eq!(shop.refusal_of_opening(), None);
        assert_eq!(shop.exchange().unwrap().journals.last().unwrap().acknowledged, 2);
    }
}

#[test]
fn a_journal_that_was_lost_before_its_key_was_noted_as_used_is_not_asked_for_again() {
    let shop = Shop::joined();
    let old = shop.journal();
    let path = shop.folder().file("secret.json");
    let mut secret: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    secret["pending"] = secret["keys"].as_array_mut().unwrap().pop().unwrap();
    fs::write(&path, secret.to_string()).unwrap();
    fs::remove_file(shop.folder().store()).unwrap();
    assert!(shop.join().is_err());
    enrol(&shop.folder(), &shop.fake.address, &shop.fake.another_token()).unwrap();
    assert_ne!(shop.journal(), old);
}

#[test]
fn a_refused_enrolment_leaves_the_one_that_works() {
    let shop = Shop::joined();
    shop.exchange().unwrap();
    let journal = shop.journal();
    let known = HeadOffice::require(&shop.folder()).unwrap();
    let stranger = FakeHeadOffice::start(profile(), "127.0.0.1");
    let refused = enrol(&shop.folder(), &stranger.address, &stranger.token).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.field() == "token"));
    assert!(stranger.state().requests.is_empty(), "its token was not shown");
    let token = shop.fake.another_token();
    shop.fake.state().profile.currency = "USD".parse().unwrap();
    let refused = enrol(&shop.folder(), &shop.fake.address, &token).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.field() == "grant"));
    assert_eq!(HeadOffice::require(&shop.folder()).unwrap(), known);
    shop.work(2);
    assert_eq!(shop.exchange().unwrap().journals[0].acknowledged, 3);
    assert_eq!(shop.journal(), journal);
}

#[test]
fn an_enrolment_that_was_cut_off_after_its_journal_was_opened_goes_on_by_itself() {
    let shop = Shop::joined();
    let known = HeadOffice::require(&shop.folder()).unwrap();
    let (place, next) = (shop.folder().file("head-office.json"), shop.folder().file("head-office-next.json"));
    fs::rename(&place, &next).unwrap();
    shop.work(2);
    assert_eq!(shop.exchange().unwrap().journals[0].acknowledged, 3);
    fs::rename(&place, &next).unwrap();
    assert_eq!(shop.join().unwrap().journal, shop.journal().to_string());
    assert_eq!(HeadOffice::require(&shop.folder()).unwrap().token, known.token);
    assert!(!next.exists());
}

#[test]
fn a_till_whose_journal_ended_before_it_was_opened_asks_with_another_key() {
    let shop = Shop::new();
    let used_up = |shop: &Shop| {
        let first = shop.fake.state().requests.len();
        let lost = shop.fake.state().journals.keys().copied().collect::<Vec<_>>();
        shop.fake.state().used_up.extend(lost);
        shop.fake.state().token_used_by = None;
        first
    };
    // An answer to a token is lost, and another device has taken the slot meanwhile: with and without a till in the folder.
    for has_till in [false, true] {
        let token = if has_till { shop.fake.another_token() } else { shop.fake.token.clone() };
        shop.fake.state().mishaps.push_back(Mishap::LoseAnswer);
        assert!(enrol(&shop.folder(), &shop.fake.address, &token).is_err());
        let first = used_up(&shop);
        enrol(&shop.folder(), &shop.fake.address, &token).unwrap();
        assert_eq!(shop.fake.state().requests[first..], ["/enrol", "/enrol"]);
        assert!(!shop.fake.state().used_up.contains(&shop.journal()));
    }
    // The same where the till asks by itself, since its journal was stopped.
    shop.exchange().unwrap();
    let stopped = shop.journal();
    let before = shop.fake.state().journals.len();
    shop.fake.state().stopped.insert(stopped, VerdictWire::Fork);
    // Challenge, hello and request: the answer to the last one is lost.
    shop.fake.state().mishaps = [Mishap::None, Mishap::None, Mishap::LoseAnswer].into();
    assert!(shop.exchange().unwrap_err().is_passing());
    assert_eq!((shop.journal(), shop.fake.state().journals.len()), (stopped, before + 1));
    used_up(&shop);
    let report = shop.exchange().unwrap();
    assert!(report.notes.iter().any(|note| note.contains("a new journal was granted")), "{:?}", report.notes);
    assert!(!shop.fake.state().used_up.contains(&shop.journal()));
}

#[test]
fn ended_journals_are_asked_about_once_a_day_for_head_office_may_have_lost_them_unknowingly() {
    let shop = Shop::joined();
    shop.work(4);
    shop.exchange().unwrap();
    let old = shop.journal();
    shop.close();
    shop.fake.state().stopped.insert(old, VerdictWire::Closed);
    shop.exchange().unwrap();
    assert_ne!(shop.journal(), old);
    let asked = |shop: &Shop| {
        shop.fake.state().requests.clear();
        shop.exchange().unwrap();
        let challenge = format!("/sync/challenge?journal={old}");
        shop.fake.state().requests.iter().filter(|request| **request == challenge).count()
    };
    assert_eq!(asked(&shop) + asked(&shop), 0, "head office has all of it");
    // Head office's disk is exchanged for an older one.
    shop.fake.state().stopped.clear();
    shop.fake.state().journals.get_mut(&old).unwrap().1.truncate(2);
    shop.fake.state().time_ms = fake::GRANTED_MS + DAY_MS - 1;
    assert_eq!(asked(&shop), 0);
    shop.fake.state().time_ms += 1;
    assert_eq!((asked(&shop), asked(&shop)), (1, 0));
    assert_eq!(shop.fake.held(old), 6);
}

#[test]
fn an_enrolled_till_takes_nobody_for_its_owner_who_names_nobody() {
    let shop = Shop::joined();
    let mut till = shop.open();
    let nobody = Caller::default();
    let operator = |code: &str, role: Role| {
        let (code, name) = (code.parse().unwrap(), Name::new(code).unwrap());
        FeedRow::Set(MasterRow::Operator(Operator { code, name, role, is_active: true }))
    };
    assert_eq!(till.identify_for_set_up(&nobody).unwrap().code.as_str(), "owner", "as long as there is nobody else");
    drop(till);
    shop.fake.state().rows = vec![operator("ana", Role::Cashier), operator("boss", Role::Admin)];
    shop.exchange().unwrap();
    till = shop.open();
    let refused = till.identify_for_set_up(&nobody).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.code() == "operator_missing"));
}

#[test]
fn two_exchanges_of_one_folder_go_one_after_the_other() {
    let shop = Shop::joined();
    shop.work(600);
    let till = Mutex::new(shop.open());
    shop.fake.state().requests.clear();
    std::thread::scope(|scope| {
        let syncs = [(); 3].map(|()| scope.spawn(|| exchange(&till, &shop.folder()).unwrap()));
        let sent: u64 = syncs.into_iter().map(|sync| sync.join().unwrap().journals[0].sent).sum();
        assert_eq!(sent, 601);
    });
    let requests = shop.fake.state().requests.clone();
    let is_first = |request: &&String| request.starts_with("/sync/challenge");
    let exchanges: Vec<&[String]> = requests.split(|request| request.starts_with("/sync/feed")).collect();
    for exchange in exchanges.iter().filter(|exchange| !exchange.is_empty()) {
        assert_eq!(exchange.iter().filter(is_first).count(), 1, "{requests:?}");
    }
}

#[test]
fn after_a_lost_secret_the_pins_of_head_office_come_again() {
    let shop = Shop::joined();
    let boss: OperatorCode = "boss".parse().unwrap();
    let operator = |code: &OperatorCode, role: Role| {
        let (code, name) = (code.clone(), Name::new(code.as_str()).unwrap());
        FeedRow::Set(MasterRow::Operator(Operator { code, name, role, is_active: true }))
    };
    let pin = Pin::new("135790", &Role::Admin).unwrap();
    let rows = vec![operator(&"ana".parse().unwrap(), Role::Cashier), operator(&boss, Role::Admin)];
    shop.fake.state().rows = rows;
    shop.fake.state().pins = vec![(boss.clone(), pin.hash([1; 16]))];
    shop.exchange().unwrap();
    let caller = || Caller { operator: Some(boss.clone()), pin: Some("135790".to_owned()), ..Caller::default() };
    let code = |failure: Failure| if let Failure::Refused(refusal) = failure { refusal.code() } else { "failed" };
    assert_eq!(shop.open().identify(&caller()).map(|known| known.code), Ok(boss.clone()));
    fs::remove_file(shop.folder().file("secret.json")).unwrap();
    assert_eq!(shop.open().identify(&caller()).map_err(code), Err("read_only"));
    enrol(&shop.folder(), &shop.fake.address, &shop.fake.another_token()).unwrap();
    assert_eq!(
        shop.open().identify(&caller()).map_err(code),
        Err("missing"),
        "its PIN is not here, which is not wrong"
    );
    shop.exchange().unwrap();
    assert_eq!(shop.open().identify(&caller()).map(|known| known.code), Ok(boss));
}
