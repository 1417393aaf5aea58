//! What a server must never do.

use uuid::Uuid;

/// A promise of the protocol that the server broke on this socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// `saved` went back.
    #[error("saved fell from {from} to {to}")]
    SavedFell {
        /// Before.
        from: u64,
        /// Now.
        to: u64,
    },
    /// `saved` covers commands that were never sent.
    #[error("saved {seq}, but only {sent} were sent")]
    SavedTooFar {
        /// What it said.
        seq: u64,
        /// The last one sent.
        sent: u64,
    },
    /// A refusal of a command that was never sent.
    #[error("a verdict for seq {seq}, which was never sent")]
    VerdictOfNothing {
        /// Its seq.
        seq: u64,
    },
    /// A refusal of a command that has its verdict.
    #[error("a second verdict for seq {seq}")]
    SecondVerdict {
        /// Its seq.
        seq: u64,
    },
    /// A refusal whose id is not that of its seq.
    #[error("the verdict for seq {seq} names {named}, not {sent}")]
    WrongId {
        /// Its seq.
        seq: u64,
        /// What was sent.
        sent: Uuid,
        /// What the server named.
        named: Uuid,
    },
    /// A verdict without `final`.
    #[error("the verdict for seq {seq} does not say whether it is final")]
    NoFinal {
        /// Its seq.
        seq: u64,
    },
    /// A card was dealt that is held.
    #[error("card {0} was dealt while it was held")]
    HeldTwice(Uuid),
    /// More cards than asked for.
    #[error("{held} cards are held, asked for were {window}")]
    WindowExceeded {
        /// Cards held now.
        held: usize,
        /// Asked for.
        window: usize,
    },
    /// `done` while cards are held.
    #[error("done, while {0} cards are held")]
    DoneTooEarly(usize),
    /// A frame that cannot be read.
    #[error("an unreadable frame: {0}")]
    Unreadable(String),
    /// A frame that may not come before `welcome`, or a second `welcome`.
    #[error("`{0}` at the wrong time")]
    OutOfTurn(&'static str),
}
