//! Goods that come back without a receipt, and exchanges, from the command line and through the local API.

use serde_json::json;

use crate::shop::{Shop, refused};

fn check_day(served: bool) {
    let shop = Shop::open();
    let serving = served.then(|| shop.serve());
    shop.sell(r#"{"id":"s","lines":[{"code":"TEA","quantity":"3"}],"tenders":[{"kind":"card","amount":"9.30"}]}"#)
        .done();
    let dearer = shop.json(&["exchange", "s", "--line", "1", "--quantity", "1", "--for", "CHEESE", "--id", "e"]);
    let dearer = dearer.done().json();
    assert_eq!((&dearer["number"], &dearer["due"]), (&json!("S01-T01-R26A-000002"), &json!("6.90")));
    assert_eq!(dearer["credit_note"]["gross"], "-3.10");
    let lines = concat!(
        r#"{"id":"e2","exchange_of":"s","back":[{"line":1,"quantity":"1"}],"lines":[{"code":"MILK","quantity":1}]}"#,
        "\n",
        r#"{"id":"e2","exchange_of":"s","back":[{"line":1,"quantity":"1"}],"lines":[{"code":"MILK","quantity":1}]}"#,
        "\n",
        r#"{"id":"e3","exchange_of":"s","back":[{"line":9}],"lines":[{"code":"MILK","quantity":1}]}"#,
        "\n",
        r#"{"id":"n","return_reason":"a gift","lines":[{"code":"CHEESE","quantity":"0.5"}]}"#,
        "\n",
        r#"{"id":"m","return_reason":"a gift","lines":[{"code":"CHEESE"}]}"#,
    );
    let answers = shop.sell(lines).lines();
    assert_eq!((&answers[0]["due"], &answers[0]), (&json!("-1.85"), &answers[1]));
    assert_eq!(refused(&answers[2]), ("malformed".into(), "back[0].line".into()));
    assert_eq!((&answers[3]["number"], &answers[3]["gross"]), (&json!("S01-T01-N26A-000001"), &json!("-5.00")));
    assert_eq!(refused(&answers[4]), ("missing".into(), "lines[0].quantity".into()));
    let back = shop.json(&["return", "TEA", "--quantity", "2", "--reason", "no receipt"]).done().json();
    assert_eq!((&back["number"], &back["gross"]), (&json!("S01-T01-N26A-000002"), &json!("-6.20")));
    assert_eq!(shop.json(&["return", "TEA", "--reason", ""]).refused(), ("missing".into(), "reason".into()));
    let more = shop.json(&["refund", "s", "--tender", "cash=99.00"]);
    assert_eq!(more.refused(), ("tender_not_allowed".into(), "tenders".into()));
    let last = shop.json(&["refund", "s", "--tender", "card=2.10,T-9", "--tender", "cash=1.00"]).done().json();
    assert_eq!((&last["number"], &last["payable"]), (&json!("S01-T01-C26A-000003"), &json!("-3.10")));
    // Float 100.00, 6.90 in, 5.00, 6.20 and 1.00 out; the 1.85 of the second exchange went back to the card.
    assert_eq!(shop.json(&["x"]).done().json()["expected"], "94.70");
    let receipt = shop.text(&["receipt", "S01-T01-C26A-000002"]).done().out;
    assert!(receipt.contains("Card                             -1.85 EUR"), "{receipt}");
    if let Some(serving) = serving {
        assert_eq!(serving.stop(), 0);
    }
    shop.audit();
}

#[test]
fn goods_come_back_in_exchange_or_without_a_receipt() {
    check_day(false);
}

#[test]
fn goods_come_back_in_exchange_or_without_a_receipt_through_the_local_api() {
    check_day(true);
}
