//! `till quote`: any text, and baskets built from the bytes, priced and added up again by hand.
//!
//! Always: the lines come to the document, in net, discount, tax and gross; net and tax are gross; rounding is what
//! payable differs by; what is tendered less the change is payable; and the same basket has the same price again.

use counterfoil_core::currency::Currency;
use counterfoil_node::wire::quote::{Quote, quote};
use serde_json::{Value, json};

use super::draw::Draw;
use super::require_told;
use super::shop::now;

/// The bytes are a basket if they begin as one; otherwise they choose one.
///
/// # Panics
/// A price does not add up.
pub fn run(bytes: &[u8]) {
    let is_text = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let text = if is_text { String::from_utf8_lossy(bytes).into_owned() } else { built(bytes).to_string() };
    let today = now(0);
    let priced = quote(&text, today);
    assert_eq!(priced, quote(&text, today), "two prices for one basket");
    match priced {
        Ok(quote) => {
            let basket: Value = serde_json::from_str(&text).expect("what was priced is JSON");
            require_balanced(&basket, &quote);
        }
        Err(refusal) => require_told(&refusal),
    }
}

fn require_balanced(basket: &Value, quote: &Quote) {
    let currency: Currency = quote.currency.parse().expect("the currency that was priced in");
    // Sums may have more digits than one amount that is typed.
    let read = |text: &str| -> i128 {
        let digits = currency.digits();
        let places = text.split_once('.').map_or(0, |(_, places)| places.len());
        assert_eq!(places, usize::try_from(digits).unwrap_or(0), "{text} has not the digits of {currency}");
        text.replace('.', "").parse().expect("an amount")
    };
    let over = |field: fn(&counterfoil_node::wire::quote::QuotedLine) -> &str| -> i128 {
        quote.lines.iter().map(|line| read(field(line))).sum()
    };
    let (net, tax, gross) = (read(&quote.net), read(&quote.tax), read(&quote.gross));
    assert_eq!(net + tax, gross, "net and tax are not gross: {quote:?}");
    assert_eq!(quote.taxes.iter().map(|tax| read(&tax.tax)).sum::<i128>(), tax, "taxes: {quote:?}");
    let base = read(&quote.line_sum) - read(&quote.allowances) + read(&quote.charges);
    let is_inclusive = basket["prices_include_tax"] == true;
    assert_eq!(base, if is_inclusive { gross } else { net }, "the parts are not the sum: {quote:?}");
    for line in &quote.lines {
        let parts = read(&line.net) - read(&line.discount) + read(&line.tax);
        assert_eq!(parts, read(&line.gross), "a line: {line:?}");
    }
    if basket["document_allowances_charges"].as_array().is_none_or(Vec::is_empty) {
        assert_eq!(over(|line| &line.gross), gross, "lines and gross: {quote:?}");
        assert_eq!(over(|line| &line.tax), tax, "lines and tax: {quote:?}");
    }
    let (rounding, payable, change) = (read(&quote.rounding), read(&quote.payable), read(&quote.change));
    assert_eq!(gross + rounding, payable, "rounding: {quote:?}");
    if basket["tenders"].as_array().is_some_and(|tenders| !tenders.is_empty()) {
        assert_eq!(read(&quote.tendered) - change, payable, "tenders: {quote:?}");
    }
    serde_json::to_string(quote).expect("a quote is told as JSON");
}

const RATES: [&str; 8] = ["21", "0", "5.5", "9.975", "25", "100", "0.0001", "13"];
const AMOUNTS: [&str; 12] = [
    "1.00",
    "0",
    "0.01",
    "-3.50",
    "19.99",
    "0.005",
    "1e2",
    "99999999999.99",
    "",
    "0.333333",
    "7",
    "123456789012345678",
];
const CURRENCIES: [&str; 6] = ["EUR", "JPY", "KWD", "HUF", "CLF", "XXX"];
const COUNTRIES: [&str; 6] = ["SK", "FI", "SE", "CH", "HU", "ES"];

/// A basket drawn from the bytes: well formed, but as odd as they like.
fn built(bytes: &[u8]) -> Value {
    let mut draw = Draw::from(bytes);
    let mut basket = json!({ "currency": draw.one_of(&CURRENCIES), "prices_include_tax": draw.byte() % 2 == 1 });
    let count = 1 + draw.below(6);
    basket["lines"] = (0..count).map(|_| line(&mut draw)).collect();
    basket["discounts"] = (0..draw.below(3))
        .map(|_| {
            if draw.byte().is_multiple_of(2) {
                json!({ "percent": draw.one_of(&RATES) })
            } else {
                json!({ "amount": amount(&mut draw) })
            }
        })
        .collect();
    basket["document_allowances_charges"] = (0..draw.below(3))
        .map(|_| {
            let mut part = adjustment(&mut draw);
            part["tax_rate"] = json!(draw.one_of(&RATES));
            part
        })
        .collect();
    match draw.byte() % 3 {
        0 => basket["country"] = json!(draw.one_of(&COUNTRIES)),
        1 => {
            let mode = draw.one_of(&["half-up", "half-down", "half-even", "up", "down"]);
            basket["cash_rounding"] = json!({ "increment": draw.one_of(&["0.05", "1", "0.10", "0.02"]), "mode": mode });
        }
        _ => {}
    }
    let tenders = (0..draw.below(4)).map(|_| {
        let kind = draw.one_of(&["cash", "card", "voucher", "transfer"]);
        json!({ "kind": kind, "amount": amount(&mut draw) })
    });
    basket["tenders"] = tenders.collect();
    basket
}

fn line(draw: &mut Draw<'_>) -> Value {
    let mut line = json!({ "quantity": amount(draw), "unit_price": amount(draw) });
    match draw.byte() % 4 {
        0 => {
            let tax = |draw: &mut Draw<'_>| {
                let base = draw.one_of(&["net", "net_plus_earlier"]);
                json!({ "code": draw.one_of(&["VAT", "GST", "ICE"]), "category": "S", "rate": draw.one_of(&RATES), "base": base })
            };
            line["taxes"] = (0..1 + draw.below(4)).map(|_| tax(draw)).collect();
        }
        1 => line["tax_category"] = json!(draw.one_of(&["S", "Z", "E", "AE", "K", "G", "O", "L", "M"])),
        _ => {}
    }
    if line["taxes"].is_null() {
        line["tax_rate"] = json!(draw.one_of(&RATES));
    }
    if draw.byte().is_multiple_of(8) {
        line["base_quantity"] = json!(amount(draw));
    }
    if draw.byte().is_multiple_of(8) {
        line["price_discount"] = json!(amount(draw));
    }
    line["allowances_charges"] = (0..draw.below(3)).map(|_| adjustment(draw)).collect();
    line
}

fn adjustment(draw: &mut Draw<'_>) -> Value {
    let charge = draw.byte() % 2 == 1;
    match draw.byte() % 3 {
        0 => json!({ "charge": charge, "amount": amount(draw) }),
        1 => json!({ "charge": charge, "percent": draw.one_of(&RATES) }),
        _ => json!({ "charge": charge, "percent": draw.one_of(&RATES), "base": amount(draw) }),
    }
}

/// An amount from a list, or of drawn digits.
fn amount(draw: &mut Draw<'_>) -> String {
    match draw.byte() {
        byte @ 0..64 => AMOUNTS[usize::from(byte) % AMOUNTS.len()].to_owned(),
        byte => {
            let digits = draw.number(1 + usize::from(byte) % 4);
            let places = usize::from(byte) % 5;
            let text = format!("{digits:0width$}", width = places + 1);
            let (whole, rest) = text.split_at(text.len() - places);
            if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
        }
    }
}
