//! Taking a range of numbers into use that the authority has authorised for this till.

use crate::command::NewSeries;
use crate::decide::Context;
use crate::event::{Event, GrantedByV1, SeriesGrantedV1};
use crate::grant::SERIES_MAX;
use crate::id::SeriesCode;
use crate::number_format::NumberFormat;
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;
use crate::series::{DocumentKind, EVERY_YEAR, NumberTemplate, Series};

/// Decides whether documents may be numbered from a range. `known` are the codes of every series that this till has had.
///
/// # Errors
/// Not permitted, a code that was used before, a range without numbers, numbers in another form than the country's, or
/// numbers that another series of this till prints.
pub fn add(context: &Context<'_>, new: &NewSeries, known: &[SeriesCode]) -> Result<Event, Refusal> {
    let authority = context.require(Permission::ChangeMasterData)?;
    let profile = &context.state.profile;
    if new.kind == DocumentKind::ZReport {
        return Err(Refusal::new(Reason::Malformed, "kind", new.kind, "a kind of document that a customer gets"));
    }
    if known.contains(&new.code) {
        return Err(Refusal::new(Reason::IdReused, "code", &new.code, "a code that this till has never numbered with"));
    }
    if new.first == 0 {
        return Err(Refusal::new(Reason::NotPositive, "first", new.first, "a number from 1 on"));
    }
    if new.last < new.first {
        return Err(Refusal::new(Reason::Malformed, "last", new.last, format!("a number from {} on", new.first)));
    }
    let ranges =
        context.state.series.iter().map(|state| state.head.series()).filter(|series| series.year == EVERY_YEAR);
    if ranges.clone().count() >= SERIES_MAX {
        return Err(Refusal::new(Reason::TooMany, "series", "a further range", SERIES_MAX));
    }
    let format = NumberFormat::of(&profile.country, new.kind);
    let of_country = || format.as_ref().map_or_else(NumberTemplate::standard, |format| format.template.clone());
    let series = Series {
        code: new.code.clone(),
        kind: new.kind,
        year: EVERY_YEAR,
        template: new.template.clone().unwrap_or_else(of_country),
        first: new.first,
        last: Some(new.last),
    };
    series.template.print(&series, &profile.store, &profile.till, new.last)?;
    if let Some(format) = &format {
        format.check(&series, &profile.store, &profile.till)?;
    }
    for other in ranges {
        if prints_same(&series, other, context) {
            let limit = format!("numbers that series {} of this till does not print", other.code);
            return Err(Refusal::new(Reason::IdReused, "first", format!("{} to {}", new.first, new.last), limit));
        }
    }
    let granted_by = GrantedByV1::Authority(context.operator.code.clone(), authority.into_approval());
    Ok(Event::SeriesGranted(Box::new(SeriesGrantedV1 { series: vec![series], granted_by })))
}

/// Whether two series would print the same number somewhere.
fn prints_same(one: &Series, other: &Series, context: &Context<'_>) -> bool {
    let profile = &context.state.profile;
    let from = one.first.max(other.first);
    let to = one.last.unwrap_or(u64::MAX).min(other.last.unwrap_or(u64::MAX));
    // Both print all but the number alike, or nothing.
    from <= to
        && one.template.print(one, &profile.store, &profile.till, from)
            == other.template.print(other, &profile.store, &profile.till, from)
}
