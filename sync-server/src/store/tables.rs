//! Every table of head office's store: key, value and meaning. Names end in a version.
//!
//! Keys are bytes whose order is the order of their parts: numbers big-endian, signed ones with the sign bit turned
//! over, texts ended by a zero byte. Values are postcard of a struct of `record`, save where another is named, and end
//! in a checksum over table, key and value.

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Table { $($(#[$doc])* $name,)* }

        impl Table {
            /// Every table, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in the store.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

tables! {
    /// journal `[16]` to `JournalRecord`.
    Journals = "journals_v1";
    /// journal `[16]`, seq `u64` to the exact bytes of an applied entry.
    Entries = "entries_v1";
    /// journal `[16]`, last seq `u64` of the batch to its signed head: the proof of what was applied.
    Proofs = "proofs_v1";
    /// journal `[16]` to its newest signed hello.
    Hellos = "hellos_v1";
    /// journal `[16]`, seq `u64` to a signed hello before the newest one, about an entry that has not come yet.
    Words = "words_v1";
    /// journal `[16]`, seq `u64`, hash `[32]` to `KeptEntry`: what is held and not applied.
    Kept = "kept_v1";
    /// journal `[16]`, hash `[32]` of the last entry of the batch to its signed head: the proof of what is kept.
    KeptProofs = "kept_proofs_v1";
    /// journal `[16]`, kind `u8`, seq `u64` to `Evidence`.
    Evidence = "evidence_v1";
    /// journal `[16]`, seq `u64`, code to `Finding`.
    Findings = "findings_v1";
    /// Derived. journal `[16]` to core's `JournalState`: series heads, running totals, the open drawer session.
    States = "states_v1";
    /// Derived. series, number `u64`, journal `[16]`, seq `u64` to `DocumentRecord`. Several rows may have one number.
    Documents = "documents_v1";
    /// Derived. store, day `i64`, currency, postcard of `Dimension` to `RollUp`.
    RollUps = "roll_ups_v1";
    /// scope (store or empty), postcard of `MasterKey` to `MasterRecord`.
    Master = "master_v1";
    /// revision `u64` to the key in `Master` of the row that it changed; only the newest of each row.
    Revisions = "revisions_v1";
    /// operator to core's `PinHash`.
    Pins = "pins_v1";
    /// SHA-256 `[32]` of a token to `TokenRecord`.
    Tokens = "tokens_v1";
    /// store to `StoreRecord`: how its tills count.
    Stores = "stores_v1";
    /// store, till to `SlotRecord`.
    Slots = "slots_v1";
    /// Derived from `Master`. comparison key of a barcode to the code of the product that has it.
    Barcodes = "barcodes_v1";
    /// Derived from `Master`. scope (store or empty) to (scope, `StateHash` of its rows).
    MasterStates = "master_states_v1";
    /// name to `AdministratorRecord`.
    Administrators = "administrators_v1";
    /// series to `SeriesRecord`.
    Series = "series_v1";
    /// journal `[16]` to `GrantRecord`.
    Grants = "grants_v1";
    /// name to bytes whose meaning the name gives: `schema`, `epoch`, `revision`, and what the program sets.
    Settings = "settings_v1";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_tables_share_a_name() {
        let names: BTreeSet<_> = Table::ALL.iter().map(|table| table.name()).collect();
        assert_eq!(names.len(), Table::ALL.len());
        assert!(names.iter().all(|name| name.ends_with("_v1")));
    }
}
