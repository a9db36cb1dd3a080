//! Every operation of a till with head office gone. What `till --help` lists is carried out here: what sells, counts and
//! prints on a till that has joined; what makes a till or changes master data, which a joined till leaves to head office, on one
//! of its own; and of what needs head office, `sync` is seen to say so. Joining is not tried.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::json;

use crate::head::Head;
use crate::till::Till;

/// What only head office can answer.
const NEEDS_HEAD_OFFICE: &[&str] = &["enrol", "sync"];

/// The commands that a help text lists.
fn listed(till: &Till, above: &[&str]) -> Vec<String> {
    let mut text = String::new();
    let mut program = till.start(&[above, &["--help"]].concat());
    program.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(program.wait().unwrap().success(), "{text}");
    let lines = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.map_while(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split(' ').next()).filter(|name| *name != "help");
    names.map(|name| [above, &[name]].concat().join(" ")).collect()
}

/// Every command of the program, with those that stand below another.
fn all_commands(till: &Till) -> BTreeSet<String> {
    let above = listed(till, &[]).into_iter();
    let commands = above.flat_map(|name| {
        let below = listed(till, &[&name]);
        if below.is_empty() { vec![name] } else { below }
    });
    commands.collect()
}

/// Runs commands, and notes which.
struct Doing<'a> {
    till: &'a Till,
    done: &'a mut BTreeSet<String>,
}

impl Doing<'_> {
    /// Runs a command, which must succeed.
    fn ok(&mut self, command: &str, arguments: &[&str]) -> serde_json::Value {
        let words: Vec<&str> = command.split(' ').collect();
        self.done.insert(command.to_owned());
        self.till.ok(&[&words, arguments].concat())
    }
}

fn file(till: &Till, name: &str, content: serde_json::Value) -> String {
    till.write(name, content.to_string())
}

/// What a till does that has joined, with the line dead.
fn a_day_without_head_office(till: &Till, done: &mut BTreeSet<String>) {
    let mut day = Doing { till, done };
    let basket =
        json!({ "id": "s1", "lines": [{ "code": "MILK", "quantity": "3" }, { "code": "TEA", "quantity": "1" }] });
    let basket = file(till, "basket.json", basket);
    day.ok("products", &["MILK"]);
    day.ok("operator list", &[]);
    day.ok("role list", &[]);
    let lines = json!([{ "quantity": "2", "unit_price": "1.25", "tax_category": "S", "tax_rate": "25" }]);
    let quote = json!({ "currency": "EUR", "prices_include_tax": true, "lines": lines });
    day.ok("quote", &[&file(till, "quote.json", quote)]);
    let sold = day.ok("sell", &[&basket]);
    let number = sold["number"].as_str().unwrap();
    let receipt = day.ok("receipt", &[number]);
    day.ok("verify-receipt", &[receipt["code"].as_str().unwrap()]);
    day.ok("refund", &[number, "--line", "1", "--quantity", "1"]);
    day.ok("exchange", &[number, "--line", "2", "--for", "MILK", "--for-quantity", "2"]);
    day.ok("return", &["TEA", "--reason", "a gift"]);
    day.ok("pay-in", &["5.00", "--reason", "change"]);
    day.ok("pay-out", &["2.00", "--reason", "stamps"]);
    day.ok("safe-drop", &["10.00", "--reason", "to the safe"]);
    day.ok("float-top-up", &["20.00", "--reason", "coins"]);
    day.ok("bank-drop", &["30.00", "--bag", "B-1"]);
    day.ok("no-sale", &["--reason", "change for a customer"]);
    day.ok("void-line", &["MILK", "--reason", "scanned twice"]);
    day.ok(
        "abandon",
        &[&file(till, "left.json", json!({ "id": "a1", "lines": [{ "code": "TEA", "quantity": "1" }] }))],
    );
    day.ok("x", &[]);
    day.ok("close", &["--count", "80.00"]);
    day.ok("z", &[]);
    for by in ["day", "hour", "product", "category", "operator", "tender", "tax-rate"] {
        day.ok("report", &["--by", by]);
    }
    day.ok("amend-z", &["1", "--counted", "81.00", "--reason", "counted again"]);
    day.ok("open", &["--float", "50.00"]);
    day.ok("status", &[]);
    day.ok("backup", &[&till.path("backup")]);
    day.ok("export", &[&till.path("journal")]);
    day.ok("migrate", &[]);
    day.ok("audit", &[]);
}

/// What needs a till of its own, or none.
fn alone(backup: &str, done: &mut BTreeSet<String>) {
    let place = Till::nowhere();
    let mut doing = Doing { till: &place, done };
    doing.ok("restore", &[backup]);
    doing.ok("scan", &["4006381333931"]);
    doing.ok("tax-id", &["ES", "B12345674"]);
    doing.ok("quick-cash", &["7.35"]);
    doing.ok("tenders", &[]);

    let place = Till::nowhere();
    let mut doing = Doing { till: &place, done };
    doing.ok("init", &["--store", "S09", "--till", "T01", "--currency", "EUR", "--country", "HR", "--history"]);
    let products = place.write("own.csv", "code,name,price,unit\nMILK,Milk,1.25,piece\n");
    doing.ok("import products", &[&products, "--tax-rate", "25"]);
    let promotion =
        json!([{ "code": "P1", "name": "Milk week", "kind": "percent", "percent": "10", "products": ["MILK"] }]);
    doing.ok("import promotions", &[&file(&place, "promotions.json", promotion)]);
    let list = json!([{ "code": "L1", "name": "Staff", "prices": [{ "product": "MILK", "price": "1.00" }] }]);
    doing.ok("import price-lists", &[&file(&place, "lists.json", list)]);
    let invoices = place.write(
        "old.csv",
        "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n1,MILK,2,2010-12-01 08:26:00,1.25,7\n",
    );
    doing.ok("import sales", &[&invoices, "--out", &place.path("baskets")]);
    doing.ok("series add", &["--kind", "invoice", "--code", "FX1", "--first", "1", "--last", "50"]);
    doing.ok("series list", &[]);
    doing.ok("role set", &["cashier", "--discount-max", "5"]);
    let pin = place.write("pin", "482913");
    doing.ok("operator add", &["--code", "ana", "--name", "Ana", "--new-pin-file", &pin]);
    doing.ok("operator remove", &["ana"]);
}

#[test]
fn every_operation_of_a_till_works_with_no_head_office_reachable() {
    let mut head = Head::open();
    let till = head.till("S01", "T01");
    // Files from head office reach a till without a network too.
    let (feed, acknowledgement) = (head.path("feed"), head.path("acknowledgement"));
    head.stop();
    head.import("code,name,price\nMILK,Milk,1.35\n", &[]);
    head.ok(&["feed", "--store", "S01", "--out", &feed]);

    let mut done = BTreeSet::new();
    a_day_without_head_office(&till, &mut done);
    alone(&till.path("backup"), &mut done);
    head.ok(&["ingest", &till.path("journal"), "--acknowledgement", &acknowledgement]);
    let mut files = Doing { till: &till, done: &mut done };
    files.ok("acknowledge", &[&acknowledgement]);
    files.ok("apply", &[&feed]);
    assert_eq!(till.ok(&["products", "MILK"])["products"][0]["price"], "1.35");
    let serving = till.serve().unwrap();
    till.sell_milk("served", 1);
    assert_eq!(serving.stop(), 0);
    done.insert("serve".to_owned());

    for command in NEEDS_HEAD_OFFICE {
        done.insert((*command).to_owned());
    }
    let told = till.run(&["sync"]);
    assert_eq!((told.code, &told.last()["error"]["code"]), (3, &json!("unreachable")), "{told:?}");
    let unmade = &all_commands(&till) - &done;
    assert!(unmade.is_empty(), "commands that nobody has tried without a network: {unmade:?}");
}
