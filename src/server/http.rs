//! The HTTP side of a server: its parts as the app wants them.

use super::{Parts, ServerOptions, Storage};
use crate::http::{self, App, Health, HttpMeasures, Readiness};
use crate::server::health::Health as ServerHealth;
use actix_web::web;
use actors::Engine;
use std::sync::Arc;

/// What `readyz` tells of this server.
struct Known {
    health: Arc<ServerHealth>,
    store: Storage,
    engine: Engine,
}

impl Health for Known {
    fn readiness(&self) -> Readiness {
        let stats = self.store.stats();
        // What only a new start mends is said as not ready, so that somebody starts it anew.
        let broken = stats.broken || self.engine.is_broken();
        let not_ready = if broken {
            Some("a part of the server has failed: start it again")
        } else {
            (!self.health.is_ready()).then_some("starting or going down")
        };
        let degraded = if stats.degraded { vec!["store"] } else { Vec::new() };
        let not_ready =
            not_ready.or_else(|| self.engine.unready().map(|_| "not in step with the other nodes"));
        Readiness { not_ready, degraded }
    }
}

/// What every request needs, one a process.
pub(super) fn state(parts: &Parts, options: &mut ServerOptions) -> Result<web::Data<App>, prometheus::Error> {
    let (metrics, sources) = (parts.metrics.clone(), parts.sources.clone());
    let study = parts.store.study(parts.engine.clone(), parts.clock.clone(), parts.bus.clone());
    Ok(web::Data::new(App::new(http::Parts {
        library: parts.store.library(),
        people: parts.store.people(),
        engine: parts.engine.clone(),
        study,
        verifier: options.verifier.clone(),
        mint: options.mint.take(),
        codes: options.codes.clone(),
        clock: parts.clock.clone(),
        dev_clock: options.dev_clock,
        health: Arc::new(Known {
            health: parts.health.clone(),
            store: parts.store.clone(),
            engine: parts.engine.clone(),
        }),
        scrape: Arc::new(move || metrics.text(&sources).map_err(|error| error.to_string())),
        measures: HttpMeasures::new(parts.metrics.registry())?,
        trusted_proxies: options.trusted_proxies.clone(),
        rates: options.rates.clone(),
    })))
}
