//! The settings, by name: the table that flags, environment and file are read by.

/// A setting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Key {
    /// `ADDR:PORT` to listen on.
    Listen,
    /// `ADDR:PORT` of the operator's port.
    AdminListen,
    /// The data folder.
    DataDir,
    /// `embedded` or `cql://host,host/keyspace`, after which a data center may be named.
    Store,
    /// `local` or `redis://…`.
    Bus,
    /// `host:port` by which the other nodes reach this one.
    NodeAddress,
    /// The name of this node at the balancer.
    NodeLabel,
    /// How often what is cached is compared with the store.
    CheckInterval,
    /// The secret of HS256 tokens.
    AuthSecret,
    /// A file that holds the secret of HS256 tokens.
    AuthSecretFile,
    /// A file that holds the JSON web key set.
    JwksFile,
    /// The JSON web key set itself.
    Jwks,
    /// `iss` of tokens.
    AuthIssuer,
    /// `aud` of tokens.
    AuthAudience,
    /// Origins whose pages may use this server.
    AllowedOrigins,
    /// Proxies whose `X-Forwarded-For` is believed.
    TrustedProxies,
    /// How much one person may ask for over HTTP: `burst,minute,hour`, or `off`.
    RateLimit,
    /// Whether the wall clock can be set.
    DevClock,
    /// Whether webhooks may be sent to this very machine.
    DevWebhooks,
    /// A file that holds certificates of authorities that receivers of webhooks may have.
    WebhookCaFile,
    /// A file to write once ready.
    ReadyFile,
    /// Web workers.
    Workers,
    /// `text` or `json`.
    LogFormat,
    /// What is logged.
    LogFilter,
}

impl Key {
    /// Every setting.
    pub const ALL: [Key; 24] = [
        Key::Listen,
        Key::AdminListen,
        Key::DataDir,
        Key::Store,
        Key::Bus,
        Key::NodeAddress,
        Key::NodeLabel,
        Key::CheckInterval,
        Key::AuthSecret,
        Key::AuthSecretFile,
        Key::JwksFile,
        Key::Jwks,
        Key::AuthIssuer,
        Key::AuthAudience,
        Key::AllowedOrigins,
        Key::TrustedProxies,
        Key::RateLimit,
        Key::DevClock,
        Key::DevWebhooks,
        Key::WebhookCaFile,
        Key::ReadyFile,
        Key::Workers,
        Key::LogFormat,
        Key::LogFilter,
    ];

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Key::Listen => "listen",
            Key::AdminListen => "admin_listen",
            Key::DataDir => "data_dir",
            Key::Store => "store",
            Key::Bus => "bus",
            Key::NodeAddress => "node_address",
            Key::NodeLabel => "node_label",
            Key::CheckInterval => "check_interval",
            Key::AuthSecret => "auth_secret",
            Key::AuthSecretFile => "auth_secret_file",
            Key::JwksFile => "jwks_file",
            Key::Jwks => "jwks",
            Key::AuthIssuer => "auth_issuer",
            Key::AuthAudience => "auth_audience",
            Key::AllowedOrigins => "allowed_origins",
            Key::TrustedProxies => "trusted_proxies",
            Key::RateLimit => "rate_limit",
            Key::DevClock => "dev_clock",
            Key::DevWebhooks => "dev_webhooks",
            Key::WebhookCaFile => "webhook_ca_file",
            Key::ReadyFile => "ready_file",
            Key::Workers => "workers",
            Key::LogFormat => "log_format",
            Key::LogFilter => "log_filter",
        }
    }

    /// Its name in the environment.
    pub fn variable(self) -> String {
        format!("STUDYHALL_{}", self.name().to_ascii_uppercase())
    }

    /// The setting of this name in the file.
    pub fn of_name(name: &str) -> Option<Key> {
        Key::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Whether its value must never be shown.
    pub const fn is_secret(self) -> bool {
        matches!(self, Key::AuthSecret | Key::Bus)
    }

    /// Whether it takes several values, with commas between them in the environment.
    pub const fn is_list(self) -> bool {
        matches!(self, Key::AllowedOrigins | Key::TrustedProxies)
    }
}
