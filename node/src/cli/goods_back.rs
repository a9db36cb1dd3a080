//! `till refund`, `till return`, `till exchange`: goods that come back, by receipt and without one.

use clap::Args;
use counterfoil_core::hex;
use counterfoil_core::refusal::{Refusal, ToldRefusal};
use serde::{Deserialize, Serialize};

use crate::cli::console::Console;
use crate::cli::selling::{currency, sold_text};
use crate::cli::show;
use crate::cli::shown::Shown;
use crate::failure::{Ending, Failure};
use crate::folder::secret::random;
use crate::operations::Answer;
use crate::operations::sell::SubmittedLine;
use crate::operations::verify_receipt::VerifyReceipt;
use crate::wire::basket::{BasketLineWire, RefundLineWire, RefundWire};
use crate::wire::goods_back::{ExchangeWire, ReturnWire};
use crate::wire::read::DecimalText;
use crate::wire::tender::TenderWire;

/// Refunds a document, all that is left of it or one line.
///
/// Nothing said, it is paid back with what the sale was paid with: first what is not cash, each tender up to what it paid,
/// then cash. More of one kind than the sale was paid with needs a manager or one's approval (--approved-by).
#[derive(Debug, Args)]
pub struct Refund {
    /// The number on the receipt, or the id of the sale
    #[arg(required_unless_present = "code", conflicts_with = "code")]
    number: Option<String>,
    /// The code on a receipt of another till of the company
    #[arg(long)]
    code: Option<String>,
    #[command(flatten)]
    back: Back,
    /// What it is paid back with, such as card=5.00 or gift-card=5.00,G-17; may be repeated [default: as it was paid]
    #[arg(long = "tender", value_name = "KIND=AMOUNT[,REFERENCE]", value_parser = tender)]
    tenders: Vec<TenderWire>,
    /// The id of this refund, used once for ever [default: a random one]
    #[arg(long)]
    id: Option<String>,
}

/// The line that comes back.
#[derive(Debug, Args)]
struct Back {
    /// Only this line, from 1
    #[arg(long, value_name = "N")]
    line: Option<u16>,
    /// Only so much of the line
    #[arg(long, value_name = "Q", requires = "line", allow_negative_numbers = true)]
    quantity: Option<String>,
}

impl Back {
    fn lines(self) -> Vec<RefundLineWire> {
        let quantity = self.quantity.map(DecimalText);
        self.line.map(|line| RefundLineWire { line, quantity }).into_iter().collect()
    }
}

impl Refund {
    /// Refunds.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let has_own_id = self.id.is_some();
        let id = id_or_random("refund", self.id)?;
        let (lines, tenders) = (self.back.lines(), self.tenders);
        let refund_of = self.number.or(self.code).unwrap_or_default();
        submit(console, &RefundWire { id, refund_of, lines, tenders, at: None }, has_own_id)
    }
}

/// Verifies the code on a receipt.
///
/// The till knows by head office's key that a till of the company issued the receipt, and shows what was sold and what this
/// till has refunded of it. What other tills have refunded meanwhile only head office knows. `till refund --code` refunds it.
#[derive(Debug, Args)]
pub struct VerifyCode {
    /// The code as it is printed or scanned; white space is ignored
    code: String,
}

impl VerifyCode {
    /// Verifies.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(VerifyReceipt { code: self.code }, show::fields)
    }
}

/// Takes goods back that come without a receipt.
///
/// It pays the price of now, as the goods would be sold without customer group and coupons, on a document and in a series
/// of its own. It needs a reason, and a manager or one's approval (--approved-by). `till sell` takes several lines at once:
/// {"id","return_reason","lines":[{"code","quantity"}],"tenders"}.
#[derive(Debug, Args)]
pub struct Return {
    /// The product's code or barcode
    code: String,
    /// How much of it
    #[arg(long, value_name = "Q", default_value = "1", allow_negative_numbers = true)]
    quantity: String,
    /// Another price than that of now
    #[arg(long, value_name = "PRICE")]
    unit_price: Option<String>,
    /// Why it comes back
    #[arg(long)]
    reason: String,
    /// What it is paid back with, such as card=5.00; may be repeated [default: in cash]
    #[arg(long = "tender", value_name = "KIND=AMOUNT[,REFERENCE]", value_parser = tender)]
    tenders: Vec<TenderWire>,
    /// The id of this return, used once for ever [default: a random one]
    #[arg(long)]
    id: Option<String>,
}

impl Return {
    /// Takes them back.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let has_own_id = self.id.is_some();
        let id = id_or_random("return", self.id)?;
        let unit_price = self.unit_price.map(DecimalText);
        let line = BasketLineWire { code: self.code, quantity: DecimalText(self.quantity), unit_price };
        let wire = ReturnWire { id, return_reason: self.reason, lines: vec![line], tenders: self.tenders };
        submit(console, &wire, has_own_id)
    }
}

/// Takes goods back by receipt and sells others instead; only the difference is paid or paid back.
///
/// It makes a credit note and a sale, both or none. `till sell` takes several lines at once:
/// {"id","exchange_of","back":[{"line","quantity"}],"lines":[{"code","quantity"}],"tenders"}.
#[derive(Debug, Args)]
pub struct Exchange {
    /// The number on the receipt, or the id of the sale
    number: String,
    #[command(flatten)]
    back: Back,
    /// The code or barcode of what is taken instead
    #[arg(long = "for", value_name = "CODE")]
    code: String,
    /// How much of it
    #[arg(long, value_name = "Q", default_value = "1", allow_negative_numbers = true)]
    for_quantity: String,
    /// What pays the difference, such as card=15.00; may be repeated [default: cash]
    #[arg(long = "tender", value_name = "KIND=AMOUNT[,REFERENCE]", value_parser = tender)]
    tenders: Vec<TenderWire>,
    /// The id of this exchange, used once for ever; that of its sale is ID/sale [default: a random one]
    #[arg(long)]
    id: Option<String>,
}

impl Exchange {
    /// Exchanges.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let has_own_id = self.id.is_some();
        let id = id_or_random("exchange", self.id)?;
        let line = BasketLineWire { code: self.code, quantity: DecimalText(self.for_quantity), unit_price: None };
        let wire = ExchangeWire {
            id,
            exchange_of: self.number,
            back: self.back.lines(),
            lines: vec![line],
            discounts: Vec::new(),
            tenders: self.tenders,
            document: None,
            customer: None,
            customer_group: None,
            customer_groups: Vec::new(),
            coupons: Vec::new(),
        };
        submit(console, &wire, has_own_id)
    }
}

fn id_or_random(what: &str, id: Option<String>) -> Result<String, Failure> {
    match id {
        Some(id) => Ok(id),
        None => Ok(format!("{what}-{}", hex::encode(&random::<16>()?))),
    }
}

/// Reads `card=5.00` or `gift-card=5.00,G-17`.
fn tender(text: &str) -> Result<TenderWire, String> {
    let (kind, rest) = text.split_once('=').ok_or("KIND=AMOUNT is needed, such as card=5.00")?;
    let (amount, reference) = rest.split_once(',').map_or((rest, None), |(amount, number)| (amount, Some(number)));
    Ok(TenderWire {
        kind: kind.to_owned(),
        amount: DecimalText(amount.to_owned()),
        reference: reference.map(str::to_owned),
        tip: None,
        cash_out: None,
        currency: None,
        rate: None,
    })
}

/// Submits one object as `till sell` does.
fn submit(console: &Console, wire: &impl Serialize, has_own_id: bool) -> Result<Ending, Failure> {
    let text = serde_json::to_string(wire).expect("texts and numbers always become JSON");
    let mut reach = console.reach()?;
    let currency = currency(console, &mut reach);
    let mut ending = Ending::Done;
    let line = SubmittedLine { number: 1, text };
    let flow = reach.sell(&mut None, console.caller(), &[line], &mut |answer| {
        ending = ending.max(answer.ending);
        let answer = of_arguments(answer, has_own_id);
        console.show(&answer, |sold| text_of(sold, &currency)).map(drop)
    });
    flow.map(|_| ending)
}

/// An exchange shows both documents and what was paid; anything else is one document.
fn text_of(sold: &Shown, currency: &str) -> String {
    let one = sold_text(sold, currency);
    let Some(credit_note) = sold.field("credit_note") else { return one };
    let (back, due) = (sold_text(credit_note, currency), sold.text("due"));
    let (what, amount) = due.strip_prefix('-').map_or(("to pay", due.as_str()), |due| ("to pay back", due));
    format!("{back}\n{one}\n{what} {amount} {currency}")
}

/// A refusal of what stood on the command line names its arguments, and no id that nobody gave.
fn of_arguments(answer: &Answer, has_own_id: bool) -> Answer {
    #[derive(Serialize, Deserialize)]
    struct Refused {
        #[serde(default)]
        id: Option<String>,
        refused: ToldRefusal,
    }
    let Ok(Refused { id, refused }) = serde_json::from_str(&answer.json) else { return answer.clone() };
    let refusal = refused.to_refusal();
    let field = match refusal.field() {
        "lines[0].line" | "back[0].line" => "line",
        "lines[0].quantity" | "back[0].quantity" => "quantity",
        "refund_of" | "exchange_of" => "number",
        "return_reason" => "reason",
        other => other,
    };
    let refusal = Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit());
    let id = id.filter(|_| has_own_id);
    Answer::ended(answer.ending, &Refused { id, refused: ToldRefusal::from(&refusal) })
}
