//! The cash drawer: sessions from float to count, and what they add up to.
//!
//! A session belongs to a drawer and may have several operators. Expected cash = float + cash taken - cash paid back +
//! pay-ins + top-ups - pay-outs - safe drops; over/short = count - expected, positive when over. Closing is never
//! refused because of a difference. The Z report is numbered gap-free and never changes; the perpetual totals in it
//! never reset (France, BOI-TVA-DECLA-30-10-30). Example: float 100.00, cash sales 20.00, count 119.50: short 0.50.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::approval::{ApprovalV1, OverShortStanding};
use crate::currency::Currency;
use crate::document::DocumentV1;
use crate::id::{DocumentNumber, Note, OperatorCode, SeriesCode};
use crate::money::Money;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::series::DocumentKind;
use crate::tax::{LineTax, TaxTotal};
use crate::tender::TenderKind;
use crate::time::Now;

/// How cash moves outside sales. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CashMovementKind {
    /// Change money added to the float.
    FloatTopUp,
    /// Money put in for another reason.
    PayIn,
    /// Money taken out to pay something.
    PayOut,
    /// Money taken out to the safe.
    SafeDrop,
}

impl CashMovementKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::FloatTopUp, Self::PayIn, Self::PayOut, Self::SafeDrop];

    /// The code used in commands and answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FloatTopUp => "float-top-up",
            Self::PayIn => "pay-in",
            Self::PayOut => "pay-out",
            Self::SafeDrop => "safe-drop",
        }
    }

    /// The amount as the drawer feels it: in is positive, out is negative.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn signed(self, amount: Money) -> Result<Money, Refusal> {
        match self {
            Self::FloatTopUp | Self::PayIn => Ok(amount),
            Self::PayOut | Self::SafeDrop => amount.negated(),
        }
    }
}

impl fmt::Display for CashMovementKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl FromStr for CashMovementKind {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|kind| kind.code() == text);
        found.ok_or_else(|| Refusal::new(Reason::Malformed, "kind", text, "float-top-up, pay-in, pay-out or safe-drop"))
    }
}

/// Cash was moved outside a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashMovedV1 {
    /// In which session.
    pub session: u64,
    /// How.
    pub kind: CashMovementKind,
    /// How much, above zero.
    pub amount: Money,
    /// Why.
    pub reason: Note,
    /// By whom.
    pub operator: OperatorCode,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
}

/// A drawer session was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawerOpenedV1 {
    /// The session's number on this till, from 1.
    pub session: u64,
    /// The change money in the drawer.
    pub float: Money,
    /// By whom.
    pub operator: OperatorCode,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
}

/// A drawer session was closed with a Z report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawerClosedV1 {
    /// The report, as numbered and printed.
    pub z: ZReportV1,
    /// What was counted by denomination, where it was: (face value, pieces).
    pub denominations: Vec<(Money, u32)>,
    /// By whom.
    pub operator: OperatorCode,
}

/// A Z report: a session's figures with a number and a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZReportV1 {
    /// The series of the report's number.
    pub series: SeriesCode,
    /// Its number.
    pub number: u64,
    /// The number as printed.
    pub printed: DocumentNumber,
    /// The issue time, where the clock had gone back and it is not the time of the entry.
    pub issued: Option<Now>,
    /// What the session added up to.
    pub session: DrawerSession,
    /// What should be in the drawer.
    pub expected: Money,
    /// What was counted.
    pub counted: Money,
    /// Counted less expected; over is positive.
    pub over_short: Money,
    /// Whether the limits of those present allowed that difference.
    pub over_short_standing: OverShortStanding,
    /// Who lent what the operator who closed could not do alone.
    pub approved_by: Option<ApprovalV1>,
    /// The gross of all documents since the till's first journal; never reset.
    pub perpetual_gross: Money,
}

impl ZReportV1 {
    /// When it was issued, given the time of its entry.
    #[must_use]
    pub fn issued_at(&self, entry: Now) -> Now {
        self.issued.unwrap_or(entry)
    }
}

/// Numbers that one session issued of one series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedRange {
    /// The series.
    pub series: SeriesCode,
    /// The first number of the session.
    pub first: u64,
    /// The last number of the session.
    pub last: u64,
}

/// The running figures of a drawer session; every one is a fold of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawerSession {
    /// The session's number on this till.
    pub session: u64,
    /// When it was opened.
    pub opened: Now,
    /// Who opened it.
    pub operator: OperatorCode,
    /// The change money at opening.
    pub float: Money,
    /// How many sales.
    pub sales: u64,
    /// Their gross.
    pub sales_gross: Money,
    /// How many credit notes.
    pub refunds: u64,
    /// Their gross, negative.
    pub refunds_gross: Money,
    /// Net of sales and refunds.
    pub net: Money,
    /// Tax of sales and refunds.
    pub tax: Money,
    /// Rounding differences of cash.
    pub rounding: Money,
    /// By tax: what was taxable and the tax.
    pub taxes: Vec<TaxTotal>,
    /// By kind of tender: what was taken, less change and what was paid back.
    pub tenders: Vec<(TenderKind, Money)>,
    /// Tips in the tenders.
    pub tips: Money,
    /// By currency: notes of other currencies that were taken.
    pub foreign: Vec<(Currency, Money)>,
    /// By kind of movement: cash moved outside sales, as positive amounts.
    pub movements: Vec<(CashMovementKind, Money)>,
    /// The numbers issued.
    pub issued: Vec<IssuedRange>,
}

impl DrawerSession {
    /// A session with its float and nothing else.
    #[must_use]
    pub fn start(opened: &DrawerOpenedV1, now: Now) -> Self {
        Self {
            session: opened.session,
            opened: now,
            operator: opened.operator.clone(),
            float: opened.float,
            sales: 0,
            sales_gross: Money::ZERO,
            refunds: 0,
            refunds_gross: Money::ZERO,
            net: Money::ZERO,
            tax: Money::ZERO,
            rounding: Money::ZERO,
            taxes: Vec::new(),
            tenders: Vec::new(),
            tips: Money::ZERO,
            foreign: Vec::new(),
            movements: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// The numbers issued, in the order receipts, invoices, credit notes.
    #[must_use]
    pub fn issued_by_kind(&self) -> Vec<&IssuedRange> {
        let mut issued: Vec<_> = self.issued.iter().collect();
        // A series whose code does not tell its kind comes last.
        issued.sort_by_key(|range| {
            let kind = DocumentKind::of_standard(&range.series);
            (kind.is_none(), kind, range.series.clone())
        });
        issued
    }

    /// The session after one more document.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn with_document(mut self, document: &DocumentV1) -> Result<Self, Refusal> {
        let totals = document.totals;
        match document.kind {
            DocumentKind::Receipt | DocumentKind::Invoice => {
                self.sales = self.sales.saturating_add(1);
                self.sales_gross = self.sales_gross.plus(totals.gross)?;
            }
            DocumentKind::CreditNote => {
                self.refunds = self.refunds.saturating_add(1);
                self.refunds_gross = self.refunds_gross.plus(totals.gross)?;
            }
            DocumentKind::ZReport => {}
        }
        self.net = self.net.plus(totals.net)?;
        self.tax = self.tax.plus(totals.tax)?;
        self.rounding = self.rounding.plus(totals.rounding)?;
        for tax in &document.taxes {
            let (taxable, amount) = entry(&mut self.taxes, &tax.tax);
            *taxable = taxable.plus(tax.taxable)?;
            *amount = amount.plus(tax.amount)?;
        }
        for tender in &document.tenders {
            let total = keyed(&mut self.tenders, tender.kind);
            *total = total.plus(tender.amount)?;
            self.tips = self.tips.plus(tender.tip)?;
            if let Some(foreign) = &tender.foreign {
                let notes = keyed(&mut self.foreign, foreign.currency);
                *notes = notes.plus(foreign.amount)?;
            }
        }
        let handed_out = Money::sum(document.tenders.iter().map(|tender| tender.cash_out))?.plus(document.change)?;
        if !handed_out.is_zero() {
            let cash = keyed(&mut self.tenders, TenderKind::Cash);
            *cash = cash.minus(handed_out)?;
        }
        match self.issued.iter_mut().find(|range| range.series == document.series) {
            Some(range) => range.last = document.number,
            None => self.issued.push(IssuedRange {
                series: document.series.clone(),
                first: document.number,
                last: document.number,
            }),
        }
        Ok(self)
    }

    /// The session after cash was moved outside a sale.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn with_movement(mut self, moved: &CashMovedV1) -> Result<Self, Refusal> {
        if is_alive(Bug::MoveNotInDrawer) {
            return Ok(self);
        }
        let total = keyed(&mut self.movements, moved.kind);
        *total = total.plus(moved.amount)?;
        Ok(self)
    }

    /// The cash of sales and refunds.
    #[must_use]
    pub fn cash_taken(&self) -> Money {
        self.tenders.iter().find(|(kind, _)| *kind == TenderKind::Cash).map_or(Money::ZERO, |(_, amount)| *amount)
    }

    /// What should be in the drawer.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn expected(&self) -> Result<Money, Refusal> {
        let moved = self.movements.iter().map(|(kind, amount)| kind.signed(*amount));
        moved.into_iter().try_fold(self.float.plus(self.cash_taken())?, |sum, amount| sum.plus(amount?))
    }

    /// Gross of sales less refunds.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn gross(&self) -> Result<Money, Refusal> {
        self.sales_gross.plus(self.refunds_gross)
    }
}

fn keyed<K: PartialEq>(totals: &mut Vec<(K, Money)>, key: K) -> &mut Money {
    let index = totals.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        totals.push((key, Money::ZERO));
        totals.len().saturating_sub(1)
    });
    &mut totals[index].1
}

fn entry<'a>(taxes: &'a mut Vec<TaxTotal>, tax: &LineTax) -> (&'a mut Money, &'a mut Money) {
    let index = taxes.iter().position(|known| known.tax == *tax).unwrap_or_else(|| {
        taxes.push(TaxTotal { tax: *tax, taxable: Money::ZERO, amount: Money::ZERO });
        taxes.len().saturating_sub(1)
    });
    let total = &mut taxes[index];
    (&mut total.taxable, &mut total.amount)
}
