//! The projection: what reports read, kept up to date in the transaction that applies an entry.
//!
//! A document adds to the roll-ups of its store and local date of issue: the day, its hour, its operator, each product,
//! tender and tax. Credit notes have negative amounts, so every figure is net of them. Always: the roll-ups of all days
//! of a store add up to the running totals of its journals, and replaying all entries gives the same rows again.
//! Example: a sale of 12.10 in cash with 21 % tax adds 10.00 net and 2.10 tax to its day, and 12.10 cash.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use counterfoil_core::addendum::Correction;
use counterfoil_core::currency::Currency;
use counterfoil_core::document::DocumentV1;
use counterfoil_core::drawer::DrawerClosedV1;
use counterfoil_core::event::Event;
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{JournalId, OperatorCode, ProductCode, StoreCode};
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::money::Money;
use counterfoil_core::planted::{Bug, is_alive};
use counterfoil_core::quantity::Quantity;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::time::{Date, Now};

use crate::store::key::Key;
use crate::store::record::{Dimension, DocumentRecord, RollUp, RollUpKey};
use crate::store::rows::roll_up_key;
use crate::store::{Rows, RowsMut, StoreError};

/// What entries add to the roll-ups, gathered before it is written, so that a thousand sales of a day write its row once.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    stores: HashMap<StoreCode, HashMap<(Date, Currency), Sums>>,
}

/// The sums of one store and day. Products and operators are looked up by the code in the document, without a copy.
#[derive(Clone, Debug, Default)]
struct Sums {
    products: HashMap<ProductCode, RollUp>,
    operators: HashMap<OperatorCode, RollUp>,
    others: BTreeMap<Dimension, RollUp>,
}

impl Projection {
    /// Takes up what an entry of a till adds.
    pub fn add(&mut self, profile: &Profile, entry: &Entry, event: &Event) {
        match event {
            Event::SaleCompleted(document) | Event::CreditNoteIssued(document) => {
                let issued = document.issued_at(entry.now());
                self.sums(profile, issued.date()).add_document(document, issued);
            }
            Event::CashMoved(moved) => {
                let amount = moved.kind.signed(moved.amount).unwrap_or(Money::ZERO);
                let roll_up = RollUp { cash: amount.minor().into(), ..RollUp::ZERO };
                self.sums(profile, entry.now().date()).plus(Dimension::Day, &roll_up);
            }
            Event::ZAmended(addendum) => self.sums(profile, entry.now().date()).add_correction(addendum.correction),
            Event::JournalOpened(_)
            | Event::JournalClosed(_)
            | Event::SeriesGranted(_)
            | Event::MasterDataChanged(_)
            | Event::OperatorSet(_)
            | Event::OperatorLocked(_)
            | Event::DrawerOpened(_)
            | Event::DrawerClosed(_)
            | Event::ActivityRecorded(_) => {}
        }
    }

    /// Takes up all that another one has gathered.
    pub fn absorb(&mut self, other: &Self) {
        for (store, days) in &other.stores {
            if !self.stores.contains_key(store) {
                self.stores.insert(store.clone(), days.clone());
                continue;
            }
            let own = self.stores.entry(store.clone()).or_default();
            for (day, sums) in days {
                own.entry(*day).or_default().absorb(sums);
            }
        }
    }

    /// All that was gathered, in the order of the rows' keys.
    pub fn into_roll_ups(self) -> impl Iterator<Item = (RollUpKey, RollUp)> {
        self.into_rows().into_iter().map(|(_, key, roll_up)| (key, roll_up))
    }

    /// Adds all that was gathered to the rows.
    ///
    /// # Errors
    /// The store failed, or a roll-up is damaged.
    pub fn write(self, rows: &mut dyn RowsMut) -> Result<(), StoreError> {
        for (at, key, added) in self.into_rows() {
            let before = rows.as_rows().roll_up(&at)?;
            rows.put_roll_up_at(&at, &key, &before.plus(&added))?;
        }
        Ok(())
    }

    fn into_rows(self) -> Vec<(Key, RollUpKey, RollUp)> {
        let mut rows = Vec::new();
        for (store, days) in self.stores {
            for ((day, currency), sums) in days {
                let products = sums.products.into_iter().map(|(code, sum)| (Dimension::Product(code), sum));
                let operators = sums.operators.into_iter().map(|(code, sum)| (Dimension::Operator(code), sum));
                for (dimension, sum) in sums.others.into_iter().chain(operators).chain(products) {
                    let key = RollUpKey { store: store.clone(), day, currency, dimension };
                    rows.push((roll_up_key(&key), key, sum));
                }
            }
        }
        rows.sort_unstable_by(|(one, ..), (other, ..)| one.as_bytes().cmp(other.as_bytes()));
        rows
    }

    fn sums(&mut self, profile: &Profile, day: Date) -> &mut Sums {
        if !self.stores.contains_key(&profile.store) {
            self.stores.insert(profile.store.clone(), HashMap::new());
        }
        let days = self.stores.get_mut(&profile.store).expect("the store was put there just now");
        days.entry((day, profile.currency)).or_default()
    }
}

impl Sums {
    fn add_document(&mut self, document: &DocumentV1, issued: Now) {
        let totals = document.totals;
        let whole = RollUp {
            count: 1,
            quantity: Quantity::ZERO,
            net: totals.net.minor().into(),
            tax: totals.tax.minor().into(),
            gross: totals.gross.minor().into(),
            rounding: totals.rounding.minor().into(),
            cash: 0,
        };
        self.plus(Dimension::Day, &RollUp { cash: cash(document), ..whole });
        self.plus(Dimension::Hour(issued.hour()), &whole);
        plus(&mut self.operators, &document.operator, &whole);
        for line in &document.lines {
            let net = i128::from(line.net.minor()) - i128::from(line.discount.minor());
            let tax: i128 = line.taxes.iter().map(|(_, amount)| i128::from(amount.minor())).sum();
            let twice = line.quantity.checked_add(line.quantity).filter(|_| is_alive(Bug::StockCountedTwice));
            let quantity = twice.unwrap_or(line.quantity);
            let roll_up = RollUp { count: 1, quantity, net, tax, gross: net + tax, ..RollUp::ZERO };
            plus(&mut self.products, &line.code, &roll_up);
        }
        for tax in &document.taxes {
            let (net, amount) = (i128::from(tax.taxable.minor()), i128::from(tax.amount.minor()));
            let roll_up = RollUp { count: 1, net, tax: amount, gross: net + amount, ..RollUp::ZERO };
            self.plus(Dimension::Tax(tax.tax), &roll_up);
        }
        let is_counted = |tender: &&Tender| tender.kind != TenderKind::Card || !is_alive(Bug::DayForgetsCards);
        for tender in document.tenders.iter().filter(is_counted) {
            let roll_up = RollUp { count: 1, gross: tender.amount.minor().into(), ..RollUp::ZERO };
            self.plus(Dimension::Tender(tender.kind), &roll_up);
        }
        let handed_out = handed_out(document);
        if handed_out != 0 {
            self.plus(Dimension::Tender(TenderKind::Cash), &RollUp { gross: -handed_out, ..RollUp::ZERO });
        }
    }

    /// A tender that an addendum corrects moves from one kind to the other, on the day of the addendum.
    fn add_correction(&mut self, correction: Correction) {
        let cash = correction.cash().unwrap_or(Money::ZERO);
        if !cash.is_zero() {
            self.plus(Dimension::Day, &RollUp { cash: cash.minor().into(), ..RollUp::ZERO });
        }
        if let Correction::Tender { from, to, amount } = correction {
            let amount = i128::from(amount.minor());
            self.plus(Dimension::Tender(from), &RollUp { gross: -amount, ..RollUp::ZERO });
            self.plus(Dimension::Tender(to), &RollUp { gross: amount, ..RollUp::ZERO });
        }
    }

    fn absorb(&mut self, other: &Self) {
        other.products.iter().for_each(|(code, sum)| plus(&mut self.products, code, sum));
        other.operators.iter().for_each(|(code, sum)| plus(&mut self.operators, code, sum));
        other.others.iter().for_each(|(dimension, sum)| self.plus(dimension.clone(), sum));
    }

    fn plus(&mut self, dimension: Dimension, roll_up: &RollUp) {
        let sum = self.others.entry(dimension).or_insert(RollUp::ZERO);
        *sum = sum.plus(roll_up);
    }
}

fn plus<K: Clone + Eq + Hash>(sums: &mut HashMap<K, RollUp>, key: &K, roll_up: &RollUp) {
    match sums.get_mut(key) {
        Some(sum) => *sum = sum.plus(roll_up),
        None => {
            sums.insert(key.clone(), *roll_up);
        }
    }
}

/// Cash tenders less what was handed out, in 128 bits, so that no signed document can overflow it.
fn cash(document: &DocumentV1) -> i128 {
    let is_cash = document.tenders.iter().filter(|tender| tender.kind == TenderKind::Cash);
    let tendered: i128 = is_cash.map(|tender| i128::from(tender.amount.minor())).sum();
    tendered - handed_out(document)
}

/// Change, and notes handed out against other tenders.
fn handed_out(document: &DocumentV1) -> i128 {
    let against = document.tenders.iter().map(|tender| i128::from(tender.cash_out.minor())).sum::<i128>();
    against + i128::from(document.change.minor())
}

/// The document that an entry issued, as it is found by series and number.
#[must_use]
pub fn document_of(journal: JournalId, entry: &Entry, event: &Event) -> Option<DocumentRecord> {
    match event {
        Event::SaleCompleted(document) | Event::CreditNoteIssued(document) => Some(DocumentRecord {
            journal,
            seq: entry.seq(),
            series: document.series.clone(),
            number: document.number,
            kind: document.kind,
            issued: document.issued_at(entry.now()),
            gross: document.totals.gross,
        }),
        Event::DrawerClosed(closed) => Some(z_report_of(journal, entry, closed)),
        Event::JournalOpened(_)
        | Event::JournalClosed(_)
        | Event::SeriesGranted(_)
        | Event::MasterDataChanged(_)
        | Event::OperatorSet(_)
        | Event::OperatorLocked(_)
        | Event::DrawerOpened(_)
        | Event::CashMoved(_)
        | Event::ActivityRecorded(_)
        | Event::ZAmended(_) => None,
    }
}

fn z_report_of(journal: JournalId, entry: &Entry, closed: &DrawerClosedV1) -> DocumentRecord {
    let session = &closed.z.session;
    DocumentRecord {
        journal,
        seq: entry.seq(),
        series: closed.z.series.clone(),
        number: closed.z.number,
        kind: DocumentKind::ZReport,
        issued: closed.z.issued_at(entry.now()),
        gross: session.sales_gross.plus(session.refunds_gross).unwrap_or(session.sales_gross),
    }
}

/// How many entries a replay reads at a time.
const ENTRIES_AT_A_TIME: usize = 1_000;

/// The roll-ups as a replay of all applied entries makes them.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn replay(rows: &dyn Rows) -> Result<Projection, StoreError> {
    let mut projection = Projection::default();
    for record in rows.journals()? {
        let mut next = 1;
        loop {
            let entries = rows.entries(record.journal, next, ENTRIES_AT_A_TIME)?;
            let Some(last) = entries.last() else { break };
            next = last.seq().saturating_add(1);
            for entry in &entries {
                if let Ok(Some(event)) = Event::decode(entry) {
                    projection.add(&record.profile, entry, &event);
                }
            }
        }
    }
    Ok(projection)
}
