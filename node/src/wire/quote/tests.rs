//! What `quote` answers and refuses, as callers see it.

use serde_json::{Value, json};

use counterfoil_core::time::{Timestamp, ZoneOffset};

use super::*;

mod offered;

fn today() -> Now {
    Now { at: Timestamp(1_795_219_200_000), offset: ZoneOffset(0) }
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

/// Payable, rounding, tendered, change, tips and notes handed out.
fn settled(tenders: &Value, expected: [&str; 6]) {
    let mut basket = basket();
    basket["tenders"] = tenders.clone();
    let answer = serde_json::to_value(quote(&basket.to_string(), today()).unwrap()).unwrap();
    let fields = ["payable", "rounding", "tendered", "change", "tips", "cash_out"];
    assert_eq!(fields.map(|field| answer[field].as_str().unwrap_or("")), expected, "{tenders}");
}

#[test]
fn tenders_are_split_tipped_and_taken_in_other_currencies() {
    settled(&json!([{"kind": "Tarjeta", "amount": "14.33"}]), ["14.33", "0.00", "14.33", "0.00", "", ""]);
    settled(
        &json!([{"kind": "gift-card", "amount": "4.00"}, {"kind": "Barzahlung", "amount": "20"}]),
        ["14.35", "0.02", "24.00", "9.65", "", ""],
    );
    settled(
        &json!([{"kind": "card", "amount": "36.33", "tip": "2.00", "cash_out": "20.00"}]),
        ["14.33", "0.00", "36.33", "0.00", "2.00", "20.00"],
    );
    settled(
        &json!([{"kind": "cash", "currency": "USD", "amount": "20.00", "rate": "0.92"}]),
        ["14.35", "0.02", "18.40", "4.05", "", ""],
    );
    refused("/tenders/0/tip", json!("51"), "too_many", "tenders[0].tip");
    refused("/tenders/0/cash_out", json!("1"), "tender_not_allowed", "tenders[0].cash_out");
    refused("/tenders/0/currency", json!("USD"), "missing", "tenders[0].rate");
    refused("/tenders/0/rate", json!("1"), "malformed", "tenders[0].rate");
    refused(
        "/tenders/0",
        json!({"kind": "card", "currency": "USD", "amount": "1", "rate": "1"}),
        "tender_not_allowed",
        "tenders[0].currency",
    );
    refused("/tenders/0", json!({"kind": "foreign-cash", "amount": "1"}), "missing", "tenders[0].currency");
}

#[test]
fn quick_cash_is_suggested_where_asked_for() {
    let mut basket = basket();
    basket["quick_cash"] = json!(true);
    let answer = quote(&basket.to_string(), today()).unwrap();
    let expected = ["14.35", "15.00", "16.00", "20.00", "50.00", "100.00"];
    assert_eq!(answer.quick_cash.unwrap(), expected);
}

#[test]
fn several_taxes_are_contained_in_a_price() {
    let text = r#"{"currency":"USD","prices_include_tax":true,"lines":[{"quantity":"1","unit_price":"129.36","taxes":[
        {"code":"ICE","rate":"10"},{"code":"VAT","rate":"12","base":"net-plus-earlier"},{"code":"IRBP","category":"E"},
        {"code":"TIP","rate":"5"}]}],"discounts":[{"percent":"50"}]}"#;
    let answer = quote(text, today()).unwrap();
    // 64.68 / (1.1 x 1.12 + 0.05) is 50.4524...
    let taxes: Vec<_> =
        answer.taxes.iter().map(|tax| (tax.code.as_str(), tax.taxable.as_str(), tax.tax.as_str())).collect();
    let expected =
        [("ICE", "50.45", "5.05"), ("VAT", "55.50", "6.66"), ("IRBP", "50.45", "0.00"), ("TIP", "50.45", "2.52")];
    assert_eq!((taxes.as_slice(), answer.net.as_str(), answer.gross.as_str()), (expected.as_slice(), "50.45", "64.68"));
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
    refused("/tenders/0/kind", json!("gold"), "malformed", "tenders[0].kind");
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
