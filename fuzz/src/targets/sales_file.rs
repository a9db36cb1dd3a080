//! Files of invoice lines, as `till import sales` turns them into baskets.
//!
//! Always: each line is sold, taken back or reported with its reason; what comes out is what `till sell` can read; no
//! sale is taken back by more than was sold.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

use counterfoil_core::quantity::Quantity;
use counterfoil_node::clock::Clock;
use counterfoil_node::failure::Failure;
use counterfoil_node::import::sales::{SalesOptions, convert_sales};
use counterfoil_node::wire::basket::read_command;
use serde_json::Value;
use tempfile::TempDir;

use super::draw::Draw;
use super::require_told;
use super::shop::{place, profile};

thread_local! {
    static PLACE: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// A byte for the options, then the file.
///
/// # Panics
/// A law of the conversion is broken.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let choice = draw.byte();
    let options = SalesOptions {
        zone: (choice & 1 == 1).then(|| "Europe/London".to_owned()),
        not_goods: (choice & 2 == 2).then(Vec::new),
        ..SalesOptions::default()
    };
    let place = PLACE.take().unwrap_or_else(place);
    let path = place.path().join("sales.csv");
    fs::write(&path, draw.rest()).expect("a temporary folder can be written");
    let mut written = Vec::new();
    let converted = convert_sales(&path, &options, &mut |line| {
        written.push(line.to_owned());
        Ok(())
    });
    PLACE.set(Some(place));
    match converted {
        Ok(report) => {
            let others = u64::try_from(report.unconverted.len()).expect("a count");
            assert_eq!(report.read, report.sold + report.refunded + others, "{report:?}");
            assert_eq!(report.baskets + report.refunds, u64::try_from(written.len()).expect("a count"));
            for line in &report.unconverted {
                assert!(line.row > 1 && !line.field.is_empty() && !line.reason.is_empty(), "{line:?}");
            }
            require_sellable(&written);
        }
        Err(Failure::Refused(refusal)) => require_told(&refusal),
        Err(failure) => panic!("{failure}"),
    }
}

fn require_sellable(written: &[String]) {
    let clock = Clock::in_zone("Europe/London").expect("a zone of the database");
    let mut left: BTreeMap<(String, u64), Quantity> = BTreeMap::new();
    for text in written {
        if let Err(unreadable) = read_command(text, profile().currency, &clock) {
            require_told(&unreadable.refusal);
        }
        let object: Value = serde_json::from_str(text).expect("a basket is JSON");
        let lines = object["lines"].as_array().expect("a basket has lines");
        assert!(!lines.is_empty(), "{text}");
        for (number, line) in (1_u64..).zip(lines) {
            let quantity: Quantity = line["quantity"].as_str().and_then(|text| text.parse().ok()).expect("a quantity");
            assert!(!quantity.is_negative() && !quantity.is_zero(), "{text}");
            match object["refund_of"].as_str() {
                None => {
                    left.insert((object["id"].to_string(), number), quantity);
                }
                Some(of) => {
                    let key = (Value::from(of).to_string(), line["line"].as_u64().expect("a line"));
                    let sold = left.get_mut(&key).expect("what is taken back was sold before");
                    *sold = sold.checked_sub(quantity).expect("a difference of quantities");
                    assert!(!sold.is_negative(), "more is taken back than was sold: {text}");
                }
            }
        }
    }
}
