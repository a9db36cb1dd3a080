//! Real baskets over real price lists.
//!
//! The shapes are those of the invoices of a British shop in December 2010: how many lines, how much of each, which were
//! taken back. Its articles are not those of the supermarket, so each of its codes stands for one article of the shop's
//! own price list, always the same; an article by weight is sold in kilograms.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::programs::TillProgram;
use crate::shop::Article;

const INVOICES: &str = "online_retail_2010-12.csv.gz";
const PIECES_MAX: u64 = 12;

/// What a till answered to a stream.
pub(crate) struct Answers {
    pub(crate) sales: usize,
    pub(crate) refunds: usize,
    pub(crate) refused: usize,
    pub(crate) lines: Vec<String>,
}

impl Answers {
    /// Counts the answers; each basket of the stream has one.
    pub(crate) fn read(lines: Vec<String>, expected: usize) -> Result<Self> {
        ensure!(lines.len() == expected, "{expected} baskets got {} answers", lines.len());
        let mut answers = Self { sales: 0, refunds: 0, refused: 0, lines };
        for line in &answers.lines {
            let answer: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
            match answer["gross"].as_str() {
                Some(gross) if gross.starts_with('-') => answers.refunds += 1,
                Some(_) => answers.sales += 1,
                None => {
                    eprintln!("    {line}");
                    answers.refused += 1;
                }
            }
        }
        Ok(answers)
    }
}

/// The stream of baskets and refunds of one till, one JSON object a line.
pub(crate) fn stream(till: &TillProgram<'_>, data: &Path) -> Result<Vec<String>> {
    let articles = till.shop().articles(data)?;
    let file = data.join(INVOICES);
    let converted = till.run(&["import", "sales", &file.to_string_lossy(), "--out", "-"])?;
    let mut sold = BTreeMap::new();
    let mut stream = Vec::new();
    for line in converted.stdout.lines().filter(|line| line.contains("\"lines\"")) {
        let basket: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        let basket = match basket["refund_of"].as_str() {
            Some(original) => refund(&basket, original, &mut sold),
            None => sale(&basket, &articles, &mut sold),
        };
        stream.extend(basket.map(|basket| basket.to_string()));
    }
    ensure!(stream.len() > 1_000, "only {} baskets were converted", stream.len());
    Ok(stream)
}

/// The sale of an invoice, with the shop's own articles and prices.
fn sale(basket: &Value, articles: &[Article], sold: &mut BTreeMap<(String, u64), bool>) -> Option<Value> {
    let id = basket["id"].as_str()?;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(basket["lines"].as_array()?) {
        let code = line["code"].as_str()?;
        let pieces: u64 = line["quantity"].as_str()?.parse().ok()?;
        let article = &articles[usize::try_from(digest(code)).ok()? % articles.len()];
        let quantity = if article.is_weighed {
            format!("0.{:03}", 50 + digest(&format!("{id} {number}")) % 900)
        } else {
            pieces.min(PIECES_MAX).to_string()
        };
        lines.push(json!({"code": article.scanned, "quantity": quantity}));
        sold.insert((id.to_owned(), number), true);
    }
    let mut sale = json!({"id": id, "lines": lines});
    if digest(id).is_multiple_of(7) {
        sale["discounts"] = json!([{"percent": "5"}]);
    }
    Some(sale)
}

/// The refund of a cancellation: each line that was sold is taken back once, in full.
fn refund(basket: &Value, original: &str, sold: &mut BTreeMap<(String, u64), bool>) -> Option<Value> {
    let mut lines = Vec::new();
    for line in basket["lines"].as_array()? {
        let number = line["line"].as_u64()?;
        if sold.insert((original.to_owned(), number), false) == Some(true) {
            lines.push(json!({"line": number}));
        }
    }
    (!lines.is_empty()).then(|| json!({"id": basket["id"], "refund_of": original, "lines": lines}))
}

/// FNV-1a: the same article for the same code on every run.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
