//! The proof: what the tills say of themselves against what head office says of them.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Sold;
use crate::programs::{HeadOffice, TillProgram};

/// Prints series, totals and speed, and fails where anything is missing or differs.
pub(crate) fn print(tills: &[TillProgram<'_>], head_office: &HeadOffice, sold: &Sold) -> Result<()> {
    let office = head_office.ok(&["audit"])?;
    ensure!(office["ok"] == true, "head office's audit is not ok: {office}");
    let mut sums: Vec<(String, [i64; 3])> = Vec::new();
    for (till, answers) in tills.iter().zip(&sold.by_till) {
        let audit = till.ok(&["audit"])?;
        ensure!(audit["ok"] == true, "the till's audit is not ok: {audit}");
        let shop = till.shop();
        println!("  {} {}: {} sales, {} refunds", shop.store, shop.till, answers.sales, answers.refunds);
        for series in issued(&audit)? {
            let code = &series["series"];
            let twin = issued(&office)?.into_iter().find(|other| other["series"] == *code);
            let twin = twin.with_context(|| format!("head office has nothing of series {code}"))?;
            ensure!(
                twin["issued"] == series["issued"] && twin["last"] == series["last"],
                "series {code} differs: {twin}"
            );
            let (missing, duplicates) = (count(&series["missing"]), count(&series["duplicates"]));
            println!("    {} 1 to {}: {missing} missing, {duplicates} duplicates", text(code), series["last"]);
            ensure!(missing == 0 && duplicates == 0, "series {code} is not complete");
        }
        add(&mut sums, &audit)?;
    }
    let mut twin = Vec::new();
    add(&mut twin, &office)?;
    ensure!(sums == twin, "totals differ: tills {sums:?}, head office {twin:?}");
    for (currency, [gross, tax, cash]) in &sums {
        let show =
            |cents: i64| format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
        println!("  tills = head office: {currency} gross {}, tax {}, cash {}", show(*gross), show(*tax), show(*cash));
    }
    println!("  {:.0} documents a second offline, each durable before its answer", documents_per_second(sold));
    Ok(())
}

#[expect(clippy::float_arithmetic, reason = "a speed for people, not money")]
fn documents_per_second(sold: &Sold) -> f32 {
    f32::from(u16::try_from(sold.documents).unwrap_or(u16::MAX)) / sold.seconds
}

fn issued(audit: &Value) -> Result<Vec<&Value>> {
    let series = audit["series"].as_array().context("the audit lists no series")?;
    Ok(series.iter().filter(|series| series["issued"].as_u64().is_some_and(|issued| issued > 0)).collect())
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// Adds an audit's totals, in cents, by currency.
fn add(sums: &mut Vec<(String, [i64; 3])>, audit: &Value) -> Result<()> {
    for total in audit["totals"].as_array().context("the audit has no totals")? {
        let cents = |field: &str| -> Result<i64> {
            let text = total[field].as_str().with_context(|| format!("the total has no {field}"))?;
            Ok(text.replace('.', "").parse()?)
        };
        let amounts = [cents("gross")?, cents("tax")?, cents("cash")?];
        let currency = text(&total["currency"]).to_owned();
        match sums.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount),
            None => sums.push((currency, amounts)),
        }
    }
    Ok(())
}
