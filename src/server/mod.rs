//! The assembly of a server: store, engine, sockets, HTTP, and the order in which they come up and go down.

mod admin;
mod degraded;
mod drain;
mod error;
mod events;
mod health;
mod http;
mod jobs;
mod nodes;
mod options;
mod parts;
mod ready_file;
mod shared;
mod storage;
mod tokens;

pub use degraded::Reason;
pub use error::ServerError;
pub use health::Health;
pub use nodes::{
    ABOUT_PATH, ASK_PATH, AboutAsked, AboutSaid, Asked, AskedHot, AskedMark, AskedRegrade, HOT_PATH,
    MARK_PATH, REGRADE_PATH, Said, mark_elsewhere,
};
pub use options::{Prepare, ServerOptions};
pub use parts::Parts;
pub use ready_file::ReadyFileError;
pub(crate) use shared::BUS_PREFIX;
pub use storage::{Storage, StorageStats};
pub use tokens::VerifiedTokens;

use crate::metrics::MetricsError;
use crate::ws::layer::{listen, serve};
use crate::ws::monitor;
use crate::ws::study::route;
use options::BACKLOG;
use std::net::{SocketAddr, TcpListener};

/// Threads of the service runtime: writer and loader wait more than they work.
const SERVICE_THREADS: usize = 2;

/// Runs a server until it is told to stop. `started` is called with the address once it listens.
///
/// # Errors
/// See [`ServerError`].
pub fn run(options: ServerOptions, started: impl FnOnce(&Parts, SocketAddr)) -> Result<(), ServerError> {
    let service = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(SERVICE_THREADS)
        .thread_name("service")
        .enable_all()
        .build()?;
    let listener =
        |address| listen(address, BACKLOG).map_err(|source| ServerError::Listen { address, source });
    // First of all: the other nodes are told where this one is reached.
    let doors =
        Doors { public: listener(options.listen)?, admin: options.admin_listen.map(listener).transpose()? };
    let address = doors.public.local_addr()?;
    let parts = service.block_on(Parts::start(&options, address))?;
    actix_rt::System::new().block_on(run_on_main(options, parts, doors, started))
}

/// Where a server is asked.
struct Doors {
    public: TcpListener,
    admin: Option<TcpListener>,
}

async fn run_on_main(
    mut options: ServerOptions,
    parts: Parts,
    doors: Doors,
    started: impl FnOnce(&Parts, SocketAddr),
) -> Result<(), ServerError> {
    parts.engine.supervise();
    if let Some(prepare) = options.prepare.take() {
        prepare(&parts).await.map_err(ServerError::Prepare)?;
    }
    let address = doors.public.local_addr()?;
    let workers = options.workers;
    let serving = options.serving(&parts);
    let context = parts.study_context(options.tokens.clone());
    let routes = move || vec![route(context.clone()), monitor::route(context.clone())];
    let state = http::state(&parts, &mut options).map_err(MetricsError::from)?;
    let app = move || crate::http::app(state.clone());
    let admin = doors.admin.map(|listener| admin::AdminDoor::open(listener, &parts, address)).transpose()?;
    // Whoever is welcomed is told of the lesson that is on.
    parts.engine.lessons_known().await;
    let server = serve(vec![doors.public], &serving, app, routes)?;
    let handle = server.handle();
    let serving = actix_rt::spawn(server);
    let decks = parts.engine.warm_up().await;
    if decks > 0 {
        tracing::info!(decks, "read what is most in use at another node");
    }
    parts.health.set_ready(true);
    started(&parts, address);
    if let Some(file) = &options.ready_file {
        ready_file::write(file, address, admin.as_ref().map(|admin| admin.address))?;
    }
    tracing::info!(%address, workers, "ready");
    let signal = drain::signal(&parts.stop).await?;
    tracing::info!(signal, "going down");
    let (undecided, ()) = tokio::join!(drain::drain(&parts), parts.imports.stop());
    // After everything that could still happen.
    tokio::join!(parts.events.stop(), parts.webhooks.stop());
    parts.engine.leave().await;
    handle.stop(false).await;
    drop(serving.await);
    // Last of all: how it goes down can be looked at.
    if let Some(admin) = admin {
        admin.close().await;
    }
    if undecided > 0 { Err(ServerError::Undecided(undecided)) } else { Ok(()) }
}
