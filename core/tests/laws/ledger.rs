//! An independent book-keeper: it adds up what the till answered, by rules of its own, and compares.

use std::collections::BTreeMap;

use counterfoil_core::document::{DocumentV1, LineV1};
use counterfoil_core::drawer::{DrawerSession, ZReportV1};
use counterfoil_core::id::{DocumentNumber, ProductCode, SeriesCode};
use counterfoil_core::money::Money;
use counterfoil_core::quantity::Decimal;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::TenderKind;
use counterfoil_core::till::Till;

/// Sums in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) net: i64,
    pub(crate) tax: i64,
    pub(crate) gross: i64,
    pub(crate) payable: i64,
    pub(crate) cash: i64,
    pub(crate) documents: u64,
}

/// A sale and what was taken back of it, line by line, as positive amounts.
pub(crate) struct Sold {
    pub(crate) document: DocumentV1,
    pub(crate) left: Vec<Decimal>,
    back: Vec<Back>,
    back_sums: Sums,
    /// What each kind of tender got back, as long as nobody said with what.
    back_by_kind: Option<BTreeMap<TenderKind, i64>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Back {
    net: i64,
    discount: i64,
    taxes: Vec<i64>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) sold: Vec<Sold>,
    pub(crate) float: i64,
    numbers: BTreeMap<SeriesCode, Vec<u64>>,
    stock: BTreeMap<ProductCode, Decimal>,
    total: Sums,
    session: Sums,
    closed: Sums,
    moved: i64,
    moved_in_all: i64,
    pub(crate) sessions: u64,
}

impl Sums {
    fn add(&mut self, document: &DocumentV1) {
        let totals = &document.totals;
        self.net += totals.net.minor();
        self.tax += totals.tax.minor();
        self.gross += totals.gross.minor();
        self.payable += totals.payable.minor();
        self.cash += cash(document);
        self.documents += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            net: self.net + other.net,
            tax: self.tax + other.tax,
            gross: self.gross + other.gross,
            payable: self.payable + other.payable,
            cash: self.cash + other.cash,
            documents: self.documents + other.documents,
        }
    }
}

/// Cash tenders less change.
fn cash(document: &DocumentV1) -> i64 {
    let cash = document.tenders.iter().filter(|tender| tender.kind == TenderKind::Cash);
    cash.map(|tender| tender.amount.minor()).sum::<i64>() - document.change.minor()
}

impl Ledger {
    /// Books a document that was issued for the first time.
    pub(crate) fn issue(&mut self, document: &DocumentV1) {
        adds_up(document);
        self.number(&document.series, document.number);
        self.total.add(document);
        self.session.add(document);
        for line in &document.lines {
            *self.stock.entry(line.code.clone()).or_default() -= line.quantity.decimal();
        }
        match &document.preceding {
            None => self.sold.push(Sold::new(document.clone())),
            Some(preceding) => self.take_back(preceding, document),
        }
    }

    fn take_back(&mut self, preceding: &DocumentNumber, credit_note: &DocumentV1) {
        assert_eq!(credit_note.kind, DocumentKind::CreditNote);
        let sold = self.sold.iter_mut().find(|sold| sold.document.printed == *preceding).unwrap();
        sold.take_back(credit_note);
    }

    fn number(&mut self, series: &SeriesCode, number: u64) {
        let numbers = self.numbers.entry(series.clone()).or_default();
        numbers.push(number);
        assert_eq!(number, numbers.len() as u64, "series {series} runs from 1 without a hole");
    }

    pub(crate) fn open(&mut self, float: Money) {
        self.float = float.minor();
        self.sessions += 1;
        self.session = Sums::default();
        self.moved = 0;
    }

    pub(crate) fn move_cash(&mut self, signed: i64) {
        self.moved += signed;
        self.moved_in_all += signed;
    }

    /// What should be in the drawer.
    pub(crate) fn expected(&self) -> i64 {
        self.float + self.session.cash + self.moved
    }

    pub(crate) fn close(&mut self, z: &ZReportV1, counted: i64) {
        self.number(&z.series, z.number);
        assert_eq!(z.expected.minor(), self.expected());
        assert_eq!(z.counted.minor(), counted);
        assert_eq!(z.over_short.minor(), counted - self.expected());
        assert_eq!(z.perpetual_gross.minor(), self.total.gross);
        self.is_session(&z.session);
        self.closed = self.closed.plus(self.session);
        self.session = Sums::default();
    }

    fn is_session(&self, session: &DrawerSession) {
        assert_eq!(session.session, self.sessions);
        assert_eq!(session.gross().unwrap().minor(), self.session.gross);
        assert_eq!((session.net.minor(), session.tax.minor()), (self.session.net, self.session.tax));
        assert_eq!(session.rounding.minor(), self.session.payable - self.session.gross);
        assert_eq!(session.sales + session.refunds, self.session.documents);
        assert_eq!(session.taxes.iter().map(|tax| tax.amount.minor()).sum::<i64>(), self.session.tax);
        assert_eq!(session.tenders.iter().map(|(_, sum)| sum.minor()).sum::<i64>(), self.session.payable);
        assert_eq!(session.expected().unwrap().minor(), self.expected());
        let issued: u64 = session.issued.iter().map(|range| range.last - range.first + 1).sum();
        assert_eq!(issued, self.session.documents);
    }

    /// Compares the till's own figures with the book.
    pub(crate) fn agrees(&self, till: &Till) {
        let state = till.state();
        let total = state.total;
        assert_eq!((total.gross.minor(), total.tax.minor()), (self.total.gross, self.total.tax));
        assert_eq!((total.count, total.cash.minor()), (self.total.documents, self.total.cash + self.moved_in_all));
        assert_eq!(state.perpetual_gross.minor(), self.total.gross);
        let numbers: BTreeMap<_, _> = state.last_numbers().into_iter().collect();
        let own = self.numbers.iter().map(|(series, found)| (series.clone(), found.len() as u64));
        assert_eq!(numbers, own.collect());
        match till.session() {
            Some(session) => self.is_session(session),
            None => assert_eq!(self.session, Sums::default()),
        }
        assert_eq!(self.closed.plus(self.session), self.total, "Z reports and the open session are the totals");
        for (code, moved) in &self.stock {
            assert_eq!(till.stock(code).unwrap().decimal(), moved.normalize());
        }
    }

    /// Whether every sale was taken back to the last unit, and then to the last minor unit.
    pub(crate) fn is_all_taken_back(&self) {
        for sold in &self.sold {
            assert!(sold.left.iter().all(Decimal::is_zero));
            let totals = &sold.document.totals;
            let paid = (totals.net.minor(), totals.tax.minor(), totals.gross.minor(), totals.payable.minor());
            let back = &sold.back_sums;
            assert_eq!(paid, (back.net, back.tax, back.gross, back.payable), "{}", sold.document.printed);
            let of_line = |line: &LineV1| Back {
                net: line.net.minor(),
                discount: line.discount.minor(),
                taxes: line.taxes.iter().map(|(_, amount)| amount.minor()).collect(),
            };
            let paid: Vec<Back> = sold.document.lines.iter().map(of_line).collect();
            assert_eq!(paid, sold.back, "{}", sold.document.printed);
        }
        assert_eq!((self.total.net, self.total.tax, self.total.gross, self.total.payable), (0, 0, 0, 0));
    }
}

impl Sold {
    fn new(document: DocumentV1) -> Self {
        let left = document.lines.iter().map(|line| line.quantity.decimal()).collect();
        let none = |line: &LineV1| Back { taxes: vec![0; line.taxes.len()], ..Back::default() };
        let back = document.lines.iter().map(none).collect();
        Self { document, left, back, back_sums: Sums::default(), back_by_kind: Some(BTreeMap::new()) }
    }

    fn take_back(&mut self, credit_note: &DocumentV1) {
        let totals = &credit_note.totals;
        assert!(!totals.gross.is_positive(), "a refund never asks for money: {totals:?}");
        assert!(!totals.payable.is_positive(), "a refund never asks for money: {totals:?}");
        assert!(credit_note.change.is_zero());
        self.back_sums.net -= totals.net.minor();
        self.back_sums.tax -= totals.tax.minor();
        self.back_sums.gross -= totals.gross.minor();
        self.back_sums.payable -= totals.payable.minor();
        self.back_sums.documents += 1;
        self.goes_back_as_it_was_paid(credit_note);
        let paid = &self.document.totals;
        assert!(self.back_sums.gross <= paid.gross.minor() && self.back_sums.payable <= paid.payable.minor());
        for line in &credit_note.lines {
            let index = usize::from(line.preceding_line) - 1;
            let (sold, back) = (&self.document.lines[index], &mut self.back[index]);
            self.left[index] += line.quantity.decimal();
            assert!(!self.left[index].is_sign_negative(), "more taken back than was sold");
            assert_eq!((&line.code, line.unit_price), (&sold.code, sold.unit_price));
            back.net -= line.net.minor();
            back.discount -= line.discount.minor();
            assert!(back.discount <= sold.discount.minor());
            for ((sum, (index, amount)), (sold_index, most)) in back.taxes.iter_mut().zip(&line.taxes).zip(&sold.taxes)
            {
                *sum -= amount.minor();
                assert!((0..=most.minor()).contains(sum), "tax {sum} of {most:?}");
                let (tax, sold_tax) = (&credit_note.taxes[usize::from(*index)], &self.document.taxes);
                assert_eq!(tax.tax, sold_tax[usize::from(*sold_index)].tax);
            }
            let gross = back.net - back.discount + back.taxes.iter().sum::<i64>();
            assert!((0..=sold.gross().unwrap().minor()).contains(&gross), "line gross {gross} of {sold:?}");
        }
    }
}

impl Sold {
    /// Nothing said, no kind of tender gets back more than it paid.
    fn goes_back_as_it_was_paid(&mut self, credit_note: &DocumentV1) {
        let Some(mut back) = self.back_by_kind.take().filter(|_| !credit_note.has_named_tenders) else { return };
        for tender in &credit_note.tenders {
            *back.entry(tender.kind).or_default() -= tender.amount.minor();
        }
        for (kind, back) in &back {
            let of_kind = self.document.tenders.iter().filter(|tender| tender.kind == *kind);
            let is_cash = *kind == TenderKind::Cash;
            let paid = if is_cash { cash(&self.document) } else { of_kind.map(|tender| tender.amount.minor()).sum() };
            assert!((0..=paid).contains(back), "{back} of {paid} by {kind} of {}", self.document.printed);
        }
        self.back_by_kind = Some(back);
    }
}

/// Every sum of a document, added up again.
fn adds_up(document: &DocumentV1) {
    let totals = &document.totals;
    let minor = |money: Money| money.minor();
    let lines = &document.lines;
    let net: i64 = lines.iter().map(|line| minor(line.net) - minor(line.discount)).sum();
    assert_eq!(net, minor(totals.net), "{document:#?}");
    for (index, tax) in document.taxes.iter().enumerate() {
        let shares = lines.iter().flat_map(|line| &line.taxes).filter(|(place, _)| usize::from(*place) == index);
        assert_eq!(shares.map(|(_, share)| minor(*share)).sum::<i64>(), minor(tax.amount), "{document:#?}");
    }
    assert_eq!(document.taxes.iter().map(|tax| minor(tax.amount)).sum::<i64>(), minor(totals.tax));
    assert_eq!(minor(totals.net) + minor(totals.tax), minor(totals.gross));
    assert_eq!(minor(totals.gross) + minor(totals.rounding), minor(totals.payable));
    let tendered: i64 = document.tenders.iter().map(|tender| minor(tender.amount)).sum();
    assert_eq!(tendered - minor(document.change), minor(totals.payable));
    assert!(!document.change.is_negative());
    assert!(document.is_balanced());
}
