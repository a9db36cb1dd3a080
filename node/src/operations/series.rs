//! The series of document numbers: how they stand, and ranges that an authority has authorised.

use counterfoil_core::command::{Command, NewSeries};
use counterfoil_core::event::Event;
use counterfoil_core::id::SeriesCode;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::till::{Outcome, SeriesStanding};
use counterfoil_core::time::Now;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};

/// Asks how the series of this year stand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSeries {}

/// Numbers documents of a kind from a range from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddSeries {
    /// `receipt`, `invoice`, `credit_note` or `return`.
    pub kind: String,
    /// The prefix that the authority gave, or a code that names the range.
    pub code: String,
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
    /// How a number is printed; without it as the country asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

#[derive(Serialize)]
struct ListWire {
    series: Vec<SeriesWire>,
}

/// A series as it is shown.
#[derive(Debug, Serialize)]
pub struct SeriesWire {
    series: String,
    kind: &'static str,
    year: Option<i64>,
    template: String,
    in_use: bool,
    next: Option<u64>,
    last: Option<u64>,
    left: Option<u64>,
    used_lately: Option<u64>,
    in_days: Option<u64>,
    runs_out: Option<String>,
    warning: Option<&'static str>,
}

impl SeriesWire {
    /// How a series stands now.
    #[must_use]
    pub fn of(standing: &SeriesStanding, now: Now) -> Self {
        let (series, pace, today) = (&standing.series, standing.pace, now.date());
        Self {
            series: series.code.to_string(),
            kind: series.kind.code(),
            year: standing.is_yearly().then_some(series.year),
            template: series.template.as_str().to_owned(),
            in_use: standing.is_in_use,
            next: standing.next,
            last: series.last,
            left: pace.map(|pace| pace.left),
            used_lately: pace.map(|pace| pace.used),
            in_days: pace.map(|pace| pace.days),
            runs_out: pace.and_then(|pace| pace.runs_out(today)).map(|day| day.to_string()),
            warning: pace.and_then(|pace| pace.warning(today)).map(|warning| warning.code()),
        }
    }
}

impl Operation for ReadSeries {
    const NAME: &'static str = "series";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let now = till.now();
        let standing = till.read(|core| core.series_standing(now))?;
        Ok(Answer::done(&ListWire { series: standing.iter().map(|series| SeriesWire::of(series, now)).collect() }))
    }
}

impl Operation for AddSeries {
    const NAME: &'static str = "add-series";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let kinds = DocumentKind::ALL.map(DocumentKind::code).join(", ");
        let kind = DocumentKind::ALL.into_iter().find(|kind| kind.code() == self.kind);
        let kind = kind.ok_or_else(|| Refusal::new(Reason::Malformed, "kind", &self.kind, kinds))?;
        let of_code = |refusal: Refusal| Refusal::new(refusal.reason(), "code", refusal.value(), refusal.limit());
        let code = SeriesCode::new(self.code).map_err(of_code)?;
        let template = self.template.as_deref().map(str::parse).transpose()?;
        let new = NewSeries { kind, code, template, first: self.first, last: self.last };
        let who = till.identify(caller)?;
        let outcome = till.execute_by(&Command::AddSeries(new.clone()), who.by())?;
        let Outcome::Recorded(event) = &outcome else { return Err(unexpected(&outcome)) };
        let Event::SeriesGranted(_) = **event else { return Err(unexpected(&outcome)) };
        let now = till.now();
        let standing = till.read(|core| core.series_standing(now))?;
        let added = standing.iter().find(|standing| standing.series.code == new.code);
        let missing = || Failure::damaged("bug", "the series that was added is gone");
        Ok(Answer::done(&SeriesWire::of(added.ok_or_else(missing)?, now)))
    }
}
