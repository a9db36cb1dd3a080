//! Document numbers in the form of the country, where the codes of store and till fit it.

use serde_json::{Value, json};

use crate::shop::{PRODUCTS, Shop};

/// A till of that country with an open drawer.
fn shop(country: &str, currency: &str, store: &str, till: &str) -> Shop {
    let shop = Shop::empty();
    let init = ["init", "--store", store, "--till", till, "--currency", currency, "--country", country, "--history"];
    shop.json(&init).done();
    let file = shop.file("products.csv", PRODUCTS);
    shop.json(&["import", "products", file.to_str().unwrap(), "--tax-rate", "15"]).done();
    shop.json(&["open", "--float", "100"]).done();
    shop
}

fn sale(id: &str, document: &str, at: &str) -> String {
    json!({ "id": id, "lines": [{ "code": "CHEESE", "quantity": "1" }], "document": document, "at": at }).to_string()
}

fn numbers(answers: &[Value]) -> Vec<&str> {
    answers.iter().map(|answer| answer["number"].as_str().unwrap()).collect()
}

#[test]
fn ecuador_counts_on_from_year_to_year_and_by_type_of_document() {
    let shop = shop("EC", "USD", "001", "501");
    let sold = [
        sale("a", "invoice", "2024-12-31T15:00:00Z"),
        sale("b", "receipt", "2024-12-31T16:00:00Z"),
        sale("c", "invoice", "2025-01-01T15:00:00Z"),
        r#"{"id":"d","refund_of":"FAC 001-501-000000001","at":"2025-01-02T15:00:00Z"}"#.to_owned(),
    ];
    let answers = shop.sell(&sold.join("\n")).done().lines();
    assert_eq!(
        numbers(&answers),
        ["FAC 001-501-000000001", "NV 001-501-000000001", "FAC 001-501-000000002", "NC 001-501-000000001"]
    );
    let z = shop.json(&["close", "--count", "120"]).done().json();
    assert!(z["number"].as_str().unwrap().starts_with("001-501-Z"), "{z}");
    let shown = shop.json(&["receipt", "FAC 001-501-000000002"]).done().json();
    assert!(shown["text"].as_str().unwrap().contains("FAC 001-501-000000002"), "{shown}");
    let audit = shop.audit();
    let series = audit["series"].as_array().unwrap();
    let invoices: Vec<_> = series.iter().filter(|series| series["kind"] == "invoice").collect();
    assert_eq!(invoices.len(), 1, "one series for every year: {invoices:?}");
    assert_eq!((&invoices[0]["series"], &invoices[0]["issued"]), (&json!("001-501-FA"), &json!(2)));
}

#[test]
fn portugal_writes_type_series_and_number() {
    let shop = shop("PT", "EUR", "S01", "T01");
    let sold = [
        sale("a", "invoice", "2024-12-31T15:00:00Z"),
        sale("b", "receipt", "2024-12-31T16:00:00Z"),
        sale("c", "invoice", "2025-01-01T15:00:00Z"),
        r#"{"id":"d","refund_of":"c","at":"2025-01-02T15:00:00Z"}"#.to_owned(),
    ];
    let answers = shop.sell(&sold.join("\n")).done().lines();
    assert_eq!(numbers(&answers), ["FT S01-T01-F24A/1", "FS S01-T01-R24A/1", "FT S01-T01-F25A/1", "NC S01-T01-C25A/1"]);
    shop.audit();
}

#[test]
fn codes_that_do_not_fit_the_country_give_numbers_in_the_standard_form() {
    let shop = shop("EC", "USD", "S01", "T01");
    let answers = shop.sell(&sale("a", "invoice", "2024-12-31T15:00:00Z")).done().lines();
    assert_eq!(numbers(&answers), ["S01-T01-F24A-000001"]);
}

fn check_range(served: bool) {
    let shop = shop("CO", "COP", "S01", "T01");
    let serving = served.then(|| shop.serve());
    let add = |code: &str, first: &str, last: &str| {
        shop.json(&["series", "add", "--kind", "receipt", "--code", code, "--first", first, "--last", last])
    };
    let added = add("SETP", "990000001", "990000012").done().json();
    assert_eq!(
        (&added["series"], &added["next"], &added["left"], &added["in_use"], &added["warning"]),
        (&json!("SETP"), &json!(990_000_001), &json!(12), &json!(true), &Value::Null)
    );
    let status = || shop.json(&["status"]).done().json();
    let range = |status: &Value| status["ranges"][0].clone();
    assert_eq!((&range(&status())["left"], &status()["can_sell"]), (&json!(12), &json!(true)));
    let sell = |id: &str| shop.sell(&format!(r#"{{"id":"{id}","lines":[{{"code":"CHEESE","quantity":"1"}}]}}"#));
    assert_eq!(sell("1").done().json()["number"], "SETP990000001");
    // At one receipt a day the eleven that are left last eleven days.
    let soon = range(&status());
    assert_eq!(
        (&soon["used_lately"], &soon["in_days"], &soon["warning"]),
        (&json!(1), &json!(1), &json!("soon_used_up"))
    );
    assert!(soon["runs_out"].is_string(), "{soon}");
    for id in 2..=11 {
        sell(&id.to_string()).done();
    }
    assert_eq!((&range(&status())["left"], &range(&status())["warning"]), (&json!(1), &json!("few_left")));
    assert_eq!(sell("12").done().json()["number"], "SETP990000012");
    // None is left: refused before it is paid, and nothing is used up.
    let before = shop.json(&["x"]).done().json();
    assert_eq!(sell("13").refused(), ("series_exhausted".into(), "series".into()));
    assert_eq!(shop.json(&["x"]).done().json(), before);
    let stopped = status();
    assert_eq!((&stopped["can_sell"], &range(&stopped)["warning"]), (&json!(false), &json!("used_up")));
    assert!(stopped["cannot_sell"].as_str().unwrap().contains("till series add"), "{stopped}");
    add("SETQ", "1", "5000").done();
    assert_eq!(sell("13").done().json()["number"], "SETQ1");
    let list = shop.json(&["series", "list"]).done().json();
    let in_use = |series: &&Value| series["kind"] == "receipt" && series["in_use"] == true;
    let receipts: Vec<_> = list["series"].as_array().unwrap().iter().filter(in_use).collect();
    assert_eq!((receipts.len(), &receipts[0]["series"], &receipts[0]["year"]), (1, &json!("SETQ"), &Value::Null));
    if let Some(serving) = serving {
        assert_eq!(serving.stop(), 0);
    }
    let audit = shop.audit();
    let issued: Vec<_> = audit["series"].as_array().unwrap().iter().filter(|series| series["issued"] != 0).collect();
    assert_eq!(issued.iter().map(|series| &series["issued"]).collect::<Vec<_>>(), [&json!(12), &json!(1)]);
}

#[test]
fn an_authorised_range_warns_runs_out_and_is_followed_by_the_next() {
    check_range(false);
}

#[test]
fn an_authorised_range_runs_out_through_the_local_api_too() {
    check_range(true);
}

#[test]
fn a_range_that_cannot_be_is_refused_by_field() {
    let shop = shop("CL", "CLP", "S01", "T01");
    let add = |kind: &str, code: &str, first: &str, last: &str| {
        shop.json(&["series", "add", "--kind", kind, "--code", code, "--first", first, "--last", last])
    };
    add("receipt", "CAF-1", "1", "100").done();
    for (kind, code, first, last, reason, field) in [
        ("receipt", "CAF-1", "101", "200", "id_reused", "code"),
        ("receipt", "S01-T01-R26A", "101", "200", "id_reused", "code"),
        ("receipt", "CAF-2", "100", "200", "id_reused", "first"),
        ("receipt", "CAF-2", "0", "200", "not_positive", "first"),
        ("receipt", "CAF-2", "300", "200", "malformed", "last"),
        ("receipt", "CAF-2", "101", "10000000000", "too_long", "last"),
        ("receipt", "CAF 2", "101", "200", "malformed", "code"),
        ("z_report", "CAF-2", "101", "200", "malformed", "kind"),
        ("ticket", "CAF-2", "101", "200", "malformed", "kind"),
    ] {
        let refused = add(kind, code, first, last).refused();
        assert_eq!(refused, (reason.to_owned(), field.to_owned()), "{kind} {code} {first} {last}");
    }
    // The folios of another type of document are other folios.
    add("invoice", "CAF-2", "1", "100").done();
    add("receipt", "CAF-3", "101", "200").done();
    let sold = shop.sell(r#"{"id":"a","lines":[{"code":"TEA","quantity":"1","unit_price":"990"}]}"#).done();
    assert_eq!(numbers(&sold.lines()), ["39-1"]);
    let invoice = r#"{"id":"b","lines":[{"code":"TEA","quantity":"1","unit_price":"990"}],"document":"invoice"}"#;
    assert_eq!(numbers(&shop.sell(invoice).done().lines()), ["33-1"]);
    shop.audit();
}
