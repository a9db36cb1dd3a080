//! `till report`: what was sold by day, hour, product, category, operator, tender and tax rate, and as CSV.

use serde_json::{Value, json};

use crate::shop::Shop;

const GOODS: &str = "code,name,price,unit,category,cost,tax_rate
TEA,\"=Tea, \"\"green\"\"\",3.10,piece,Drinks,1.20,21
COFFEE,Coffee,2.50,piece,Drinks,,10
HAM,Ham,20.00,kg,Food,11.111,10
";

const TABLES: [&str; 7] = ["day", "hour", "product", "category", "operator", "tender", "tax-rate"];

/// A store that takes the past over, in Madrid, with three products; two of them have a cost.
fn shop() -> Shop {
    let shop = Shop::with_till(&["--history", "--prices", "inclusive"]);
    let file = shop.file("goods.csv", GOODS);
    let map = ["--map", "tax_rate=tax_rate", "--map", "cost=cost", "--map", "category=category"];
    shop.json(&[&["import", "products", file.to_str().unwrap()][..], &map].concat()).done();
    shop.json(&["open", "--float", "100.00"]).done();
    shop
}

/// The night in which summer time begins, the one in which it ends, and a refund on a day of its own.
fn sell(shop: &Shop) {
    let sold = [
        r#"{"id":"a","lines":[{"code":"TEA","quantity":"2"}],"at":"2025-03-29T22:59:00Z"}"#,
        r#"{"id":"b","lines":[{"code":"TEA","quantity":"1"},{"code":"HAM","quantity":"0.333"},{"code":"TEA","quantity":"1"}],"tenders":[{"kind":"card","amount":"15.86","tip":"3.00"}],"at":"2025-03-30T00:59:00Z"}"#,
        r#"{"id":"c","lines":[{"code":"COFFEE","quantity":"4"}],"discounts":[{"percent":"10"}],"tenders":[{"kind":"cash","currency":"USD","amount":"20.00","rate":"0.92"}],"at":"2025-03-30T01:00:00Z"}"#,
        r#"{"id":"d","lines":[{"code":"COFFEE","quantity":"1"}],"at":"2025-10-26T00:30:00Z"}"#,
        r#"{"id":"e","lines":[{"code":"COFFEE","quantity":"1"}],"at":"2025-10-26T01:30:00Z"}"#,
        r#"{"id":"f","refund_of":"b","lines":[{"line":1,"quantity":"1"}],"tenders":[{"kind":"cash","amount":"3.10"}],"at":"2025-10-26T22:59:59Z"}"#,
        r#"{"id":"g","lines":[{"code":"HAM","quantity":"1"}],"at":"2025-10-26T23:00:00Z"}"#,
    ];
    shop.sell(&sold.join("\n")).done();
}

fn table(shop: &Shop, by: &str, more: &[&str]) -> Value {
    shop.json(&[&["report", "--by", by], more].concat()).done().json()
}

/// Some columns of every row.
fn cells(table: &Value, columns: &[&str]) -> Vec<String> {
    let rows = table["rows"].as_array().unwrap();
    let cell = |row: &Value, column: &str| row[column].as_str().map_or_else(|| row[column].to_string(), str::to_owned);
    rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect::<Vec<_>>().join(" ")).collect()
}

fn sum(table: &Value, column: &str) -> i64 {
    cells(table, &[column]).iter().map(|text| text.replace('.', "").parse::<i64>().unwrap()).sum()
}

fn minor(value: &Value) -> i64 {
    value.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn check_tables(served: bool) {
    let shop = shop();
    sell(&shop);
    let serving = served.then(|| shop.serve());
    // Winter 23:59, then 01:59 before and 03:00 after the change; in autumn 02:30 comes twice.
    assert_eq!(
        cells(&table(&shop, "day", &[]), &["day", "sales", "refunds", "gross"]),
        ["2025-03-29 1 0 6.20", "2025-03-30 2 0 21.86", "2025-10-26 2 1 1.90", "2025-10-27 1 0 20.00"]
    );
    assert_eq!(
        cells(&table(&shop, "hour", &[]), &["hour", "sales", "refunds", "lines", "gross"]),
        ["0 1 0 1 20.00", "1 1 0 3 12.86", "2 2 0 2 5.00", "3 1 0 1 9.00", "23 1 1 2 3.10"]
    );
    let by_product = table(&shop, "product", &[]);
    assert_eq!(
        cells(&by_product, &["code", "unit", "quantity", "sales", "refunds", "gross", "net", "cost", "margin"]),
        [
            "COFFEE piece 6 3 0 14.00 12.72 null null",
            "HAM kg 1.333 2 0 26.66 24.23 14.81 9.42",
            "TEA piece 3 2 1 9.30 7.68 3.60 4.08"
        ]
    );
    assert_eq!(by_product["rows"][2]["name"], "=Tea, \"green\"");
    assert_eq!(
        cells(&table(&shop, "category", &[]), &["category", "name", "sales", "refunds", "lines", "gross", "discounts"]),
        ["drinks Drinks 5 1 7 23.30 1.00", "food Food 2 0 2 26.66 0.00"]
    );
    assert_eq!(cells(&table(&shop, "operator", &[]), &["operator", "sales", "gross"]), ["owner 6 49.96"]);
    assert_eq!(
        cells(
            &table(&shop, "tender", &[]),
            &["tender", "notes_currency", "taken", "paid_back", "handed_out", "amount", "tips", "notes"]
        ),
        [
            "cash null 31.20 -3.10 -9.40 18.70 0.00 null",
            "card null 15.86 0.00 0.00 15.86 3.00 null",
            "foreign-cash USD 18.40 0.00 0.00 18.40 0.00 20.00"
        ]
    );
    assert_eq!(
        cells(&table(&shop, "tax-rate", &[]), &["code", "category", "rate", "documents", "taxable", "tax"]),
        ["VAT S 10 5 36.95 3.71", "VAT S 21 3 7.68 1.62"]
    );
    is_the_x_report(&shop);
    if let Some(serving) = serving {
        assert_eq!(serving.stop(), 0);
    }
    shop.audit();
}

/// Every table adds up to its total, and the total is that of the X report.
fn is_the_x_report(shop: &Shop) {
    let x = shop.json(&["x"]).done().json();
    for by in TABLES {
        let table = table(shop, by, &[]);
        let total = &table["totals"][0];
        assert_eq!(table["totals"].as_array().map(Vec::len), Some(1), "{by}");
        assert_eq!(
            ["net", "tax", "gross", "tips"].map(|field| &total[field]),
            ["net", "tax", "gross", "tips"].map(|field| &x[field])
        );
        match by {
            "tender" => assert_eq!(sum(&table, "for_goods"), minor(&total["payable"]), "{by}"),
            "tax-rate" => assert_eq!(sum(&table, "tax"), minor(&total["tax"]), "{by}"),
            _ => {
                for column in ["net", "tax", "gross", "sales_gross", "refunds_gross", "discounts"] {
                    assert_eq!(sum(&table, column), minor(&total[column]), "{by} {column}");
                }
            }
        }
    }
    assert_eq!(x["foreign_notes"], json!([{"currency": "USD", "amount": "20.00"}]));
    assert_eq!(x["tips"], "3.00");
}

#[test]
fn every_table_adds_up_to_the_documents() {
    check_tables(false);
}

#[test]
fn every_table_adds_up_to_the_documents_through_the_local_api() {
    check_tables(true);
}

#[test]
fn a_table_of_some_days_has_what_was_issued_on_them() {
    let shop = shop();
    sell(&shop);
    let march = table(&shop, "day", &["--from", "2025-03-30", "--to", "2025-03-31"]);
    assert_eq!(cells(&march, &["day", "gross"]), ["2025-03-30 21.86"]);
    assert_eq!((&march["from"], &march["zone"]), (&json!("2025-03-30"), &json!("Europe/Madrid")));
    let refunded = table(&shop, "product", &["--from", "2025-10-26", "--to", "2025-10-26"]);
    assert_eq!(cells(&refunded, &["code", "quantity", "refunds_gross"]), ["COFFEE 2 0.00", "TEA -1 -3.10"]);
    let nothing = table(&shop, "tender", &["--to", "2025-03-28"]);
    assert_eq!((&nothing["rows"], &nothing["totals"], &nothing["pages"]), (&json!([]), &json!([]), &json!(0)));
    let refused = |more: &[&str]| shop.json(&[&["report", "--by", "day"], more].concat()).refused();
    assert_eq!(refused(&["--from", "2025-10-26", "--to", "2025-10-25"]), ("malformed".into(), "to".into()));
    assert_eq!(refused(&["--from", "26.10.2025"]), ("malformed".into(), "from".into()));
    assert_eq!(refused(&["--page", "0"]), ("not_positive".into(), "page".into()));
    assert_eq!(refused(&["--limit", "501"]), ("too_many".into(), "limit".into()));
    assert_eq!(shop.json(&["report", "--by", "week"]).refused(), ("malformed".into(), "by".into()));
}

#[test]
fn pages_have_every_row_once_and_the_total_of_all() {
    let shop = shop();
    sell(&shop);
    let pages = ["1", "2", "3"].map(|page| table(&shop, "product", &["--limit", "2", "--page", page]));
    let rows: Vec<_> = pages.iter().map(|page| cells(page, &["code"])).collect();
    assert_eq!(rows, [vec!["COFFEE".to_owned(), "HAM".to_owned()], vec!["TEA".to_owned()], Vec::new()]);
    for page in &pages {
        assert_eq!(
            (&page["pages"], &page["row_count"], &page["totals"][0]["gross"]),
            (&json!(2), &json!(3), &json!("49.96"))
        );
    }
    let shown = shop.text(&["report", "--by", "day"]).done().out;
    assert!(shown.contains("2025-10-26") && shown.contains("margin percent"), "{shown}");
    assert!(!shown.contains("promotions"), "nothing was promoted: {shown}");
}

#[test]
fn csv_has_a_header_every_row_and_no_formula() {
    let shop = shop();
    sell(&shop);
    for by in TABLES {
        let rows = table(&shop, by, &[]);
        let out = shop.text(&["report", "--by", by, "--csv", "-"]).done().out;
        let lines: Vec<&str> = out.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), rows["rows"].as_array().unwrap().len() + 1, "{by}: {out}");
        let columns: Vec<&String> = rows["rows"][0].as_object().unwrap().keys().collect();
        assert_eq!(lines[0].split(',').count(), columns.len(), "{by}");
        assert!(out.ends_with("\r\n") && lines[0].split(',').all(|name| columns.iter().any(|column| *column == name)));
    }
    let file = shop.path("products.csv.out");
    let told = shop.json(&["report", "--by", "product", "--csv", file.to_str().unwrap()]).done().json();
    assert_eq!((&told["row_count"], &told["file"]), (&json!(3), &json!(file)));
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("\r\nTEA,\"'=Tea, \"\"green\"\"\",piece,3,EUR,"), "{written}");
    // A day on which more came back than went out is a negative figure, and stays one.
    let back = shop.text(&["report", "--by", "tender", "--csv", "-", "--from", "2025-10-26"]).done().out;
    assert!(back.contains("\r\ncash,,EUR,4,25.00,-3.10,0.00,21.90,"), "{back}");
    let refused = shop.text(&["report", "--by", "day", "--csv", "/no/such/folder/x.csv"]);
    assert_eq!(refused.code, 3, "{refused:?}");
}

#[test]
fn who_counts_blind_does_not_read_tables() {
    let shop = Shop::open();
    let run = |pins: &[(&str, &str)], arguments: &[&str]| shop.json_with(pins, arguments, "");
    run(&[("TILL_NEW_PIN", "135790")], &["operator", "add", "--code", "owner"]).done();
    let owner = [("TILL_PIN", "135790"), ("TILL_NEW_PIN", "2468")];
    run(&owner, &["--operator", "owner", "operator", "add", "--code", "ana"]).done();
    run(&[], &["report", "--by", "tender"]).done();
    let blind = ["role", "set", "cashier", "--permissions", "sell,refund,run_drawer,accept_over_short"];
    run(&owner, &[&["--operator", "owner"][..], &blind].concat()).done();
    let ana = [("TILL_PIN", "2468")];
    let refused = run(&ana, &["--operator", "ana", "report", "--by", "tender"]).refused();
    assert_eq!(refused, ("not_permitted".into(), "operator".into()));
    run(&owner, &["--operator", "owner", "report", "--by", "tender"]).done();
}
