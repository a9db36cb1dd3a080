//! What an import of products is asked to do: which column holds which field, and what an empty cell means.
//!
//! Columns whose name the trade knows need no mapping, so that common files import as they are; of several known names
//! in one file the first in the list of the field counts. Example: a file with `Price` and `UnitPrice` (per kilogram)
//! gives the price from `Price`.

use std::fmt;
use std::str::FromStr;

use crate::refusal::{Reason, Refusal};

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $code:literal, [$($column:literal),*];)*) => {
        /// What a column can hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Field { $($(#[$doc])* $name,)* }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name used in options and reports.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Column names that are taken for this field without being mapped, the best first; case, spaces and
            /// underscores do not count.
            pub(crate) const fn known_columns(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($column),*],)* }
            }
        }
    };
}

fields! {
    /// The shop's own code.
    Code = "code", ["code", "productcode", "productid", "sku", "stockcode", "articlecode", "itemcode"];
    /// What the receipt says.
    Name = "name", ["name", "product", "productname", "title", "description"];
    /// The maker's brand.
    Brand = "brand", ["brand"];
    /// What a scanner reads; several where a separator is given.
    Barcode = "barcode", ["barcode", "barcodes", "ean", "ean13", "gtin", "upc"];
    /// The categories; several where a separator is given or several columns are mapped.
    Category = "category", ["category", "categories", "genre", "genres", "majorgenre"];
    /// The price of one unit.
    Price = "price", ["price", "unitprice"];
    /// A promotion price; if present, it is the price.
    SpecialPrice = "special_price", ["specialprice"];
    /// How it is sold.
    Unit = "unit", ["unit"];
    /// The tax in percent.
    TaxRate = "tax_rate", ["taxrate", "vat", "vatrate"];
    /// What one unit costs the shop.
    Cost = "cost", ["cost", "costprice"];
    /// A barcode that stands for several: a case, a six-pack; several where a separator is given.
    PackBarcode = "pack_barcode", ["packbarcode", "packean", "casebarcode", "caseean"];
    /// How many such a barcode stands for; as many as there are pack barcodes, or one for all.
    PackQuantity = "pack_quantity", ["packquantity", "packsize", "casequantity", "casesize", "unitspercase"];
    /// The code of the product whose variant it is.
    Parent = "parent", ["parent", "parentcode", "variantof"];
    /// What tells the variant from its siblings: `size=M; colour=red`.
    Attributes = "attributes", ["attributes", "variantattributes"];
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl FromStr for Field {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.iter().copied().find(|field| field.code() == text);
        let limit = "code, name, brand, barcode, category, price, special_price, unit, tax_rate, cost, pack_barcode, \
             pack_quantity, parent or attributes";
        found.ok_or_else(|| Refusal::new(Reason::Malformed, "field", text, limit))
    }
}

/// What the caller of an import asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Columns by field; several columns of barcodes or categories add up, of another field the first filled counts.
    pub maps: Vec<(Field, String)>,
    /// What an empty cell of a field means.
    pub defaults: Vec<(Field, String)>,
    /// What separates several categories or barcodes in one cell.
    pub separator: Option<String>,
    /// Fields or columns that tell products apart where a row has no code.
    pub key: Vec<String>,
}

impl ImportOptions {
    /// Reads the options as they are typed: `FIELD=COLUMN`, `FIELD=VALUE`, and the tax rate as the default of its field.
    ///
    /// # Errors
    /// One has no `=`, or names no field.
    pub fn read(
        maps: &[String],
        defaults: &[String],
        tax_rate: Option<String>,
        separator: Option<String>,
        key: Vec<String>,
    ) -> Result<Self, Refusal> {
        let pairs = |option: &str, texts: &[String]| -> Result<Vec<_>, Refusal> {
            texts.iter().map(|text| Self::read_pair(option, text)).collect()
        };
        let mut defaults = pairs("default", defaults)?;
        defaults.extend(tax_rate.map(|rate| (Field::TaxRate, rate)));
        Ok(Self { maps: pairs("map", maps)?, defaults, separator, key })
    }

    /// Reads `FIELD=TEXT` of an option.
    ///
    /// # Errors
    /// There is no `=`, or no such field.
    pub fn read_pair(option: &str, text: &str) -> Result<(Field, String), Refusal> {
        let Some((field, rest)) = text.split_once('=') else {
            return Err(Refusal::new(Reason::Malformed, option, text, "FIELD=TEXT, such as name=Product"));
        };
        let field = field.parse().map_err(|refusal: Refusal| refusal.inside(option))?;
        Ok((field, rest.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(maps: &[&str], defaults: &[&str], tax_rate: Option<&str>) -> Result<ImportOptions, Refusal> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        ImportOptions::read(&texts(maps), &texts(defaults), tax_rate.map(str::to_owned), None, Vec::new())
    }

    #[test]
    fn options_are_fields_and_what_stands_after_the_first_equals_sign() {
        let options = read(&["name=Product", "price=Price = net"], &["unit=kg"], Some("25")).unwrap();
        let pair = |field, text: &str| (field, text.to_owned());
        assert_eq!(options.maps, [pair(Field::Name, "Product"), pair(Field::Price, "Price = net")]);
        assert_eq!(options.defaults, [pair(Field::Unit, "kg"), pair(Field::TaxRate, "25")]);
        for field in Field::ALL {
            assert_eq!(field.to_string().parse::<Field>().as_ref(), Ok(field));
        }
    }

    #[test]
    fn an_option_that_names_no_field_is_refused_by_its_name() {
        for (maps, defaults, field) in [
            (&["name"][..], &[][..], "map"),
            (&["colour=C"], &[], "map.field"),
            (&[], &["unit"], "default"),
            (&[], &["Unit=kg"], "default.field"),
        ] {
            let refusal = read(maps, defaults, None).unwrap_err();
            assert_eq!((refusal.code(), refusal.field()), ("malformed", field), "{maps:?} {defaults:?}");
        }
    }
}
