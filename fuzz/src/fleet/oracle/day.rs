//! C1, C4, Y2 and S2: head office's days against our own sum of the entries that it holds.

use std::collections::BTreeMap;

use super::branch::{cash_of, sum_of};
use super::ledger::Ledger;
use super::{Check, Findings};
use crate::fleet::history::{Day, Document, Entry, Fact, OfficeTold};

type Days = BTreeMap<(String, String, String), Day>;

/// Compares every store's every day.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    let Some(office) = &ledger.office else { return };
    let ours = our_days(ledger, office);
    let key = |day: &Day| (day.store.clone(), day.day.clone(), day.currency.clone());
    let theirs: Days = office.days.iter().map(|day| (key(day), day.clone())).collect();
    for (key, day) in &theirs {
        findings.equal(Check::C1, &(day.net + day.tax), &day.gross, || format!("net and tax of {key:?}"));
    }
    let keys: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for key in keys {
        let empty = Day::default();
        compare(key, theirs.get(key).unwrap_or(&empty), ours.get(key).unwrap_or(&empty), findings);
    }
    totals(ledger, office, findings);
}

fn compare(key: &(String, String, String), theirs: &Day, ours: &Day, findings: &mut Findings) {
    findings.equal(Check::Y2, &theirs.documents, &ours.documents, || format!("documents of {key:?}"));
    findings.equal(Check::S2, &quantities(theirs), &quantities(ours), || {
        format!("millionths sold of each product, {key:?}")
    });
    let money = |day: &Day| [day.net, day.tax, day.gross, day.rounding, day.cash];
    findings.equal(Check::C4, &money(theirs), &money(ours), || format!("net, tax, gross, rounding, cash of {key:?}"));
    findings.equal(Check::C4, &by_name(tenders(theirs)), &by_name(tenders(ours)), || format!("tenders of {key:?}"));
    findings.equal(Check::C4, &taxes(theirs), &taxes(ours), || format!("taxes of {key:?}"));
    findings.equal(Check::C4, &amounts(theirs), &amounts(ours), || format!("amounts by product of {key:?}"));
}

/// What is not zero, by name.
fn by_name<'a>(rows: impl IntoIterator<Item = (&'a String, &'a i128)>) -> BTreeMap<&'a str, i128> {
    let rows = rows.into_iter().filter(|(_, amount)| **amount != 0);
    rows.map(|(name, amount)| (name.as_str(), *amount)).collect()
}

fn tenders(day: &Day) -> impl Iterator<Item = (&String, &i128)> {
    day.tenders.iter().map(|(kind, amount)| (kind, amount))
}

fn quantities(day: &Day) -> BTreeMap<&str, i128> {
    by_name(day.products.iter().map(|(product, quantity, _)| (product, quantity)))
}

fn amounts(day: &Day) -> BTreeMap<&str, i128> {
    by_name(day.products.iter().map(|(product, _, gross)| (product, gross)))
}

fn taxes(day: &Day) -> BTreeMap<&str, (i128, i128)> {
    day.taxes.iter().map(|(name, taxable, tax)| (name.as_str(), (*taxable, *tax))).collect()
}

fn our_days(ledger: &Ledger, office: &OfficeTold) -> Days {
    let mut days = Days::new();
    for journal in &office.journals {
        let currency = ledger.tills.values().find(|till| till.store == journal.store).map(|till| till.currency.clone());
        for entry in ledger.held.get(&journal.journal).into_iter().flatten() {
            let (date, currency) = match &entry.fact {
                Fact::Document(document) => (document.day.clone(), document.currency.clone()),
                Fact::CashMoved { .. } => (entry.day.clone(), currency.clone().unwrap_or_default()),
                _ => continue,
            };
            let key = (journal.store.clone(), date, currency);
            let (store, date, currency) = key.clone();
            add(days.entry(key).or_insert(Day { store, day: date, currency, ..Day::default() }), entry);
        }
    }
    days
}

fn add(day: &mut Day, entry: &Entry) {
    match &entry.fact {
        Fact::CashMoved { amount, .. } => day.cash += i128::from(*amount),
        Fact::Document(document) => add_document(day, document),
        _ => {}
    }
}

fn add_document(day: &mut Day, document: &Document) {
    let wide = |amount: i64| i128::from(amount);
    day.documents += 1;
    day.net += wide(document.net);
    day.tax += wide(document.tax);
    day.gross += wide(document.gross);
    day.rounding += wide(document.rounding);
    day.cash += cash_of(document);
    for (kind, amount) in &document.tenders {
        *named(&mut day.tenders, kind) += wide(*amount);
    }
    if document.change != 0 {
        *named(&mut day.tenders, "cash") -= wide(document.change);
    }
    for tax in &document.taxes {
        plus(&mut day.taxes, &tax.name, wide(tax.taxable), wide(tax.amount));
    }
    for line in &document.lines {
        let gross = wide(line.net) - wide(line.discount) + wide(line.tax);
        plus(&mut day.products, &line.product, wide(line.quantity), gross);
    }
}

fn named<'a>(sums: &'a mut Vec<(String, i128)>, name: &str) -> &'a mut i128 {
    let at = sums.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        sums.push((name.to_owned(), 0));
        sums.len() - 1
    });
    &mut sums[at].1
}

fn plus(sums: &mut Vec<(String, i128, i128)>, name: &str, one: i128, other: i128) {
    match sums.iter_mut().find(|(known, _, _)| known == name) {
        Some(sum) => (sum.1, sum.2) = (sum.1 + one, sum.2 + other),
        None => sums.push((name.to_owned(), one, other)),
    }
}

/// C4 over everything, as head office's audit states it.
fn totals(ledger: &Ledger, office: &OfficeTold, findings: &mut Findings) {
    let Some(audit) = &office.audit else { return };
    let ours = sum_of(ledger.held.values().flatten());
    let mut theirs = [0_i128; 4];
    for total in &audit.totals {
        theirs[0] += i128::from(total.documents);
        theirs[1] += i128::from(total.gross);
        theirs[2] += i128::from(total.tax);
        theirs[3] += i128::from(total.cash);
    }
    let must = [i128::from(ours.documents), ours.gross, ours.tax, ours.cash];
    findings.equal(Check::C4, &theirs, &must, || "documents, gross, tax and cash of head office's audit".to_owned());
}
