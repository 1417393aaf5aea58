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
use super::deadlines::{Deadlines, Passed};
use super::decoder::Decoder;
use super::frame::Opcode;
use super::gate::Ticket;
use super::options::SocketOptions;
use super::output::Output;
use super::pace::Pace;
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
            pace: Pace::new(start),
            deadlines: Deadlines::new(start, &options),
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
        self.deadlines.heard(now());
        self.counters.read_bytes(buffer.filled().len());
        Poll::Ready(buffer.filled().len())
    }

    /// Whether the app may be given more: the socket lives, nothing holds it back, and its output is not stuck.
    pub fn may_deliver(&self) -> bool {
        !self.has_ended() && self.pace.may_read(now()) && !self.is_clogged()
    }

    /// Stops or resumes reading.
    pub fn set_paused(&self, paused: bool) {
        self.pace.set_paused(paused);
    }

    /// Stops reading for this long.
    pub fn throttle(&self, wait: Duration) {
        self.pace.throttle(now(), wait);
    }

    /// Answers a ping, and slows down a peer that sends too many.
    pub fn ping(&self, payload: &[u8]) {
        self.pace.ping(now(), self.options.pings_per_second_max);
        self.send(Opcode::Pong, &[payload]);
    }

    /// Notes that the turn ended with work left over.
    pub fn set_unfinished(&self) {
        self.pace.set_unfinished();
    }

    /// Whether another turn should follow at once.
    pub fn take_unfinished(&self) -> bool {
        self.may_deliver() && self.pace.take_unfinished()
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
            self.cut(Passed::Stall.reason());
        }
    }

    /// Ends a socket whose peer does not keep up: of the frames that wait only the one in flight is finished.
    fn cut(&self, reason: &'static str) {
        self.end(Closed::by_server(CloseCode::TOO_SLOW, reason));
        self.output.borrow_mut().drop_unsent();
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
                    self.deadlines.wrote();
                }
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        output.end();
        drop(output);
        self.deadlines.set_clogged(self.is_clogged(), now());
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

    /// The sign-in has begun: its deadline is off.
    pub fn signing_in(&self) {
        self.deadlines.signed_in();
    }

    /// The sign-in is done: the place before the gate is free, and its deadline is off.
    pub fn signed_in(&self) {
        self.ticket.take();
        self.deadlines.signed_in();
    }

    /// Sets the app's alarm.
    pub fn set_app_alarm(&self, wait: Option<Duration>) {
        self.deadlines.set_app(wait.map(|wait| now().after(wait)));
    }

    /// Takes the app's alarm if its time has come.
    pub fn take_app_alarm(&self) -> bool {
        self.deadlines.take_app(now())
    }

    /// Ends the socket when one of its deadlines has passed.
    pub fn keep_deadlines(&self) {
        self.pace.keep(now());
        if let Some(passed) = self.deadlines.passed(now()) {
            self.cut(passed.reason());
        }
    }

    /// Sets the alarm for the next deadline.
    pub fn arm(&self) {
        let throttle = self.pace.throttled_until().unwrap_or(Tick::NEVER);
        self.alarm.set(self.deadlines.next().min(throttle));
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.alarm.cancel();
        let closed = self.end.take().unwrap_or_else(Closed::lost);
        self.counters.closed(&closed);
    }
}
