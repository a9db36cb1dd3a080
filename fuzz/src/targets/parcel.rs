//! Parcels: what is read from a stick is written as the same bytes; what is not is refused by the name of the file.

use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};

use super::{require_told, require_worded};

/// Opens the bytes as a parcel.
///
/// # Panics
/// A parcel that is read is not what is written.
pub fn run(bytes: &[u8]) {
    let items = match parcel::decode(bytes) {
        Ok(items) => items,
        Err(fault) => {
            require_worded(&fault);
            let refusal = parcel::open("stick.cfx", bytes).expect_err("what cannot be decoded cannot be opened");
            assert_eq!((refusal.field(), refusal.value()), ("file", "stick.cfx"));
            return require_told(&refusal);
        }
    };
    assert_eq!(parcel::encode(&items).as_deref(), Ok(bytes));
    assert_eq!(parcel::open("stick.cfx", bytes).as_ref(), Ok(&items));
    assert!(items.iter().map(|item| item.bytes.len()).sum::<usize>() < bytes.len());
    items.iter().for_each(read);
}

fn read(item: &Item) {
    let fault = match item.kind {
        ItemKind::Hello => Hello::read(&item.bytes).err(),
        ItemKind::Batch => Batch::read(&item.bytes).err(),
        ItemKind::JournalRequest
        | ItemKind::Acknowledgement
        | ItemKind::Grant
        | ItemKind::FeedPage
        | ItemKind::Stop => None,
    };
    if let Some(fault) = fault {
        require_worded(&fault);
    }
}
