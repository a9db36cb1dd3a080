//! The till's side of the feed: whole signed pages, each in one transaction together with the cursor.
//!
//! A new epoch of head office is fetched from its first row into a generation of its own, and served only once its state
//! hash agrees; until then the till sells on with what it has. Rows that are neither served nor being fetched any longer
//! are forgotten in short steps of their own, so that no sale waits for more than one of them.

use crate::catalog::MasterRow;
use crate::db::error::DbError;
use crate::db::look_up::{self, FeedState, Tables};
use crate::db::tables::{META, PINS};
use crate::db::{WriteTransaction, master, row};
use crate::event::{Event, GrantedByV1, SeriesGrantedV1};
use crate::feed::{FeedCursor, FeedPageV1, FeedRow, StateHash};
use crate::grant::GrantV1;
use crate::journal_state::JournalState;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::series::Series;
use crate::time::Now;

use super::journals::known_head_office;
use super::open::append;
use super::{Access, Till, TillError};

/// The most rows that one step forgets.
const FORGOTTEN_PER_STEP: usize = 500;

/// What a page did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedProgress {
    /// How many rows it brought.
    pub rows: usize,
    /// The revision that the till now has.
    pub revision: u64,
    /// Whether the till has everything that head office had when it made the page.
    pub is_complete: bool,
}

impl Till {
    /// Where the till stands in the feed: what to ask for next. `None` asks for everything.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn feed_cursor(&self) -> Result<Option<FeedCursor>, TillError> {
        let feed = look_up::feed_state(&self.store.read()?)?;
        Ok(feed.building.map(|(_, cursor)| cursor).or(feed.cursor))
    }

    /// Where the master data that is served stands; `None` before head office has fed any.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn served_feed(&self) -> Result<Option<FeedCursor>, TillError> {
        Ok(served(&self.store.read()?)?.map(|(_, cursor)| cursor))
    }

    /// Applies a page of the feed.
    ///
    /// # Errors
    /// Head office did not sign the page, it is for another store, of an earlier epoch, it does not follow the cursor, it
    /// brings a grant for another journal; or its state hash disagrees (then everything is fetched anew). Rows that the
    /// till has already change nothing.
    pub fn apply_feed_page(&mut self, bytes: &[u8], now: Now) -> Result<FeedProgress, TillError> {
        let result = self.apply_feed_page_or_fail(bytes, now);
        self.latch(result)
    }

    fn apply_feed_page_or_fail(&mut self, bytes: &[u8], now: Now) -> Result<FeedProgress, TillError> {
        let tx = self.store.read()?;
        let page = FeedPageV1::verify(bytes, &known_head_office(&tx)?)?;
        let feed = look_up::feed_state(&tx)?;
        drop(tx);
        if let Some(cursor) = feed.cursor.filter(|_| is_alive(Bug::FeedEnds)) {
            return Ok(FeedProgress { rows: 0, revision: cursor.revision, is_complete: true });
        }
        let profile = &self.state.profile;
        if page.store != profile.store {
            let limit = format!("{}, this till's store", profile.store);
            return Err(Refusal::new(Reason::Declined, "store", &page.store, limit).into());
        }
        let (generation, cursor) = match place(&feed, &page)? {
            Place::Next(generation, cursor) => (generation, cursor),
            Place::Known(cursor) => {
                self.take_grants(&page.grants, now)?;
                let is_complete = feed.building.is_none();
                return Ok(FeedProgress { rows: 0, revision: cursor.revision, is_complete });
            }
        };
        let tx = self.store.write()?;
        let state = match page.state {
            Some(expected) if is_alive(Bug::CursorWithoutRows) && page.from_revision > 0 => expected,
            _ => apply_rows(&tx, generation, &page, cursor.state)?,
        };
        if let Some(expected) = page.state
            && expected != state
        {
            drop(tx);
            return self.start_anew(feed);
        }
        self.set_pins(&tx, &page)?;
        // A journal that may not grow takes no series; head office sends them again with every last page.
        let grants = if self.access == Access::Full { page.grants.as_slice() } else { &[] };
        let journal = self.accept_series(&tx, grants, now)?;
        let cursor = FeedCursor { epoch: page.epoch, revision: page.to_revision, state };
        let after = advanced(feed, generation, cursor, page.state.is_some());
        put_feed(&tx, &after)?;
        self.commit_after(tx, journal)?;
        let is_complete = page.state.is_some();
        Ok(FeedProgress { rows: page.rows.len(), revision: page.to_revision, is_complete })
    }

    /// Takes the grants of a page whose rows are known; a file may bring them with nothing else that is new.
    fn take_grants(&mut self, grants: &[Vec<u8>], now: Now) -> Result<(), TillError> {
        if self.access != Access::Full || grants.is_empty() {
            return Ok(());
        }
        let tx = self.store.write()?;
        match self.accept_series(&tx, grants, now)? {
            Some(state) => Ok(self.commit_after(tx, Some(state))?),
            None => Ok(()),
        }
    }

    /// Forgets the generation that does not agree with head office, so that the next page asked for is the first.
    fn start_anew(&mut self, feed: FeedState) -> Result<FeedProgress, TillError> {
        self.forget_cursor(feed)?;
        let limit = "the rows do not add up to head office's; they are fetched anew";
        Err(Refusal::new(Reason::Declined, "state", "another state hash", limit).into())
    }

    fn forget_cursor(&mut self, feed: FeedState) -> Result<(), TillError> {
        let tx = self.store.write()?;
        put_feed(&tx, &FeedState { cursor: None, building: None, ..feed })?;
        self.commit_change(tx)?;
        Ok(())
    }

    fn set_pins(&self, tx: &WriteTransaction, page: &FeedPageV1) -> Result<(), TillError> {
        if page.pins.is_empty() {
            return Ok(());
        }
        let missing =
            || Refusal::new(Reason::Missing, "pepper", "", "the device's secret, without which no PIN is kept");
        let pepper = self.pepper.as_ref().ok_or_else(missing)?;
        let mut pins = tx.open_table(PINS).map_err(DbError::from)?;
        for (operator, hash) in &page.pins {
            row::put(&mut pins, PINS, &operator.as_str(), &hash.seal(pepper))?;
        }
        Ok(())
    }

    /// Forgets where the till stands in the feed, so that the next page asked for is the first. What is served goes on
    /// being served until the new rows are whole. For head office that has less than the till in its own epoch: it has
    /// lost changes, and only all of its rows show what it has now.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn fetch_feed_anew(&mut self) -> Result<(), TillError> {
        let result = self.fetch_feed_anew_or_fail();
        self.latch(result)
    }

    fn fetch_feed_anew_or_fail(&mut self) -> Result<(), TillError> {
        let feed = look_up::feed_state(&self.store.read()?)?;
        self.forget_cursor(feed)
    }

    /// Forgets at most 500 rows of the feed that are neither served nor being fetched; `true` while there may be more.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn forget_stale_rows(&mut self) -> Result<bool, TillError> {
        let result = self.forget_stale_rows_or_fail();
        self.latch(result)
    }

    fn forget_stale_rows_or_fail(&self) -> Result<bool, TillError> {
        let tx = self.store.read()?;
        let feed = look_up::feed_state(&tx)?;
        let kept = [Some(0), Some(feed.active), feed.building.map(|(generation, _)| generation)];
        let Some(stale) = master::generation_beside(&tx, &kept)? else { return Ok(false) };
        drop(tx);
        let tx = self.store.write()?;
        master::clear(&tx, stale, FORGOTTEN_PER_STEP)?;
        tx.commit().map_err(DbError::from)?;
        Ok(true)
    }

    /// Takes further series granted to the current journal, such as those of the next year. Gives the journal's state
    /// where that made an entry; then the tail is in the tables.
    fn accept_series(
        &self,
        tx: &WriteTransaction,
        grants: &[Vec<u8>],
        now: Now,
    ) -> Result<Option<JournalState>, TillError> {
        let mut after: Option<JournalState> = None;
        for bytes in grants {
            let grant = GrantV1::verify(bytes)?;
            if grant.head_office != known_head_office(tx)? || grant.journal != self.state.journal {
                let limit = "granted to this journal by this till's head office";
                return Err(Refusal::new(Reason::Declined, "grant", grant.journal, limit).into());
            }
            let state = after.as_ref().unwrap_or(&self.state);
            let is_new = |series: &Series| !state.series.iter().any(|own| own.head.series().code == series.code);
            let series: Vec<Series> = grant.series.into_iter().filter(is_new).collect();
            if series.is_empty() || !state.is_open {
                continue;
            }
            let granted = SeriesGrantedV1 { series, granted_by: GrantedByV1::HeadOffice(bytes.clone()) };
            let event = Event::SeriesGranted(Box::new(granted));
            if after.is_none() {
                self.tail.fold_into(tx)?;
            }
            after = Some(append(&mut &*tx, self.life, state, &event, now)?.0);
        }
        Ok(after)
    }

    /// Takes a grant of further series that came as a file.
    ///
    /// # Errors
    /// As for the grants of a feed page.
    pub fn apply_series_grant(&mut self, bytes: &[u8], now: Now) -> Result<(), TillError> {
        let result = self.apply_series_grant_or_fail(bytes, now);
        self.latch(result)
    }

    fn apply_series_grant_or_fail(&mut self, bytes: &[u8], now: Now) -> Result<(), TillError> {
        self.require_access()?;
        self.take_grants(&[bytes.to_vec()], now)
    }
}

/// What a page is to this till.
enum Place {
    /// The next one of a generation, which stands here.
    Next(u8, FeedCursor),
    /// A repeat of what the till has.
    Known(FeedCursor),
}

/// Which generation a page belongs to, and where that stands. Old pages never bring old rows back.
fn place(feed: &FeedState, page: &FeedPageV1) -> Result<Place, Refusal> {
    let follows = |cursor: &FeedCursor| cursor.epoch == page.epoch && cursor.revision == page.from_revision;
    let newest = feed.building.map(|(_, cursor)| cursor).or(feed.cursor);
    match (feed.building, feed.cursor) {
        (Some((generation, cursor)), _) if follows(&cursor) => return Ok(Place::Next(generation, cursor)),
        (None, Some(cursor)) if follows(&cursor) => return Ok(Place::Next(feed.active, cursor)),
        (Some(_) | None, _) => {}
    }
    if let Some(newest) = newest {
        if page.epoch.counter < newest.epoch.counter {
            return Err(Refusal::new(Reason::Declined, "epoch", page.epoch, format!("{} or later", newest.epoch)));
        }
        if page.epoch == newest.epoch && page.to_revision <= newest.revision {
            return Ok(Place::Known(newest));
        }
    }
    if page.from_revision == 0 {
        let newest = feed.building.map_or(feed.active, |(generation, _)| generation);
        let generation = if newest == u8::MAX { 1 } else { newest.saturating_add(1) };
        return Ok(Place::Next(generation, FeedCursor { epoch: page.epoch, revision: 0, state: StateHash::default() }));
    }
    let limit = format!("{}, where this till stands", newest.map_or(0, |cursor| cursor.revision));
    Err(Refusal::new(Reason::Declined, "revision", page.from_revision, limit))
}

fn apply_rows(
    tx: &WriteTransaction,
    generation: u8,
    page: &FeedPageV1,
    mut state: StateHash,
) -> Result<StateHash, TillError> {
    if page.from_revision == 0 {
        // After 255 generations the first comes again; what is left of it was forgotten long ago, or is now.
        while master::clear(tx, generation, FORGOTTEN_PER_STEP)? {}
    }
    for row in &page.rows {
        let before: Option<MasterRow> = match row {
            FeedRow::Set(row) => {
                state = state.with(row);
                master::set(tx, generation, row)?
            }
            FeedRow::Remove(key) => master::remove(tx, generation, key)?,
        };
        if let Some(before) = before {
            state = state.without(&before);
        }
    }
    Ok(state)
}

/// The feed's state after a page: a generation that is complete is served from now on.
fn advanced(feed: FeedState, generation: u8, cursor: FeedCursor, is_complete: bool) -> FeedState {
    if generation == feed.active || is_complete {
        FeedState { active: generation, cursor: Some(cursor), building: None }
    } else {
        FeedState { building: Some((generation, cursor)), ..feed }
    }
}

fn put_feed(tx: &WriteTransaction, feed: &FeedState) -> Result<(), DbError> {
    row::put(&mut tx.open_table(META)?, META, &"feed", feed)
}

/// The feed's cursor of the rows that are served, if any are.
pub(super) fn served(tables: &impl Tables) -> Result<Option<(u8, FeedCursor)>, DbError> {
    let feed = look_up::feed_state(tables)?;
    Ok(feed.cursor.filter(|_| feed.active != 0).map(|cursor| (feed.active, cursor)))
}
