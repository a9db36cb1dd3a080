//! What each operation is told, and the call that carries it out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::catalog::MasterRow;
use counterfoil_core::command::MASTER_ROWS_MAX;
use counterfoil_core::grant::{GrantV1, JournalRequestV1};
use counterfoil_core::id::{CountryCode, Name, OperatorCode, StoreCode, TillCode};
use counterfoil_core::import_run::Destination;
use counterfoil_core::journal::codec;
use counterfoil_core::operator::{Operator, Pin, Role};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use super::feed::parcel_of_grant;
use super::{Answer, OperationError, answers, decode, require_store};
use crate::enrolment::Right;
use crate::grants::{self, History};
use crate::import::Shelves;
use crate::ingest::ingest;
use crate::office::{Office, random};
use crate::settings::{Prices, check_zone};
use crate::store::record::{StoreRecord, TokenRecord};
use crate::token::Token;
use crate::{admin, audit, clock, report};

/// The longest time for which a token is good: 90 days.
const TOKEN_MS_MAX: i64 = 90 * 86_400_000;
const MS_PER_S: i64 = 1_000;

/// How a store counts, where it is not as the settings say.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StoreOrder {
    /// ISO 4217.
    pub currency: Option<String>,
    /// ISO 3166.
    pub country: Option<String>,
    /// A zone of the tz database.
    pub zone: Option<String>,
    /// Whether prices include tax.
    pub prices: Option<Prices>,
}

impl StoreOrder {
    /// The store as it is to be: as ordered, else as it is, else as the settings say.
    fn resolve(&self, office: &Office, store: &StoreCode) -> Result<StoreRecord, OperationError> {
        let known = office.store().read(|rows| rows.store_record(store))?;
        let defaults = &office.settings().store;
        let known = known.unwrap_or_else(|| StoreRecord {
            store: store.clone(),
            currency: defaults.currency,
            country: defaults.country.clone(),
            zone: defaults.zone.clone(),
            prices_include_tax: defaults.prices == Prices::Inclusive,
        });
        Ok(StoreRecord {
            store: store.clone(),
            currency: self.currency.as_deref().map_or(Ok(known.currency), str::parse)?,
            country: self.country.as_deref().map_or(Ok(known.country), CountryCode::new)?,
            zone: self.zone.as_deref().map_or(Ok(known.zone), check_zone)?,
            prices_include_tax: self.prices.map_or(known.prices_include_tax, |prices| prices == Prices::Inclusive),
        })
    }
}

/// A token for a till slot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenOrder {
    /// The store.
    pub store: String,
    /// The till.
    pub till: String,
    /// For how many seconds it is good.
    pub expires_s: i64,
    /// Whether the till may take over documents of the past.
    pub has_history: bool,
    /// How the store counts.
    pub profile: StoreOrder,
}

impl TokenOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let (store, till) = (StoreCode::new(self.store)?, TillCode::new(self.till)?);
        let lasts_ms = self.expires_s.saturating_mul(MS_PER_S);
        if lasts_ms <= 0 || lasts_ms > TOKEN_MS_MAX {
            return Err(
                Refusal::new(Reason::Malformed, "expires", format!("{} s", self.expires_s), "1 s to 90 days").into()
            );
        }
        let record = self.profile.resolve(office, &store)?;
        let history = if self.has_history { History::Allowed } else { History::Refused };
        let token = Token::new(random()?, office.authority().pin());
        let expires = Timestamp(clock::now().0.saturating_add(lasts_ms));
        office.store().write(|rows| {
            let epoch = rows.as_rows().epoch()?;
            let kept = TokenRecord { store: store.clone(), till: till.clone(), expires, epoch, used: None, refused: 0 };
            grants::add_token(rows, token.hash(), &kept, &record, history)
        })?;
        let shown = clock::at(record.zone.as_str(), expires).to_string();
        Ok(Answer::done(json!({ "token": token.to_string(), "store": store, "till": till, "expires": shown })))
    }
}

/// A grant as a file, with the master data that the till needs in order to sell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantOrder {
    /// A signed journal request, or a parcel that holds one, in base64.
    pub request: String,
    /// The store.
    pub store: String,
    /// The till.
    pub till: String,
    /// Whether the till may take over documents of the past, where its slot is new.
    pub has_history: bool,
    /// How the store counts.
    pub profile: StoreOrder,
}

impl GrantOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let (store, till) = (StoreCode::new(self.store)?, TillCode::new(self.till)?);
        let request = answers::request_of(&decode("journal-request", &self.request)?)?;
        let limit = "a journal request that nobody altered, as till export --journal-request writes it";
        let not_one = |_| Refusal::new(Reason::Malformed, "journal-request", "what came", limit);
        let request = JournalRequestV1::verify(&request).map_err(not_one)?;
        let record = self.profile.resolve(office, &store)?;
        let history = if self.has_history { History::Allowed } else { History::Refused };
        office.store().write(|rows| grants::add_slot(rows, (&store, &till), &record, history))?;
        let slot = (None, Some((&store, &till)));
        let (granted, _) = grants::grant(office.store(), &request, slot, Right::Administrator, office.granting())?;
        let series: Vec<String> =
            GrantV1::verify(&granted.grant)?.series.into_iter().map(|series| series.code.to_string()).collect();
        let pages = crate::feed::pages(office.store(), (&store, Some(&till)), 0, office.granting())?;
        let (rows, revision) = (pages.rows, pages.revision);
        let parcel = STANDARD.encode(parcel_of_grant(granted.grant, pages)?);
        Ok(Answer::done(json!({
            "journal": request.journal.to_string(), "store": store, "till": till, "series": series,
            "rows": rows, "revision": revision, "parcel": parcel,
        })))
    }
}

/// A person who administers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdministratorOrder {
    /// The name.
    pub name: String,
    /// The password; one is made where none is given, and shown once.
    pub password: Option<String>,
}

impl AdministratorOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let name = Name::new(self.name)?;
        let (password, is_made) = match self.password {
            Some(password) => (Zeroizing::new(password), false),
            None => (Zeroizing::new(admin::password(random()?)), true),
        };
        admin::create(office.store(), &name, &password, random()?, clock::now())?;
        let shown = is_made.then(|| password.as_str());
        Ok(Answer::done(json!({ "administrator": name, "password": shown })))
    }
}

/// An operator of tills.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OperatorOrder {
    /// The code typed at the till.
    pub code: String,
    /// The name on receipts.
    pub name: String,
    /// `admin`, `manager` or `cashier`.
    pub role: String,
    /// The PIN, if it is to be set.
    pub pin: Option<String>,
    /// The one store, or the whole company.
    pub store: Option<String>,
    /// Whether this person may work now.
    pub is_active: bool,
}

impl OperatorOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let store = self.store.map(StoreCode::new).transpose()?;
        let role: Role = self.role.parse()?;
        let operator = Operator {
            code: OperatorCode::new(self.code)?,
            name: Name::new(self.name)?,
            role,
            is_active: self.is_active,
        };
        let pin = self.pin.map(Zeroizing::new);
        let pin = pin.map(|pin| Pin::new(pin.trim_end_matches(['\r', '\n']), &operator.role)).transpose()?;
        let pin = match pin {
            Some(pin) => Some(pin.hash(random()?)),
            None => None,
        };
        let counts = admin::set_operator(office.store(), store.as_ref(), &operator, pin.as_ref())?;
        Ok(Answer::done(json!({
            "operator": operator.code, "role": operator.role.code(), "store": store,
            "added": counts.added, "updated": counts.updated, "unchanged": counts.unchanged,
        })))
    }
}

/// Rows of the catalogue, as an import sends them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductsOrder {
    /// Whose prices they are; none for the catalogue with its base prices.
    pub store: Option<StoreCode>,
    /// The rows in core's own encoding, in base64.
    pub rows: String,
}

impl ProductsOrder {
    /// The order to store these rows.
    #[must_use]
    pub fn of(store: Option<&StoreCode>, rows: &[MasterRow]) -> Self {
        Self { store: store.cloned(), rows: STANDARD.encode(codec::encode(&rows)) }
    }

    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let malformed = |_| Refusal::new(Reason::Malformed, "rows", "what came", "rows of master data");
        let rows: Vec<MasterRow> = codec::decode(&decode("rows", &self.rows)?).map_err(malformed)?;
        if rows.len() > MASTER_ROWS_MAX {
            return Err(Refusal::new(Reason::TooMany, "rows", rows.len(), MASTER_ROWS_MAX).into());
        }
        let mut shelves = Shelves { kept_in: office.store(), store: self.store.as_ref() };
        Ok(Answer::done(json!(shelves.change(rows)??)))
    }
}

/// What a till exported to a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IngestOrder {
    /// The file, in base64.
    pub content: String,
}

impl IngestOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let ingested = ingest(office, &decode("file", &self.content)?)?;
        Ok(answers::ingest(&ingested))
    }
}

/// Totals by day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportOrder {
    /// One store, or all.
    pub store: Option<String>,
    /// The first local date; 30 days before the last if not said.
    pub from: Option<String>,
    /// The last local date; today if not said.
    pub to: Option<String>,
}

impl ReportOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let store = self.store.map(StoreCode::new).transpose()?;
        let date = |field: &str, text: &str| {
            let refusal = || Refusal::new(Reason::Malformed, field, text, "a date such as 2026-11-21");
            clock::read_date(text).ok_or_else(refusal)
        };
        let today = clock::at(office.settings().store.zone.as_str(), clock::now()).date();
        let to = self.to.as_deref().map_or(Ok(today), |text| date("to", text))?;
        let month_before = counterfoil_core::time::Date::from_day(to.day().saturating_sub(30));
        let from = self.from.as_deref().map_or(Ok(month_before), |text| date("from", text))?;
        if let Some(store) = &store {
            require_store(office, store)?;
        }
        let days = report::report(office.store(), store.as_ref(), from, to)?;
        let not_counted = office.store().read(|rows| audit::not_counted(rows, store.as_ref()))?;
        Ok(Answer::done(answers::report(from, to, &days, &not_counted)))
    }
}
