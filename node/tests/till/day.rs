//! A till day: the same commands with `till serve` running and without, and what they answer.

use serde_json::{Value, json};

use crate::shop::{Shop, refused, run};

fn assert_fields(answer: &Value, expected: &Value) {
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&answer[field], value, "{field} of {answer}");
    }
}

/// Everything that a day needs, in order.
fn live_a_day(shop: &Shop) {
    let file = shop.file("more.csv", "code,name,price\nRUM,Rum,20.00\n");
    let import = ["import", "products", file.to_str().unwrap(), "--tax-rate", "21"];
    let report = shop.json(&import).done().json();
    assert_fields(&report, &json!({"read": 1, "added": 1, "updated": 0, "unchanged": 0, "rejected": []}));
    assert_fields(&shop.json(&import).done().json(), &json!({"read": 1, "added": 0, "unchanged": 1}));

    let opened = shop.json(&["open", "--float", "100.00"]).done().json();
    assert_fields(&opened, &json!({"session": 1, "float": "100.00", "currency": "EUR"}));
    sell_and_refund(shop);
    move_cash(shop);
    report_and_close(shop);
}

fn sell_and_refund(shop: &Shop) {
    let sold = shop.sell(
        r#"{"id":"a","lines":[{"code":"4006381333931","quantity":"2"},{"code":"CHEESE","quantity":0.35}],"tenders":[{"kind":"cash","amount":"20.00"}]}
{"id":"b","lines":[{"code":"RUM","quantity":"1","unit_price":"18.00"}],"discounts":[{"percent":"10"}],"tenders":[{"kind":"card","amount":"16.20","reference":"auth 1234"}],"document":"invoice","customer":"ACME"}
{"id":"a-back","refund_of":"a","lines":[{"line":1,"quantity":"1"}]}
"#,
    );
    let sold = sold.done().lines();
    let expected = json!({"id": "a", "number": "S01-T01-R26A-000001", "net": "4.96", "tax": "1.04", "gross": "6.00",
        "rounding": "0.00", "payable": "6.00", "change": "14.00"});
    assert_fields(&sold[0], &expected);
    assert_eq!(sold[0]["hash"].as_str().unwrap().len(), 64);
    assert_fields(&sold[1], &json!({"number": "S01-T01-F26A-000001", "gross": "16.20", "change": "0.00"}));
    assert_fields(&sold[2], &json!({"id": "a-back", "number": "S01-T01-C26A-000001", "gross": "-1.25"}));

    let again = shop.sell(r#"{"id":"b","lines":[{"code":"RUM","quantity":"1","unit_price":"18.00"}],"discounts":[{"percent":"10"}],"tenders":[{"kind":"card","amount":"16.2","reference":"auth 1234"}],"document":"invoice","customer":"ACME"}"#);
    assert_eq!(again.done().json(), sold[1], "the same command again gets the same answer");
    let other = shop.sell(r#"{"id":"a","lines":[{"code":"RUM","quantity":"1"}]}"#);
    assert_eq!(other.refused().0, "id_reused");

    let number = "S01-T01-R26A-000001";
    let rest = shop.json(&["refund", number, "--line", "2", "--id", "a-rest"]).done().json();
    assert_fields(&rest, &json!({"id": "a-rest", "gross": "-3.50"}));
    let too_much = shop.json(&["refund", number, "--line", "1", "--quantity", "2"]);
    assert_eq!(too_much.refused().0, "nothing_left");
    let printed = shop.json(&["receipt", number, "--format", "text"]).done().json();
    assert!(printed["text"].as_str().unwrap().contains("Cheese"), "{printed}");
    assert_eq!(shop.json(&["receipt", "S01-T01-R26A-000009"]).refused(), ("document_unknown".into(), "number".into()));
}

fn move_cash(shop: &Shop) {
    let moved = shop.json(&["pay-in", "10.00", "--reason", "change from the bank"]).done().json();
    assert_fields(&moved, &json!({"kind": "pay-in", "amount": "10.00"}));
    shop.json(&["pay-out", "4.00", "--reason", "stamps"]).done();
    shop.json(&["safe-drop", "50.00", "--reason", "evening"]).done();
    assert_eq!(shop.json(&["pay-in", "0", "--reason", "x"]).refused(), ("not_positive".into(), "amount".into()));
    assert_eq!(shop.json(&["pay-in", "1.005", "--reason", "x"]).refused(), ("too_many_digits".into(), "amount".into()));
    let card = shop.json(&["pay-out", "1", "--reason", "4111 1111 1111 1111"]);
    assert_eq!(card.refused(), ("card_number".into(), "reason".into()));
}

fn report_and_close(shop: &Shop) {
    // Float 100.00, cash sale 6.00, refunds 1.25 and 3.50, in 10.00, out 4.00 and 50.00.
    let x = shop.json(&["x"]).done().json();
    assert_fields(&x, &json!({"session": 1, "expected": "57.25", "gross": "17.45"}));
    let z = shop.json(&["close", "--denominations", "50x1,5x1,0.20x10"]).done().json();
    let expected = json!({"number": "S01-T01-Z26A-000001", "expected": "57.25", "counted": "57.00",
        "over_short": "-0.25", "perpetual_gross": "17.45"});
    assert_fields(&z, &expected);
    assert_eq!(shop.json(&["x"]).refused().0, "drawer_closed");
    let sale = r#"{"id":"late","lines":[{"code":"RUM","quantity":"1"}]}"#;
    assert_eq!(refused(&shop.sell(sale).json()).0, "drawer_closed");
    let again = shop.json(&["z"]).done().json();
    assert_fields(&again, &json!({"number": "S01-T01-Z26A-000001", "counted": "57.00"}));
    for number in ["S01-T01-Z26A-000001", "s01-t01-z26a-000001", "1"] {
        assert_eq!(shop.json(&["z", number]).done().json(), again, "{number}");
    }
    assert_eq!(shop.json(&["z", "2"]).refused().0, "document_unknown");
    for arguments in [["z", "1"], ["receipt", "S01-T01-Z26A-000001"]] {
        let printed = shop.text(&arguments).done().out;
        assert!(printed.contains("Z REPORT") && printed.contains("COPY"), "{printed}");
    }
    assert!(shop.text(&["receipt", "s01-t01-r26a-000001"]).done().out.contains("RECEIPT"));
    assert_eq!(shop.json(&["z", "S01-T01-Z26A-000007"]).refused().0, "document_unknown");

    let status = shop.json(&["status"]).done().json();
    assert_fields(&status, &json!({"store": "S01", "till": "T01", "enrolled": false, "drawer_session": null}));
    let audit = shop.audit();
    assert_eq!(audit["totals"], json!([{"currency": "EUR", "gross": "17.45", "tax": "3.02", "cash": "-42.75"}]));
    let exported = run(shop.command().current_dir(shop.path("")).args(["--json", "export", "out.cfx"]), "");
    assert_eq!(exported.done().json()["entries"], audit["journals"][0]["entries"]);
    assert!(std::fs::read(shop.path("out.cfx")).unwrap().starts_with(b"CFX1"));
    let own = shop.json(&["acknowledge", shop.path("out.cfx").to_str().unwrap()]);
    assert_eq!(own.refused(), ("malformed".into(), "file".into()));
    let none = shop.json(&["apply", shop.file("none.cfx", "no parcel").to_str().unwrap()]);
    assert_eq!(none.refused(), ("malformed".into(), "file".into()));
}

#[test]
fn a_day_is_lived_by_commands_that_open_the_folder_themselves() {
    live_a_day(&Shop::with_till(&[]));
}

#[test]
fn a_day_is_lived_by_commands_while_the_till_is_served() {
    let shop = Shop::with_till(&[]);
    let serving = shop.serve();
    live_a_day(&shop);
    assert_eq!(serving.stop(), 0);
    assert!(!shop.data().join("local-api.json").exists());
    shop.audit();
}

#[test]
fn people_read_text_with_amounts_and_currency() {
    let shop = Shop::with_till(&[]);
    assert_eq!(
        shop.text(&["open", "--float", "100"]).done().out,
        "drawer session 1 is open with a float of 100.00 EUR\n"
    );
    let file = shop.file("basket.json", "{\n  \"id\": \"a\",\n  \"lines\": [{\"code\": \"TEA\", \"quantity\": \"1\"}],\n  \"tenders\": [{\"kind\": \"cash\", \"amount\": \"5\"}]\n}\n");
    let sold = shop.text(&["sell", file.to_str().unwrap()]).done().out;
    assert_eq!(sold, "S01-T01-R26A-000001        3.10 EUR  change 1.90 EUR\n");
    let receipt = shop.text(&["receipt", "S01-T01-R26A-000001"]).done().out;
    assert!(receipt.contains("3.10 EUR") && receipt.contains("Tea"), "{receipt}");
    let z = shop.text(&["close", "--count", "103.10"]).done().out;
    assert!(z.contains("Z REPORT") && !z.contains("COPY"), "{z}");
    let refused = shop.text(&["close", "--count", "1"]);
    assert_eq!((refused.code, refused.out.starts_with("refused: ")), (1, true), "{refused:?}");
}

#[test]
fn people_are_told_what_is_wrong_in_their_own_words() {
    let shop = Shop::with_till(&[]);
    let status = shop.json(&["status"]).done().json();
    assert!(status["cannot_sell"].as_str().unwrap().contains("till open"), "{status}");
    assert_eq!((&status["unsent"], &status["journals"][0]["state"]), (&Value::Null, &json!("open")));
    shop.json(&["open", "--float", "0"]).done();
    assert_eq!(shop.sell("\n").refused(), ("missing".into(), "basket".into()));
    assert_eq!(shop.json(&["quote"]).refused(), ("missing".into(), "basket".into()));
    assert_eq!(shop.sell("nonsense").refused().1, "basket");
    shop.sell(r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}]}"#).done();
    let refused = shop.text(&["refund", "a", "--line", "9"]).out;
    assert!(refused.starts_with("refused: line: 9 is not a line"), "{refused}");
    assert_eq!(shop.json(&["products", "TEA"]).done().json()["products"][0]["price"], "3.10");
    let scanned = shop.text(&["scan", "4006381333931"]).done().out;
    assert!(scanned.contains("ean-13") && scanned.contains("04006381333931"), "{scanned}");
    let nowhere = ["init", "--store", "S01", "--till", "T01", "--currency", "EUR", "--country", "ZZ"];
    assert_eq!(Shop::empty().json(&nowhere).refused(), ("malformed".into(), "country".into()));
}

#[test]
fn a_refusal_in_a_stream_does_not_stop_the_others() {
    let shop = Shop::open();
    let good = |id: &str| format!(r#"{{"id":"{id}","lines":[{{"code":"TEA","quantity":"1"}}]}}"#);
    let stream = format!("{}\nnonsense\n\n{{\"id\":\"x\",\"lines\":[]}}\n{}\n", good("a"), good("b"));
    let ended = shop.sell(&stream);
    assert_eq!(ended.code, 1);
    let lines = ended.lines();
    assert_eq!(lines[0]["number"], "S01-T01-R26A-000001");
    assert_eq!((&lines[1]["id"], &lines[1]["line"]), (&Value::Null, &json!(2)));
    assert_eq!((lines[2]["id"].as_str(), refused(&lines[2])), (Some("x"), ("missing".into(), "lines".into())));
    assert_eq!(lines[3]["number"], "S01-T01-R26A-000002");
    assert_eq!(lines.len(), 4);
}

#[test]
fn quote_and_scan_need_no_till() {
    let shop = Shop::empty();
    let basket = r#"{"currency":"EUR","lines":[{"quantity":"2","unit_price":"10.00","tax_rate":"21"}]}"#;
    let quoted = shop.json_with(&[], &["quote"], &format!("{basket}\n{{}}\n"));
    assert_eq!((quoted.code, quoted.lines()[0]["gross"].as_str()), (1, Some("24.20")));
    assert_eq!(refused(&quoted.lines()[1]).0, "missing");
    assert_eq!(shop.json(&["scan", "4006381333931"]).done().json()["valid"], true);
    let wrong = shop.json(&["scan", "4006381333932"]);
    assert_eq!((wrong.code, &wrong.json()["valid"]), (1, &json!(false)));
    assert!(!shop.data().exists());
}

#[test]
fn the_past_is_taken_over_only_where_history_was_asked_for() {
    let sale = |id: &str, at: &str| format!(r#"{{"id":"{id}","lines":[{{"code":"TEA","quantity":"1"}}],"at":"{at}"}}"#);
    let now = Shop::open();
    assert_eq!(now.sell(&sale("a", "2011-03-01T09:00:00Z")).refused(), ("backdated".into(), "at".into()));
    let history = Shop::with_till(&["--history"]);
    history.json(&["open", "--float", "0"]).done();
    let sold = history.sell(&[sale("a", "2011-03-01T09:00:00Z"), sale("b", "2011-03-01T10:00:00+01:00")].join("\n"));
    assert_eq!(sold.done().lines()[1]["number"], "S01-T01-R11A-000002");
    assert_eq!(history.sell(&sale("c", "2011-02-01T09:00:00Z")).refused(), ("backdated".into(), "at".into()));
    history.audit();
}
