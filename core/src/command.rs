//! What a caller asks for, in the imperative: each command makes at most one event, or is refused.
//!
//! Commands are already parsed: their texts are codes and amounts that cannot be malformed. Whether the trade allows
//! them is decided in `decide`, inside the one transaction that would carry them out.

use crate::addendum::Correction;
use crate::catalog::MasterRow;
use crate::discount::Discount;
use crate::drawer::CashMovementKind;
use crate::id::{CommandId, Note, SeriesCode};
use crate::money::Money;
use crate::operator::{Operator, PinHash};
use crate::promotion::Claims;
use crate::quantity::{Quantity, UnitPrice};
use crate::refusal::Refusal;
use crate::role::RoleRules;
use crate::series::{DocumentKind, NumberTemplate};
use crate::tender::Tender;
use crate::time::Now;

/// The most of one product in one line; more is a barcode scanned into the wrong field.
pub const QUANTITY_MAX: i64 = 1_000_000;
/// The most cash handed back on one sale, in minor units; more is a barcode scanned into the wrong field.
pub const CHANGE_MINOR_MAX: i64 = 100_000_000;
/// The most rows of master data in one command.
pub const MASTER_ROWS_MAX: usize = 200;
/// The most different denominations in one count.
pub const DENOMINATIONS_MAX: usize = 64;

/// What is asked of the till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Add or change products, categories, tax classes, prices. Unchanged rows are not stored again.
    ChangeMasterData(Vec<MasterRow>),
    /// Add or change an operator; `None` keeps the PIN.
    SetOperator(Operator, Option<PinHash>),
    /// Say what a role allows.
    SetRole(Box<RoleRules>),
    /// Begin a drawer session with its float.
    OpenDrawer(Money),
    /// Move cash in or out outside a sale.
    MoveCash(CashMovement),
    /// Complete a sale.
    CompleteSale(Basket),
    /// Take back lines of an earlier document against a credit note.
    RefundSale(RefundRequest),
    /// Take goods back that come without a receipt.
    ReturnGoods(ReturnRequest),
    /// Take goods back by receipt and sell others, settled against each other.
    Exchange(ExchangeRequest),
    /// End the drawer session with a count; makes the Z report.
    CloseDrawer(Count),
    /// Number documents of a kind from a range that the authority has authorised.
    AddSeries(NewSeries),
    /// Record what sells nothing.
    RecordActivity(Activity),
    /// Make an addendum to a Z report.
    AmendZ(Amendment),
}

impl Command {
    /// The caller's id, of commands that are carried out once for ever.
    #[must_use]
    pub const fn id(&self) -> Option<&CommandId> {
        match self {
            Self::CompleteSale(basket) => Some(&basket.id),
            Self::RefundSale(request) => Some(&request.id),
            Self::ReturnGoods(request) => Some(&request.id),
            Self::Exchange(request) => Some(&request.id),
            Self::AddSeries(_)
            | Self::ChangeMasterData(_)
            | Self::SetOperator(..)
            | Self::SetRole(_)
            | Self::OpenDrawer(_)
            | Self::MoveCash(_)
            | Self::CloseDrawer(_)
            | Self::RecordActivity(_)
            | Self::AmendZ(_) => None,
        }
    }

    /// Whether it issues one document, and nothing else.
    #[must_use]
    pub const fn is_document(&self) -> bool {
        match self {
            Self::CompleteSale(_) | Self::RefundSale(_) | Self::ReturnGoods(_) => true,
            Self::Exchange(_)
            | Self::AddSeries(_)
            | Self::ChangeMasterData(_)
            | Self::SetOperator(..)
            | Self::SetRole(_)
            | Self::OpenDrawer(_)
            | Self::MoveCash(_)
            | Self::CloseDrawer(_)
            | Self::RecordActivity(_)
            | Self::AmendZ(_) => false,
        }
    }
}

/// Cash to move outside a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashMovement {
    /// How.
    pub kind: CashMovementKind,
    /// How much, above zero.
    pub amount: Money,
    /// Why.
    pub reason: Note,
    /// The number of the bag, of what goes to the bank.
    pub bag: Option<Note>,
}

/// What is recorded although nothing is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// The drawer is opened without a sale, for this reason.
    OpenWithoutSale(Note),
    /// A line is taken out of a basket before it is sold.
    VoidLine {
        /// The basket, where it has an id.
        basket: Option<CommandId>,
        /// The line.
        line: BasketLine,
        /// Why, where it is said.
        reason: Option<Note>,
    },
    /// A basket is given up before it is sold.
    AbandonBasket {
        /// The basket.
        basket: CommandId,
        /// What was in it.
        lines: Vec<BasketLine>,
        /// Why, where it is said.
        reason: Option<Note>,
    },
}

/// An addendum to a Z report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// The report's number, in full or plainly.
    pub z: String,
    /// What is corrected.
    pub correction: Correction,
    /// Why.
    pub reason: Note,
}

/// A basket to be sold, as it was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The caller's id of this sale, used once for ever.
    pub id: CommandId,
    /// What is bought.
    pub lines: Vec<BasketLine>,
    /// Discounts on the whole sale.
    pub discounts: Vec<Discount>,
    /// What it is paid with; `None` pays the payable amount in cash.
    pub tenders: Option<Vec<Tender>>,
    /// Receipt or invoice.
    pub document: DocumentKind,
    /// The customer's reference.
    pub customer: Option<Note>,
    /// What the customer brings that offers and price lists ask for.
    pub claims: Claims,
    /// When it was sold, for history taken over from another system.
    pub at: Option<Now>,
}

/// One line of a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketLine {
    /// A product's code or one of its barcodes, as scanned.
    pub code: String,
    /// How much, above zero.
    pub quantity: Quantity,
    /// A typed price instead of the catalogue's.
    pub unit_price: Option<UnitPrice>,
}

/// A refund by receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// The caller's id of this refund, used once for ever.
    pub id: CommandId,
    /// The document's number, or the id of the sale.
    pub refund_of: String,
    /// The lines to take back; `None` takes back all that is left.
    pub lines: Option<Vec<RefundLine>>,
    /// What it is paid back with, as positive amounts; `None` pays back with the tenders of the sale.
    pub tenders: Option<Vec<Tender>>,
    /// When it was refunded, for history taken over from another system.
    pub at: Option<Now>,
}

/// A range of numbers that was authorised for this till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSeries {
    /// What it numbers.
    pub kind: DocumentKind,
    /// Its code: the prefix that the authority gave, where the country has prefixes.
    pub code: SeriesCode,
    /// How a number is printed; `None` as the country asks for.
    pub template: Option<NumberTemplate>,
    /// The first number.
    pub first: u64,
    /// The last one.
    pub last: u64,
}

/// Goods that come back without a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRequest {
    /// The caller's id of this return, used once for ever.
    pub id: CommandId,
    /// What is taken back, as it would be sold now.
    pub lines: Vec<BasketLine>,
    /// Why it is taken back.
    pub reason: Note,
    /// What it is paid back with, as positive amounts; `None` pays back in cash.
    pub tenders: Option<Vec<Tender>>,
}

impl Basket {
    /// These goods on a receipt, with nothing else said.
    #[must_use]
    pub fn of_lines(id: CommandId, lines: Vec<BasketLine>) -> Self {
        Self {
            id,
            lines,
            discounts: Vec::new(),
            tenders: None,
            document: DocumentKind::Receipt,
            customer: None,
            claims: Claims::default(),
            at: None,
        }
    }
}

impl ReturnRequest {
    /// The same goods, as if they were sold now.
    #[must_use]
    pub fn as_basket(&self) -> Basket {
        Basket::of_lines(self.id.clone(), self.lines.clone())
    }
}

/// Goods that come back by receipt, and others that are sold instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRequest {
    /// The caller's id of this exchange, used once for ever; the sale's own id is `ID/sale`.
    pub id: CommandId,
    /// The number of the document that is refunded, or the id of its sale.
    pub refund_of: String,
    /// The lines to take back; `None` takes back all that is left.
    pub back: Option<Vec<RefundLine>>,
    /// What is sold instead; its tenders pay what is not covered by the refund.
    pub sale: Basket,
}

impl ExchangeRequest {
    /// The refund in it.
    #[must_use]
    pub fn as_refund(&self) -> RefundRequest {
        RefundRequest {
            id: self.id.clone(),
            refund_of: self.refund_of.clone(),
            lines: self.back.clone(),
            tenders: None,
            at: None,
        }
    }

    /// A refusal of that refund, told by the fields of the exchange: its lines are `back`.
    #[must_use]
    pub fn refusal_of_back(refusal: Refusal) -> Refusal {
        let field = match (refusal.field(), refusal.field().strip_prefix("lines")) {
            ("refund_of", _) => "exchange_of".to_owned(),
            (_, Some(rest)) => format!("back{rest}"),
            (other, None) => other.to_owned(),
        };
        Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit())
    }
}

/// A line to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundLine {
    /// The line of the preceding document, from 1.
    pub line: u16,
    /// How much of it; `None` is all that is left.
    pub quantity: Option<Quantity>,
}

/// What was counted at the end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// The sum only.
    Total(Money),
    /// By denomination: (face value, pieces).
    Denominations(Vec<(Money, u32)>),
}
