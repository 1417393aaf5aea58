//! The client of the study socket: it reconnects, keeps an outbox, sends again until there is a verdict, and
//! notices when a server breaks its promises.
//!
//! * [`Core`] is the whole client as a pure machine: inputs, intents and time go in, [`Action`]s come out.
//! * [`Client::connect`] runs a core over a real socket and gives a [`Handle`] and an [`EventStream`].
//! * [`Verdicts`] and [`Held`] are the two books that a client keeps of one socket; load generators and tests
//!   that drive a [`RawSocket`] themselves use them as oracles.

mod backoff;
mod core;
mod event;
mod handle;
mod held;
mod ids;
mod journal;
mod outbox;
mod random;
mod raw;
mod record;
mod shell;
pub mod source;
mod verdicts;
mod violation;

pub use crate::core::{Action, Core, CoreConfig, Input, IntentError, Now, Shown};
pub use backoff::Backoff;
pub use event::{Event, Events, SetAside, Stopped};
pub use handle::{Client, Config, EventStream, Gone, Handle, TokenSource};
pub use held::Held;
pub use ids::IdMaker;
pub use journal::{Journal, JournalError};
pub use random::Random;
pub use raw::{ConnectError, Incoming, RawError, RawOptions, RawSocket};
pub use record::{Record, Restored, RestoredEntry};
pub use verdicts::Verdicts;
pub use violation::Violation;
