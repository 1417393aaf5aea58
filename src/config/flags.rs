//! Settings on the command line.

use super::key::Key;
use super::layer::{Layer, Source};
use clap::Args;
use std::path::PathBuf;

/// Settings that can stand on the command line, in the environment (`STUDYHALL_…`) and in a file.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigFlags {
    /// TOML file with settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Where operators are answered: status, metrics, draining [default: nowhere]
    #[arg(long, value_name = "ADDR:PORT")]
    pub admin_listen: Option<String>,
    /// The data folder [default: ./studyhall-data]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// embedded or cql://host,host/keyspace[?datacenter=NAME] [default: embedded]
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,
    /// local or redis://… [default: local]
    #[arg(long, value_name = "BUS")]
    pub bus: Option<String>,
    /// HOST:PORT by which the other nodes reach this one [default: where it listens]
    #[arg(long, value_name = "HOST:PORT")]
    pub node_address: Option<String>,
    /// This node's name at a balancer that brings learners back to their node
    #[arg(long, value_name = "NAME")]
    pub node_label: Option<String>,
    /// How often what is cached of a cluster's store is compared with it, whatever the bus says [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub check_interval: Option<String>,
    /// File that holds the secret of tokens
    #[arg(long, value_name = "FILE")]
    pub auth_secret_file: Option<String>,
    /// File that holds a JSON web key set: public keys of another issuer
    #[arg(long, value_name = "FILE")]
    pub jwks_file: Option<String>,
    /// `iss` of tokens [default: studyhall]
    #[arg(long, value_name = "NAME")]
    pub auth_issuer: Option<String>,
    /// `aud` of tokens [default: studyhall]
    #[arg(long, value_name = "NAME")]
    pub auth_audience: Option<String>,
    /// Origin whose pages may use this server; repeat for more
    #[arg(long = "allowed-origin", value_name = "ORIGIN")]
    pub allowed_origins: Vec<String>,
    /// Proxy whose X-Forwarded-For is believed; repeat for more
    #[arg(long = "trusted-proxy", value_name = "ADDRESS")]
    pub trusted_proxies: Vec<String>,
    /// Requests of one person: BURST,MINUTE,HOUR, or off [default: 5000,120000,2000000]
    #[arg(long, value_name = "RATE")]
    pub rate_limit: Option<String>,
    /// For tests: let POST /dev/clock set the wall clock
    #[arg(long)]
    pub dev_clock: bool,
    /// For tests: let webhooks be sent to this very machine, by http too
    #[arg(long)]
    pub dev_webhooks: bool,
    /// File (PEM) of authorities that webhooks believe besides those of Mozilla's list
    #[arg(long, value_name = "FILE")]
    pub webhook_ca_file: Option<String>,
    /// File to write {url, pid} into once ready
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<String>,
    /// Web workers [default: one a core]
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What is logged [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log_filter: Option<String>,
}

impl ConfigFlags {
    /// As the highest layer.
    pub fn layer(&self) -> Layer {
        let one = |value: &Option<String>| value.clone();
        Layer::empty(Source::Flag)
            .with(Key::Listen, one(&self.listen))
            .with(Key::AdminListen, one(&self.admin_listen))
            .with(Key::DataDir, one(&self.data_dir))
            .with(Key::Store, one(&self.store))
            .with(Key::Bus, one(&self.bus))
            .with(Key::NodeAddress, one(&self.node_address))
            .with(Key::NodeLabel, one(&self.node_label))
            .with(Key::CheckInterval, one(&self.check_interval))
            .with(Key::AuthSecretFile, one(&self.auth_secret_file))
            .with(Key::JwksFile, one(&self.jwks_file))
            .with(Key::AuthIssuer, one(&self.auth_issuer))
            .with(Key::AuthAudience, one(&self.auth_audience))
            .with(Key::AllowedOrigins, self.allowed_origins.clone())
            .with(Key::TrustedProxies, self.trusted_proxies.clone())
            .with(Key::RateLimit, one(&self.rate_limit))
            .with(Key::DevClock, self.dev_clock.then(|| "true".to_owned()))
            .with(Key::DevWebhooks, self.dev_webhooks.then(|| "true".to_owned()))
            .with(Key::WebhookCaFile, one(&self.webhook_ca_file))
            .with(Key::ReadyFile, one(&self.ready_file))
            .with(Key::Workers, one(&self.workers))
            .with(Key::LogFormat, one(&self.log_format))
            .with(Key::LogFilter, one(&self.log_filter))
    }
}
