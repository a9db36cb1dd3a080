//! Days without mishaps: what tills sell is what head office counts, to the cent and to the number.

use serde_json::json;

use crate::head::{Head, figures, of_journal};
use crate::till::{Till, basket};

#[test]
fn a_day_at_two_tills_of_two_currencies_arrives_to_the_cent_and_to_the_number() {
    let head = Head::open();
    let zagreb = head.till("S01", "T01");
    let boston = Till::nowhere();
    let token = head.token("S02", "T01", &["--currency", "USD", "--country", "US"]);
    boston.ok(&["enrol", &head.line.url(), &token]);
    boston.sync();
    boston.ok(&["open", "--float", "100.00"]);

    let sold = zagreb.sell(&[
        basket("a", "MILK", "2"),
        basket("b", "4006381333931", "1"),
        basket("c", "CHEESE", "0.345"),
        json!({ "id": "d", "lines": [{ "code": "TEA", "quantity": "1" }], "tenders": [{ "kind": "card", "amount": "3.10" }] })
            .to_string(),
    ]);
    assert!(sold[3].ends_with("000004"), "{sold:?}");
    zagreb.ok(&["refund", &sold[0], "--line", "1", "--quantity", "1"]);
    zagreb.ok(&["close", "--count", "105.95"]);
    boston.sell_milk("b", 3);
    zagreb.sync();
    boston.sync();

    let (ours, theirs, office) = (zagreb.audit(), boston.audit(), head.clean_audit());
    assert_eq!(figures(&[&ours, &theirs]), figures(&[&office]));
    assert_eq!(
        office["totals"],
        json!([
            { "currency": "EUR", "documents": 5, "gross": "9.05", "tax": "1.81", "cash": "5.95" },
            { "currency": "USD", "documents": 3, "gross": "3.75", "tax": "0.75", "cash": "3.75" },
        ])
    );
    for till in [&zagreb, &boston] {
        let status = till.status();
        let stand = &status["journals"][0];
        let known = of_journal(&office, &till.journal());
        assert_eq!((&status["unsent"], &stand["acknowledged"]), (&json!(0), &stand["seq"]));
        assert_eq!((&known["acknowledged"], &known["head"]), (&stand["seq"], &stand["head"]));
        assert_eq!((&known["standing"], &known["kept"], &known["chain"]), (&json!("open"), &json!(0), &json!("ok")));
    }

    let again = zagreb.sync();
    assert_eq!((&again["journals"][0]["sent"], &again["journals"][0]["verdict"]), (&json!(0), &json!("duplicate")));
    assert_eq!((&again["feed_rows"], &again["notes"]), (&json!(0), &json!([])));
    assert_eq!(head.clean_audit(), office);
    assert_eq!(zagreb.audit(), ours);
}
