//! What a second person lends, what the limits of roles refuse, and what is recorded of it.

use counterfoil_core::approval::{ApprovalV1, OverShortStanding};
use counterfoil_core::command::{Basket, CashMovement, Command};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::discount::Discount;
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::id::{Name, Note, OperatorCode};
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Pepper, Pin};
use counterfoil_core::refusal::Refusal;
use counterfoil_core::role::{Permission, Role, RoleRules};
use counterfoil_core::till::{By, Outcome, Till, TillError};

use crate::{basket, count, execute, now, open_till, refused};

fn code(text: &str) -> OperatorCode {
    OperatorCode::new(text).unwrap()
}

fn set(text: &str, role: Role, pin: Option<&str>) -> Command {
    let hash = pin.map(|pin| Pin::new(pin, &role).unwrap().hash([9; 16]));
    let person = Operator { code: code(text), name: Name::new(text).unwrap(), role, is_active: true };
    Command::SetOperator(person, hash)
}

/// Cashiers may take 10 % off and close with 5.00 over or short; Ana is one, Mia is a manager, Tom a trainee who may sell.
fn staffed() -> Till {
    let mut till = open_till();
    till.set_pepper(Pepper::new([1; 32]));
    let limits = RoleRules {
        discount_percent_max: Some("10".parse().unwrap()),
        over_short_max: Some(Money::from_minor(500)),
        ..Role::Cashier.built_in()
    };
    let trainee = Role::named("trainee").unwrap();
    let only_selling = RoleRules { permissions: vec![Permission::Sell], ..trainee.built_in() };
    let refusal = refused(&mut till, &set("tom", trainee.clone(), None), "malformed", "role");
    assert_eq!(refusal.limit(), "admin, manager, cashier or a role of the shop");
    for command in [
        Command::SetRole(Box::new(limits)),
        Command::SetRole(Box::new(only_selling)),
        set("ana", Role::Cashier, Some("2468")),
        set("mia", Role::Manager, Some("135790")),
        set("tom", trainee, Some("111111")),
    ] {
        execute(&mut till, &command).unwrap();
    }
    till
}

fn by(till: &mut Till, command: &Command, operator: &str, approver: Option<&str>) -> Result<Outcome, Refusal> {
    let (operator, approver) = (code(operator), approver.map(code));
    match till.execute_by(command, By { operator: &operator, approver: approver.as_ref() }, now(5)) {
        Ok(outcome) => Ok(outcome),
        Err(TillError::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{command:?}: {error}"),
    }
}

/// Expects a refusal with this code and field, and that nothing was recorded.
fn refused_by(till: &mut Till, command: &Command, who: (&str, Option<&str>), expected: (&str, &str)) -> Refusal {
    let head = till.head();
    let refusal = by(till, command, who.0, who.1).expect_err(&format!("{command:?} was carried out by {who:?}"));
    assert_eq!((refusal.code(), refusal.field()), expected, "{command:?} by {who:?}: {refusal}");
    assert_eq!(till.head(), head, "{command:?} has left a trace");
    refusal
}

fn approval(outcome: &Outcome) -> Option<(String, Vec<Permission>)> {
    let Outcome::Issued(issued) = outcome else { panic!("{outcome:?}") };
    let approved_by = issued.document.approved_by.as_ref();
    approved_by.map(|ApprovalV1 { approver, lent }| (approver.to_string(), lent.clone()))
}

fn with_discount(id: &str, percent: &str) -> Command {
    let discounts = vec![Discount::Percent(percent.parse().unwrap())];
    Command::CompleteSale(Basket { discounts, ..basket(id, &[("book", "1")]) })
}

#[test]
fn a_second_person_lends_what_the_operator_may_not_do_alone() {
    let mut till = staffed();
    let amount = Money::from_minor(1_000);
    let reason = Note::new("to the safe").unwrap();
    let drop = Command::MoveCash(CashMovement { kind: CashMovementKind::SafeDrop, amount, reason, bag: None });
    refused_by(&mut till, &drop, ("ana", None), ("not_permitted", "operator"));
    refused_by(&mut till, &drop, ("ana", Some("tom")), ("not_permitted", "approved_by"));
    refused_by(&mut till, &drop, ("mia", Some("mia")), ("not_permitted", "approved_by"));
    refused_by(&mut till, &drop, ("ana", Some("nobody")), ("operator_unknown", "approved_by"));
    by(&mut till, &drop, "ana", Some("mia")).unwrap();
    refused_by(&mut till, &set("new", Role::Cashier, None), ("ana", Some("mia")), ("not_permitted", "approved_by"));
    refused_by(
        &mut till,
        &Command::SetRole(Box::new(Role::Cashier.built_in())),
        ("mia", None),
        ("not_permitted", "operator"),
    );
    by(&mut till, &set("new", Role::Cashier, None), "mia", Some("owner")).unwrap();

    let typed = |id: &str| {
        let mut basket = basket(id, &[("book", "1")]);
        basket.lines[0].unit_price = Some("15".parse().unwrap());
        Command::CompleteSale(basket)
    };
    refused_by(&mut till, &typed("1"), ("tom", None), ("not_permitted", "lines[0].operator"));
    let sold = by(&mut till, &typed("1"), "tom", Some("ana")).unwrap();
    assert_eq!(approval(&sold), Some(("ana".to_owned(), vec![Permission::OverridePrice])));
    let again = by(&mut till, &typed("1"), "tom", None).unwrap();
    assert_eq!(again, sold, "the same id gets the same answer, whoever asks");
    let plain = by(&mut till, &Command::CompleteSale(basket("2", &[("book", "1")])), "tom", Some("mia")).unwrap();
    assert_eq!(approval(&plain), None, "what needs no approval records none");
    let back = Command::RefundSale(crate::refund("3", "2", None));
    refused_by(&mut till, &back, ("tom", None), ("not_permitted", "operator"));
    let back = by(&mut till, &back, "tom", Some("mia")).unwrap();
    assert_eq!(approval(&back), Some(("mia".to_owned(), vec![Permission::Refund])));
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}

#[test]
fn a_discount_above_the_limit_of_the_role_needs_a_second_person() {
    let mut till = staffed();
    assert_eq!(approval(&by(&mut till, &with_discount("1", "10"), "ana", None).unwrap()), None);
    let refusal = refused_by(&mut till, &with_discount("2", "10.1"), ("ana", None), ("approval_needed", "discounts"));
    assert_eq!((refusal.value(), refusal.limit()), ("2.01 off 19.90", "10 % for the role cashier"));
    let approved = by(&mut till, &with_discount("2", "10.1"), "ana", Some("mia")).unwrap();
    assert_eq!(approval(&approved), Some(("mia".to_owned(), vec![Permission::GiveDiscount])));
    refused_by(&mut till, &with_discount("3", "1"), ("tom", None), ("not_permitted", "operator"));
    refused_by(&mut till, &with_discount("3", "11"), ("tom", Some("ana")), ("approval_needed", "approved_by"));
    let amount = Command::CompleteSale(Basket {
        discounts: vec![Discount::Amount(Money::from_minor(200))],
        ..basket("4", &[("book", "1")])
    });
    refused_by(&mut till, &amount, ("ana", None), ("approval_needed", "discounts"));
}

#[test]
fn a_count_beyond_the_limit_closes_all_the_same_and_says_who_accepted_it() {
    let close = |till: &mut Till, minor: i64, approver: Option<&str>| {
        let outcome = by(till, &count(minor), "ana", approver).unwrap();
        let Outcome::DrawerClosed(z) = outcome else { panic!("{outcome:?}") };
        execute(till, &Command::OpenDrawer(Money::from_minor(10_000))).unwrap();
        (z.over_short_standing, z.approved_by.map(|approval| approval.approver.to_string()))
    };
    let mut till = staffed();
    assert_eq!(close(&mut till, 9_500, None), (OverShortStanding::Within, None));
    assert_eq!(close(&mut till, 9_499, None), (OverShortStanding::Unapproved, None));
    assert_eq!(close(&mut till, 10_501, Some("tom")), (OverShortStanding::Unapproved, None));
    assert_eq!(close(&mut till, 10_501, Some("mia")), (OverShortStanding::Approved, Some("mia".to_owned())));
}

#[test]
fn who_approves_proves_it_by_pin() {
    let mut till = staffed();
    let mut try_pin = |who: &str, pin: Option<&str>| {
        let tried = till.identify_approver(&code("ana"), &code(who), pin.map(Pin::typed).as_ref(), now(6));
        match tried {
            Ok(operator) => Ok(operator.code.to_string()),
            Err(TillError::Refused(refusal)) => Err((refusal.code(), refusal.field().to_owned())),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(try_pin("mia", Some("135790")), Ok("mia".to_owned()));
    assert_eq!(try_pin("mia", None), Err(("missing", "approval_pin".to_owned())));
    assert_eq!(try_pin("ana", Some("2468")), Err(("not_permitted", "approved_by".to_owned())));
    assert_eq!(try_pin("nobody", Some("2468")), Err(("operator_unknown", "approved_by".to_owned())));
    for _ in 0..5 {
        assert_eq!(try_pin("mia", Some("000000")), Err(("pin_wrong", "approval_pin".to_owned())));
    }
    assert_eq!(try_pin("mia", Some("135790")), Err(("pin_locked", "approved_by".to_owned())));
}

#[test]
fn the_shop_says_what_a_role_may_do() {
    let mut till = staffed();
    let roles = till.roles().unwrap();
    let codes: Vec<_> = roles.iter().map(|rules| rules.role.to_string()).collect();
    assert_eq!(codes, ["admin", "manager", "cashier", "trainee"]);
    assert_eq!(roles[2].discount_percent_max, Some("10".parse().unwrap()));
    let strict = RoleRules { permissions: vec![Permission::RunDrawer], ..Role::Cashier.built_in() };
    execute(&mut till, &Command::SetRole(Box::new(strict.clone()))).unwrap();
    let sale = Command::CompleteSale(basket("1", &[("milk", "1")]));
    refused_by(&mut till, &sale, ("ana", None), ("not_permitted", "operator"));
    let head = till.head();
    execute(&mut till, &Command::SetRole(Box::new(strict))).unwrap();
    assert_eq!(till.head(), head, "rules that are so already are no entry");
    refused(&mut till, &Command::SetRole(Box::new(Role::Admin.built_in())), "malformed", "role");
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}
