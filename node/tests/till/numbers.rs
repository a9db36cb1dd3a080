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
