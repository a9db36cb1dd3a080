//! Cash rounding and currencies against official examples, cash registers' tables, CLDR and ISO 4217.

use std::str::FromStr;

use counterfoil_core::cash_rounding::CashRounding;
use counterfoil_core::currency::Currency;
use rust_decimal::Decimal;
use serde_json::{Value, json};

mod program;

use program::{TODAY, quoted};

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// A sale of one thing without tax, paid with more than enough.
fn sale(currency: &str, total: &str, kind: &str, rule: &Value) -> Value {
    let tendered = if kind == "cash" { "1000.00" } else { total };
    let mut basket = json!({
        "currency": currency,
        "lines": [{"quantity": "1", "unit_price": total, "tax_rate": "0"}],
        "tenders": [{"kind": kind, "amount": tendered}],
    });
    for (name, value) in rule.as_object().unwrap() {
        basket[name] = value.clone();
    }
    basket
}

#[test]
fn every_official_example_is_met() {
    let examples = vectors(include_str!("vectors/cash_official_examples.json"));
    assert_eq!(list(&examples).len(), 12);
    for example in list(&examples) {
        let field = |name: &str| example[name].as_str().unwrap();
        // "SE-1992-2010" names the country and the years in which the rule held.
        let (country, at) = field("country").split_once('-').map_or((field("country"), TODAY), |(country, years)| {
            assert_eq!(years, "1992-2010");
            (country, "2005-06-01")
        });
        let kind = if field("note").starts_with("debit card") { "card" } else { "cash" };
        let found = quoted(&sale(field("currency"), field("total"), kind, &json!({"country": country, "at": at})));
        assert_eq!(found.payable, field("cash_payable"), "{example}");
    }
}

#[test]
fn every_register_table_is_met() {
    let tables = vectors(include_str!("vectors/cash_register_tables.json"));
    let rules = [
        ("australian_5", "AUD", json!({"country": "AU"})),
        ("malaysian_5", "MYR", json!({"country": "MY"})),
        ("new_zealand_b_10", "NZD", json!({"country": "NZ"})),
        ("swedish_new_normal_100", "SEK", json!({"country": "SE"})),
        ("south_africa_down_to_5", "ZAR", json!({"country": "ZA"})),
        // An option of the register, not a law: given as a rule of its own.
        ("south_africa_down_to_5", "ZAR", json!({"cash_rounding": {"increment": "0.05", "mode": "down"}})),
    ];
    for (name, currency, rule) in &rules {
        for (digits, rounded) in rows(&tables[*name]["table"]) {
            let found = quoted(&sale(currency, &cents(5000 + digits), "cash", rule));
            assert_eq!(found.payable, cents(5000 + rounded), "{name} {digits}");
        }
    }
    // The Danish table rounds the change; rounding the total must move the same money.
    let danish = rows(&tables["danish_change_50"]["table"]);
    for (digits, rounded) in &danish {
        let found = quoted(&sale("DKK", &cents(100_000 - 5000 - digits), "cash", &json!({"country": "DK"})));
        assert_eq!(found.change, cents(5000 + rounded), "danish change {digits}");
    }
    assert_eq!((rules.len(), danish.len()), (tables.as_object().unwrap().len(), 100));
}

/// `"3-7": 5` as the pairs 3 to 5, 4 to 5 and so on.
fn rows(table: &Value) -> Vec<(i64, i64)> {
    let ranges = table.as_object().unwrap().iter().flat_map(|(range, rounded)| {
        let (first, last) = range.split_once('-').unwrap();
        let digits = i64::from_str(first).unwrap()..=i64::from_str(last).unwrap();
        digits.map(|digits| (digits, rounded.as_i64().unwrap())).collect::<Vec<_>>()
    });
    ranges.collect()
}

fn cents(minor: i64) -> String {
    Decimal::new(minor, 2).to_string()
}

#[test]
fn a_refund_pays_back_exactly_what_the_sale_took() {
    let vector = vectors(include_str!("vectors/cash_refund_mirrors_sale.json"));
    let case = &vector["cases"][0];
    let order = |quantity: &str, tendered: &str| {
        quoted(&json!({
            "currency": "EUR",
            "lines": [{"quantity": quantity, "unit_price": "13.67", "tax_rate": "15"}],
            "cash_rounding": {"increment": case["rounding"], "mode": case["method"].as_str().unwrap().to_lowercase()},
            "tenders": [{"kind": "cash", "amount": tendered}],
        }))
    };
    let (sale, refund) = (order("1", "15.70"), order("-1", "-15.70"));
    assert_eq!((sale.gross.as_str(), sale.payable.as_str()), ("15.72", "15.70"), "{vector}");
    assert_eq!(case["total"].as_str(), Some(sale.gross.as_str()));
    assert_eq!(case["amount_paid"].as_str(), Some(sale.payable.as_str()));
    for (sale, refund) in [(sale.net, refund.net), (sale.tax, refund.tax), (sale.payable, refund.payable)] {
        assert_eq!(format!("-{sale}"), refund);
    }
    assert_eq!((sale.rounding.as_str(), refund.rounding.as_str()), ("-0.02", "0.02"));
}

#[test]
fn digits_of_all_currencies_are_those_of_iso_4217() {
    let list_of = vectors(include_str!("vectors/iso4217.json"));
    let with_unit = list(&list_of).iter().filter(|entry| !entry["minor_units"].is_null());
    let expected: Vec<(&str, u64)> =
        with_unit.map(|entry| (entry["code"].as_str().unwrap(), entry["minor_units"].as_u64().unwrap())).collect();
    for (code, digits) in &expected {
        assert_eq!(u64::from(Currency::from_str(code).unwrap().digits()), *digits, "{code}");
    }
    assert_eq!(Currency::all().count(), expected.len());
    for entry in list(&vectors(include_str!("vectors/iso_vs_cldr_digits.json"))) {
        let currency = Currency::from_str(entry["code"].as_str().unwrap()).unwrap();
        assert_eq!(Some(u64::from(currency.digits())), entry["iso4217_minor_units"].as_u64(), "{entry}");
    }
}

/// Where CLDR says that cash has fewer digits or larger steps than accounts, the country's rule must agree with it; the
/// one currency left over is no longer in ISO 4217.
#[test]
fn cldr_cash_figures_agree_where_a_country_rounds() {
    let cldr = vectors(include_str!("vectors/cldr_currency_fractions.json"));
    let mut without_rule = Vec::new();
    for (code, entry) in cldr["fractions"].as_object().unwrap() {
        let figure = |name: &str| entry[name].as_str().map(|text| u32::from_str(text).unwrap());
        let (Some(rounding), Some(digits)) = (figure("_cashRounding"), figure("_digits")) else { continue };
        let digits = figure("_cashDigits").unwrap_or(digits);
        let Ok(currency) = Currency::from_str(code) else {
            without_rule.push(code.as_str());
            continue;
        };
        let country = &code[..2];
        let date = TODAY.parse().unwrap();
        let rule = CashRounding::of_country(&country.parse().unwrap(), currency, date).unwrap();
        let coin = Decimal::new(i64::from(rounding.max(1)), digits);
        assert_eq!(rule.increment().decimal(currency), coin, "{code}");
    }
    assert_eq!(without_rule, ["VEF"]);
}
