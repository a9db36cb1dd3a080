//! The feed: master data from head office down to tills, by gap-free revisions.
//!
//! A till applies a whole signed page in one transaction together with its cursor. Rows are final states, so applying a
//! page twice changes nothing. When head office has a new epoch, the till fetches everything from revision 0 into shadow
//! tables and switches over in one step. The last page carries the state hash: the sum, lane by lane, of the SHA-256 of
//! every row that the till must now hold, so a till that converged can prove it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalog::{MasterKey, MasterRow};
use crate::id::{OperatorCode, StoreCode};
use crate::journal::acknowledgement::Epoch;
use crate::journal::codec;
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, PublicKey, SigningKey};
use crate::journal::signed::{Statement, Unverified, sign_statement};
use crate::operator::PinHash;

/// The most rows in one page.
pub const ROWS_PER_PAGE_MAX: usize = 500;

/// Where a till stands in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedCursor {
    /// The epoch of head office.
    pub epoch: Epoch,
    /// The last revision applied.
    pub revision: u64,
    /// The sum of the hashes of all rows held.
    pub state: StateHash,
}

/// One change of master data. Frozen order: it is sent and signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedRow {
    /// The row is now this.
    Set(MasterRow),
    /// The row is no more.
    Remove(MasterKey),
}

/// A page of the feed for one store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPageV1 {
    /// For which store.
    pub store: StoreCode,
    /// The epoch of head office.
    pub epoch: Epoch,
    /// The revision that the till had.
    pub from_revision: u64,
    /// The revision that the till has after this page.
    pub to_revision: u64,
    /// The changes, at most 500.
    pub rows: Vec<FeedRow>,
    /// PIN hashes of operators in this page.
    pub pins: Vec<(OperatorCode, PinHash)>,
    /// On the last page: the state hash after it. `None`: more pages follow.
    pub state: Option<StateHash>,
    /// Signed grants of further series for this till's journal.
    pub grants: Vec<Vec<u8>>,
}

impl FeedPageV1 {
    /// Signs the page with head office's key.
    ///
    /// # Errors
    /// The payload is larger than a signed document may be.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, Fault> {
        sign_statement(self, key)
    }

    /// Reads a page and verifies that head office signed it.
    ///
    /// # Errors
    /// Bytes that are not a page, or a signature of another key.
    pub fn verify(bytes: &[u8], head_office: &PublicKey) -> Result<Self, Fault> {
        Ok(Unverified::<Self>::read(bytes)?.verify(head_office)?.statement().clone())
    }
}

impl Statement for FeedPageV1 {
    const DOMAIN: Domain = Domain::Feed;

    fn check(&self) -> Result<(), Fault> {
        if self.rows.len() <= ROWS_PER_PAGE_MAX && self.to_revision >= self.from_revision {
            return Ok(());
        }
        let count = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        Err(Fault::TooLarge { what: "rows of a feed page", limit: 500, came: count })
    }
}

/// The sum of the SHA-256 hashes of a set of rows, in four lanes of 64 bits: adding and removing rows in any order gives
/// the same sum (a multiset hash after Clarke et al. 2003, against decay, not against forgery, which the signature stops).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHash([u64; 4]);

impl StateHash {
    /// The state with one more row.
    #[must_use]
    pub fn with(self, row: &MasterRow) -> Self {
        self.combine(row, u64::wrapping_add)
    }

    /// The state with one row less.
    #[must_use]
    pub fn without(self, row: &MasterRow) -> Self {
        self.combine(row, u64::wrapping_sub)
    }

    /// The state of two sets of rows together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let mut sum = self.0;
        sum.iter_mut().zip(other.0).for_each(|(total, lane)| *total = total.wrapping_add(lane));
        Self(sum)
    }

    fn combine(self, row: &MasterRow, lane: fn(u64, u64) -> u64) -> Self {
        let hash = <[u8; 32]>::from(Sha256::digest(codec::encode(row)));
        let (lanes, _) = hash.as_chunks::<8>();
        let mut sum = self.0;
        sum.iter_mut().zip(lanes).for_each(|(total, bytes)| *total = lane(*total, u64::from_be_bytes(*bytes)));
        Self(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::StorePrice;

    fn price(product: &str, price: &str) -> MasterRow {
        MasterRow::Price(StorePrice { product: product.parse().unwrap(), price: price.parse().unwrap() })
    }

    #[test]
    fn a_state_hash_tells_which_rows_there_are_and_not_in_which_order_they_came() {
        let (milk, tea) = (price("milk", "1.25"), price("tea", "3"));
        let none = StateHash::default();
        let both = none.with(&milk).with(&tea);
        assert_eq!(both, none.with(&tea).with(&milk));
        assert_eq!(both, none.with(&milk).plus(none.with(&tea)));
        assert_eq!(both.without(&milk), none.with(&tea));
        assert_eq!(both.without(&tea).without(&milk), none);
        assert_ne!(none.with(&milk), none.with(&price("milk", "1.26")));
        assert_ne!(none.with(&milk), none.with(&milk).with(&milk), "a row that came twice is seen");
    }
}
