//! X and Z reports as JSON: the figures of a drawer session; a Z report adds number, count and over/short.

use counterfoil_core::addendum::{Correction, ZAddendumV1, amended};
use counterfoil_core::approval::OverShortStanding;
use counterfoil_core::currency::Currency;
use counterfoil_core::drawer::{DrawerSession, Tally, ZReportV1};
use counterfoil_core::money::Money;
use counterfoil_core::refusal::Refusal;
use counterfoil_core::tax::TaxTotal;
use counterfoil_core::time::Now;
use serde::Serialize;

/// The figures of a drawer session.
#[derive(Clone, Debug, Serialize)]
pub struct ReportWire {
    /// The Z report's number; an X report has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    session: u64,
    opened: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    operator: String,
    currency: String,
    float: String,
    sales: CountedWire,
    refunds: CountedWire,
    net: String,
    tax: String,
    gross: String,
    rounding: String,
    taxes: Vec<TaxWire>,
    tenders: Vec<AmountWire>,
    tips: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    foreign_notes: Vec<NotesWire>,
    movements: Vec<AmountWire>,
    issued: Vec<RangeWire>,
    operators: Vec<TallyWire>,
    categories: Vec<TallyWire>,
    hours: Vec<TallyWire>,
    no_sales: u64,
    voided_lines: CountedWire,
    abandoned_baskets: CountedWire,
    reprints: u64,
    expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_short: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_short_standing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    perpetual_gross: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addenda: Vec<AddendumWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amended: Option<AmendedWire>,
}

#[derive(Clone, Debug, Serialize)]
struct CountedWire {
    count: u64,
    gross: String,
}

#[derive(Clone, Debug, Serialize)]
struct TallyWire {
    key: Option<String>,
    count: u64,
    gross: String,
}

#[derive(Clone, Debug, Serialize)]
struct AddendumWire {
    number: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    reason: String,
    operator: String,
}

#[derive(Clone, Debug, Serialize)]
struct AmendedWire {
    expected: String,
    counted: String,
    over_short: String,
}

#[derive(Clone, Debug, Serialize)]
struct TaxWire {
    code: String,
    category: String,
    rate: String,
    taxable: String,
    tax: String,
}

#[derive(Clone, Debug, Serialize)]
struct AmountWire {
    kind: String,
    amount: String,
}

/// Notes of another currency, in their own.
#[derive(Clone, Debug, Serialize)]
struct NotesWire {
    currency: String,
    amount: String,
}

#[derive(Clone, Debug, Serialize)]
struct RangeWire {
    series: String,
    first: u64,
    last: u64,
}

impl ReportWire {
    /// The X report of a session that is open.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn of_x(session: &DrawerSession, currency: Currency) -> Result<Self, Refusal> {
        let show = |amount: Money| amount.show(currency);
        let named = |kind: String, amount: Money| AmountWire { kind, amount: show(amount) };
        Ok(Self {
            number: None,
            session: session.session,
            opened: session.opened.to_string(),
            closed: None,
            operator: session.operator.to_string(),
            currency: currency.to_string(),
            float: show(session.float),
            sales: CountedWire { count: session.sales, gross: show(session.sales_gross) },
            refunds: CountedWire { count: session.refunds, gross: show(session.refunds_gross) },
            net: show(session.net),
            tax: show(session.tax),
            gross: show(session.gross()?),
            rounding: show(session.rounding),
            taxes: session.taxes.iter().map(|total| tax(total, currency)).collect(),
            tenders: session.tenders.iter().map(|(kind, amount)| named(kind.to_string(), *amount)).collect(),
            tips: show(session.tips),
            foreign_notes: session.foreign.iter().map(|(notes, amount)| notes_of(*notes, *amount)).collect(),
            movements: session.movements.iter().map(|(kind, amount)| named(kind.to_string(), *amount)).collect(),
            issued: session
                .issued_by_kind()
                .into_iter()
                .map(|range| RangeWire { series: range.series.to_string(), first: range.first, last: range.last })
                .collect(),
            operators: session.operators.iter().map(|(key, sum)| tally(Some(key), *sum, currency)).collect(),
            categories: session.categories.iter().map(|(key, sum)| tally(key.as_ref(), *sum, currency)).collect(),
            hours: session.hours.iter().map(|(key, sum)| tally(Some(key), *sum, currency)).collect(),
            no_sales: session.no_sales,
            voided_lines: CountedWire { count: session.voided.count, gross: show(session.voided.gross) },
            abandoned_baskets: CountedWire { count: session.abandoned.count, gross: show(session.abandoned.gross) },
            reprints: session.reprints,
            expected: show(session.expected()?),
            counted: None,
            over_short: None,
            over_short_standing: None,
            approved_by: None,
            perpetual_gross: None,
            addenda: Vec::new(),
            amended: None,
        })
    }

    /// The Z report of a session that was closed.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn of_z(z: &ZReportV1, currency: Currency) -> Result<Self, Refusal> {
        Ok(Self {
            number: Some(z.printed.to_string()),
            counted: Some(z.counted.show(currency)),
            over_short: Some(z.over_short.show(currency)),
            over_short_standing: Some(match z.over_short_standing {
                OverShortStanding::Within => "within",
                OverShortStanding::Approved => "approved",
                OverShortStanding::Unapproved => "unapproved",
            }),
            approved_by: z.approved_by.as_ref().map(|approval| approval.approver.to_string()),
            perpetual_gross: Some(z.perpetual_gross.show(currency)),
            expected: z.expected.show(currency),
            ..Self::of_x(&z.session, currency)?
        })
    }

    /// The same report with what was added to it later.
    ///
    /// # Errors
    /// A sum beyond what 64 bits count.
    pub fn with_addenda(self, z: &ZReportV1, addenda: &[ZAddendumV1], currency: Currency) -> Result<Self, Refusal> {
        if addenda.is_empty() {
            return Ok(self);
        }
        let now = amended(z, addenda)?;
        Ok(Self {
            addenda: addenda.iter().map(|one| addendum(one, currency)).collect(),
            amended: Some(AmendedWire {
                expected: now.expected.show(currency),
                counted: now.counted.show(currency),
                over_short: now.over_short.show(currency),
            }),
            ..self
        })
    }

    /// The same report with the time at which the session was closed.
    #[must_use]
    pub fn closed_at(self, closed: Now) -> Self {
        Self { closed: Some(closed.to_string()), ..self }
    }
}

fn tally(key: Option<&impl ToString>, sum: Tally, currency: Currency) -> TallyWire {
    TallyWire { key: key.map(ToString::to_string), count: sum.count, gross: sum.gross.show(currency) }
}

fn notes_of(currency: Currency, amount: Money) -> NotesWire {
    NotesWire { currency: currency.to_string(), amount: amount.show(currency) }
}

fn addendum(one: &ZAddendumV1, currency: Currency) -> AddendumWire {
    let plain = AddendumWire {
        number: one.number,
        counted: None,
        from: None,
        to: None,
        amount: None,
        reason: one.reason.to_string(),
        operator: one.operator.to_string(),
    };
    match one.correction {
        Correction::Count(counted) => AddendumWire { counted: Some(counted.show(currency)), ..plain },
        Correction::Tender { from, to, amount } => AddendumWire {
            from: Some(from.to_string()),
            to: Some(to.to_string()),
            amount: Some(amount.show(currency)),
            ..plain
        },
    }
}

fn tax(total: &TaxTotal, currency: Currency) -> TaxWire {
    TaxWire {
        code: total.tax.code.to_string(),
        category: total.tax.category.to_string(),
        rate: total.tax.rate.to_string(),
        taxable: total.taxable.show(currency),
        tax: total.amount.show(currency),
    }
}
