//! C1 to C3 and C8: what stands on paper adds up, and the drawer is the fold of its entries.

use super::ledger::{Ledger, Printed, short};
use super::paper::{decimal, read_z};
use super::{Check, Findings};
use crate::fleet::history::{Device, Document, Entry, Fact, Journal, Kind, PaperZ, Seen, Session, What};

/// Checks what was just printed or told.
pub(super) fn after(ledger: &Ledger, seen: &Seen, findings: &mut Findings) {
    match &seen.what {
        What::Printed(_) => {
            if let Some(printed) = ledger.papers.last() {
                paper_adds_up(printed, findings);
                copy_is_true(ledger, printed, findings);
            }
        }
        What::PrintedZ(paper) => z_adds_up(paper, findings),
        What::Till(told) => {
            for journal in told.journals.iter().filter(|journal| !journal.entries.is_empty()) {
                sessions(ledger, told.device, journal.journal, findings);
            }
            if let (Some(open), Some(journal)) = (&told.session, told.journals.last()) {
                open_session(ledger, told.device, journal.journal, open, findings);
            }
        }
        _ => {}
    }
}

/// C1 and C2 on paper: an accountant's sums, with nothing but the paper.
fn paper_adds_up(printed: &Printed, findings: &mut Findings) {
    let number = || format!("the paper of {} {}", printed.paper.series, printed.paper.number);
    let slip = match &printed.slip {
        Ok(slip) => slip,
        Err(error) => return findings.check(Check::C1, false, || format!("{} cannot be read: {error}", number())),
    };
    let lines: i64 = slip.lines.iter().map(|(_, _, amount)| amount).sum();
    let added: i64 = slip.added_taxes.iter().map(|(_, amount)| amount).sum();
    let is = [lines + slip.discount + added, slip.total + slip.rounding];
    findings.equal(Check::C1, &is, &[slip.total, slip.payable], || {
        format!("lines less discount plus added tax, and total plus rounding, on {}", number())
    });
    if let Some(net) = slip.net {
        findings.equal(Check::C1, &(net + added), &slip.total, || format!("net and taxes on {}", number()));
    }
    let tenders: i64 = slip.tenders.iter().map(|(_, amount)| amount).sum();
    findings
        .equal(Check::C2, &(tenders - slip.change), &slip.payable, || format!("tenders less change on {}", number()));
}

/// C8: a copy has the figures of the first print.
fn copy_is_true(ledger: &Ledger, printed: &Printed, findings: &mut Findings) {
    let paper = &printed.paper;
    let before = ledger.papers.iter().find(|one| one.paper.hash == paper.hash && !one.paper.is_copy);
    let (Some(Ok(first)), Ok(slip)) = (before.map(|one| &one.slip), &printed.slip) else { return };
    if paper.is_copy {
        let mut expected = first.clone();
        expected.is_copy = true;
        findings.equal(Check::C8, slip, &expected, || format!("the copy of {} {}", paper.series, paper.number));
    }
}

/// C3 on paper.
fn z_adds_up(paper: &PaperZ, findings: &mut Findings) {
    let slip = read_z(&paper.text);
    let amount = |label: &str| slip.amount(label).unwrap_or(0);
    let moved = ["Float-top-up", "Pay-in", "Pay-out", "Safe-drop"].map(amount).iter().sum::<i64>();
    let expected = amount("Float") + amount("Cash of sales and refunds") + moved;
    let is = [slip.amount("Expected in the drawer"), slip.amount("Over/short")];
    let must = [Some(expected), Some(amount("Counted") - expected)];
    let number = || format!("the paper of {} {}", paper.series, paper.number);
    findings.equal(Check::C3, &is, &must, || format!("expected and over/short on {}", number()));
    findings.equal(Check::C1, &(amount("Net") + amount("Tax")), &amount("TOTAL"), || {
        format!("net and tax on {}", number())
    });
}

/// C3: each Z report is the fold of the entries of its session.
fn sessions(ledger: &Ledger, device: Device, journal: Journal, findings: &mut Findings) {
    let branch = ledger.branches.get(&(device, journal)).map_or(&[][..], Vec::as_slice);
    let mut open: Option<Session> = None;
    for entry in branch {
        if let Fact::DrawerClosed(zed) = &entry.fact {
            let at = || format!("{} of till {device}, entry {} of {}", zed.printed, entry.seq, short(journal));
            let Some(session) = open.take() else {
                findings.check(Check::C3, false, || format!("{} closes a session that was not open", at()));
                continue;
            };
            findings.equal(Check::C3, &sorted(&zed.session), &sorted(&session), || format!("the session of {}", at()));
            let expected = expected(&session);
            let is = [i128::from(zed.expected), i128::from(zed.over_short)];
            let must = [expected, i128::from(zed.counted) - expected];
            findings.equal(Check::C3, &is, &must, || format!("expected and over/short of {}", at()));
        } else {
            fold(&mut open, entry);
        }
    }
}

/// C3: what the till shows of the open session is the fold of its entries.
fn open_session(ledger: &Ledger, device: Device, journal: Journal, told: &Session, findings: &mut Findings) {
    let Some(branch) = ledger.branches.get(&(device, journal)).filter(|branch| !branch.is_empty()) else { return };
    let mut open = None;
    branch.iter().for_each(|entry| fold(&mut open, entry));
    let must = open.as_ref().map(sorted);
    findings.equal(Check::C3, &Some(sorted(told)), &must, || format!("the open session of till {device}"));
}

fn fold(open: &mut Option<Session>, entry: &Entry) {
    match &entry.fact {
        Fact::Opened { session, .. } => open.clone_from(session),
        Fact::DrawerOpened { session, float } => {
            *open = Some(Session { session: *session, float: *float, ..Session::default() });
        }
        Fact::CashMoved { amount, .. } => {
            if let Some(session) = open {
                session.moved += amount;
            }
        }
        Fact::Document(document) => {
            if let Some(session) = open {
                add(session, document);
            }
        }
        Fact::DrawerClosed(_) => *open = None,
        Fact::Closed
        | Fact::Series(_)
        | Fact::MasterData
        | Fact::Operator
        | Fact::Activity
        | Fact::Locked(_)
        | Fact::Unknown(..) => {}
    }
}

fn add(session: &mut Session, document: &Document) {
    match document.kind {
        Kind::CreditNote => {
            session.refunds += 1;
            session.refunds_gross += document.gross;
        }
        Kind::Receipt | Kind::Invoice | Kind::ZReport => {
            session.sales += 1;
            session.sales_gross += document.gross;
        }
    }
    session.net += document.net;
    session.tax += document.tax;
    session.rounding += document.rounding;
    for tax in &document.taxes {
        match session.taxes.iter_mut().find(|(name, _, _)| *name == tax.name) {
            Some(sum) => (sum.1, sum.2) = (sum.1 + tax.taxable, sum.2 + tax.amount),
            None => session.taxes.push((tax.name.clone(), tax.taxable, tax.amount)),
        }
    }
    let change = (document.change != 0).then(|| ("cash".to_owned(), -document.change));
    for (kind, amount) in document.tenders.iter().cloned().chain(change) {
        match session.tenders.iter_mut().find(|(known, _)| *known == kind) {
            Some(sum) => sum.1 += amount,
            None => session.tenders.push((kind, amount)),
        }
    }
}

fn expected(session: &Session) -> i128 {
    let cash = session.tenders.iter().find(|(kind, _)| kind == "cash").map_or(0, |(_, amount)| *amount);
    i128::from(session.float) + i128::from(cash) + i128::from(session.moved)
}

/// The order of taxes and tenders says nothing.
fn sorted(session: &Session) -> Session {
    let mut sorted = session.clone();
    sorted.taxes.sort();
    sorted.tenders.sort();
    sorted
}

/// C8 and Y15: the figures of each paper are those of its entry, at the price that the till showed then.
pub(super) fn quiet(ledger: &Ledger, findings: &mut Findings) {
    for printed in &ledger.papers {
        let paper = &printed.paper;
        let Some(entry) = ledger.entry_of(paper.device, paper.journal, paper.seq) else { continue };
        let (Fact::Document(document), Ok(slip)) = (&entry.fact, &printed.slip) else { continue };
        if entry.hash != paper.hash {
            continue;
        }
        let check = if printed.is_clock_wrong { Check::Y15 } else { Check::C8 };
        let is = [slip.total, slip.rounding, slip.payable, slip.change];
        let must = [document.gross, document.rounding, document.payable, document.change];
        findings.equal(check, &is, &must, || format!("paper and entry of {}", document.printed));
        let is_at_price = |(line, shown): (&crate::fleet::history::Line, &(String, String, i64))| {
            let now = paper.shown.iter().find(|(product, _)| *product == line.product).map(|(_, price)| price);
            let is_list_price = document.kind != Kind::CreditNote && !line.has_typed_price && !paper.is_copy;
            let is_shown = now.is_none_or(|price| decimal(price) == decimal(&line.unit_price));
            decimal(&shown.1) == decimal(&line.unit_price) && (!is_list_price || is_shown)
        };
        let is_true =
            document.lines.len() == slip.lines.len() && document.lines.iter().zip(&slip.lines).all(is_at_price);
        findings.check(check, is_true, || {
            format!(
                "{}: lines {:?}, on paper {:?}, shown {:?}",
                document.printed, document.lines, slip.lines, paper.shown
            )
        });
    }
}
