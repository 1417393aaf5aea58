//! The server's door: listeners, workers, HTTP, and the way of a WebSocket request to the socket layer.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_http::header::HeaderMap;
use actix_http::{HttpService, Request};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpStream;

use super::clock::{self, TimeSource, real_time};
use super::counters::SocketCounters;
use super::gate::Gate;
use super::route::SocketRoute;
use super::upgrade::{Entrance, Upgrade};

/// Where a request comes from, told by its headers and by the peer's address: for servers behind trusted proxies.
pub type AddressOf = Arc<dyn Fn(&HeaderMap, IpAddr) -> IpAddr + Send + Sync>;

/// Called once on each worker's thread before it serves, with the worker's number from 0.
pub type OnWorkerStart = Arc<dyn Fn(usize) + Send + Sync>;

/// How a server serves.
#[derive(Clone)]
pub struct ServeOptions {
    /// Worker threads.
    pub workers: usize,
    /// Connections that the kernel may hold for us before they are accepted: a whole school's return in one moment.
    pub backlog: i32,
    /// Connections of one worker. Above it nothing is accepted, and the backlog fills.
    pub connections_per_worker_max: usize,
    /// How long an idle HTTP connection is kept.
    pub keep_alive: Duration,
    /// How long a client may take to send the head of its request. Over it: 408, and the connection ends.
    pub request_head_max: Duration,
    /// How long an HTTP connection whose request was refused before its body was read is read on, so that the client
    /// sees the answer instead of a reset. Sockets have [`super::SocketOptions::close_max`].
    pub linger_max: Duration,
    /// How long sent bytes may stay unacknowledged before the kernel gives the connection up (`TCP_USER_TIMEOUT`).
    pub unacknowledged_max: Duration,
    /// The kernel's send buffer of a WebSocket, in bytes: what a peer that does not read can cost there.
    pub send_buffer_bytes: usize,
    /// Origins, besides the own host, whose pages may open sockets, as `https://school.example`.
    pub allowed_origins: Vec<String>,
    /// Who may come in before it is known who they are; also the switch for draining.
    pub gate: Arc<Gate>,
    /// What is counted.
    pub counters: Arc<SocketCounters>,
    /// Where a request comes from. By default the peer's address.
    pub address_of: AddressOf,
    /// Called once on each worker's thread.
    pub on_worker_start: OnWorkerStart,
    /// What the deadlines of sockets run on. By default the real time.
    pub time: TimeSource,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            workers: 1,
            backlog: 4_096,
            connections_per_worker_max: 25_600,
            keep_alive: Duration::from_secs(30),
            request_head_max: Duration::from_secs(5),
            linger_max: Duration::from_secs(1),
            unacknowledged_max: Duration::from_secs(30),
            send_buffer_bytes: 64 * 1024,
            allowed_origins: Vec::new(),
            gate: Arc::default(),
            counters: Arc::default(),
            address_of: Arc::new(|_, peer| peer),
            on_worker_start: Arc::new(|_| ()),
            time: real_time(),
        }
    }
}

impl fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeOptions").field("workers", &self.workers).finish_non_exhaustive()
    }
}

/// What the workers' entrances share.
pub(super) struct Door {
    pub gate: Arc<Gate>,
    pub allowed_origins: Vec<String>,
    pub address_of: AddressOf,
    pub send_buffer_bytes: usize,
}

/// Opens a listener with the options of a server: the address is free again at once after a restart.
///
/// # Errors
/// The address cannot be had.
pub fn listen(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(socket.into())
}

thread_local! {
    /// Whether this worker was started.
    static STARTED: Cell<bool> = const { Cell::new(false) };
}

/// Serves an ordinary actix-web app and, for requests that ask for a WebSocket, these routes.
///
/// `app` and `routes` are called on each worker, once for each listener. Signals are left alone: who starts a server
/// also decides how it goes down ([`Gate::set_draining`], then [`Server::handle`] and `stop(false)`). Must be called
/// under an actix system, so that workers are its arbiters.
///
/// # Errors
/// A listener cannot be used.
pub fn serve<I, S, B>(
    listeners: Vec<TcpListener>,
    options: &ServeOptions,
    app: impl Fn() -> I + Send + Clone + 'static,
    routes: impl Fn() -> Vec<SocketRoute> + Send + Clone + 'static,
) -> io::Result<Server>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = actix_web::Error>
        + 'static,
    S::InitError: fmt::Debug,
    S::Service: 'static,
    S::Future: 'static,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let door = Arc::new(Door {
        gate: Arc::clone(&options.gate),
        allowed_origins: options.allowed_origins.clone(),
        address_of: Arc::clone(&options.address_of),
        send_buffer_bytes: options.send_buffer_bytes,
    });
    let started = Arc::new(AtomicUsize::new(0));
    let mut server = Server::build()
        .workers(options.workers)
        .max_concurrent_connections(options.connections_per_worker_max)
        .disable_signals();
    for listener in listeners {
        let (options, door, started) = (options.clone(), Arc::clone(&door), Arc::clone(&started));
        let (app, routes) = (app.clone(), routes.clone());
        server = server.listen("studyhall", listener, move || {
            if !STARTED.replace(true) {
                clock::run_on(&options.time);
                (options.on_worker_start)(started.fetch_add(1, Ordering::Relaxed));
            }
            let entrance = Rc::new(Entrance {
                routes: routes(),
                door: Arc::clone(&door),
                counters: options.counters.worker(),
            });
            let unacknowledged_max = options.unacknowledged_max;
            let app = app().into_factory().map_err(|error| error.error_response());
            HttpService::build()
                .keep_alive(options.keep_alive)
                .client_request_timeout(options.request_head_max)
                .client_disconnect_timeout(options.linger_max)
                .on_connect_ext(move |io: &TcpStream, _| set_options(io, unacknowledged_max))
                .upgrade(fn_service(move |(request, framed)| {
                    Upgrade::new(Rc::clone(&entrance), request, framed)
                }))
                .finish(map_config(app, |()| AppConfig::default()))
                .tcp()
        })?;
    }
    Ok(server.run())
}

/// Sets what an accepted connection needs. A kernel that does not know an option serves without it.
fn set_options(io: &TcpStream, unacknowledged_max: Duration) {
    let socket = SockRef::from(io);
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_user_timeout(Some(unacknowledged_max));
}
