//! Configuration: flag over environment over file over default, with every fault reported at once.
//!
//! A setting has one name. As a flag it is `--data-dir`, in the environment `STUDYHALL_DATA_DIR`, in the TOML file
//! `data_dir`. Secrets have no flag, because other users of a machine see command lines, and are never printed.

mod cli;
mod error;
mod flags;
mod key;
mod layer;
mod resolve;
mod secret;
mod value;

pub use cli::{
    BackupArgs, Cli, Command, CopyArgs, DemoArgs, DoctorArgs, EvalArgs, ExportArgs, ImportArgs, MigrateArgs,
    RestoreArgs, ServeArgs, StudyArgs, TokenArgs, TopArgs, VerifyArgs,
};
pub use error::{ConfigError, ConfigErrors};
pub use flags::ConfigFlags;
pub use key::Key;
pub use layer::{Layer, Source};
pub use resolve::{Need, load, resolve};
pub use secret::Secret;
pub use value::{AddressRange, Bus, LogFormat, Store, parse_ttl_ms};

use crate::webhooks::Authorities;
use ports::quota::Buckets;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A configuration without faults.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where operators are answered; `None` = nowhere.
    pub admin_listen: Option<SocketAddr>,
    /// The data folder.
    pub data_dir: PathBuf,
    /// The store.
    pub store: Store,
    /// The bus.
    pub bus: Bus,
    /// By which the other nodes reach this one; `None` = where it listens.
    pub node_address: Option<String>,
    /// This node's name at a balancer that brings learners back to their node.
    pub node_label: Option<String>,
    /// How often what is cached of a cluster's store is compared with it.
    pub check_interval: Duration,
    /// How tokens are verified.
    pub auth: AuthConfig,
    /// Origins, besides the own host, whose pages may use this server.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// How much one person may ask for over HTTP; without it nothing is counted.
    pub rate_limit: Option<Buckets>,
    /// Whether `POST /dev/clock` may set the wall clock.
    pub dev_clock: bool,
    /// Whether webhooks may be sent to this very machine, by http too.
    pub dev_webhooks: bool,
    /// Authorities that webhooks believe besides those of Mozilla's list.
    pub webhook_authorities: Authorities,
    /// Written once the server is ready.
    pub ready_file: Option<PathBuf>,
    /// Web workers.
    pub workers: usize,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged: a filter as `info,studyhall=debug`.
    pub log_filter: String,
}

/// How tokens are verified and made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthConfig {
    /// The shared secret of HS256.
    pub secret: Option<Secret>,
    /// The JSON web key set: public keys of others.
    pub jwks: Option<String>,
    /// `iss` of tokens.
    pub issuer: String,
    /// `aud` of tokens.
    pub audience: String,
}

impl AuthConfig {
    /// The keys that tokens are verified with.
    ///
    /// # Errors
    /// None is configured; all other faults were found when the configuration was read.
    pub fn verifier(&self) -> Result<crate::auth::Verifier, crate::auth::KeyError> {
        let mut keys = crate::auth::Keys::default();
        if let Some(secret) = &self.secret {
            keys = keys.with_secret(secret.reveal().as_bytes())?;
        }
        if let Some(jwks) = &self.jwks {
            keys = keys.with_jwks(jwks)?;
        }
        crate::auth::Verifier::new(keys, &self.issuer, &self.audience)
    }

    /// What tokens are made with, if there is a secret.
    pub fn mint(&self) -> Option<crate::auth::Mint> {
        let secret = self.secret.as_ref()?;
        crate::auth::Mint::new(secret.reveal().as_bytes(), &self.issuer, &self.audience).ok()
    }

    /// The cookies by which pages get their media.
    pub fn media_sessions(&self) -> Option<crate::media::MediaSessions> {
        crate::media::MediaSessions::new(self.secret.as_ref().map(|secret| secret.reveal().as_bytes()))
    }
}

#[cfg(test)]
mod tests;
