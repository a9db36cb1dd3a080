//! Bad input: each a refusal that names field, value and limit, with its exit code, and nothing half done.

use crate::shop::{Shop, run};

fn check(shop: &Shop, fields: &str, code: &str, field: &str) {
    let ended = shop.sell(&format!("{{\"id\":\"bad\",{fields}}}"));
    assert_eq!(ended.refused(), (code.to_owned(), field.to_owned()), "{fields}: {ended:?}");
}

const LINE: &str = r#""lines":[{"code":"TEA","quantity":"1"}]"#;

#[test]
fn a_bad_basket_is_refused_by_the_path_of_its_field_and_uses_up_nothing() {
    let shop = Shop::open();
    let line = |rest: &str| format!(r#""lines":[{{"code":"TEA",{rest}}}]"#);
    check(&shop, r#""lines":[{"code":"4006381333000","quantity":"1"}]"#, "product_unknown", "lines[0].code");
    check(&shop, &line(r#""quantity":"0""#), "quantity_zero", "lines[0].quantity");
    check(&shop, &line(r#""quantity":0.0"#), "quantity_zero", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"-1""#), "quantity_negative", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"1.5""#), "quantity_fraction", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"1.0000001""#), "too_many_digits", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"one""#), "malformed", "lines[0].quantity");
    check(&shop, &line(r#""quantity":null"#), "malformed", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"9999999999999999""#), "overflow", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"999999999999999""#), "too_many", "lines[0].quantity");
    check(&shop, &line(r#""quantity":"1000000","unit_price":"99999999999999""#), "overflow", "lines[0].amount");
    check(&shop, &line(r#""quantity":"1","unit_price":"-1""#), "price_negative", "lines[0].unit_price");
    check(&shop, &line(r#""quantity":"1","unit_price":"1.123456789""#), "too_many_digits", "lines[0].unit_price");
    check(&shop, &line(r#""quantity":"1","colour":"red""#), "malformed", "lines[0].colour");
    check(&shop, &line(r#""quantity":"1","quantity":"2""#), "too_many", "lines[0].quantity");
    check(&shop, r#""lines":[]"#, "missing", "lines");
    check(&shop, r#""lines":"TEA""#, "malformed", "lines");
    check(&shop, r#""tenders":[]"#, "missing", "lines");
    let many = format!("\"lines\":[{}]", vec![r#"{"code":"TEA","quantity":1}"#; 1_001].join(","));
    check(&shop, &many, "too_many", "lines");
    nothing_was_done(&shop);
}

#[test]
fn bad_payment_notes_and_dates_are_refused_and_use_up_nothing() {
    let shop = Shop::open();
    let with = |rest: &str| format!("{LINE},{rest}");
    let tender = |amount: &str| with(&format!(r#""tenders":[{{"kind":"cash","amount":"{amount}"}}]"#));
    check(&shop, &tender("1.00"), "unpaid", "tenders");
    check(&shop, &tender("5.005"), "too_many_digits", "tenders[0].amount");
    check(&shop, &tender("0"), "not_positive", "tenders[0].amount");
    check(&shop, &tender("-5"), "not_positive", "tenders[0].amount");
    check(&shop, &tender("99999999999999999"), "overflow", "tenders[0].amount");
    check(&shop, &with(r#""tenders":[{"kind":"card","amount":"9"}]"#), "non_cash_above_gross", "tenders");
    check(&shop, &with(r#""tenders":[{"kind":"gold","amount":"9"}]"#), "malformed", "tenders[0].kind");
    let reference = r#""tenders":[{"kind":"card","amount":"3.10","reference":"4111111111111111"}]"#;
    check(&shop, &with(reference), "card_number", "tenders[0].reference");
    check(&shop, &with(r#""customer":"5500 0055 5555 5559""#), "card_number", "customer");
    check(&shop, &with(r#""discounts":[{"percent":"101"}]"#), "discount_too_large", "discounts[0]");
    check(&shop, &with(r#""discounts":[{"amount":"-1"}]"#), "negative", "discounts[0]");
    check(&shop, &with(r#""document":"z_report""#), "malformed", "document");
    check(&shop, &with(r#""at":"2020-01-01T00:00:00Z""#), "backdated", "at");
    check(&shop, &with(r#""at":"yesterday""#), "malformed", "at");
    check(&shop, r#""refund_of":"S01-T01-R26A-000404""#, "document_unknown", "refund_of");
    check(&shop, r#""refund_of":"x","quantity":"1""#, "malformed", "quantity");
    nothing_was_done(&shop);
}

fn nothing_was_done(shop: &Shop) {
    let sold = shop.sell(&format!("{{\"id\":\"bad\",{LINE}}}")).done().json();
    assert_eq!(sold["number"], "S01-T01-R26A-000001", "a refusal uses up neither number nor id");
    shop.audit();
}

#[test]
fn a_line_that_is_no_basket_has_no_id_and_tells_its_line() {
    let shop = Shop::open();
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(1_100_000));
    for line in ["nonsense", "[]", "7", "{}", "{\"id\":7,\"lines\":[]}", "{\"id\":\"\",\"lines\":[]}", long.as_str()] {
        let ended = shop.sell(&format!("{line}\n"));
        let answer = ended.json();
        assert_eq!(
            (ended.code, answer["id"].is_null(), &answer["line"]),
            (1, true, &serde_json::json!(1)),
            "{line:.60}"
        );
    }
    let long_id = format!("{{\"id\":\"{}\",{LINE}}}", "x".repeat(129));
    assert_eq!(shop.sell(&long_id).refused(), ("too_long".into(), "id".into()));
    let mut command = shop.command();
    let bytes = run(command.args(["--json", "sell", shop.binary_file().to_str().unwrap()]), "");
    assert_eq!(bytes.refused().0, "malformed");
}

impl Shop {
    /// A basket with a byte that is no UTF-8 in its id.
    fn binary_file(&self) -> std::path::PathBuf {
        let path = self.path("binary.json");
        let mut bytes = format!("{{\"id\":\"caf?\",{LINE}}}\n").into_bytes();
        let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[place] = 0xE9;
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn a_bad_row_of_an_import_is_reported_with_its_line_and_the_others_are_kept() {
    let shop = Shop::with_till(&[]);
    let file = shop.file("bad.csv", "code,name,price\nA,Apple,1.00\nB,Bread,cheap\nC,Cake,-1\nD,Dates,2.00\n");
    let ended = shop.json(&["import", "products", file.to_str().unwrap(), "--tax-rate", "21"]);
    let report = ended.json();
    assert_eq!((ended.code, &report["read"], &report["added"]), (1, &4.into(), &2.into()), "{report}");
    let rows: Vec<_> = report["rejected"].as_array().unwrap().iter().map(|row| (&row["row"], &row["field"])).collect();
    assert_eq!(rows, [(&3.into(), &"price".into()), (&4.into(), &"price".into())]);
}

#[test]
fn bad_set_up_and_bad_usage_tell_their_field() {
    let shop = Shop::empty();
    let init = |store: &str, currency: &str, country: &str, zone: &str| {
        let values = ["--store", store, "--till", "T01", "--currency", currency, "--country", country, "--zone", zone];
        shop.json(&[&["init"][..], &values].concat())
    };
    let field = |ended: crate::shop::Ended| ended.refused().1;
    assert_eq!(field(init("s01", "EUR", "ES", "Europe/Madrid")), "store");
    assert_eq!(field(init("S01", "XXX", "ES", "Europe/Madrid")), "currency");
    assert_eq!(field(init("S01", "EUR", "Spain", "Europe/Madrid")), "country");
    assert_eq!(field(init("S01", "EUR", "ES", "Europe/Atlantis")), "zone");
    assert!(!shop.data().exists(), "a refused set-up leaves no folder");
    assert_eq!(shop.json(&["status"]).refused(), ("missing".into(), "data".into()));
    for arguments in [&["sel"][..], &["open"], &["close"], &["close", "--count", "1", "--denominations", "1x1"]] {
        let ended = shop.json(arguments);
        assert_eq!((ended.code, ended.out.is_empty(), ended.err.is_empty()), (2, true, false), "{arguments:?}");
    }
    let missing = shop.json(&["sell", "no-such-file.json"]);
    assert_eq!((missing.code, shop.json(&["open", "--float", "1"]).code), (1, 1), "{missing:?}");
}
