//! Stored rows: what was sealed opens under its own table and key, and nothing else opens.

use counterfoil_core::db::row::{seal, unseal};

use super::draw::Draw;

/// A table's name, a key, what is to be changed, and the rest is the value.
///
/// # Panics
/// A row opens that was not sealed so.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let (table, key) = (draw.text(), draw.piece());
    let (place, flip) = (draw.number(2), draw.byte());
    let value = draw.rest();
    // Whatever lies there: if it opens, it is what seals to these bytes.
    match unseal(&table, key, value) {
        Ok(opened) => assert_eq!(seal(&table, key, opened.to_vec()), value),
        Err(error) => assert!(error.to_string().contains("damaged row"), "{error}"),
    }
    let sealed = seal(&table, key, value.to_vec());
    assert_eq!(unseal(&table, key, &sealed).expect("what was sealed opens"), value);
    let mut altered = sealed.clone();
    let place = usize::try_from(place).unwrap_or(0) % altered.len();
    altered[place] ^= flip;
    assert_eq!(unseal(&table, key, &altered).is_ok(), flip == 0, "a decayed row opens");
    assert!(unseal(&table, &[key, b"x"].concat(), &sealed).is_err(), "a row opens under another key");
    assert!(unseal(&format!("{table}x"), key, &sealed).is_err(), "a row opens in another table");
    // A value that is a sealed row itself opens again when the outer checksum is cut off.
    for end in value.len()..sealed.len() {
        let is_value = end == value.len() && unseal(&table, key, value).is_ok();
        assert_eq!(unseal(&table, key, &sealed[..end]).is_ok(), is_value, "a row cut short opens");
    }
}
