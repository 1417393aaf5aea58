//! Settings that contradict each other, or that are not what a server for others should have. Pure.

use super::finding::Finding;
use crate::config::{Bus, Config, Store};

const CHECK: &str = "settings";

/// What is found in a configuration.
pub fn findings(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    signing(config, &mut found);
    doors(config, &mut found);
    cluster(config, &mut found);
    if found.is_empty() {
        found.push(Finding::ok(CHECK, "nothing contradicts itself"));
    }
    found
}

fn is_local(config: &Config) -> bool {
    config.listen.ip().is_loopback()
}

fn signing(config: &Config, found: &mut Vec<Finding>) {
    if config.auth.secret.is_none() && config.auth.jwks.is_none() {
        let advice = "set STUDYHALL_AUTH_SECRET, `auth_secret_file` or `jwks_file`";
        found.push(Finding::fail(
            CHECK,
            "there is nothing to verify tokens with: `serve` refuses to start",
            advice,
        ));
    }
    if config.dev_clock {
        let seen = "`dev_clock` is on: anybody who reaches the server can set its clock";
        let finding = if is_local(config) { Finding::warn } else { Finding::fail };
        found.push(finding(CHECK, seen, "take `dev_clock` away"));
    }
    if config.dev_webhooks {
        let seen =
            "`dev_webhooks` is on: teachers and administrators reach what listens on this machine alone";
        let finding = if is_local(config) { Finding::warn } else { Finding::fail };
        found.push(finding(CHECK, seen, "take `dev_webhooks` away"));
    }
}

fn doors(config: &Config, found: &mut Vec<Finding>) {
    if let Some(admin) = config.admin_listen {
        if admin == config.listen && admin.port() != 0 {
            let advice = "give `admin_listen` a port of its own";
            found.push(Finding::fail(CHECK, format!("`admin_listen` and `listen` are both {admin}"), advice));
        } else if !admin.ip().is_loopback() {
            let seen = format!("the operator's port {admin} is open to other machines and asks for no token");
            let advice = "listen on 127.0.0.1, or keep the address behind a firewall";
            found.push(Finding::warn(CHECK, seen, advice));
        }
    }
    if !is_local(config) && config.rate_limit.is_none() {
        let advice = "set `rate_limit`, such as 60,600,10000";
        found.push(Finding::warn(CHECK, "`rate_limit` is off on a server that others reach", advice));
    }
    let everybody = |range: &&crate::config::AddressRange| range.to_string().ends_with("/0");
    if let Some(range) = config.trusted_proxies.iter().find(everybody) {
        let seen = format!("`trusted_proxies` holds {range}: everybody can claim to come from anywhere");
        found.push(Finding::fail(CHECK, seen, "name the addresses of your proxies"));
    }
}

fn cluster(config: &Config, found: &mut Vec<Finding>) {
    match (&config.store, &config.bus) {
        (Store::Embedded, Bus::Redis(_)) => {
            let seen = "`bus` is a Redis, and the embedded store has one process: there is nobody to tell";
            found.push(Finding::warn(CHECK, seen, "take `bus` away, or set `store` to a cluster"));
        }
        (Store::Cql(_), Bus::Local) => {
            let seen =
                "a cluster without a bus: what changes on one node reaches the others after up to 60 s";
            found.push(Finding::warn(CHECK, seen, "set `bus` to redis://…, unless there is one node"));
        }
        (Store::Embedded, Bus::Local) | (Store::Cql(_), Bus::Redis(_)) => {}
    }
    if !matches!(config.store, Store::Cql(_)) || config.node_address.is_some() {
        return;
    }
    let ip = config.listen.ip();
    let advice = "set `node_address` to HOST:PORT by which the other nodes reach this one";
    if ip.is_unspecified() {
        let seen = format!("the other nodes would be told that this one is at {}", config.listen);
        found.push(Finding::fail(CHECK, seen, advice));
    } else if ip.is_loopback() {
        let seen =
            format!("this node listens on {} alone: nodes on other machines do not reach it", config.listen);
        found.push(Finding::warn(CHECK, seen, advice));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Key, Layer, Need, Source, resolve};
    use crate::doctor::finding::{Level, worst};

    fn config(settings: &[(Key, &str)]) -> Config {
        let with = |layer: Layer, (key, value): &(Key, &str)| layer.with(*key, [(*value).to_owned()]);
        let layer = settings.iter().fold(Layer::empty(Source::Flag), with);
        resolve(&[layer], Need::Nothing, vec![]).unwrap()
    }

    const SECRET: (Key, &str) = (Key::AuthSecret, "0123456789abcdef0123456789abcdef");
    const CQL: (Key, &str) = (Key::Store, "cql://a/b");
    const REDIS: (Key, &str) = (Key::Bus, "redis://a");

    #[test]
    fn what_fits_together_is_well() {
        let node = (Key::NodeAddress, "10.0.0.7:8080");
        for settings in [
            &[SECRET][..],
            &[SECRET, CQL, REDIS, node],
            &[SECRET, (Key::AdminListen, "127.0.0.1:9090")],
            &[SECRET, (Key::Listen, "0.0.0.0:8080")],
        ] {
            assert_eq!(worst(&findings(&config(settings))), Level::Ok, "{settings:?}");
        }
    }

    #[test]
    fn each_contradiction_is_told_by_the_name_of_its_setting() {
        let public = (Key::Listen, "0.0.0.0:8080");
        let cases = [
            (&[][..], Level::Fail, "verify tokens"),
            (&[SECRET, (Key::DevClock, "true")], Level::Warn, "dev_clock"),
            (&[SECRET, public, (Key::DevClock, "true")], Level::Fail, "dev_clock"),
            (&[SECRET, (Key::DevWebhooks, "true")], Level::Warn, "dev_webhooks"),
            (&[SECRET, public, (Key::DevWebhooks, "true")], Level::Fail, "dev_webhooks"),
            (&[SECRET, public, (Key::AdminListen, "0.0.0.0:8080")], Level::Fail, "admin_listen"),
            (&[SECRET, (Key::AdminListen, "10.0.0.7:9090")], Level::Warn, "10.0.0.7:9090"),
            (&[SECRET, public, (Key::RateLimit, "off")], Level::Warn, "rate_limit"),
            (&[SECRET, (Key::TrustedProxies, "0.0.0.0/0")], Level::Fail, "trusted_proxies"),
            (&[SECRET, REDIS], Level::Warn, "nobody to tell"),
            (&[SECRET, CQL, (Key::NodeAddress, "a:1")], Level::Warn, "60 s"),
            (&[SECRET, CQL, REDIS, public], Level::Fail, "0.0.0.0:8080"),
            (&[SECRET, CQL, REDIS], Level::Warn, "127.0.0.1:8080"),
        ];
        for (settings, level, named) in cases {
            let found = findings(&config(settings));
            let named = found.iter().find(|finding| finding.seen.contains(named));
            assert_eq!(named.map(|finding| finding.level), Some(level), "{settings:?}: {found:?}");
            assert!(found.iter().all(|finding| !finding.advice.is_empty()), "{found:?}");
        }
    }
}
