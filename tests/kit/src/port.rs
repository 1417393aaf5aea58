//! Ports for servers that a test starts as children.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// The first of the ports that are given out.
const FIRST: u16 = 10_000;
/// How many there are: all of them lie below those that connections are given.
const PORTS: u16 = 20_000;

/// A port that nobody has. It lies below those that the kernel gives to connections, and is given out once: nobody
/// takes it before its server has it, or while its server is away and comes back to it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(PORTS)) as u16;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7);
        let port = FIRST + (start + step % PORTS) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
