//! How running totals and last numbers are told in a finding: `12 documents, gross 20.00, tax 1.00, cash 5.00 EUR`.

use counterfoil_core::id::SeriesCode;
use counterfoil_core::journal::hello::RunningTotal;

/// A running total.
pub(crate) fn total_text(total: &RunningTotal) -> String {
    let RunningTotal { currency, count, .. } = *total;
    let [gross, tax, cash] = [total.gross, total.tax, total.cash].map(|amount| amount.show(currency));
    format!("{count} documents, gross {gross}, tax {tax}, cash {cash} {currency}")
}

/// The last number of each series.
pub(crate) fn numbers_text(numbers: &[(SeriesCode, u64)]) -> String {
    let shown: Vec<_> = numbers.iter().map(|(series, number)| format!("{series} {number}")).collect();
    shown.join(", ")
}
