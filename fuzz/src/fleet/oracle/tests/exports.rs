//! What head office exports of that day, summed by hand: every document is one milk.

use super::story::{DAY, EPOCH, Life, TAX, documents, rows, zeds};
use crate::fleet::history::{
    Day, Document, Entry, Fact, Hash, Kept, MasterTold, OfficeAudit, OfficeJournal, OfficeTold, Proof, SeriesTold,
    Sums, What,
};

fn moved(entries: &[Entry]) -> i64 {
    entries.iter().map(|entry| if let Fact::CashMoved { amount, .. } = &entry.fact { *amount } else { 0 }).sum()
}

pub(super) fn sums(entries: &[Entry]) -> Vec<Sums> {
    let all = documents(entries);
    let cash: i64 = all.iter().filter(|one| one.tenders[0].0 == "cash").map(|one| one.payable).sum();
    vec![Sums {
        currency: "EUR".to_owned(),
        documents: all.len() as u64,
        gross: all.iter().map(|one| one.gross).sum(),
        tax: all.iter().map(|one| one.tax).sum(),
        cash: cash + moved(entries),
    }]
}

fn day(entries: &[Entry]) -> Day {
    let all = documents(entries);
    let sum = |figure: fn(&Document) -> i64| i128::from(all.iter().map(|one| figure(one)).sum::<i64>());
    let paid = |kind: &str| all.iter().filter(|one| one.tenders[0].0 == kind).map(|one| i128::from(one.payable)).sum();
    let (net, tax, gross, quantity) =
        (sum(|one| one.net), sum(|one| one.tax), sum(|one| one.gross), sum(|one| one.lines[0].quantity));
    let cash: i128 = paid("cash");
    Day {
        store: "S01".to_owned(),
        day: DAY.to_owned(),
        currency: "EUR".to_owned(),
        documents: all.len() as u64,
        net,
        tax,
        gross,
        rounding: 0,
        cash: cash + i128::from(moved(entries)),
        tenders: vec![("cash".to_owned(), cash), ("card".to_owned(), paid("card"))],
        taxes: vec![(TAX.to_owned(), net, tax)],
        products: vec![("MILK".to_owned(), quantity, gross)],
    }
}

/// A journal at head office: its standing, and how many of its entries are applied; the rest of both branches is kept.
pub(super) struct AtOffice<'a> {
    pub(super) life: &'a Life,
    pub(super) standing: &'a str,
    pub(super) applied: usize,
    pub(super) because: &'a str,
    pub(super) other: Option<&'a Life>,
    pub(super) evidence: &'a [&'a str],
}

impl<'a> AtOffice<'a> {
    pub(super) fn open(life: &'a Life) -> Self {
        Self { life, standing: "open", applied: life.entries.len(), because: "", other: None, evidence: &[] }
    }

    fn kept(&self) -> Vec<Kept> {
        let held: Vec<Hash> = self.life.entries[..self.applied].iter().map(|entry| entry.hash).collect();
        let all = self.life.entries.iter().chain(self.other.into_iter().flat_map(|other| &other.entries));
        let kept = all.filter(|entry| !held.contains(&entry.hash));
        kept.map(|entry| Kept { because: self.because.to_owned(), entry: entry.clone() }).collect()
    }

    fn told(&self) -> OfficeJournal {
        let last = &self.life.entries[self.applied - 1];
        let proof = |of: &&str| Proof { of: (*of).to_owned(), seq: 1, has_ours: true, has_theirs: true };
        OfficeJournal {
            journal: self.life.journal,
            store: "S01".to_owned(),
            till: self.life.till.clone(),
            standing: self.standing.to_owned(),
            seq: last.seq,
            hash: last.hash,
            entries: self.life.entries[..self.applied].to_vec(),
            kept: self.kept(),
            evidence: self.evidence.iter().map(proof).collect(),
            findings: Vec::new(),
        }
    }

    fn series(&self) -> Vec<SeriesTold> {
        let applied = &self.life.entries[..self.applied];
        let all: Vec<Entry> = applied.iter().cloned().chain(self.kept().into_iter().map(|kept| kept.entry)).collect();
        let count = |entries: &[Entry], series: &str, number: u64| {
            documents(entries).iter().filter(|one| one.series == series && one.number == number).count()
        };
        let told = self.life.series().into_iter().map(|series| {
            let issued = documents(applied).iter().filter(|one| one.series == series).count()
                + zeds(applied).iter().filter(|one| one.series == series).count();
            let duplicates = (1..=20).filter(|number| count(&all, &series, *number) > 1).collect();
            let last = issued as u64;
            SeriesTold { series, first: 1, last, issued: last, missing: Vec::new(), duplicates }
        });
        told.collect()
    }
}

pub(super) fn office(journals: &[AtOffice<'_>]) -> What {
    let applied: Vec<Entry> = journals.iter().flat_map(|one| one.life.entries[..one.applied].iter().cloned()).collect();
    let audit = OfficeAudit {
        is_ok: false,
        differences: Vec::new(),
        findings: Vec::new(),
        unreceived: Vec::new(),
        series: journals.iter().flat_map(AtOffice::series).collect(),
        totals: sums(&applied),
    };
    What::Office(Box::new(OfficeTold {
        epoch: EPOCH,
        journals: journals.iter().map(AtOffice::told).collect(),
        days: vec![day(&applied)],
        audit: Some(audit),
        master: vec![MasterTold { store: "S01".to_owned(), revision: 3, rows: rows() }],
    }))
}
