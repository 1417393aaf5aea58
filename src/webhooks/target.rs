//! Where a webhook may be sent: to the public network, by https. Whoever names an address must not reach through this
//! server what only it can reach.

use super::limits::URL_BYTES_MAX;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// A receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Whether it is spoken to by TLS.
    pub is_tls: bool,
    /// Its name, or its address as text.
    pub host: String,
    /// Its address, where that was named.
    pub address: Option<IpAddr>,
    /// Its port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

/// Why an address is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadTarget {
    /// It is no address, or too long.
    #[error("`url` is an https address of at most {URL_BYTES_MAX} bytes")]
    NoUrl,
    /// It is not spoken to by TLS.
    #[error("`url` begins with https://")]
    NoTls,
    /// A name or password stands in it, or a fragment.
    #[error("`url` has neither a name and password nor a fragment")]
    TooMuch,
    /// It is not in the public network.
    #[error("`url` is an address of the public network")]
    NotPublic,
}

impl Target {
    /// Reads an address. `allow_loopback` is the developer's: then this very machine may be named, and http, too.
    ///
    /// # Errors
    /// [`BadTarget`].
    pub fn of(text: &str, allow_loopback: bool) -> Result<Target, BadTarget> {
        if text.len() > URL_BYTES_MAX {
            return Err(BadTarget::NoUrl);
        }
        let url = Url::parse(text).map_err(|_| BadTarget::NoUrl)?;
        let is_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(BadTarget::NoTls),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(BadTarget::TooMuch);
        }
        let (host, address) = match url.host().ok_or(BadTarget::NoUrl)? {
            Host::Domain(name) => (name.to_owned(), None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (format!("[{address}]"), Some(IpAddr::V6(address))),
        };
        let is_here = is_local_name(&host) || address.is_some_and(|address| address.is_loopback());
        let may_be_plain = allow_loopback && is_here;
        if !(is_tls || may_be_plain) {
            return Err(BadTarget::NoTls);
        }
        if is_here && !allow_loopback || address.is_some_and(|address| !may_reach(address, allow_loopback)) {
            return Err(BadTarget::NotPublic);
        }
        let port = url.port_or_known_default().ok_or(BadTarget::NoUrl)?;
        let query = url.query().map_or(String::new(), |query| format!("?{query}"));
        Ok(Target { is_tls, host, address, port, path: format!("{}{query}", url.path()) })
    }

    /// An address as it is understood, which is how it is kept: without line ends and what else was typed around it.
    ///
    /// # Errors
    /// [`BadTarget`].
    pub fn written(text: &str, allow_loopback: bool) -> Result<String, BadTarget> {
        Target::of(text, allow_loopback)?;
        let url = Url::parse(text).map_err(|_| BadTarget::NoUrl)?.to_string();
        // What has to be escaped makes it longer.
        if url.len() <= URL_BYTES_MAX { Ok(url) } else { Err(BadTarget::NoUrl) }
    }

    /// `Host` of a request.
    pub fn authority(&self) -> String {
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (true | false, port) => format!("{}:{port}", self.host),
        }
    }
}

/// Names of this very machine, which no resolver has to be asked for.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether an address may be connected to. What is spoken to by plain http must be this machine.
pub fn may_reach(address: IpAddr, allow_loopback: bool) -> bool {
    is_public(address) || allow_loopback && address.is_loopback()
}

/// Whether an address is in the public network: not of this machine, of a private network or its links, and none that
/// another protocol, or nobody, uses.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_for_protocols = a == 192 && b == 0 && c == 0;
    let is_old_relay = a == 192 && b == 88 && c == 99;
    let is_for_benchmarks = a == 198 && (18..20).contains(&b);
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation();
    a != 0 && a < 240 && !is_special && !is_shared && !is_for_protocols && !is_old_relay && !is_for_benchmarks
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let [a, b, ..] = parts;
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match (a, b) {
        // The translation of IPv4, and 6to4: what is meant is the address within.
        (0x64, 0xff9b) if parts[2..6] == [0; 4] => embedded(parts[6], parts[7]),
        (0x2002, high) => embedded(high, parts[2]),
        // Protocols, documentation, Teredo and others of 2001::/23, and 3fff::/20.
        (0x2001, low) if low < 0x0200 || low == 0x0db8 => false,
        (0x3fff, low) if low < 0x1000 => false,
        // Only this third of all addresses is given out.
        (first, _) => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> BadTarget {
        Target::of(text, false).unwrap_err()
    }

    #[test]
    fn an_address_of_the_public_network_is_taken_apart() {
        let target = Target::of("https://Hooks.Example.org:8443/a/b?c=d%20e", false).unwrap();
        assert_eq!((target.is_tls, target.host.as_str(), target.port), (true, "hooks.example.org", 8443));
        assert_eq!(
            (target.path.as_str(), target.authority().as_str()),
            ("/a/b?c=d%20e", "hooks.example.org:8443")
        );
        assert_eq!(Target::of("https://example.org", false).unwrap().authority(), "example.org");
        assert_eq!(Target::of("https://8.8.8.8/x", false).unwrap().address, Some("8.8.8.8".parse().unwrap()));
        assert_eq!(Target::of("https://[2606:4700::1]/", false).unwrap().host, "[2606:4700::1]");
    }

    #[test]
    fn an_address_is_kept_as_it_is_understood() {
        let written = |text: &str| Target::written(text, false);
        assert_eq!(written(" https://Example.org/\r\nX: y").unwrap(), "https://example.org/X:%20y");
        assert_eq!(written("https://example.org:443").unwrap(), "https://example.org/");
        assert_eq!(written("https://example.org/a?b=%20c").unwrap(), "https://example.org/a?b=%20c");
        // What is kept is read again before each delivery.
        let longer = format!("https://example.org/{}", "ä".repeat(URL_BYTES_MAX / 3));
        assert_eq!(written(&longer), Err(BadTarget::NoUrl));
        assert_eq!(written("http://example.org/\n"), Err(BadTarget::NoTls));
    }

    #[test]
    fn what_is_not_public_or_says_too_much_is_refused() {
        for text in
            ["", "x", "https://", "//example.org", &format!("https://e.org/{}", "x".repeat(URL_BYTES_MAX))]
        {
            assert_eq!(refused(text), BadTarget::NoUrl, "{text:.40}");
        }
        for text in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "http://127.0.0.1/",
            "http://8.8.8.8/",
        ] {
            assert_eq!(refused(text), BadTarget::NoTls, "{text}");
        }
        for text in ["https://a@example.org/", "https://a:b@example.org/", "https://example.org/#x"] {
            assert_eq!(refused(text), BadTarget::TooMuch, "{text}");
        }
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "localhost",
            "LocalHost.",
            "a.localhost",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[ff02::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::]",
            "[2001:db8::1]",
            "[2001::1]",
            "[::10.0.0.1]",
            "[3fff::1]",
            "[100::1]",
        ] {
            assert_eq!(refused(&format!("https://{host}/")), BadTarget::NotPublic, "{host}");
        }
    }

    #[test]
    fn a_developer_may_name_this_very_machine_and_no_other() {
        for text in
            ["http://127.0.0.1:9/x", "http://localhost:9/x", "http://[::1]:9/", "https://127.0.0.1:9/"]
        {
            assert!(Target::of(text, true).is_ok(), "{text}");
        }
        for text in
            ["http://example.org/", "http://10.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/"]
        {
            assert!(Target::of(text, true).is_err(), "{text}");
        }
        assert!(
            may_reach("127.0.0.1".parse().unwrap(), true) && !may_reach("127.0.0.1".parse().unwrap(), false)
        );
        assert!(!may_reach("10.0.0.1".parse().unwrap(), true));
        assert!(is_public("1.1.1.1".parse().unwrap()) && is_public("2606:4700::1111".parse().unwrap()));
        assert!(
            is_public("64:ff9b::808:808".parse().unwrap()) && is_public("2002:808:808::".parse().unwrap())
        );
    }
}
