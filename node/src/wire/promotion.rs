//! A promotion as JSON: in a basket to be quoted, and in a file of promotions.
//!
//! `{"code","name","kind","products":[],"categories":[],...}` with the kind's own fields: `percent` (`percent`), `amount`
//! and `amount-once` (`amount`), `price` (`price`), `buy-get` (`buy`, `get`, `percent`, `gets`), `mix-and-match` (`count`,
//! `price`), `bundle` (`bundle`, `price`). Conditions: `stores`, `customer_groups`, `from`, `to`, `weekdays`, `hours`
//! (`17:00-19:00`), `coupon`, `minimum`, `minimum_quantity`; and `priority`, `combinable`.

use counterfoil_core::currency::Currency;
use counterfoil_core::id::{MasterCode, Name, StoreCode};
use counterfoil_core::money::Money;
use counterfoil_core::promotion::{Benefit, BundlePart, Combining, Condition, Hours, Promotion, Selection, Weekdays};
use counterfoil_core::quantity::{Percent, Quantity, UnitPrice};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Date;
use serde::Deserialize;

use crate::wire::read::{DecimalText, each};

const KINDS: &str = "percent, amount, amount-once, price, buy-get, mix-and-match or bundle";

/// One promotion.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromotionWire {
    code: String,
    name: Option<String>,
    kind: String,
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    percent: Option<DecimalText>,
    amount: Option<DecimalText>,
    price: Option<DecimalText>,
    buy: Option<u32>,
    get: Option<u32>,
    gets: Option<SelectionWire>,
    count: Option<u32>,
    #[serde(default)]
    bundle: Vec<SelectionWire>,
    #[serde(default)]
    stores: Vec<String>,
    #[serde(default)]
    customer_groups: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    weekdays: Vec<String>,
    hours: Option<String>,
    coupon: Option<String>,
    minimum: Option<DecimalText>,
    minimum_quantity: Option<DecimalText>,
    #[serde(default)]
    priority: i32,
    #[serde(default)]
    combinable: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectionWire {
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    count: Option<u32>,
}

impl PromotionWire {
    /// Reads it for prices in `currency`.
    ///
    /// # Errors
    /// A field that cannot be read, or that its kind does not have.
    pub fn read(&self, currency: Currency) -> Result<Promotion, Refusal> {
        let code = MasterCode::new(&self.code)?;
        let name = Name::new(self.name.as_deref().unwrap_or(&self.code))?;
        self.refuse_fields_of_other_kinds()?;
        Ok(Promotion {
            code,
            name,
            goods: selection(&self.products, &self.categories)?,
            benefit: self.benefit(currency)?,
            condition: self.condition(currency)?,
            priority: self.priority,
            combining: if self.combinable { Combining::Combinable } else { Combining::Exclusive },
        })
    }

    /// A field that is passed over may be the one that counts.
    fn refuse_fields_of_other_kinds(&self) -> Result<(), Refusal> {
        let given = [
            ("percent", self.percent.is_some(), ["percent", "buy-get", ""]),
            ("amount", self.amount.is_some(), ["amount", "amount-once", ""]),
            ("price", self.price.is_some(), ["price", "mix-and-match", "bundle"]),
            ("buy", self.buy.is_some(), ["buy-get", "", ""]),
            ("get", self.get.is_some(), ["buy-get", "", ""]),
            ("gets", self.gets.is_some(), ["buy-get", "", ""]),
            ("count", self.count.is_some(), ["mix-and-match", "", ""]),
            ("bundle", !self.bundle.is_empty(), ["bundle", "", ""]),
        ];
        let odd = given.iter().find(|(_, is_given, kinds)| *is_given && !kinds.contains(&self.kind.as_str()));
        match odd {
            Some((field, ..)) if self.is_known_kind() => {
                let limit = format!("left out of a promotion of kind {}", self.kind);
                Err(Refusal::new(Reason::Malformed, *field, "what is given", limit))
            }
            _ => Ok(()),
        }
    }

    fn is_known_kind(&self) -> bool {
        ["percent", "amount", "amount-once", "price", "buy-get", "mix-and-match", "bundle"]
            .contains(&self.kind.as_str())
    }

    fn benefit(&self, currency: Currency) -> Result<Benefit, Refusal> {
        let money = |field: &str, text: &Option<DecimalText>| Money::read(field, needed(field, text)?, currency);
        let percent = || Percent::read("percent", needed("percent", &self.percent)?);
        let benefit = match self.kind.as_str() {
            "percent" => Benefit::Percent(percent()?),
            "amount" => Benefit::AmountEach(money("amount", &self.amount)?),
            "amount-once" => Benefit::AmountOnce(money("amount", &self.amount)?),
            "price" => Benefit::FixedPrice(UnitPrice::read("price", needed("price", &self.price)?)?),
            "buy-get" => Benefit::BuyGet {
                buy: pieces("buy", self.buy)?,
                get: pieces("get", self.get)?,
                percent: if self.percent.is_some() { percent()? } else { Percent::new(100.into()) },
                gets: self.gets.as_ref().map(|gets| gets.part()).transpose().map_err(|why| why.inside("gets"))?,
            },
            "mix-and-match" => {
                Benefit::MixAndMatch { count: pieces("count", self.count)?, price: money("price", &self.price)? }
            }
            "bundle" => Benefit::Bundle {
                parts: each("bundle", &self.bundle, SelectionWire::part)?,
                price: money("price", &self.price)?,
            },
            other => return Err(Refusal::new(Reason::Malformed, "kind", other, KINDS)),
        };
        Ok(benefit)
    }

    fn condition(&self, currency: Currency) -> Result<Condition, Refusal> {
        let minimum = self.minimum.as_ref().map(|text| Money::read("minimum", text.as_str(), currency));
        let quantity = self.minimum_quantity.as_ref();
        Ok(Condition {
            stores: stores(&self.stores)?,
            customer_groups: codes("customer_groups", &self.customer_groups)?,
            from: date("from", self.from.as_deref())?,
            to: date("to", self.to.as_deref())?,
            weekdays: weekdays(&self.weekdays)?,
            hours: self.hours.as_deref().map(hours).transpose()?,
            coupon: self.coupon.as_deref().map(|text| named("coupon", MasterCode::new(text))).transpose()?,
            minimum: minimum.transpose()?,
            minimum_quantity: quantity.map(|text| Quantity::read("minimum_quantity", text.as_str())).transpose()?,
        })
    }
}

impl SelectionWire {
    fn part(&self) -> Result<BundlePart, Refusal> {
        Ok(BundlePart { goods: selection(&self.products, &self.categories)?, count: self.count.unwrap_or(1) })
    }
}

fn selection(products: &[String], categories: &[String]) -> Result<Selection, Refusal> {
    let products = each("products", products, |text| named("", text.parse()))?;
    Ok(Selection { products, categories: codes("categories", categories)? })
}

/// Reads codes of master data; a refusal names the place in `field`.
pub(super) fn codes(field: &str, texts: &[String]) -> Result<Vec<MasterCode>, Refusal> {
    texts.iter().enumerate().map(|(index, text)| named(&format!("{field}[{index}]"), MasterCode::new(text))).collect()
}

/// Reads codes of stores.
pub(super) fn stores(texts: &[String]) -> Result<Vec<StoreCode>, Refusal> {
    let read = |(index, text): (usize, &String)| named(&format!("stores[{index}]"), StoreCode::new(text));
    texts.iter().enumerate().map(read).collect()
}

/// Reads a day that may be left out.
pub(super) fn date(field: &str, text: Option<&str>) -> Result<Option<Date>, Refusal> {
    text.map(|text| named(field, text.parse())).transpose()
}

/// Tells a refusal by the field it stands in.
fn named<T>(field: &str, read: Result<T, Refusal>) -> Result<T, Refusal> {
    read.map_err(|refusal| Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit()))
}

fn needed<'a>(field: &str, text: &'a Option<DecimalText>) -> Result<&'a str, Refusal> {
    let missing = || Refusal::new(Reason::Missing, field, "", "a number such as 12.50");
    text.as_ref().map(DecimalText::as_str).ok_or_else(missing)
}

fn pieces(field: &str, count: Option<u32>) -> Result<u32, Refusal> {
    count.ok_or_else(|| Refusal::new(Reason::Missing, field, "", "how many pieces"))
}

fn weekdays(names: &[String]) -> Result<Weekdays, Refusal> {
    let mut days = 0;
    for (index, name) in names.iter().enumerate() {
        let Some(day) = Weekdays::NAMES.iter().position(|known| known == name) else {
            let limit = Weekdays::NAMES.join(", ");
            return Err(Refusal::new(Reason::Malformed, format!("weekdays[{index}]"), name, limit));
        };
        days |= 1 << day;
    }
    Ok(Weekdays(days))
}

/// `17:00-19:00`; `22:00-02:00` passes midnight.
fn hours(text: &str) -> Result<Hours, Refusal> {
    let minutes = |text: &str| -> Option<u16> {
        let (hour, minute) = text.split_once(':')?;
        let is_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let (hour, minute) = (is_digits(hour) && is_digits(minute)).then_some((hour, minute))?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
    };
    let read = || {
        let (from, to) = text.split_once('-')?;
        Some(Hours { from: minutes(from)?, to: minutes(to)? })
    };
    read().ok_or_else(|| Refusal::new(Reason::Malformed, "hours", text, "hours such as 17:00-19:00"))
}
