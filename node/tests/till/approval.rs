//! Roles with limits, and a second person who approves by PIN, from the command line and through the local API.

use serde_json::json;

use crate::shop::Shop;

const OWNER: [(&str, &str); 1] = [("TILL_PIN", "135790")];
const ANA: (&str, &str) = ("TILL_PIN", "2468");
const MIA: (&str, &str) = ("TILL_APPROVAL_PIN", "864209");

/// Owner 135790, cashier Ana 2468 who gives 10 % and closes with 5.00 over or short, manager Mia 864209.
fn staffed() -> Shop {
    let shop = Shop::open();
    shop.json_with(&[("TILL_NEW_PIN", "135790")], &["operator", "add", "--code", "owner"], "").done();
    let as_owner = |arguments: &[&str], new_pin: &str| {
        let variables = [&OWNER[..], &[("TILL_NEW_PIN", new_pin)]].concat();
        shop.json_with(&variables, &[&["--operator", "owner"], arguments].concat(), "").done().json()
    };
    as_owner(&["operator", "add", "--code", "ana", "--role", "cashier"], "2468");
    as_owner(&["operator", "add", "--code", "mia", "--role", "manager"], "864209");
    let set = as_owner(&["role", "set", "cashier", "--discount-max", "10", "--over-short-max", "5"], "");
    assert_eq!((&set["discount_max"], &set["over_short_max"]), (&json!("10"), &json!("5.00")));
    shop
}

fn check_day(served: bool) {
    let shop = staffed();
    let serving = served.then(|| shop.serve());
    let as_ana = |arguments: &[&str], input: &str| {
        shop.json_with(&[ANA, MIA], &[&["--operator", "ana"], arguments].concat(), input)
    };
    let sale = r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}],"discounts":[{"percent":"20"}]}"#;
    assert_eq!(as_ana(&["sell"], sale).refused(), ("approval_needed".into(), "discounts".into()));
    let sold = as_ana(&["sell", "--approved-by", "mia"], sale).done().json();
    assert_eq!((&sold["gross"], &sold["approved_by"]), (&json!("2.48"), &json!("mia")));
    let printed = shop.json(&["receipt", "a"]).done().json();
    assert!(printed["text"].as_str().unwrap().contains("Approved by"), "{printed}");

    let drop = ["safe-drop", "40", "--reason", "to the safe"];
    assert_eq!(as_ana(&drop, "").refused(), ("not_permitted".into(), "operator".into()));
    let wrong = shop.json_with(
        &[ANA, ("TILL_APPROVAL_PIN", "111111")],
        &[&["--operator", "ana", "--approved-by", "mia"][..], &drop].concat(),
        "",
    );
    assert_eq!(wrong.refused(), ("pin_wrong".into(), "approval_pin".into()));
    let file = shop.file("pin", "864209\n");
    let approved = ["--approved-by", "mia", "--approval-pin-file", file.to_str().unwrap()];
    shop.json_with(&[ANA], &[&["--operator", "ana"][..], &drop, &approved].concat(), "").done();

    let z = as_ana(&["close", "--count", "50"], "").done().json();
    assert_eq!((&z["over_short"], &z["over_short_standing"]), (&json!("-12.48"), &json!("unapproved")));
    as_ana(&["open", "--float", "50"], "").done();
    let z = as_ana(&["close", "--count", "42", "--approved-by", "mia"], "").done().json();
    assert_eq!((&z["over_short_standing"], &z["approved_by"]), (&json!("approved"), &json!("mia")));
    drop_serving(serving);
    shop.audit();
}

fn drop_serving(serving: Option<crate::shop::Serving>) {
    if let Some(serving) = serving {
        assert_eq!(serving.stop(), 0);
    }
}

#[test]
fn a_second_person_approves_by_pin() {
    check_day(false);
}

#[test]
fn a_second_person_approves_by_pin_through_the_local_api() {
    check_day(true);
}

#[test]
fn a_shop_has_roles_of_its_own() {
    let shop = staffed();
    let as_owner = |arguments: &[&str], new_pin: &str| {
        let variables = [&OWNER[..], &[("TILL_NEW_PIN", new_pin)]].concat();
        shop.json_with(&variables, &[&["--operator", "owner"], arguments].concat(), "")
    };
    let tom = ["operator", "add", "--code", "tom", "--role", "trainee"];
    assert_eq!(as_owner(&tom, "111111").refused(), ("malformed".into(), "role".into()));
    as_owner(&["role", "set", "trainee", "--name", "Trainee", "--permissions", "sell"], "").done();
    as_owner(&tom, "111111").done();
    let fly = as_owner(&["role", "set", "trainee", "--permissions", "sell,fly"], "");
    assert_eq!(fly.refused(), ("malformed".into(), "permissions".into()));
    assert_eq!(
        as_owner(&["role", "set", "admin", "--permissions", ""], "").refused(),
        ("malformed".into(), "role".into())
    );
    let roles = shop.json(&["role", "list"]).done().json();
    let codes: Vec<_> = roles["roles"].as_array().unwrap().iter().map(|role| role["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["admin", "manager", "cashier", "trainee"]);
    assert_eq!(roles["roles"][3]["permissions"], json!(["sell"]));
    let tom = [("TILL_PIN", "111111")];
    shop.json_with(&tom, &["--operator", "tom", "sell"], r#"{"id":"t","lines":[{"code":"TEA","quantity":"1"}]}"#)
        .done();
    let refund = shop.json_with(&tom, &["--operator", "tom", "refund", "t"], "");
    assert_eq!(refund.refused().0, "not_permitted");
    shop.audit();
}
