//! The operator's port of a server: open before it is ready, closed when nothing is left to look at.

use super::{Parts, http};
use crate::admin::{About, Admin, serve};
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

/// The open port.
pub(super) struct AdminDoor {
    /// Where it is.
    pub(super) address: SocketAddr,
    handle: ServerHandle,
}

impl AdminDoor {
    /// Begins to answer.
    pub(super) fn open(listener: TcpListener, parts: &Parts, listen: SocketAddr) -> io::Result<AdminDoor> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "the operator's port is open to other machines, and asks nobody who they are");
        }
        let admin = Admin {
            about: About { listen, began: Instant::now() },
            sources: parts.sources.clone(),
            metrics: parts.metrics.clone(),
            bus: parts.bus.clone(),
            health: http::health(parts),
            stop: parts.stop.clone(),
        };
        let server = serve(listener, Data::new(admin))?;
        let handle = server.handle();
        actix_rt::spawn(server);
        tracing::info!(%address, "operators are answered");
        Ok(AdminDoor { address, handle })
    }

    /// Ends.
    pub(super) async fn close(self) {
        self.handle.stop(false).await;
    }
}
