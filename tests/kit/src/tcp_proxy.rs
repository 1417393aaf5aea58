//! A wire between a client and a server that a test can cut, freeze, slow down and make deaf.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the wire does to bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// It carries them.
    Carries,
    /// It carries them after a wait.
    Slow(Duration),
    /// It takes them and carries nothing, in either direction: connections stay.
    Frozen,
    /// Bytes of the server are taken and lost; those of the client arrive.
    LosesAnswers,
    /// What a Redis says unasked (RESP3 pushes of messages) is lost; its answers arrive.
    LosesPushes,
    /// What a Redis says unasked is said twice.
    DoublesPushes,
    /// Connections are closed, and new ones are closed at once.
    Cut,
}

#[derive(Clone, Copy, Debug)]
struct State {
    wire: Wire,
    /// How often it was cut.
    cuts: u64,
}

/// A proxy in front of a server, or of several that do the same. It ends with this.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    servers: Arc<Mutex<Vec<SocketAddr>>>,
    state: watch::Sender<State>,
    connections: Arc<AtomicU64>,
    _tasks: Mutex<JoinSet<()>>,
}

impl TcpProxy {
    /// Starts one, on the current runtime.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(server: SocketAddr) -> TcpProxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, of_task) = watch::channel(State { wire: Wire::Carries, cuts: 0 });
        let connections = Arc::new(AtomicU64::new(0));
        let servers = Arc::new(Mutex::new(vec![server]));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, servers.clone(), of_task, connections.clone()));
        TcpProxy { address, servers, state, connections, _tasks: Mutex::new(tasks) }
    }

    /// New connections go to the first of these that takes them.
    pub fn lead_to(&self, servers: Vec<SocketAddr>) {
        *self.servers.lock().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on the wire does this.
    pub fn set(&self, wire: Wire) {
        self.state.send_modify(|state| {
            state.wire = wire;
            state.cuts += u64::from(wire == Wire::Cut);
        });
    }

    /// Closes what is connected now; new connections are carried.
    pub fn cut_once(&self) {
        self.set(Wire::Cut);
        self.set(Wire::Carries);
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    servers: Arc<Mutex<Vec<SocketAddr>>>,
    state: watch::Receiver<State>,
    connections: Arc<AtomicU64>,
) {
    let mut pairs = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        while pairs.try_join_next().is_some() {}
        let servers = servers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        pairs.spawn(pair(client, servers, state.clone()));
    }
}

/// One connection, until one end closes it or it is cut.
async fn pair(client: TcpStream, servers: Vec<SocketAddr>, state: watch::Receiver<State>) {
    let at_first = *state.borrow();
    if at_first.wire == Wire::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(&servers[..]).await else { return };
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cut = state.clone();
    tokio::select! {
        () = carry(from_client, to_server, state.clone(), false) => {}
        () = carry(from_server, to_client, state, true) => {}
        _ = cut.wait_for(|state| state.cuts != at_first.cuts) => {}
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    is_answer: bool,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return };
        let wire = state.borrow_and_update().wire;
        match wire {
            Wire::Carries => {}
            Wire::Slow(wait) => tokio::time::sleep(wait).await,
            Wire::Frozen => {
                if state.wait_for(|state| state.wire != Wire::Frozen).await.is_err() {
                    return;
                }
            }
            Wire::LosesAnswers if is_answer => continue,
            Wire::LosesPushes | Wire::DoublesPushes if is_answer => {
                let times = if wire == Wire::LosesPushes { 0 } else { 2 };
                if to.write_all(&with_pushes(&bytes[..length], times)).await.is_err() {
                    return;
                }
                continue;
            }
            Wire::LosesAnswers | Wire::LosesPushes | Wire::DoublesPushes => {}
            Wire::Cut => return,
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

/// The bytes with each message of Redis that is whole within them so many times.
fn with_pushes(bytes: &[u8], times: usize) -> Vec<u8> {
    const MESSAGE: &[u8] = b">3\r\n$7\r\nmessage\r\n";
    let mut kept = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(MESSAGE).and_then(after_a_string).and_then(after_a_string) {
            Some(behind) => {
                kept.extend(rest[..rest.len() - behind.len()].repeat(times));
                rest = behind;
            }
            None => {
                kept.push(*first);
                rest = after;
            }
        }
    }
    kept
}

/// What follows `$LENGTH\r\nBYTES\r\n`.
fn after_a_string(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.strip_prefix(b"$")?;
    let end = bytes.iter().position(|byte| *byte == b'\r')?;
    let length: usize = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    bytes.get(end + 2 + length + 2..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_out_or_doubled_and_answers_stay() {
        let bytes = b":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\n\r\n>3\r\n+PONG\r\n";
        assert_eq!(with_pushes(bytes, 0), b":1\r\n+PONG\r\n");
        assert_eq!(with_pushes(bytes, 1), bytes);
        let message = &bytes[4..bytes.len() - 7];
        assert_eq!(with_pushes(bytes, 2), [b":1\r\n", message, message, b"+PONG\r\n"].concat());
        assert_eq!(with_pushes(b">3\r\n$7\r\nmessage\r\n$9", 0), b">3\r\n$7\r\nmessage\r\n$9");
    }
}
