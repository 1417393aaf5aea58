//! Logs: text for people, JSON for machines, always on stderr.

use crate::config::{Config, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging as configured. The filter was read when the configuration was.
pub(super) fn start(config: &Config) {
    let filter = EnvFilter::try_new(quieter(&config.log_filter)).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    if started.is_err() {
        eprintln!("studyhall: logging was started already");
    }
}

/// The filter, without what the driver of the CQL cluster says of each attempt to connect, unless it is asked for: that
/// the cluster cannot be reached is said by the store and by its metrics.
fn quieter(filter: &str) -> String {
    let is_named = filter.contains("scylla");
    if is_named { filter.to_owned() } else { format!("{filter},scylla=error") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_heard_when_it_is_asked_for() {
        assert_eq!(quieter("info"), "info,scylla=error");
        assert_eq!(quieter("info,scylla=debug"), "info,scylla=debug");
        for filter in ["", "info", "warn,cql=debug"] {
            assert!(EnvFilter::try_new(quieter(filter)).is_ok(), "{filter}");
        }
    }
}
