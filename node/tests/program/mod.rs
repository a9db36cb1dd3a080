//! Baskets through the real program, whose answer must be that of the library.

use std::io::Write;
use std::process::{Command, Stdio};

use counterfoil_core::time::{Now, Timestamp, ZoneOffset};
use counterfoil_node::wire::quote::{Quote, quote};
use serde_json::Value;

/// The day on which a basket is priced that names none.
pub(crate) const TODAY: &str = "2026-11-21";

/// Prices a basket by `till quote`.
pub(crate) fn quoted(basket: &Value) -> Quote {
    let mut dated = basket.clone();
    if dated["at"].is_null() {
        dated["at"] = TODAY.into();
    }
    let text = dated.to_string();
    let answer = quote(&text, Now { at: Timestamp(0), offset: ZoneOffset(0) })
        .unwrap_or_else(|refusal| panic!("{basket}: {refusal}"));
    let mut till = Command::new(env!("CARGO_BIN_EXE_till"));
    till.args(["--json", "quote", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).env_remove("TILL_PIN");
    let mut running = till.spawn().unwrap();
    writeln!(running.stdin.take().unwrap(), "{text}").unwrap();
    let done = running.wait_with_output().unwrap();
    assert!(done.status.success(), "{basket}: {}", String::from_utf8_lossy(&done.stdout));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(told, serde_json::to_value(&answer).unwrap(), "{basket}");
    answer
}
