//! What till and head office say to one another in JSON, read by either side.
//!
//! Always: what was read is written so that it reads back the same, both sides read the same answers alike, and a
//! refusal that was told keeps its code and field.

use counterfoil_core::refusal::ToldRefusal;
use counterfoil_node::operations::sync_step::{StepAnswer, SyncStep};
use counterfoil_node::operations::{Answer, Operation};
use counterfoil_node::wire::read::read;
use counterfoil_node::wire::sync as till;
use counterfoil_sync_server::operations as office;
use counterfoil_sync_server::wire as served;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::draw::Draw;
use super::require_told;

/// The first byte says which message the rest is.
///
/// # Panics
/// A message changes by being read and written.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let choice = draw.byte() % 12;
    let text = String::from_utf8_lossy(draw.rest()).into_owned();
    match choice {
        0 => same::<till::EnrolRequest, served::EnrolRequest>(&text),
        1 => same::<till::EnrolAnswer, served::EnrolAnswer>(&text),
        2 => same::<till::SyncAnswer, served::SyncAnswer>(&text),
        3 => same::<till::RenewRequest, served::RenewRequest>(&text),
        4 => same::<till::RenewAnswer, served::RenewAnswer>(&text),
        5 => same::<till::SyncReport, till::SyncReport>(&text),
        6 => same::<StepAnswer, StepAnswer>(&text),
        7 => same::<office::Operation, office::Operation>(&text),
        8 => same::<office::Answer, office::Answer>(&text),
        9 => of_refusal(&text),
        10 => drop(serde_json::from_str::<till::ProblemWire>(&text)),
        _ => of_operation::<SyncStep>(&text),
    }
    let line = Answer::of_line(&text);
    assert_eq!(line.json, text);
}

/// What the till writes, head office reads and the other way round.
fn same<T, S>(text: &str)
where
    T: Serialize + DeserializeOwned,
    S: Serialize + DeserializeOwned,
{
    let write = |value: &dyn Fn() -> serde_json::Result<serde_json::Value>| value().expect("a message becomes JSON");
    let Ok(ours) = serde_json::from_str::<T>(text) else { return };
    let told = write(&|| serde_json::to_value(&ours));
    let theirs: S = serde_json::from_value(told.clone()).expect("what one side says the other can read");
    let again = write(&|| serde_json::to_value(&theirs));
    let back: T = serde_json::from_value(again).expect("what the other side says can be read");
    assert_eq!(write(&|| serde_json::to_value(&back)), told);
}

fn of_refusal(text: &str) {
    let Ok(told) = serde_json::from_str::<ToldRefusal>(text) else { return };
    let refusal = told.to_refusal();
    let again = ToldRefusal::from(&refusal).to_refusal();
    assert_eq!(again, refusal, "a refusal changes by being told");
    assert_eq!(refusal.field(), told.field);
}

fn of_operation<O: Operation>(text: &str) {
    match read::<O>(text) {
        Ok(operation) => {
            let told = serde_json::to_string(&operation).expect("an operation becomes JSON");
            let again = read::<O>(&told).expect("what is written can be read");
            assert_eq!(serde_json::to_string(&again).expect("an operation becomes JSON"), told);
        }
        // The field of the object itself has no name.
        Err(refusal) if refusal.field().is_empty() => assert!(!refusal.limit().is_empty(), "{refusal}"),
        Err(refusal) => require_told(&refusal),
    }
}
