//! Where head office is, and the token that opens the door once.
//!
//! A token is `CF1-` and base64url without padding of 20 secret bytes and the SHA-256 of the certificate of head
//! office's authority. By that pin the till knows head office before it shows the secret. Neither is ever logged.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_core::id::Hash;
use counterfoil_core::refusal::{Reason, Refusal};
use hyper::Uri;
use rustls::pki_types::ServerName;
use sha2::{Digest, Sha256};

const PREFIX: &str = "CF1-";
const SECRET_BYTES: usize = 20;
const PORT: u16 = 443;

/// The address of head office: `https://head.example:7443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// The name or number to connect to.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The name that head office's certificate must have.
    ///
    /// # Errors
    /// The host is neither a name nor a number.
    pub fn server_name(&self) -> Result<ServerName<'static>, Refusal> {
        let refused = |_| Refusal::new(Reason::Malformed, "url", &self.host, "a host name or an IP address");
        ServerName::try_from(self.host.clone()).map_err(refused)
    }

    /// Host and port as a request names them.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "https://{}", self.authority())
    }
}

impl FromStr for Address {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::new(Reason::Malformed, "url", text, "https://HOST:PORT");
        let uri: Uri = text.trim().parse().map_err(|_| refused())?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let authority = uri.authority().filter(|_| is_bare && uri.scheme_str() == Some("https")).ok_or_else(refused)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(refused());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let address = Self { host, port: authority.port_u16().unwrap_or(PORT) };
        address.server_name().map(|_| address)
    }
}

/// A token as head office gave it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    pin: [u8; 32],
}

impl Token {
    /// The text, to be shown to head office and to nobody else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A digest by which the token is known again without being kept.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Hash(Sha256::digest(&self.text).into())
    }

    /// The SHA-256 of the certificate of head office's authority.
    #[must_use]
    pub const fn pin(&self) -> [u8; 32] {
        self.pin
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
            || Refusal::new(Reason::TokenInvalid, "token", "malformed", "it is CF1- and 70 characters of base64url");
        let text = text.trim();
        let bytes = text.strip_prefix(PREFIX).and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok());
        let bytes = bytes.ok_or_else(refused)?;
        let (_, pin) = bytes.split_first_chunk::<SECRET_BYTES>().ok_or_else(refused)?;
        Ok(Self { text: text.to_owned(), pin: pin.try_into().map_err(|_| refused())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_host_and_port_and_nothing_else() {
        let check = |text: &str, shown: &str| assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
        check("https://head.example:7443", "https://head.example:7443");
        check(" https://127.0.0.1:7443/ ", "https://127.0.0.1:7443");
        check("https://[::1]:7443", "https://[::1]:7443");
        check("https://head.example", "https://head.example:443");
        for text in [
            "",
            "head.example:7443",
            "http://a:1",
            "https://",
            "https://a/b",
            "https://a?x",
            "https://u@a",
            "https://a b",
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err().field(), "url", "{text}");
        }
    }

    #[test]
    fn a_token_gives_its_pin_and_is_never_repeated() {
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([[7; 20].as_slice(), &[9; 32]].concat()));
        let token: Token = text.parse().unwrap();
        assert_eq!((token.pin(), token.as_str()), ([9; 32], text.as_str()));
        assert_eq!(format!("{token:?}"), "Token");
        for bad in ["", "CF1-", "CF2-AAAA", &text[..73], &format!("{text}A")] {
            let refusal = bad.parse::<Token>().unwrap_err();
            assert_eq!((refusal.code(), refusal.value()), ("token_invalid", "malformed"), "{bad}");
        }
    }
}
