//! Events and webhooks of a server: where they lie, and which node delivers.

use super::{ServerError, Storage};
use crate::clock::ServerClock;
use crate::events::{Events, EventsOptions, EventsParts};
use crate::webhooks::{Alone, Dispatcher, DispatcherParts, Holders, HookOptions};
use actors::Engine;
use domain::ids::RunId;
use std::sync::Arc;

/// Begins to tell and to deliver, on the current tokio runtime.
///
/// # Errors
/// TLS cannot be spoken.
pub(super) fn start(
    store: &Storage,
    engine: &Engine,
    clock: &Arc<ServerClock>,
    options: HookOptions,
) -> Result<(Events, Dispatcher), ServerError> {
    let is_shared = matches!(store, Storage::Cql(_));
    let events = Events::start(EventsParts {
        store: store.events(),
        library: store.library(),
        people: store.people(),
        papers: store.papers(),
        clock: clock.clone(),
        is_shared,
        options: EventsOptions::default(),
    });
    let holders: Arc<dyn Holders> = if is_shared { Arc::new(Nodes(engine.clone())) } else { Arc::new(Alone) };
    let hooks = Dispatcher::start(DispatcherParts {
        store: store.webhooks(),
        events: events.clone(),
        people: store.people(),
        papers: store.papers(),
        clock: clock.clone(),
        holders,
        options,
    })?;
    Ok((events, hooks))
}

/// The nodes of a cluster, as this one saw them last: they are declared dead as everywhere, by their beats.
struct Nodes(Engine);

impl Holders for Nodes {
    fn me(&self) -> Option<RunId> {
        self.0.nodes().map(|view| view.run)
    }

    fn is_alive(&self, run: RunId) -> bool {
        let Some(view) = self.0.nodes() else { return false };
        // Before this node has seen itself it has seen nobody.
        let has_seen = view.nodes.iter().any(|node| node.row.run == view.run);
        !has_seen || view.nodes.iter().any(|node| node.row.run == run && node.row.alive)
    }
}
