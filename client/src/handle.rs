//! The client for programs: a handle to act with, a stream of what happens.

use crate::core::{CoreConfig, IntentError, Shown};
use crate::event::Event;
use crate::journal::{Journal, JournalError};
use crate::random::Random;
use crate::raw::RawOptions;
use crate::record::Restored;
use crate::shell::{Asked, Shell};
use protocol::{Reply, SetChange, Start};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Intents on their way to the client's task; a full channel makes the caller wait.
const INTENTS_MAX: usize = 64;
/// Events on their way to the user; while they wait, the client reads nothing more from its socket.
const EVENTS_MAX: usize = 256;

/// Gets a new token; the error says why there is none, for people.
pub type TokenSource =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync>;

/// How to study.
#[derive(Clone)]
pub struct Config {
    /// The server, and how to reach it.
    pub server: RawOptions,
    /// A JWT.
    pub token: String,
    /// Where new tokens come from; `None` stops the client when this one has expired.
    pub token_source: Option<TokenSource>,
    /// The device's IANA zone, for learners without one.
    pub zone: Option<String>,
    /// Whose device this is, when that is known before the first connection.
    pub user: Option<Uuid>,
    /// Where the outbox is kept; `None` keeps it in memory, and a crash loses what is not saved.
    pub outbox: Option<PathBuf>,
    /// Whether each write to the outbox waits for the disk.
    pub sync_outbox: bool,
}

impl Config {
    /// The server at `url` with this token and an outbox in memory.
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Config {
        Config {
            server: RawOptions::new(url),
            token: token.into(),
            token_source: None,
            zone: None,
            user: None,
            outbox: None,
            sync_outbox: false,
        }
    }
}

/// Starts clients.
#[derive(Debug)]
pub struct Client;

impl Client {
    /// Starts a client on the current tokio runtime. It connects by itself, and again and again; it ends when
    /// the handle and all its clones are dropped, or with [`Handle::stop`].
    ///
    /// # Errors
    /// When the outbox cannot be opened. A server that cannot be reached is no error but an event.
    pub async fn connect(config: Config) -> Result<(Handle, EventStream), JournalError> {
        let (journal, restored) = match config.outbox.clone() {
            Some(path) => {
                let sync = config.sync_outbox;
                let (journal, restored) = open_journal(path, sync).await?;
                (Some(journal), restored)
            }
            None => (None, Restored::default()),
        };
        let (intents, asked) = mpsc::channel(INTENTS_MAX);
        let (events, stream) = mpsc::channel(EVENTS_MAX);
        let instance = Uuid::new_v4();
        let core =
            CoreConfig { token: config.token, instance, zone: config.zone, user: config.user, seed: seed() };
        let shell = Shell::new(core, restored, config.server, config.token_source, journal, asked, events);
        tokio::spawn(shell.run());
        Ok((Handle { intents }, EventStream { events: stream }))
    }
}

async fn open_journal(path: PathBuf, sync: bool) -> Result<(Journal, Restored), JournalError> {
    let at = path.clone();
    let opened = tokio::task::spawn_blocking(move || Journal::open(&path, sync)).await;
    opened.unwrap_or_else(|join| {
        let source = std::io::Error::other(join);
        Err(JournalError::Io { path: at, doing: "opened", source })
    })
}

fn seed() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    Random::seeded(high ^ low).bits()
}

/// The client is gone: it was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// The task has ended.
    #[error("the client has stopped")]
    Stopped,
    /// The intent was not taken.
    #[error(transparent)]
    NotTaken(#[from] IntentError),
}

/// Acts for the learner. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    intents: mpsc::Sender<Asked>,
}

impl Handle {
    /// Begins a sitting, now or as soon as there is a connection, and again after each reconnect.
    ///
    /// # Errors
    /// [`Gone::Stopped`].
    pub async fn start(&self, start: Start) -> Result<(), Gone> {
        self.tell(Asked::Start(start)).await
    }

    /// Answers a card; gives the id of the answer, which is in the outbox then.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn answer(&self, shown: Shown, reply: Reply) -> Result<Uuid, Gone> {
        self.ask(|done| Asked::Answer(shown, reply, done)).await
    }

    /// Takes back an answer or a set.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn undo(&self, of: Uuid) -> Result<Uuid, Gone> {
        self.ask(|done| Asked::Undo(of, done)).await
    }

    /// Sets a property of a card.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn set(&self, deck_id: Uuid, card_id: Uuid, change: SetChange) -> Result<Uuid, Gone> {
        self.ask(|done| Asked::Set(deck_id, card_id, change, done)).await
    }

    /// Tries to connect now instead of waiting.
    ///
    /// # Errors
    /// [`Gone::Stopped`].
    pub async fn retry(&self) -> Result<(), Gone> {
        self.tell(Asked::Retry).await
    }

    /// Ends the client; what has no verdict stays in the outbox.
    ///
    /// # Errors
    /// [`Gone::Stopped`] when it has ended already.
    pub async fn stop(&self) -> Result<(), Gone> {
        self.tell(Asked::Stop).await
    }

    async fn tell(&self, asked: Asked) -> Result<(), Gone> {
        self.intents.send(asked).await.map_err(|_| Gone::Stopped)
    }

    async fn ask(
        &self,
        asked: impl FnOnce(oneshot::Sender<Result<Uuid, IntentError>>) -> Asked,
    ) -> Result<Uuid, Gone> {
        let (done, answer) = oneshot::channel();
        self.tell(asked(done)).await?;
        Ok(answer.await.map_err(|_| Gone::Stopped)??)
    }
}

/// What happens to a client. While nobody reads it, the client stops reading its socket.
#[derive(Debug)]
pub struct EventStream {
    events: mpsc::Receiver<Event>,
}

impl EventStream {
    /// The next event, or `None` when the client has ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}
