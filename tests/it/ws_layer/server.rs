//! A server in this process, on a port of its own, that ends with the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, web};
use studyhall::ws::layer::{Gate, ServeOptions, SocketCounters, SocketFigures, SocketRoute, listen, serve};

use super::client::Client;

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    pub gate: Arc<Gate>,
    counters: Arc<SocketCounters>,
    handle: actix_server::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    /// Serves these routes on one worker, so that every socket has every other for a neighbour.
    pub fn start(routes: impl Fn() -> Vec<SocketRoute> + Send + Clone + 'static) -> Self {
        Self::start_with(ServeOptions::default(), routes)
    }

    /// Serves these routes with these options.
    pub fn start_with(
        options: ServeOptions,
        routes: impl Fn() -> Vec<SocketRoute> + Send + Clone + 'static,
    ) -> Self {
        let (gate, counters) = (Arc::clone(&options.gate), Arc::clone(&options.counters));
        let (started, starts) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), options.backlog).unwrap();
                let address = listener.local_addr().unwrap();
                let app =
                    || App::new().route("/plain", web::get().to(async || HttpResponse::Ok().body("plain")));
                let server = serve(vec![listener], &options, app, routes).unwrap();
                started.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = starts.recv_timeout(PATIENCE).expect("the server starts");
        Self { address, gate, counters, handle, thread: Some(thread) }
    }

    /// A socket at this path that offers `studyhall.v1`.
    pub fn connect(&self, path: &str) -> Client {
        Client::connect(self.address, path)
    }

    /// What the server has counted.
    pub fn figures(&self) -> SocketFigures {
        self.counters.read()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server's thread panicked");
        }
    }
}

pub use kit::wait::DEADLINE as PATIENCE;

/// Waits until something holds.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
