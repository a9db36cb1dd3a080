//! How a row of a shop's product file becomes a product.
//!
//! Fields are taken from columns: those named by `--map FIELD=COLUMN`, else those with a name that the trade knows. An
//! empty cell takes the field's default. A special price, if present, is the price. A unit that is not known is a
//! piece, with a warning. A row without a code gets one from its key, always the same, so that a later import of the
//! file finds its products again; a row that cannot be read is refused, naming the field, and the others go on.
//! Example: `BUDDY PIL,90725768,ko,3850334043641,PROIZVODI,,0.79` with tax 25 is product `90725768` at 0.79, class
//! `S25`, in category `proizvodi`.

use sha2::{Digest, Sha256};

use crate::catalog::{Category, MasterRow, Pack, Product, TaxClass, Unit, Variant};
use crate::cell_value::{clean, missing, named, packs_of, tax_class, unit_of, variant_of};
use crate::id::{Barcode, Hash, MasterCode, Name, ProductCode};
use crate::import_options::{Field, ImportOptions};
use crate::quantity::UnitPrice;
use crate::refusal::{Reason, Refusal};

/// Separates several values in one cell where the file itself lists them, as a JSON array does.
pub const LIST_SEPARATOR: char = '\u{1f}';
/// The most columns that a file may have.
pub const COLUMNS_MAX: usize = 1_000;

const CODE_HASH_DIGITS: usize = 16;

/// The cells of a row, asked for by the place of their column.
pub type Cells<'r> = &'r dyn Fn(usize) -> Option<&'r str>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyPart {
    Field(Field),
    Column(usize),
}

/// The rules of one import, bound to the columns of its file.
#[derive(Clone, Debug)]
pub struct ProductImport {
    columns_by_field: Vec<(Field, Vec<usize>)>,
    defaults: Vec<(Field, String)>,
    separator: Option<String>,
    key: Vec<KeyPart>,
    warnings: Vec<String>,
}

/// A product as its row gives it, with what it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedProduct {
    /// The product.
    pub product: Product,
    /// Its categories.
    pub categories: Vec<Category>,
    /// Its tax class.
    pub tax_class: TaxClass,
    /// What was not as expected and did not stop it.
    pub warnings: Vec<String>,
}

impl ImportedProduct {
    /// The rows that the product refers to, and that must be known before it.
    pub fn foundation(&self) -> impl Iterator<Item = MasterRow> {
        let class = MasterRow::TaxClass(self.tax_class.clone());
        std::iter::once(class).chain(self.categories.iter().cloned().map(MasterRow::Category))
    }
}

impl ProductImport {
    /// Binds the options to the columns of a file.
    ///
    /// # Errors
    /// A mapped or key column that the file does not have, no column or default for name, price or tax rate, an empty
    /// separator, more than `COLUMNS_MAX` columns.
    pub fn bind(options: &ImportOptions, columns: &[&str]) -> Result<Self, Refusal> {
        if columns.len() > COLUMNS_MAX {
            return Err(Refusal::new(Reason::TooMany, "columns", columns.len(), COLUMNS_MAX));
        }
        if options.separator.as_deref() == Some("") {
            return Err(Refusal::new(Reason::Missing, "category-separator", "", "at least one character"));
        }
        let mut columns_by_field = Vec::new();
        for field in Field::ALL.iter().copied() {
            columns_by_field.push((field, columns_of(field, options, columns)?));
        }
        let defaults = options.defaults.clone();
        let mut bound = Self {
            columns_by_field,
            defaults,
            separator: options.separator.clone(),
            key: Vec::new(),
            warnings: vec![],
        };
        bound.require(Field::Name, "--map name=COLUMN")?;
        bound.require(Field::TaxRate, "--tax-rate R or --map tax_rate=COLUMN")?;
        if !bound.is_given(Field::SpecialPrice) {
            bound.require(Field::Price, "--map price=COLUMN or --default price=VALUE")?;
        }
        bound.bind_key(&options.key, columns)?;
        Ok(bound)
    }

    /// What is to be told once about the whole file.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Reads one row, whose cells are asked for by the place of their column.
    ///
    /// # Errors
    /// A field that is missing or cannot be what it must be.
    pub fn read_row(&self, cell: Cells<'_>) -> Result<ImportedProduct, Refusal> {
        let one = |field: Field| self.first(field, cell);
        let mut barcodes = self.read_barcodes(cell)?;
        let code = self.read_code(cell, &barcodes)?;
        let name = one(Field::Name).ok_or_else(|| missing(Field::Name, "the name of the product"))?;
        let brand = one(Field::Brand).map(|text| named(Field::Brand, Name::new(clean(&text)))).transpose()?;
        let categories = self.read_categories(cell)?;
        let price = one(Field::SpecialPrice).map(|text| (Field::SpecialPrice, text));
        let price = price.or_else(|| one(Field::Price).map(|text| (Field::Price, text)));
        let (price_field, price) = price.ok_or_else(|| missing(Field::Price, "the price of one unit"))?;
        let mut warnings = Vec::new();
        let unit = one(Field::Unit).map_or(Unit::Piece, |text| unit_of(&text, &mut warnings));
        let rate = one(Field::TaxRate).ok_or_else(|| missing(Field::TaxRate, "the tax in percent"))?;
        let tax_class = tax_class(&rate)?;
        let cost = one(Field::Cost).map(|text| UnitPrice::read(Field::Cost.code(), &text)).transpose()?;
        let packs = self.read_packs(cell)?;
        for pack in &packs {
            if !barcodes.contains(&pack.barcode) {
                barcodes.push(pack.barcode.clone());
            }
        }
        let product = Product {
            code,
            name: named(Field::Name, Name::new(clean(&name)))?,
            brand,
            barcodes,
            categories: categories.iter().map(|category| category.code.clone()).collect(),
            unit,
            tax_class: tax_class.code.clone(),
            price: Some(UnitPrice::read(price_field.code(), &price)?),
            cost,
            packs,
            variant: self.read_variant(cell)?,
        };
        MasterRow::Product(Box::new(product.clone())).check()?;
        Ok(ImportedProduct { product, categories, tax_class, warnings })
    }

    fn columns(&self, field: Field) -> &[usize] {
        let found = self.columns_by_field.iter().find(|(known, _)| *known == field);
        found.map_or(&[], |(_, columns)| columns)
    }

    fn is_given(&self, field: Field) -> bool {
        !self.columns(field).is_empty() || self.defaults.iter().any(|(known, _)| *known == field)
    }

    fn require(&self, field: Field, how: &str) -> Result<(), Refusal> {
        if self.is_given(field) { Ok(()) } else { Err(Refusal::new(Reason::Missing, field.code(), "", how)) }
    }

    fn bind_key(&mut self, key: &[String], columns: &[&str]) -> Result<(), Refusal> {
        for part in key {
            let part = part.trim();
            let field = part.parse::<Field>().ok();
            let column = position(part, columns);
            match (field.filter(|field| self.is_given(*field)), column) {
                (Some(field), _) => self.key.push(KeyPart::Field(field)),
                (None, Some(column)) => self.key.push(KeyPart::Column(column)),
                (None, None) => {
                    return Err(Refusal::new(Reason::Malformed, "key", part, "a field or a column of this file"));
                }
            }
        }
        if self.key.is_empty() && !self.is_given(Field::Code) && !self.is_given(Field::Barcode) {
            self.key.push(KeyPart::Field(Field::Name));
            self.warnings.push("no column of codes or barcodes: products are told apart by name".to_owned());
        }
        Ok(())
    }

    /// The filled values of a field: each mapped column that is not empty, else the default.
    fn filled(&self, field: Field, cell: Cells<'_>) -> Vec<String> {
        let cells: Vec<String> = self.columns(field).iter().filter_map(|column| text_of(cell(*column))).collect();
        if !cells.is_empty() {
            return cells;
        }
        let defaults = self.defaults.iter().filter(|(known, _)| *known == field);
        defaults.filter_map(|(_, text)| text_of(Some(text))).collect()
    }

    fn first(&self, field: Field, cell: Cells<'_>) -> Option<String> {
        self.filled(field, cell).into_iter().next()
    }

    /// The single values of a field whose cells may list several, none twice.
    fn listed(&self, field: Field, cell: Cells<'_>) -> Vec<String> {
        let mut values = Vec::new();
        for text in self.filled(field, cell) {
            for part in text.split(LIST_SEPARATOR) {
                let parts = self.separator.as_deref().map_or_else(|| vec![part], |by| part.split(by).collect());
                values.extend(parts.into_iter().filter_map(|part| text_of(Some(part))));
            }
        }
        let mut unique: Vec<String> = Vec::with_capacity(values.len());
        for value in values {
            if !unique.contains(&value) {
                unique.push(value);
            }
        }
        unique
    }

    fn read_barcodes(&self, cell: Cells<'_>) -> Result<Vec<Barcode>, Refusal> {
        self.listed(Field::Barcode, cell).into_iter().map(Barcode::new).collect()
    }

    fn read_packs(&self, cell: Cells<'_>) -> Result<Vec<Pack>, Refusal> {
        let mut quantities = self.filled(Field::PackQuantity, cell);
        if let Some(by) = self.separator.as_deref() {
            let parts = quantities.iter().flat_map(|text| text.split(by));
            quantities = parts.filter_map(|part| text_of(Some(part))).collect();
        }
        packs_of(self.listed(Field::PackBarcode, cell), &quantities)
    }

    fn read_variant(&self, cell: Cells<'_>) -> Result<Option<Variant>, Refusal> {
        let parent = self.first(Field::Parent, cell);
        parent.map(|parent| variant_of(parent, &self.filled(Field::Attributes, cell))).transpose()
    }

    fn read_categories(&self, cell: Cells<'_>) -> Result<Vec<Category>, Refusal> {
        let mut categories: Vec<Category> = Vec::new();
        for name in self.listed(Field::Category, cell) {
            let name = clean(&name);
            let code = named(Field::Category, MasterCode::new(category_code(&name)))?;
            if categories.iter().all(|known| known.code != code) {
                categories.push(Category { code, name: named(Field::Category, Name::new(name))?, parent: None });
            }
        }
        Ok(categories)
    }

    fn read_code(&self, cell: Cells<'_>, barcodes: &[Barcode]) -> Result<ProductCode, Refusal> {
        if let Some(code) = self.first(Field::Code, cell) {
            return ProductCode::new(code);
        }
        let is_by_barcode = self.key.is_empty() || self.key == [KeyPart::Field(Field::Barcode)];
        if let Some(barcode) = barcodes.first().filter(|_| is_by_barcode) {
            return ProductCode::new(barcode.as_str());
        }
        let parts: Vec<String> = self.key.iter().map(|part| self.key_text(part, cell)).collect();
        if parts.iter().all(String::is_empty) {
            return Err(missing(Field::Code, "a code, a barcode, or a key to make one from"));
        }
        ProductCode::new(in_store_code(&parts))
    }

    fn key_text(&self, part: &KeyPart, cell: Cells<'_>) -> String {
        let text = match part {
            KeyPart::Field(field) => self.first(*field, cell),
            KeyPart::Column(column) => text_of(cell(*column)),
        };
        text.unwrap_or_default()
    }
}

/// The code of a product that has none: `K` and 16 digits of the hash of its key, which depend on nothing else.
fn in_store_code(parts: &[String]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let digits = Hash(hasher.finalize().into()).to_string();
    format!("K{}", digits.chars().take(CODE_HASH_DIGITS).collect::<String>().to_uppercase())
}

fn columns_of(field: Field, options: &ImportOptions, columns: &[&str]) -> Result<Vec<usize>, Refusal> {
    let mut mapped = options.maps.iter().filter(|(known, _)| *known == field).peekable();
    if mapped.peek().is_none() {
        let known = field
            .known_columns()
            .iter()
            .find_map(|known| columns.iter().position(|column| simplified(column) == *known));
        return Ok(known.into_iter().collect());
    }
    let unknown = |column: &str| Refusal::new(Reason::Malformed, "map", format!("{field}={column}"), listed(columns));
    mapped.map(|(_, column)| position(column, columns).ok_or_else(|| unknown(column))).collect()
}

fn position(name: &str, columns: &[&str]) -> Option<usize> {
    let exact = columns.iter().position(|column| *column == name);
    exact.or_else(|| columns.iter().position(|column| simplified(column) == simplified(name)))
}

fn simplified(column: &str) -> String {
    column
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

fn listed(columns: &[&str]) -> String {
    format!("one of the columns {}", columns.iter().take(40).copied().collect::<Vec<_>>().join(", "))
}

fn text_of(cell: Option<&str>) -> Option<String> {
    let text = cell?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn category_code(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 8] =
        ["Product", "ProductId", "Unit", "Barcode", "Category", "Price", "UnitPrice", "SpecialPrice"];

    fn options(tax_rate: &str) -> ImportOptions {
        ImportOptions { defaults: vec![(Field::TaxRate, tax_rate.to_owned())], ..ImportOptions::default() }
    }

    fn read(options: &ImportOptions, columns: &[&str], cells: &[&str]) -> Result<ImportedProduct, Refusal> {
        ProductImport::bind(options, columns)?.read_row(&|place| cells.get(place).copied())
    }

    fn shop(cells: [&str; 8]) -> Result<ImportedProduct, Refusal> {
        read(&options("25"), &COLUMNS, &cells)
    }

    #[test]
    fn a_price_list_needs_no_mapping() {
        let row = ["VISKI 0.7L\t\t", "01647057", "ko", "3850334018236", "PI\u{106}E", "0.99", "2.45", ""];
        let imported = shop(row).unwrap();
        let product = &imported.product;
        assert_eq!((product.code.as_str(), product.name.as_str()), ("01647057", "VISKI 0.7L"));
        assert_eq!((product.barcodes[0].as_str(), product.unit), ("3850334018236", Unit::Piece));
        assert_eq!(
            (product.categories[0].as_str(), imported.categories[0].name.as_str()),
            ("pi\u{107}e", "PI\u{106}E")
        );
        assert_eq!((product.price.unwrap().to_string().as_str(), product.tax_class.as_str()), ("0.99", "S25"));
        assert_eq!(imported.foundation().count(), 2);
        assert!(imported.warnings.is_empty());
    }

    #[test]
    fn a_special_price_is_the_price() {
        for (price, special, expected) in
            [("0.99", "0.79", "0.79"), ("", "0.79", "0.79"), ("0.99", "", "0.99"), ("0", "", "0")]
        {
            let imported = shop(["Tea", "1", "", "", "", price, "", special]).unwrap();
            assert_eq!(imported.product.price.unwrap().to_string(), expected, "{price} {special}");
        }
    }

    #[test]
    fn units_of_the_trade_are_known_and_others_are_pieces_with_a_warning() {
        for (text, unit, warnings) in [
            ("", Unit::Piece, 0),
            ("ko", Unit::Piece, 0),
            ("KOM.", Unit::Piece, 0),
            ("ud", Unit::Piece, 0),
            ("Stk", Unit::Piece, 0),
            ("kg", Unit::Kilogram, 0),
            ("KG", Unit::Kilogram, 0),
            ("l", Unit::Litre, 0),
            ("m", Unit::Metre, 0),
            ("box", Unit::Piece, 1),
        ] {
            let imported = shop(["Tea", "1", text, "", "", "1", "", ""]).unwrap();
            assert_eq!((imported.product.unit, imported.warnings.len()), (unit, warnings), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_field() {
        for (cells, code, field) in [
            (["", "1", "", "", "", "1", "", ""], "missing", "name"),
            (["Tea", "", "", "", "", "1", "", ""], "missing", "code"),
            (["Tea", "1", "", "", "", "", "", ""], "missing", "price"),
            (["Tea", "1", "", "", "", "1,50", "", ""], "malformed", "price"),
            (["Tea", "1", "", "", "", "-1", "", ""], "price_negative", "price"),
            (["Tea", "1", "", "", "", "0.123456789", "", ""], "too_many_digits", "price"),
            (["Tea", "1", "", "", "", "9999999999999999", "", ""], "overflow", "price"),
            (["Tea", "1", "", "", "", "1", "", "cheap"], "malformed", "special_price"),
            (["Tea", "1", "", "385\u{e9}", "", "1", "", ""], "malformed", "barcode"),
        ] {
            let refusal = shop(cells).unwrap_err();
            assert_eq!((refusal.code(), refusal.field()), (code, field), "{cells:?}");
        }
        let long = "x".repeat(201);
        assert_eq!(shop([&long, "1", "", "", "", "1", "", ""]).unwrap_err().field(), "name");
        for (rate, code) in [("-1", "negative"), ("101", "overflow"), ("high", "malformed")] {
            let refusal = read(&options(rate), &COLUMNS, &["Tea", "1", "", "", "", "1", "", ""]).unwrap_err();
            assert_eq!((refusal.code(), refusal.field()), (code, "tax_rate"), "{rate}");
        }
    }

    #[test]
    fn tax_rates_become_classes() {
        for (rate, class) in [("25", "S25"), ("25.0%", "S25"), ("5.5", "S5.5"), ("0", "Z0")] {
            let imported = read(&options(rate), &["name", "code", "price"], &["Tea", "1", "2"]).unwrap();
            assert_eq!(imported.tax_class.code.as_str(), class);
        }
    }

    #[test]
    fn a_code_made_from_the_key_is_always_the_same() {
        let film = |key: &[&str], cells: [&str; 2]| {
            let mut options = options("25");
            options.defaults.push((Field::Price, "9.99".to_owned()));
            options.key = key.iter().map(|part| (*part).to_owned()).collect();
            read(&options, &["Title", "Release Date"], &cells).map(|imported| imported.product.code.to_string())
        };
        let hamlet = film(&["name", "Release Date"], ["Hamlet", "Dec 25 1996"]).unwrap();
        assert_eq!(hamlet, "KF795BA2247537FF0");
        assert_ne!(hamlet, film(&["name", "Release Date"], ["Hamlet", "May 12 2000"]).unwrap());
        assert_eq!(film(&[], ["Hamlet", "a"]), film(&["name"], ["Hamlet", "b"]));
        assert_eq!(film(&["Director"], ["Hamlet", ""]).unwrap_err().code(), "malformed");
        assert_eq!(film(&["Release Date"], ["Hamlet", ""]).unwrap_err().field(), "code");
    }

    #[test]
    fn without_a_code_the_barcode_is_the_code() {
        let imported = shop(["Tea", "", "", "3850334018236", "", "1", "", ""]).unwrap();
        assert_eq!(imported.product.code.as_str(), "3850334018236");
    }

    #[test]
    fn one_cell_may_list_several_barcodes_and_categories() {
        let separated = ImportOptions { separator: Some("|".to_owned()), ..options("25") };
        let cells = ["Film", "1", "", "11111111| 22222222|11111111", "Drama|Comedy||DRAMA", "1", "", ""];
        let imported = read(&separated, &COLUMNS, &cells).unwrap();
        assert_eq!(imported.product.barcodes.len(), 2);
        let codes: Vec<_> = imported.product.categories.iter().map(MasterCode::as_str).collect();
        assert_eq!(codes, ["drama", "comedy"]);
        let listed = shop(["Film", "1", "", "", "Drama\u{1f}Comedy", "1", "", ""]).unwrap();
        assert_eq!(listed.categories.len(), 2);
    }

    #[test]
    fn mapped_columns_and_defaults_win_over_known_names() {
        let mut options = options("25");
        options.maps = vec![
            (Field::Name, "Titel".to_owned()),
            (Field::Category, "A".to_owned()),
            (Field::Category, "b".to_owned()),
        ];
        options.defaults.push((Field::Brand, "none".to_owned()));
        let columns = ["name", "Titel", "code", "price", "A", "B"];
        let imported = read(&options, &columns, &["x", "Tea", "1", "2", "Drink", "Hot"]).unwrap();
        assert_eq!((imported.product.name.as_str(), imported.categories.len()), ("Tea", 2));
        assert_eq!(imported.product.brand.unwrap().as_str(), "none");
    }

    #[test]
    fn an_import_that_cannot_succeed_is_refused_at_once() {
        let refused = |options: &ImportOptions, columns: &[&str]| ProductImport::bind(options, columns).unwrap_err();
        assert_eq!(refused(&ImportOptions::default(), &COLUMNS).field(), "tax_rate");
        assert_eq!(refused(&options("25"), &["name", "code"]).field(), "price");
        assert_eq!(refused(&options("25"), &["code", "price"]).field(), "name");
        let maps = vec![(Field::Name, "Titel".to_owned())];
        assert_eq!(refused(&ImportOptions { maps, ..options("25") }, &COLUMNS).field(), "map");
        assert_eq!(
            refused(&ImportOptions { separator: Some(String::new()), ..options("25") }, &COLUMNS).code(),
            "missing"
        );
        assert_eq!(ImportOptions::read_pair("map", "name").unwrap_err().field(), "map");
        assert_eq!(ImportOptions::read_pair("map", "colour=x").unwrap_err().field(), "map.field");
    }
}
