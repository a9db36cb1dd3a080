//! Verifying the code on a receipt of any till of the company, with no network.

use counterfoil_core::money::Money;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::till::VerifiedReceipt;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation};

/// Verifies a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyReceipt {
    /// The code as it is printed; white space is ignored.
    pub code: String,
}

#[derive(Serialize)]
struct VerifiedWire<'a> {
    valid: bool,
    number: &'a str,
    store: &'a str,
    till: &'a str,
    journal: String,
    issued: Option<String>,
    currency: String,
    gross: String,
    payable: String,
    refunded: String,
    lines: Vec<LineWire<'a>>,
    tenders: Vec<TenderWire<'a>>,
}

#[derive(Serialize)]
struct LineWire<'a> {
    line: usize,
    code: &'a str,
    name: &'a str,
    quantity: String,
    /// What this till has not refunded of it.
    left: String,
    gross: String,
}

#[derive(Serialize)]
struct TenderWire<'a> {
    kind: &'a str,
    amount: String,
}

impl Operation for VerifyReceipt {
    const NAME: &'static str = "verify-receipt";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let VerifiedReceipt { store, till: issuer, journal, document, lines, refunded, .. } =
            till.read(|core| core.verify_receipt_code(&self.code))?;
        let currency = till.profile().currency;
        let show = |amount: Money| amount.show(currency);
        let mut told = Vec::with_capacity(document.lines.len());
        for (line, (sold, before)) in (1_usize..).zip(document.lines.iter().zip(&lines)) {
            let left = sold.quantity.checked_sub(before.quantity).unwrap_or(Quantity::ZERO);
            let (code, name) = (sold.code.as_str(), sold.name.as_str());
            let (quantity, left, gross) = (sold.quantity.to_string(), left.to_string(), show(sold.gross()?));
            told.push(LineWire { line, code, name, quantity, left, gross });
        }
        let tender = |tender: &counterfoil_core::tender::Tender| (tender.kind.as_str(), show(tender.amount));
        let tenders = document.tenders.iter().map(tender).map(|(kind, amount)| TenderWire { kind, amount });
        Ok(Answer::done(&VerifiedWire {
            valid: true,
            number: document.printed.as_str(),
            store: store.as_str(),
            till: issuer.as_str(),
            journal: journal.to_string(),
            issued: document.issued.map(|issued| issued.to_string()),
            currency: currency.to_string(),
            gross: show(document.totals.gross),
            payable: show(document.totals.payable),
            refunded: show(refunded.payable),
            lines: told,
            tenders: tenders.collect(),
        }))
    }
}
