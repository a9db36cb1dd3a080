//! A document as it was issued: receipt, invoice or credit note, with everything a reprint needs.
//!
//! Amounts are signed: a credit note has negative quantities and amounts, so that the sum of all documents is the
//! takings. Always: `net + tax = gross`, `gross + rounding = payable`, tenders less tips, notes handed out and change =
//! payable, and the lines' net less discount sum to the document's net. Example: 2 x 6.05 with 21 % included is net 10.00,
//! tax 2.10.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::approval::ApprovalV1;
use crate::catalog::Unit;
use crate::discount::Discount;
use crate::goods_label::TraceV1;
use crate::id::{CommandId, DocumentNumber, JournalId, MasterCode, Name, Note, OperatorCode, ProductCode, SeriesCode};
use crate::journal::envelope::Entry;
use crate::money::Money;
use crate::promotion::Claims;
use crate::quantity::{Quantity, UnitPrice};
use crate::refusal::Refusal;
use crate::series::{Allotted, DocumentKind};
use crate::tax::TaxTotal;
use crate::tender::{Tender, drawer_cash};
use crate::time::Now;

/// An issued document. Version 1 of the stored facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentV1 {
    /// The id of the command that issued it.
    pub id: CommandId,
    /// Receipt, invoice or credit note.
    pub kind: DocumentKind,
    /// The series its number is from.
    pub series: SeriesCode,
    /// Its number in the series.
    pub number: u64,
    /// The number as printed.
    pub printed: DocumentNumber,
    /// The issue time, where it is not the time of the entry: kept from going back, or imported.
    pub issued: Option<Now>,
    /// Whether it is history taken over from another system.
    pub is_imported: bool,
    /// The drawer session that took the money.
    pub session: u64,
    /// Who issued it.
    pub operator: OperatorCode,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
    /// The customer's reference, where one was given.
    pub customer: Option<Note>,
    /// What the customer brought that offers and price lists asked for.
    pub claims: Claims,
    /// Why, where a document needs a reason.
    pub reason: Option<Note>,
    /// Whether unit prices include tax.
    pub prices_include_tax: bool,
    /// The document that a credit note corrects.
    pub preceding: Option<DocumentNumber>,
    /// The journal of that document, where it is of another till, known by the code on its receipt.
    pub preceding_journal: Option<JournalId>,
    /// What was sold or taken back.
    pub lines: Vec<LineV1>,
    /// Discounts on the sale as they were given.
    pub discounts: Vec<Discount>,
    /// The tax table.
    pub taxes: Vec<TaxTotal>,
    /// The sums.
    pub totals: TotalsV1,
    /// What was paid with; negative where it was paid back.
    pub tenders: Vec<Tender>,
    /// Whether the tenders were named, or the payable amount was taken in cash because none was.
    pub has_named_tenders: bool,
    /// On a credit note: whether the lines were named, or all that was left was taken back.
    pub has_named_lines: bool,
    /// Cash handed back to the customer out of the tenders.
    pub change: Money,
    /// Room for what a country's fiscal device signs in the same transaction: (regime, bytes).
    pub regime: Vec<(u16, Vec<u8>)>,
}

/// A document with the entry that issued it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The entry: its seq, hash and time.
    pub entry: Entry,
    /// The document.
    pub document: DocumentV1,
}

impl Issued {
    /// The time that the caller gave it, where it was taken over from the past.
    #[must_use]
    pub fn given_time(&self) -> Option<Now> {
        self.document.is_imported.then(|| self.document.issued_at(self.entry.now()))
    }
}

/// One line of an issued document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineV1 {
    /// The product's code.
    pub code: ProductCode,
    /// Its name as sold.
    pub name: Name,
    /// The first of its categories as sold, by which reports sum.
    pub category: Option<MasterCode>,
    /// How it is sold.
    pub unit: Unit,
    /// How much; negative on a credit note.
    pub quantity: Quantity,
    /// The price of one unit as sold.
    pub unit_price: UnitPrice,
    /// Whether the price was typed and is not the catalogue's.
    pub has_typed_price: bool,
    /// The price list that the price is of.
    pub price_list: Option<MasterCode>,
    /// What promotions have taken off, in `net` already; as the prices are, with or without tax.
    pub promotions: Vec<LinePromotionV1>,
    /// The digest of the code as it was scanned, by which a repeated command is recognised.
    pub scanned: u32,
    /// The amount without tax, before discounts on the sale.
    pub net: Money,
    /// The line's share of the discounts on the sale.
    pub discount: Money,
    /// The line's share of each of its taxes: index into the document's tax table, and amount.
    pub taxes: Vec<(u8, Money)>,
    /// On a credit note: which line of the preceding document, from 1; otherwise 0.
    pub preceding_line: u16,
    /// How often the code was scanned, where its label says how much one scan sells.
    pub scans: Option<Quantity>,
    /// Lot, expiry and serial, where the code has them.
    pub trace: Option<Box<TraceV1>>,
}

/// What a promotion took off a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePromotionV1 {
    /// The promotion's code.
    pub code: MasterCode,
    /// Its name as sold.
    pub name: Name,
    /// How much, above zero.
    pub amount: Money,
}

impl LineV1 {
    /// The tax of the line.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn tax(&self) -> Result<Money, Refusal> {
        Money::sum(self.taxes.iter().map(|(_, amount)| *amount))
    }

    /// Net less discount plus tax.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn gross(&self) -> Result<Money, Refusal> {
        self.net.minus(self.discount)?.plus(self.tax()?)
    }
}

/// The sums of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsV1 {
    /// Without tax.
    pub net: Money,
    /// All taxes.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
    /// What cash rounding added (positive) or took (negative).
    pub rounding: Money,
    /// What was to be paid: gross plus rounding.
    pub payable: Money,
}

impl DocumentV1 {
    /// When it was issued, given the time of its entry.
    #[must_use]
    pub fn issued_at(&self, entry: Now) -> Now {
        self.issued.unwrap_or(entry)
    }

    /// The document with every quantity and amount turned around.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn negated(mut self) -> Result<Self, Refusal> {
        for line in &mut self.lines {
            line.quantity = line.quantity.negated();
            line.net = line.net.negated()?;
            line.discount = line.discount.negated()?;
            // What is taken off is in the price that is paid back.
            line.promotions.clear();
            // What comes back has been sold before.
            if let Some(trace) = &mut line.trace {
                trace.is_sold_before = false;
            }
            for (_, amount) in &mut line.taxes {
                *amount = amount.negated()?;
            }
        }
        for tax in &mut self.taxes {
            (tax.taxable, tax.amount) = (tax.taxable.negated()?, tax.amount.negated()?);
        }
        let TotalsV1 { net, tax, gross, rounding, payable } = self.totals;
        self.totals = TotalsV1 {
            net: net.negated()?,
            tax: tax.negated()?,
            gross: gross.negated()?,
            rounding: rounding.negated()?,
            payable: payable.negated()?,
        };
        for tender in &mut self.tenders {
            tender.amount = tender.amount.negated()?;
        }
        self.change = self.change.negated()?;
        Ok(self)
    }

    /// The number it took.
    #[must_use]
    pub fn allotted(&self) -> Allotted {
        Allotted { series: self.series.clone(), number: self.number, printed: self.printed.clone() }
    }

    /// The cash that it moved into the drawer: cash tenders less change and less notes handed out.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn cash(&self) -> Result<Money, Refusal> {
        drawer_cash(&self.tenders, self.change)
    }

    /// Whether the sums agree: lines to net and to each tax, net and tax to gross, gross and rounding to payable, tenders and
    /// change to payable. Checked before a document is stored and whenever one is audited.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.has_balance().unwrap_or(false)
    }

    fn has_balance(&self) -> Result<bool, Refusal> {
        let totals = self.totals;
        let mut net = Money::ZERO;
        let mut taxes = vec![Money::ZERO; self.taxes.len()];
        for line in &self.lines {
            net = net.plus(line.net)?.minus(line.discount)?;
            for (index, share) in &line.taxes {
                let Some(tax) = taxes.get_mut(usize::from(*index)) else { return Ok(false) };
                *tax = tax.plus(*share)?;
            }
        }
        let for_goods = self.tenders.iter().map(Tender::for_goods).collect::<Result<Vec<_>, _>>()?;
        let tenders = Money::sum(for_goods)?;
        Ok(net == totals.net
            && self.taxes.iter().map(|tax| tax.amount).eq(taxes.iter().copied())
            && Money::sum(taxes)? == totals.tax
            && totals.net.plus(totals.tax)? == totals.gross
            && totals.gross.plus(totals.rounding)? == totals.payable
            && tenders.minus(self.change)? == totals.payable)
    }
}

/// The digest by which a repeated command recognises a code as it was scanned.
#[must_use]
pub fn scanned_digest(code: &str) -> u32 {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(code.as_bytes()));
    u32::from_be_bytes([a, b, c, d])
}
