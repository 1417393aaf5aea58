//! Ports for servers that a test starts as children.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

/// The first of the ports that are given out.
const FIRST: u16 = 10_000;
/// How many there are: all of them lie below those that connections are given.
const PORTS: u16 = 20_000;

/// What says to other processes that a port is somebody's while its server is away: a datagram socket of that number,
/// which no server here has, for as long as this process lives.
static TAKEN: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// A port that nobody has. It lies below those that the kernel gives to connections, and is given out once, by whichever
/// process of tests: nobody takes it before its server has it, or while its server is away and comes back to it.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many ports in a row, each as [`free_port`] says.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(PORTS)) as u16;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7);
        let first = FIRST + (start + step % PORTS) % PORTS;
        let taken: Option<Vec<UdpSocket>> = (first..first + count).map(take).collect();
        if let Some(taken) = taken {
            TAKEN.lock().unwrap_or_else(PoisonError::into_inner).extend(taken);
            return first;
        }
    }
}

/// `None` for a port that somebody has, or was given.
fn take(port: u16) -> Option<UdpSocket> {
    let taken = UdpSocket::bind(("127.0.0.1", port)).ok()?;
    TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(taken)
}

#[cfg(test)]
mod tests {
    use super::free_port;
    use std::net::UdpSocket;

    #[test]
    fn a_port_stays_taken_while_its_server_is_away() {
        let port = free_port();
        assert!(UdpSocket::bind(("127.0.0.1", port)).is_err(), "another process would be given it, too");
    }
}
