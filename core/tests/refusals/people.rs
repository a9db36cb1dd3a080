//! Who may do what, who must prove to be whom, and what wrong PINs lead to.

use counterfoil_core::command::{CashMovement, Command};
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::id::{Name, Note, OperatorCode};
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Pepper, Pin, Role};
use counterfoil_core::refusal::Refusal;
use counterfoil_core::till::{Till, TillError};
use counterfoil_core::time::{Now, Timestamp};

use crate::{basket, closed_till, execute, now, open_till, owner, refused};

fn code(text: &str) -> OperatorCode {
    OperatorCode::new(text).unwrap()
}

fn person(text: &str, role: Role) -> Operator {
    Operator { code: code(text), name: Name::new(text).unwrap(), role, is_active: true }
}

fn set(person: &Operator, pin: Option<&str>) -> Command {
    let hash = pin.map(|pin| Pin::new(pin, &person.role).unwrap().hash([9; 16]));
    Command::SetOperator(person.clone(), hash)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, TillError>) -> Refusal {
    match result {
        Err(TillError::Refused(refusal)) => refusal,
        other => panic!("no refusal but {other:?}"),
    }
}

/// The owner with PIN 135790, and the cashier Ana with PIN 2468.
fn staffed() -> Till {
    let mut till = open_till();
    till.set_pepper(Pepper::new([1; 32]));
    execute(&mut till, &set(&Operator::owner(), Some("135790"))).unwrap();
    execute(&mut till, &set(&person("ana", Role::Cashier), Some("2468"))).unwrap();
    till
}

/// So many seconds after the till was set up.
fn at(seconds: i64) -> Now {
    Now { at: Timestamp(now(10).at.0 + seconds * 1000), ..now(10) }
}

fn identify(till: &mut Till, who: &str, pin: Option<&str>, seconds: i64) -> Result<String, Refusal> {
    match till.identify(Some(&code(who)), pin.map(Pin::typed).as_ref(), at(seconds)) {
        Ok(operator) => Ok(operator.code.to_string()),
        Err(TillError::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn each_role_may_do_its_own_and_no_more() {
    let mut till = staffed();
    execute(&mut till, &set(&person("mia", Role::Manager), None)).unwrap();
    let movement = CashMovement {
        kind: CashMovementKind::PayIn,
        amount: Money::from_minor(1),
        reason: Note::new("change").unwrap(),
        bag: None,
    };
    let move_cash = Command::MoveCash(movement);
    let change = Command::ChangeMasterData(crate::goods());
    let set = set(&person("new", Role::Cashier), None);
    for (who, command, needed) in [
        ("ana", &move_cash, "the role manager"),
        ("ana", &change, "the role manager"),
        ("ana", &set, "the role admin"),
        ("mia", &set, "the role admin"),
    ] {
        let refusal = refusal(till.execute(command, &code(who), now(5)));
        assert_eq!((refusal.code(), refusal.field(), refusal.limit()), ("not_permitted", "operator", needed));
    }
    till.execute(&move_cash, &code("mia"), now(5)).unwrap();
    till.execute(&Command::CompleteSale(basket("1", &[("milk", "1")])), &code("ana"), now(5)).unwrap();
    assert_eq!(till.document("1").unwrap().unwrap().document.operator, code("ana"));
    let nobody = refusal(till.execute(&move_cash, &code("nobody"), now(5)));
    assert_eq!((nobody.code(), nobody.field()), ("operator_unknown", "operator"));
    for role in Role::ALL {
        assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
    }
    assert_eq!("boss".parse::<Role>().unwrap_err().code(), "malformed");
}

#[test]
fn one_active_admin_always_remains() {
    let mut till = staffed();
    let owner_as = |role, is_active| Operator { role, is_active, ..Operator::owner() };
    refused(&mut till, &set(&owner_as(Role::Manager, true), None), "not_permitted", "role");
    refused(&mut till, &set(&owner_as(Role::Admin, false), None), "not_permitted", "role");
    let inactive = Operator { is_active: false, ..person("zoe", Role::Admin) };
    execute(&mut till, &set(&inactive, None)).unwrap();
    refused(&mut till, &set(&owner_as(Role::Cashier, true), None), "not_permitted", "role");
    let zoe = person("zoe", Role::Admin);
    execute(&mut till, &set(&zoe, None)).unwrap();
    let head = till.head();
    execute(&mut till, &set(&zoe, Some("222222"))).unwrap();
    assert_eq!(till.head(), head, "a PIN is no entry");
    till.execute(&set(&owner_as(Role::Admin, false), None), &code("zoe"), now(5)).unwrap();
    let sale = Command::CompleteSale(basket("1", &[("milk", "1")]));
    refused(&mut till, &sale, "operator_unknown", "operator");
    till.execute(&sale, &code("zoe"), now(5)).unwrap();
}

#[test]
fn a_till_of_one_asks_nobody_and_a_till_of_several_asks_for_name_and_pin() {
    let mut till = closed_till(false);
    assert_eq!(till.identify(None, None, at(0)).unwrap(), Operator::owner());
    assert_eq!(identify(&mut till, "owner", None, 0).unwrap(), "owner");
    assert_eq!(identify(&mut till, "ana", None, 0).unwrap_err().code(), "operator_unknown");
    assert!(!till.has_admin_with_pin().unwrap());

    let mut till = staffed();
    assert!(till.has_admin_with_pin().unwrap());
    assert_eq!(till.operators().unwrap().len(), 2);
    let unnamed = refusal(till.identify(None, None, at(0)));
    assert_eq!((unnamed.code(), unnamed.field()), ("operator_missing", "operator"));
    execute(&mut till, &set(&person("mia", Role::Manager), None)).unwrap();
    for (who, pin, expected) in [
        ("owner", Some("135790"), Ok("owner")),
        ("ana", Some("2468"), Ok("ana")),
        ("ana", Some("135790"), Err(("pin_wrong", "pin"))),
        ("ana", None, Err(("missing", "pin"))),
        ("mia", Some("2468"), Err(("missing", "pin"))),
        ("eva", Some("2468"), Err(("operator_unknown", "operator"))),
    ] {
        let found = identify(&mut till, who, pin, 0);
        let found = found.as_deref().map_err(|refusal| (refusal.code(), refusal.field()));
        assert_eq!(found, expected, "{who} {pin:?}");
    }
}

#[test]
fn five_wrong_pins_lock_and_are_an_entry_and_time_unlocks() {
    let mut till = staffed();
    let head = till.head().seq();
    for _ in 0..4 {
        assert_eq!(identify(&mut till, "ana", Some("0000"), 0).unwrap_err().code(), "pin_wrong");
    }
    assert_eq!(identify(&mut till, "ana", Some("2468"), 0).unwrap(), "ana", "the right one in between starts anew");
    for _ in 0..4 {
        assert_eq!(identify(&mut till, "ana", Some("0000"), 0).unwrap_err().code(), "pin_wrong");
    }
    assert_eq!(till.head().seq(), head);
    assert_eq!(identify(&mut till, "ana", Some("0000"), 0).unwrap_err().code(), "pin_wrong");
    assert_eq!(till.head().seq(), head + 1, "the lock is written down");
    let locked = identify(&mut till, "ana", Some("2468"), 29).unwrap_err();
    assert_eq!((locked.code(), locked.limit()), ("pin_locked", "1 s have passed"));
    assert_eq!(identify(&mut till, "owner", Some("135790"), 0).unwrap(), "owner", "the others go on");
    assert_eq!(identify(&mut till, "ana", Some("2468"), 30).unwrap(), "ana");
    let audit = till.audit(counterfoil_core::db::InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}

#[test]
fn pins_are_worth_nothing_without_the_secret_of_their_device() {
    let mut till = open_till();
    let refusal = refused(&mut till, &set(&Operator::owner(), Some("135790")), "missing", "pepper");
    assert!(refusal.limit().starts_with("the device's secret"), "{refusal}");

    let mut till = staffed();
    till.set_pepper(Pepper::new([2; 32]));
    assert_eq!(identify(&mut till, "ana", Some("2468"), 0).unwrap_err().code(), "pin_wrong");
    till.set_pepper(Pepper::new([1; 32]));
    assert_eq!(identify(&mut till, "ana", Some("2468"), 0).unwrap(), "ana");
    till.forget_pins().unwrap();
    assert!(!till.has_admin_with_pin().unwrap());
    assert_eq!(identify(&mut till, "ana", Some("2468"), 0).unwrap_err().code(), "missing");
    assert_eq!(owner(), code("owner"));
}
