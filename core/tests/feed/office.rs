//! A head office for tests: it grants, feeds, acknowledges and stops with its own key.

use std::collections::BTreeMap;

use counterfoil_core::catalog::{MasterKey, MasterRow, StorePrice};
use counterfoil_core::command::Command;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::grant::{GrantV1, StopV1};
use counterfoil_core::id::{Hash, JournalId, OperatorCode};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::operator::PinHash;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::till::{Outcome, Till, TillError};
use counterfoil_core::time::Timestamp;

use crate::shop::{basket, now, owner, profile};

pub(crate) const JOURNAL: JournalId = JournalId([2; 16]);

pub(crate) struct Office {
    pub(crate) key: SigningKey,
    pub(crate) epoch: Epoch,
    pub(crate) rows: BTreeMap<MasterKey, MasterRow>,
}

pub(crate) fn epoch(counter: u64) -> Epoch {
    Epoch { counter, random: [7; 8] }
}

pub(crate) fn till_key() -> SigningKey {
    SigningKey::from_seed([2; 32])
}

pub(crate) fn price(code: &str, price: &str) -> MasterRow {
    MasterRow::Price(StorePrice { product: code.parse().unwrap(), price: price.parse().unwrap() })
}

impl Office {
    pub(crate) fn new() -> Self {
        Self { key: SigningKey::from_seed([9; 32]), epoch: epoch(1), rows: BTreeMap::new() }
    }

    /// Series of every kind for a year and the next, whose codes end in `suffix`.
    pub(crate) fn series(year: i64, suffix: &str) -> Vec<Series> {
        let profile = profile("ES", "EUR", true);
        let kinds = [year, year + 1].into_iter().flat_map(|year| DocumentKind::ALL.map(|kind| (kind, year)));
        let series = kinds.map(|(kind, year)| Series::standard(&profile.store, &profile.till, kind, year, suffix));
        series.collect::<Result<_, _>>().unwrap()
    }

    pub(crate) fn grant_of(&self, journal: JournalId, key: &SigningKey, series: Vec<Series>) -> GrantV1 {
        GrantV1 {
            journal,
            key: key.public_key(),
            profile: profile("ES", "EUR", true),
            certificate: Vec::new(),
            series,
            head_office: self.key.public_key(),
            epoch: self.epoch,
            granted: Timestamp(0),
        }
    }

    pub(crate) fn grant(&self, journal: JournalId, key: &SigningKey) -> Vec<u8> {
        self.grant_of(journal, key, Self::series(2026, "H")).sign(&self.key).unwrap()
    }

    /// A till that was made by a grant, with an open drawer.
    pub(crate) fn till(&self) -> Till {
        let grant = self.grant(JOURNAL, &till_key());
        let mut till = Till::create_granted(InMemoryBackend::new(), till_key(), &grant, now(0)).unwrap();
        till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(0)).unwrap();
        till
    }

    pub(crate) fn page(&self, from_revision: u64, to_revision: u64, rows: Vec<FeedRow>) -> FeedPageV1 {
        FeedPageV1 {
            store: "S01".parse().unwrap(),
            epoch: self.epoch,
            from_revision,
            to_revision,
            rows,
            pins: Vec::new(),
            state: None,
            grants: Vec::new(),
        }
    }

    /// Notes rows as those that tills must hold, and tells them as changes.
    pub(crate) fn set(&mut self, rows: Vec<MasterRow>) -> Vec<FeedRow> {
        for row in &rows {
            self.rows.insert(row.key(), row.clone());
        }
        rows.into_iter().map(FeedRow::Set).collect()
    }

    pub(crate) fn remove(&mut self, key: MasterKey) -> FeedRow {
        self.rows.remove(&key).expect("the row is there");
        FeedRow::Remove(key)
    }

    /// What a till holds that has every row.
    pub(crate) fn state(&self) -> Option<StateHash> {
        Some(self.rows.values().fold(StateHash::default(), StateHash::with))
    }

    /// The last page of a run, signed.
    pub(crate) fn last_page(&self, from_revision: u64, to_revision: u64, rows: Vec<FeedRow>) -> Vec<u8> {
        self.sign(FeedPageV1 { state: self.state(), ..self.page(from_revision, to_revision, rows) })
    }

    pub(crate) fn sign(&self, page: FeedPageV1) -> Vec<u8> {
        page.sign(&self.key).unwrap()
    }

    pub(crate) fn page_with_pin(&self, from: u64, to: u64, operator: &OperatorCode, pin: PinHash) -> Vec<u8> {
        let pins = vec![(operator.clone(), pin)];
        self.sign(FeedPageV1 { pins, state: self.state(), ..self.page(from, to, Vec::new()) })
    }

    pub(crate) fn acknowledge(&self, journal: JournalId, seq: u64, hash: Hash) -> Vec<u8> {
        let (epoch, nonce) = (self.epoch, Nonce([5; 16]));
        Acknowledgement { journal, seq, hash, epoch, time: Timestamp(0), nonce }.sign(&self.key).unwrap()
    }

    pub(crate) fn stop(&self, journal: JournalId) -> Vec<u8> {
        StopV1 { journal, verdict: "fork".parse().unwrap(), stopped: Timestamp(0) }.sign(&self.key).unwrap()
    }
}

/// Why it was refused.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, TillError>) -> (&'static str, String) {
    match result {
        Err(TillError::Refused(refusal)) => (refusal.code(), refusal.field().to_owned()),
        other => panic!("expected a refusal, not {other:?}"),
    }
}

/// Sells one piece and tells what it cost.
pub(crate) fn sell(till: &mut Till, id: &str, code: &str) -> i64 {
    let outcome = till.execute(&Command::CompleteSale(basket(id, &[(code, "1")])), &owner(), now(5)).unwrap();
    let Outcome::Issued(issued) = outcome else { panic!("{outcome:?}") };
    issued.document.totals.gross.minor()
}

pub(crate) fn audit_is_ok(till: &mut Till) {
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}
