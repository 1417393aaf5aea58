//! The real terminal: raw keys in, whole screens out, and everything as it was when it is left.

use super::desk::Key;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::{cursor, execute, queue, style, terminal};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Keys that wait to be read; more are dropped, as nobody types ahead that far.
const KEYS_MAX: usize = 32;
/// How often the key thread looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the terminal gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A key with a meaning.
    Key(Key),
    /// Another size: draw anew.
    Resized,
}

/// The terminal in raw mode on its other screen, until it is dropped.
#[derive(Debug)]
pub struct Terminal {
    over: Arc<AtomicBool>,
}

impl Terminal {
    /// Takes the terminal and begins to read keys.
    ///
    /// # Errors
    /// The system's; the terminal is as it was then.
    pub fn take() -> io::Result<(Terminal, mpsc::Receiver<Typed>)> {
        terminal::enable_raw_mode()?;
        let over = Arc::new(AtomicBool::new(false));
        let taken = Terminal { over: Arc::clone(&over) };
        execute!(io::stdout(), terminal::EnterAlternateScreen, cursor::Hide)?;
        let (keys, typed) = mpsc::channel(KEYS_MAX);
        std::thread::Builder::new().name("keys".into()).spawn(move || read_keys(&over, &keys))?;
        Ok((taken, typed))
    }

    /// Columns of the terminal.
    pub fn width() -> usize {
        terminal::size().map_or(80, |(columns, _)| usize::from(columns))
    }

    /// Draws the whole screen. Waits for the terminal: not for an async thread.
    ///
    /// # Errors
    /// The system's.
    pub fn draw(lines: &[String]) -> io::Result<()> {
        let (columns, rows) = terminal::size()?;
        let mut out = io::BufWriter::new(io::stdout().lock());
        queue!(out, terminal::BeginSynchronizedUpdate)?;
        for (row, line) in (0..rows).zip(lines.iter().map(Some).chain(std::iter::repeat(None))) {
            let line = line.map_or("", String::as_str);
            let fitting: String = line.chars().take(usize::from(columns)).collect();
            queue!(out, cursor::MoveTo(0, row), style::Print(fitting))?;
            queue!(out, terminal::Clear(terminal::ClearType::UntilNewLine))?;
        }
        queue!(out, terminal::EndSynchronizedUpdate)?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // There is nobody left to tell when the terminal cannot be restored.
        let _ = execute!(io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

fn read_keys(over: &AtomicBool, keys: &mpsc::Sender<Typed>) {
    while !over.load(Ordering::Relaxed) {
        let event = match event::poll(LOOK_EVERY) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(_) => return,
        };
        let Some(typed) = event.ok().and_then(typed_by) else { continue };
        // Full means that nobody looks at the screen either.
        if let Err(mpsc::error::TrySendError::Closed(_)) = keys.try_send(typed) {
            return;
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys of another crate: all others mean nothing here")]
fn typed_by(event: Event) -> Option<Typed> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Typed::Key),
        Event::Resize(..) => Some(Typed::Resized),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys of another crate: all others mean nothing here")]
fn key_of(key: KeyEvent) -> Option<Key> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Key::Quit),
            KeyCode::Char('u') => Some(Key::Undo),
            _ => None,
        };
    }
    match key.code {
        KeyCode::Char(letter) => Some(Key::Letter(letter)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Backspace => Some(Key::Erase),
        KeyCode::Esc => Some(Key::Quit),
        _ => None,
    }
}
