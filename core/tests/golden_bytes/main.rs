//! The bytes of everything that is stored in entries or signed: released values keep them for ever.
//!
//! `golden/payloads.txt` has a name and hexadecimal digits per line: the payload of each event, whole entries, and whole
//! signed documents. `GOLDEN=write cargo test -p counterfoil-core --test golden_bytes` writes it anew, which is right
//! only for a value that was never released; otherwise a change needs a new version beside the old one.

mod values;

use std::collections::BTreeMap;
use std::fmt::Debug;

use counterfoil_core::activity::{DoneV1, UnsoldLineV1};
use counterfoil_core::addendum::Correction;
use counterfoil_core::approval::OverShortStanding;
use counterfoil_core::catalog::{MasterKey, MasterRow, Unit};
use counterfoil_core::discount::Discount;
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::event::{Event, GrantedByV1};
use counterfoil_core::feed::{FeedPageV1, FeedRow};
use counterfoil_core::grant::{GrantV1, JournalRequestV1, StopV1};
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::codec::{decode, encode};
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::line::{Direction, Extent};
use counterfoil_core::money::Money;
use counterfoil_core::operator::Role;
use counterfoil_core::quantity::{Percent, Quantity};
use counterfoil_core::role::Permission;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tax::{PriceMode, TaxBase, TaxCategory};
use counterfoil_core::tender::TenderKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{events, grant, hello, key, keys, now, page, request, rows, stop};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn seal(event: &Event, payload: &[u8]) -> Entry {
    Entry::seal(JournalId([1; 16]), 7, Hash([2; 32]), now(), event.event_type(), 1, payload).unwrap()
}

/// What the program writes today, by name.
fn written() -> Vec<(String, Vec<u8>)> {
    let key = key();
    let mut all: Vec<_> = events().iter().map(|event| (event.code().to_owned(), event.encode())).collect();
    let events = events();
    all.push(("entry".to_owned(), seal(&events[7], &events[7].encode()).bytes().to_vec()));
    all.push(("grant".to_owned(), grant().sign(&key).unwrap()));
    all.push(("journal_request".to_owned(), request().sign(&key).unwrap()));
    all.push(("feed_page".to_owned(), page().sign(&key).unwrap()));
    all.push(("stop".to_owned(), stop().sign(&key).unwrap()));
    all.push(("hello".to_owned(), hello().sign(&key).unwrap()));
    all
}

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/payloads.txt");

fn golden() -> BTreeMap<String, Vec<u8>> {
    let text = std::fs::read_to_string(PATH).unwrap();
    text.lines().map(|line| line.split_once(' ').unwrap()).map(|(name, hex)| (name.to_owned(), bytes(hex))).collect()
}

#[test]
fn every_value_is_written_as_it_always_was() {
    if std::env::var_os("GOLDEN").is_some() {
        let lines = written().into_iter().map(|(name, bytes)| format!("{name} {}\n", hex(&bytes)));
        std::fs::write(PATH, lines.collect::<String>()).unwrap();
    }
    let golden = golden();
    for (name, bytes) in written() {
        let before = golden.get(&name).unwrap_or_else(|| panic!("{name} has no golden bytes"));
        assert_eq!(hex(&bytes), hex(before), "{name} is written in another way; a released value needs a new version");
    }
    assert_eq!(golden.len(), written().len(), "golden bytes of what is not written any more");
}

#[test]
fn every_value_reads_back_from_its_golden_bytes() {
    let golden = golden();
    for event in events() {
        let payload = &golden[event.code()];
        assert_eq!(Event::decode(&seal(&event, payload)).unwrap().as_ref(), Some(&event));
        for damaged in [&payload[..payload.len() - 1], &[payload.as_slice(), &[0]].concat()] {
            assert!(Event::decode(&seal(&event, damaged)).is_err(), "{}", event.code());
        }
    }
    let key = key().public_key();
    assert_eq!(Entry::read(&golden["entry"]).unwrap().payload(), golden["cash_moved"]);
    assert_eq!(GrantV1::verify(&golden["grant"]).unwrap(), grant());
    assert_eq!(JournalRequestV1::verify(&golden["journal_request"]).unwrap(), request());
    assert_eq!(FeedPageV1::verify(&golden["feed_page"], &key).unwrap(), page());
    assert_eq!(StopV1::verify(&golden["stop"], &key).unwrap(), stop());
    assert_eq!(Hello::read(&golden["hello"]).unwrap().verify(&key).unwrap().statement(), &hello());
}

#[test]
fn event_numbers_never_change_and_unknown_ones_are_kept() {
    let numbers: Vec<_> = events().iter().map(|event| (event.event_type(), event.code())).collect();
    assert_eq!(
        numbers,
        [
            (1, "journal_opened"),
            (2, "journal_closed"),
            (3, "series_granted"),
            (4, "master_data_changed"),
            (5, "operator_set"),
            (6, "operator_locked"),
            (7, "drawer_opened"),
            (8, "cash_moved"),
            (9, "sale_completed"),
            (10, "credit_note_issued"),
            (11, "drawer_closed"),
            (12, "activity_recorded"),
            (13, "z_amended"),
        ]
    );
    for (event_type, version) in [(14, 1), (0, 1), (9, 2), (9, 0), (u16::MAX, u16::MAX)] {
        let sealed = Entry::seal(JournalId([1; 16]), 7, Hash([2; 32]), now(), event_type, version, b"later").unwrap();
        assert_eq!(Event::decode(&sealed).unwrap(), None);
    }
}

/// Each value's variant is written as the number that it always had, and reads back.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: &[T], number: fn(&T) -> u8) {
    for (place, value) in (0_u8..).zip(values) {
        let bytes = encode(value);
        assert_eq!((bytes[0], number(value)), (place, place), "{value:?}");
        assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value));
    }
    let beyond = u8::try_from(values.len()).unwrap();
    assert!(decode::<T>(&[beyond]).is_err(), "a variant {beyond} was not expected of {:?}", values.first());
}

#[test]
fn the_variants_of_every_stored_choice_keep_their_numbers() {
    check(&DocumentKind::ALL, |kind| match kind {
        DocumentKind::Receipt => 0,
        DocumentKind::Invoice => 1,
        DocumentKind::CreditNote => 2,
        DocumentKind::ZReport => 3,
        DocumentKind::Return => 4,
    });
    check(&Unit::ALL, |unit| match unit {
        Unit::Piece => 0,
        Unit::Kilogram => 1,
        Unit::Litre => 2,
        Unit::Metre => 3,
    });
    check(&TenderKind::ALL, |kind| match kind {
        TenderKind::Cash => 0,
        TenderKind::Card => 1,
        TenderKind::Transfer => 2,
        TenderKind::Voucher => 3,
        TenderKind::GiftCard => 4,
        TenderKind::StoreCredit => 5,
        TenderKind::CustomerAccount => 6,
        TenderKind::ForeignCash => 7,
        TenderKind::Exchange => 8,
    });
    check(&CashMovementKind::ALL, |kind| match kind {
        CashMovementKind::FloatTopUp => 0,
        CashMovementKind::PayIn => 1,
        CashMovementKind::PayOut => 2,
        CashMovementKind::SafeDrop => 3,
        CashMovementKind::BankDrop => 4,
    });
    check(&TaxCategory::ALL, |category| match category {
        TaxCategory::Standard => 0,
        TaxCategory::ZeroRated => 1,
        TaxCategory::Exempt => 2,
        TaxCategory::ReverseCharge => 3,
        TaxCategory::IntraCommunity => 4,
        TaxCategory::Export => 5,
        TaxCategory::OutsideScope => 6,
        TaxCategory::CanaryIslands => 7,
        TaxCategory::CeutaMelilla => 8,
    });
    check(&[TaxBase::Net, TaxBase::NetPlusEarlier], |base| match base {
        TaxBase::Net => 0,
        TaxBase::NetPlusEarlier => 1,
    });
    check(&[PriceMode::Exclusive, PriceMode::Inclusive], |mode| match mode {
        PriceMode::Exclusive => 0,
        PriceMode::Inclusive => 1,
    });
}

#[test]
fn the_variants_of_roles_and_permissions_keep_their_numbers() {
    let roles = [Role::Admin, Role::Manager, Role::Cashier, Role::named("trainee").unwrap()];
    check(&roles, |role| match role {
        Role::Admin => 0,
        Role::Manager => 1,
        Role::Cashier => 2,
        Role::Named(_) => 3,
    });
    check(Permission::ALL, |permission| match permission {
        Permission::Sell => 0,
        Permission::Refund => 1,
        Permission::RunDrawer => 2,
        Permission::MoveCash => 3,
        Permission::OpenWithoutSale => 4,
        Permission::OverridePrice => 5,
        Permission::GiveDiscount => 6,
        Permission::ReturnWithoutReceipt => 7,
        Permission::RefundToOtherTender => 8,
        Permission::AcceptOverShort => 9,
        Permission::SeeExpected => 10,
        Permission::VoidDocument => 11,
        Permission::ChangeStock => 12,
        Permission::ChangeMasterData => 13,
        Permission::ChangeCustomers => 14,
        Permission::ErasePersonalData => 15,
        Permission::OverrideClock => 16,
        Permission::ChangeOperators => 17,
        Permission::AmendZ => 18,
    });
    check(&[OverShortStanding::Within, OverShortStanding::Approved, OverShortStanding::Unapproved], |standing| {
        match standing {
            OverShortStanding::Within => 0,
            OverShortStanding::Approved => 1,
            OverShortStanding::Unapproved => 2,
        }
    });
}

#[test]
fn the_variants_of_every_stored_value_keep_their_numbers() {
    let percent: Percent = "7.5".parse().unwrap();
    check(&[Discount::Percent(percent), Discount::Amount(Money::from_minor(1))], |discount| match discount {
        Discount::Percent(_) => 0,
        Discount::Amount(_) => 1,
    });
    check(&[Direction::Allowance, Direction::Charge], |direction| match direction {
        Direction::Allowance => 0,
        Direction::Charge => 1,
    });
    let amount = Money::from_minor(1);
    let (from, to) = (TenderKind::Cash, TenderKind::Card);
    check(&[Correction::Count(amount), Correction::Tender { from, to, amount }], |correction| match correction {
        Correction::Count(_) => 0,
        Correction::Tender { .. } => 1,
    });
    let line = UnsoldLineV1 { code: "1".parse().unwrap(), quantity: Quantity::ONE, gross: amount };
    let (basket, lines) = ("b".parse().unwrap(), Vec::new());
    check(
        &[
            DoneV1::OpenedWithoutSale("why".parse().unwrap()),
            DoneV1::LineVoided { basket: None, line, reason: None },
            DoneV1::BasketAbandoned { basket, lines, reason: None },
            DoneV1::Reprinted("Z-1".parse().unwrap()),
        ],
        |done| match done {
            DoneV1::OpenedWithoutSale(_) => 0,
            DoneV1::LineVoided { .. } => 1,
            DoneV1::BasketAbandoned { .. } => 2,
            DoneV1::Reprinted(_) => 3,
        },
    );
    check(
        &[Extent::Amount(amount), Extent::Percent(percent), Extent::PercentOf(percent, amount)],
        |extent| match extent {
            Extent::Amount(_) => 0,
            Extent::Percent(_) => 1,
            Extent::PercentOf(..) => 2,
        },
    );
    let authority = GrantedByV1::Authority("ana".parse().unwrap(), None);
    check(&[GrantedByV1::Till, GrantedByV1::HeadOffice(vec![1]), authority], |granted_by| match granted_by {
        GrantedByV1::Till => 0,
        GrantedByV1::HeadOffice(_) => 1,
        GrantedByV1::Authority(..) => 2,
    });
}

#[test]
fn the_variants_of_master_data_keep_their_numbers() {
    check(&rows(), |row| match row {
        MasterRow::TaxClass(_) => 0,
        MasterRow::Category(_) => 1,
        MasterRow::Product(_) => 2,
        MasterRow::Price(_) => 3,
        MasterRow::Operator(_) => 4,
        MasterRow::Role(_) => 5,
        MasterRow::PriceList(_) => 6,
        MasterRow::ListPrice(_) => 7,
        MasterRow::Promotion(_) => 8,
    });
    check(&keys(), |key| match key {
        MasterKey::TaxClass(_) => 0,
        MasterKey::Category(_) => 1,
        MasterKey::Product(_) => 2,
        MasterKey::Price(_) => 3,
        MasterKey::Operator(_) => 4,
        MasterKey::Role(_) => 5,
        MasterKey::PriceList(_) => 6,
        MasterKey::ListPrice(..) => 7,
        MasterKey::Promotion(_) => 8,
    });
    let [row, ..] = rows();
    let [key, ..] = keys();
    check(&[FeedRow::Set(row), FeedRow::Remove(key)], |row| match row {
        FeedRow::Set(_) => 0,
        FeedRow::Remove(_) => 1,
    });
}
