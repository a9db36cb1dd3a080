//! A receipt of one till is verified and refunded at another with no network, and head office finds what was refunded twice.

use serde_json::{Value, json};

use crate::head::Head;

/// The finding of this code.
fn found(audit: &Value, code: &str) -> Option<String> {
    let mut texts = audit["findings"].as_array().unwrap().iter().filter_map(Value::as_str);
    texts.find(|text| text.starts_with(code)).map(str::to_owned)
}

#[test]
fn a_receipt_is_refunded_at_another_till_by_its_code_and_a_double_refund_is_named() {
    let mut head = Head::open();
    head.import("code,name,price\nMILK,Milk,1.35\nTEA,Tea,3.10\n", &[]);
    let (first, second) = (head.till("S01", "T01"), head.till("S02", "T01"));
    for till in [&first, &second] {
        till.ok(&["sync"]);
    }
    // The second till has never heard of the sale, and neither of them reaches head office.
    head.stop();
    let basket = json!({ "id": "s", "lines": [{ "code": "MILK", "quantity": "3" }, { "code": "TEA", "quantity": "1" }],
        "tenders": [{ "kind": "card", "amount": "5.00", "reference": "AUTH 1" }, { "kind": "cash", "amount": "5.00" }] });
    let sold = first.ok(&["sell", &first.write("basket.json", basket.to_string())]);
    let number = sold["number"].as_str().unwrap();
    let receipt = first.ok(&["receipt", number]);
    let code = receipt["code"].as_str().unwrap();
    let printed: String = receipt["text"].as_str().unwrap().lines().filter(|line| line.starts_with("CFR1")).collect();
    assert!(code.starts_with(&printed) && printed.len() == 42, "{receipt}");

    let verified = second.ok(&["verify-receipt", code]);
    assert_eq!(
        (&verified["number"], &verified["store"], &verified["payable"]),
        (&sold["number"], &json!("S01"), &json!("7.15"))
    );
    assert_eq!((&verified["lines"][0]["name"], &verified["lines"][0]["left"]), (&json!("Milk"), &json!("3")));
    let forged = format!("{}{}", &code[..code.len() - 1], if code.ends_with('A') { "Q" } else { "A" });
    let refused = |arguments: &[&str]| second.run(arguments).refused();
    assert_eq!(refused(&["verify-receipt", &forged]).1, "code");
    assert_eq!(refused(&["verify-receipt", "CFR1ABC"]), ("malformed".into(), "code".into()));
    assert_eq!(refused(&["refund", "--code", &forged]).1, "code");
    assert_eq!(refused(&["refund", number]), ("document_unknown".into(), "number".into()));

    // Two milk come back at the other till, by card as they were paid; then what is left; then nothing is.
    let back = second.ok(&["refund", "--code", code, "--line", "1", "--quantity", "2", "--id", "r1"]);
    assert_eq!((&back["gross"], &back["number"]), (&json!("-2.70"), &json!("S02-T01-C26A-000001")));
    assert_eq!(second.ok(&["refund", "--code", code, "--line", "1", "--quantity", "2", "--id", "r1"]), back);
    assert_eq!(second.ok(&["verify-receipt", code])["lines"][0]["left"], "1");
    let text = second.ok(&["receipt", "S02-T01-C26A-000001"]);
    let text = text["text"].as_str().unwrap();
    assert!(text.contains("Card                             -2.70 EUR") && text.contains(number), "{text}");
    assert_eq!(
        refused(&["refund", "--code", code, "--line", "1", "--quantity", "2"]),
        ("nothing_left".into(), "quantity".into())
    );
    assert_eq!(second.ok(&["refund", "--code", code])["gross"], "-4.45");
    assert_eq!(refused(&["refund", "--code", code]), ("nothing_left".into(), "number".into()));
    // At its own till the code is the receipt itself, and nobody there knows of the other refunds.
    assert_eq!(first.ok(&["refund", "--code", code, "--line", "1", "--quantity", "1"])["gross"], "-1.35");
    for till in [&first, &second] {
        assert_eq!(till.ok(&["audit"])["ok"], json!(true));
    }

    head.serve();
    second.ok(&["sync"]);
    let early = head.audit();
    let unproven = found(&early, "refund_unproven").unwrap_or_else(|| panic!("{early}"));
    assert!(unproven.contains(number) && unproven.contains("S02-T01-C26A-000001"), "{unproven}");
    first.ok(&["sync"]);
    let audit = head.audit();
    assert_eq!(found(&audit, "refund_unproven"), None);
    let named = found(&audit, "refunded_twice").unwrap_or_else(|| panic!("{audit}"));
    for part in
        [number, "line 1 (MILK): 4 of 3", "850 of 715 minor units", "S01-T01-C26A-000001", "S02-T01-C26A-000002"]
    {
        assert!(named.contains(part), "{part}: {named}");
    }
    assert_eq!(audit["ok"], json!(true), "the money is out already: it is named, and nothing is put apart");
}
