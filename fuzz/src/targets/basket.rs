//! Baskets and refunds as `till sell` reads them, carried out by a till in memory.
//!
//! Always: a refusal names field and limit and leaves no trace; a sale takes the next number of its series, adds up,
//! prints, and the same basket again gets the same answer.

use std::cell::RefCell;

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::document::Issued;
use counterfoil_core::receipt::{Print, document_text};
use counterfoil_core::till::{Outcome, Till, TillError};
use counterfoil_node::clock::Clock;
use counterfoil_node::wire::basket::read_command;
use serde_json::{Value, json};

use super::draw::Draw;
use super::require_told;
use super::shop::{GOODS, now, owner, profile, sold};

thread_local! {
    /// A till as it is after its first sales; one that has changed is made anew.
    static FRESH: RefCell<Option<Till>> = const { RefCell::new(None) };
}

/// The bytes are a line for `till sell` if they begin as one; otherwise they choose one.
///
/// # Panics
/// A law of selling is broken.
pub fn run(bytes: &[u8]) {
    let is_text = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let text = if is_text { String::from_utf8_lossy(bytes).into_owned() } else { built(bytes).to_string() };
    let clock = Clock::in_zone("Europe/Helsinki").expect("a zone of the database");
    let command = match read_command(&text, profile().currency, &clock) {
        Ok(command) => command,
        Err(unreadable) => return require_told(&unreadable.refusal),
    };
    assert_eq!(read_command(&text, profile().currency, &clock).as_ref(), Ok(&command));
    let mut till = FRESH.take().unwrap_or_else(|| sold(InMemoryBackend::new()));
    let before = (till.mark(), till.state().clone());
    match till.execute(&command, &owner(), now(60)) {
        Ok(Outcome::Issued(issued)) => {
            require_sold(&till, &issued);
            let again = till.execute(&command, &owner(), now(61)).expect("the same again is no refusal");
            assert_eq!(again, Outcome::Issued(issued), "the same basket has another answer");
            if till.mark() == before.0 {
                FRESH.set(Some(till));
            } else {
                let audit = till.audit(InMemoryBackend::new()).expect("a till in memory");
                assert!(audit.is_ok(), "{:?}", audit.differences);
            }
        }
        Ok(other) => panic!("{command:?} has become {other:?}"),
        Err(TillError::Refused(refusal)) => {
            require_told(&refusal);
            assert_eq!((till.mark(), till.state()), (before.0, &before.1), "a refusal has left a trace");
            FRESH.set(Some(till));
        }
        Err(error) => panic!("{command:?} has failed: {error}"),
    }
}

fn require_sold(till: &Till, issued: &Issued) {
    let document = &issued.document;
    assert!(document.is_balanced(), "{document:?}");
    let printed = document_text(&profile(), issued, Print::Original).expect("what was sold can be printed");
    assert!(printed.lines().all(|line| line.chars().count() <= 42), "wider than the paper:\n{printed}");
    let number = till.document(document.printed.as_str()).expect("a till in memory");
    assert_eq!(number.as_ref(), Some(issued), "a document is found by its number");
    let series = till.state().series.iter().find(|series| series.head.series().code == document.series);
    let last = series.and_then(|series| series.head.last_issued());
    assert!(last.is_some_and(|last| last >= document.number), "a number beyond the series");
}

/// A basket or refund drawn from the bytes.
fn built(bytes: &[u8]) -> Value {
    let mut draw = Draw::from(bytes);
    let quantities = ["1", "2", "0.5", "3", "1000000", "0", "-1", "0.001"];
    let prices = ["1.00", "0", "0.005", "99999999.99", "-1", "12.3456"];
    let id = draw.one_of(&["a", "first", "second", "back", "b"]);
    if draw.byte().is_multiple_of(3) {
        let refund_of = draw.one_of(&["first", "second", "S01-T01-R26A-000001", "back", "none"]);
        let lines = (0..draw.below(4)).map(|_| json!({ "line": draw.below(6), "quantity": draw.one_of(&quantities) }));
        let lines: Vec<Value> = lines.collect();
        return json!({ "id": id, "refund_of": refund_of, "lines": lines, "tenders": tenders(&mut draw) });
    }
    let line = |draw: &mut Draw<'_>| {
        let mut line = json!({ "code": GOODS[draw.below(GOODS.len())].0, "quantity": draw.one_of(&quantities) });
        if draw.byte().is_multiple_of(4) {
            line["unit_price"] = json!(draw.one_of(&prices));
        }
        line
    };
    let lines: Vec<Value> = (0..draw.below(9)).map(|_| line(&mut draw)).collect();
    let discounts = (0..draw.below(3)).map(|_| match draw.byte() % 2 {
        0 => json!({ "percent": draw.one_of(&["10", "100", "33.3333", "0.01"]) }),
        _ => json!({ "amount": draw.one_of(&prices) }),
    });
    let discounts: Vec<Value> = discounts.collect();
    let document = draw.one_of(&["receipt", "invoice", "receipt"]);
    json!({ "id": id, "lines": lines, "discounts": discounts, "document": document, "tenders": tenders(&mut draw) })
}

fn tenders(draw: &mut Draw<'_>) -> Vec<Value> {
    let amounts = ["5.00", "1000.00", "0.01", "2.50", "-1", "99999999"];
    let tender = |draw: &mut Draw<'_>| {
        let kind = draw.one_of(&["cash", "card", "voucher", "transfer"]);
        json!({ "kind": kind, "amount": draw.one_of(&amounts) })
    };
    (0..draw.below(3)).map(|_| tender(draw)).collect()
}
