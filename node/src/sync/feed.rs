//! Pulling master data down: page after page until the till has all that head office has.
//!
//! Each page is verified and applied in one short transaction, between which the till sells. Where the rows do not add
//! up to head office's hash, the till forgets them and everything is fetched once more, from the first revision; so too
//! where the till is ahead of head office, which has then lost changes.

use counterfoil_core::refusal::{Reason, Refusal};

use super::line::Line;
use super::till_side::{TillSide, unexpected};
use super::trouble::Trouble;
use crate::operations::sync_step::{StepAnswer, SyncStep};
use crate::wire::sync::Document;

/// More pages than any feed has: 500 rows each.
const PAGES_MAX: u32 = 1_000_000;

/// What came down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// How many rows.
    pub rows: u64,
    /// The revision that the till now has.
    pub revision: u64,
    /// Whether grants of further series came, which are entries to be sent up.
    pub has_grants: bool,
}

/// Pulls until nothing follows.
///
/// # Errors
/// Head office cannot be reached; the till refuses a page or failed.
pub async fn pull<L: Line>(line: &mut L, till: &dyn TillSide) -> Result<Pulled, Trouble> {
    let mut pulled = Pulled::default();
    let mut is_second_try = false;
    for _ in 0..PAGES_MAX {
        let path = path(till)?;
        let bytes = match line.get(&path).await {
            Ok(bytes) => Document(bytes),
            // In our own epoch head office has less than we: it has lost changes, and what it has now is the truth.
            Err(Trouble::Refused(refusal)) if is_ahead(&refusal) && !is_second_try => {
                tracing::warn!(%refusal, "head office has lost master data; all of it is fetched anew");
                till.ask(SyncStep::FetchFeedAnew)?;
                is_second_try = true;
                continue;
            }
            Err(trouble) => return Err(trouble),
        };
        match till.ask(SyncStep::FeedPage { bytes }).map_err(Trouble::from) {
            Ok(StepAnswer::Applied { rows, revision, is_complete, has_grants }) => {
                pulled.rows = pulled.rows.saturating_add(rows);
                pulled.revision = revision;
                pulled.has_grants |= has_grants;
                if is_complete {
                    forget_stale_rows(till)?;
                    return Ok(pulled);
                }
            }
            Ok(other) => return Err(unexpected(&other).into()),
            Err(Trouble::Refused(refusal)) if refusal.reason() == Reason::Declined && !is_second_try => {
                tracing::warn!(%refusal, "the feed is fetched anew");
                is_second_try = true;
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Err(Trouble::unexpected(format!("more than {PAGES_MAX} pages"), "a feed that ends"))
}

/// Whether head office says that the till has a later revision than itself.
fn is_ahead(refusal: &Refusal) -> bool {
    refusal.reason() == Reason::Declined && refusal.field() == "revision"
}

/// Forgets what an earlier snapshot left, a portion at a time: sales go on in between.
fn forget_stale_rows(till: &dyn TillSide) -> Result<(), Trouble> {
    while matches!(till.ask(SyncStep::ForgetStaleRows)?, StepAnswer::Forgotten { is_more: true }) {}
    Ok(())
}

fn path(till: &dyn TillSide) -> Result<String, Trouble> {
    let answer = till.ask(SyncStep::FeedCursor)?;
    let StepAnswer::Cursor { cursor } = answer else { return Err(unexpected(&answer).into()) };
    let mut path = cursor.map_or("/sync/feed?revision=0".to_owned(), |(counter, random, revision)| {
        format!("/sync/feed?epoch_counter={counter}&epoch_random={random}&revision={revision}")
    });
    // Grants of further years are for the journal that this till writes; its slot may have another one by now.
    if let Some(current) = till.journals()?.last() {
        path.push_str("&journal=");
        path.push_str(&current.journal);
    }
    Ok(path)
}
