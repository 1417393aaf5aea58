//! The bytes on the wire: every frame of the study socket in both directions, the error and close codes,
//! the limits that both sides count on, and nothing that decides anything.
//!
//! * A server reads with [`decode_client`] (and [`decode_command`] for HTTP) and writes with [`write_card`],
//!   [`write_saved`], [`write_changed`] and [`ServerFrame::write`].
//! * The monitor socket has [`decode_teacher`] and [`MonitorFrame`].
//! * A client writes with [`ClientFrame::encode`] and reads with [`ServerFrame::decode`].
//!
//! `docs/PROTOCOL.md` is the contract in words; `examples/` holds one JSON file a frame, which a test parses,
//! encodes again and finds quoted in that document. No clock, no I/O, no randomness.

mod card;
mod class;
mod client_frame;
mod close_code;
mod command;
mod content;
mod day;
mod decode;
mod error_code;
mod fault;
mod ids;
pub mod limits;
mod monitor;
mod probe;
mod server_codec;
mod server_frame;
mod strict;
mod teach;
mod text;
mod wire;

pub use card::{Card, CardState, Counts, Kind, Media, Mode, Outcome, OutcomeList};
pub use class::{Ask, ClassDocument, LessonState};
pub use client_frame::{Allowance, Auth, ClientFrame, Filter, Hello, Numbered, Start};
pub use close_code::{CloseCode, Next, next_after};
pub use command::{
    Answer, Body, Command, Confidence, Grade, GradeOutOfRange, Reply, Response, Set, SetChange, Undo,
};
pub use content::{
    CardContent, CardTail, ContentTooLarge, GradedTail, encode_fragment, write_card, write_card_fields,
    write_graded,
};
pub use day::{BadDay, Day};
pub use decode::{Broken, decode_client, decode_command, decode_teacher};
pub use error_code::ErrorCode;
pub use fault::{JsonFault, from_json};
pub use ids::{id_from_parts, id_time_ms, is_command_id};
pub use monitor::{
    AskCell, Bar, CardCell, Changes, MinuteCell, MonitorFrame, Picture, Presence, RoundCell, Rows,
    Struggling, StudentCell, TotalsCell, WrongCell,
};
pub use server_codec::{BadServerFrame, write_changed, write_saved};
pub use server_frame::{
    ChangeReason, Changed, DeckCounts, Done, ErrorFrame, Goodbye, Graded, GradedResult, Queue, Renewed,
    Saved, ServerFrame, Slip, Welcome, WelcomeLimits,
};

pub use teach::{Teach, TeacherFrame, Teaching};

/// The sub-protocol that a client asks for in `Sec-WebSocket-Protocol`; without it the handshake is a 400.
pub const SUBPROTOCOL: &str = "studyhall.v1";

/// The version that the sub-protocol names. It changes only when something is taken away.
pub const VERSION: u32 = 1;

/// Path of the study socket.
pub const STUDY_PATH: &str = "/ws/v1/study";

/// The word in `welcome.features` for cards that are typed and chosen.
pub const CHECKED_MODES: &str = "checked_modes";

/// The word in `welcome.features` for live lessons.
pub const LIVE_CLASS: &str = "live_class";

/// Path of a class's monitor socket, with the class between.
pub const MONITOR_PATH: [&str; 2] = ["/ws/v1/classes/", "/monitor"];
