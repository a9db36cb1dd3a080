//! A head office for one till: it grants, feeds, acknowledges and stops.

use std::collections::BTreeMap;

use counterfoil_core::catalog::{MasterKey, MasterRow, StorePrice};
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::grant::{GrantV1, Profile, StopV1};
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::till::Mark;
use counterfoil_core::time::Timestamp;

use crate::shop;

pub(crate) fn profile() -> Profile {
    shop::profile("SK", "EUR", true)
}

/// The key of a life of the till.
pub(crate) fn key(life: u8) -> SigningKey {
    SigningKey::from_seed([life; 32])
}

/// The keys of every life that a test can reach.
pub(crate) fn keys() -> Vec<SigningKey> {
    (1..=4).map(key).collect()
}

fn office_key() -> SigningKey {
    SigningKey::from_seed([99; 32])
}

fn epoch(counter: u64) -> Epoch {
    Epoch { counter, random: [4; 8] }
}

/// The grant of the journal of a life, with series of its own from `year` on.
pub(crate) fn grant(life: u8, year: i64) -> Vec<u8> {
    let profile = profile();
    let suffix = char::from(b'G' + life).to_string();
    let kinds = [year, year + 1].into_iter().flat_map(|year| DocumentKind::ALL.map(|kind| (kind, year)));
    let series =
        kinds.map(|(kind, year)| Series::standard(&profile.store, &profile.till, kind, year, &suffix).unwrap());
    let series = series.collect();
    let (office, epoch) = (office_key(), epoch(1));
    let (journal, key) = (JournalId([life; 16]), key(life).public_key());
    let grant = GrantV1 {
        journal,
        key,
        certificate: Vec::new(),
        series,
        profile,
        head_office: office.public_key(),
        epoch,
        granted: Timestamp(0),
    };
    grant.sign(&office).unwrap()
}

/// Head office's word that it holds a journal up to its head.
pub(crate) fn acknowledgement(head: Mark) -> Vec<u8> {
    let Mark { journal, seq, hash, .. } = head;
    let (epoch, nonce) = (epoch(1), Nonce([5; 16]));
    Acknowledgement { journal, seq, hash, epoch, time: Timestamp(0), nonce }.sign(&office_key()).unwrap()
}

pub(crate) fn stop(journal: JournalId) -> Vec<u8> {
    let verdict = "fork".parse().unwrap();
    StopV1 { journal, verdict, stopped: Timestamp(0) }.sign(&office_key()).unwrap()
}

/// The rows that head office has told, so that each last page carries their state hash.
#[derive(Default)]
pub(crate) struct Feed {
    rows: BTreeMap<MasterKey, MasterRow>,
    revision: u64,
    epoch: u64,
}

impl Feed {
    pub(crate) fn of_epoch(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// The next page: it sets these rows, and is the last of its run or not.
    pub(crate) fn page(&mut self, rows: Vec<MasterRow>, end: End) -> Vec<u8> {
        for row in &rows {
            self.rows.insert(row.key(), row.clone());
        }
        let sum = self.rows.values().fold(StateHash::default(), StateHash::with);
        let state = match end {
            End::More => None,
            End::Last => Some(sum),
            End::Wrong => Some(StateHash::default()),
        };
        let from_revision = self.revision;
        self.revision += 1;
        let page = FeedPageV1 {
            store: profile().store,
            epoch: epoch(self.epoch),
            from_revision,
            to_revision: self.revision,
            state,
            rows: rows.into_iter().map(FeedRow::Set).collect(),
            pins: Vec::new(),
            grants: Vec::new(),
        };
        page.sign(&office_key()).unwrap()
    }
}

/// How a page of the feed ends.
pub(crate) enum End {
    /// Further pages follow.
    More,
    /// With the state hash of all rows.
    Last,
    /// With another state hash, so that the till must fetch everything anew.
    Wrong,
}

pub(crate) fn price(code: &str, price: &str) -> MasterRow {
    MasterRow::Price(StorePrice { product: code.parse().unwrap(), price: price.parse().unwrap() })
}
