//! Sockets that come from an address of one's own choice.
//!
//! To ask the kernel for any free port of a given address costs a search over all that are taken: with 19,000 sockets
//! that went before, the search takes most of a core and reconnecting stalls. So the ports are counted here, below the
//! kernel's own range; one that is taken is passed over.

use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::TcpSocket;

/// First port that is tried. Below are those that services listen at.
const FIRST_PORT: u16 = 10_240;
/// How many ports are gone round: up to where the kernel's own range begins on Linux (32,768).
const PORTS: u16 = 22_528;

/// Where the next search begins, for all addresses alike: 22,528 connections later a port has its turn again.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// Binds a socket to `from` and a port that nobody uses.
///
/// # Errors
///
/// `AddrInUse` when every port is taken; what the system says when the address is not this machine's.
pub fn bind(socket: &TcpSocket, from: IpAddr) -> Result<()> {
    for _ in 0..PORTS {
        let port = FIRST_PORT + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS;
        match socket.bind(SocketAddr::new(from, port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            done => return done,
        }
    }
    Err(Error::from(ErrorKind::AddrInUse))
}
