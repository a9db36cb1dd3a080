//! A month offline: 30,000 sales of five lines, pushed over real TLS on loopback by the two programs.
//!
//! The till first pushes a tenth of it, so that memory can be compared: what grows with the number of sales would show.

use anyhow::{Result, ensure};
use counterfoil_benches::baskets::{Baskets, Filled};
use counterfoil_benches::figure::keep;
use counterfoil_benches::goods;
use serde_json::json;

use crate::programs::{head_office, till};

const SALES: usize = 30_000;
const LIST: &str = "konzum_store_0204_2025-07-03.csv";

/// Measures it.
///
/// # Errors
/// A program failed.
pub(crate) fn measure() -> Result<()> {
    let place = tempfile::tempdir()?;
    let (office, server) = head_office(place.path(), &goods::data().join(LIST))?;
    let till = till(place.path(), &office, &server)?;
    let mut baskets = Baskets::new("push", 5).map(|filled| line(&filled));
    let tenth = SALES / 10;
    let sold = till.stream(&["sell", "-"], baskets.by_ref().take(tenth))?;
    let small = till.watch(&["sync"])?;
    let office_before = server.memory()?;
    let sold_after = till.stream(&["sell", "-"], baskets.take(SALES))?;
    ensure!(sold == tenth && sold_after == SALES, "{sold} and {sold_after} baskets were sold");
    let large = till.watch(&["sync"])?;
    let status = till.run(&["status"])?;
    ensure!(status["unsent"] == 0, "something is unsent: {status}");
    let how = "till sync of 30,000 sales, a process of its own, to head-office serve on loopback";
    keep("push_time", u64::try_from(large.time.as_nanos())?, how)?;
    keep("push_till_memory", large.memory, "VmHWM of that till sync")?;
    keep("push_till_memory_at_a_tenth", small.memory, "VmHWM of a till sync of 3,000 sales")?;
    keep(
        "push_office_memory",
        server.memory()?,
        "VmHWM of head-office serve after 33,000 sales; its cache holds 256 MiB",
    )?;
    keep("push_office_memory_at_a_tenth", office_before, "VmHWM of head-office serve after 3,000 sales")
}

/// A basket as it is handed to `till sell`, by product codes and paid exactly in cash.
pub(crate) fn line(filled: &Filled) -> String {
    let lines = filled.basket.lines.iter().zip(&filled.products).map(|(line, sellable)| {
        let code = sellable.as_ref().map_or(line.code.as_str(), |sellable| sellable.product.code.as_str());
        json!({"code": code, "quantity": line.quantity.to_string()})
    });
    json!({"id": filled.basket.id.as_str(), "lines": lines.collect::<Vec<_>>()}).to_string()
}
