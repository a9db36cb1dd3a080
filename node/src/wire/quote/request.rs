//! The basket that is to be priced, as JSON, and how it becomes core's input.
//!
//! Parsed here, checked in core. A refusal names the field as the input spells it. Defaults: prices without tax, base
//! quantity 1, category S, or Z at rate 0. Example: `lines[2].allowances_charges[0].amount`.

use counterfoil_core::cash_rounding::CashRounding;
use counterfoil_core::currency::Currency;
use counterfoil_core::discount::{Discount, DocumentAdjustment};
use counterfoil_core::id::CountryCode;
use counterfoil_core::line::{Adjustment, Direction, Extent, LineInput, share};
use counterfoil_core::money::Money;
use counterfoil_core::quantity::{Percent, Quantity, UnitPrice};
use counterfoil_core::ratio::Ratio;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::tax::{LineTax, TaxBase, TaxCategory, TaxCode};
use counterfoil_core::tender::Tender;
use counterfoil_core::time::{Date, Now, Timestamp, ZoneOffset};
use counterfoil_core::totals::{DocumentInput, PriceMode};
use counterfoil_core::zone::{require_known, zone_of};
use serde::Deserialize;

use crate::clock::Clock;
use crate::wire::price_list::PriceListWire;
use crate::wire::promotion::PromotionWire;
use crate::wire::read::{DecimalText, each};
use crate::wire::tender::TenderWire;

const MS_PER_DAY: i64 = 86_400_000;
const MS_PER_MINUTE: i64 = 60_000;

/// A basket to be priced.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteRequest {
    pub(super) currency: String,
    #[serde(default)]
    prices_include_tax: bool,
    pub(super) lines: Vec<LineRequest>,
    #[serde(default)]
    discounts: Vec<DiscountRequest>,
    #[serde(default)]
    document_allowances_charges: Vec<DocumentAdjustmentRequest>,
    cash_rounding: Option<CashRoundingRequest>,
    country: Option<String>,
    at: Option<String>,
    tenders: Option<Vec<TenderWire>>,
    #[serde(default)]
    pub(super) quick_cash: bool,
    pub(super) store: Option<String>,
    pub(super) customer_group: Option<String>,
    #[serde(default)]
    pub(super) customer_groups: Vec<String>,
    #[serde(default)]
    pub(super) coupons: Vec<String>,
    #[serde(default)]
    pub(super) price_lists: Vec<PriceListWire>,
    #[serde(default)]
    pub(super) promotions: Vec<PromotionWire>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineRequest {
    pub(super) id: Option<String>,
    code: Option<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    quantity: DecimalText,
    unit_price: DecimalText,
    base_quantity: Option<DecimalText>,
    price_discount: Option<DecimalText>,
    tax_category: Option<String>,
    tax_rate: Option<DecimalText>,
    taxes: Option<Vec<TaxRequest>>,
    #[serde(default)]
    allowances_charges: Vec<AdjustmentRequest>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxRequest {
    code: Option<String>,
    category: Option<String>,
    rate: Option<DecimalText>,
    base: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdjustmentRequest {
    charge: bool,
    amount: Option<DecimalText>,
    percent: Option<DecimalText>,
    base: Option<DecimalText>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentAdjustmentRequest {
    charge: bool,
    amount: Option<DecimalText>,
    percent: Option<DecimalText>,
    base: Option<DecimalText>,
    tax_category: Option<String>,
    tax_rate: Option<DecimalText>,
    taxes: Option<Vec<TaxRequest>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountRequest {
    percent: Option<DecimalText>,
    amount: Option<DecimalText>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CashRoundingRequest {
    increment: DecimalText,
    mode: Option<String>,
}

impl QuoteRequest {
    pub(super) fn document(&self, currency: Currency) -> Result<DocumentInput, Refusal> {
        let prices = if self.prices_include_tax { PriceMode::Inclusive } else { PriceMode::Exclusive };
        Ok(DocumentInput {
            currency,
            prices,
            lines: each("lines", &self.lines, |line| line.input(currency))?,
            discounts: each("discounts", &self.discounts, |discount| discount.input(currency))?,
            document_adjustments: each(
                "document_allowances_charges",
                &self.document_allowances_charges,
                |adjustment| adjustment.input(currency),
            )?,
        })
    }

    /// The moment of the sale: `at` on its own clock, else now on the clock of the country.
    pub(super) fn moment(&self, now: Now) -> Result<Now, Refusal> {
        match (&self.at, &self.country) {
            (Some(at), _) => read_moment(at),
            (None, Some(country)) => {
                let country: CountryCode = country.parse()?;
                Ok(Clock::in_zone(zone_of(&country))?.at(now.at))
            }
            (None, None) => Ok(now),
        }
    }

    pub(super) fn rounding(&self, currency: Currency, date: Date) -> Result<Option<CashRounding>, Refusal> {
        if let (Some(_), Some(country)) = (&self.cash_rounding, &self.country) {
            let value = format!("country {country} beside cash_rounding");
            return Err(Refusal::new(Reason::TooMany, "country", value, "one of the two"));
        }
        if let Some(rounding) = &self.cash_rounding {
            return rounding.input(currency).map(Some).map_err(|refusal| refusal.inside("cash_rounding"));
        }
        let country: Option<CountryCode> = self.country.as_deref().map(str::parse).transpose()?;
        if let Some(country) = &country {
            require_known(country)?;
        }
        Ok(country.and_then(|country| CashRounding::of_country(&country, currency, date)))
    }

    pub(super) fn tenders(&self, currency: Currency) -> Result<Vec<Tender>, Refusal> {
        each("tenders", self.tenders.as_deref().unwrap_or_default(), |tender| tender.read(currency))
    }

    /// Names a tax as the input does where it was given in short: `lines[0].tax_rate` for `lines[0].taxes[0].rate`.
    pub(super) fn in_short_form(&self, refusal: Refusal) -> Refusal {
        let Some((outer, tax_field)) = refusal.field().split_once(".taxes[0].") else { return refusal };
        let is_short = |name: &str, index: usize| match name {
            "lines" => self.lines.get(index).is_some_and(|line| line.taxes.is_none()),
            _ => self.document_allowances_charges.get(index).is_some_and(|adjustment| adjustment.taxes.is_none()),
        };
        let place = outer.strip_suffix(']').and_then(|outer| outer.split_once('['));
        match place.and_then(|(name, index)| Some((name, index.parse().ok()?))) {
            Some((name, index)) if is_short(name, index) => {
                let field = format!("{outer}.tax_{tax_field}");
                Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit())
            }
            Some(_) | None => refusal,
        }
    }
}

impl LineRequest {
    /// The product by which price lists and promotions know the line: its code, or its id where it has none.
    pub(super) fn product(&self) -> Option<&str> {
        self.code.as_deref().or(self.id.as_deref())
    }

    fn input(&self, currency: Currency) -> Result<LineInput, Refusal> {
        let base_quantity = self.base_quantity.as_ref();
        let price_discount = self.price_discount.as_ref();
        Ok(LineInput {
            quantity: Quantity::read("quantity", self.quantity.as_str())?,
            unit_price: UnitPrice::read("unit_price", self.unit_price.as_str())?,
            base_quantity: base_quantity
                .map_or(Ok(Quantity::ONE), |text| Quantity::read("base_quantity", text.as_str()))?,
            price_discount: price_discount
                .map_or(Ok(UnitPrice::ZERO), |text| UnitPrice::read("price_discount", text.as_str()))?,
            taxes: taxes(self.tax_category.as_deref(), self.tax_rate.as_ref(), self.taxes.as_deref())?,
            adjustments: each("allowances_charges", &self.allowances_charges, |adjustment| adjustment.input(currency))?,
        })
    }
}

impl DocumentAdjustmentRequest {
    fn input(&self, currency: Currency) -> Result<DocumentAdjustment, Refusal> {
        let extent = extent(self.amount.as_ref(), self.percent.as_ref(), self.base.as_ref(), currency)?;
        let taxes = taxes(self.tax_category.as_deref(), self.tax_rate.as_ref(), self.taxes.as_deref())?;
        Ok(DocumentAdjustment { adjustment: Adjustment { direction: direction(self.charge), extent }, taxes })
    }
}

impl AdjustmentRequest {
    fn input(&self, currency: Currency) -> Result<Adjustment, Refusal> {
        let extent = extent(self.amount.as_ref(), self.percent.as_ref(), self.base.as_ref(), currency)?;
        Ok(Adjustment { direction: direction(self.charge), extent })
    }
}

impl DiscountRequest {
    fn input(&self, currency: Currency) -> Result<Discount, Refusal> {
        match (&self.percent, &self.amount) {
            (Some(percent), None) => Percent::read("percent", percent.as_str()).map(Discount::Percent),
            (None, Some(amount)) => Money::read("amount", amount.as_str(), currency).map(Discount::Amount),
            (None, None) => Err(Refusal::new(Reason::Missing, "amount", "", "an amount or a percent")),
            (Some(_), Some(amount)) => {
                Err(Refusal::new(Reason::TooMany, "amount", amount.as_str(), "either an amount or a percent"))
            }
        }
    }
}

impl CashRoundingRequest {
    fn input(&self, currency: Currency) -> Result<CashRounding, Refusal> {
        let increment = Money::read("increment", self.increment.as_str(), currency)?;
        let mode = self.mode.as_deref().unwrap_or("half-up").parse()?;
        CashRounding::new(increment, mode)
    }
}

const fn direction(charge: bool) -> Direction {
    if charge { Direction::Charge } else { Direction::Allowance }
}

fn taxes(
    category: Option<&str>,
    rate: Option<&DecimalText>,
    taxes: Option<&[TaxRequest]>,
) -> Result<Vec<LineTax>, Refusal> {
    let Some(taxes) = taxes else {
        return line_tax(None, category, rate, None, "tax_").map(|tax| vec![tax]);
    };
    if category.is_some() || rate.is_some() {
        let value = "a list of taxes beside tax_category or tax_rate";
        return Err(Refusal::new(Reason::TooMany, "taxes", value, "one of the two"));
    }
    each("taxes", taxes, |tax| {
        line_tax(tax.code.as_deref(), tax.category.as_deref(), tax.rate.as_ref(), tax.base.as_deref(), "")
    })
}

/// `prefix` is what the input puts before `category` and `rate`.
fn line_tax(
    code: Option<&str>,
    category: Option<&str>,
    rate: Option<&DecimalText>,
    base: Option<&str>,
    prefix: &str,
) -> Result<LineTax, Refusal> {
    let category_field = format!("{prefix}category");
    let rate_field = format!("{prefix}rate");
    let category: Option<TaxCategory> = category
        .map(str::parse)
        .transpose()
        .map_err(|refusal: Refusal| Refusal::new(refusal.reason(), category_field, refusal.value(), refusal.limit()))?;
    let rate = match rate {
        Some(rate) => Percent::read(&rate_field, rate.as_str())?,
        None if category.is_some_and(|category| !category.has_rate()) => Percent::ZERO,
        None => return Err(Refusal::new(Reason::Missing, rate_field, "", "a rate in percent such as 21")),
    };
    let usual = if rate.is_zero() { TaxCategory::ZeroRated } else { TaxCategory::Standard };
    Ok(LineTax {
        code: code.map_or(Ok(TaxCode::VAT), str::parse)?,
        category: category.unwrap_or(usual),
        rate,
        base: base.map_or(Ok(TaxBase::Net), str::parse)?,
    })
}

/// An amount, a percentage, or both where they say the same, as invoices of EN 16931 do.
fn extent(
    amount: Option<&DecimalText>,
    percent: Option<&DecimalText>,
    base: Option<&DecimalText>,
    currency: Currency,
) -> Result<Extent, Refusal> {
    let amount = amount.map(|text| Money::read("amount", text.as_str(), currency)).transpose()?;
    let percent = percent.map(|text| Percent::read("percent", text.as_str())).transpose()?;
    let base = base.map(|text| Money::read("base", text.as_str(), currency)).transpose()?;
    match (amount, percent, base) {
        (Some(amount), None, _) => Ok(Extent::Amount(amount)),
        (None, Some(percent), None) => Ok(Extent::Percent(percent)),
        (None, Some(percent), Some(base)) => Ok(Extent::PercentOf(percent, base)),
        (Some(amount), Some(percent), Some(base)) => {
            let expected = share(percent, Ratio::of_minor(base))?;
            if expected != amount {
                let limit = format!("{}, {percent} percent of {}", expected.show(currency), base.show(currency));
                return Err(Refusal::new(Reason::Malformed, "amount", amount.show(currency), limit));
            }
            Ok(Extent::Amount(amount))
        }
        (Some(amount), Some(_), None) => {
            let limit = "either an amount or a percent, or a percent with its base";
            Err(Refusal::new(Reason::TooMany, "amount", amount.show(currency), limit))
        }
        (None, None, _) => Err(Refusal::new(Reason::Missing, "amount", "", "an amount or a percent")),
    }
}

/// A date, which begins at midnight, or a time of RFC 3339, whose date and hour are those of its own offset.
fn read_moment(text: &str) -> Result<Now, Refusal> {
    let refused = || Refusal::new(Reason::Malformed, "at", text, "a date or a time of RFC 3339 such as 2026-11-21");
    let date: Date = text.get(..10).ok_or_else(refused)?.parse().map_err(|_| refused())?;
    if text.len() == 10 {
        let midnight = date.day().checked_mul(MS_PER_DAY).ok_or_else(refused)?;
        return Ok(Now { at: Timestamp(midnight), offset: ZoneOffset(0) });
    }
    let at = text.parse::<jiff::Timestamp>().map_err(|_| refused())?.as_millisecond();
    let local: jiff::civil::DateTime = text.get(..19).ok_or_else(refused)?.parse().map_err(|_| refused())?;
    let local = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| refused())?.timestamp().as_millisecond();
    let whole_second = at.saturating_sub(at.rem_euclid(1000));
    let minutes = i16::try_from(local.saturating_sub(whole_second).div_euclid(MS_PER_MINUTE)).map_err(|_| refused())?;
    Ok(Now { at: Timestamp(at), offset: ZoneOffset(minutes) })
}
