//! A socket whose learner or class is at another node: frames go there and back as they are, through an ordinary socket of
//! our own. What holds for a socket holds for it: bounded both ways, closed with the code that the other side gives.

use crate::ws::study::RELAY_HEADER;
use client::{Incoming, RawOptions, RawSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// Frames that may wait for the other node: what a client may have in flight, and more.
const FRAMES_MAX: usize = 320;

/// After so long a silence the other node is asked for a sign of life.
const ASK_AFTER: Duration = Duration::from_secs(4);
/// After so long a silence it is given up: a connection between two living nodes that carries nothing must not hold a
/// learner until the client's own patience ends.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);

/// What is counted of sockets that are passed on to other nodes.
#[derive(Debug, Default)]
pub struct RelayCounters {
    opened: AtomicU64,
    ended: AtomicU64,
    broken: AtomicU64,
}

/// The same at one moment, since the server's start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RelayFigures {
    /// Sockets that were passed on.
    pub opened: u64,
    /// Those that are passed on now.
    pub open: u64,
    /// Those that could not be passed on, or whose way to the other node broke.
    pub broken: u64,
}

impl RelayCounters {
    /// Reads them.
    #[must_use]
    pub fn read(&self) -> RelayFigures {
        let opened = self.opened.load(Ordering::Relaxed);
        let open = opened.saturating_sub(self.ended.load(Ordering::Relaxed));
        RelayFigures { opened, open, broken: self.broken.load(Ordering::Relaxed) }
    }

    fn ended(&self, closed: Option<&Relayed>) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        if let Some(Relayed::Closed { code: None, .. }) = closed {
            self.broken.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the relay tells its socket.
#[derive(Debug)]
pub(in crate::ws) enum Relayed {
    /// A frame, as it came.
    Text(String),
    /// The other node closed, or is gone.
    Closed {
        /// With which code; `None` for a connection that broke.
        code: Option<u16>,
        /// Its words.
        reason: String,
    },
}

/// The socket's end of a relay.
pub(in crate::ws) trait RelayEnd: 'static {
    /// Gives the socket what the other node says; `false` if it does not keep up, or is gone.
    fn take(&self, relayed: Relayed) -> bool;

    /// Whether what it was given has left. While it has not, the other node is not read: it feels that, and sends less.
    fn has_room(&self) -> bool {
        true
    }

    /// Comes back when there is room again.
    async fn room(&self) {}
}

/// The way to the other node. When it is dropped, the socket there is closed.
#[derive(Debug)]
pub(in crate::ws) struct Relay {
    frames: mpsc::Sender<String>,
}

impl Relay {
    /// Opens a socket at this path of the node with this address and says `hello` there.
    pub(in crate::ws) fn open<E: RelayEnd>(
        (address, path): (&Arc<str>, &str),
        hello: String,
        end: Rc<E>,
        counters: Arc<RelayCounters>,
    ) -> Relay {
        let (frames, waiting) = mpsc::channel(FRAMES_MAX);
        let options = RawOptions {
            headers: vec![(RELAY_HEADER.to_owned(), "1".to_owned())],
            ..RawOptions::new(format!("http://{address}{path}"))
        };
        counters.opened.fetch_add(1, Ordering::Relaxed);
        actix::spawn(async move {
            let closed = match RawSocket::connect(&options).await {
                Ok(socket) => pipe(socket, hello, waiting, &*end).await,
                Err(error) => {
                    tracing::warn!(%error, address = options.url, "another node could not be reached");
                    Some(Relayed::Closed { code: None, reason: "the node could not be reached".to_owned() })
                }
            };
            counters.ended(closed.as_ref());
            if let Some(closed) = closed {
                // A socket that is gone has nobody to tell.
                let _ = end.take(closed);
            }
        });
        Relay { frames }
    }

    /// Passes a frame on; `false` if the other node does not keep up.
    pub(in crate::ws) fn pass(&self, text: &str) -> bool {
        self.frames.try_send(text.to_owned()).is_ok()
    }
}

/// Pipes until one side ends; `None` when it was ours.
async fn pipe<E: RelayEnd>(
    mut socket: RawSocket,
    hello: String,
    mut waiting: mpsc::Receiver<String>,
    end: &E,
) -> Option<Relayed> {
    let broken =
        || Relayed::Closed { code: None, reason: "the connection between two nodes broke".to_owned() };
    // Whoever has gone meanwhile must not come after its own next connection, and take that one's place.
    if waiting.is_closed() {
        return None;
    }
    if socket.send_text(hello).await.is_err() {
        return Some(broken());
    }
    let (mut heard, mut asked) = (Instant::now(), false);
    loop {
        let patience = if asked { GIVE_UP_AFTER } else { ASK_AFTER };
        let has_room = end.has_room();
        tokio::select! {
            () = end.room(), if !has_room => (heard, asked) = (Instant::now(), false),
            () = sleep_until(heard + patience), if has_room => {
                if asked || socket.ping().await.is_err() {
                    return Some(broken());
                }
                asked = true;
            }
            frame = waiting.recv() => match frame {
                // A connection that carries nothing takes nothing either, once its buffers are full.
                Some(frame) => match timeout(GIVE_UP_AFTER, socket.send_text(frame)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return Some(broken()),
                },
                None => {
                    let _ = socket.close(1000, "").await;
                    return None;
                }
            },
            incoming = socket.recv(), if has_room => {
                (heard, asked) = (Instant::now(), false);
                match incoming {
                    Incoming::Text(text) => {
                        // A socket that does not keep up is being closed: nobody is left to pipe for.
                        if !end.take(Relayed::Text(text)) {
                            return None;
                        }
                    }
                    Incoming::Control | Incoming::Binary(_) => {}
                    Incoming::Closed { code, reason } => return Some(Relayed::Closed { code, reason }),
                }
            }
        }
    }
}
