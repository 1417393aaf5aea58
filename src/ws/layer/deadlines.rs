//! When something about a socket will be too late.

use std::cell::Cell;
use std::time::Duration;

use super::clock::Tick;
use super::options::SocketOptions;

/// The deadlines of one socket.
pub(super) struct Deadlines {
    heard_at: Cell<Tick>,
    silence_max: Option<Duration>,
    sign_in: Cell<Option<Tick>>,
    /// Since when the kernel has taken nothing, while more output than allowed waits.
    stalled_at: Cell<Option<Tick>>,
    stall_max: Duration,
    app: Cell<Option<Tick>>,
}

/// A deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    SignIn,
    Silence,
    Stall,
}

impl Passed {
    /// What the peer is told.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::SignIn => "no sign-in in time",
            Self::Silence => "nothing was heard for too long",
            Self::Stall => "the peer does not read what it is sent",
        }
    }
}

impl Deadlines {
    /// The deadlines of a socket that opens now.
    pub fn new(start: Tick, options: &SocketOptions) -> Self {
        Self {
            heard_at: Cell::new(start),
            silence_max: options.silence_max,
            sign_in: Cell::new(options.sign_in_max.map(|wait| start.after(wait))),
            stalled_at: Cell::new(None),
            stall_max: options.stall_max,
            app: Cell::new(None),
        }
    }

    /// Something was heard.
    pub fn heard(&self, now: Tick) {
        self.heard_at.set(now);
    }

    /// The sign-in has begun, or is done.
    pub fn signed_in(&self) {
        self.sign_in.set(None);
    }

    /// The kernel took something.
    pub fn wrote(&self) {
        self.stalled_at.set(None);
    }

    /// More output than allowed waits, or does not.
    pub fn set_clogged(&self, clogged: bool, now: Tick) {
        self.stalled_at.set(match self.stalled_at.get() {
            _ if !clogged => None,
            None => Some(now),
            since => since,
        });
    }

    /// Sets the app's alarm.
    pub fn set_app(&self, due: Option<Tick>) {
        self.app.set(due);
    }

    /// Takes the app's alarm if its time has come.
    pub fn take_app(&self, now: Tick) -> bool {
        let due = self.app.get().is_some_and(|due| due <= now);
        if due {
            self.app.set(None);
        }
        due
    }

    /// The first deadline that has passed, the app's alarm apart.
    pub fn passed(&self, now: Tick) -> Option<Passed> {
        [
            (self.sign_in.get(), Passed::SignIn),
            (self.silence(), Passed::Silence),
            (self.stall(), Passed::Stall),
        ]
        .into_iter()
        .find_map(|(due, what)| due.filter(|due| *due <= now).map(|_| what))
    }

    /// The next deadline.
    pub fn next(&self) -> Tick {
        [self.sign_in.get(), self.silence(), self.stall(), self.app.get()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Tick::NEVER)
    }

    fn silence(&self) -> Option<Tick> {
        self.silence_max.map(|wait| self.heard_at.get().after(wait))
    }

    fn stall(&self) -> Option<Tick> {
        self.stalled_at.get().map(|since| since.after(self.stall_max))
    }
}
