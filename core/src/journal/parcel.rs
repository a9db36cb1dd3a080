//! Parcels: what travels by file instead of by wire, on a USB stick or by mail.
//!
//! Bytes: magic `CFX1`, then items, each a kind (one byte), a length (four bytes, big-endian) and so many bytes. The items
//! carry their own signatures; a parcel adds no trust. An unknown kind is an error, as is anything left over.

use crate::journal::codec::{Reader, too_large};
use crate::journal::fault::Fault;
use crate::refusal::{Reason, Refusal};

const MAGIC: &[u8; 4] = b"CFX1";
/// The most bytes of one item.
pub const ITEM_BYTES_MAX: usize = 2_097_152;

/// What an item of a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A signed hello.
    Hello,
    /// A signed batch.
    Batch,
    /// A signed journal request.
    JournalRequest,
    /// A signed acknowledgement.
    Acknowledgement,
    /// A signed grant.
    Grant,
    /// A signed page of the feed.
    FeedPage,
    /// A signed stop.
    Stop,
}

impl ItemKind {
    const ALL: [Self; 7] = [
        Self::Hello,
        Self::Batch,
        Self::JournalRequest,
        Self::Acknowledgement,
        Self::Grant,
        Self::FeedPage,
        Self::Stop,
    ];

    const fn byte(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Batch => 2,
            Self::JournalRequest => 3,
            Self::Acknowledgement => 4,
            Self::Grant => 5,
            Self::FeedPage => 6,
            Self::Stop => 7,
        }
    }
}

/// One item of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its bytes, signed in themselves.
    pub bytes: Vec<u8>,
}

/// The bytes of a parcel.
///
/// # Errors
/// An item is larger than `ITEM_BYTES_MAX`.
pub fn encode(items: &[Item]) -> Result<Vec<u8>, Fault> {
    let mut parcel = MAGIC.to_vec();
    for item in items {
        let length = u32::try_from(item.bytes.len()).ok().filter(|_| item.bytes.len() <= ITEM_BYTES_MAX);
        let length = length.ok_or_else(|| {
            too_large("item of a parcel", ITEM_BYTES_MAX, u64::try_from(item.bytes.len()).unwrap_or(u64::MAX))
        })?;
        parcel.push(item.kind.byte());
        parcel.extend_from_slice(&length.to_be_bytes());
        parcel.extend_from_slice(&item.bytes);
    }
    Ok(parcel)
}

/// The items of a parcel; inverse of `encode`.
///
/// # Errors
/// Another magic, an unknown kind, an item that is too large, or a parcel cut short.
pub fn decode(parcel: &[u8]) -> Result<Vec<Item>, Fault> {
    let mut reader = Reader::new("parcel", parcel);
    if reader.array()? != *MAGIC {
        return Err(Fault::Malformed { what: "parcel", expected: "a file that begins with CFX1" });
    }
    let mut items = Vec::new();
    while reader.position() < parcel.len() {
        let byte = reader.u8()?;
        let kind = ItemKind::ALL.into_iter().find(|kind| kind.byte() == byte);
        let kind =
            kind.ok_or(Fault::WrongKind { what: "item of a parcel", expected: ItemKind::Stop.byte(), came: byte })?;
        items.push(Item { kind, bytes: reader.framed(ITEM_BYTES_MAX)?.to_vec() });
    }
    Ok(items)
}

/// The items of a parcel that came as the file of this name, or what is wrong with it in words for people.
///
/// # Errors
/// It is no parcel, cut short, or not as it was written.
pub fn open(name: &str, parcel: &[u8]) -> Result<Vec<Item>, Refusal> {
    decode(parcel).map_err(|fault| {
        let limit = if !parcel.starts_with(MAGIC) {
            "a parcel, as the till or head office writes it".to_owned()
        } else if matches!(fault, Fault::Truncated { .. }) {
            "whole: it ends inside an item; copy the file once more".to_owned()
        } else {
            format!("as it was written: {fault}")
        };
        Refusal::new(Reason::Malformed, "file", name, limit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_reads_back_and_every_prefix_within_an_item_is_refused() {
        let items: Vec<_> = ItemKind::ALL.into_iter().map(|kind| Item { kind, bytes: vec![kind.byte(); 3] }).collect();
        let parcel = encode(&items).unwrap();
        assert_eq!(decode(&parcel).unwrap(), items);
        for length in 0..parcel.len() {
            let whole_items = length >= 4 && (length - 4) % 8 == 0;
            assert_eq!(decode(&parcel[..length]).is_ok(), whole_items, "prefix of {length} bytes");
        }
        assert!(decode(b"CFX1\x09\0\0\0\0").is_err());
        assert!(decode(b"CFX1\x01\xff\xff\xff\xff").is_err());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_in_words() {
        let check = |bytes: &[u8], text: &str| assert_eq!(open("a.cfx", bytes).unwrap_err().to_string(), text);
        check(b"code,name", "file: a.cfx is not a parcel, as the till or head office writes it");
        check(b"", "file: a.cfx is not a parcel, as the till or head office writes it");
        check(b"CFX1\x01\0\0", "file: a.cfx is not whole: it ends inside an item; copy the file once more");
        let altered = "file: a.cfx is not as it was written: item of a parcel is a document of kind 9, expected 7";
        check(b"CFX1\x09\0\0\0\0", altered);
        assert_eq!(open("a.cfx", b"CFX1").unwrap(), []);
    }
}
