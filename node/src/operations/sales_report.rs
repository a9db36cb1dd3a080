//! Tables of what was sold: by day, hour, product, category, operator, tender or tax rate.

use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::sales_report::{By, Period, RowKey, SalesReport};
use counterfoil_core::till::{Journals, TillError};
use counterfoil_core::time::Date;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::open_till::{OpenTill, guarded};
use crate::operations::report::require_sight;
use crate::operations::{Answer, Operation};
use crate::wire::sales_report::{columns, row, total};
use crate::wire::table::{Row, csv};

/// The most rows on one page.
pub const PAGE_MAX: usize = 500;
const PAGE: usize = 50;

/// Asks for a table of what was sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSalesReport {
    /// `day`, `hour`, `product`, `category`, `operator`, `tender` or `tax-rate`.
    pub by: String,
    /// The first day, such as `2026-11-01`; without it from the first sale on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day; without it up to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Which page, from 1.
    #[serde(default = "first")]
    pub page: usize,
    /// How many rows on a page, at most 500.
    #[serde(default = "page")]
    pub limit: usize,
    /// `json` for a page, `csv` for all rows as a file.
    #[serde(default)]
    pub format: TableFormat,
}

/// In which form a table is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableFormat {
    /// A page of rows.
    #[default]
    Json,
    /// All rows, as the text of a CSV file.
    Csv,
}

const fn first() -> usize {
    1
}

const fn page() -> usize {
    PAGE
}

/// A table of which the till has been asked all that it must say: it may sell on while the journals are read.
#[derive(Debug)]
pub struct Begun {
    journals: Journals,
    folder: Folder,
    asked: Asked,
    zone: String,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    by: By,
    from: Option<Date>,
    to: Option<Date>,
    period: Period,
    page: usize,
    limit: usize,
    format: TableFormat,
}

#[derive(Serialize)]
struct PageWire<'a> {
    by: &'static str,
    from: Option<String>,
    to: Option<String>,
    zone: &'a str,
    page: usize,
    pages: usize,
    row_count: usize,
    rows: Vec<Row>,
    totals: Vec<Row>,
}

#[derive(Serialize)]
struct CsvWire {
    by: &'static str,
    row_count: usize,
    csv: String,
}

impl ReadSalesReport {
    fn asked(&self) -> Result<Asked, Refusal> {
        let by = self.by.parse()?;
        let from = self.from.as_deref().map(|text| day("from", text)).transpose()?;
        let to = self.to.as_deref().map(|text| day("to", text)).transpose()?;
        let period = Period::new(from, to)?;
        if self.page == 0 {
            return Err(Refusal::new(Reason::NotPositive, "page", self.page, "a page from 1 on"));
        }
        if !(1..=PAGE_MAX).contains(&self.limit) {
            return Err(Refusal::new(Reason::TooMany, "limit", self.limit, format!("1 to {PAGE_MAX}")));
        }
        Ok(Asked { by, from, to, period, page: self.page, limit: self.limit, format: self.format })
    }

    /// Takes the till's journals as they stand.
    ///
    /// # Errors
    /// What is asked cannot be read, the caller counts blind, or the till is damaged.
    pub fn begin(self, till: &mut OpenTill, caller: &Caller) -> Result<Begun, Failure> {
        let asked = self.asked()?;
        require_sight(till, caller)?;
        let journals = till.read(|core| core.journals_now())?;
        Ok(Begun { journals, folder: till.folder().clone(), asked, zone: till.profile().zone.to_string() })
    }
}

fn day(field: &'static str, text: &str) -> Result<Date, Refusal> {
    text.parse().map_err(|refusal: Refusal| Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit()))
}

impl Begun {
    /// Reads the journals and makes the table. `reached` is told how many of how many entries are read.
    ///
    /// # Errors
    /// A damaged entry, a sum beyond what can be counted, or a failing disk.
    pub fn finish(self, reached: &mut dyn FnMut(u64, u64)) -> Result<Answer, Failure> {
        guarded(&self.folder.store(), || self.table(reached))
    }

    fn table(&self, reached: &mut dyn FnMut(u64, u64)) -> Result<Answer, TillError> {
        let Asked { by, from, to, period, page, limit, format } = self.asked;
        let entries = self.journals.entries()?;
        let report = self.journals.sales_report(by, period, &mut |read| reached(read, entries))?;
        let row_count = report.row_count();
        Ok(match format {
            TableFormat::Json => Answer::done(&PageWire {
                by: by.code(),
                from: from.map(|day| day.to_string()),
                to: to.map(|day| day.to_string()),
                zone: &self.zone,
                page,
                pages: row_count.div_ceil(limit),
                row_count,
                rows: self.rows(&report, page.saturating_sub(1).saturating_mul(limit), limit)?,
                totals: report.totals().map(|(currency, period)| total(currency, period)).collect::<Result<_, _>>()?,
            }),
            TableFormat::Csv => {
                let rows = self.rows(&report, 0, row_count)?;
                Answer::done(&CsvWire { by: by.code(), row_count, csv: csv(&columns(by), &rows) })
            }
        })
    }

    fn rows(&self, report: &SalesReport, skip: usize, take: usize) -> Result<Vec<Row>, TillError> {
        let rows = report.rows().skip(skip).take(take);
        rows.map(|(currency, key, figures)| Ok(row(self.asked.by, currency, key, self.name(report, key)?, figures)?))
            .collect()
    }

    fn name(&self, report: &SalesReport, key: &RowKey) -> Result<Option<String>, TillError> {
        let name = match key {
            RowKey::Product(code, _) => report.name_of(code).cloned(),
            RowKey::Category(Some(code)) => self.journals.category_name(code)?,
            RowKey::Operator(code) => self.journals.operator_name(code)?,
            RowKey::Day(_) | RowKey::Hour(_) | RowKey::Category(None) | RowKey::Tender(..) | RowKey::Tax(_) => None,
        };
        Ok(name.map(|name| name.to_string()))
    }
}

impl Operation for ReadSalesReport {
    const NAME: &'static str = "report";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        self.begin(till, caller)?.finish(&mut |_, _| {})
    }
}
