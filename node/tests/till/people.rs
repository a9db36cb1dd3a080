//! Operators: `owner` alone until a second one is added, then each names itself and proves it by PIN.

use crate::shop::Shop;

const SALE: &str = r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}]}"#;

fn shop_with_people(served: bool) -> (Shop, Option<crate::shop::Serving>) {
    let shop = Shop::open();
    let serving = served.then(|| shop.serve());
    let owner = ["operator", "add", "--code", "owner", "--name", "Olga", "--role", "admin"];
    shop.json_with(&[("TILL_NEW_PIN", "135790")], &owner, "").done();
    let ana = ["operator", "add", "--code", "ana", "--name", "Ana", "--role", "cashier", "--pin-file"];
    let file = shop.file("pin", "2468\n");
    let added = shop.json(&[&ana[..], &[file.to_str().unwrap()]].concat()).done().json();
    assert_eq!((&added["code"], &added["role"]), (&"ana".into(), &"cashier".into()));
    (shop, serving)
}

fn check_people(served: bool) {
    let (shop, serving) = shop_with_people(served);
    let sell =
        |variables: &[(&str, &str)], options: &[&str]| shop.json_with(variables, &[options, &["sell"]].concat(), SALE);
    assert_eq!(sell(&[], &[]).refused(), ("operator_missing".into(), "operator".into()));
    assert_eq!(sell(&[], &["--operator", "ana"]).refused(), ("missing".into(), "pin".into()));
    assert_eq!(sell(&[("TILL_PIN", "1111")], &["--operator", "ana"]).refused(), ("pin_wrong".into(), "pin".into()));
    assert_eq!(sell(&[("TILL_PIN", "2468")], &["--operator", "eva"]).refused().0, "operator_unknown");
    sell(&[("TILL_PIN", "2468")], &["--operator", "ana"]).done();
    let file = shop.file("pin", "2468\n");
    let with_file = ["--operator", "ana", "--pin-file", file.to_str().unwrap()];
    let pay_out = shop.json(&[&["pay-out", "1", "--reason", "tip"][..], &with_file].concat());
    assert_eq!(pay_out.refused().0, "not_permitted");
    assert_eq!(shop.json(&["status"]).done().json()["drawer_session"], 1, "reading needs nobody");
    drop(serving);
    let boss = [("TILL_PIN", "135790"), ("TILL_NEW_PIN", "97531")];
    let eva = ["--operator", "owner", "operator", "add", "--code", "eva"];
    shop.json_with(&boss, &eva, "").done();
    shop.audit();
}

#[test]
fn operators_prove_themselves_by_pin() {
    check_people(false);
}

#[test]
fn operators_prove_themselves_by_pin_through_the_local_api() {
    check_people(true);
}

#[test]
fn five_wrong_pins_lock_an_operator_out_across_restarts() {
    let (shop, _) = shop_with_people(false);
    let with_pin = |pin: &str| shop.json_with(&[("TILL_PIN", pin)], &["--operator", "ana", "sell"], SALE).refused().0;
    let mut refusals: Vec<String> = (0..5).map(|_| with_pin("1111")).collect();
    refusals.push(with_pin("2468"));
    assert_eq!(refusals[0], "pin_wrong");
    assert_eq!(refusals[5], "pin_locked", "{refusals:?}");
}

#[test]
fn what_is_not_given_stays_and_a_new_pin_ends_the_wait() {
    let (shop, _) = shop_with_people(false);
    let sell = |pin: &str| shop.json_with(&[("TILL_PIN", pin)], &["--operator", "ana", "sell"], SALE);
    for _ in 0..5 {
        assert_eq!(sell("1111").refused().0, "pin_wrong");
    }
    assert_eq!(sell("2468").refused().0, "pin_locked");
    let boss = [("TILL_PIN", "135790"), ("TILL_NEW_PIN", "97531")];
    let changed = shop.json_with(&boss, &["--operator", "owner", "operator", "add", "--code", "ana"], "").done().json();
    assert_eq!((&changed["name"], &changed["role"]), (&"Ana".into(), &"cashier".into()));
    sell("97531").done();
    let as_owner = |arguments: &[&str]| {
        shop.json_with(&[("TILL_PIN", "135790")], &[&["--operator", "owner", "operator"][..], arguments].concat(), "")
    };
    let raised = as_owner(&["add", "--code", "ana", "--role", "manager"]);
    assert_eq!(raised.refused(), ("missing".into(), "pin".into()), "a cashier's PIN may be too short for a manager");
    as_owner(&["remove", "ana"]).done();
    assert_eq!(sell("97531").refused().0, "operator_unknown");
    assert_eq!(as_owner(&["remove", "eva"]).refused().0, "operator_unknown");
    assert_eq!(as_owner(&["remove", "owner"]).refused().0, "not_permitted", "one admin must remain");
    let first = shop.json(&["operator", "list", "--limit", "1"]).done().json();
    assert_eq!((&first["operators"][0]["is_active"], &first["next"]), (&false.into(), &"ana".into()));
    let rest = shop.json(&["operator", "list", "--after", "ana"]).done().json();
    assert_eq!((&rest["operators"][0]["name"], rest["next"].is_null()), (&"Olga".into(), true));
    as_owner(&["add", "--code", "ana"]).done();
    sell("97531").done();
    shop.audit();
}

#[test]
fn the_first_cashier_comes_with_a_word_about_the_owners_pin() {
    let shop = Shop::open();
    let add = |code: &str, pin: &str| {
        shop.json_with(&[("TILL_NEW_PIN", pin)], &["operator", "add", "--code", code], "").done().json()
    };
    assert!(add("ana", "2468")["note"].as_str().unwrap().contains("till operator add --code owner"));
    let sold = shop.json_with(&[], &["--operator", "owner", "sell"], SALE).json();
    assert!(sold["refused"]["message"].as_str().unwrap().contains("TILL_NEW_PIN"), "{sold}");
    assert_eq!((&add("owner", "135790")["role"], &add_note(&shop)), (&"admin".into(), &true));
}

fn add_note(shop: &Shop) -> bool {
    let boss = [("TILL_PIN", "135790"), ("TILL_NEW_PIN", "8642")];
    let added = shop.json_with(&boss, &["--operator", "owner", "operator", "add", "--code", "eva"], "").done().json();
    added["note"].is_null()
}

#[test]
fn a_weak_pin_or_none_is_refused_and_never_shown() {
    let shop = Shop::open();
    let add = |pin: &str, role: &str| {
        let arguments = ["operator", "add", "--code", "eva", "--role", role];
        shop.json_with(&[("TILL_NEW_PIN", pin)], &arguments, "")
    };
    for (pin, role) in [("12345", "admin"), ("123", "cashier"), ("12a4", "cashier"), ("", "cashier")] {
        let ended = add(pin, role);
        assert_eq!(ended.refused().1, "pin", "{pin} {role}");
        assert!(pin.is_empty() || !ended.out.contains(pin), "{ended:?}");
    }
    assert_eq!(shop.json(&["operator", "add", "--code", "eva"]).refused(), ("missing".into(), "pin".into()));
    assert_eq!(add("123456", "king").refused().1, "role");
}

#[test]
fn standard_input_is_the_pin_or_the_baskets_and_never_both() {
    let (shop, _) = shop_with_people(false);
    let both = shop.json_with(&[], &["--operator", "ana", "--pin-file", "-", "sell"], "2468\n{}\n");
    assert_eq!((both.code, both.json()["error"]["code"].as_str()), (2, Some("usage")));
    let file = shop.file("sale.json", SALE);
    let arguments = ["--operator", "ana", "--pin-file", "-", "sell", file.to_str().unwrap()];
    shop.json_with(&[], &arguments, "2468\n").done();
}

#[test]
fn until_an_admin_has_a_pin_the_device_itself_may_add_people_and_products() {
    let shop = Shop::open();
    let add = |code: &str, role: &str, pin: &str| {
        let arguments = ["operator", "add", "--code", code, "--role", role];
        shop.json_with(&[("TILL_NEW_PIN", pin)], &arguments, "")
    };
    add("ana", "cashier", "2468").done();
    add("eva", "cashier", "1357").done();
    assert_eq!(shop.sell(SALE).refused().0, "operator_missing", "selling needs a name from the second operator on");
    add("owner", "admin", "135790").done();
    assert_eq!(add("ida", "cashier", "9876").refused().0, "operator_missing");
    let file = shop.file("more.csv", "code,name,price\nRUM,Rum,20.00\n");
    let import = ["import", "products", file.to_str().unwrap(), "--tax-rate", "21"];
    assert_eq!(shop.json(&import).refused().0, "operator_missing");
    shop.json_with(&[("TILL_PIN", "135790")], &[&["--operator", "owner"][..], &import].concat(), "").done();
}
