//! Tables of what was sold as rows of named columns: the same for JSON and for CSV.

use counterfoil_core::currency::Currency;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::Refusal;
use counterfoil_core::sales_report::figures::{Figures, GoodsFigures, PeriodFigures, TaxFigures, TenderFigures};
use counterfoil_core::sales_report::{By, RowKey};

use crate::wire::table::{Cell, Row};

const GOODS: [&str; 15] = [
    "currency",
    "sales",
    "refunds",
    "lines",
    "sales_gross",
    "refunds_gross",
    "discounts",
    "promotions",
    "net",
    "tax",
    "gross",
    "net_with_cost",
    "cost",
    "margin",
    "margin_percent",
];

/// The columns of a table.
#[must_use]
pub fn columns(by: By) -> Vec<&'static str> {
    let named: &[&str] = match by {
        By::Day => &["day"],
        By::Hour => &["hour"],
        By::Product => &["code", "name", "unit", "quantity"],
        By::Category => &["category", "name"],
        By::Operator => &["operator", "name"],
        By::Tender => {
            return vec![
                "tender",
                "notes_currency",
                "currency",
                "documents",
                "taken",
                "paid_back",
                "handed_out",
                "amount",
                "tips",
                "for_goods",
                "notes",
            ];
        }
        By::TaxRate => return vec!["code", "category", "rate", "base", "currency", "documents", "taxable", "tax"],
    };
    [named, &GOODS].concat()
}

/// One row of a table; `name` is what its key is called.
///
/// # Errors
/// A sum beyond what can be counted.
pub fn row(
    by: By,
    currency: Currency,
    key: &RowKey,
    name: Option<String>,
    figures: Figures<'_>,
) -> Result<Row, Refusal> {
    let name = name.map_or(Cell::Nothing, Cell::Text);
    let mut cells = match key {
        RowKey::Day(day) => vec![Cell::text(day)],
        RowKey::Hour(hour) => vec![Cell::Count(u64::from(*hour))],
        RowKey::Product(code, unit) => vec![Cell::text(code), name, Cell::text(unit)],
        RowKey::Category(category) => vec![category.as_ref().map_or(Cell::Nothing, Cell::text), name],
        RowKey::Operator(operator) => vec![Cell::text(operator), name],
        RowKey::Tender(kind, notes) => vec![Cell::text(kind), notes.map_or(Cell::Nothing, Cell::text)],
        RowKey::Tax(tax) => {
            vec![Cell::text(tax.code), Cell::text(tax.category), Cell::figure(tax.rate), Cell::text(tax.base)]
        }
    };
    match figures {
        Figures::Goods(goods) => {
            if by == By::Product {
                cells.push(Cell::figure(goods.quantity));
            }
            cells.extend(goods_cells(currency, goods)?);
        }
        Figures::Tender(tender) => cells.extend(tender_cells(currency, key, tender)),
        Figures::Tax(tax) => cells.extend(tax_cells(currency, tax)),
    }
    Ok(Row::new(columns(by).into_iter().zip(cells).collect()))
}

fn goods_cells(currency: Currency, goods: &GoodsFigures) -> Result<Vec<Cell>, Refusal> {
    let amount = |amount: Money| Cell::Figure(amount.show(currency));
    let margin = goods.margin()?;
    // Where no cost is known there is nothing to say, which is not the same as nothing.
    let known = |figure: Money| margin.map_or(Cell::Nothing, |_| amount(figure));
    Ok(vec![
        Cell::text(currency),
        Cell::Count(goods.sales),
        Cell::Count(goods.refunds),
        Cell::Count(goods.lines),
        amount(goods.sales_gross),
        amount(goods.refunds_gross),
        amount(goods.discounts),
        amount(goods.promotions),
        amount(goods.net),
        amount(goods.tax),
        amount(goods.gross),
        known(goods.costed_net),
        known(goods.cost),
        margin.map_or(Cell::Nothing, amount),
        goods.margin_percent()?.map_or(Cell::Nothing, Cell::figure),
    ])
}

fn tender_cells(currency: Currency, key: &RowKey, tender: &TenderFigures) -> Vec<Cell> {
    let amount = |amount: Money| Cell::Figure(amount.show(currency));
    let notes =
        if let RowKey::Tender(_, Some(notes)) = key { Cell::Figure(tender.notes.show(*notes)) } else { Cell::Nothing };
    vec![
        Cell::text(currency),
        Cell::Count(tender.documents),
        amount(tender.taken),
        amount(tender.paid_back),
        amount(tender.handed_out),
        amount(tender.amount),
        amount(tender.tips),
        amount(tender.for_goods),
        notes,
    ]
}

fn tax_cells(currency: Currency, tax: &TaxFigures) -> Vec<Cell> {
    let amount = |amount: Money| Cell::Figure(amount.show(currency));
    vec![Cell::text(currency), Cell::Count(tax.documents), amount(tax.taxable), amount(tax.tax)]
}

/// What all documents of a period come to.
///
/// # Errors
/// A sum beyond what can be counted.
pub fn total(currency: Currency, period: &PeriodFigures) -> Result<Row, Refusal> {
    let amount = |amount: Money| Cell::Figure(amount.show(currency));
    let mut cells: Vec<_> = GOODS.into_iter().zip(goods_cells(currency, &period.goods)?).collect();
    cells.extend([
        ("rounding", amount(period.rounding)),
        ("payable", amount(period.payable)),
        ("tips", amount(period.tips)),
    ]);
    Ok(Row::new(cells))
}

#[cfg(test)]
mod tests {
    use counterfoil_core::tax::{LineTax, TaxBase};

    use super::*;

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        let euro: Currency = "EUR".parse().unwrap();
        let (goods, tender, tax) = (GoodsFigures::default(), TenderFigures::default(), TaxFigures::default());
        let (code, category, rate) = ("VAT".parse().unwrap(), "S".parse().unwrap(), "21".parse().unwrap());
        let of_tax = LineTax { code, category, rate, base: TaxBase::Net };
        let keys = [
            (By::Day, RowKey::Day("2026-11-21".parse().unwrap()), Figures::Goods(&goods)),
            (By::Hour, RowKey::Hour(7), Figures::Goods(&goods)),
            (By::Product, RowKey::Product("TEA".parse().unwrap(), "piece".parse().unwrap()), Figures::Goods(&goods)),
            (By::Category, RowKey::Category(None), Figures::Goods(&goods)),
            (By::Operator, RowKey::Operator("ana".parse().unwrap()), Figures::Goods(&goods)),
            (By::Tender, RowKey::Tender("foreign-cash".parse().unwrap(), Some(euro)), Figures::Tender(&tender)),
            (By::TaxRate, RowKey::Tax(of_tax), Figures::Tax(&tax)),
        ];
        for (by, key, figures) in keys {
            let row = row(by, euro, &key, Some("a name".to_owned()), figures).unwrap();
            assert_eq!(row.columns(), columns(by), "{by}");
        }
    }

    #[test]
    fn what_has_no_cost_has_no_margin() {
        let euro: Currency = "EUR".parse().unwrap();
        let total = total(euro, &PeriodFigures::default()).unwrap();
        let json = serde_json::to_value(&total).unwrap();
        assert_eq!((&json["margin"], &json["gross"]), (&serde_json::Value::Null, &serde_json::json!("0.00")));
    }
}
