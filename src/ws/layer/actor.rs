//! The actor under an app: all that touches actix-web-actors.
//!
//! The crate's context runs the actor: its mailbox, its futures, its end. Its codec and its queue of messages are
//! not used, for three reasons. It reports the fragments of a message one by one and checks a text only when it is
//! whole, so reassembly and the check while a text arrives would have to be built behind it; it waits for a
//! declared length before it compares it with the limit; and every message, in and out, costs it two buffers. So the
//! bytes are read and decoded by a future of this actor, which lends them to the app, and frames go to the wire's
//! output. Replacing the crate means replacing this file.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext, Handler, Message, StreamHandler};
use actix_web::error::PayloadError;
use actix_web_actors::ws;
use bytes::Bytes;
use futures_core::Stream;

use super::app::{Receive, Socket, SocketApp};
use super::close::{CloseCode, Closed};
use super::decoder::{Event, Input};
use super::options::{MAILBOX_CAPACITY, READS_PER_TURN, SCRATCH_BYTES};
use super::wire::Wire;

thread_local! {
    /// What a worker reads into, for whichever socket has its turn.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The context that runs the actor.
pub(super) type SocketContext<A> = ws::WebsocketContext<SocketActor<A>>;

/// An actor that runs on one socket, seen from the pump: to be polled whenever something happens.
pub(super) type Running = Pin<Box<dyn Stream<Item = Result<Bytes, actix_web::Error>>>>;

/// The actor: an app and its wire.
pub(super) struct SocketActor<A> {
    app: Option<A>,
    wire: Rc<Wire>,
}

/// Starts an app on a wire.
pub(super) fn start<A: SocketApp>(app: A, wire: Rc<Wire>) -> Running {
    let nothing = futures_util::stream::pending::<Result<Bytes, PayloadError>>();
    Box::pin(ws::WebsocketContext::create(SocketActor { app: Some(app), wire }, nothing))
}

impl<A: SocketApp> Actor for SocketActor<A> {
    type Context = SocketContext<A>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(MAILBOX_CAPACITY);
        self.call(context, |app, socket| app.on_open(socket));
        context.spawn(Turns);
    }

    /// Reached with an app only when the pump is dropped with its worker.
    fn stopped(&mut self, _context: &mut Self::Context) {
        self.wire.end(Closed::lost());
        self.tell_end();
    }
}

impl<A: Receive<M>, M: Message<Result = ()>> Handler<M> for SocketActor<A> {
    type Result = ();

    fn handle(&mut self, mail: M, context: &mut Self::Context) {
        self.call(context, |app, socket| app.on_mail(mail, socket));
    }
}

/// The crate asks for it; its own stream is empty.
impl<A: SocketApp> StreamHandler<Result<ws::Message, ws::ProtocolError>> for SocketActor<A> {
    fn handle(&mut self, _: Result<ws::Message, ws::ProtocolError>, _: &mut Self::Context) {}
}

/// The future in which a socket has its turns: polled after the mailbox, each time the pump is woken.
struct Turns;

impl<A: SocketApp> ActorFuture<SocketActor<A>> for Turns {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut SocketActor<A>,
        context: &mut SocketContext<A>,
        task: &mut Context<'_>,
    ) -> Poll<()> {
        actor.turn(context, task);
        if actor.wire.has_ended() {
            actor.tell_end();
        }
        Poll::Pending
    }
}

impl<A: SocketApp> SocketActor<A> {
    fn turn(&mut self, context: &mut SocketContext<A>, task: &mut Context<'_>) {
        if self.wire.take_app_alarm() {
            self.call(context, |app, socket| app.on_alarm(socket));
        }
        if !self.wire.may_deliver() {
            self.wire.set_unfinished();
            return;
        }
        let mut carried = self.wire.carry.take();
        if !carried.is_empty() {
            self.deliver(&mut carried, context);
        }
        SCRATCH.with(|scratch| {
            let mut scratch = scratch.borrow_mut();
            scratch.resize(SCRATCH_BYTES, 0);
            let _ = self.read(&mut scratch, context, task);
        });
    }

    /// Reads until the peer has nothing more to say, or the turn is over.
    fn read(
        &mut self,
        scratch: &mut [u8],
        context: &mut SocketContext<A>,
        task: &mut Context<'_>,
    ) -> Poll<()> {
        for _ in 0..READS_PER_TURN {
            if !self.wire.may_deliver() {
                self.wire.set_unfinished();
                return Poll::Ready(());
            }
            let count = ready!(self.wire.poll_read(task, scratch));
            self.deliver(&mut scratch[..count], context);
        }
        self.wire.set_unfinished();
        Poll::Ready(())
    }

    /// Gives the app what the bytes hold, as long as it can take more; the rest is kept for another turn.
    fn deliver(&mut self, bytes: &mut [u8], context: &mut SocketContext<A>) {
        let wire = Rc::clone(&self.wire);
        let mut decoder = wire.decoder.borrow_mut();
        let mut input = Input::new(bytes);
        while wire.may_deliver() {
            match decoder.next(&mut input) {
                Ok(None) => return,
                Ok(Some(event)) => self.react(event, context),
                Err(violation) => {
                    wire.end(Closed::by_server(violation.close_code(), violation.to_string()));
                }
            }
        }
        if !wire.has_ended() {
            wire.carry.set(input.rest().to_vec());
            wire.set_unfinished();
        }
    }

    fn react(&mut self, event: Event<'_>, context: &mut SocketContext<A>) {
        match event {
            Event::Text(text) => {
                self.wire.counters.message();
                self.call(context, |app, socket| app.on_text(text, socket));
            }
            Event::Binary(bytes) => {
                self.wire.counters.message();
                self.call(context, |app, socket| app.on_binary(bytes, socket));
            }
            Event::Ping(payload) => self.wire.ping(payload),
            Event::Pong => {}
            Event::Close(code) => self.wire.end(Closed::by_peer(code)),
        }
    }

    /// Calls the app. A panic ends this socket, and the app with it.
    fn call(&mut self, context: &mut SocketContext<A>, call: impl FnOnce(&mut A, &mut Socket<'_, A>)) {
        if self.wire.has_ended() {
            return;
        }
        let Some(app) = self.app.as_mut() else { return };
        let mut socket = Socket { wire: &self.wire, context };
        if catch_unwind(AssertUnwindSafe(|| call(app, &mut socket))).is_err() {
            self.wire.counters.panicked();
            tracing::error!(socket = %self.wire.id, "the app of a socket panicked; the socket is closed");
            self.wire.end(Closed::by_server(CloseCode::INTERNAL, "internal error"));
            let app = self.app.take();
            let _ = catch_unwind(AssertUnwindSafe(|| drop(app)));
        }
    }

    /// Tells the app the end, once.
    fn tell_end(&mut self) {
        let (Some(mut app), Some(closed)) = (self.app.take(), self.wire.how_ended()) else { return };
        let told = catch_unwind(AssertUnwindSafe(|| {
            app.on_close(&closed);
            drop(app);
        }));
        if told.is_err() {
            self.wire.counters.panicked();
            tracing::error!(socket = %self.wire.id, "the app of a socket panicked at the socket's end");
        }
    }
}
