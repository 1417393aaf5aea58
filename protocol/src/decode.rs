//! Reading what a client sent: fast when it is right, exact when it is wrong.
//!
//! The tag is looked at first, then one struct is parsed. Only when that fails is the text read a second time,
//! to tell a frame that can be refused by its `seq` and `id` from one that ends the socket.

use crate::client_frame::{Auth, ClientFrame, Numbered};
use crate::command::Command;
use crate::fault::{from_json, told};
use crate::probe::{Found, Probe, leading_tag};
use crate::teach::{Teach, TeachWire, TeacherFrame};
use crate::wire::{AnswerWire, AuthWire, BeatWire, CommandWire, HelloWire, SetWire, StartWire, UndoWire};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// How a frame is broken, and so what it costs its sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// No JSON object, no `type`, a command without a readable `seq` and `id`, or an unknown type with one that
    /// cannot be read: close 4508.
    #[error("{what}")]
    NotAFrame {
        /// A sentence for the log and the close frame.
        what: String,
    },
    /// A `type` that this version does not know. With a `seq`: a final verdict; without: a plain `error`.
    #[error("this server does not know frames of this `type`")]
    UnknownType {
        /// Its place among the commands of the socket, when it claims one.
        seq: Option<u64>,
        /// Its id, when it has one.
        id: Option<Uuid>,
    },
    /// A wrong field, or a key that is read and comes twice. With a `seq` on a socket, and with an `id` over HTTP, it
    /// is a final verdict, otherwise a plain `error`.
    #[error("{what}")]
    Malformed {
        /// Its place among the commands of the socket.
        seq: Option<u64>,
        /// The command's id.
        id: Option<Uuid>,
        /// A sentence for the client's author.
        what: String,
    },
}

/// Reads one text message of the study socket.
///
/// # Errors
/// [`Broken`], which says what the protocol does about it.
pub fn decode_client(text: &str) -> Result<ClientFrame, Broken> {
    if let Some(tag) = leading_tag(text) {
        return by_tag(tag, text);
    }
    let probe = Probe::read(text).map_err(|error| not_a_frame(&error))?;
    let Some(tag) = probe.tag() else { return Err(Broken::NotAFrame { what: "no `type`".into() }) };
    by_tag(&tag, text)
}

fn by_tag(tag: &str, text: &str) -> Result<ClientFrame, Broken> {
    match tag {
        "answer" => numbered::<AnswerWire>(text),
        "undo" => numbered::<UndoWire>(text),
        "set" => numbered::<SetWire>(text),
        "beat" => plain::<BeatWire>(text).map(|BeatWire { .. }| ClientFrame::Beat),
        "start" => plain::<StartWire>(text)?.validated().map(ClientFrame::Start),
        "hello" => plain::<HelloWire>(text)?.validated().map(ClientFrame::Hello),
        "auth" => plain::<AuthWire>(text).map(|auth| ClientFrame::Auth(Auth { token: auth.token })),
        _ => Err(unknown(text, Numbering::BySeq)),
    }
}

/// Reads one text message of a teacher on the monitor socket.
///
/// # Errors
/// [`Broken`], which says what the protocol does about it.
pub fn decode_teacher(text: &str) -> Result<TeacherFrame, Broken> {
    if let Some(tag) = leading_tag(text) {
        return teacher_by_tag(tag, text);
    }
    let probe = Probe::read(text).map_err(|error| not_a_frame(&error))?;
    let Some(tag) = probe.tag() else { return Err(Broken::NotAFrame { what: "no `type`".into() }) };
    teacher_by_tag(&tag, text)
}

fn teacher_by_tag(tag: &str, text: &str) -> Result<TeacherFrame, Broken> {
    match tag {
        "hello" | "auth" | "beat" => by_tag(tag, text).map(|frame| TeacherFrame::Common(Box::new(frame))),
        _ if Teach::TYPES.contains(&tag) => {
            parse::<TeachWire>(text, Numbering::BySeq)?.teaching(tag).map(TeacherFrame::Command)
        }
        _ => Err(unknown(text, Numbering::BySeq)),
    }
}

/// Reads one element of `POST reviews`: the fields of a command without `seq` (one that is there is ignored).
///
/// # Errors
/// [`Broken`] without any `seq`. `NotAFrame`, and `UnknownType` without an id, cannot be given a verdict: they
/// refuse the request.
pub fn decode_command(text: &str) -> Result<Command, Broken> {
    let probe = Probe::read(text).map_err(|error| not_a_frame(&error))?;
    let Some(tag) = probe.tag() else { return Err(Broken::NotAFrame { what: "no `type`".into() }) };
    match &*tag {
        "answer" => parse::<AnswerWire>(text, Numbering::None)?.command(None),
        "undo" => parse::<UndoWire>(text, Numbering::None)?.command(None),
        "set" => parse::<SetWire>(text, Numbering::None)?.command(None),
        _ => Err(unknown(text, Numbering::None)),
    }
}

/// Whether commands stand in a sequence here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    BySeq,
    None,
}

fn numbered<W: CommandWire>(text: &str) -> Result<ClientFrame, Broken> {
    let wire = parse::<W>(text, Numbering::BySeq)?;
    let Some(seq) = wire.seq() else { return Err(unreadable_head(Numbering::BySeq)) };
    Ok(ClientFrame::Command(Numbered { seq, command: wire.command(Some(seq))? }))
}

fn parse<W: DeserializeOwned>(text: &str, numbering: Numbering) -> Result<W, Broken> {
    from_json(text.as_bytes()).map_err(|fault| diagnose_command(text, numbering, fault.what))
}

fn diagnose_command(text: &str, numbering: Numbering, what: String) -> Broken {
    let probe = match Probe::read(text) {
        Ok(probe) => probe,
        Err(error) => return not_a_frame(&error),
    };
    let Found::Value(id) = probe.id() else { return unreadable_head(numbering) };
    match (numbering, probe.seq()) {
        (Numbering::None, _) => Broken::Malformed { seq: None, id: Some(id), what },
        (Numbering::BySeq, Found::Value(seq)) => Broken::Malformed { seq: Some(seq), id: Some(id), what },
        (Numbering::BySeq, Found::Absent | Found::Unreadable) => unreadable_head(numbering),
    }
}

fn plain<W: DeserializeOwned>(text: &str) -> Result<W, Broken> {
    from_json(text.as_bytes()).map_err(|fault| match Probe::read(text) {
        Ok(_) => malformed(fault.what),
        Err(error) => not_a_frame(&error),
    })
}

fn unknown(text: &str, numbering: Numbering) -> Broken {
    let probe = match Probe::read(text) {
        Ok(probe) => probe,
        Err(error) => return not_a_frame(&error),
    };
    let (seq, id) = match (numbering, probe.seq(), probe.id()) {
        (Numbering::None, _, id) => (None, id),
        (Numbering::BySeq, Found::Unreadable, _) | (Numbering::BySeq, _, Found::Unreadable) => {
            return unreadable_head(numbering);
        }
        (Numbering::BySeq, Found::Absent, id) => (None, id),
        (Numbering::BySeq, Found::Value(seq), id) => (Some(seq), id),
    };
    let id = match id {
        Found::Value(id) => Some(id),
        Found::Absent | Found::Unreadable => None,
    };
    if probe.is_repeated() {
        return Broken::Malformed { seq, id, what: "`type`, `seq` or `id` comes twice".into() };
    }
    Broken::UnknownType { seq, id }
}

fn unreadable_head(numbering: Numbering) -> Broken {
    let what = match numbering {
        Numbering::BySeq => "a command needs a `seq` (whole number) and an `id` (UUID)",
        Numbering::None => "a command needs an `id` (UUID)",
    };
    Broken::NotAFrame { what: what.into() }
}

fn not_a_frame(error: &serde_json::Error) -> Broken {
    Broken::NotAFrame { what: told(error, None).what }
}

pub(crate) fn malformed(what: impl Into<String>) -> Broken {
    Broken::Malformed { seq: None, id: None, what: what.into() }
}
