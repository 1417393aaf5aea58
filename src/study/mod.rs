//! `studyhall study`: a learner studies in a terminal, or by lines where there is none.
//!
//! The `desk` is a pure model of what lies before the learner, `view` its text; only this file, the
//! terminal and the lines' threads touch the world.

pub(crate) mod desk;
mod html;
mod lines;
mod place;
pub(crate) mod terminal;
mod view;

use client::{Client, Config, EventStream, Gone, Handle, JournalError, Stopped};
use desk::{Deed, Desk, Line};
use lines::Printer;
use protocol::{Filter, Mode, Start};
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use terminal::{Terminal, Typed};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Lines read ahead from standard input.
const LINES_AHEAD_MAX: usize = 1;
/// How often the screen is drawn when nothing happens: for the seconds until the next attempt.
const REDRAW_EVERY: Duration = Duration::from_secs(1);

/// What to study, and where.
#[derive(Clone, Debug)]
pub struct StudyOptions {
    /// `http://host:port` of the server.
    pub server: String,
    /// A JWT of the learner.
    pub token: String,
    /// Only these decks (and those below them); empty = all.
    pub decks: Vec<Uuid>,
    /// Only cards with one of these tags; empty = all.
    pub tags: Vec<String>,
    /// Only these cards.
    pub filter: Option<Filter>,
    /// How cards are asked; `None` = as their decks say.
    pub mode: Option<Mode>,
    /// Where to keep what is not saved yet; `None` = in the user's state folder.
    pub outbox: Option<PathBuf>,
    /// Lines instead of a screen, even in a terminal.
    pub plain: bool,
}

/// Why studying ended badly. What was answered and not saved stays in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// There is no place for the outbox.
    #[error("no place to keep answers that are not saved yet: set HOME or name a file")]
    NoPlace,
    /// The outbox cannot be used.
    #[error(transparent)]
    Outbox(#[from] JournalError),
    /// Terminal or standard input.
    #[error("the terminal: {0}")]
    Terminal(#[from] std::io::Error),
    /// The server cannot be reached at all (lines only: a screen goes on trying).
    #[error("cannot reach {server}: {reason}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The server does not want this client any more.
    #[error("{why}{}", unsaved_words(*unsaved))]
    Stopped {
        /// Why.
        why: String,
        /// Answers in the outbox.
        unsaved: usize,
    },
    /// The client's task is gone.
    #[error("the client has ended")]
    ClientGone,
}

/// Studies until the learner quits, or (by lines) until the input ends or nothing is left.
///
/// # Errors
/// [`StudyError`].
pub async fn run(options: StudyOptions) -> Result<(), StudyError> {
    let on_screen = !options.plain && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let outbox = match &options.outbox {
        Some(path) => path.clone(),
        None => {
            place::outbox_path(&options.server, |name| std::env::var_os(name)).ok_or(StudyError::NoPlace)?
        }
    };
    place::make_folder_of(&outbox)?;
    let config = Config {
        outbox: Some(outbox),
        sync_outbox: true,
        ..Config::new(&options.server, options.token.clone())
    };
    let (handle, events) = Client::connect(config).await?;
    let start = Start {
        sitting: new_sitting(),
        decks: (!options.decks.is_empty()).then(|| options.decks.clone()),
        tags: options.tags.clone(),
        filter: options.filter,
        mode: options.mode,
        ..Start::default()
    };
    handle.start(start).await.map_err(|_| StudyError::ClientGone)?;
    let study = Study { server: options.server, handle, events, desk: Desk::new(), began: Instant::now() };
    if on_screen { study.on_screen().await } else { study.by_lines().await }
}

/// What there is to say of answers that wait.
fn unsaved_words(unsaved: usize) -> String {
    match unsaved {
        0 => String::new(),
        1 => "; 1 answer is not saved and will be sent next time".to_owned(),
        many => format!("; {many} answers are not saved and will be sent next time"),
    }
}

/// A UUIDv7 of now.
fn new_sitting() -> Uuid {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut random = [0; 10];
    random.copy_from_slice(&Uuid::new_v4().as_bytes()[..10]);
    protocol::id_from_parts(u64::try_from(now.as_millis()).unwrap_or_default(), random)
}

/// One run of the program.
struct Study {
    server: String,
    handle: Handle,
    events: EventStream,
    desk: Desk,
    began: Instant,
}

impl Study {
    async fn on_screen(mut self) -> Result<(), StudyError> {
        let (taken, mut keys) = Terminal::take()?;
        while !self.desk.is_over() {
            let lines = view::screen(&self.desk, self.tick_ms(), Terminal::width());
            let drawn = tokio::task::spawn_blocking(move || Terminal::draw(&lines)).await;
            drawn.map_err(std::io::Error::other)??;
            tokio::select! {
                event = self.events.next() => {
                    let event = event.ok_or(StudyError::ClientGone)?;
                    self.desk.event(self.tick_ms(), event);
                }
                typed = keys.recv() => match typed {
                    Some(Typed::Key(key)) => self.press(key).await?,
                    Some(Typed::Resized) => {}
                    None => return Err(StudyError::ClientGone),
                },
                () = tokio::time::sleep(REDRAW_EVERY) => {}
            }
            if self.desk.is_leaving() && matches!(self.desk.line, Line::Stopped(_)) {
                break;
            }
        }
        drop(taken);
        println!("{}", lines::summary(&self.desk));
        self.leave().await
    }

    async fn by_lines(mut self) -> Result<(), StudyError> {
        let mut input = lines_of_stdin()?;
        let mut printer = Printer::default();
        while !self.desk.is_over() {
            for note in printer.notes(&self.desk, self.tick_ms()) {
                eprintln!("{note}");
            }
            for line in printer.cards(&self.desk) {
                println!("{line}");
            }
            self.give_up_if_hopeless()?;
            let wants_line = self.desk.is_ready() && !self.desk.is_leaving();
            if self.desk.done.is_some() && !self.desk.is_leaving() {
                self.press(desk::Key::Quit).await?;
                continue;
            }
            tokio::select! {
                event = self.events.next() => {
                    let event = event.ok_or(StudyError::ClientGone)?;
                    self.desk.event(self.tick_ms(), event);
                }
                line = input.recv(), if wants_line => self.line(line).await?,
            }
        }
        println!("{}", lines::summary(&self.desk));
        self.leave().await
    }

    /// One line of input; `None` is its end.
    async fn line(&mut self, line: Option<String>) -> Result<(), StudyError> {
        let Some(line) = line else { return self.press(desk::Key::Quit).await };
        match lines::keys_for(&self.desk, &line) {
            Ok(keys) => {
                for key in keys {
                    self.press(key).await?;
                }
            }
            Err(sentence) => eprintln!("{sentence}"),
        }
        Ok(())
    }

    /// A script must not wait for a server that was never there, or that has sent it away.
    fn give_up_if_hopeless(&self) -> Result<(), StudyError> {
        match &self.desk.line {
            // Without another attempt it is the client that has been sent away: it says so next.
            Line::Broken { reason, retry_at: Some(_) } if !self.desk.welcomed => {
                Err(StudyError::Unreachable { server: self.server.clone(), reason: reason.clone() })
            }
            Line::Stopped(why) => Err(self.stopped(why)),
            Line::Broken { .. } | Line::Connecting | Line::Online => Ok(()),
        }
    }

    async fn press(&mut self, key: desk::Key) -> Result<(), StudyError> {
        let Some(deed) = self.desk.key(self.tick_ms(), key) else { return Ok(()) };
        let done = match deed.clone() {
            Deed::Answer(shown, reply) => self.handle.answer(shown, reply).await,
            Deed::Set(deck_id, card_id, change) => self.handle.set(deck_id, card_id, change).await,
            Deed::Undo(of) => self.handle.undo(of).await,
            Deed::Retry => return self.handle.retry().await.map_err(|_| StudyError::ClientGone),
        };
        match done {
            Ok(id) => self.desk.did(&deed, id),
            Err(Gone::NotTaken(why)) => self.desk.message = Some(why.to_string()),
            Err(Gone::Stopped) => return Err(StudyError::ClientGone),
        }
        Ok(())
    }

    /// Ends the client; a server that sent it away is an error.
    async fn leave(mut self) -> Result<(), StudyError> {
        let stopped = match &self.desk.line {
            Line::Stopped(why) => Err(self.stopped(why)),
            Line::Broken { .. } | Line::Connecting | Line::Online => Ok(()),
        };
        if self.handle.stop().await.is_ok() {
            while self.events.next().await.is_some() {}
        }
        stopped
    }

    fn stopped(&self, why: &Stopped) -> StudyError {
        StudyError::Stopped { why: view::stopped(why), unsaved: self.desk.unsaved }
    }

    fn tick_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Standard input line by line, read by a thread that may wait for ever.
fn lines_of_stdin() -> std::io::Result<mpsc::Receiver<String>> {
    let (lines, input) = mpsc::channel(LINES_AHEAD_MAX);
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(input)
}
