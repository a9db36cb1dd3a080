//! How the till is: what it is, whether it may sell, and what head office has of it.

use counterfoil_core::series::DocumentKind;
use counterfoil_core::till::{Access, JournalSummary, SeriesStanding, Space};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::series::SeriesWire;
use crate::operations::{Answer, Operation};

/// Asks how the till is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadStatus {}

#[derive(Serialize)]
struct StatusWire {
    store: String,
    till: String,
    currency: String,
    country: String,
    zone: String,
    prices_include_tax: bool,
    has_history: bool,
    time: String,
    can_sell: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cannot_sell: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only: Option<String>,
    enrolled: bool,
    drawer_session: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsent: Option<u64>,
    feed_revision: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<SeriesWire>,
    journals: Vec<JournalWire>,
    starts: u64,
}

#[derive(Serialize)]
struct JournalWire {
    journal: String,
    state: String,
    seq: u64,
    head: String,
    open: bool,
    acknowledged: u64,
    has_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

impl From<JournalSummary> for JournalWire {
    fn from(summary: JournalSummary) -> Self {
        Self {
            journal: summary.journal.to_string(),
            state: match (&summary.stopped, summary.is_open) {
                (Some(verdict), _) => format!("stopped: {verdict}"),
                (None, true) => "open".to_owned(),
                (None, false) => "closed".to_owned(),
            },
            seq: summary.seq,
            head: summary.hash.to_string(),
            open: summary.is_open && summary.stopped.is_none(),
            acknowledged: summary.acknowledged,
            has_key: summary.has_key,
            stopped: summary.stopped,
        }
    }
}

impl Operation for ReadStatus {
    const NAME: &'static str = "status";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let space = till.measure_space();
        let status = till.read(|core| core.status())?;
        let now = till.now();
        let mut ranges = till.read(|core| core.series_standing(now))?;
        // Numbers without an end need nobody's attention.
        ranges.retain(|series| series.is_in_use && series.pace.is_some());
        let is_receipts = |series: &&SeriesStanding| series.series.kind == DocumentKind::Receipt;
        let used_up = ranges.iter().find(is_receipts).filter(|series| series.next.is_none());
        let used_up =
            used_up.map(|series| format!("no receipt number is left in range {}: till series add", series.series.code));
        let (time, starts, profile) = (till.now().to_string(), till.starts(), till.profile());
        let read_only = match status.access {
            Access::Full => None,
            Access::ReadOnly(why) => Some(why),
        };
        let has_products = !status.is_enrolled || status.feed_revision.is_some();
        let cannot_sell = match (&read_only, &space, has_products, status.session) {
            (Some(why), ..) => Some(why.clone()),
            (None, Space::Scarce(why), ..) => Some(format!("the disk is nearly full: {why}")),
            (None, Space::Enough, false, _) => Some("head office has sent no products yet: till sync".to_owned()),
            (None, Space::Enough, true, _) if used_up.is_some() => used_up,
            (None, Space::Enough, true, None) => Some("the drawer is closed: till open --float AMOUNT".to_owned()),
            (None, Space::Enough, true, Some(_)) => None,
        };
        Ok(Answer::done(&StatusWire {
            store: profile.store.to_string(),
            till: profile.till.to_string(),
            currency: profile.currency.to_string(),
            country: profile.country.to_string(),
            zone: profile.zone.to_string(),
            prices_include_tax: profile.prices_include_tax,
            has_history: profile.has_history,
            time,
            can_sell: cannot_sell.is_none(),
            cannot_sell,
            read_only,
            enrolled: status.is_enrolled,
            drawer_session: status.session,
            unsent: status.is_enrolled.then_some(status.unsent),
            feed_revision: status.feed_revision,
            ranges: ranges.iter().map(|series| SeriesWire::of(series, now)).collect(),
            journals: status.journals.into_iter().map(JournalWire::from).collect(),
            starts,
        }))
    }
}
