//! Looking products up: one by code or barcode, or all of them by pages.

use counterfoil_core::currency::Currency;
use counterfoil_core::decide::sale::Sellable;
use counterfoil_core::id::ProductCode;
use counterfoil_core::receipt::shown_price;
use counterfoil_core::refusal::{Reason, Refusal};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation};

/// The most products on one page.
pub const PAGE_MAX: usize = 500;

/// Asks for products as they are sold here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadProducts {
    /// One product, by its code or a barcode; without it a page of all.
    pub code: Option<String>,
    /// The page after this code.
    pub after: Option<String>,
    /// How many, at most 500.
    pub limit: usize,
}

#[derive(Serialize)]
struct PageWire {
    products: Vec<ProductWire>,
    next: Option<String>,
}

#[derive(Serialize)]
struct ProductWire {
    code: String,
    name: String,
    unit: &'static str,
    price: Option<String>,
    tax: Vec<String>,
    brand: Option<String>,
    barcodes: Vec<String>,
    categories: Vec<String>,
}

/// The refusal of an unknown product, which on a till that has no products from its head office yet says how to get them.
///
/// # Errors
/// Disk or data failed.
pub fn never_fed(till: &mut OpenTill, refusal: Refusal) -> Result<Refusal, Failure> {
    if refusal.reason() != Reason::ProductUnknown {
        return Ok(refusal);
    }
    let status = till.read(|core| core.status())?;
    if status.is_enrolled && status.feed_revision.is_none() {
        let limit = "head office has sent no products yet: till sync";
        return Ok(Refusal::new(Reason::ProductUnknown, refusal.field(), refusal.value(), limit));
    }
    Ok(refusal)
}

impl ProductWire {
    fn new(sellable: Sellable, currency: Currency) -> Self {
        let Sellable { product, price, taxes, .. } = sellable;
        Self {
            code: product.code.to_string(),
            name: product.name.to_string(),
            unit: product.unit.code(),
            price: price.map(|price| shown_price(price, currency).to_string()),
            tax: taxes.iter().map(|tax| format!("{} {} {} %", tax.code, tax.category, tax.rate)).collect(),
            brand: product.brand.map(|brand| brand.to_string()),
            barcodes: product.barcodes.iter().map(ToString::to_string).collect(),
            categories: product.categories.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Operation for ReadProducts {
    const NAME: &'static str = "products";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let Self { code, after, limit } = self;
        let currency = till.profile().currency;
        if let Some(code) = code {
            let found = till.read(|core| core.resolve(&code))?;
            let unknown = || Refusal::new(Reason::ProductUnknown, "code", &code, "import it or check the code");
            let Some(found) = found else { return Err(never_fed(till, unknown())?.into()) };
            let products = vec![ProductWire::new(found, currency)];
            return Ok(Answer::done(&PageWire { products, next: None }));
        }
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Refusal::new(Reason::TooMany, "limit", limit, format!("1 to {PAGE_MAX}")).into());
        }
        let after = after.map(ProductCode::new).transpose()?;
        let page = till.read(|core| core.products(after.as_ref(), limit))?;
        let last = page.last().filter(|_| page.len() == limit).map(|product| product.code.to_string());
        let sellable = |code: &ProductCode| till.read(|core| core.resolve(code.as_str()));
        let products: Vec<Option<Sellable>> =
            page.iter().map(|product| &product.code).map(sellable).collect::<Result<_, _>>()?;
        let products = products.into_iter().flatten().map(|found| ProductWire::new(found, currency)).collect();
        Ok(Answer::done(&PageWire { products, next: last }))
    }
}
