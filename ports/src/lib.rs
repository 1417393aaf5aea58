//! What the heart needs from outside: traits, the shapes of batches, and their errors. Knows `domain` only.
//!
//! The hot port ([`ReviewStore`]) is generic with native async functions and awaited in exactly two places, the writer
//! and the loader: a future per commit and per activation, never per answer. The cold ports ([`Library`],
//! [`People`], [`Imports`], [`Lessons`], [`Media`], [`Notes`], [`Events`], [`Webhooks`], [`Papers`]) are objects with boxed futures, and so are those between nodes: the [`Bus`], and the [`Quota`] that rate
//! limits are counted by.

pub mod accounts;
pub mod archive;
pub mod bus;
pub mod codec;
pub mod error;
pub mod events;
pub mod imports;
pub mod lessons;
pub mod library;
pub mod media;
pub mod notes;
pub mod owners;
pub mod papers;
pub mod people;
pub mod portions;
pub mod quota;
pub mod register;
pub mod reviews;
pub mod webhooks;

pub use accounts::Account;
pub use bus::{Bus, BusStats, Heard, Note, Topic};
pub use error::{Cause, StoreError};
pub use events::{Event, EventId, EventKind, EventPage, Events, Feed, Happening, Told};
pub use imports::{ImportPhase, ImportRecord, Imports, ImportsError, RefusedRow};
pub use lessons::{Holder, Lessons, LessonsError, ReportHead, Taken};
pub use library::{
    CardQuery, CardRecord, CardSearch, DeckContent, DeckQuery, DeckRecord, Library, LibraryError,
};
pub use media::{Media, MediaDigest, MediaError, MediaRecord};
pub use notes::{NoteKind, NoteRecord, NoteTemplate, NoteTypeRecord, Notes, NotesError};
pub use owners::{NodeEntry, Owners, Tenures};
pub use papers::{Paper, PaperKey, PaperKind, Papers, PapersError};
pub use people::{ClassRecord, Grant, People, PeopleError, Person, Role, SignIn, Standing};
pub use quota::{Quota, QuotaKey, QuotaTaken};
pub use register::{Register, RegisterKey, Registered, RegisteredClass};
pub use reviews::{
    CardStates, LearnerLog, LogRange, Progress, ProgressWrite, Quarantined, ReviewStore, Row, RowOutcome,
    Shape, ToFold,
};
pub use webhooks::{Attempt, HookId, HookState, OldSecret, WebhookRecord, Webhooks, WebhooksError};

/// A boxed future, as the cold ports return.
pub type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
