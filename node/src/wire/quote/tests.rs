//! What `quote` answers and refuses, as callers see it.

use serde_json::{Value, json};

use super::*;

fn today() -> Date {
    "2026-11-21".parse().unwrap()
}

fn basket() -> Value {
    json!({
        "currency": "EUR",
        "lines": [
            {"id": "a", "quantity": "2", "unit_price": "10.00", "tax_rate": "21",
             "allowances_charges": [{"charge": false, "amount": "1.00"}, {"charge": true, "percent": "5", "base": "19.00"}]},
            {"quantity": "1", "unit_price": "5.00", "tax_category": "E"},
        ],
        "discounts": [{"percent": "10"}, {"amount": "5.00"}],
        "document_allowances_charges": [{"charge": false, "amount": "5.00", "tax_category": "S", "tax_rate": "21"}],
        "cash_rounding": {"increment": "0.05", "mode": "half-up"},
        "tenders": [{"kind": "cash", "amount": "50.00"}],
    })
}

#[test]
fn a_basket_is_priced_as_the_contract_says() {
    let answer = serde_json::to_value(quote(&basket().to_string(), today()).unwrap()).unwrap();
    let expected = json!({
        "currency": "EUR",
        "lines": [
            {"id": "a", "net": "19.95", "discount": "6.00", "tax": "2.93", "gross": "16.88"},
            {"id": "2", "net": "5.00", "discount": "1.50", "tax": "0.00", "gross": "3.50"},
        ],
        "taxes": [
            {"code": "VAT", "category": "S", "rate": "21", "taxable": "8.95", "tax": "1.88"},
            {"code": "VAT", "category": "E", "rate": "0", "taxable": "3.50", "tax": "0.00"},
        ],
        "line_sum": "24.95", "allowances": "12.50", "charges": "0.00", "net": "12.45", "tax": "1.88", "gross": "14.33",
        "rounding": "0.02", "payable": "14.35", "tendered": "50.00", "change": "35.65",
    });
    assert_eq!(answer, expected);
}

#[test]
fn without_tenders_nothing_is_settled_or_rounded() {
    let mut basket = basket();
    basket["tenders"].take();
    let answer = quote(&basket.to_string(), today()).unwrap();
    let figures = [answer.rounding, answer.payable, answer.tendered, answer.change];
    assert_eq!(figures, ["0.00", "14.33", "0.00", "0.00"]);
}

#[test]
fn a_country_rounds_as_on_its_date() {
    let line = json!({"quantity": "1", "unit_price": "223.20", "tax_rate": "0"});
    let cash = json!([{"kind": "cash", "amount": "300.00"}]);
    for (at, payable) in [("1990-01-01", "223.20"), ("2005-06-01T23:30:00+02:00", "223.00"), ("2020-01-01", "223.00")] {
        let basket = json!({"currency": "SEK", "country": "SE", "at": at, "lines": [line], "tenders": cash});
        assert_eq!(quote(&basket.to_string(), today()).unwrap().payable, payable, "{at}");
    }
}

#[test]
fn numbers_may_be_json_numbers_and_stay_exact() {
    let text = r#"{"currency":"EUR","lines":[{"quantity":3,"unit_price":0.1,"tax_rate":21}]}"#;
    let answer = quote(text, today()).unwrap();
    assert_eq!((answer.net.as_str(), answer.tax.as_str()), ("0.30", "0.06"));
}

#[test]
fn several_taxes_stand_on_a_line() {
    let text = r#"{"currency":"CAD","lines":[{"quantity":"1","unit_price":"100","taxes":[
        {"code":"GST","rate":"5"},{"code":"QST","rate":"9.5","base":"net-plus-earlier"}]}]}"#;
    let answer = quote(text, today()).unwrap();
    assert_eq!((answer.tax.as_str(), answer.taxes[1].taxable.as_str()), ("14.98", "105.00"));
}

/// Sets one place of the basket, by JSON pointer, and expects its refusal.
fn refused(pointer: &str, value: Value, code: &str, field: &str) {
    let mut basket = basket();
    let (outer, name) = pointer.rsplit_once('/').unwrap();
    let outer = basket.pointer_mut(outer).unwrap();
    if let Value::Array(items) = outer {
        items[name.parse::<usize>().unwrap()] = value;
    } else {
        outer[name] = value;
    }
    let refusal = quote(&basket.to_string(), today()).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, field), "{pointer}: {refusal}");
}

#[test]
fn a_refusal_names_the_field_as_the_input_spells_it() {
    refused("/currency", json!("eur"), "malformed", "currency");
    refused("/lines", json!([]), "missing", "lines");
    refused("/lines/0/quantity", json!("0"), "quantity_zero", "lines[0].quantity");
    refused("/lines/0/quantity", json!("1,5"), "malformed", "lines[0].quantity");
    refused("/lines/0/unit_price", json!("-1"), "price_negative", "lines[0].unit_price");
    refused("/lines/0/base_quantity", json!("0"), "not_positive", "lines[0].base_quantity");
    refused("/lines/0/tax_rate", json!("-21"), "negative", "lines[0].tax_rate");
    refused("/lines/0/tax_rate", Value::Null, "missing", "lines[0].tax_rate");
    refused("/lines/1/tax_rate", json!("21"), "malformed", "lines[1].tax_rate");
    refused("/lines/1/tax_category", json!("X"), "malformed", "lines[1].tax_category");
    refused("/lines/1/taxes", json!([{"rate": "5"}]), "too_many", "lines[1].taxes");
    refused("/lines/0/colour", json!("red"), "malformed", "lines[0].colour");
    refused(
        "/lines/0/allowances_charges/0/amount",
        json!("1.005"),
        "too_many_digits",
        "lines[0].allowances_charges[0].amount",
    );
    refused(
        "/lines/0/allowances_charges/1/amount",
        json!("0.96"),
        "malformed",
        "lines[0].allowances_charges[1].amount",
    );
    refused(
        "/lines/0/allowances_charges/0",
        json!({"charge": true}),
        "missing",
        "lines[0].allowances_charges[0].amount",
    );
    refused("/discounts/1/amount", json!("99"), "discount_too_large", "discounts[1]");
    refused("/discounts/0/amount", json!("1"), "too_many", "discounts[0].amount");
    refused(
        "/document_allowances_charges/0/tax_rate",
        json!("-1"),
        "negative",
        "document_allowances_charges[0].tax_rate",
    );
    refused("/cash_rounding/increment", json!("0"), "not_positive", "cash_rounding.increment");
    refused("/cash_rounding/mode", json!("even"), "malformed", "cash_rounding.mode");
    refused("/country", json!("SK"), "too_many", "country");
    refused("/tenders/0/amount", json!("14.34"), "unpaid", "tenders");
    refused("/tenders/0/amount", json!("-1"), "not_positive", "tenders[0].amount");
    refused("/tenders/0/kind", json!("card"), "non_cash_above_gross", "tenders");
    refused("/tenders/0/kind", json!("Cash"), "malformed", "tenders[0].kind");
    refused("/tenders/0/reference", json!("4111111111111111"), "card_number", "tenders[0].reference");
    refused("/tenders/0/reference", json!(""), "missing", "tenders[0].reference");
}

#[test]
fn a_date_is_a_date() {
    for at in ["2026-02-30", "yesterday", "2026-11-21T25:00:00Z", "2026-11-21x"] {
        let text = json!({"currency": "EUR", "country": "SK", "at": at, "lines": []}).to_string();
        let refusal = quote(&text, today()).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("malformed", "at"), "{at}");
    }
}
