//! Tables of what was sold: by day, hour, product, category, operator, tender or tax rate.
//!
//! A table is a fold of issued documents. Always: its rows add up to the documents of the period to the last minor unit;
//! a refund counts negative, on the day, in the hour and for the operator of its own; amounts of two currencies are
//! never added. Day and hour are those of the store's clock when the document was issued, summer time included: the
//! hour that comes twice in autumn is one row. Cost is that of the catalogue as it is now, and the margin is of those
//! lines alone whose cost is known. Example: 2 x tea at 3.10 and one brought back: product TEA, quantity 1, gross 3.10.

pub mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::catalog::Unit;
use crate::currency::Currency;
use crate::document::{DocumentV1, LineV1};
use crate::id::{MasterCode, Name, OperatorCode, ProductCode};
use crate::money::Money;
use crate::quantity::UnitPrice;
use crate::refusal::{Reason, Refusal};
use crate::series::DocumentKind;
use crate::tax::LineTax;
use crate::tender::TenderKind;
use crate::time::{Date, Now};

use figures::{Figures, GoodsFigures, PeriodFigures, Standing, TaxFigures, TenderFigures};

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The local day of issue.
    Day,
    /// The local hour of issue, over all days.
    Hour,
    /// The product as sold.
    Product,
    /// The first category of the product as sold.
    Category,
    /// Who issued the document.
    Operator,
    /// What was paid with.
    Tender,
    /// The tax and its rate.
    TaxRate,
}

impl By {
    /// All tables.
    pub const ALL: [Self; 7] =
        [Self::Day, Self::Hour, Self::Product, Self::Category, Self::Operator, Self::Tender, Self::TaxRate];

    /// The name in commands and answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Product => "product",
            Self::Category => "category",
            Self::Operator => "operator",
            Self::Tender => "tender",
            Self::TaxRate => "tax-rate",
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl FromStr for By {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|by| by.code() == text);
        known.ok_or_else(|| Refusal::new(Reason::Malformed, "by", text, Self::ALL.map(Self::code).join(", ")))
    }
}

/// The days of a table, both ends included; an end that is missing is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Option<Date>,
    to: Option<Date>,
}

impl Period {
    /// Everything that was ever sold.
    pub const ALL: Self = Self { from: None, to: None };

    /// From a day to a day.
    ///
    /// # Errors
    /// The last day is before the first.
    pub fn new(from: Option<Date>, to: Option<Date>) -> Result<Self, Refusal> {
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(Refusal::new(Reason::Malformed, "to", to, format!("a day from {from} on")));
        }
        Ok(Self { from, to })
    }

    /// Whether a day is in it.
    #[must_use]
    pub fn has(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// What one row is of. Rows stand in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// A day.
    Day(Date),
    /// An hour, 0 to 23.
    Hour(u8),
    /// A product, and how it was sold: pieces and kilograms are never added.
    Product(ProductCode, Unit),
    /// A category; `None` is what has none.
    Category(Option<MasterCode>),
    /// An operator.
    Operator(OperatorCode),
    /// A kind of tender, and of foreign notes their currency.
    Tender(TenderKind, Option<Currency>),
    /// A tax.
    Tax(LineTax),
}

/// A table of what was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesReport {
    by: By,
    period: Period,
    goods: BTreeMap<(Currency, RowKey), GoodsFigures>,
    tenders: BTreeMap<(Currency, RowKey), TenderFigures>,
    taxes: BTreeMap<(Currency, RowKey), TaxFigures>,
    totals: BTreeMap<Currency, PeriodFigures>,
    names: BTreeMap<ProductCode, Name>,
}

impl SalesReport {
    /// A table of nothing.
    #[must_use]
    pub const fn new(by: By, period: Period) -> Self {
        Self {
            by,
            period,
            goods: BTreeMap::new(),
            tenders: BTreeMap::new(),
            taxes: BTreeMap::new(),
            totals: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// The rows, of one currency after the other, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = (Currency, &RowKey, Figures<'_>)> {
        let goods = self.goods.iter().map(|((currency, key), goods)| (*currency, key, Figures::Goods(goods)));
        let tenders = self.tenders.iter().map(|((currency, key), tender)| (*currency, key, Figures::Tender(tender)));
        let taxes = self.taxes.iter().map(|((currency, key), tax)| (*currency, key, Figures::Tax(tax)));
        goods.chain(tenders).chain(taxes)
    }

    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.goods.len().saturating_add(self.tenders.len()).saturating_add(self.taxes.len())
    }

    /// What all documents of the period come to, by currency.
    pub fn totals(&self) -> impl ExactSizeIterator<Item = (Currency, &PeriodFigures)> {
        self.totals.iter().map(|(currency, figures)| (*currency, figures))
    }

    /// The name under which a product of the table was sold last.
    #[must_use]
    pub fn name_of(&self, product: &ProductCode) -> Option<&Name> {
        self.names.get(product)
    }

    /// Whether a document issued then is in the table.
    #[must_use]
    pub fn has(&self, issued: Now) -> bool {
        self.period.has(issued.date())
    }

    /// Adds a document that was issued then. `costs` has what one unit of each line costs the shop, where it is known.
    ///
    /// # Errors
    /// A sum beyond what can be counted.
    pub fn add(
        &mut self,
        document: &DocumentV1,
        issued: Now,
        currency: Currency,
        costs: &[Option<UnitPrice>],
    ) -> Result<(), Refusal> {
        let Some(standing) = standing(document.kind) else { return Ok(()) };
        let mut whole = GoodsFigures::of_document(standing, document.totals.gross);
        let mut counted = BTreeSet::new();
        for (index, line) in document.lines.iter().enumerate() {
            let mut figures = GoodsFigures::of_line(line, costs.get(index).copied().flatten(), currency)?;
            whole.add(&figures)?;
            let Some(key) = self.key_of_line(line) else { continue };
            // A document counts once in a row, however many of its lines are in it.
            figures.count(standing, counted.insert(key.clone()), line.gross()?);
            if self.by == By::Product {
                figures.quantity = line.quantity;
                self.names.insert(line.code.clone(), line.name.clone());
            }
            self.goods.entry((currency, key)).or_default().add(&figures)?;
        }
        let key = match self.by {
            By::Day => Some(RowKey::Day(issued.date())),
            By::Hour => Some(RowKey::Hour(issued.hour())),
            By::Operator => Some(RowKey::Operator(document.operator.clone())),
            By::Product | By::Category | By::Tender | By::TaxRate => None,
        };
        if let Some(key) = key {
            self.goods.entry((currency, key)).or_default().add(&whole)?;
        }
        match self.by {
            By::Tender => self.add_tenders(document, currency)?,
            By::TaxRate => self.add_taxes(document, currency)?,
            By::Day | By::Hour | By::Operator | By::Product | By::Category => {}
        }
        self.totals.entry(currency).or_default().add(document, &whole)
    }

    fn key_of_line(&self, line: &LineV1) -> Option<RowKey> {
        match self.by {
            By::Product => Some(RowKey::Product(line.code.clone(), line.unit)),
            By::Category => Some(RowKey::Category(line.category.clone())),
            By::Day | By::Hour | By::Operator | By::Tender | By::TaxRate => None,
        }
    }

    fn add_tenders(&mut self, document: &DocumentV1, currency: Currency) -> Result<(), Refusal> {
        let mut rows: BTreeMap<RowKey, TenderFigures> = BTreeMap::new();
        for tender in &document.tenders {
            let notes = tender.foreign.as_ref().map(|foreign| foreign.currency);
            rows.entry(RowKey::Tender(tender.kind, notes)).or_default().add_tender(tender)?;
        }
        let cash_out = Money::sum(document.tenders.iter().map(|tender| tender.cash_out))?;
        let handed_out = cash_out.plus(document.change)?;
        if !handed_out.is_zero() {
            rows.entry(RowKey::Tender(TenderKind::Cash, None)).or_default().hand_out(handed_out)?;
        }
        for (key, mut figures) in rows {
            figures.documents = 1;
            self.tenders.entry((currency, key)).or_default().add(&figures)?;
        }
        Ok(())
    }

    fn add_taxes(&mut self, document: &DocumentV1, currency: Currency) -> Result<(), Refusal> {
        for total in &document.taxes {
            self.taxes.entry((currency, RowKey::Tax(total.tax))).or_default().add(&TaxFigures::of(total))?;
        }
        Ok(())
    }
}

/// How a document counts; a Z report sells nothing.
const fn standing(kind: DocumentKind) -> Option<Standing> {
    match kind {
        DocumentKind::Receipt | DocumentKind::Invoice => Some(Standing::Sale),
        DocumentKind::CreditNote | DocumentKind::Return => Some(Standing::Refund),
        DocumentKind::ZReport => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_both_its_ends() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let period = Period::new(Some(day("2026-11-02")), Some(day("2026-11-03"))).unwrap();
        let in_it = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"].map(|text| period.has(day(text)));
        assert_eq!(in_it, [false, true, true, false]);
        assert!(Period::ALL.has(day("0001-01-01")) && Period::new(None, Some(day("2026-11-02"))).is_ok());
        let refused = Period::new(Some(day("2026-11-02")), Some(day("2026-11-01"))).unwrap_err();
        assert_eq!(
            (refused.field(), refused.value(), refused.limit()),
            ("to", "2026-11-01", "a day from 2026-11-02 on")
        );
    }

    #[test]
    fn tables_are_named() {
        for by in By::ALL {
            assert_eq!(by.to_string().parse::<By>().unwrap(), by);
        }
        assert_eq!("week".parse::<By>().unwrap_err().field(), "by");
    }
}
