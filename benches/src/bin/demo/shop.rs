//! The two shops of the demonstration and their price lists.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

/// A shop with one till.
pub(crate) struct Shop {
    pub(crate) store: &'static str,
    pub(crate) till: &'static str,
    pub(crate) folder: &'static str,
    pub(crate) price_list: &'static str,
}

/// Two stores of two price zones.
pub(crate) const SHOPS: [Shop; 2] = [
    Shop { store: "S01", till: "T01", folder: "till-1", price_list: "konzum_store_0204_2025-07-03.csv" },
    Shop { store: "S02", till: "T01", folder: "till-2", price_list: "konzum_store_0901_2025-07-03.csv" },
];

/// One article of a price list.
pub(crate) struct Article {
    pub(crate) scanned: String,
    pub(crate) is_weighed: bool,
}

impl Shop {
    /// Product code to the price in force, from the shop's file.
    pub(crate) fn prices(&self, data: &Path) -> Result<BTreeMap<String, String>> {
        let price = |row: &BTreeMap<String, String>| {
            let special = &row["SpecialPrice"];
            (row["ProductId"].clone(), if special.is_empty() { row["Price"].clone() } else { special.clone() })
        };
        Ok(self.rows(data)?.iter().map(price).collect())
    }

    /// The articles as a scanner reads them: by barcode, or by code where there is none.
    pub(crate) fn articles(&self, data: &Path) -> Result<Vec<Article>> {
        let article = |row: &BTreeMap<String, String>| Article {
            scanned: if row["Barcode"].is_empty() { row["ProductId"].clone() } else { row["Barcode"].clone() },
            is_weighed: row["Unit"] == "kg",
        };
        Ok(self.rows(data)?.iter().map(article).collect())
    }

    fn rows(&self, data: &Path) -> Result<Vec<BTreeMap<String, String>>> {
        let path = data.join(self.price_list);
        let mut reader = csv::Reader::from_path(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(reader.deserialize().collect::<Result<_, _>>()?)
    }
}
