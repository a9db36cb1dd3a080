//! Every table of what was sold, against a fold of the documents by rules of its own, and against the X and Z reports.

use std::collections::BTreeMap;

use counterfoil_core::document::DocumentV1;
use counterfoil_core::drawer::DrawerSession;
use counterfoil_core::quantity::Decimal;
use counterfoil_core::sales_report::figures::Figures;
use counterfoil_core::sales_report::{By, Period, RowKey, SalesReport};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::TenderKind;
use counterfoil_core::till::{Issued, Till};
use counterfoil_core::time::Date;
use rust_decimal::RoundingStrategy;

/// The figures of a row, named, in minor units or pieces.
type Row = BTreeMap<&'static str, i64>;
type Rows = BTreeMap<String, Row>;

/// What a unit of the goods costs; some have no cost.
pub(crate) fn cost_of(code: &str) -> Option<Decimal> {
    match code {
        "milk" => Some(Decimal::new(7777, 4)),
        "sugar" => Some(Decimal::new(2, 1)),
        "book" => Some(Decimal::from(25)),
        "cheese" => Some(Decimal::new(999, 2)),
        "gift" => Some(Decimal::ONE),
        _ => None,
    }
}

pub(crate) fn agree(till: &Till, documents: &[&Issued], sessions: &[&DrawerSession]) {
    let journals = till.journals_now().unwrap();
    for by in By::ALL {
        let all = read(&journals.sales_report(by, Period::ALL, &mut |_| {}).unwrap());
        assert_eq!(all, fold(by, documents, digits(till)), "{by}");
        is_that_of_the_sessions(by, &all, sessions);
        keeps_currencies_apart(by, &documents[..documents.len().min(10)]);
    }
    // Two days and what lies between them.
    let days = |index: usize| documents.get(index).map(|issued| day(issued));
    let (Some(one), Some(other)) = (days(0), days(documents.len() / 2)) else { return };
    let period = Period::new(Some(one.min(other)), Some(one.max(other))).unwrap();
    let inside = |issued: &&&Issued| (one.min(other)..=one.max(other)).contains(&day(issued));
    let inside: Vec<&Issued> = documents.iter().filter(inside).copied().collect();
    for by in By::ALL {
        let report = journals.sales_report(by, period, &mut |_| {}).unwrap();
        assert_eq!(read(&report), fold(by, &inside, digits(till)), "{by}");
    }
}

/// The same documents in two currencies are the rows of each, and none of both.
fn keeps_currencies_apart(by: By, documents: &[&Issued]) {
    let report = |currencies: &[&str]| {
        let mut report = SalesReport::new(by, Period::ALL);
        for issued in documents {
            for currency in currencies {
                let at = issued.document.issued_at(issued.entry.now());
                report.add(&issued.document, at, currency.parse().unwrap(), &[]).unwrap();
            }
        }
        report
    };
    let both = report(&["USD", "JPY"]);
    for currency in ["USD", "JPY"] {
        let (one, currency) = (report(&[currency]), currency.parse().unwrap());
        assert!(both.rows().filter(|(of, ..)| *of == currency).eq(one.rows()), "{by}");
        assert!(both.totals().filter(|(of, _)| *of == currency).eq(one.totals()), "{by}");
        assert_eq!(both.row_count(), 2 * one.row_count());
    }
}

fn digits(till: &Till) -> u32 {
    till.profile().currency.digits()
}

fn day(issued: &Issued) -> Date {
    issued.document.issued_at(issued.entry.now()).date()
}

/// The rows of a table, and what it says of the whole period as the row `all`.
fn read(report: &SalesReport) -> Rows {
    let mut rows = Rows::new();
    for (_, key, figures) in report.rows() {
        let row = rows.entry(shown(key)).or_default();
        match figures {
            Figures::Goods(goods) => {
                let margin = goods.margin().unwrap();
                assert_eq!(margin.is_some(), goods.costed_lines > 0);
                let percent = goods.margin_percent().unwrap();
                assert_eq!(percent.is_some(), goods.costed_lines > 0 && !goods.costed_net.is_zero());
                assert_eq!(goods.sales_gross.minor() + goods.refunds_gross.minor(), goods.gross.minor());
                put(row, "sales", i64::try_from(goods.sales).unwrap());
                put(row, "refunds", i64::try_from(goods.refunds).unwrap());
                put(row, "lines", i64::try_from(goods.lines).unwrap());
                put(row, "discounts", goods.discounts.minor());
                put(row, "net", goods.net.minor());
                put(row, "tax", goods.tax.minor());
                put(row, "gross", goods.gross.minor());
                put(row, "cost", goods.cost.minor());
                put(row, "margin", margin.map_or(0, |margin| margin.minor()));
                put(row, "thousandths", thousandths(goods.quantity.decimal()));
            }
            Figures::Tender(tender) => {
                assert_eq!(
                    tender.taken.minor() + tender.paid_back.minor() + tender.handed_out.minor(),
                    tender.amount.minor()
                );
                put(row, "documents", i64::try_from(tender.documents).unwrap());
                put(row, "amount", tender.amount.minor());
                put(row, "for goods", tender.for_goods.minor());
            }
            Figures::Tax(tax) => {
                put(row, "documents", i64::try_from(tax.documents).unwrap());
                put(row, "taxable", tax.taxable.minor());
                put(row, "tax", tax.tax.minor());
            }
        }
    }
    assert!(report.totals().len() <= 1, "a till has one currency");
    for (_, period) in report.totals() {
        let row = rows.entry("all".to_owned()).or_default();
        put(row, "net", period.goods.net.minor());
        put(row, "tax", period.goods.tax.minor());
        put(row, "gross", period.goods.gross.minor());
        put(row, "payable", period.payable.minor());
        put(row, "documents", i64::try_from(period.goods.sales + period.goods.refunds).unwrap());
    }
    assert_eq!(report.row_count() + report.totals().len(), rows.len());
    rows
}

fn shown(key: &RowKey) -> String {
    match key {
        RowKey::Day(day) => day.to_string(),
        RowKey::Hour(hour) => hour.to_string(),
        RowKey::Product(code, unit) => format!("{code} {unit}"),
        RowKey::Category(category) => category.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        RowKey::Operator(operator) => operator.to_string(),
        RowKey::Tender(kind, notes) => format!("{kind} {notes:?}"),
        RowKey::Tax(tax) => format!("{} {} {}", tax.code, tax.category, tax.rate),
    }
}

fn put(row: &mut Row, name: &'static str, amount: i64) {
    *row.entry(name).or_default() += amount;
}

fn thousandths(quantity: Decimal) -> i64 {
    whole(quantity * Decimal::from(1_000))
}

fn whole(number: Decimal) -> i64 {
    assert!(number.fract().is_zero(), "{number}");
    number.trunc().to_string().parse().unwrap()
}

/// The same table by other means: each document line by line, each line by itself.
fn fold(by: By, documents: &[&Issued], digits: u32) -> Rows {
    let mut rows = Rows::new();
    for issued in documents {
        let document = &issued.document;
        let at = document.issued_at(issued.entry.now());
        match by {
            By::Tender => tenders(&mut rows, document),
            By::TaxRate => {
                for total in &document.taxes {
                    let row = rows.entry(shown(&RowKey::Tax(total.tax))).or_default();
                    put(row, "documents", 1);
                    put(row, "taxable", total.taxable.minor());
                    put(row, "tax", total.amount.minor());
                }
            }
            By::Day => goods(&mut rows, document, digits, &|_| at.to_string()[..10].to_owned()),
            By::Hour => {
                let hour = at.to_string()[11..13].parse::<u8>().unwrap();
                goods(&mut rows, document, digits, &|_| hour.to_string());
            }
            By::Operator => goods(&mut rows, document, digits, &|_| document.operator.to_string()),
            By::Product => goods(&mut rows, document, digits, &|line| {
                format!("{} {}", document.lines[line].code, document.lines[line].unit)
            }),
            By::Category => goods(&mut rows, document, digits, &|_| "-".to_owned()),
        }
        if by == By::Product {
            for line in &document.lines {
                let row = rows.entry(format!("{} {}", line.code, line.unit)).or_default();
                put(row, "thousandths", thousandths(line.quantity.decimal()));
            }
        }
        let row = rows.entry("all".to_owned()).or_default();
        put(row, "net", document.totals.net.minor());
        put(row, "tax", document.totals.tax.minor());
        put(row, "gross", document.totals.gross.minor());
        put(row, "payable", document.totals.payable.minor());
        put(row, "documents", 1);
    }
    rows
}

fn goods(rows: &mut Rows, document: &DocumentV1, digits: u32, key: &dyn Fn(usize) -> String) {
    let mut seen = Vec::new();
    for (index, line) in document.lines.iter().enumerate() {
        let key = key(index);
        let row = rows.entry(key.clone()).or_default();
        let tax: i64 = line.taxes.iter().map(|(_, tax)| tax.minor()).sum();
        let net = line.net.minor() - line.discount.minor();
        put(row, "lines", 1);
        put(row, "discounts", line.discount.minor());
        put(row, "net", net);
        put(row, "tax", tax);
        put(row, "gross", net + tax);
        let cost = cost_of(line.code.as_str()).map(|cost| {
            let minor = line.quantity.decimal() * cost * Decimal::from(10_i64.pow(digits));
            whole(minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
        });
        put(row, "cost", cost.unwrap_or(0));
        put(row, "margin", cost.map_or(0, |cost| net - cost));
        put(row, "thousandths", 0);
        let is_first = !seen.contains(&key);
        let is_refund = document.kind == DocumentKind::CreditNote;
        put(row, "sales", i64::from(is_first && !is_refund));
        put(row, "refunds", i64::from(is_first && is_refund));
        seen.push(key);
    }
}

fn tenders(rows: &mut Rows, document: &DocumentV1) {
    let mut kinds: Vec<TenderKind> = document.tenders.iter().map(|tender| tender.kind).collect();
    if !document.change.is_zero() {
        kinds.push(TenderKind::Cash);
    }
    kinds.sort();
    kinds.dedup();
    for kind in kinds {
        let of_kind = document.tenders.iter().filter(|tender| tender.kind == kind);
        let change = if kind == TenderKind::Cash { document.change.minor() } else { 0 };
        let amount = of_kind.map(|tender| tender.amount.minor()).sum::<i64>() - change;
        let row = rows.entry(shown(&RowKey::Tender(kind, None))).or_default();
        put(row, "documents", 1);
        put(row, "amount", amount);
        put(row, "for goods", amount);
    }
}

/// What all X and Z reports say of hours, operators, categories, tenders and taxes is what the tables say.
fn is_that_of_the_sessions(by: By, rows: &Rows, sessions: &[&DrawerSession]) {
    let mut expected = BTreeMap::<String, i64>::new();
    let mut add = |key: String, minor: i64| *expected.entry(key).or_default() += minor;
    let figure = match by {
        By::Hour => {
            sessions
                .iter()
                .flat_map(|session| &session.hours)
                .for_each(|(hour, sum)| add(hour.to_string(), sum.gross.minor()));
            "gross"
        }
        By::Operator => {
            let operators = sessions.iter().flat_map(|session| &session.operators);
            operators.for_each(|(operator, sum)| add(operator.to_string(), sum.gross.minor()));
            "gross"
        }
        By::Category => {
            let categories = sessions.iter().flat_map(|session| &session.categories);
            categories.for_each(|(category, sum)| add(shown(&RowKey::Category(category.clone())), sum.gross.minor()));
            "gross"
        }
        By::Tender => {
            let tenders = sessions.iter().flat_map(|session| &session.tenders);
            tenders.for_each(|(kind, sum)| add(shown(&RowKey::Tender(*kind, None)), sum.minor()));
            "amount"
        }
        By::TaxRate => {
            let taxes = sessions.iter().flat_map(|session| &session.taxes);
            taxes.for_each(|total| add(shown(&RowKey::Tax(total.tax)), total.amount.minor()));
            "tax"
        }
        By::Day | By::Product => {
            sessions.iter().for_each(|session| add("all".to_owned(), session.gross().unwrap().minor()));
            let sum: i64 = rows.iter().filter(|(key, _)| *key != "all").map(|(_, row)| row["gross"]).sum();
            assert_eq!(sum, expected.get("all").copied().unwrap_or(0), "{by}");
            return;
        }
    };
    let found: BTreeMap<String, i64> =
        rows.iter().filter(|(key, _)| *key != "all").map(|(key, row)| (key.clone(), row[figure])).collect();
    assert_eq!(found, expected, "{by}");
}
