//! Every table of a till's store: key, value and meaning. Names end in a version.
//!
//! Values other than those of `ENTRIES` are postcard rows sealed by `row`. A *life* counts the journals of this folder from 1.
//!
//! Derived tables (replay rebuilds them, audit compares them): `JOURNALS`, `DOCUMENTS`, `COMMANDS`, `REFUNDED`, `STOCK`,
//! `SERIALS`, and generation 0 of `MASTER` and `BARCODES`.
//!
//! Not from entries: further generations of `MASTER` and `BARCODES` (the feed's rows, audited by the state hash in their
//! cursor), `META` (schema, head office's key, cursor, acknowledgements), `PINS` and `LOCKOUTS`. The mark beside the store
//! counts their commits.

use redb::TableDefinition;

/// The journal of a life: (life, seq) to the exact bytes of the entry.
pub(crate) const ENTRIES: TableDefinition<'static, (u16, u64), &[u8]> = TableDefinition::new("entries_v1");

/// The newest entries of the current journal, which are not yet in the other tables: seq to the entry's bytes; 0 to the
/// head row, which names the last entry.
pub(crate) const TAIL: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("tail_v1");

/// Where each journal stands: life to `JournalRow`. The last life is the current one.
pub(crate) const JOURNALS: TableDefinition<'static, u16, &[u8]> = TableDefinition::new("journals_v1");

/// Printed document number to the `EntryRef` of the entry that issued it, Z reports included.
pub(crate) const DOCUMENTS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("documents_v1");

/// The first 16 bytes of SHA-256 of a command's id to the `EntryRef` of its entry.
pub(crate) const COMMANDS: TableDefinition<'static, [u8; 16], &[u8]> = TableDefinition::new("commands_v1");

/// What was refunded of a document: (life, seq, line from 1) to `RefundedLine`; line 0 to `RefundedDocument`. Of a document of
/// another till life is 0 and seq the first 8 bytes of SHA-256 of its journal and number.
pub(crate) const REFUNDED: TableDefinition<'static, (u16, u64, u16), &[u8]> = TableDefinition::new("refunded_v1");

/// Product code to the sum of its movements on this till.
pub(crate) const STOCK: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("stock_v1");

/// Product code, GS (0x1D) and serial to how many of it are sold and not taken back.
pub(crate) const SERIALS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("serials_v1");

/// Master data: (generation, kind byte and code) to `MasterRow`. Generation 0 is this till's own.
pub(crate) const MASTER: TableDefinition<'static, (u8, &[u8]), &[u8]> = TableDefinition::new("master_v1");

/// Barcodes: (generation, comparison key of the code) to the product code.
pub(crate) const BARCODES: TableDefinition<'static, (u8, &str), &[u8]> = TableDefinition::new("barcodes_v1");

/// Single facts by name: `schema`, `head_office`, `feed`, `stop/LIFE`, `acknowledgement/LIFE`, and `changes`, which counts the
/// commits that made no entry.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta_v1");

/// Operator code to `PinVerifier`.
pub(crate) const PINS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("pins_v1");

/// Operator code to `Lockout`.
pub(crate) const LOCKOUTS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("lockouts_v1");
