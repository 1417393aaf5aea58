//! Layers into a configuration.

use super::error::{ConfigError, ConfigErrors};
use super::flags::ConfigFlags;
use super::key::Key;
use super::layer::{Layer, Source};
use super::secret::Secret;
use super::value::{self, Bus, LogFormat, Store, log_filter};
use super::{AuthConfig, Config};
use crate::auth::{DEFAULT_PARTY, JWKS_BYTES_MAX, Keys, SECRET_BYTES_MIN};
use crate::http::limits::RATE_DEFAULT;
use crate::webhooks::Authorities;
use crate::webhooks::limits::AUTHORITIES_BYTES_MAX;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The port unless configured otherwise.
const DEFAULT_PORT: u16 = 8080;
/// Most web workers.
const WORKERS_MAX: usize = 256;

/// What a command cannot do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Something to verify tokens with: a secret or a key set.
    Verify,
    /// The secret, to make tokens.
    Secret,
    /// Neither.
    Nothing,
}

/// Reads flags, the process's environment and the file that one of them names.
///
/// # Errors
/// All faults at once.
pub fn load(flags: &ConfigFlags, need: Need) -> Result<Config, ConfigErrors> {
    let variable = |name: &str| std::env::var(name).ok();
    let file = flags
        .config
        .clone()
        .or_else(|| variable("STUDYHALL_CONFIG").filter(|f| !f.is_empty()).map(Into::into));
    let mut errors = Vec::new();
    let mut layers = vec![flags.layer(), Layer::of_environment(variable)];
    if let Some(path) = file {
        let name = path.display().to_string();
        match read_text(&path, FILE_BYTES_MAX) {
            Ok(text) => layers.push(Layer::of_file(&name, &text, &mut errors)),
            Err(why) => errors.push(ConfigError::BadFile { file: name, why }),
        }
    }
    resolve(&layers, need, errors)
}

/// Layers, the highest first, into a configuration. `errors` are those that reading the layers found.
///
/// # Errors
/// All faults at once.
pub fn resolve(layers: &[Layer], need: Need, errors: Vec<ConfigError>) -> Result<Config, ConfigErrors> {
    let mut reader = Reader { layers, errors };
    let config = reader.config(need);
    match config {
        Some(config) if reader.errors.is_empty() => Ok(config),
        Some(_) | None => Err(ConfigErrors(reader.errors)),
    }
}

struct Reader<'a> {
    layers: &'a [Layer],
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    fn config(&mut self, need: Need) -> Option<Config> {
        let auth = self.auth();
        self.check_need(need, auth.as_ref());
        let listen = self.one(Key::Listen, SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)), |text| {
            text.parse().map_err(|_| "is ADDR:PORT, such as 127.0.0.1:8080".to_owned())
        });
        let admin_listen = self.one(Key::AdminListen, None, |text| {
            text.parse().map(Some).map_err(|_| "is ADDR:PORT, such as 127.0.0.1:9090".to_owned())
        });
        let data_dir = self.one(Key::DataDir, "./studyhall-data".into(), path);
        let store = self.one(Key::Store, Store::Embedded, str::parse);
        let bus = self.one(Key::Bus, Bus::Local, str::parse);
        let node_address = self.one(Key::NodeAddress, None, |text| value::host_and_port(text).map(Some));
        let node_label = self.one(Key::NodeLabel, None, |text| value::node_label(text).map(Some));
        let check_interval = self.one(Key::CheckInterval, value::CHECK_INTERVAL, value::check_interval);
        let allowed_origins = self.many(Key::AllowedOrigins, value::origin);
        let trusted_proxies = self.many(Key::TrustedProxies, str::parse);
        let rate_limit = self.one(Key::RateLimit, Some(RATE_DEFAULT), value::rate_limit);
        let dev_clock = self.one(Key::DevClock, false, value::switch);
        let dev_webhooks = self.one(Key::DevWebhooks, false, value::switch);
        let webhook_authorities = self.one(Key::WebhookCaFile, Authorities::default(), |text| {
            Authorities::of_pem(&read_text(Path::new(text), AUTHORITIES_BYTES_MAX)?)
        });
        let ready_file = self.one(Key::ReadyFile, None, |text| path(text).map(Some));
        let workers = self.one(Key::Workers, default_workers(), |text| {
            let count = text.parse().ok().filter(|n| (1..=WORKERS_MAX).contains(n));
            count.ok_or_else(|| format!("is a number of 1 to {WORKERS_MAX}"))
        });
        let log_format = self.one(Key::LogFormat, LogFormat::Text, str::parse);
        let log_filter = self.one(Key::LogFilter, "info".to_owned(), log_filter);
        Some(Config {
            listen: listen?,
            admin_listen: admin_listen?,
            data_dir: data_dir?,
            store: store?,
            bus: bus?,
            node_address: node_address?,
            node_label: node_label?,
            check_interval: check_interval?,
            auth: auth?,
            allowed_origins: allowed_origins?,
            trusted_proxies: trusted_proxies?,
            rate_limit: rate_limit?,
            dev_clock: dev_clock?,
            dev_webhooks: dev_webhooks?,
            webhook_authorities: webhook_authorities?,
            ready_file: ready_file?,
            workers: workers?,
            log_format: log_format?,
            log_filter: log_filter?,
        })
    }

    fn auth(&mut self) -> Option<AuthConfig> {
        let before = self.errors.len();
        let inline = self.one(Key::AuthSecret, None, |text| secret(text).map(Some)).flatten();
        let from_file = self.one(Key::AuthSecretFile, None, |text| {
            let text = read_text(Path::new(text), 64 * 1024)?;
            secret(text.trim_end_matches(['\r', '\n'])).map(Some)
        });
        let jwks = self.one(Key::Jwks, None, |text| key_set(text).map(Some)).flatten();
        let jwks_from_file = self.one(Key::JwksFile, None, |text| {
            key_set(&read_text(Path::new(text), JWKS_BYTES_MAX as u64)?).map(Some)
        });
        self.not_both(Key::AuthSecret, Key::AuthSecretFile);
        self.not_both(Key::Jwks, Key::JwksFile);
        let party = |text: &str| {
            if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
        };
        let issuer = self.one(Key::AuthIssuer, DEFAULT_PARTY.to_owned(), party);
        let audience = self.one(Key::AuthAudience, DEFAULT_PARTY.to_owned(), party);
        (self.errors.len() == before).then_some(())?;
        Some(AuthConfig {
            secret: inline.or(from_file.flatten()),
            jwks: jwks.or(jwks_from_file.flatten()),
            issuer: issuer?,
            audience: audience?,
        })
    }

    fn check_need(&mut self, need: Need, auth: Option<&AuthConfig>) {
        // Where the settings are wrong anyway, that nothing came of them is no second fault.
        let Some(auth) = auth else { return };
        let how =
            format!("set STUDYHALL_AUTH_SECRET (at least {SECRET_BYTES_MIN} bytes) or `auth_secret_file`");
        let missing = match need {
            Need::Verify if auth.secret.is_none() && auth.jwks.is_none() => {
                format!("nothing to verify tokens with: {how}, or `jwks_file`")
            }
            Need::Secret if auth.secret.is_none() => format!("no secret to make tokens with: {how}"),
            Need::Verify | Need::Secret | Need::Nothing => return,
        };
        self.errors.push(ConfigError::Missing(missing));
    }

    fn not_both(&mut self, one: Key, other: Key) {
        if self.given(one).is_some() && self.given(other).is_some() {
            let (one, other) = (one.name(), other.name());
            self.errors.push(ConfigError::Missing(format!("`{one}` and `{other}` are both set: keep one")));
        }
    }

    fn given(&self, key: Key) -> Option<(Source, Vec<String>)> {
        let layer = self.layers.iter().find(|layer| layer.values.contains_key(&key))?;
        Some((layer.source.clone(), layer.values.get(&key)?.clone()))
    }

    fn one<T>(&mut self, key: Key, default: T, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Some((source, values)) = self.given(key) else { return Some(default) };
        let [text] = values.as_slice() else {
            self.fault(source, key, "takes one value".into());
            return None;
        };
        read(text).map_err(|why| self.fault(source, key, why)).ok()
    }

    fn many<T>(&mut self, key: Key, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let Some((source, values)) = self.given(key) else { return Some(Vec::new()) };
        let before = self.errors.len();
        let mut found = Vec::new();
        for text in values {
            match read(&text) {
                Ok(value) => found.push(value),
                Err(why) => self.fault(source.clone(), key, format!("{why}, not {text:?}")),
            }
        }
        (self.errors.len() == before).then_some(found)
    }

    fn fault(&mut self, from: Source, key: Key, why: String) {
        self.errors.push(ConfigError::BadValue { from, key: key.name(), why });
    }
}

fn secret(text: &str) -> Result<Secret, String> {
    if text.len() < SECRET_BYTES_MIN {
        return Err(format!("has {} bytes, at least {SECRET_BYTES_MIN} are needed", text.len()));
    }
    Ok(Secret::new(text))
}

fn key_set(text: &str) -> Result<String, String> {
    Keys::default().with_jwks(text).map_err(|error| format!("is refused: {error}"))?;
    Ok(text.to_owned())
}

fn path(text: &str) -> Result<std::path::PathBuf, String> {
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(text.into()) }
}

fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX)
}

/// A text file up to a size.
fn read_text(path: &Path, bytes_max: u64) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("cannot be read from {}: {error}", path.display());
    let mut text = String::new();
    let file = fs::File::open(path).map_err(fault)?;
    let read = file.take(bytes_max + 1).read_to_string(&mut text).map_err(fault)?;
    if read as u64 > bytes_max {
        return Err(format!("names {}, which has more than {bytes_max} bytes", path.display()));
    }
    Ok(text)
}
