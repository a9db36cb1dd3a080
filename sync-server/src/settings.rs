//! What can be set about a head office: one TOML file, then `COUNTERFOIL_*` variables, then flags; the later one wins.
//!
//! All of it is checked before anything starts, and what is wrong is refused by name: an unknown key too, because a
//! misspelt limit is no limit. The profile `production` logs what matters; `development` and `test` log more.
//! Example: `listen = "127.0.0.1:7443"` in the file, `COUNTERFOIL_LISTEN=0.0.0.0:7443` in the environment: the latter.

use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;

use counterfoil_core::currency::Currency;
use counterfoil_core::id::{CountryCode, Name};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::zone::zone_of;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::authority::Authority;
use crate::clock;

/// Where the server listens if nothing is said.
pub const LISTEN: &str = "127.0.0.1:7443";
const CONNECTIONS_MAX: usize = 1_024;
const CONNECTIONS_LIMIT: usize = 65_536;

/// In which surroundings the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On a developer's machine: logs everything of our own.
    Development,
    /// Under test: logs warnings only.
    Test,
    /// For real: logs each request.
    Production,
}

impl Environment {
    /// What the diagnostics log takes up if nothing is said.
    #[must_use]
    pub const fn log(self) -> &'static str {
        match self {
            Self::Development => "counterfoil_sync_server=debug,info",
            Self::Test => "warn",
            Self::Production => "info",
        }
    }
}

/// Whether unit prices include tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Prices {
    /// They do.
    Inclusive,
    /// Tax comes on top.
    Exclusive,
}

/// How a till counts where its store says nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreDefaults {
    /// The currency.
    pub currency: Currency,
    /// The country whose rules hold.
    pub country: CountryCode,
    /// The zone, known to the tz database.
    pub zone: Name,
    /// Whether unit prices include tax.
    pub prices: Prices,
}

/// Everything that is set, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// In which surroundings.
    pub environment: Environment,
    /// What the log takes up.
    pub log: String,
    /// Where tills connect.
    pub listen: SocketAddr,
    /// The names and addresses by which tills know this server; they stand in its certificate.
    pub hosts: Vec<String>,
    /// How many connections at once.
    pub connections_max: usize,
    /// How new stores count.
    pub store: StoreDefaults,
}

/// What one source says; what it leaves out is left to the source before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// `development`, `test` or `production`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Environment>,
    /// A filter of the diagnostics log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Address and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Host names and addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
    /// How many connections at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_max: Option<usize>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// ISO 3166.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// A zone of the tz database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// `inclusive` or `exclusive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
}

impl Given {
    /// What a settings file says.
    ///
    /// # Errors
    /// It cannot be read as settings: an unknown key, a value of another kind.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
            let message = error.message().lines().next().unwrap_or("").to_owned();
            Refusal::new(Reason::Malformed, "settings", format!("line {line}: {message}"), "a setting of this program")
        })
    }

    /// What a settings file says; nothing where there is none.
    ///
    /// # Errors
    /// It is there and cannot be read, or says something that is no setting.
    pub fn read_file(path: &Path) -> Result<Self, Refusal> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::read(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                let value = format!("{}: {error}", path.display());
                Err(Refusal::new(Reason::Malformed, "settings", value, "a readable file"))
            }
        }
    }

    /// The text of a settings file that says this.
    #[must_use]
    pub fn write(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// This, and where it says nothing, what `earlier` says.
    #[must_use]
    pub fn over(self, earlier: Self) -> Self {
        Self {
            profile: self.profile.or(earlier.profile),
            log: self.log.or(earlier.log),
            listen: self.listen.or(earlier.listen),
            hosts: self.hosts.or(earlier.hosts),
            connections_max: self.connections_max.or(earlier.connections_max),
            currency: self.currency.or(earlier.currency),
            country: self.country.or(earlier.country),
            zone: self.zone.or(earlier.zone),
            prices: self.prices.or(earlier.prices),
        }
    }

    /// Checks everything and fills in what was left out.
    ///
    /// # Errors
    /// A value that its setting cannot have, named.
    pub fn check(self) -> Result<Settings, Refusal> {
        let environment = self.profile.unwrap_or(Environment::Production);
        let listen = self.listen.unwrap_or_else(|| LISTEN.to_owned());
        let listen: SocketAddr = listen.parse().map_err(|_| {
            Refusal::new(Reason::Malformed, "listen", &listen, "an address and a port such as 127.0.0.1:7443")
        })?;
        let connections_max = self.connections_max.unwrap_or(CONNECTIONS_MAX);
        if !(1..=CONNECTIONS_LIMIT).contains(&connections_max) {
            let limit = format!("1 to {CONNECTIONS_LIMIT}");
            return Err(Refusal::new(Reason::TooMany, "connections_max", connections_max, limit));
        }
        let country = CountryCode::new(self.country.unwrap_or_else(|| "ES".to_owned()))?;
        Ok(Settings {
            environment,
            log: self.log.unwrap_or_else(|| environment.log().to_owned()),
            listen,
            hosts: check_hosts(self.hosts.unwrap_or_default())?,
            connections_max,
            store: StoreDefaults {
                currency: Currency::from_str(self.currency.as_deref().unwrap_or("EUR"))?,
                zone: check_zone(self.zone.as_deref().unwrap_or_else(|| zone_of(&country)))?,
                country,
                prices: self.prices.unwrap_or(Prices::Inclusive),
            },
        })
    }
}

/// The zone, if the tz database knows it.
///
/// # Errors
/// It does not.
pub fn check_zone(zone: &str) -> Result<Name, Refusal> {
    let refused = || Refusal::new(Reason::Malformed, "zone", zone, "a zone of the tz database, such as Europe/Madrid");
    TimeZone::get(zone).map_err(|_| refused())?;
    Name::new(zone).map_err(|_| refused())
}

/// The loopback names always belong to the server, so that it can be tried out on its own machine.
fn check_hosts(mut hosts: Vec<String>) -> Result<Vec<String>, Refusal> {
    for own in ["localhost", "127.0.0.1", "::1"] {
        if !hosts.iter().any(|host| host == own) {
            hosts.push(own.to_owned());
        }
    }
    for host in &hosts {
        let is_name =
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
        if !is_name || host.len() > 253 {
            return Err(Refusal::new(Reason::Malformed, "hosts", host, "host names or addresses without a port"));
        }
    }
    let refused = |_| Refusal::new(Reason::Malformed, "hosts", hosts.join(", "), "host names or addresses");
    Authority::create(clock::now())
        .and_then(|authority| authority.server_certificate(&hosts, clock::now()))
        .map_err(refused)?;
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_source_wins_and_the_rest_is_filled_in() {
        let file =
            Given::read("listen = \"10.0.0.1:1\"\nhosts = [\"office.example\"]\nzone = \"Europe/Zagreb\"").unwrap();
        let flags = Given { listen: Some("0.0.0.0:7443".to_owned()), ..Given::default() };
        let settings = flags.over(file.clone()).check().unwrap();
        assert_eq!(settings.listen.to_string(), "0.0.0.0:7443");
        assert_eq!(settings.hosts, ["office.example", "localhost", "127.0.0.1", "::1"]);
        assert_eq!((settings.store.zone.as_str(), settings.store.currency.code()), ("Europe/Zagreb", "EUR"));
        assert_eq!(settings.environment, Environment::Production);
        assert_eq!(Given::read(&file.write()).unwrap(), file);
        assert!(Given::default().check().is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, field: &str, code: &str| {
            let refusal = Given::read(text).and_then(Given::check).unwrap_err();
            assert_eq!((refusal.field(), refusal.code()), (field, code), "{text}: {refusal}");
        };
        check("listen = \"7443\"", "listen", "malformed");
        check("zone = \"Europe/Atlantis\"", "zone", "malformed");
        check("currency = \"EURO\"", "currency", "malformed");
        check("country = \"Spain\"", "country", "too_long");
        check("connections_max = 0", "connections_max", "too_many");
        check("hosts = [\"a b\"]", "hosts", "malformed");
        check("hosts = [\"https://a\"]", "hosts", "malformed");
        check("conections_max = 5", "settings", "malformed");
        check("prices = \"maybe\"", "settings", "malformed");
        check("profile", "settings", "malformed");
        let refusal = Given::read("log = \"info\"\nconections_max = 5").unwrap_err();
        assert!(refusal.value().starts_with("line 2: unknown field `conections_max`"), "{refusal}");
    }
}
