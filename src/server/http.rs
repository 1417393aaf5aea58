//! The HTTP side of a server: its parts as the app wants them.

use super::{Parts, ServerOptions};
use crate::http::engine::EngineStudy;
use crate::http::{self, App, Health, HttpMeasures, Readiness};
use crate::server::health::Health as ServerHealth;
use actix_web::web;
use actors::Engine;
use embedded::EmbeddedStore;
use std::sync::Arc;

/// What `readyz` tells of this server.
struct Known {
    health: Arc<ServerHealth>,
    store: EmbeddedStore,
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
        let degraded = if stats.poisoned { vec!["store"] } else { Vec::new() };
        Readiness { not_ready, degraded }
    }
}

/// What every request needs, one a process.
pub(super) fn state(parts: &Parts, options: &mut ServerOptions) -> Result<web::Data<App>, prometheus::Error> {
    let (metrics, sources) = (parts.metrics.clone(), parts.sources.clone());
    let study = EngineStudy {
        engine: parts.engine.clone(),
        store: Arc::new(parts.store.clone()),
        library: Arc::new(parts.store.clone()),
        clock: parts.clock.clone(),
    };
    Ok(web::Data::new(App::new(http::Parts {
        library: Arc::new(parts.store.clone()),
        people: Arc::new(parts.store.clone()),
        study: Arc::new(study),
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
