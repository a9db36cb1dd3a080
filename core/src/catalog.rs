//! What a shop sells: products, categories, tax classes and prices.
//!
//! A product has any number of barcodes and categories (a film may be Drama and Comedy). It names a tax class, so that
//! a changed rate is one changed row. A price of the store wins over the product's own; a product without either
//! cannot be sold. Weighed goods are sold by kilogram, others by piece, litre or metre.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{Barcode, MasterCode, Name, OperatorCode, ProductCode};
use crate::operator::Operator;
use crate::price_list::{ListPrice, PriceList};
use crate::promotion::Promotion;
use crate::quantity::{Quantity, UnitPrice};
use crate::refusal::{Reason, Refusal};
use crate::role::{Role, RoleRules};
use crate::tax::{LineTax, TAXES_PER_LINE_MAX};

/// The most barcodes one product may have.
pub const BARCODES_MAX: usize = 64;
/// The most categories one product may be in.
pub const CATEGORIES_MAX: usize = 32;

/// How a product is sold. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// By the piece, in whole numbers.
    Piece,
    /// By weight, in kilograms.
    Kilogram,
    /// By volume, in litres.
    Litre,
    /// By length, in metres.
    Metre,
}

impl Unit {
    /// All units.
    pub const ALL: [Self; 4] = [Self::Piece, Self::Kilogram, Self::Litre, Self::Metre];

    /// The code used in files and answers: `piece`, `kg`, `l`, `m`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Kilogram => "kg",
            Self::Litre => "l",
            Self::Metre => "m",
        }
    }

    /// Refuses a fraction of what is sold by the piece.
    ///
    /// # Errors
    /// `quantity_fraction`, naming `quantity`.
    pub fn check(self, quantity: Quantity) -> Result<(), Refusal> {
        match self {
            Self::Piece if !quantity.is_whole() => {
                Err(Refusal::new(Reason::QuantityFraction, "quantity", quantity, self.code()))
            }
            Self::Piece | Self::Kilogram | Self::Litre | Self::Metre => Ok(()),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl FromStr for Unit {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|unit| unit.code() == text);
        found.ok_or_else(|| Refusal::new(Reason::Malformed, "unit", text, "piece, kg, l or m"))
    }
}

/// A product as it is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The shop's own code.
    pub code: ProductCode,
    /// What the receipt says.
    pub name: Name,
    /// The maker's brand.
    pub brand: Option<Name>,
    /// What a scanner may read, none of them shared with another product.
    pub barcodes: Vec<Barcode>,
    /// The codes of the categories it is in.
    pub categories: Vec<MasterCode>,
    /// How it is sold.
    pub unit: Unit,
    /// The code of its tax class.
    pub tax_class: MasterCode,
    /// The price of one unit, unless the store has its own.
    pub price: Option<UnitPrice>,
    /// What one unit costs the shop, where known.
    pub cost: Option<UnitPrice>,
}

/// A category; it may lie in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its code.
    pub code: MasterCode,
    /// Its name.
    pub name: Name,
    /// The code of the category it lies in.
    pub parent: Option<MasterCode>,
}

/// The taxes that a class of products bears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxClass {
    /// Its code, such as `S25`.
    pub code: MasterCode,
    /// Its taxes, at most four.
    pub taxes: Vec<LineTax>,
}

/// The price of a product in one store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorePrice {
    /// Which product.
    pub product: ProductCode,
    /// The price of one unit.
    pub price: UnitPrice,
}

/// One row of master data. Frozen order: it is stored, hashed and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MasterRow {
    /// A tax class.
    TaxClass(TaxClass),
    /// A category.
    Category(Category),
    /// A product.
    Product(Box<Product>),
    /// A price of this store.
    Price(StorePrice),
    /// An operator, without the PIN.
    Operator(Operator),
    /// What a role allows.
    Role(Box<RoleRules>),
    /// A price list: for whom it holds.
    PriceList(Box<PriceList>),
    /// A price of a price list.
    ListPrice(Box<ListPrice>),
    /// A promotion.
    Promotion(Box<Promotion>),
}

/// Which row of master data: its kind and its code. Frozen order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MasterKey {
    /// A tax class by its code.
    TaxClass(MasterCode),
    /// A category by its code.
    Category(MasterCode),
    /// A product by its code.
    Product(ProductCode),
    /// The store's price of a product.
    Price(ProductCode),
    /// An operator by code.
    Operator(OperatorCode),
    /// A role by its code.
    Role(MasterCode),
    /// A price list by its code.
    PriceList(MasterCode),
    /// The price of a list for a product from a quantity on.
    ListPrice(MasterCode, ProductCode, Quantity),
    /// A promotion by its code.
    Promotion(MasterCode),
}

impl MasterKey {
    /// The key of a role's rules.
    #[must_use]
    pub fn of_role(role: &Role) -> Self {
        Self::Role(MasterCode::new(role.code()).expect("a code of a role is a code of master data"))
    }
}

impl MasterRow {
    /// Which row this is.
    #[must_use]
    pub fn key(&self) -> MasterKey {
        match self {
            Self::TaxClass(class) => MasterKey::TaxClass(class.code.clone()),
            Self::Category(category) => MasterKey::Category(category.code.clone()),
            Self::Product(product) => MasterKey::Product(product.code.clone()),
            Self::Price(price) => MasterKey::Price(price.product.clone()),
            Self::Operator(operator) => MasterKey::Operator(operator.code.clone()),
            Self::Role(rules) => MasterKey::of_role(&rules.role),
            Self::PriceList(list) => MasterKey::PriceList(list.code.clone()),
            Self::ListPrice(price) => {
                MasterKey::ListPrice(price.list.clone(), price.product.clone(), price.from_quantity)
            }
            Self::Promotion(promotion) => MasterKey::Promotion(promotion.code.clone()),
        }
    }

    /// Checks what one row can say about itself.
    ///
    /// # Errors
    /// A negative price or cost, too many barcodes, categories or taxes, a barcode given twice.
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Product(product) => check_product(product),
            Self::TaxClass(class) if class.taxes.is_empty() || class.taxes.len() > TAXES_PER_LINE_MAX => {
                Err(Refusal::new(Reason::TooMany, "taxes", class.taxes.len(), format!("1 to {TAXES_PER_LINE_MAX}")))
            }
            Self::Price(price) => check_price("price", Some(price.price)),
            Self::Role(rules) => rules.check(),
            Self::ListPrice(price) => price.check(),
            Self::Promotion(promotion) => promotion.check(),
            Self::TaxClass(_) | Self::Category(_) | Self::Operator(_) | Self::PriceList(_) => Ok(()),
        }
    }
}

fn check_product(product: &Product) -> Result<(), Refusal> {
    check_price("price", product.price)?;
    check_price("cost", product.cost)?;
    if product.barcodes.len() > BARCODES_MAX {
        return Err(Refusal::new(Reason::TooMany, "barcode", product.barcodes.len(), BARCODES_MAX));
    }
    if product.categories.len() > CATEGORIES_MAX {
        return Err(Refusal::new(Reason::TooMany, "category", product.categories.len(), CATEGORIES_MAX));
    }
    Ok(())
}

fn check_price(field: &str, price: Option<UnitPrice>) -> Result<(), Refusal> {
    match price {
        Some(price) if price.is_negative() => Err(Refusal::new(Reason::PriceNegative, field, price, "zero or more")),
        _ => Ok(()),
    }
}
