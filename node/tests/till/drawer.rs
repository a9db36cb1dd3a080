//! The drawer beyond selling: no sale, bank drop, voided lines, abandoned baskets, reprints, blind counting, addenda.

use serde_json::{Value, json};

use crate::shop::Shop;

fn check_day(served: bool) {
    let shop = Shop::open();
    let serving = served.then(|| shop.serve());
    shop.sell(r#"{"id":"a","lines":[{"code":"TEA","quantity":"2"}]}"#).done();
    assert_eq!(shop.json(&["no-sale", "--reason", ""]).refused(), ("missing".into(), "reason".into()));
    let opened = shop.json(&["no-sale", "--reason", "change for a guest"]).done().json();
    assert_eq!((&opened["recorded"], &opened["operator"]), (&json!("opened_without_sale"), &json!("owner")));
    let dropped = shop.json(&["bank-drop", "50", "--bag", "BAG-17"]).done().json();
    assert_eq!((&dropped["kind"], &dropped["bag"]), (&json!("bank-drop"), &json!("BAG-17")));
    shop.json(&["float-top-up", "10", "--reason", "coins"]).done();
    let voided = shop.json(&["void-line", "4006381333931", "--quantity", "2", "--basket", "b"]).done().json();
    assert_eq!((&voided["gross"], &voided["lines"][0]["code"]), (&json!("2.50"), &json!("MILK")));
    let basket = shop.file("basket.json", r#"{"id":"b","lines":[{"code":"TEA","quantity":1}],"reason":"left"}"#);
    let abandoned = shop.json(&["abandon", basket.to_str().unwrap()]).done().json();
    assert_eq!((&abandoned["gross"], &abandoned["basket"]), (&json!("3.10"), &json!("b")));
    shop.json(&["receipt", "a"]).done();
    let x = shop.json(&["x"]).done().json();
    // Float 100.00, sale 6.20, top-up 10.00, bank 50.00.
    assert_eq!((&x["expected"], &x["no_sales"], &x["reprints"]), (&json!("66.20"), &json!(1), &json!(1)));
    assert_eq!(x["voided_lines"], json!({"count": 1, "gross": "2.50"}));
    assert_eq!(x["abandoned_baskets"], json!({"count": 1, "gross": "3.10"}));
    assert_eq!(x["operators"], json!([{"key": "owner", "count": 1, "gross": "6.20"}]));
    let z = shop.json(&["close", "--count", "60"]).done().json();
    let late = ["amend-z", "1", "--counted", "66.20", "--reason", "a coin roll was under the tray"];
    let amended = shop.json(&late).done().json();
    assert_eq!((&amended["number"], &amended["over_short"]), (&json!("S01-T01-Z26A-000001/1"), &json!("0.00")));
    let tender = ["amend-z", "1", "--from", "cash", "--to", "card", "--amount", "3.10", "--reason", "paid by card"];
    assert_eq!(shop.json(&tender).done().json()["over_short"], "3.10");
    let again = shop.json(&["z", "1"]).done().json();
    assert_eq!((&again["over_short"], &again["amended"]["over_short"]), (&z["over_short"], &json!("3.10")));
    assert_eq!(again["addenda"].as_array().map(Vec::len), Some(2));
    let printed = shop.text(&["z", "1"]).done().out;
    assert!(printed.contains("* COPY *") && printed.contains("ADDENDUM S01-T01-Z26A-000001/2"), "{printed}");
    if let Some(serving) = serving {
        assert_eq!(serving.stop(), 0);
    }
    let audit = shop.audit();
    assert_eq!(audit["totals"][0]["cash"], "-36.90", "6.20 + 10.00 - 50.00, and 3.10 that was no cash");
}

#[test]
fn what_sells_nothing_is_on_the_report() {
    check_day(false);
}

#[test]
fn what_sells_nothing_is_on_the_report_through_the_local_api() {
    check_day(true);
}

#[test]
fn who_counts_blind_does_not_see_what_is_expected() {
    let shop = Shop::open();
    let run = |pins: &[(&str, &str)], arguments: &[&str]| shop.json_with(pins, arguments, "");
    run(&[("TILL_NEW_PIN", "135790")], &["operator", "add", "--code", "owner"]).done();
    let owner = [("TILL_PIN", "135790"), ("TILL_NEW_PIN", "2468")];
    run(&owner, &["--operator", "owner", "operator", "add", "--code", "ana"]).done();
    run(&[], &["x"]).done();
    let blind = ["role", "set", "cashier", "--permissions", "sell,refund,run_drawer,accept_over_short"];
    run(&owner, &[&["--operator", "owner"][..], &blind].concat()).done();
    let ana = [("TILL_PIN", "2468"), ("TILL_APPROVAL_PIN", "135790")];
    assert_eq!(run(&[], &["x"]).refused().0, "operator_missing");
    assert_eq!(run(&ana, &["--operator", "ana", "x"]).refused(), ("not_permitted".into(), "operator".into()));
    let shown: Value = run(&ana, &["--operator", "ana", "--approved-by", "owner", "x"]).done().json();
    assert_eq!(shown["expected"], "100.00");
    let z = run(&ana, &["--operator", "ana", "close", "--count", "99"]).done().json();
    assert_eq!(z["over_short"], "-1.00", "after the count there is nothing left to hide");
}
