//! A price list as JSON: in a basket to be quoted, and in a file of price lists.
//!
//! `{"code","name","stores":[],"customer_groups":[],"from","to","priority","prices":[{"product","from_quantity","price"}]}`.

use counterfoil_core::id::{MasterCode, Name, ProductCode};
use counterfoil_core::price_list::{ListPrice, PriceList};
use counterfoil_core::quantity::{Quantity, UnitPrice};
use counterfoil_core::refusal::Refusal;
use serde::Deserialize;

use crate::wire::promotion::{codes, date, stores};
use crate::wire::read::{DecimalText, each};

/// One price list with its prices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceListWire {
    code: String,
    name: Option<String>,
    #[serde(default)]
    stores: Vec<String>,
    #[serde(default)]
    customer_groups: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    priority: i32,
    #[serde(default)]
    prices: Vec<ListPriceWire>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListPriceWire {
    product: String,
    from_quantity: Option<DecimalText>,
    price: DecimalText,
}

impl PriceListWire {
    /// Reads the list and its prices.
    ///
    /// # Errors
    /// A field that cannot be read.
    pub fn read(&self) -> Result<(PriceList, Vec<ListPrice>), Refusal> {
        let code = MasterCode::new(&self.code)?;
        let prices = each("prices", &self.prices, |price| price.read(&code))?;
        let list = PriceList {
            name: Name::new(self.name.as_deref().unwrap_or(&self.code))?,
            stores: stores(&self.stores)?,
            customer_groups: codes("customer_groups", &self.customer_groups)?,
            from: date("from", self.from.as_deref())?,
            to: date("to", self.to.as_deref())?,
            priority: self.priority,
            code,
        };
        Ok((list, prices))
    }
}

impl ListPriceWire {
    fn read(&self, list: &MasterCode) -> Result<ListPrice, Refusal> {
        let from = self.from_quantity.as_ref();
        let price = ListPrice {
            list: list.clone(),
            product: ProductCode::new(&self.product)
                .map_err(|why| Refusal::new(why.reason(), "product", why.value(), why.limit()))?,
            from_quantity: from.map_or(Ok(Quantity::ZERO), |text| Quantity::read("from_quantity", text.as_str()))?,
            price: UnitPrice::read("price", self.price.as_str())?,
        };
        price.check()?;
        Ok(price)
    }
}
