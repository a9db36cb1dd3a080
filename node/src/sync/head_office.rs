//! What a till knows of its head office: `head-office.json`, and the key of its TLS certificate: `tls-key.pem`.
//!
//! What a token has brought waits in `head-office-next.json` until the journal that was granted is open; so a grant that
//! is refused leaves what works as it is. All lie in the data folder, readable by its owner alone. The key is made once, before it is first shown, so that an
//! enrolment that was cut off can be repeated with the same key. Always: the file is replaced whole or not at all.

use std::fs;
use std::path::Path;

use counterfoil_core::id::Hash;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde::{Deserialize, Serialize};

use super::address::Address;
use crate::failure::Failure;
use crate::folder::{Folder, read_small, sync_folder_of, write_whole};
use crate::wire::sync::Document;

const NAME: &str = "head-office.json";
const NEXT_NAME: &str = "head-office-next.json";
const KEY_NAME: &str = "tls-key.pem";
const BYTES_MAX: u64 = 262_144;

/// What a till knows of its head office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadOffice {
    /// Where it is.
    pub address: Address,
    /// The certificate of its authority, in PEM.
    pub authority: String,
    /// This till's certificate, in PEM.
    pub certificate: String,
    /// The latest time that head office has signed. A clock that is behind it is wrong.
    pub seen: Timestamp,
    /// The digest of the token by which the till has joined.
    pub token: Hash,
    /// The signed grant that it got for the token.
    pub grant: Vec<u8>,
    /// The counter of the newest epoch of head office that this till has seen.
    pub epoch: u64,
    /// Ended journals that head office has been asked about, in this epoch and since `asked`, and of which it wants nothing
    /// more, whatever of them it has not acknowledged.
    pub finished: Vec<String>,
    /// Since when, by head office's clock.
    pub asked: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadOfficeText {
    url: String,
    authority: String,
    certificate: String,
    seen_ms: i64,
    token: String,
    grant: Document,
    #[serde(default)]
    epoch: u64,
    #[serde(default)]
    finished: Vec<String>,
    #[serde(default)]
    asked_ms: i64,
}

/// Where what a till knows of its head office is kept, replaced whole or not at all.
pub trait Keeper {
    /// Keeps it in place of what was kept before.
    ///
    /// # Errors
    /// The disk failed.
    fn keep(&self, head_office: &HeadOffice) -> Result<(), Failure>;
}

impl Keeper for Folder {
    fn keep(&self, head_office: &HeadOffice) -> Result<(), Failure> {
        head_office.write(self)
    }
}

impl HeadOffice {
    /// Reads what the till of a folder knows; `None` where it is on its own.
    ///
    /// # Errors
    /// The file cannot be read, or is no such file.
    pub fn read(folder: &Folder) -> Result<Option<Self>, Failure> {
        Self::read_from(&folder.file(NAME))
    }

    fn read_from(path: &Path) -> Result<Option<Self>, Failure> {
        let Some(text) = read_small(path, BYTES_MAX)? else { return Ok(None) };
        let unreadable = |error: String| Failure::damaged("head_office", format!("{}: {error}", path.display()));
        let text: HeadOfficeText = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(Self {
            address: text.url.parse().map_err(|refusal: Refusal| unreadable(refusal.to_string()))?,
            authority: text.authority,
            certificate: text.certificate,
            seen: Timestamp(text.seen_ms),
            token: text.token.parse().map_err(|refusal: Refusal| unreadable(refusal.to_string()))?,
            grant: text.grant.0,
            epoch: text.epoch,
            finished: text.finished,
            asked: Timestamp(text.asked_ms),
        }))
    }

    /// Reads what the till of a folder knows.
    ///
    /// # Errors
    /// As `read`, and the till is on its own.
    pub fn require(folder: &Folder) -> Result<Self, Failure> {
        let limit = "a head office: join one with till enrol URL TOKEN";
        Self::read(folder)?.ok_or_else(|| Refusal::new(Reason::Missing, "head_office", "", limit).into())
    }

    /// Writes it.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, folder: &Folder) -> Result<(), Failure> {
        self.write_to(&folder.file(NAME))
    }

    /// Writes what a token has brought, for the time when its journal is open.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write_next(&self, folder: &Folder) -> Result<(), Failure> {
        self.write_to(&folder.file(NEXT_NAME))
    }

    /// What a token has brought and was not taken into use yet.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_next(folder: &Folder) -> Result<Option<Self>, Failure> {
        Self::read_from(&folder.file(NEXT_NAME))
    }

    /// Takes what a token has brought into use.
    ///
    /// # Errors
    /// There is nothing, or the disk failed.
    pub fn take_next(folder: &Folder) -> Result<(), Failure> {
        let path = folder.file(NAME);
        let renamed = fs::rename(folder.file(NEXT_NAME), &path).and_then(|()| sync_folder_of(&path));
        renamed.map_err(|error| Failure::io(&path, &error))
    }

    fn write_to(&self, path: &Path) -> Result<(), Failure> {
        let text = HeadOfficeText {
            url: self.address.to_string(),
            authority: self.authority.clone(),
            certificate: self.certificate.clone(),
            seen_ms: self.seen.0,
            token: self.token.to_string(),
            grant: Document(self.grant.clone()),
            epoch: self.epoch,
            finished: self.finished.clone(),
            asked_ms: self.asked.0,
        };
        let bytes = serde_json::to_vec(&text).expect("text and numbers always become JSON");
        write_whole(path, &bytes)
    }
}

/// The key of the till's TLS certificate.
pub struct TlsKey(KeyPair);

impl TlsKey {
    /// Reads the key of a folder, or makes and writes it first.
    ///
    /// # Errors
    /// The file is damaged, the disk failed, or the computer has no random numbers.
    pub fn read_or_make(folder: &Folder) -> Result<Self, Failure> {
        let path = folder.file(KEY_NAME);
        // The cause is not told: a parser's message could repeat the key.
        let unreadable = |_| Failure::damaged("tls_key", format!("{} is not a key in PEM", path.display()));
        if let Some(text) = read_small(&path, BYTES_MAX)? {
            return KeyPair::from_pem(&text).map(Self).map_err(unreadable);
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| made(&error))?;
        write_whole(&path, key.serialize_pem().as_bytes())?;
        Ok(Self(key))
    }

    /// The key in PEM, for TLS alone.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// A request to certify the key. Head office takes nothing else of it.
    ///
    /// # Errors
    /// The request cannot be signed.
    pub fn signing_request(&self) -> Result<String, Failure> {
        let request = CertificateParams::default().serialize_request(&self.0).and_then(|request| request.pem());
        request.map_err(|error| made(&error))
    }
}

impl std::fmt::Debug for TlsKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TlsKey")
    }
}

fn made(error: &rcgen::Error) -> Failure {
    Failure::damaged("tls_key", format!("a key cannot be made or used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_reads_back_and_the_key_stays_the_same() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert_eq!(HeadOffice::read(&folder).unwrap(), None);
        assert!(matches!(HeadOffice::require(&folder), Err(Failure::Refused(refusal)) if refusal.code() == "missing"));
        let head_office = HeadOffice {
            address: "https://head.example:7443".parse().unwrap(),
            authority: "ca".to_owned(),
            certificate: "mine".to_owned(),
            seen: Timestamp(2),
            token: Hash([3; 32]),
            grant: vec![4],
            epoch: 6,
            finished: vec!["5".to_owned()],
            asked: Timestamp(7),
        };
        head_office.write(&folder).unwrap();
        assert_eq!(HeadOffice::require(&folder).unwrap(), head_office);
        let first = TlsKey::read_or_make(&folder).unwrap();
        assert_eq!(TlsKey::read_or_make(&folder).unwrap().pem(), first.pem());
        assert!(first.signing_request().unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
    }

    #[test]
    fn a_damaged_file_is_told_by_name_and_shows_no_key() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        fs::write(folder.file(NAME), "{}").unwrap();
        assert!(HeadOffice::read(&folder).unwrap_err().to_string().contains(NAME));
        fs::write(folder.file(KEY_NAME), "5ecre7").unwrap();
        let told = TlsKey::read_or_make(&folder).unwrap_err().to_string();
        assert!(told.contains(KEY_NAME) && !told.contains("5ecre7"), "{told}");
    }
}
