//! Master data by generation: 0 is the till's own, further ones come from the feed.

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, WriteTransaction};

use crate::barcode::{self, comparison_key};
use crate::catalog::{MasterKey, MasterRow, Product};
use crate::db::error::DbError;
use crate::db::look_up::Tables;
use crate::db::row;
use crate::db::tables::{BARCODES, MASTER};
use crate::decide::sale::Sellable;
use crate::feed::StateHash;
use crate::goods_label::GoodsLabel;
use crate::id::{Barcode, MasterCode, OperatorCode, ProductCode};
use crate::in_store_code::Mask;
use crate::operator::Operator;
use crate::price_list::{ListPrice, PriceList};
use crate::promotion::Promotion;
use crate::quantity::Quantity;
use crate::role::{Role, RoleRules};
use crate::scan::{Rules, scan};

const PRODUCT_KIND: u8 = 3;
const OPERATOR_KIND: u8 = 5;
const ROLE_KIND: u8 = 6;
const PRICE_LIST_KIND: u8 = 7;
const LIST_PRICE_KIND: u8 = 8;
const PROMOTION_KIND: u8 = 9;
/// Between the parts of a key; no code has it.
const BETWEEN: u8 = 0;

/// The bytes of a key: its kind and its code.
pub(crate) fn key_bytes(key: &MasterKey) -> Vec<u8> {
    let (kind, code) = match key {
        MasterKey::TaxClass(code) => (1, code.as_str()),
        MasterKey::Category(code) => (2, code.as_str()),
        MasterKey::Product(code) => (PRODUCT_KIND, code.as_str()),
        MasterKey::Price(code) => (4, code.as_str()),
        MasterKey::Operator(code) => (OPERATOR_KIND, code.as_str()),
        MasterKey::Role(code) => (ROLE_KIND, code.as_str()),
        MasterKey::PriceList(code) => (PRICE_LIST_KIND, code.as_str()),
        MasterKey::Promotion(code) => (PROMOTION_KIND, code.as_str()),
        MasterKey::ListPrice(list, product, from_quantity) => {
            let mut bytes = list_prices_key(list, product);
            bytes.push(BETWEEN);
            bytes.extend_from_slice(from_quantity.to_string().as_bytes());
            return bytes;
        }
    };
    let mut bytes = vec![kind];
    bytes.extend_from_slice(code.as_bytes());
    bytes
}

/// What the keys of a product's prices in a list begin with, but for the mark that ends it.
fn list_prices_key(list: &MasterCode, product: &ProductCode) -> Vec<u8> {
    let mut bytes = vec![LIST_PRICE_KIND];
    bytes.extend_from_slice(list.as_str().as_bytes());
    bytes.push(BETWEEN);
    bytes.extend_from_slice(product.as_str().as_bytes());
    bytes
}

/// The row of a generation.
pub(crate) fn row(tables: &impl Tables, generation: u8, key: &MasterKey) -> Result<Option<MasterRow>, DbError> {
    tables.get(MASTER, &(generation, key_bytes(key).as_slice()))
}

/// The product that has a barcode.
pub(crate) fn product_of_barcode(
    tables: &impl Tables,
    generation: u8,
    barcode: &Barcode,
) -> Result<Option<ProductCode>, DbError> {
    tables.get(BARCODES, &(generation, comparison_key(barcode).as_str()))
}

/// The goods of a view, with their tables opened once for all the lines of a basket.
pub(crate) struct Shelf {
    master: ReadOnlyTable<(u8, &'static [u8]), &'static [u8]>,
    barcodes: ReadOnlyTable<(u8, &'static str), &'static [u8]>,
}

impl Shelf {
    pub(crate) fn of(tx: &ReadTransaction) -> Result<Self, DbError> {
        Ok(Self { master: tx.open_table(MASTER)?, barcodes: tx.open_table(BARCODES)? })
    }

    fn row(&self, generation: u8, key: &MasterKey) -> Result<Option<MasterRow>, DbError> {
        row::get(&self.master, MASTER, &(generation, key_bytes(key).as_slice()))
    }

    fn product_of_barcode(&self, generation: u8, barcode: &Barcode) -> Result<Option<ProductCode>, DbError> {
        row::get(&self.barcodes, BARCODES, &(generation, comparison_key(barcode).as_str()))
    }
}

impl Shelf {
    /// The promotions of a generation, but for those that make no sense, which head office has let through.
    pub(crate) fn promotions(&self, generation: u8) -> Result<Vec<Promotion>, DbError> {
        let (from, to) = ([PROMOTION_KIND], [PROMOTION_KIND.saturating_add(1)]);
        let rows = self.rows(generation, &from, &to)?.into_iter();
        let promotion = |row| if let MasterRow::Promotion(promotion) = row { Some(*promotion) } else { None };
        Ok(rows.filter_map(promotion).filter(|promotion| promotion.check().is_ok()).collect())
    }

    /// The price lists of a generation.
    pub(crate) fn price_lists(&self, generation: u8) -> Result<Vec<PriceList>, DbError> {
        let (from, to) = ([PRICE_LIST_KIND], [PRICE_LIST_KIND.saturating_add(1)]);
        let rows = self.rows(generation, &from, &to)?.into_iter();
        Ok(rows.filter_map(|row| if let MasterRow::PriceList(list) = row { Some(*list) } else { None }).collect())
    }

    /// The prices of a product in a list.
    pub(crate) fn list_prices(
        &self,
        generation: u8,
        list: &MasterCode,
        product: &ProductCode,
    ) -> Result<Vec<ListPrice>, DbError> {
        let (mut from, mut to) = (list_prices_key(list, product), list_prices_key(list, product));
        from.push(BETWEEN);
        to.push(BETWEEN.saturating_add(1));
        let rows = self.rows(generation, &from, &to)?.into_iter();
        Ok(rows.filter_map(|row| if let MasterRow::ListPrice(price) = row { Some(*price) } else { None }).collect())
    }

    fn rows(&self, generation: u8, from: &[u8], to: &[u8]) -> Result<Vec<MasterRow>, DbError> {
        let found = self.master.range((generation, from)..(generation, to))?;
        found
            .map(|found| {
                let (key, stored) = found?;
                row::read(MASTER, &key.value(), stored.value())
            })
            .collect()
    }
}

/// What a code stands for: a product's own code, a barcode, or a scanned code that says more.
pub(crate) fn sellable(
    shelf: &Shelf,
    generation: u8,
    code: &str,
    masks: &dyn Fn() -> Vec<Mask>,
) -> Result<Option<Sellable>, DbError> {
    let Some((product, pack, label)) = find_product(shelf, generation, code, masks)? else { return Ok(None) };
    let price = match shelf.row(generation, &MasterKey::Price(product.code.clone()))? {
        Some(MasterRow::Price(price)) => Some(price.price),
        _ => product.price,
    };
    let taxes = match shelf.row(generation, &MasterKey::TaxClass(product.tax_class.clone()))? {
        Some(MasterRow::TaxClass(class)) => class.taxes,
        _ => Vec::new(),
    };
    Ok(Some(Sellable { pack, label, ..Sellable::of(product, price, taxes) }))
}

type Found = (Product, Quantity, GoodsLabel);

/// In order: the product with this code; the one with this barcode, a UPC-E also as the UPC-A that it stands for; and of
/// what the code says when it is read as a scanned one, the in-store code with its measure zeroed, then the GTIN.
fn find_product(
    shelf: &Shelf,
    generation: u8,
    code: &str,
    masks: &dyn Fn() -> Vec<Mask>,
) -> Result<Option<Found>, DbError> {
    if let Ok(code) = ProductCode::new(code)
        && let Some(product) = product(shelf, generation, &code)?
    {
        return Ok(Some((product, Quantity::ONE, GoodsLabel::default())));
    }
    let expanded = barcode::upc_e_to_upc_a(code).ok();
    for scanned in [Some(code), expanded.as_deref()].into_iter().flatten() {
        if let Some((product, pack)) = by_barcode(shelf, generation, scanned)? {
            return Ok(Some((product, pack, GoodsLabel::default())));
        }
    }
    let masks = masks();
    let scanned = scan(code, Rules { masks: &masks, ..Rules::default() });
    if !scanned.is_valid() {
        return Ok(None);
    }
    for gtin in [scanned.article, scanned.gtin].into_iter().flatten() {
        if let Some((product, pack)) = by_barcode(shelf, generation, gtin.as_str())? {
            return Ok(Some((product, pack, GoodsLabel::of(&scanned))));
        }
    }
    Ok(None)
}

/// The product that has a barcode, and how many the barcode stands for.
fn by_barcode(shelf: &Shelf, generation: u8, code: &str) -> Result<Option<(Product, Quantity)>, DbError> {
    let Ok(scanned) = Barcode::new(code) else { return Ok(None) };
    let Some(found) = shelf.product_of_barcode(generation, &scanned)? else { return Ok(None) };
    let product = product(shelf, generation, &found)?.ok_or_else(|| dangling(&found))?;
    let key = comparison_key(&scanned);
    let pack = product.packs.iter().find(|pack| comparison_key(&pack.barcode) == key);
    let quantity = pack.map_or(Quantity::ONE, |pack| pack.quantity);
    Ok(Some((product, quantity)))
}

fn product(shelf: &Shelf, generation: u8, code: &ProductCode) -> Result<Option<Product>, DbError> {
    Ok(match shelf.row(generation, &MasterKey::Product(code.clone()))? {
        Some(MasterRow::Product(product)) => Some(*product),
        _ => None,
    })
}

fn dangling(code: &ProductCode) -> DbError {
    DbError::Invariant(format!("a barcode belongs to product {code}, which is not there"))
}

/// Products in the order of their codes, after `after`.
pub(crate) fn products(
    tx: &ReadTransaction,
    generation: u8,
    after: Option<&ProductCode>,
    limit: usize,
) -> Result<Vec<Product>, DbError> {
    let mut start = vec![PRODUCT_KIND];
    if let Some(after) = after {
        start.extend_from_slice(after.as_str().as_bytes());
        start.push(0);
    }
    let end = [PRODUCT_KIND.saturating_add(1)];
    let table = tx.open_table(MASTER)?;
    let mut products = Vec::new();
    for found in table.range((generation, start.as_slice())..(generation, end.as_slice()))?.take(limit) {
        let (key, stored) = found?;
        if let MasterRow::Product(product) = row::read(MASTER, &key.value(), stored.value())? {
            products.push(*product);
        }
    }
    Ok(products)
}

/// The operators of a generation.
pub(crate) fn operators(tables: &ReadTransaction, generation: u8) -> Result<Vec<Operator>, DbError> {
    let table = tables.open_table(MASTER)?;
    let mut operators = Vec::new();
    let end = [OPERATOR_KIND.saturating_add(1)];
    for found in table.range((generation, [OPERATOR_KIND].as_slice())..(generation, end.as_slice()))? {
        let (key, stored) = found?;
        if let MasterRow::Operator(operator) = row::read(MASTER, &key.value(), stored.value())? {
            operators.push(operator);
        }
    }
    Ok(operators)
}

/// One operator; the feed's wins over the till's own.
pub(crate) fn operator(tables: &impl Tables, generation: u8, code: &OperatorCode) -> Result<Option<Operator>, DbError> {
    let key = MasterKey::Operator(code.clone());
    let fed = row(tables, generation, &key)?;
    let found = if fed.is_none() && generation != 0 { row(tables, 0, &key)? } else { fed };
    Ok(match found {
        Some(MasterRow::Operator(operator)) => Some(operator),
        _ => None,
    })
}

/// What a role allows; the feed's rules win over the till's own, and those over what every till begins with.
pub(crate) fn role_rules(tables: &impl Tables, generation: u8, role: &Role) -> Result<RoleRules, DbError> {
    if *role == Role::Admin {
        return Ok(role.built_in());
    }
    let key = MasterKey::of_role(role);
    let fed = row(tables, generation, &key)?;
    let found = if fed.is_none() && generation != 0 { row(tables, 0, &key)? } else { fed };
    Ok(match found {
        Some(MasterRow::Role(rules)) => *rules,
        _ => role.built_in(),
    })
}

/// The roles of a generation whose rules the shop has set.
pub(crate) fn roles(tables: &ReadTransaction, generation: u8) -> Result<Vec<RoleRules>, DbError> {
    let table = tables.open_table(MASTER)?;
    let mut roles = Vec::new();
    let end = [ROLE_KIND.saturating_add(1)];
    for found in table.range((generation, [ROLE_KIND].as_slice())..(generation, end.as_slice()))? {
        let (key, stored) = found?;
        if let MasterRow::Role(rules) = row::read(MASTER, &key.value(), stored.value())? {
            roles.push(*rules);
        }
    }
    Ok(roles)
}

/// Writes a row, and tells which row it replaced.
pub(crate) fn set(tx: &WriteTransaction, generation: u8, row: &MasterRow) -> Result<Option<MasterRow>, DbError> {
    Shelving::of(tx, generation)?.set(row)
}

/// Writes rows, one after the other.
pub(crate) fn set_all(tx: &WriteTransaction, generation: u8, rows: &[MasterRow]) -> Result<(), DbError> {
    let mut shelving = Shelving::of(tx, generation)?;
    rows.iter().try_for_each(|row| shelving.set(row).map(|_| ()))
}

/// Removes a row, and tells which row it was.
pub(crate) fn remove(tx: &WriteTransaction, generation: u8, key: &MasterKey) -> Result<Option<MasterRow>, DbError> {
    Shelving::of(tx, generation)?.remove(&key_bytes(key))
}

/// The tables of one generation, open for as many rows as are to be changed.
struct Shelving<'a> {
    generation: u8,
    master: Table<'a, (u8, &'static [u8]), &'static [u8]>,
    barcodes: Table<'a, (u8, &'static str), &'static [u8]>,
}

impl<'a> Shelving<'a> {
    fn of(tx: &'a WriteTransaction, generation: u8) -> Result<Self, DbError> {
        Ok(Self { generation, master: tx.open_table(MASTER)?, barcodes: tx.open_table(BARCODES)? })
    }

    fn set(&mut self, row: &MasterRow) -> Result<Option<MasterRow>, DbError> {
        let key = key_bytes(&row.key());
        let before = self.take_barcodes(&key)?;
        if let MasterRow::Product(product) = row {
            for barcode in &product.barcodes {
                let key = comparison_key(barcode);
                row::put(&mut self.barcodes, BARCODES, &(self.generation, key.as_str()), &product.code)?;
            }
        }
        row::put(&mut self.master, MASTER, &(self.generation, key.as_slice()), row)?;
        Ok(before)
    }

    fn remove(&mut self, key: &[u8]) -> Result<Option<MasterRow>, DbError> {
        let before = self.take_barcodes(key)?;
        self.master.remove((self.generation, key))?;
        Ok(before)
    }

    /// The row under a key, whose barcodes stand for nothing any more.
    fn take_barcodes(&mut self, key: &[u8]) -> Result<Option<MasterRow>, DbError> {
        let found = row::get(&self.master, MASTER, &(self.generation, key))?;
        if let Some(MasterRow::Product(product)) = &found {
            for barcode in &product.barcodes {
                let key = comparison_key(barcode);
                let owner = row::get::<_, ProductCode>(&self.barcodes, BARCODES, &(self.generation, key.as_str()))?;
                if owner.as_ref() == Some(&product.code) {
                    self.barcodes.remove((self.generation, key.as_str()))?;
                }
            }
        }
        Ok(found)
    }
}

/// The first generation that has rows and is not among those to keep.
pub(crate) fn generation_beside(tx: &ReadTransaction, kept: &[Option<u8>]) -> Result<Option<u8>, DbError> {
    let table = tx.open_table(MASTER)?;
    let mut from = 0;
    loop {
        let Some(found) = table.range((from, [].as_slice())..)?.next() else { return Ok(None) };
        let generation = found?.0.value().0;
        if !kept.contains(&Some(generation)) {
            return Ok(Some(generation));
        }
        let Some(next) = generation.checked_add(1) else { return Ok(None) };
        from = next;
    }
}

/// Removes up to `limit` rows of a generation that is no longer served; `false` once nothing is left.
pub(crate) fn clear(tx: &WriteTransaction, generation: u8, limit: usize) -> Result<bool, DbError> {
    let keys: Vec<Vec<u8>> = {
        let table = tx.open_table(MASTER)?;
        let from = (generation, [].as_slice());
        let to = (generation, [u8::MAX].as_slice());
        table
            .range(from..to)?
            .take(limit)
            .map(|found| Ok(found?.0.value().1.to_vec()))
            .collect::<Result<_, DbError>>()?
    };
    let mut shelving = Shelving::of(tx, generation)?;
    keys.iter().try_for_each(|key| shelving.remove(key).map(|_| ()))?;
    Ok(!keys.is_empty())
}

/// The sum of the hashes of a generation's rows.
pub(crate) fn state_hash(tx: &ReadTransaction, generation: u8) -> Result<StateHash, DbError> {
    let table = tx.open_table(MASTER)?;
    let mut state = StateHash::default();
    for found in table.range((generation, [].as_slice())..(generation, [u8::MAX].as_slice()))? {
        let (key, stored) = found?;
        state = state.with(&row::read(MASTER, &key.value(), stored.value())?);
    }
    Ok(state)
}

/// Tells each barcode of a generation that stands for a product which is not there or does not have it.
pub(crate) fn check_barcodes(
    tx: &ReadTransaction,
    generation: u8,
    differs: &mut dyn FnMut(String),
) -> Result<(), DbError> {
    let shelf = Shelf::of(tx)?;
    for found in shelf.barcodes.range((generation, "")..)? {
        let (key, stored) = found?;
        let (of, code) = key.value();
        if of != generation {
            break;
        }
        let owner: ProductCode = row::read(BARCODES, &key.value(), stored.value())?;
        let product = product(&shelf, generation, &owner)?;
        if product.is_none_or(|product| product.barcodes.iter().all(|barcode| comparison_key(barcode).as_str() != code))
        {
            differs(format!("table barcodes_v1 lets {code} stand for {owner}, which does not have it"));
        }
    }
    Ok(())
}
