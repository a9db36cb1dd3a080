//! What people and programs write into files of settings: head office's TOML, the small files of a till's folder,
//! addresses and tokens.
//!
//! Always: what was read is written so that it reads back the same; what cannot be read names what is wrong with it, and
//! a damaged secret is told without being shown.

use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::fs;
use std::str::FromStr;

use counterfoil_core::refusal::Refusal;
use counterfoil_node::failure::Failure;
use counterfoil_node::folder::Folder;
use counterfoil_node::folder::mark::{MARK, Mark, MarkFiles};
use counterfoil_node::folder::secret::Secret;
use counterfoil_node::folder::settings::Settings;
use counterfoil_node::local::address::LocalAddress;
use counterfoil_node::sync::address::{Address, Token};
use counterfoil_node::sync::head_office::HeadOffice;
use counterfoil_sync_server::settings::Given;
use counterfoil_sync_server::token::Token as IssuedToken;
use tempfile::TempDir;

use super::draw::Draw;
use super::require_told;
use super::shop::place;

thread_local! {
    static PLACE: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// The first byte says which file or text the rest is.
///
/// # Panics
/// A setting is not what was written.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let choice = draw.byte() % 8;
    let text = String::from_utf8_lossy(draw.rest()).into_owned();
    match choice {
        0 | 1 => of_head_office(&text),
        2 => of_token(&text),
        3 => parsed::<Address>(&text),
        _ => in_folder(choice, draw.rest()),
    }
}

fn of_head_office(text: &str) {
    let given = match Given::read(text) {
        Ok(given) => given,
        Err(refusal) => return require_told(&refusal),
    };
    let again = Given::read(&given.write()).expect("what is written can be read");
    assert_eq!(again, given, "settings are written in another way:\n{}", given.write());
    assert_eq!(given.clone().over(Given::default()), given);
    assert_eq!(Given::default().over(given.clone()), given);
    match given.check() {
        Ok(settings) => assert!((1..=65_536).contains(&settings.connections_max)),
        Err(refusal) => require_told(&refusal),
    }
}

fn of_token(text: &str) {
    if let Ok(token) = text.parse::<IssuedToken>() {
        assert_eq!(token.to_string(), text.trim());
        let shown: Token = text.parse().expect("the till reads every token of head office");
        assert_eq!(shown.pin(), token.pin());
    }
    match text.parse::<Token>() {
        Ok(token) => assert!(token.as_str() == text.trim() && text.parse::<IssuedToken>().is_ok()),
        Err(refusal) => {
            require_told(&refusal);
            assert!(text.trim().len() < 16 || !refusal.to_string().contains(text.trim()), "a token is repeated");
        }
    }
}

/// A text that parses is shown so that it parses again to the same.
fn parsed<T: FromStr<Err = Refusal> + Display + Debug + PartialEq>(text: &str) {
    match text.parse::<T>() {
        Ok(parsed) => assert_eq!(parsed.to_string().parse::<T>().as_ref(), Ok(&parsed), "from {text:?}"),
        Err(refusal) => require_told(&refusal),
    }
}

fn in_folder(choice: u8, bytes: &[u8]) {
    let place = PLACE.take().unwrap_or_else(place);
    let folder = Folder::at(place.path());
    let name = match choice {
        4 => "till.json",
        5 => "head-office.json",
        6 => MARK,
        _ => "secret.json",
    };
    let lay = |name: &str| fs::write(folder.file(name), bytes).expect("a temporary folder can be written");
    lay(name);
    match choice {
        4 => {
            let read = |folder: &Folder| Settings::read(folder);
            same_again(read(&folder), |settings| settings.write(&folder), || read(&folder));
        }
        5 => {
            let read = |folder: &Folder| HeadOffice::require(folder);
            same_again(read(&folder), |known| known.write(&folder), || read(&folder));
        }
        6 => of_mark(&folder),
        _ => of_secret(&folder, bytes),
    }
    lay("local-api.json");
    let _ =
        LocalAddress::read(&folder).map(|address| address.map(|address| assert!(address.has_token(&address.token))));
    PLACE.set(Some(place));
}

fn same_again<T: Debug + PartialEq>(
    read: Result<T, Failure>,
    write: impl FnOnce(&T) -> Result<(), Failure>,
    read_again: impl FnOnce() -> Result<T, Failure>,
) {
    match read {
        Ok(value) => {
            write(&value).expect("a temporary folder can be written");
            assert_eq!(read_again().expect("what is written can be read"), value);
        }
        Err(Failure::Refused(refusal)) => require_told(&refusal),
        Err(failure) => assert!(failure.to_string().len() < 4_096, "{failure}"),
    }
}

fn of_mark(folder: &Folder) {
    let path = folder.file(MARK);
    let Ok(Some(mark)) = Mark::read(&path) else { return };
    fs::remove_file(&path).expect("the mark was written just now");
    MarkFiles::open(&path, None).and_then(|files| files.write(&mark)).expect("a temporary folder can be written");
    assert_eq!(Mark::read(&path).expect("a mark"), Some(mark));
}

fn of_secret(folder: &Folder, bytes: &[u8]) {
    match Secret::read(folder) {
        Ok(Some(secret)) => {
            let keys: Vec<_> = secret.keys().map(|key| key.public_key().to_bytes()).collect();
            secret.write(folder).expect("a temporary folder can be written");
            let again = Secret::read(folder).expect("what is written can be read").expect("it is there");
            assert_eq!(again.keys().map(|key| key.public_key().to_bytes()).collect::<Vec<_>>(), keys);
            assert_eq!(format!("{again:?}"), "Secret");
        }
        Ok(None) => panic!("a secret file that is there is not seen"),
        Err(failure) => {
            let told = failure.to_string();
            let shown = bytes.windows(16).filter_map(|window| std::str::from_utf8(window).ok());
            let mut keys = shown.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(!keys.any(|key| told.contains(key)), "a damaged secret is shown: {told}");
        }
    }
}
