//! What values mean. Each reader returns a part of a sentence that follows the setting's name.

use crate::config::Secret;
use crate::http::limits::RATE_MAX;
use ports::quota::Buckets;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// Where cards and logs are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Store {
    /// In files of the data folder.
    Embedded,
    /// In a cluster that speaks CQL.
    Cql(cql::Address),
}

/// How nodes hear of each other's changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bus {
    /// There is one node.
    Local,
    /// By this Redis. The address may hold a password.
    Redis(Secret),
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl FromStr for Store {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "embedded" => Ok(Store::Embedded),
            _ if text.starts_with("cql://") => text
                .parse()
                .map(Store::Cql)
                .map_err(|why: cql::AddressError| format!("is not an address: {why}")),
            _ => Err("is `embedded` or `cql://host,host/keyspace`".into()),
        }
    }
}

impl FromStr for Bus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "local" => Ok(Bus::Local),
            _ if text.starts_with("redis://") => Ok(Bus::Redis(Secret::new(text))),
            _ => Err("is `local` or `redis://…`".into()),
        }
    }
}

impl FromStr for LogFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("is `text` or `json`".into()),
        }
    }
}

/// A range of addresses, as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressRange {
    network: IpAddr,
    prefix_bits: u8,
}

impl AddressRange {
    /// Whether the address lies in it. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix_bits);
                let cut = |bits: u32| bits.checked_shr(shift).unwrap_or(0);
                cut(network.to_bits()) == cut(address.to_bits())
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix_bits);
                let cut = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
                cut(network.to_bits()) == cut(address.to_bits())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "holds addresses such as 10.0.0.7 and ranges such as 10.0.0.0/8".to_owned();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| fault())?;
        let bits_max = if network.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map_or(Ok(bits_max), str::parse).map_err(|_| fault())?;
        if prefix_bits > bits_max { Err(fault()) } else { Ok(AddressRange { network, prefix_bits }) }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix_bits)
    }
}

/// An origin as browsers send it: scheme, host, and the port where it is not the scheme's own.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let fault = || "holds origins such as https://school.example, without a path".to_owned();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(fault)?;
    let plain =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@\\\"'<>*,".contains(&b));
    if plain { Ok(text.to_ascii_lowercase()) } else { Err(fault()) }
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("is `true` or `false`".into()),
    }
}

/// Longest time that a token may be valid, in milliseconds: ten years.
const TTL_MS_MAX: i64 = 10 * 366 * 86_400_000;

/// A length of time as `90s`, `15m`, `1h` or `30d`, in milliseconds.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse_ttl_ms(text: &str) -> Result<i64, String> {
    let fault = || format!("{text:?} is no length of time: write 90s, 15m, 1h or 30d, at most ten years");
    let unit = text.chars().last().ok_or_else(fault)?;
    let unit_ms: i64 = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(fault()),
    };
    let count: i64 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| fault())?;
    count.checked_mul(unit_ms).filter(|ms| (1_000..=TTL_MS_MAX).contains(ms)).ok_or_else(fault)
}

/// How much one person may ask for: at once, in a minute, in an hour.
pub(super) fn rate_limit(text: &str) -> Result<Option<Buckets>, String> {
    if text == "off" {
        return Ok(None);
    }
    let number = |text: &str| text.trim().parse().ok().filter(|n| (1..=RATE_MAX).contains(n));
    let numbers: Option<Vec<u32>> = text.split(',').map(number).collect();
    match numbers.as_deref() {
        Some([burst, minute, hour]) => Ok(Some(Buckets::new(*burst, *minute, *hour))),
        Some(_) | None => {
            Err(format!("is `off`, or three numbers of 1 to {RATE_MAX}: at once, in a minute, in an hour"))
        }
    }
}

/// A filter of log lines, as it was written.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let is_read = tracing_subscriber::EnvFilter::try_new(text).is_ok();
    // What asks for spans is left to the filter; of the rest it takes more for a target than can ever be one.
    let is_good = is_read && (text.contains('[') || text.split(',').all(is_log_directive));
    if is_good {
        Ok(text.to_owned())
    } else {
        Err("is a filter such as `info` or `warn,studyhall=debug`".into())
    }
}

/// `level`, `target` or `target=level`.
fn is_log_directive(text: &str) -> bool {
    let is_target = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
    };
    let (target, level) = text.trim().split_once('=').map_or((text.trim(), None), |(t, l)| (t, Some(l)));
    is_target(target) && level.is_none_or(is_target)
}

/// `host:port`, as other nodes use it.
pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let fits = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    if fits { Ok(text.to_owned()) } else { Err("is HOST:PORT, such as 10.0.0.7:8080".to_owned()) }
}

/// Longest name of a node, in bytes.
const LABEL_BYTES_MAX: usize = 64;

/// The name of a node at a balancer: what a cookie and every balancer take as it is.
pub(super) fn node_label(text: &str) -> Result<String, String> {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=LABEL_BYTES_MAX).contains(&text.len()) && text.bytes().all(harmless) {
        Ok(text.to_owned())
    } else {
        Err(format!("is a name of 1 to {LABEL_BYTES_MAX} letters, digits, `-`, `_`, `.`"))
    }
}

/// How often what is cached is compared with the store, unless configured otherwise.
pub(super) const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// How often what is cached is compared with the store: more often costs reads, more seldom breaks what is promised.
pub(super) fn check_interval(text: &str) -> Result<Duration, String> {
    let ms = parse_ttl_ms(text).ok().and_then(|ms| u64::try_from(ms).ok());
    let interval = ms.map(Duration::from_millis).filter(|interval| *interval <= CHECK_INTERVAL);
    interval.ok_or_else(|| "is a time of 1s to 30s".to_owned())
}
