//! Selling and refunding: one submitted line in, one answer out, as soon as it is durable.
//!
//! A stream goes on after a refused line; it ends when disk or data fail, since nothing after that can be trusted. The
//! operator is identified once for a whole stream. Example: `{"id":"a","number":"S01-T01-R26A-000001",...}` or
//! `{"id":"a","refused":{...}}`; a line that is no basket has id null and its number in the stream.

use counterfoil_core::currency::Currency;
use counterfoil_core::document::DocumentV1;
use counterfoil_core::id::CommandId;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::{Refusal, ToldRefusal};
use counterfoil_core::till::{Issued, Outcome};
use serde::Serialize;

use crate::caller::{Caller, Identified};
use crate::failure::{Ending, Failure};
use crate::open_till::OpenTill;
use crate::operations::products::never_fed;
use crate::operations::{Answer, unexpected};
use crate::wire::basket::{Unreadable, read_command};

/// One line of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedLine {
    /// Its number in the input, from 1.
    pub number: u64,
    /// The JSON on it.
    pub text: String,
}

impl SubmittedLine {
    /// Whether there is nothing on it; such lines are passed over.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// An identified operator who sells.
#[derive(Clone, Debug)]
pub struct Seller {
    who: Identified,
}

/// The answer to a sale or refund.
#[derive(Debug, Serialize)]
struct SoldWire<'a> {
    id: &'a str,
    number: &'a str,
    seq: u64,
    net: String,
    tax: String,
    gross: String,
    rounding: String,
    payable: String,
    change: String,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// The answer to an exchange: the sale, the credit note that it is settled against, and what was paid of the difference.
#[derive(Debug, Serialize)]
struct ExchangedWire<'a> {
    #[serde(flatten)]
    sale: SoldWire<'a>,
    credit_note: SoldWire<'a>,
    due: String,
}

#[derive(Debug, Serialize)]
struct RefusedWire<'a> {
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    refused: ToldRefusal,
}

impl Seller {
    /// Identifies the caller.
    ///
    /// # Errors
    /// The till does not know the caller, or the PIN is wrong.
    pub fn identify(till: &mut OpenTill, caller: &Caller) -> Result<Self, Failure> {
        Ok(Self { who: till.identify(caller)? })
    }

    /// Sells or refunds what stands on one line. A refusal is an answer.
    ///
    /// # Errors
    /// Disk or data failed.
    pub fn sell(&self, till: &mut OpenTill, line: &SubmittedLine) -> Result<Answer, Failure> {
        let currency = till.profile().currency;
        let command = match read_command(&line.text, currency, till.clock()) {
            Ok(command) => command,
            Err(unreadable) => return Ok(refused_line(line.number, &unreadable)),
        };
        match till.execute_by(&command, self.who.by()) {
            Ok(outcome) => answer(outcome, currency),
            Err(Failure::Refused(refusal)) => {
                Ok(refused(command.id().map(CommandId::as_str), &never_fed(till, refusal)?))
            }
            Err(failure) => Err(failure),
        }
    }
}

fn answer(outcome: Outcome, currency: Currency) -> Result<Answer, Failure> {
    if let Outcome::Exchanged(both) = &outcome {
        let (credit_note, sale) = both.as_ref();
        let due = sale.document.totals.payable.plus(credit_note.document.totals.payable)?;
        let answer = ExchangedWire {
            sale: sold(sale, currency),
            credit_note: sold(credit_note, currency),
            due: due.show(currency),
        };
        return Ok(Answer::done(&answer));
    }
    let Outcome::Issued(issued) = outcome else { return Err(unexpected(&outcome)) };
    Ok(Answer::done(&sold(&issued, currency)))
}

fn sold(issued: &Issued, currency: Currency) -> SoldWire<'_> {
    let (document, totals) = (&issued.document, &issued.document.totals);
    let show = |amount: Money| amount.show(currency);
    SoldWire {
        id: document.id.as_str(),
        number: document.printed.as_str(),
        seq: issued.entry.seq(),
        net: show(totals.net),
        tax: show(totals.tax),
        gross: show(totals.gross),
        rounding: show(totals.rounding),
        payable: show(totals.payable),
        change: show(document.change),
        hash: issued.entry.hash().to_string(),
        approved_by: document.approved_by.as_ref().map(|approval| approval.approver.as_str()),
        warnings: warnings(document),
    }
}

/// What was sold all the same, and somebody should look at.
fn warnings(document: &DocumentV1) -> Vec<String> {
    let mut told = Vec::new();
    let traced = document.lines.iter().enumerate().filter_map(|(index, line)| Some((index, line.trace.as_ref()?)));
    for (index, trace) in traced {
        if let Some(expiry) = trace.expiry.filter(|_| trace.is_expired) {
            told.push(format!("lines[{index}]: good until {expiry}, which has passed"));
        }
        if let Some(serial) = trace.serial.as_ref().filter(|_| trace.is_sold_before) {
            told.push(format!("lines[{index}]: serial {serial} was sold before"));
        }
    }
    told
}

fn refused(id: Option<&str>, refusal: &Refusal) -> Answer {
    Answer::ended(Ending::Refused, &RefusedWire { id, line: None, refused: refusal.into() })
}

fn refused_line(number: u64, unreadable: &Unreadable) -> Answer {
    let mut wire = ToldRefusal::from(&unreadable.refusal);
    wire.message = format!("line {number}: {}", wire.message);
    Answer::ended(Ending::Refused, &RefusedWire { id: unreadable.id.as_deref(), line: Some(number), refused: wire })
}
