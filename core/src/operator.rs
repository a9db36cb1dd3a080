//! The people at the till: operators, their roles, and the PIN that proves who it is.
//!
//! A PIN is 4 to 12 digits, at least 6 for roles that may override others. It is stored as
//! `HMAC-SHA-256(device pepper, argon2id(PIN, salt))` (argon2id with 19 MiB, 2 passes, 1 lane: the OWASP minimum), so that
//! a copied store without the device's pepper tells nothing. After 5 wrong PINs in a row the operator waits 30 s, doubled
//! by each further one; the failure is stored before the PIN is compared.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::id::{Name, OperatorCode};
use crate::refusal::{Reason, Refusal};
use crate::time::Timestamp;

pub use crate::role::{Permission, Role};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const FREE_FAILURES: u32 = 4;
const FIRST_WAIT_MS: i64 = 30_000;
const WAIT_MS_MAX: i64 = 86_400_000;

/// A person who works at tills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The code typed at the till.
    pub code: OperatorCode,
    /// The name on receipts.
    pub name: Name,
    /// What this person may do.
    pub role: Role,
    /// Whether this person may work now.
    pub is_active: bool,
}

impl Operator {
    /// The operator that every till begins with, who may do everything.
    #[must_use]
    pub fn owner() -> Self {
        Self {
            code: OperatorCode::new("owner").expect("it is a code"),
            name: Name::new("Owner").expect("it is a name"),
            role: Role::Admin,
            is_active: true,
        }
    }
}

/// A PIN as typed; wiped from memory when dropped.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Reads a PIN for an operator of `role`.
    ///
    /// # Errors
    /// Not 4 (6 for roles that override) to 12 digits. The refusal does not repeat the PIN.
    pub fn new(text: &str, role: &Role) -> Result<Self, Refusal> {
        let least = role.pin_digits_min();
        let is_right = (least..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_right {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        let limit = format!("{least} to 12 digits for the role {role}");
        Err(Refusal::new(Reason::Malformed, "pin", "what was typed", limit))
    }

    /// Takes whatever was typed, in order to compare it.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// The argon2id hash of the PIN, as head office sends it to tills.
    #[must_use]
    pub fn hash(&self, salt: [u8; 16]) -> PinHash {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("the parameters are constants in range");
        let mut hash = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.0.as_bytes(), &salt, &mut hash)
            .expect("salt and output have lengths that argon2 accepts");
        PinHash { salt, hash }
    }
}

/// A PIN's argon2id hash and its salt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinHash {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl fmt::Debug for PinHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PinHash")
    }
}

impl PinHash {
    /// Binds the hash to one device by its pepper.
    #[must_use]
    pub fn seal(&self, pepper: &Pepper) -> PinVerifier {
        PinVerifier { salt: self.salt, sealed: hmac_sha256(&pepper.0, &self.hash) }
    }
}

/// The device's secret, kept beside the journal key and never in the store.
pub struct Pepper(Zeroizing<[u8; 32]>);

impl Pepper {
    /// A pepper of random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// What a till stores in order to recognise a PIN.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinVerifier {
    salt: [u8; 16],
    sealed: [u8; 32],
}

impl PinVerifier {
    /// Whether the PIN is the one.
    #[must_use]
    pub fn is_pin(&self, pin: &Pin, pepper: &Pepper) -> bool {
        let sealed = pin.hash(self.salt).seal(pepper).sealed;
        let difference = sealed.iter().zip(&self.sealed).fold(0, |all, (one, other)| all | (one ^ other));
        difference == 0
    }
}

/// Wrong PINs in a row and until when the operator must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    failures: u32,
    until: Timestamp,
}

impl Lockout {
    /// No wrong PIN.
    pub const NONE: Self = Self { failures: 0, until: Timestamp(i64::MIN) };

    /// Whether the last try made the operator wait.
    #[must_use]
    pub const fn is_locking(self) -> bool {
        self.failures > FREE_FAILURES
    }

    /// Counts a try as failed before the PIN is compared.
    ///
    /// # Errors
    /// `pin_locked` while the operator must wait.
    pub fn count_try(self, operator: &OperatorCode, now: Timestamp) -> Result<Self, Refusal> {
        // A clock set back must not end a wait early, nor may it make one last longer than the longest wait.
        let left_ms = self.until.0.saturating_sub(now.0).min(WAIT_MS_MAX);
        if left_ms > 0 {
            let seconds = left_ms.saturating_add(999).div_euclid(1000);
            return Err(Refusal::new(Reason::PinLocked, "operator", operator, format!("{seconds} s have passed")));
        }
        let failures = self.failures.saturating_add(1);
        let doublings = failures.saturating_sub(FREE_FAILURES).saturating_sub(1).min(12);
        let wait_ms = if failures > FREE_FAILURES { FIRST_WAIT_MS.saturating_mul(1 << doublings) } else { 0 };
        Ok(Self { failures, until: Timestamp(now.0.saturating_add(wait_ms.min(WAIT_MS_MAX))) })
    }
}

/// HMAC of RFC 2104 with SHA-256 and a key of 32 bytes.
fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5C)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        // Test case 1 has a key of 20 bytes 0x0b; zero-padding a shorter key to the block is what HMAC does anyway.
        let mut key = [0; 32];
        key[..20].fill(0x0B);
        let shown: String = hmac_sha256(&key, b"Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_pin_is_recognised_on_its_own_device_only() {
        let pin = Pin::new("135790", &Role::Manager).unwrap();
        let verifier = pin.hash([7; 16]).seal(&Pepper::new([1; 32]));
        assert!(verifier.is_pin(&Pin::typed("135790\n"), &Pepper::new([1; 32])));
        assert!(!verifier.is_pin(&Pin::typed("135791"), &Pepper::new([1; 32])));
        assert!(!verifier.is_pin(&pin, &Pepper::new([2; 32])));
    }

    #[test]
    fn a_pin_has_enough_digits_for_its_role() {
        for (text, role, is_right) in [
            ("1234", Role::Cashier, true),
            ("123", Role::Cashier, false),
            ("12345", Role::Manager, false),
            ("123456", Role::Admin, true),
            ("12a4", Role::Cashier, false),
            ("1234567890123", Role::Cashier, false),
        ] {
            assert_eq!(Pin::new(text, &role).is_ok(), is_right, "{text} {role}");
        }
    }

    #[test]
    fn the_fifth_wrong_pin_locks_and_each_further_one_doubles_the_wait() {
        let ana = OperatorCode::new("ana").unwrap();
        let mut lockout = Lockout::NONE;
        for _ in 0..5 {
            lockout = lockout.count_try(&ana, Timestamp(1_000)).unwrap();
        }
        assert_eq!(lockout.count_try(&ana, Timestamp(30_999)).unwrap_err().code(), "pin_locked");
        assert_eq!(lockout.count_try(&ana, Timestamp(-5)).unwrap_err().code(), "pin_locked");
        let lockout = lockout.count_try(&ana, Timestamp(31_000)).unwrap();
        assert_eq!(lockout.count_try(&ana, Timestamp(90_999)).unwrap_err().limit(), "1 s have passed");
    }
}
