//! Master data down: prices, products and people of head office at the till.

use counterfoil_core::catalog::MasterKey;
use counterfoil_core::feed::FeedRow;
use counterfoil_sync_server::master_data::{self, MasterChange};
use serde_json::json;

use crate::head::{Head, figures};
use crate::till::Till;

fn price(till: &Till, code: &str) -> String {
    till.ok(&["products", code])["products"][0]["price"].as_str().unwrap().to_owned()
}

#[test]
fn a_price_of_head_office_is_the_price_at_the_till_from_the_next_sync_on() {
    let head = Head::open();
    let (one, two) = (head.till("S01", "T01"), head.till("S02", "T01"));
    assert_eq!((price(&one, "MILK"), price(&two, "MILK")), ("1.25".to_owned(), "1.25".to_owned()));
    head.import("code,name,price\nMILK,Milk,1.35\n", &[]);
    assert_eq!(price(&one, "MILK"), "1.25");
    assert_eq!(one.sync()["feed_rows"], 1);
    assert_eq!(price(&one, "MILK"), "1.35");
    head.import("code,name,price\nMILK,Milk,1.55\n", &["--store", "S02"]);
    assert_eq!((one.sync()["feed_rows"].as_u64(), two.sync()["feed_rows"].as_u64()), (Some(0), Some(2)));
    assert_eq!((price(&one, "MILK"), price(&two, "MILK")), ("1.35".to_owned(), "1.55".to_owned()));
    one.sell_milk("one", 2);
    two.sell_milk("two", 2);
    one.sync();
    two.sync();
    let audit = head.clean_audit();
    assert_eq!((&audit["totals"][0]["gross"], &audit["totals"][0]["documents"]), (&json!("5.80"), &json!(4)));
    assert_eq!(figures(&[&one.audit(), &two.audit()]), figures(&[&audit]));
    assert_eq!(
        one.run(&[
            "import",
            "products",
            &one.write("own.csv", "code,name,price\nMILK,Milk,9.99\n"),
            "--tax-rate",
            "25"
        ])
        .refused()
        .0,
        "fed_by_head_office"
    );
}

#[test]
fn a_product_that_was_taken_out_is_not_sold_any_more_and_can_still_be_refunded() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    let sold = till.sell_milk("before", 1);
    let row = FeedRow::Remove(MasterKey::Product("MILK".parse().unwrap()));
    let changes = [MasterChange { store: None, row, pin: None }];
    head.office().store().write(|rows| master_data::change(rows, &changes)).unwrap();
    till.sync();
    assert_eq!(till.run(&["products", "MILK"]).refused().0, "product_unknown");
    assert_eq!(till.run(&["products", "4006381333931"]).refused().0, "product_unknown");
    assert_eq!(till.try_to_sell("after").refused().0, "product_unknown");
    till.ok(&["refund", &sold[0]]);
    till.sync();
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn an_operator_of_head_office_sells_by_pin_and_is_locked_out_after_five_wrong_ones() {
    let head = Head::open();
    let mut till = head.till("S01", "T01");
    let add = |code: &str, pin: &str, role: &str, more: &[&str]| {
        let file = head.write("pin", pin);
        let who = ["operator", "add", "--code", code, "--name", code, "--role", role, "--pin-file", &file];
        head.ok(&[&who, more].concat())
    };
    add("ana", "4711", "cashier", &[]);
    add("bob", "8150", "cashier", &["--store", "S02"]);
    till.sync();
    assert_eq!(till.try_to_sell("nobody").refused(), ("operator_missing".to_owned(), "operator".to_owned()));
    assert_eq!(till.by("bob", "8150").try_to_sell("bob").refused().0, "operator_unknown");
    let number = till.by("ana", "4711").sell_milk("ana", 1);
    for wrong in ["4712", "", "47110", "0000", "9999"] {
        let (code, field) = till.by("ana", wrong).try_to_sell("wrong").refused();
        assert!(
            ["pin_wrong", "missing", "malformed"].contains(&code.as_str()) && field == "pin",
            "{wrong}: {code} {field}"
        );
    }
    assert_eq!(till.by("ana", "4711").try_to_sell("right").refused().0, "pin_locked");
    till.sync();
    let audit = head.clean_audit();
    assert_eq!((&audit["totals"][0]["documents"], number.len()), (&json!(1), 1));
    // A new PIN of head office comes down, and one who left is let in no more.
    let file = head.write("pin", "2468");
    head.ok(&["operator", "add", "--code", "eva", "--name", "Eva", "--role", "cashier", "--pin-file", &file]);
    till.sync();
    till.by("eva", "2468").sell_milk("eva", 1);
    head.ok(&["operator", "add", "--code", "eva", "--name", "Eva", "--role", "cashier", "--inactive"]);
    till.sync();
    assert_eq!(till.by("eva", "2468").try_to_sell("left").refused().0, "operator_unknown");
}
