//! What the socket layer counts. Each worker counts for itself; reading adds up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::close::{CloseCode, Closed, Side};
use super::refusal::RefusalKind;

/// The counters of all workers of a server.
#[derive(Debug, Default)]
pub struct SocketCounters {
    workers: Mutex<Vec<Arc<WorkerCounters>>>,
}

/// One worker's counters: no other thread writes them.
#[derive(Debug, Default)]
pub(super) struct WorkerCounters {
    opened: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    messages_in: AtomicU64,
    frames_out: AtomicU64,
    panics: AtomicU64,
    /// Ends are rare enough for a lock: by who ended the socket, and by code.
    closed: Mutex<BTreeMap<(bool, CloseCode), u64>>,
    refused: Mutex<BTreeMap<RefusalKind, u64>>,
}

/// The counters at one moment, since the server's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketFigures {
    /// Sockets that were opened.
    pub opened: u64,
    /// Sockets that are open: opened, and their end not counted.
    pub open: u64,
    /// Bytes read from sockets, headers included.
    pub bytes_in: u64,
    /// Bytes written to sockets, headers included.
    pub bytes_out: u64,
    /// Text and binary messages received.
    pub messages_in: u64,
    /// Text and binary frames sent.
    pub frames_out: u64,
    /// Panics of apps, each of which ended its socket.
    pub panics: u64,
    /// Ends by the code that we gave.
    pub closed_by_us: BTreeMap<CloseCode, u64>,
    /// Ends by the code that the peer gave; a code that RFC 6455 does not name counts as 1000, so that a peer cannot
    /// make up labels.
    pub closed_by_peer: BTreeMap<CloseCode, u64>,
    /// Handshakes that were refused.
    pub refused: BTreeMap<RefusalKind, u64>,
}

impl SocketCounters {
    /// The counters of a new worker.
    pub(super) fn worker(&self) -> Arc<WorkerCounters> {
        let worker = Arc::new(WorkerCounters::default());
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&worker));
        worker
    }

    /// Adds up.
    #[must_use]
    pub fn read(&self) -> SocketFigures {
        let mut figures = SocketFigures::default();
        for worker in &*self.workers.lock().unwrap_or_else(PoisonError::into_inner) {
            worker.add_to(&mut figures);
        }
        let closed: u64 = figures.closed_by_us.values().chain(figures.closed_by_peer.values()).sum();
        figures.open = figures.opened.saturating_sub(closed);
        figures
    }
}

impl WorkerCounters {
    pub fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub fn read_bytes(&self, count: usize) {
        self.bytes_in.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub fn wrote_bytes(&self, count: usize) {
        self.bytes_out.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub fn message(&self) {
        self.messages_in.fetch_add(1, Ordering::Relaxed);
    }

    pub fn frame(&self) {
        self.frames_out.fetch_add(1, Ordering::Relaxed);
    }

    pub fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub fn closed(&self, closed: &Closed) {
        let (by_us, code) = match closed.by {
            Side::Server => (true, closed.code),
            Side::Peer if matches!(closed.code.get(), 1000..=1014) => (false, closed.code),
            Side::Peer => (false, CloseCode::NORMAL),
        };
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner).entry((by_us, code)).or_default() += 1;
    }

    pub fn refused(&self, kind: RefusalKind) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += 1;
    }

    fn add_to(&self, figures: &mut SocketFigures) {
        figures.opened += self.opened.load(Ordering::Relaxed);
        figures.bytes_in += self.bytes_in.load(Ordering::Relaxed);
        figures.bytes_out += self.bytes_out.load(Ordering::Relaxed);
        figures.messages_in += self.messages_in.load(Ordering::Relaxed);
        figures.frames_out += self.frames_out.load(Ordering::Relaxed);
        figures.panics += self.panics.load(Ordering::Relaxed);
        for (&(by_us, code), &count) in &*self.closed.lock().unwrap_or_else(PoisonError::into_inner) {
            let ends = if by_us { &mut figures.closed_by_us } else { &mut figures.closed_by_peer };
            *ends.entry(code).or_default() += count;
        }
        for (&kind, &count) in &*self.refused.lock().unwrap_or_else(PoisonError::into_inner) {
            *figures.refused.entry(kind).or_default() += count;
        }
    }
}
