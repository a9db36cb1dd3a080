//! Invoice lines become baskets and refunds, and none is lost.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn convert(path: &Path, options: &SalesOptions) -> (Vec<String>, SalesReport) {
    let mut written = Vec::new();
    let report = convert_sales(path, options, &mut |line| {
        written.push(line.to_owned());
        Ok(())
    });
    (written, report.unwrap())
}

fn check(rows: &str, options: &SalesOptions, written: &[&str], unconverted: &[(u64, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    std::fs::write(&path, format!("{HEADER}{rows}")).unwrap();
    let (lines, report) = convert(&path, options);
    assert_eq!(lines, written);
    let told: Vec<(u64, &str)> = report.unconverted.iter().map(|line| (line.row, line.field.as_str())).collect();
    assert_eq!(told, unconverted, "{report:?}");
    assert_eq!(report.read, report.sold + report.refunded + report.unconverted.len() as u64);
}

#[test]
fn an_invoice_becomes_a_basket_and_its_cancellation_a_refund() {
    let rows = "1,A,x,2,2010-12-01 08:26,2.550,17850,UK\n1,E,x,1,2010-12-01 08:26,3,17850,UK\n\
        C2,E,x,-1,2010-12-02 08:26,3,17850,UK\nC2,A,x,-1,2010-12-02 08:26,2.55,17850,UK\n";
    let written = [
        r#"{"id":"1","lines":[{"code":"A","quantity":"2","unit_price":"2.55"},{"code":"E","quantity":"1","unit_price":"3"}],"customer":"17850"}"#,
        r#"{"id":"C2","refund_of":"1","lines":[{"line":1,"quantity":"1"},{"line":2,"quantity":"1"}]}"#,
    ];
    check(rows, &SalesOptions::default(), &written, &[]);
}

#[test]
fn a_cancellation_takes_from_several_sales_newest_first_and_never_more_than_is_left() {
    let rows = "1,A,x,2,2010-12-01 08:26,1,7,UK\n2,A,x,3,2010-12-01 08:27,1,7,UK\n3,A,x,9,2010-12-01 08:28,2,7,UK\n\
        C4,A,x,-4,2010-12-02 08:26,1,7,UK\nC5,A,x,-2,2010-12-02 08:27,1,7,UK\nC6,A,x,-1,2010-12-02 08:28,1,7,UK\n\
        C7,A,x,-1,2010-12-02 08:28,1,7,UK\n";
    let sale = |id: &str, quantity: &str, price: &str| {
        format!(
            r#"{{"id":"{id}","lines":[{{"code":"A","quantity":"{quantity}","unit_price":"{price}"}}],"customer":"7"}}"#
        )
    };
    let refund = |id: &str, of: &str, quantity: &str| {
        format!(r#"{{"id":"{id}","refund_of":"{of}","lines":[{{"line":1,"quantity":"{quantity}"}}]}}"#)
    };
    let written = [
        sale("1", "2", "1"),
        sale("2", "3", "1"),
        sale("3", "9", "2"),
        refund("C4", "2", "3"),
        refund("C4-2", "1", "1"),
        refund("C6", "1", "1"),
    ];
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    check(rows, &SalesOptions::default(), &written, &[(6, "code"), (8, "code")]);
}

#[test]
fn what_is_no_sale_is_reported_by_row_and_field() {
    let rows = "1,POST,x,1,2010-12-01 08:26,18,7,UK\n2,A,damaged,-10,2010-12-01 08:26,0,,UK\n\
        3,A,found,10,2010-12-01 08:26,0,,UK\nA4,B,debt,1,2010-12-01 08:26,-11062.06,,UK\n\
        C5,A,x,-1,2010-12-01 08:26,1,,UK\nC6,A,x,1,2010-12-01 08:26,1,7,UK\n7,A,x,0,2010-12-01 08:26,1,7,UK\n\
        8,A,x,one,2010-12-01 08:26,1,7,UK\n9,A\n,A,x,1,2010-12-01 08:26,1,7,UK\n";
    let told = [
        (2, "code"),
        (3, "quantity"),
        (4, "unit_price"),
        (5, "unit_price"),
        (6, "customer"),
        (7, "quantity"),
        (8, "quantity"),
        (9, "quantity"),
        (10, "row"),
        (11, "invoice"),
    ];
    check(rows, &SalesOptions::default(), &[], &told);
}

#[test]
fn history_says_when_and_free_goods_of_a_customer_are_sold() {
    let zone = Some("Europe/London".to_owned());
    let options = SalesOptions { zone, not_goods: Some(vec!["A".to_owned()]), ..SalesOptions::default() };
    let rows = "1,POST,x,1,2011-07-01 08:26,0,7,UK\n1,A,x,1,2011-07-01 08:26,1,7,UK\n2,B,x,1,noon,1,7,UK\n";
    let written = [
        r#"{"id":"1","lines":[{"code":"POST","quantity":"1","unit_price":"0"}],"customer":"7","at":"2011-07-01T08:26:00+01:00"}"#,
    ];
    check(rows, &options, &written, &[(3, "code"), (4, "at")]);
}

#[test]
fn an_invoice_of_too_many_lines_is_reported_whole() {
    let rows = |count: usize| "1,A,x,1,2010-12-01 08:26,1,7,UK\n".repeat(count);
    let told: Vec<(u64, &str)> = (2..=1_002).map(|row| (row, "lines")).collect();
    check(&rows(1_001), &SalesOptions::default(), &[], &told);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    std::fs::write(&path, format!("{HEADER}{}", rows(1_000))).unwrap();
    assert_eq!(convert(&path, &SalesOptions::default()).1.sold, 1_000);
}

#[test]
fn a_column_that_is_not_there_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sales.csv");
    std::fs::write(&path, "Bon,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n1,A,1,x,1,7\n").unwrap();
    let refused = convert_sales(&path, &SalesOptions::default(), &mut |_| Ok(())).unwrap_err();
    assert!(matches!(refused, Failure::Refused(refusal) if refusal.value() == "invoice=InvoiceNo"));
    let options =
        SalesOptions { maps: vec![("invoice".parse().unwrap(), "Bon".to_owned())], ..SalesOptions::default() };
    assert_eq!(convert(&path, &options).1.sold, 1);
}

#[test]
fn every_line_of_december_is_sold_refunded_or_reported() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/online_retail_2010-12.csv.gz");
    let (written, report) = convert(&path, &SalesOptions::default());
    let mut fields: BTreeMap<&str, usize> = BTreeMap::new();
    report.unconverted.iter().for_each(|line| *fields.entry(line.field.as_str()).or_default() += 1);
    assert_eq!((report.read, report.sold, report.refunded, report.baskets), (42_481, 41_320, 288, 1_550));
    let expected = [("code", 193 + 387), ("customer", 23), ("quantity", 70), ("unit_price", 200)];
    assert_eq!(fields, BTreeMap::from(expected));
    assert_eq!(written.len() as u64, report.baskets + report.refunds);
    let ids: std::collections::BTreeSet<String> = written
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), written.len());
}
