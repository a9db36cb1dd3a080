//! Price lists and promotions in a quote.

use serde_json::{Value, json};

use super::today;
use crate::wire::quote::quote;

/// Three soaps, shampoo and 350 g of tea, with tax included.
fn basket() -> Value {
    json!({
        "currency": "EUR", "prices_include_tax": true,
        "lines": [
            {"id": "1", "code": "SOAP", "categories": ["CARE"], "quantity": "3", "unit_price": "3.00", "tax_rate": "21"},
            {"id": "2", "code": "SHAMPOO", "categories": ["CARE"], "quantity": "1", "unit_price": "5.00", "tax_rate": "21"},
            {"id": "3", "code": "TEA", "quantity": "0.350", "unit_price": "12.99", "tax_rate": "10"},
        ],
    })
}

fn quoted(basket: &Value) -> Value {
    let answer = quote(&basket.to_string(), today()).unwrap_or_else(|refusal| panic!("{basket}: {refusal}"));
    serde_json::to_value(answer).unwrap()
}

/// What each line has off, as `CODE amount`, and what is left to pay.
fn check(fields: &Value, lines: [&str; 3], gross: &str) {
    let mut basket = basket();
    for (name, value) in fields.as_object().unwrap() {
        basket[name] = value.clone();
    }
    let answer = quoted(&basket);
    let off = |line: &Value| {
        let promotions = line["promotions"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let shown =
            promotions.map(|one| format!("{} {}", one["code"].as_str().unwrap(), one["amount"].as_str().unwrap()));
        shown.collect::<Vec<_>>().join(", ")
    };
    let found: Vec<String> = answer["lines"].as_array().unwrap().iter().map(off).collect();
    assert_eq!(
        (found.as_slice(), answer["gross"].as_str()),
        (lines.map(str::to_owned).as_slice(), Some(gross)),
        "{fields}"
    );
    assert_eq!(answer["line_sum"], answer["gross"]);
}

#[test]
fn every_kind_of_promotion_is_quoted_and_explained() {
    let promotions = |list: Value| json!({"promotions": list});
    check(&json!({}), ["", "", ""], "18.55");
    check(
        &promotions(json!([{"code": "P", "kind": "percent", "percent": "10"}])),
        ["P 0.90", "P 0.50", "P 0.46"],
        "16.69",
    );
    check(
        &promotions(json!([{"code": "P", "kind": "amount", "amount": "1", "products": ["SOAP", "TEA"]}])),
        ["P 3.00", "", "P 0.35"],
        "15.20",
    );
    check(
        &promotions(json!([{"code": "P", "kind": "amount-once", "amount": "5", "coupon": "FIVE"}])),
        ["", "", ""],
        "18.55",
    );
    check(
        &json!({"promotions": [{"code": "P", "kind": "amount-once", "amount": "5", "coupon": "FIVE"}], "coupons": ["FIVE"]}),
        ["P 2.42", "P 1.35", "P 1.23"],
        "13.55",
    );
    check(
        &promotions(json!([{"code": "P", "kind": "price", "price": "2.50", "categories": ["CARE"]}])),
        ["P 1.50", "P 2.50", ""],
        "14.55",
    );
    check(
        &promotions(json!([{"code": "P", "kind": "buy-get", "buy": 2, "get": 1, "products": ["SOAP"]}])),
        ["P 3.00", "", ""],
        "15.55",
    );
    check(
        &promotions(json!([{"code": "P", "kind": "mix-and-match", "count": 4, "price": "10", "categories": ["CARE"]}])),
        ["P 2.57", "P 1.43", ""],
        "14.55",
    );
    check(
        &promotions(json!([{"code": "P", "kind": "bundle", "price": "6.00",
            "bundle": [{"products": ["SOAP"]}, {"products": ["SHAMPOO"]}]}])),
        ["P 0.75", "P 1.25", ""],
        "16.55",
    );
}

#[test]
fn the_best_price_is_found_and_only_combinable_promotions_add_up() {
    let soap = json!({"code": "3F2", "kind": "buy-get", "buy": 2, "get": 1, "products": ["SOAP"], "priority": 1});
    let all = json!({"code": "ALL10", "kind": "percent", "percent": "10"});
    let staff = json!({"code": "STAFF", "kind": "percent", "percent": "50", "customer_groups": ["STAFF"]});
    let list = json!([soap, all, staff]);
    check(&json!({"promotions": list}), ["3F2 3.00", "ALL10 0.50", "ALL10 0.46"], "14.59");
    check(&json!({"promotions": list, "customer_group": "STAFF"}), ["STAFF 4.50", "STAFF 2.50", "STAFF 2.28"], "9.27");
    let both = json!([
        {"code": "A", "kind": "percent", "percent": "10", "combinable": true},
        {"code": "B", "kind": "amount", "amount": "1", "products": ["SHAMPOO"], "combinable": true},
    ]);
    check(&json!({"promotions": both}), ["A 0.90", "A 0.50, B 1.00", "A 0.46"], "15.69");
}

#[test]
fn a_happy_hour_is_of_the_local_clock() {
    let happy = json!([{"code": "HAPPY", "kind": "percent", "percent": "50", "products": ["SOAP"],
        "hours": "17:00-19:00", "weekdays": ["fri"], "from": "2026-11-01", "to": "2026-11-30"}]);
    let at = |at: &str| json!({"promotions": happy, "at": at});
    // 2026-11-20 is a Friday; 16:30 UTC is 17:30 in Madrid.
    check(&at("2026-11-20T17:30:00+01:00"), ["HAPPY 4.50", "", ""], "14.05");
    check(&at("2026-11-20T18:59:59.999+01:00"), ["HAPPY 4.50", "", ""], "14.05");
    check(&at("2026-11-20T16:30:00Z"), ["", "", ""], "18.55");
    check(&at("2026-11-20T19:00:00+01:00"), ["", "", ""], "18.55");
    check(&at("2026-11-19T17:30:00+01:00"), ["", "", ""], "18.55");
    check(&at("2026-12-04T17:30:00+01:00"), ["", "", ""], "18.55");
}

#[test]
fn price_lists_give_the_price_and_say_so() {
    let lists = json!([
        {"code": "QTY", "prices": [{"product": "SOAP", "from_quantity": "3", "price": "2.80"}]},
        {"code": "VIP", "customer_groups": ["VIP"], "priority": 5, "prices": [
            {"product": "SOAP", "price": "2.50"}, {"product": "SHAMPOO", "price": "4.50"}]},
        {"code": "NEXT", "from": "2026-12-01", "priority": 9, "prices": [{"product": "SOAP", "price": "1.00"}]},
    ]);
    let mut basket = basket();
    basket["price_lists"] = lists;
    let origin = |basket: &Value| {
        let answer = quoted(basket);
        let shown = |line: &Value| {
            let price = &line["price"];
            let list = price["price_list"].as_str().unwrap_or("");
            format!("{} {} {list}", price["unit_price"].as_str().unwrap(), price["origin"].as_str().unwrap())
        };
        answer["lines"].as_array().unwrap().iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(origin(&basket), ["2.8 price-list QTY", "5 basket ", "12.99 basket "]);
    basket["customer_group"] = json!("VIP");
    assert_eq!(origin(&basket), ["2.5 price-list VIP", "4.5 price-list VIP", "12.99 basket "]);
    basket["at"] = json!("2026-12-01");
    assert_eq!(origin(&basket)[0], "1 price-list NEXT");
    // Two lines of a product count together for its quantity.
    basket["customer_group"].take();
    basket["at"].take();
    basket["lines"][0]["quantity"] = json!("2");
    assert_eq!(origin(&basket)[0], "3 basket ");
    basket["lines"][1]["code"] = json!("SOAP");
    assert_eq!(origin(&basket)[..2], ["2.8 price-list QTY", "2.8 price-list QTY"]);
    // What a promotion takes off is of the listed price.
    basket["promotions"] = json!([{"code": "P", "kind": "percent", "percent": "50", "products": ["SOAP"]}]);
    assert_eq!(quoted(&basket)["lines"][0]["promotions"], json!([{"code": "P", "name": "P", "amount": "2.80"}]));
}

fn refused(fields: &Value, code: &str, field: &str) {
    let mut basket = basket();
    for (name, value) in fields.as_object().unwrap() {
        basket[name] = value.clone();
    }
    let refusal = quote(&basket.to_string(), today()).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, field), "{fields}: {refusal}");
}

#[test]
fn a_refusal_names_the_field_of_the_offer() {
    let promotion = |promotion: Value| json!({"promotions": [promotion]});
    refused(&promotion(json!({"code": "P", "kind": "gift"})), "malformed", "promotions[0].kind");
    refused(&promotion(json!({"code": "P", "kind": "percent"})), "missing", "promotions[0].percent");
    refused(&promotion(json!({"code": "P", "kind": "percent", "percent": "101"})), "too_many", "promotions[0].percent");
    refused(
        &promotion(json!({"code": "P", "kind": "percent", "percent": "1", "count": 3})),
        "malformed",
        "promotions[0].count",
    );
    refused(&promotion(json!({"code": "P", "kind": "bundle", "price": "1"})), "missing", "promotions[0].bundle");
    let hours = |hours: &str| promotion(json!({"code": "P", "kind": "percent", "percent": "1", "hours": hours}));
    for text in ["17-19", "17:00", "25:00-26:00", "17:60-18:00", "24:01-01:00", "7:00-8:00"] {
        refused(&hours(text), "malformed", "promotions[0].hours");
    }
    refused(
        &promotion(json!({"code": "P", "kind": "percent", "percent": "1", "weekdays": ["Friday"]})),
        "malformed",
        "promotions[0].weekdays[0]",
    );
    refused(
        &promotion(json!({"code": "P", "kind": "percent", "percent": "1", "colour": 1})),
        "malformed",
        "promotions[0].colour",
    );
    refused(
        &json!({"price_lists": [{"code": "L", "prices": [{"product": "A"}]}]}),
        "missing",
        "price_lists[0].prices[0].price",
    );
    refused(
        &json!({"price_lists": [{"code": "L", "prices": [{"product": "A", "price": "-1"}]}]}),
        "price_negative",
        "price_lists[0].prices[0].price",
    );
}
