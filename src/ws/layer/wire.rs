//! What one connection's actor and pump share: the TCP stream, both halves of the wire, the deadlines, the end.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::clock::{Alarm, Tick, now};
use super::close::{CloseCode, Closed};
use super::counters::WorkerCounters;
use super::decoder::Decoder;
use super::frame::Opcode;
use super::gate::Ticket;
use super::options::SocketOptions;
use super::output::Output;
use super::request::SocketId;

/// A connection, seen from inside its worker. No part of it is borrowed across a call into an app, except the
/// decoder, which nobody but the reading turn touches.
pub(super) struct Wire {
    pub id: SocketId,
    pub address: IpAddr,
    pub options: Rc<SocketOptions>,
    pub counters: Arc<WorkerCounters>,
    pub decoder: RefCell<Decoder>,
    /// What was read and not yet decoded, because the app could not take more.
    pub carry: Cell<Vec<u8>>,
    pub alarm: Rc<Alarm>,
    io: RefCell<TcpStream>,
    output: RefCell<Output>,
    end: RefCell<Option<Closed>>,
    ticket: RefCell<Option<Ticket>>,
    pace: Pace,
    deadlines: Deadlines,
}

/// What holds reading back.
struct Pace {
    paused: Cell<bool>,
    throttled_until: Cell<Option<Tick>>,
    pings: Cell<u32>,
    pings_since: Cell<Tick>,
    /// The turn ended with work left over.
    unfinished: Cell<bool>,
}

/// When something will be too late. `None`: nothing is waited for.
struct Deadlines {
    heard_at: Cell<Tick>,
    sign_in: Cell<Option<Tick>>,
    /// Since when the kernel has taken nothing, while more than the allowed output waits.
    stalled_at: Cell<Option<Tick>>,
    app: Cell<Option<Tick>>,
}

impl Wire {
    /// A connection after its handshake. `first` is what the peer sent right behind it.
    pub fn new(
        io: TcpStream,
        first: Vec<u8>,
        options: Rc<SocketOptions>,
        counters: Arc<WorkerCounters>,
        ticket: Option<Ticket>,
        (id, address): (SocketId, IpAddr),
    ) -> Rc<Self> {
        let start = now();
        counters.opened();
        Rc::new(Self {
            id,
            address,
            decoder: RefCell::new(Decoder::new(options.messages)),
            carry: Cell::new(first),
            alarm: Alarm::new(),
            io: RefCell::new(io),
            output: RefCell::default(),
            end: RefCell::default(),
            ticket: RefCell::new(ticket),
            pace: Pace {
                paused: Cell::new(false),
                throttled_until: Cell::new(None),
                pings: Cell::new(0),
                pings_since: Cell::new(start),
                unfinished: Cell::new(false),
            },
            deadlines: Deadlines {
                heard_at: Cell::new(start),
                sign_in: Cell::new(options.sign_in_max.map(|wait| start.after(wait))),
                stalled_at: Cell::new(None),
                app: Cell::new(None),
            },
            options,
            counters,
        })
    }

    // --- reading

    /// Reads once into `scratch`; ends the socket when the peer is gone.
    pub fn poll_read(&self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<usize> {
        let mut buffer = ReadBuf::new(scratch);
        match Pin::new(&mut *self.io.borrow_mut()).poll_read(cx, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
            Poll::Ready(Ok(()) | Err(_)) => {
                self.end(Closed::lost());
                return Poll::Ready(0);
            }
        }
        self.deadlines.heard_at.set(now());
        self.counters.read_bytes(buffer.filled().len());
        Poll::Ready(buffer.filled().len())
    }

    /// Whether the app may be given more: the socket lives, nothing holds it back, and its output is not stuck.
    pub fn may_deliver(&self) -> bool {
        let throttled = self.pace.throttled_until.get().is_some_and(|until| now() < until);
        !self.has_ended() && !self.pace.paused.get() && !throttled && !self.is_clogged()
    }

    /// Stops or resumes reading.
    pub fn set_paused(&self, paused: bool) {
        self.pace.paused.set(paused);
        if !paused {
            self.pace.unfinished.set(true);
        }
    }

    /// Stops reading for this long.
    pub fn throttle(&self, wait: Duration) {
        let until = now().after(wait);
        self.pace.throttled_until.set(self.pace.throttled_until.get().max(Some(until)));
    }

    /// Answers a ping, and slows down a peer that sends too many.
    pub fn ping(&self, payload: &[u8]) {
        let second = self.pace.pings_since.get().after(Duration::from_secs(1));
        if now() >= second {
            self.pace.pings_since.set(now());
            self.pace.pings.set(0);
        }
        self.pace.pings.set(self.pace.pings.get() + 1);
        if self.pace.pings.get() >= self.options.pings_per_second_max {
            self.throttle(Duration::from_secs(1));
        }
        self.send(Opcode::Pong, &[payload]);
    }

    /// Notes that the turn ended with work left over.
    pub fn set_unfinished(&self) {
        self.pace.unfinished.set(true);
    }

    /// Whether another turn should follow at once.
    pub fn take_unfinished(&self) -> bool {
        self.may_deliver() && self.pace.unfinished.replace(false)
    }

    // --- writing

    /// Adds a frame to the output. Nothing is added once the end is decided, except the close frame.
    pub fn send(&self, opcode: Opcode, parts: &[&[u8]]) {
        if self.has_ended() {
            return;
        }
        let pending = {
            let mut output = self.output.borrow_mut();
            output.begin();
            output.push(opcode, parts);
            output.pending().len()
        };
        self.counters.frame();
        if pending > self.options.output_burst_max_bytes {
            self.end(Closed::by_server(CloseCode::TOO_SLOW, "the peer does not read what it is sent"));
            self.output.borrow_mut().drop_unsent();
        }
    }

    /// The bytes that wait to be written.
    pub fn pending_output(&self) -> usize {
        self.output.borrow().pending().len()
    }

    fn is_clogged(&self) -> bool {
        self.pending_output() > self.options.output_pending_max_bytes
    }

    /// Hands the kernel what it takes. Ready when nothing is left, or the connection is broken.
    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut output = self.output.borrow_mut();
        let result = loop {
            if output.pending().is_empty() {
                break Poll::Ready(Ok(()));
            }
            match Pin::new(&mut *self.io.borrow_mut()).poll_write(cx, output.pending()) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => {
                    output.advance(count);
                    self.counters.wrote_bytes(count);
                    self.deadlines.stalled_at.set(None);
                }
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        output.end();
        drop(output);
        if self.is_clogged() && self.deadlines.stalled_at.get().is_none() {
            self.deadlines.stalled_at.set(Some(now()));
        } else if !self.is_clogged() {
            self.deadlines.stalled_at.set(None);
        }
        result
    }

    /// Queues the close frame that says how it ended; `false` when there is nobody to tell.
    pub fn send_close(&self, closed: &Closed) -> bool {
        let Some(payload) = closed.payload() else { return false };
        let mut output = self.output.borrow_mut();
        output.begin();
        output.push(Opcode::Close, &[&payload]);
        true
    }

    /// Says that nothing more will be written.
    pub fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io.borrow_mut()).poll_shutdown(cx)
    }

    /// Lets the kernel throw away what it could not deliver, once the stream is dropped.
    pub fn reset_on_drop(&self) {
        let _ = socket2::SockRef::from(&*self.io.borrow()).set_linger(Some(Duration::ZERO));
    }

    // --- the end

    /// Decides how the socket ends. The first decision stands.
    pub fn end(&self, closed: Closed) {
        let mut end = self.end.borrow_mut();
        if end.is_none() {
            *end = Some(closed);
        }
    }

    /// Whether the end is decided.
    pub fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// How it ended.
    pub fn how_ended(&self) -> Option<Closed> {
        self.end.borrow().clone()
    }

    // --- deadlines

    /// The sign-in is done: the place before the gate is free, and its deadline is off.
    pub fn signed_in(&self) {
        self.ticket.take();
        self.deadlines.sign_in.set(None);
    }

    /// Sets the app's alarm.
    pub fn set_app_alarm(&self, wait: Option<Duration>) {
        let due = wait.map(|wait| now().after(wait));
        self.deadlines.app.set(due);
        self.arm();
    }

    /// Takes the app's alarm if its time has come.
    pub fn take_app_alarm(&self) -> bool {
        let due = self.deadlines.app.get().is_some_and(|due| due <= now());
        if due {
            self.deadlines.app.set(None);
        }
        due
    }

    /// Ends the socket when one of its deadlines has passed.
    pub fn keep_deadlines(&self) {
        let now = now();
        if self.deadlines.sign_in.get().is_some_and(|due| due <= now) {
            self.end(Closed::by_server(CloseCode::TOO_SLOW, "no sign-in in time"));
        }
        if self.silent_at().is_some_and(|due| due <= now) {
            self.end(Closed::by_server(CloseCode::TOO_SLOW, "nothing was heard for too long"));
        }
        if self.stall_ends_at().is_some_and(|due| due <= now) {
            self.end(Closed::by_server(CloseCode::TOO_SLOW, "the peer does not read what it is sent"));
            self.output.borrow_mut().drop_unsent();
        }
        if self.pace.throttled_until.get().is_some_and(|until| until <= now) {
            self.pace.throttled_until.set(None);
            self.pace.unfinished.set(true);
        }
    }

    /// Sets the alarm for the next deadline.
    pub fn arm(&self) {
        let next = [
            self.deadlines.sign_in.get(),
            self.silent_at(),
            self.stall_ends_at(),
            self.deadlines.app.get(),
            self.pace.throttled_until.get(),
        ];
        self.alarm.set(next.into_iter().flatten().min().unwrap_or(Tick::NEVER));
    }

    fn silent_at(&self) -> Option<Tick> {
        self.options.silence_max.map(|wait| self.deadlines.heard_at.get().after(wait))
    }

    fn stall_ends_at(&self) -> Option<Tick> {
        self.deadlines.stalled_at.get().map(|since| since.after(self.options.stall_max))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.alarm.cancel();
        let closed = self.end.take().unwrap_or_else(Closed::lost);
        self.counters.closed(&closed);
    }
}
