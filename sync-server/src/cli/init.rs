//! `head-office init`: a folder becomes a head office.

use counterfoil_core::hex;
use counterfoil_core::id::Name;
use serde_json::json;
use zeroize::Zeroizing;

use super::args::InitOptions;
use super::files;
use crate::folder::Folder;
use crate::office::{Office, random};
use crate::operation_error::OperationError;
use crate::operations::Answer;
use crate::settings::Given;
use crate::{admin, clock};

pub(super) fn run(folder: Folder, given: Given, options: InitOptions) -> Result<Answer, OperationError> {
    // What is wrong with the person is told before the folder is made.
    let name = Name::new(options.admin)?;
    let password = match &options.password_file {
        Some(path) => files::read_secret("password-file", path)?,
        None => Zeroizing::new(admin::password(random()?)),
    };
    admin::check_password(&password)?;
    let given = options.settings.given().over(given).over(Given::read_file(&folder.settings())?);
    let office = Office::create(folder, &given)?;
    admin::create(office.store(), &name, &password, random()?, clock::now())?;
    let shown = options.password_file.is_none().then(|| password.as_str());
    let settings = office.settings();
    Ok(Answer::done(json!({
        "data": office.folder().path().display().to_string(),
        "authority": hex::encode(&office.authority().pin()),
        "signing_key": office.key().public_key().to_string(),
        "hosts": settings.hosts,
        "currency": settings.store.currency.code(),
        "country": settings.store.country,
        "zone": settings.store.zone,
        "administrator": name,
        "password": shown,
    })))
}
