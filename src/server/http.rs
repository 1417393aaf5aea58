//! The HTTP side of a server: its parts as the app wants them.

use super::{Parts, Reason, ServerOptions};
use crate::http::{self, App, Health, HttpMeasures, Readiness};
use crate::metrics::Sources;
use actix_web::web;
use std::sync::Arc;

/// What `readyz` tells of this server.
struct Known(Sources);

impl Health for Known {
    fn readiness(&self) -> Readiness {
        let degraded = self.0.degraded().into_iter().map(Reason::name).collect();
        Readiness { not_ready: self.0.not_ready(), degraded }
    }
}

/// Whether the server can be sent work.
pub(super) fn health(parts: &Parts) -> Arc<dyn Health> {
    Arc::new(Known(parts.sources.clone()))
}

/// What every request needs, one a process.
pub(super) fn state(parts: &Parts, options: &mut ServerOptions) -> Result<web::Data<App>, prometheus::Error> {
    let (metrics, sources) = (parts.metrics.clone(), parts.sources.clone());
    let study = parts.store.study(parts.engine.clone(), parts.clock.clone(), parts.bus.clone());
    Ok(web::Data::new(App::new(http::Parts {
        library: parts.store.telling_library(&parts.events),
        people: parts.store.telling_people(&parts.events),
        engine: parts.engine.clone(),
        study,
        verifier: options.verifier.clone(),
        mint: options.mint.take(),
        codes: options.codes.clone(),
        clock: parts.clock.clone(),
        dev_clock: options.dev_clock,
        health: health(parts),
        public_metrics: options.admin_listen.is_none(),
        scrape: Arc::new(move || metrics.text(&sources).map_err(|error| error.to_string())),
        measures: HttpMeasures::new(parts.metrics.registry())?,
        trusted_proxies: options.trusted_proxies.clone(),
        rates: parts.rates.clone(),
        jobs: parts.imports.jobs(),
        media: parts.store.media(),
        notes: parts.store.notes(),
        lessons: parts.store.lessons(),
        papers: parts.store.papers(),
        logs: parts.store.logs(),
        events: parts.events.clone(),
        webhooks: parts.webhooks.clone(),
        media_sessions: options.media_sessions.take(),
    })))
}
