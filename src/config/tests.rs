use super::*;
use crate::http::limits::RATE_DEFAULT;
use clap::{CommandFactory, Parser};
use ports::quota::Buckets;
use std::collections::HashMap;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn environment(pairs: &[(&str, &str)]) -> Layer {
    let pairs: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    Layer::of_environment(|name| pairs.get(name).cloned())
}

fn flags(line: &str) -> Layer {
    let Ok(Cli { command: Command::Serve(serve) }) = Cli::try_parse_from(line.split(' ')) else {
        panic!("not a serve command: {line}")
    };
    serve.config.layer()
}

fn faults(layers: &[Layer], errors: Vec<ConfigError>) -> Vec<String> {
    resolve(layers, Need::Verify, errors).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn flag_goes_over_environment_over_file_over_default() {
    let mut errors = Vec::new();
    let file = "listen = \"1.1.1.1:1\"\ndata_dir = \"of-file\"\nlog_format = \"json\"\nworkers = 3\ndev_clock = true";
    let layers = [
        flags("studyhall serve --listen 3.3.3.3:3"),
        environment(&[
            ("STUDYHALL_LISTEN", "2.2.2.2:2"),
            ("STUDYHALL_DATA_DIR", "of-environment"),
            ("STUDYHALL_AUTH_SECRET", SECRET),
            ("STUDYHALL_WORKERS", ""),
        ]),
        Layer::of_file("s.toml", file, &mut errors),
    ];
    let config = resolve(&layers, Need::Verify, errors).unwrap();
    assert_eq!(config.listen.to_string(), "3.3.3.3:3");
    assert_eq!(config.data_dir.to_str(), Some("of-environment"));
    assert_eq!((config.log_format, config.workers, config.dev_clock), (LogFormat::Json, 3, true));
    assert_eq!((config.store, config.bus), (Store::Embedded, Bus::Local));
    assert_eq!(config.auth.issuer, "studyhall");
    assert!(config.auth.verifier().is_ok() && config.auth.mint().is_some());
}

#[test]
fn without_anything_but_a_secret_the_defaults_hold() {
    let config = resolve(&[environment(&[("STUDYHALL_AUTH_SECRET", SECRET)])], Need::Verify, vec![]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir.to_str(), Some("./studyhall-data"));
    assert!(!config.dev_clock && config.ready_file.is_none() && config.allowed_origins.is_empty());
}

#[test]
fn all_faults_are_told_at_once() {
    let mut errors = Vec::new();
    let file = "lisen = \"1.1.1.1:1\"\nstore = \"cql://a,b\"\nbus = 7\nworkers = [1]\nnonsense_of_mine = 1";
    let layers = [
        environment(&[
            ("STUDYHALL_LISTEN", "here"),
            ("STUDYHALL_AUTH_SECRET", "too short"),
            ("STUDYHALL_ALLOWED_ORIGINS", "https://a.example,school.example/"),
            ("STUDYHALL_TRUSTED_PROXIES", "10.0.0.0/33"),
            ("STUDYHALL_DEV_CLOCK", "maybe"),
        ]),
        Layer::of_file("s.toml", file, &mut errors),
    ];
    let faults = faults(&layers, errors);
    assert_eq!(faults.len(), 10, "{faults:#?}");
    for part in [
        "s.toml: there is no setting `lisen`; did you mean `listen`?",
        "s.toml: there is no setting `nonsense_of_mine`",
        "s.toml: `store` is not an address: name a keyspace",
        "s.toml: `bus` is `local` or `redis://…`",
        "s.toml: `workers` takes a text",
        "environment: `listen` is ADDR:PORT",
        "environment: `auth_secret` has 9 bytes, at least 32 are needed",
        "\"school.example/\"",
        "\"10.0.0.0/33\"",
        "environment: `dev_clock` is `true` or `false`",
    ] {
        assert!(faults.iter().any(|fault| fault.contains(part)), "{part} is not in {faults:#?}");
    }
}

#[test]
fn a_secret_is_never_printed() {
    let canary = "canary-canary-canary";
    let mut errors = Vec::new();
    let file = format!("auth_secret = \"{canary}\"\nlisten = {canary}");
    let broken = Layer::of_file("s.toml", &file, &mut errors);
    let short = environment(&[("STUDYHALL_AUTH_SECRET", canary)]);
    let told = resolve(&[short, broken], Need::Verify, errors).unwrap_err();
    assert!(!told.to_string().contains(canary), "{told}");
    let whole = format!("{canary}{canary}");
    let config = resolve(&[environment(&[("STUDYHALL_AUTH_SECRET", &whole)])], Need::Secret, vec![]).unwrap();
    assert!(!format!("{config:?}").contains(canary));
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let mut errors = Vec::new();
    Layer::of_file("s.toml", "listen = \"1.1.1.1:1\"\n\nstore = = 1\n", &mut errors);
    assert!(errors[0].to_string().starts_with("s.toml: line 3: "), "{}", errors[0]);
}

#[test]
fn who_must_verify_needs_a_secret_or_a_key_set() {
    assert_eq!(faults(&[], vec![]).len(), 1);
    assert!(faults(&[], vec![])[0].contains("STUDYHALL_AUTH_SECRET"));
    assert!(resolve(&[], Need::Nothing, vec![]).is_ok());
    let key_set = include_str!("../../tests/files/tokens/jwks.json");
    let by_keys = [environment(&[("STUDYHALL_JWKS", key_set)])];
    assert!(resolve(&by_keys, Need::Verify, vec![]).unwrap().auth.verifier().is_ok());
    assert!(resolve(&by_keys, Need::Secret, vec![]).is_err());
}

#[test]
fn secrets_and_key_sets_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let at = file.to_str().unwrap();
    let config =
        resolve(&[environment(&[("STUDYHALL_AUTH_SECRET_FILE", at)])], Need::Secret, vec![]).unwrap();
    assert_eq!(config.auth.secret, Some(Secret::new(SECRET)));
    let both = [environment(&[("STUDYHALL_AUTH_SECRET_FILE", at), ("STUDYHALL_AUTH_SECRET", SECRET)])];
    assert!(faults(&both, vec![])[0].contains("both set"));
    let gone = [environment(&[("STUDYHALL_JWKS_FILE", "no/such/file")])];
    assert!(faults(&gone, vec![])[0].contains("cannot be read"));
}

#[test]
fn a_store_and_a_bus_are_named_by_their_addresses() {
    for (store, part) in
        [("cql://a", "name a keyspace"), ("cql:///school", "name 1 to"), ("sqlite", "is `embedded` or")]
    {
        assert!(store.parse::<Store>().unwrap_err().contains(part), "{store}");
    }
    assert!(matches!("cql://a,b/school".parse(), Ok(Store::Cql(address)) if address.hosts.len() == 2));
    let bus: Bus = "redis://:hidden@localhost".parse().unwrap();
    assert!(!format!("{bus:?}").contains("hidden"));
    assert!("rediss://localhost".parse::<Bus>().unwrap_err().contains("is `local` or"));
}

#[test]
fn a_node_is_reached_by_host_and_port() {
    let read = |text: &str| {
        let layers = [environment(&[("STUDYHALL_AUTH_SECRET", SECRET), ("STUDYHALL_NODE_ADDRESS", text)])];
        resolve(&layers, Need::Verify, vec![]).map(|config| config.node_address)
    };
    assert_eq!(read("10.0.0.7:8080").unwrap().as_deref(), Some("10.0.0.7:8080"));
    for bad in ["10.0.0.7", ":80", "host:0", "host:port"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn address_ranges_hold_what_they_say() {
    let holds =
        |range: &str, address: &str| range.parse::<AddressRange>().unwrap().holds(address.parse().unwrap());
    assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("10.0.0.7", "::ffff:10.0.0.7") && !holds("10.0.0.7", "10.0.0.8"));
    assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2001:db8::1"));
    assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::1"));
    assert!("10.0.0.0/x".parse::<AddressRange>().is_err() && "host".parse::<AddressRange>().is_err());
}

#[test]
fn lengths_of_time_are_written_with_a_unit() {
    assert_eq!(parse_ttl_ms("90s"), Ok(90_000));
    assert_eq!(parse_ttl_ms("1h"), Ok(3_600_000));
    assert_eq!(parse_ttl_ms("30d"), Ok(2_592_000_000));
    for bad in ["", "h", "1", "-1h", "1.5h", "1w", "99999999999d", "0s", "1hh", "é"] {
        assert!(parse_ttl_ms(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_commands_take_what_scripts_give_them() {
    for line in [
        "studyhall token --user 00000000-0000-4000-8000-0000000000aa --role learner --ttl 10m",
        "studyhall import f.csv --deck Biology --user 00000000-0000-4000-8000-0000000000aa",
        "studyhall import f.csv --deck Biology --server http://h --token t",
        "studyhall study --server http://h --token t",
        "studyhall verify --store embedded --data-dir d --json",
        "studyhall backup b --data-dir d",
        "studyhall restore b",
        "studyhall demo --listen 127.0.0.1:0 --ready-file r",
        "studyhall serve --config f --dev-clock --bus local --store embedded",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
    for line in [
        "studyhall token --user ada --role learner",
        "studyhall token --user 00000000-0000-4000-8000-0000000000aa --role king",
        "studyhall import f.csv --deck Biology",
        "studyhall serve --auth-secret 0123456789abcdef0123456789abcdef",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}

#[test]
fn a_log_filter_that_cannot_be_read_is_refused_at_the_start() {
    let with = |filter: &str| {
        let environment = environment(&[("STUDYHALL_AUTH_SECRET", SECRET), ("STUDYHALL_LOG_FILTER", filter)]);
        resolve(&[environment], Need::Verify, Vec::new())
    };
    for good in ["info", "warn,studyhall=debug", "actix_server=off, info", "a[span{field=1}]=trace"] {
        assert_eq!(with(good).unwrap().log_filter, good);
    }
    for bad in ["===", "info=", "a b", "studyhall=loud", ",", "a=b=c"] {
        let refused = with(bad).unwrap_err().to_string();
        assert!(refused.contains("log_filter"), "{bad}: {refused}");
    }
}

#[test]
fn how_much_a_person_may_ask_for_is_three_numbers_or_off() {
    let with = |rate: &str| {
        let layers = [environment(&[("STUDYHALL_AUTH_SECRET", SECRET), ("STUDYHALL_RATE_LIMIT", rate)])];
        resolve(&layers, Need::Verify, vec![]).map(|config| config.rate_limit)
    };
    assert_eq!(with("").unwrap(), Some(RATE_DEFAULT));
    assert_eq!(with("off").unwrap(), None);
    assert_eq!(with("60, 600,10000").unwrap(), Some(Buckets::new(60, 600, 10_000)));
    for bad in ["60", "60,600", "60,600,0", "1,2,3,4", "a,b,c", "60,600,99999999", "-1,2,3"] {
        let refused = with(bad).unwrap_err().to_string();
        assert!(refused.contains("rate_limit") && refused.contains("three numbers"), "{bad}: {refused}");
    }
}

#[test]
fn the_name_of_a_node_and_the_check_interval_are_what_others_take_as_they_are() {
    let with = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = [("STUDYHALL_AUTH_SECRET", SECRET)].iter().chain(pairs).copied().collect();
        resolve(&[environment(&pairs)], Need::Verify, vec![])
    };
    let config = with(&[("STUDYHALL_NODE_LABEL", "pod-1.a_b"), ("STUDYHALL_CHECK_INTERVAL", "5s")]).unwrap();
    assert_eq!(config.node_label.as_deref(), Some("pod-1.a_b"));
    assert_eq!(config.check_interval.as_secs(), 5);
    for label in ["a b", "a;b", &"x".repeat(65), "ä"] {
        assert!(with(&[("STUDYHALL_NODE_LABEL", label)]).is_err(), "{label}");
    }
    for interval in ["0s", "31s", "1h", "soon"] {
        assert!(with(&[("STUDYHALL_CHECK_INTERVAL", interval)]).is_err(), "{interval}");
    }
}
