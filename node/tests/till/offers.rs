//! Price lists, promotions and every kind of tender at the till, with receipts, refunds and reports.

use serde_json::{Value, json};

use crate::shop::Shop;

const PROMOTIONS: &str = r#"[
 {"code":"3F2","name":"Three pens for two","kind":"buy-get","buy":2,"get":1,"products":["PEN"]},
 {"code":"TEN","name":"Ten off","kind":"percent","percent":"10","products":["CHEESE"],"coupon":"TEN"},
 {"code":"OVER","kind":"percent","percent":"90","to":"2020-01-01"}]"#;
const PRICE_LISTS: &str = r#"[{"code":"VIP","customer_groups":["VIP"],"prices":[
 {"product":"CHEESE","price":"8.00"},{"product":"CHEESE","from_quantity":"2","price":"7.00"}]}]"#;

fn open_shop() -> Shop {
    let shop = Shop::with_till(&[]);
    let goods = "code,name,price\nPEN,Pen,1.00\n";
    shop.json(&["import", "products", shop.file("pen.csv", goods).to_str().unwrap(), "--tax-rate", "21"]).done();
    for (what, text, rows) in [("promotions", PROMOTIONS, 3), ("price-lists", PRICE_LISTS, 3)] {
        let file = shop.file(&format!("{what}.json"), text);
        let import = ["import", what, file.to_str().unwrap()];
        let report = shop.json(&import).done().json();
        assert_eq!(report, json!({"read": rows, "added": rows, "updated": 0, "unchanged": 0}));
        assert_eq!(shop.json(&import).done().json()["unchanged"], rows);
    }
    shop.json(&["open", "--float", "100.00"]).done();
    shop
}

fn sold(shop: &Shop, basket: &str) -> Value {
    shop.sell(basket).done().json()
}

#[test]
fn a_promotion_is_sold_printed_and_paid_back_exactly() {
    let shop = open_shop();
    let sale = sold(&shop, r#"{"id":"a","lines":[{"code":"PEN","quantity":"2"},{"code":"PEN","quantity":"1"}]}"#);
    assert_eq!((sale["gross"].as_str(), sale["tax"].as_str()), (Some("2.00"), Some("0.35")));
    let printed = shop.text(&["receipt", sale["number"].as_str().unwrap()]).done().out;
    let off: Vec<&str> = printed.lines().filter(|line| line.contains("Three pens for two")).collect();
    assert_eq!(off.len(), 2, "{printed}");
    assert!(off[0].ends_with("-0.67") && off[1].ends_with("-0.33"), "{printed}");
    let mut paid_back = Vec::new();
    for (line, id) in [("1", "b"), ("2", "c"), ("1", "d")] {
        let number = sale["number"].as_str().unwrap();
        let refund = shop.json(&["refund", number, "--line", line, "--quantity", "1", "--id", id]).done().json();
        paid_back.push(refund["gross"].as_str().unwrap().to_owned());
    }
    assert_eq!(paid_back, ["-0.67", "-0.67", "-0.66"]);
    assert_eq!(shop.json(&["x"]).done().json()["gross"], "0.00");
    // A typed price has no promotions.
    let typed = r#"{"id":"t","lines":[{"code":"PEN","quantity":"3","unit_price":"1.00"}]}"#;
    assert_eq!(sold(&shop, typed)["gross"], "3.00");
    shop.audit();
}

#[test]
fn coupons_and_customer_groups_are_part_of_the_sale() {
    let shop = open_shop();
    let sell = |fields: &str| {
        let basket = format!(r#"{{"lines":[{{"code":"CHEESE","quantity":"1"}}],{fields}}}"#);
        shop.sell(&basket)
    };
    assert_eq!(sell(r#""id":"a""#).done().json()["gross"], "10.00");
    assert_eq!(sell(r#""id":"b","coupons":["TEN"]"#).done().json()["gross"], "9.00");
    assert_eq!(sell(r#""id":"c","customer_group":"VIP""#).done().json()["gross"], "8.00");
    let vip = sell(r#""id":"d","customer_groups":["VIP"],"coupons":["TEN"]"#).done().json();
    assert_eq!(vip["gross"], "7.20");
    let printed = shop.text(&["receipt", vip["number"].as_str().unwrap()]).done().out;
    assert!(printed.contains("price list VIP") && printed.contains("1 kg x 8.00"), "{printed}");
    let many = r#"{"id":"e","customer_group":"VIP","lines":[{"code":"CHEESE","quantity":"1.5"},{"code":"CHEESE","quantity":"0.5"}]}"#;
    assert_eq!(sold(&shop, many)["gross"], "14.00");
    assert_eq!(sell(r#""id":"d","customer_groups":["VIP"],"coupons":["TEN"]"#).done().json(), vip);
    assert_eq!(sell(r#""id":"d","customer_groups":["VIP"]"#).refused(), ("id_reused".into(), "coupons".into()));
    assert_eq!(sell(r#""id":"d","coupons":["TEN"]"#).refused(), ("id_reused".into(), "customer_groups".into()));
    shop.audit();
}

#[test]
fn every_kind_of_tender_is_taken_and_reported() {
    let shop = open_shop();
    let sell = |id: &str, tenders: &str| {
        shop.sell(&format!(r#"{{"id":"{id}","lines":[{{"code":"CHEESE","quantity":"1"}}],"tenders":[{tenders}]}}"#))
    };
    let tipped =
        sell("a", r#"{"kind":"Tarjeta","amount":"31.00","tip":"1.00","cash_out":"20.00","reference":"auth 1"}"#);
    assert_eq!(tipped.done().json()["change"], "0.00");
    let dollars = sell("b", r#"{"kind":"cash","currency":"USD","amount":"20.00","rate":"0.92"}"#).done().json();
    assert_eq!(dollars["change"], "8.40");
    sell(
        "c",
        r#"{"kind":"gift card","amount":"4.00","reference":"G-1"},{"kind":"fiado","amount":"6.00","reference":"ACME"}"#,
    )
    .done();
    assert_eq!(
        sell("d", r#"{"kind":"gift-card","amount":"10.00"}"#).refused(),
        ("missing".into(), "tenders[0].reference".into())
    );
    assert_eq!(
        sell("d", r#"{"kind":"tarjetta","amount":"10.00"}"#).refused(),
        ("malformed".into(), "tenders[0].kind".into())
    );
    let refund =
        r#"{"id":"r","refund_of":"b","tenders":[{"kind":"cash","currency":"USD","amount":"10.87","rate":"0.92"}]}"#;
    assert_eq!(shop.sell(refund).refused(), ("tender_not_allowed".into(), "tenders[0].kind".into()));
    // Float 100.00, 20.00 handed out against the card, 8.40 change for the dollars.
    let x = shop.json(&["x"]).done().json();
    assert_eq!(x["expected"], "71.60", "{x}");
    let printed = shop.text(&["x"]).done().out;
    assert!(printed.contains("Tips in these") && printed.contains("20.00 USD"), "{printed}");
    let receipt = shop.text(&["receipt", "S01-T01-R26A-000002"]).done().out;
    assert!(receipt.contains("20.00 USD at 0.92"), "{receipt}");
    assert_eq!(shop.audit()["totals"][0]["cash"], "-28.40");
}

#[test]
fn what_needs_no_till_is_answered_without_one() {
    let shop = Shop::empty();
    let suggested = shop.json(&["quick-cash", "15.72", "--country", "FI"]).done().json();
    assert_eq!(suggested["payable"], "15.70");
    assert_eq!(suggested["amounts"], json!(["15.70", "16.00", "20.00", "50.00", "100.00", "200.00"]));
    assert_eq!(shop.json(&["quick-cash", "0"]).refused(), ("not_positive".into(), "amount".into()));
    let kinds = shop.json(&["tenders"]).done().json();
    assert_eq!(kinds["kinds"][0]["kind"], "cash");
    assert_eq!(kinds["kinds"].as_array().unwrap().len(), 8);
}

#[test]
fn a_file_of_offers_that_makes_no_sense_is_refused_by_its_place() {
    let shop = Shop::with_till(&[]);
    for (what, text, code, field) in [
        (
            "promotions",
            r#"[{"code":"A","kind":"percent","percent":"10"},{"code":"B","kind":"gift"}]"#,
            "malformed",
            "promotions[1].kind",
        ),
        ("promotions", r#"[{"code":"A","kind":"percent","percent":"0"}]"#, "not_positive", "promotions[0].percent"),
        ("promotions", r#"{"code":"A"}"#, "malformed", "file"),
        ("price-lists", r#"[{"code":"A","prices":[{"product":"B"}]}]"#, "missing", "price_lists[0].prices[0].price"),
    ] {
        let file = shop.file("offers.json", text);
        let refused = shop.json(&["import", what, file.to_str().unwrap()]).refused();
        assert_eq!(refused, (code.into(), field.into()), "{text}");
    }
}
