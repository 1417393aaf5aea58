//! What a server is made of.

use super::parts::Parts;
use crate::auth::{Codes, Mint, Verifier};
use crate::clock::{ServerClock, real_ms};
use crate::config::{AddressRange, Bus as BusAt, Store};
use crate::http::address::behind;
use crate::media::MediaSessions;
use crate::metrics::Metrics;
use crate::webhooks::Authorities;
use crate::ws::layer::ServeOptions;
use crate::ws::study::{TokenCheck, encode_card};
use actors::{ClusterOptions, Hooks, LessonOptions, Limits};
use ports::quota::Buckets;
use ports::{Boxed, Library, People, ReviewStore};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Connections that the kernel may hold for us: a whole school's return in one moment.
pub(super) const BACKLOG: i32 = 4_096;

/// What a server is made of.
pub struct ServerOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where operators are answered; `None` = nowhere.
    pub admin_listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub store: Store,
    /// How nodes hear of each other.
    pub bus: BusAt,
    /// By which the other nodes reach this one; `None` = where it listens.
    pub node_address: Option<String>,
    /// Its name at a balancer that brings learners back to their node.
    pub node_label: Option<String>,
    /// How often what is cached is compared with a store that several nodes share.
    pub check_interval: Duration,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Origins besides the own host whose pages may open sockets.
    pub allowed_origins: Vec<String>,
    /// Whether `POST /dev/clock` sets the wall clock.
    pub dev_clock: bool,
    /// Whether webhooks may be sent to this very machine.
    pub dev_webhooks: bool,
    /// Authorities that webhooks believe besides those of Mozilla's list.
    pub webhook_authorities: Authorities,
    /// Written once the server is ready.
    pub ready_file: Option<PathBuf>,
    /// Web workers.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// How much one person may ask for over HTTP; without it nothing is counted.
    pub rate_limit: Option<Buckets>,
    /// Who may come in over a socket.
    pub tokens: Arc<dyn TokenCheck>,
    /// Who may come in over HTTP.
    pub verifier: Arc<Verifier>,
    /// What tokens are made with, where codes can be redeemed.
    pub mint: Option<Mint>,
    /// The cookies by which pages get their media.
    pub media_sessions: Option<MediaSessions>,
    /// Single-use codes.
    pub codes: Arc<Codes>,
    /// Done before the server listens.
    pub prepare: Option<Prepare>,
    /// What tests plant.
    pub hooks: Hooks,
}

impl ServerOptions {
    pub(super) fn engine<S>(
        &self,
        store: &S,
        (clock, metrics): (&Arc<ServerClock>, &Arc<Metrics>),
        cluster: Option<ClusterOptions>,
        lessons: LessonOptions,
    ) -> actors::Options<S>
    where
        S: ReviewStore + Library + People + Clone,
    {
        actors::Options {
            store: Arc::new(store.clone()),
            library: Arc::new(store.clone()),
            people: Arc::new(store.clone()),
            clock: clock.clone(),
            dev_clock: self.dev_clock,
            encode: encode_card,
            telemetry: metrics.clone(),
            limits: Limits::default(),
            seed: real_ms().unsigned_abs(),
            hooks: self.hooks.clone(),
            cluster,
            lessons: Some(lessons),
        }
    }

    /// How its listeners and sockets are served.
    pub fn serving(&self, parts: &Parts) -> ServeOptions {
        let engine = parts.engine.clone();
        ServeOptions {
            workers: self.workers,
            backlog: BACKLOG,
            allowed_origins: self.allowed_origins.clone(),
            gate: parts.gate.clone(),
            counters: parts.sources.sockets.clone(),
            address_of: behind(self.trusted_proxies.clone()),
            on_worker_start: Arc::new(move |_| drop(engine.shard())),
            ..ServeOptions::default()
        }
    }
}

/// Something that is done with the parts of a server before it listens.
pub type Prepare = Box<dyn FnOnce(&Parts) -> Boxed<'static, Result<(), String>>>;
