//! Printing a document again, from its entry alone.

use counterfoil_core::id::DocumentNumber;
use counterfoil_core::receipt::{Print, code_text, document_text};
use counterfoil_core::refusal::{Reason, Refusal};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::report::ReadZ;
use crate::operations::{Answer, Operation};

/// In which form figures are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As fields.
    #[default]
    Json,
    /// As it is printed.
    Text,
}

/// Prints a document by its number, or by the id of its sale.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintReceipt {
    /// The number on the document.
    pub number: String,
    /// Whether it is the first print or a copy, which says so.
    #[serde(default)]
    pub print: Printing,
}

/// Whether a print is the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Printing {
    /// The first.
    Original,
    /// A copy of it.
    #[default]
    Reprint,
}

impl From<Printing> for Print {
    fn from(printing: Printing) -> Self {
        match printing {
            Printing::Original => Self::Original,
            Printing::Reprint => Self::Reprint,
        }
    }
}

#[derive(Serialize)]
struct PrintedWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    format: &'static str,
    text: String,
    /// The code by which another till verifies and refunds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl Operation for PrintReceipt {
    const NAME: &'static str = "receipt";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let found = match till.read(|core| core.document(&self.number)) {
            // The only other documents with a number are Z reports.
            Err(Failure::Refused(refusal)) if refusal.reason() == Reason::WrongDocument => {
                let z = ReadZ { number: Some(self.number), format: Format::Text, print: self.print };
                return z.perform(till, caller);
            }
            found => found?,
        };
        let unknown = || Refusal::new(Reason::DocumentUnknown, "number", &self.number, "the number on a receipt");
        let issued = found.ok_or_else(unknown)?;
        record_reprint(till, caller, &issued.document.printed, self.print)?;
        let mut text = document_text(till.profile(), &issued, Print::from(self.print))?;
        let code = till.read(|core| core.receipt_code(&issued))?;
        if let Some(code) = &code {
            text.push_str(&code_text(code));
        }
        let number = Some(issued.document.printed.as_str());
        Ok(Answer::done(&PrintedWire { number, format: "text", text, code }))
    }
}

/// Records that a copy is printed. A till that may only be read prints all the same, and cannot record it.
///
/// # Errors
/// A named operator is not who they say, or the disk failed.
pub fn record_reprint(
    till: &mut OpenTill,
    caller: &Caller,
    number: &DocumentNumber,
    printing: Printing,
) -> Result<(), Failure> {
    if printing == Printing::Original {
        return Ok(());
    }
    let operator = match &caller.operator {
        Some(_) => Some(till.identify(caller)?.code),
        None => None,
    };
    let now = till.now();
    match till.write(|core| core.record_reprint(number, operator.as_ref(), now)) {
        Err(Failure::Refused(_)) => Ok(()),
        recorded => recorded,
    }
}

/// The answer of what was printed as text.
///
/// # Errors
/// None; the form is that of what else can be answered.
pub fn printed(number: Option<&str>, text: String) -> Result<Answer, Failure> {
    Ok(Answer::done(&PrintedWire { number, format: "text", text, code: None }))
}
