//! The people of head office: who administers it, and the operators that its tills know.
//!
//! Passwords are kept as argon2id (19 MiB, 2 passes, 1 lane: the OWASP minimum). An operator goes down the feed with the
//! hash of the PIN, and the till binds that to its own device. An operator is of the whole company or of one store, not
//! of both; a change from one to the other goes down as a removal and an addition.

use argon2::{Algorithm, Argon2, Params, Version};
use counterfoil_core::catalog::{MasterKey, MasterRow};
use counterfoil_core::feed::FeedRow;
use counterfoil_core::id::{Name, StoreCode};
use counterfoil_core::import_run::RowCounts;
use counterfoil_core::operator::{Operator, PinHash};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Timestamp;

use crate::master_data::{self, MasterChange};
use crate::operation_error::OperationError;
use crate::removal::scopes_of;
use crate::store::Store;
use crate::store::record::AdministratorRecord;

/// The fewest characters of a password; there is no rule about their kinds.
pub const PASSWORD_CHARS_MIN: usize = 12;
const PASSWORD_BYTES_MAX: usize = 1_024;
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// Letters and digits that are not mistaken for one another; 32 of them, so that five bits choose one.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// A password of 20 characters, 100 bits, made of these bytes.
#[must_use]
pub fn password(random: [u8; 20]) -> String {
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    let letters: Vec<char> = random.into_iter().map(letter).collect();
    letters.chunks(5).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// Adds a person who administers.
///
/// # Errors
/// The password is too short, the name is taken, or the store failed.
pub fn create(
    store: &dyn Store,
    name: &Name,
    password: &str,
    salt: [u8; 16],
    now: Timestamp,
) -> Result<(), OperationError> {
    check_password(password)?;
    let record = AdministratorRecord { salt, hash: hash(password, &salt)?, created: now };
    store.write(|rows| {
        if rows.as_rows().administrator(name)?.is_some() {
            return Err(Refusal::new(Reason::IdReused, "name", name, "another name").into());
        }
        rows.put_administrator(name, &record)
    })?;
    Ok(())
}

/// Checks what a password must be; the refusal does not repeat it.
///
/// # Errors
/// It is too short or too long.
pub fn check_password(password: &str) -> Result<(), Refusal> {
    if password.chars().count() >= PASSWORD_CHARS_MIN && password.len() <= PASSWORD_BYTES_MAX {
        return Ok(());
    }
    let limit = format!("{PASSWORD_CHARS_MIN} to {PASSWORD_BYTES_MAX} characters");
    Err(Refusal::new(Reason::Malformed, "password", "what was given", limit))
}

/// Whether this is the person's password. A name that is not known takes as long.
///
/// # Errors
/// The store failed.
pub fn is_password(store: &dyn Store, name: &Name, password: &str) -> Result<bool, OperationError> {
    let record = store.read(|rows| rows.administrator(name))?;
    let (salt, expected) = record.as_ref().map_or(([0; 16], [0; 32]), |record| (record.salt, record.hash));
    let given = hash(password, &salt)?;
    let difference = given.iter().zip(&expected).fold(0, |all, (one, other)| all | (one ^ other));
    Ok(record.is_some() && difference == 0)
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<[u8; 32], OperationError> {
    let failed = |error| OperationError::Failed(anyhow::anyhow!("argon2: {error}"));
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(failed)?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(failed)?;
    Ok(hash)
}

/// Adds or changes an operator of the whole company, or of one store.
///
/// # Errors
/// A new operator has no PIN, or the store failed.
pub fn set_operator(
    store: &dyn Store,
    of_store: Option<&StoreCode>,
    operator: &Operator,
    pin: Option<&PinHash>,
) -> Result<RowCounts, OperationError> {
    let counts = store.write(|rows| {
        let mut changes = Vec::new();
        for scope in scopes_of(rows.as_rows(), &MasterKey::Operator(operator.code.clone()))? {
            if scope.as_ref() != of_store {
                let row = FeedRow::Remove(MasterKey::Operator(operator.code.clone()));
                changes.push(MasterChange { store: scope, row, pin: None });
            }
        }
        master_data::change(rows, &changes)?;
        let row = FeedRow::Set(MasterRow::Operator(operator.clone()));
        master_data::change(rows, &[MasterChange { store: of_store.cloned(), row, pin: pin.cloned() }])
    })?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use counterfoil_core::id::OperatorCode;
    use counterfoil_core::operator::{Pin, Role};

    use super::*;
    use crate::store::RedbStore;

    fn with_store(test: impl FnOnce(&dyn Store)) {
        let folder = tempfile::tempdir().unwrap();
        test(&RedbStore::create(&folder.path().join("office.redb")).unwrap());
    }

    #[test]
    fn a_password_is_kept_as_a_hash_and_a_name_is_given_once() {
        with_store(|store| {
            let (ana, eva) = (Name::new("ana").unwrap(), Name::new("eva").unwrap());
            create(store, &ana, "correct horse", [1; 16], Timestamp(1)).unwrap();
            assert!(is_password(store, &ana, "correct horse").unwrap());
            assert!(!is_password(store, &ana, "correct horsf").unwrap());
            assert!(!is_password(store, &eva, "correct horse").unwrap());
            let error = create(store, &ana, "another password", [2; 16], Timestamp(2)).unwrap_err();
            assert_eq!(error.to_string(), "name: ana differs from what this id was used for before: another name");
            assert!(create(store, &eva, "too short", [2; 16], Timestamp(2)).is_err());
        });
        assert_eq!(password([0; 20]), "aaaaa-aaaaa-aaaaa-aaaaa");
    }

    #[test]
    fn an_operator_is_of_the_company_or_of_one_store() {
        with_store(|store| {
            let operator = |role| Operator {
                code: OperatorCode::new("ana").unwrap(),
                name: Name::new("Ana").unwrap(),
                role,
                is_active: true,
            };
            let (s01, s02) = (StoreCode::new("S01").unwrap(), StoreCode::new("S02").unwrap());
            let pin = |text: &str| Pin::new(text, &Role::Cashier).unwrap().hash([3; 16]);
            assert!(set_operator(store, Some(&s01), &operator(Role::Cashier), None).is_err());
            set_operator(store, Some(&s01), &operator(Role::Cashier), Some(&pin("1234"))).unwrap();
            let feed = |code: &StoreCode, after| store.read(|rows| master_data::feed(rows, code, after)).unwrap();
            assert_eq!((feed(&s01, 0).rows.len(), feed(&s02, 0).rows.len()), (1, 0));
            assert_eq!(set_operator(store, Some(&s01), &operator(Role::Cashier), None).unwrap().unchanged, 1);
            let changed = set_operator(store, Some(&s01), &operator(Role::Cashier), Some(&pin("4321"))).unwrap();
            assert_eq!((changed.updated, feed(&s01, 1).pins.len()), (1, 1));
            set_operator(store, None, &operator(Role::Cashier), None).unwrap();
            let (one, other) = (feed(&s01, 0), feed(&s02, 0));
            assert!(matches!(one.rows[..], [FeedRow::Remove(_), FeedRow::Set(_)]), "{:?}", one.rows);
            assert_eq!((other.rows.len(), one.state), (1, other.state));
            assert_eq!(store.read(master_data::audit).unwrap(), Vec::<String>::new());
        });
    }
}
