//! Commands that are one operation each: what was typed becomes an order, and its files are read and written here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::refusal::{Reason, Refusal};
use serde_json::{Value, json};

use super::args::{
    AdminCommand, AdminOptions, FeedOptions, GrantOptions, IngestOptions, OperatorCommand, OperatorOptions,
    ProductsCommand, ProductsOptions, ReportOptions, RevokeOptions, SlotOptions, TokenOptions,
};
use super::{files, reach};
use crate::folder::Folder;
use crate::operation_error::OperationError;
use crate::operations::{
    AdministratorOrder, Answer, Ending, FeedOrder, GrantOrder, IngestOrder, Operation, OperatorOrder, RemoveOrder,
    ReportOrder, RevokeOrder, StoreOrder, TokenOrder,
};
use crate::settings::Given;
use crate::store::RedbStore;

/// The variable that holds the PIN of a new operator.
const NEW_PIN: &str = "HEAD_OFFICE_NEW_PIN";

type Done = Result<Answer, OperationError>;

pub(super) fn token(folder: &Folder, given: Given, options: TokenOptions) -> Done {
    let SlotOptions { store, till, history, counts } = options.slot;
    let given = counts.given().over(given);
    let order = TokenOrder {
        store,
        till,
        expires_s: read_time(&options.expires)?,
        has_history: history,
        profile: store_order(&given),
    };
    reach::ask(folder, given, Operation::Token(order))
}

pub(super) fn grant(folder: &Folder, given: Given, options: GrantOptions) -> Done {
    let SlotOptions { store, till, history, counts } = options.slot;
    let given = counts.given().over(given);
    let order = GrantOrder {
        request: STANDARD.encode(files::read_parcel(&options.journal_request)?),
        store,
        till,
        has_history: history,
        profile: store_order(&given),
    };
    let answer = reach::ask(folder, given, Operation::Grant(order))?;
    write_field(answer, "parcel", Some(&options.out))
}

pub(super) fn feed(folder: &Folder, given: Given, options: FeedOptions) -> Done {
    let FeedOptions { store, till, after, out } = options;
    let answer = reach::ask(folder, given, Operation::Feed(FeedOrder { store, till, after }))?;
    write_field(answer, "parcel", Some(&out))
}

pub(super) fn admin(folder: &Folder, given: Given, options: AdminOptions) -> Done {
    let AdminCommand::Create { name, password_file } = options.command;
    let password = password_file.as_deref().map(|path| files::read_secret("password-file", path)).transpose()?;
    let order = AdministratorOrder { name, password: password.map(|password| password.to_string()) };
    reach::ask(folder, given, Operation::Administrator(order))
}

pub(super) fn operator(folder: &Folder, given: Given, options: OperatorOptions) -> Done {
    let (code, name, role, pin_file, store, inactive) = match options.command {
        OperatorCommand::Add { code, name, role, pin_file, store, inactive } => {
            (code, name, role, pin_file, store, inactive)
        }
        OperatorCommand::Remove { code } => {
            return reach::ask(folder, given, Operation::RemoveOperator(RemoveOrder { code }));
        }
    };
    let pin = pin_file.as_deref().map(|path| files::read_secret("pin-file", path)).transpose()?;
    let pin = pin.map(|pin| pin.to_string()).or_else(|| std::env::var(NEW_PIN).ok().filter(|pin| !pin.is_empty()));
    let order = OperatorOrder { code, name, role, pin, store, is_active: !inactive };
    reach::ask(folder, given, Operation::Operator(order))
}

pub(super) fn products(folder: &Folder, given: Given, options: ProductsOptions) -> Done {
    let ProductsCommand::Remove { code } = options.command;
    reach::ask(folder, given, Operation::RemoveProduct(RemoveOrder { code }))
}

pub(super) fn ingest(folder: &Folder, given: Given, options: &IngestOptions) -> Done {
    let order = IngestOrder { content: STANDARD.encode(files::read_parcel(&options.file)?) };
    let answer = reach::ask(folder, given, Operation::Ingest(order))?;
    write_field(answer, "acknowledgement", options.acknowledgement.as_deref())
}

pub(super) fn revoke(folder: &Folder, given: Given, options: RevokeOptions) -> Done {
    let RevokeOptions { store, till } = options;
    reach::ask(folder, given, Operation::Revoke(RevokeOrder { store, till }))
}

pub(super) fn restore(folder: &Folder, given: Given) -> Done {
    reach::ask(folder, given, Operation::Restore)
}

/// Audits. Where no server has the store, its engine's own pages are checked as well. What cannot even be opened is told
/// in the same form as any other damage.
pub(super) fn audit(folder: &Folder, given: Given) -> Done {
    let audited = catch_unwind(AssertUnwindSafe(|| {
        let is_intact = reach::is_served(folder)? || !folder.store().exists() || RedbStore::is_intact(&folder.store())?;
        let mut answer = reach::ask(folder, given, Operation::Audit)?;
        if !is_intact {
            answer.ending = Ending::Damaged;
            answer.body["ok"] = Value::from(false);
            if let Some(differences) = answer.body["differences"].as_array_mut() {
                differences.push(Value::from("a page of the store is not what was written"));
            }
        }
        Ok(answer)
    }));
    let damaged = |cause: String| Answer {
        ending: Ending::Damaged,
        body: json!({
            "ok": false, "journals": [], "series": [], "drawer_sessions": 0, "totals": [], "unreceived": [],
            "differences": [cause], "findings": [], "unread": 0,
        }),
    };
    match audited {
        Ok(Err(OperationError::Failed(cause))) => Ok(damaged(format!("{cause:#}"))),
        Ok(answered) => answered,
        Err(_) => Ok(damaged(super::unreadable())),
    }
}

pub(super) fn report(folder: &Folder, given: Given, options: ReportOptions) -> Done {
    let ReportOptions { store, from, to } = options;
    reach::ask(folder, given, Operation::Report(ReportOrder { store, from, to }))
}

fn store_order(given: &Given) -> StoreOrder {
    StoreOrder {
        currency: given.currency.clone(),
        country: given.country.clone(),
        zone: given.zone.clone(),
        prices: given.prices,
    }
}

/// Writes what an answer carries in base64 to a file, and names the file in its place.
fn write_field(mut answer: Answer, field: &str, path: Option<&std::path::Path>) -> Done {
    let Some(value) = answer.body.get_mut(field) else { return Ok(answer) };
    let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
    *value = Value::Null;
    if let (Some(bytes), Some(path)) = (bytes, path) {
        files::write(path, &bytes)?;
        *value = Value::from(path.display().to_string());
    }
    Ok(answer)
}

/// Seconds from `45s`, `30m`, `24h` or `7d`.
fn read_time(text: &str) -> Result<i64, Refusal> {
    let refused = || Refusal::new(Reason::Malformed, "expires", text, "a time such as 30m, 24h or 7d");
    let (number, unit_s) = match text.as_bytes().last() {
        Some(b's') => (text.trim_end_matches('s'), 1),
        Some(b'm') => (text.trim_end_matches('m'), 60),
        Some(b'h') => (text.trim_end_matches('h'), 3_600),
        Some(b'd') => (text.trim_end_matches('d'), 86_400),
        Some(_) | None => return Err(refused()),
    };
    number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(unit_s)).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        for (text, seconds) in [("45s", Some(45)), ("30m", Some(1_800)), ("24h", Some(86_400)), ("7d", Some(604_800))] {
            assert_eq!(read_time(text).ok(), seconds, "{text}");
        }
        for text in ["", "24", "h", "-1h", "1.5h", "1w", "99999999999d"] {
            assert_eq!(read_time(text).unwrap_err().field(), "expires", "{text}");
        }
    }
}
