//! What an entry says, in plain figures.

use counterfoil_core::currency::Currency;
use counterfoil_core::document::{DocumentV1, LineV1};
use counterfoil_core::drawer::{CashMovementKind, DrawerSession, ZReportV1};
use counterfoil_core::event::{Event, GrantedByV1, JournalOpenedV1};
use counterfoil_core::id::SeriesCode;
use counterfoil_core::journal::envelope::Entry as Stored;
use counterfoil_core::money::Money;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::tax::LineTax;
use counterfoil_core::time::Now;

use super::millionths;
use crate::fleet::history::{Document, Entry, Fact, Kind, Line, Predecessor, Session, TaxOf, Zed};

/// An entry in plain figures.
#[must_use]
pub fn entry(stored: &Stored, currency: Currency) -> Entry {
    Entry {
        seq: stored.seq(),
        hash: stored.hash().0,
        previous: stored.previous().0,
        time_ms: stored.now().at.0,
        day: stored.now().date().to_string(),
        bytes: stored.bytes().to_vec(),
        fact: fact(stored, currency),
    }
}

fn fact(stored: &Stored, currency: Currency) -> Fact {
    let unknown = Fact::Unknown(stored.event_type(), stored.schema_version());
    let Ok(Some(event)) = Event::decode(stored) else { return unknown };
    match event {
        Event::JournalOpened(opened) => opening(&opened),
        Event::JournalClosed(_) => Fact::Closed,
        Event::SeriesGranted(granted) => Fact::Series(codes(&granted.series)),
        Event::MasterDataChanged(_) => Fact::MasterData,
        Event::OperatorSet(_) => Fact::Operator,
        Event::OperatorLocked(locked) => Fact::Locked(locked.locked.as_str().to_owned()),
        Event::DrawerOpened(opened) => Fact::DrawerOpened { session: opened.session, float: opened.float.minor() },
        Event::CashMoved(moved) => Fact::CashMoved {
            session: moved.session,
            kind: moved.kind.code().to_owned(),
            amount: signed(moved.kind, moved.amount),
        },
        Event::SaleCompleted(found) | Event::CreditNoteIssued(found) => {
            Fact::Document(Box::new(document(&found, stored.now(), currency)))
        }
        // No person of the simulated company makes an addendum, which would move cash between tenders.
        Event::ActivityRecorded(_) | Event::ZAmended(_) => Fact::Activity,
        Event::DrawerClosed(closed) => Fact::DrawerClosed(Box::new(zed(&closed.z, stored.now()))),
    }
}

fn opening(opened: &JournalOpenedV1) -> Fact {
    let predecessor = opened.predecessor.as_ref().map(|before| Predecessor {
        journal: before.journal.0,
        seq: before.seq,
        hash: before.hash.0,
    });
    Fact::Opened {
        predecessor,
        series: codes(&opened.series),
        session: opened.session.as_ref().map(session),
        is_granted: matches!(opened.granted_by, GrantedByV1::HeadOffice(_)),
    }
}

fn codes(series: &[Series]) -> Vec<String> {
    series.iter().map(|series| series.code.as_str().to_owned()).collect()
}

/// Cash as the drawer feels it: in is positive.
fn signed(kind: CashMovementKind, amount: Money) -> i64 {
    match kind {
        CashMovementKind::FloatTopUp | CashMovementKind::PayIn => amount.minor(),
        CashMovementKind::PayOut | CashMovementKind::SafeDrop | CashMovementKind::BankDrop => -amount.minor(),
    }
}

/// A document in plain figures.
pub(super) fn document(found: &DocumentV1, entry: Now, currency: Currency) -> Document {
    let issued = found.issued.unwrap_or(entry);
    let taxes = found.taxes.iter().map(|tax| TaxOf {
        name: tax_name(&tax.tax),
        taxable: tax.taxable.minor(),
        amount: tax.amount.minor(),
    });
    Document {
        kind: kind(found.kind),
        id: found.id.as_str().to_owned(),
        series: code(&found.series),
        number: found.number,
        printed: found.printed.as_str().to_owned(),
        session: found.session,
        currency: currency.code().to_owned(),
        day: issued.date().to_string(),
        issued_ms: issued.at.0,
        is_imported: found.is_imported,
        has_tax_in_price: found.prices_include_tax,
        preceding: found.preceding.as_ref().map(|number| number.as_str().to_owned()),
        lines: found.lines.iter().map(line).collect(),
        taxes: taxes.collect(),
        net: found.totals.net.minor(),
        tax: found.totals.tax.minor(),
        gross: found.totals.gross.minor(),
        rounding: found.totals.rounding.minor(),
        payable: found.totals.payable.minor(),
        tenders: found.tenders.iter().map(|paid| (paid.kind.as_str().to_owned(), paid.amount.minor())).collect(),
        change: found.change.minor(),
    }
}

fn line(found: &LineV1) -> Line {
    Line {
        product: found.code.as_str().to_owned(),
        name: found.name.as_str().to_owned(),
        quantity: millionths(found.quantity),
        unit_price: found.unit_price.to_string(),
        has_typed_price: found.has_typed_price,
        net: found.net.minor(),
        discount: found.discount.minor(),
        tax: found.taxes.iter().map(|(_, amount)| amount.minor()).sum(),
        preceding_line: found.preceding_line,
    }
}

fn zed(z: &ZReportV1, entry: Now) -> Zed {
    Zed {
        series: code(&z.series),
        number: z.number,
        printed: z.printed.as_str().to_owned(),
        issued_ms: z.issued.unwrap_or(entry).at.0,
        day: z.issued.unwrap_or(entry).date().to_string(),
        session: session(&z.session),
        expected: z.expected.minor(),
        counted: z.counted.minor(),
        over_short: z.over_short.minor(),
    }
}

/// A session in plain figures.
pub(super) fn session(found: &DrawerSession) -> Session {
    let taxes = found.taxes.iter().map(|tax| (tax_name(&tax.tax), tax.taxable.minor(), tax.amount.minor()));
    Session {
        session: found.session,
        float: found.float.minor(),
        sales: found.sales,
        sales_gross: found.sales_gross.minor(),
        refunds: found.refunds,
        refunds_gross: found.refunds_gross.minor(),
        net: found.net.minor(),
        tax: found.tax.minor(),
        rounding: found.rounding.minor(),
        taxes: taxes.collect(),
        tenders: found.tenders.iter().map(|(kind, amount)| (kind.as_str().to_owned(), amount.minor())).collect(),
        moved: found.movements.iter().map(|(kind, amount)| signed(*kind, *amount)).sum(),
    }
}

/// A tax as it is printed.
pub(super) fn tax_name(tax: &LineTax) -> String {
    format!("{} {} {} %", tax.code, tax.category, tax.rate)
}

fn code(series: &SeriesCode) -> String {
    series.as_str().to_owned()
}

const fn kind(kind: DocumentKind) -> Kind {
    match kind {
        DocumentKind::Receipt => Kind::Receipt,
        DocumentKind::Invoice => Kind::Invoice,
        DocumentKind::CreditNote | DocumentKind::Return => Kind::CreditNote,
        DocumentKind::ZReport => Kind::ZReport,
    }
}
