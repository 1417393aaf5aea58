//! The thin part: carries bytes, time and lines between a [`Core`] and the world.

use crate::core::{Action, Core, CoreConfig, Input, IntentError, Now, Shown};
use crate::event::Event;
use crate::handle::TokenSource;
use crate::journal::Journal;
use crate::raw::{ConnectError, Incoming, RawOptions, RawSocket};
use crate::record::{Record, Restored};
use protocol::{Reply, SetChange, Start};
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Events that wait for room in the channel before the socket is read again.
const PENDING_EVENTS_MAX: usize = 64;
/// Events that wait before intents are not taken either: whoever acts must also read events.
const PENDING_ASKED_MAX: usize = 4_096;
/// How long the goodbye of this side may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// How long the socket may take to accept a message.
const SEND_WITHIN: Duration = Duration::from_secs(30);

type Taken = oneshot::Sender<Result<Uuid, IntentError>>;
type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a handle asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    Start(Start),
    Answer(Shown, Reply, Taken),
    Undo(Uuid, Taken),
    Set(Uuid, Uuid, SetChange, Taken),
    Retry,
    Stop,
}

/// The client's task.
pub(crate) struct Shell {
    core: Core,
    server: RawOptions,
    token_source: Option<TokenSource>,
    journal: Option<Journal>,
    asked: mpsc::Receiver<Asked>,
    events: mpsc::Sender<Event>,
    pending: VecDeque<Event>,
    socket: Option<RawSocket>,
    /// The socket takes nothing more; what it still gives is read.
    mute: bool,
    connecting: Option<Later<Result<RawSocket, ConnectError>>>,
    token: Option<Later<Result<String, String>>>,
    began: Instant,
}

/// What woke the task.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Woken {
    Asked(Option<Asked>),
    Incoming(Incoming),
    Connected(Result<RawSocket, ConnectError>),
    Token(Result<String, String>),
    Told,
    Deadline,
}

impl Shell {
    pub(crate) fn new(
        config: CoreConfig,
        restored: Restored,
        server: RawOptions,
        token_source: Option<TokenSource>,
        journal: Option<Journal>,
        asked: mpsc::Receiver<Asked>,
        events: mpsc::Sender<Event>,
    ) -> Shell {
        let began = Instant::now();
        Shell {
            core: Core::new(config, restored, now(began)),
            server,
            token_source,
            journal,
            asked,
            events,
            pending: VecDeque::new(),
            socket: None,
            mute: false,
            connecting: None,
            token: None,
            began,
        }
    }

    pub(crate) async fn run(mut self) {
        self.input(Input::Tick).await;
        loop {
            match self.woken().await {
                Woken::Asked(None | Some(Asked::Stop)) => break,
                Woken::Asked(Some(asked)) => self.intent(asked).await,
                Woken::Incoming(incoming) => self.incoming(incoming).await,
                Woken::Connected(connected) => self.connected(connected).await,
                Woken::Token(token) => {
                    self.token = None;
                    self.input(Input::Token(token)).await;
                }
                Woken::Told => {}
                Woken::Deadline => self.input(Input::Tick).await,
            }
        }
        self.end().await;
    }

    async fn woken(&mut self) -> Woken {
        let now = self.now();
        let wait = self.core.next_deadline().map(|at| Duration::from_millis(at.saturating_sub(now.tick_ms)));
        let may_read = self.pending.len() < PENDING_EVENTS_MAX;
        let may_ask = self.pending.len() < PENDING_ASKED_MAX;
        tokio::select! {
            asked = self.asked.recv(), if may_ask => Woken::Asked(asked),
            room = self.events.reserve(), if !self.pending.is_empty() => {
                match (room, self.pending.pop_front()) {
                    (Ok(room), Some(event)) => room.send(event),
                    // Nobody listens: what happens is told to nobody.
                    (Err(_), _) => self.pending.clear(),
                    (Ok(_), None) => {}
                }
                Woken::Told
            }
            incoming = received(&mut self.socket), if may_read => Woken::Incoming(incoming),
            connected = done(&mut self.connecting) => Woken::Connected(connected),
            token = done(&mut self.token) => Woken::Token(token),
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => Woken::Deadline,
        }
    }

    async fn intent(&mut self, asked: Asked) {
        let now = self.now();
        let mut out = Vec::new();
        let (core, actions) = (&mut self.core, &mut out);
        let taken = match asked {
            Asked::Start(start) => {
                core.start(now, start, actions);
                None
            }
            Asked::Answer(shown, reply, taken) => Some((core.answer(now, shown, reply, actions), taken)),
            Asked::Undo(of, taken) => Some((core.undo(now, of, actions), taken)),
            Asked::Set(deck, card, change, taken) => {
                Some((core.set(now, deck, card, change, actions), taken))
            }
            Asked::Retry => {
                core.handle(now, Input::Retry, actions);
                None
            }
            Asked::Stop => None,
        };
        self.perform(out).await;
        if let Some((result, taken)) = taken {
            // The asker may have gone; the command is in the outbox all the same.
            let _ = taken.send(result);
        }
    }

    async fn incoming(&mut self, incoming: Incoming) {
        let input = match incoming {
            Incoming::Text(text) => Input::Text(text),
            Incoming::Binary(_) | Incoming::Control => Input::Heard,
            Incoming::Closed { code, reason } => {
                self.socket = None;
                Input::Closed { code, reason }
            }
        };
        self.input(input).await;
    }

    async fn connected(&mut self, connected: Result<RawSocket, ConnectError>) {
        self.connecting = None;
        let input = match connected {
            Ok(socket) => {
                self.socket = Some(socket);
                self.mute = false;
                Input::Connected
            }
            Err(error) => {
                let (status, retry_after_ms) = match &error {
                    ConnectError::Refused { status, retry_after_s } => {
                        (Some(*status), retry_after_s.map(|seconds| seconds.saturating_mul(1_000)))
                    }
                    // As final as a refusal: another try asks for the same.
                    ConnectError::BadUrl(_) | ConnectError::NoTls(_) | ConnectError::BadHeader(_) => {
                        (Some(400), None)
                    }
                    ConnectError::Io(_) | ConnectError::Handshake(_) | ConnectError::TimedOut => (None, None),
                };
                Input::ConnectFailed { status, retry_after_ms, reason: error.to_string() }
            }
        };
        self.input(input).await;
    }

    async fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.core.handle(self.now(), input, &mut out);
        self.perform(out).await;
    }

    /// Does what the core wants, in order. A send that fails becomes an input, whose actions follow.
    async fn perform(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        let mut records = Vec::new();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Persist(record) => records.push(record),
                Action::Send(text) => {
                    self.persist(std::mem::take(&mut records)).await;
                    if let Err(reason) = self.send(text).await {
                        self.socket = None;
                        let mut more = Vec::new();
                        self.core.handle(self.now(), Input::Closed { code: None, reason }, &mut more);
                        // What was still to be sent was for the socket that is gone.
                        actions.retain(|action| !matches!(action, Action::Send(_) | Action::Close));
                        actions.extend(more);
                    }
                }
                Action::Connect => {
                    let server = self.server.clone();
                    self.connecting = Some(Box::pin(async move { RawSocket::connect(&server).await }));
                }
                Action::Close => self.close().await,
                Action::GetToken => self.get_token(),
                Action::Tell(event) => {
                    if let Event::Welcome(welcome) = &event
                        && let Some(node) = &welcome.node
                    {
                        self.server.toward(node);
                    }
                    self.pending.push_back(event);
                }
            }
        }
        self.persist(records).await;
    }

    /// A send that fails often means that a close frame has come: it is found by reading on, after the
    /// verdicts before it.
    async fn send(&mut self, text: String) -> Result<(), String> {
        let Some(socket) = self.socket.as_mut().filter(|_| !self.mute) else { return Ok(()) };
        match tokio::time::timeout(SEND_WITHIN, socket.send_text(text)).await {
            Ok(sent) => self.mute = sent.is_err(),
            Err(_elapsed) => return Err("the server does not read".to_owned()),
        }
        Ok(())
    }

    async fn close(&mut self) {
        self.connecting = None;
        if let Some(mut socket) = self.socket.take() {
            // Whether the other side still hears it does not matter.
            let _ = tokio::time::timeout(CLOSE_WITHIN, socket.close(1000, "")).await;
        }
    }

    fn get_token(&mut self) {
        self.token = Some(match &self.token_source {
            Some(source) => source(),
            None => Box::pin(std::future::ready(Err("the token has expired".to_owned()))),
        });
    }

    /// Writes to the outbox file on a thread that may wait.
    async fn persist(&mut self, records: Vec<Record>) {
        if records.is_empty() {
            return;
        }
        let Some(mut journal) = self.journal.take() else { return };
        let written = tokio::task::spawn_blocking(move || {
            let written = journal.append(&records);
            (journal, written)
        });
        match written.await {
            Ok((journal, written)) => {
                self.journal = Some(journal);
                if let Err(error) = written {
                    self.pending.push_back(Event::OutboxFailed(error.to_string()));
                }
            }
            Err(join) => self.pending.push_back(Event::OutboxFailed(join.to_string())),
        }
    }

    async fn end(&mut self) {
        let mut out = Vec::new();
        self.core.stop(&mut out);
        self.perform(out).await;
        while let Some(event) = self.pending.pop_front() {
            // Whoever still listens hears the end; nobody is waited for.
            if self.events.try_send(event).is_err() {
                return;
            }
        }
    }

    fn now(&self) -> Now {
        now(self.began)
    }
}

fn now(began: Instant) -> Now {
    let tick_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { tick_ms, wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX) }
}

/// What a socket gives; never, without one.
async fn received(socket: &mut Option<RawSocket>) -> Incoming {
    match socket {
        Some(socket) => socket.recv().await,
        None => std::future::pending().await,
    }
}

/// The result of what is on its way; never, when nothing is.
async fn done<T>(later: &mut Option<Later<T>>) -> T {
    match later {
        Some(later) => later.await,
        None => std::future::pending().await,
    }
}
