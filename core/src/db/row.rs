//! Rows sealed against decay.
//!
//! The storage engine serves flipped bits silently, so every row value ends in the first eight bytes of SHA-256 over
//! table name, key and value, checked on each read: a row that decayed, or that stands under another key, is an error
//! before any figure of it is used.

use redb::{Key, ReadableTable, Table, TableDefinition, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::db::error::DbError;
use crate::hex;
use crate::journal::codec;

const CHECKSUM_BYTES: usize = 8;

/// The bytes to store for a value under a key.
#[must_use]
pub fn seal(table: &str, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let sum = checksum(table, key, &value);
    value.extend_from_slice(&sum);
    value
}

/// The value of stored bytes, if they are what was stored under this key.
///
/// # Errors
/// `DamagedRow`.
pub fn unseal<'a>(table: &str, key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], DbError> {
    let split = stored.len().checked_sub(CHECKSUM_BYTES).map(|at| stored.split_at(at));
    match split {
        Some((value, sum)) if checksum(table, key, value) == *sum => Ok(value),
        _ => Err(damaged(table, key)),
    }
}

fn checksum(table: &str, key: &[u8], value: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let framed = Sha256::new()
        .chain_update([u8::try_from(table.len()).unwrap_or(u8::MAX)])
        .chain_update(table)
        .chain_update(u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes())
        .chain_update(key)
        .chain_update(value)
        .finalize();
    let mut sum = [0; CHECKSUM_BYTES];
    sum.iter_mut().zip(framed).for_each(|(to, from)| *to = from);
    sum
}

fn damaged(table: &str, key: &[u8]) -> DbError {
    DbError::DamagedRow { table: table.to_owned(), key: hex::encode(key) }
}

/// Writes a row.
pub(crate) fn put<K: Key + 'static, V: Serialize>(
    table: &mut Table<'_, K, &'static [u8]>,
    definition: TableDefinition<'_, K, &'static [u8]>,
    key: &K::SelfType<'_>,
    value: &V,
) -> Result<(), DbError> {
    let sealed = seal(redb::TableHandle::name(&definition), K::as_bytes(key).as_ref(), codec::encode(value));
    table.insert(key, sealed.as_slice())?;
    Ok(())
}

/// Reads a row.
pub(crate) fn get<K: Key + 'static, V: DeserializeOwned + Serialize>(
    table: &impl ReadableTable<K, &'static [u8]>,
    definition: TableDefinition<'_, K, &'static [u8]>,
    key: &K::SelfType<'_>,
) -> Result<Option<V>, DbError> {
    let Some(stored) = table.get(key)? else { return Ok(None) };
    read(definition, key, stored.value()).map(Some)
}

/// Reads the stored bytes of a row found by iterating.
pub(crate) fn read<K: Key + 'static, V: DeserializeOwned + Serialize>(
    definition: TableDefinition<'_, K, &'static [u8]>,
    key: &K::SelfType<'_>,
    stored: &[u8],
) -> Result<V, DbError> {
    let name = redb::TableHandle::name(&definition);
    let bytes = <K as Value>::as_bytes(key);
    let value = unseal(name, bytes.as_ref(), stored)?;
    codec::decode(value).map_err(|_| damaged(name, bytes.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_other_place_is_noticed() {
        let stored = seal("stock_v1", b"milk", vec![1, 2, 3]);
        assert_eq!(unseal("stock_v1", b"milk", &stored).unwrap(), [1, 2, 3]);
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal("stock_v1", b"milk", &flipped).is_err(), "bit {bit}");
        }
        assert!(unseal("stock_v1", b"bread", &stored).is_err());
        assert!(unseal("pins_v1", b"milk", &stored).is_err());
        assert!(unseal("stock_v1", b"milk", &stored[..4]).is_err());
    }
}
