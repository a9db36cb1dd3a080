//! The enrolment token: one till slot, once, for a while.
//!
//! Text: `CF1-` and base64url without padding of 20 random bytes and the 32 bytes of the authority's pin, 74 characters
//! in all. It is shown once; head office keeps only the SHA-256 of the 20 bytes, so a stolen store gives no token away.
//! With the pin the till recognises head office before it trusts it with anything.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_core::id::Hash;
use counterfoil_core::refusal::{Reason, Refusal};
use sha2::{Digest, Sha256};

const PREFIX: &str = "CF1-";
const SECRET_BYTES: usize = 20;
const PIN_BYTES: usize = 32;

/// A token as it is handed to the person at the till.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    secret: [u8; SECRET_BYTES],
    pin: [u8; PIN_BYTES],
}

impl Token {
    /// A token of random bytes for the authority with this pin.
    #[must_use]
    pub const fn new(secret: [u8; SECRET_BYTES], pin: [u8; PIN_BYTES]) -> Self {
        Self { secret, pin }
    }

    /// What head office keeps of it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash(Sha256::digest(self.secret).into())
    }

    /// The pin of the authority that gave it.
    #[must_use]
    pub const fn pin(&self) -> [u8; PIN_BYTES] {
        self.pin
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.secret[..], &self.pin].concat();
        write!(formatter, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

impl FromStr for Token {
    type Err = Refusal;

    /// Reads a token; the refusal does not repeat it.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let refused =
            || Refusal::new(Reason::Malformed, "token", "what was given", "CF1- and 70 characters of base64url");
        let encoded = text.trim().strip_prefix(PREFIX).ok_or_else(refused)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| refused())?;
        let (secret, pin) = bytes.split_first_chunk::<SECRET_BYTES>().ok_or_else(refused)?;
        Ok(Self { secret: *secret, pin: pin.try_into().map_err(|_| refused())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_is_not_shown_by_accident() {
        let token = Token::new([7; 20], [9; 32]);
        let text = token.to_string();
        assert_eq!((text.len(), &text[..10]), (74, "CF1-BwcHBw"));
        assert_eq!(text.parse::<Token>().unwrap(), token);
        assert_eq!(format!("{token:?}"), "Token");
        assert_ne!(token.hash(), Token::new([8; 20], [9; 32]).hash());
        assert_eq!(token.hash(), Token::new([7; 20], [1; 32]).hash());
    }

    #[test]
    fn anything_else_is_malformed_and_not_repeated() {
        let text = Token::new([7; 20], [9; 32]).to_string();
        for text in ["", "CF1-", "CF2-AAAA", &text[..73], &format!("{text}A"), &text.replace("BwcH", "Bw+H")] {
            let refusal = text.parse::<Token>().unwrap_err();
            assert_eq!((refusal.code(), refusal.value()), ("malformed", "what was given"), "{text}");
        }
    }
}
