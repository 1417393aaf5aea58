//! `studyhall serve` and `studyhall study`.

use super::{could_not, ended, logs};
use crate::config::{Config, Need, ServeArgs, StudyArgs, load};
use crate::server::{ServerOptions, VerifiedTokens};
use crate::study::{self, StudyOptions};
use std::process::ExitCode;
use std::sync::Arc;

/// Serves until it is told to stop.
pub(super) fn serve(args: &ServeArgs) -> ExitCode {
    let config = match load(&args.config, Need::Verify) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    logs::start(&config);
    match options(&config) {
        Ok(options) => ended(crate::server::run(options, |_, address| {
            println!("studyhall serves on http://{address}");
        })),
        Err(why) => could_not(why),
    }
}

/// A server as it is configured.
pub(super) fn options(config: &Config) -> Result<ServerOptions, String> {
    let verifier = Arc::new(config.auth.verifier().map_err(|error| error.to_string())?);
    Ok(ServerOptions {
        listen: config.listen,
        admin_listen: config.admin_listen,
        store: config.store.clone(),
        bus: config.bus.clone(),
        node_address: config.node_address.clone(),
        node_label: config.node_label.clone(),
        check_interval: config.check_interval,
        data_dir: config.data_dir.clone(),
        allowed_origins: config.allowed_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        rate_limit: config.rate_limit,
        dev_clock: config.dev_clock,
        dev_webhooks: config.dev_webhooks,
        webhook_authorities: config.webhook_authorities.clone(),
        ready_file: config.ready_file.clone(),
        workers: config.workers,
        tokens: Arc::new(VerifiedTokens(verifier.clone())),
        verifier,
        mint: config.auth.mint(),
        media_sessions: config.auth.media_sessions(),
        codes: Arc::default(),
        prepare: None,
        hooks: actors::Hooks::default(),
    })
}

/// Studies in the terminal.
pub(super) fn study(args: &StudyArgs) -> ExitCode {
    let decks = match args.deck.as_deref().map(str::parse).transpose() {
        Ok(deck) => deck.into_iter().collect(),
        Err(_) => return could_not("--deck expects a UUID"),
    };
    let options = StudyOptions {
        server: args.server.clone(),
        token: args.token.clone(),
        decks,
        tags: Vec::new(),
        filter: None,
        mode: args.mode.as_deref().map(|mode| match mode {
            "type" => protocol::Mode::Type,
            "choose" => protocol::Mode::Choose,
            _ => protocol::Mode::Flip,
        }),
        outbox: None,
        plain: false,
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => ended(runtime.block_on(study::run(options))),
        Err(error) => could_not(error),
    }
}
