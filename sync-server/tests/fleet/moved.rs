//! Tills that were moved, lost their store or secret, or come back after years: one token, or none, and they sell again.

use std::fs;

use counterfoil_core::time::Timestamp;
use counterfoil_node::folder::Folder;
use counterfoil_node::sync::head_office::{HeadOffice, TlsKey};
use serde_json::Value;

use crate::head::{Head, of_journal};
use crate::till::Till;

fn change_machine(till: &Till) {
    let path = till.folder().join("secret.json");
    let mut secret: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    (secret["machine"], secret["pending_machine"]) = ("0".repeat(64).into(), Value::Null);
    fs::write(&path, secret.to_string()).unwrap();
}

#[test]
fn a_till_on_a_new_machine_joins_again_and_sells_on() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    let before = till.sell_milk("a", 2);
    till.sync();
    let old = till.journal();
    change_machine(&till);
    assert_eq!(till.try_to_sell("no").refused().0, "read_only");
    head.enrol(&till, "S01", "T01");
    assert_ne!(till.journal(), old);
    till.sync();
    if till.status()["drawer_session"].is_null() {
        till.ok(&["open", "--float", "0.00"]);
    }
    let after = till.sell_milk("b", 2);
    assert!(after.iter().all(|number| !before.contains(number)), "{after:?}");
    till.sync();
    till.audit();
    assert_eq!(head.audit()["totals"][0]["documents"], 4);
}

#[test]
fn a_till_that_lost_its_store_gives_no_number_twice() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    let before = till.sell_milk("a", 2);
    till.sync();
    let old = till.journal();
    fs::remove_file(till.folder().join("store.redb")).unwrap();
    let told = till.run(&["status"]);
    assert_eq!((told.code, told.last()["error"]["code"].as_str()), (3, Some("store_missing")), "{told:?}");
    head.enrol(&till, "S01", "T01");
    till.sync();
    till.ok(&["open", "--float", "0.00"]);
    let after = till.sell_milk("b", 2);
    assert!(after.iter().all(|number| !before.contains(number)), "{after:?}");
    till.sync();
    let audit = head.audit();
    assert_eq!(
        (&audit["totals"][0]["documents"], &of_journal(&audit, &old)["standing"]),
        (&4.into(), &"closed".into())
    );
}

#[test]
fn a_till_that_comes_back_after_its_certificate_has_ended_renews_it() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sell_milk("a", 2);
    let folder = Folder::at(till.folder());
    let mut known = HeadOffice::require(&folder).unwrap();
    let request = TlsKey::read_or_make(&folder).unwrap().signing_request().unwrap();
    let long_ago = Timestamp(known.seen.0 - 400 * 86_400_000);
    let (store, name) = ("S01".parse().unwrap(), "T01".parse().unwrap());
    known.certificate = head.office().authority().till_certificate(&request, &store, &name, long_ago).unwrap().pem;
    // What head office signed last is as old, so that only its refusal tells.
    known.seen = long_ago;
    known.write(&folder).unwrap();
    let report = till.sync();
    assert_eq!(report["journals"][0]["verdict"], "append", "{report}");
    assert_ne!(HeadOffice::require(&folder).unwrap().certificate, known.certificate);
    till.sync();
    head.clean_audit();
}
