//! The cash drawer: sessions from float to count, and what they add up to.
//!
//! A session belongs to a drawer and may have several operators. Expected cash = float + cash taken - cash paid back +
//! pay-ins + top-ups - pay-outs - safe drops - bank drops; over/short = count - expected, positive when over. Closing is never
//! refused because of a difference. The Z report is numbered gap-free and never changes; the perpetual totals in it
//! never reset (France, BOI-TVA-DECLA-30-10-30). Example: float 100.00, cash sales 20.00, count 119.50: short 0.50.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::activity::DoneV1;
use crate::approval::{ApprovalV1, OverShortStanding};
use crate::currency::Currency;
use crate::document::DocumentV1;
use crate::id::{DocumentNumber, MasterCode, Note, OperatorCode, SeriesCode};
use crate::money::Money;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::series::DocumentKind;
use crate::tax::{LineTax, TaxTotal};
use crate::tender::TenderKind;
use crate::time::Now;

/// The most categories that a session sums by.
pub const CATEGORIES_MAX: usize = 64;

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
    /// Money taken out to the bank, in a numbered bag.
    BankDrop,
}

impl CashMovementKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::FloatTopUp, Self::PayIn, Self::PayOut, Self::SafeDrop, Self::BankDrop];

    /// The code used in commands and answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FloatTopUp => "float-top-up",
            Self::PayIn => "pay-in",
            Self::PayOut => "pay-out",
            Self::SafeDrop => "safe-drop",
            Self::BankDrop => "bank-drop",
        }
    }

    /// The amount as the drawer feels it: in is positive, out is negative.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn signed(self, amount: Money) -> Result<Money, Refusal> {
        match self {
            Self::FloatTopUp | Self::PayIn => Ok(amount),
            Self::PayOut | Self::SafeDrop | Self::BankDrop => amount.negated(),
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
        let limit = "float-top-up, pay-in, pay-out, safe-drop or bank-drop";
        found.ok_or_else(|| Refusal::new(Reason::Malformed, "kind", text, limit))
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
    /// The number of the bag that goes to the bank.
    pub bag: Option<Note>,
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
    /// How many credit notes and returns.
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
    /// Documents by operator.
    pub operators: Vec<(OperatorCode, Tally)>,
    /// Documents by local hour of issue.
    pub hours: Vec<(u8, Tally)>,
    /// Lines by category as sold; `None` is what has none, and what comes after the first `CATEGORIES_MAX`.
    pub categories: Vec<(Option<MasterCode>, Tally)>,
    /// How often the drawer was opened without a sale.
    pub no_sales: u64,
    /// Lines that were voided before a sale.
    pub voided: Tally,
    /// Baskets that were abandoned.
    pub abandoned: Tally,
    /// How many documents were printed again.
    pub reprints: u64,
}

/// How many, and what they come to with tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// With tax.
    pub gross: Money,
}

impl Tally {
    fn add(&mut self, gross: Money) -> Result<(), Refusal> {
        self.count = self.count.saturating_add(1);
        self.gross = self.gross.plus(gross)?;
        Ok(())
    }
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
            operators: Vec::new(),
            hours: Vec::new(),
            categories: Vec::new(),
            no_sales: 0,
            voided: Tally::default(),
            abandoned: Tally::default(),
            reprints: 0,
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
    pub fn with_document(mut self, document: &DocumentV1, issued: Now) -> Result<Self, Refusal> {
        self.tally(document, issued)?;
        let totals = document.totals;
        match document.kind {
            DocumentKind::Receipt | DocumentKind::Invoice => {
                self.sales = self.sales.saturating_add(1);
                self.sales_gross = self.sales_gross.plus(totals.gross)?;
            }
            DocumentKind::CreditNote | DocumentKind::Return => {
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
            let total = keyed(&mut self.tenders, &tender.kind);
            *total = total.plus(tender.amount)?;
            self.tips = self.tips.plus(tender.tip)?;
            if let Some(foreign) = &tender.foreign {
                let notes = keyed(&mut self.foreign, &foreign.currency);
                *notes = notes.plus(foreign.amount)?;
            }
        }
        let handed_out = Money::sum(document.tenders.iter().map(|tender| tender.cash_out))?.plus(document.change)?;
        if !handed_out.is_zero() {
            let cash = keyed(&mut self.tenders, &TenderKind::Cash);
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

    fn tally(&mut self, document: &DocumentV1, issued: Now) -> Result<(), Refusal> {
        let gross = document.totals.gross;
        keyed(&mut self.operators, &document.operator).add(gross)?;
        keyed(&mut self.hours, &issued.hour()).add(gross)?;
        for line in &document.lines {
            let is_known = self.categories.iter().any(|(known, _)| *known == line.category);
            let has_room = self.categories.len() < CATEGORIES_MAX;
            let category = if is_known || has_room { &line.category } else { &None };
            keyed(&mut self.categories, category).add(line.gross()?)?;
        }
        Ok(())
    }

    /// The session after something was done that sold nothing.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn with_activity(mut self, done: &DoneV1) -> Result<Self, Refusal> {
        match done {
            DoneV1::OpenedWithoutSale(_) => self.no_sales = self.no_sales.saturating_add(1),
            DoneV1::LineVoided { line, .. } => self.voided.add(line.gross)?,
            DoneV1::BasketAbandoned { lines, .. } => {
                self.abandoned.add(Money::sum(lines.iter().map(|line| line.gross))?)?;
            }
            DoneV1::Reprinted(_) => self.reprints = self.reprints.saturating_add(1),
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
        let total = keyed(&mut self.movements, &moved.kind);
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

fn keyed<'a, K: Clone + PartialEq, T: Default>(totals: &'a mut Vec<(K, T)>, key: &K) -> &'a mut T {
    let index = totals.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
        totals.push((key.clone(), T::default()));
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
