//! Server frames to text and back. (`card`, the frequent one, is written by [`crate::write_card`].)

use crate::content::{CardTail, write_card_fields};
use crate::probe::{Probe, leading_tag};
use crate::server_frame::{Changed, Saved, ServerFrame};
use crate::text::{json, push_tagged, push_u64};
use serde::Deserialize;

/// Text that is no frame of a server.
#[derive(Debug, thiserror::Error)]
pub enum BadServerFrame {
    /// No JSON object with a `type`.
    #[error("no JSON object with a `type`")]
    NotAFrame,
    /// A known type whose fields are not as they should be.
    #[error("`{frame_type}` cannot be read: {source}")]
    Fields {
        /// The type.
        frame_type: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// Appends `saved`.
pub fn write_saved(out: &mut String, seq: u64) {
    out.push_str("{\"type\":\"saved\",\"seq\":");
    push_u64(out, seq);
    out.push('}');
}

/// Appends `changed`, with a card made of a stored fragment and a tail instead of `changed.card`.
pub fn write_changed(out: &mut String, changed: &Changed, card: Option<(&str, &CardTail<'_>)>) {
    push_tagged(out, r#"{"type":"changed""#, changed);
    if let Some((fragment, tail)) = card {
        out.pop();
        out.push_str(",\"card\":");
        write_card_fields(out, fragment, tail);
        out.push('}');
    }
}

impl ServerFrame {
    /// Appends the frame as JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            ServerFrame::Welcome(welcome) => push_tagged(out, r#"{"type":"welcome""#, welcome),
            ServerFrame::Renewed(renewed) => push_tagged(out, r#"{"type":"renewed""#, renewed),
            ServerFrame::Queue(queue) => push_tagged(out, r#"{"type":"queue""#, queue),
            ServerFrame::Card(card) => push_tagged(out, r#"{"type":"card""#, card),
            ServerFrame::Graded(graded) => push_tagged(out, r#"{"type":"graded""#, graded),
            ServerFrame::Saved(Saved { seq }) => write_saved(out, *seq),
            ServerFrame::Error(error) => push_tagged(out, r#"{"type":"error""#, error),
            ServerFrame::Changed(changed) => push_tagged(out, r#"{"type":"changed""#, changed),
            ServerFrame::Done(done) => push_tagged(out, r#"{"type":"done""#, done),
            ServerFrame::Class(class) => push_tagged(out, r#"{"type":"class""#, class),
            ServerFrame::Beat => out.push_str(r#"{"type":"beat"}"#),
            ServerFrame::Goodbye(goodbye) => push_tagged(out, r#"{"type":"goodbye""#, goodbye),
            ServerFrame::Unknown(frame_type) => {
                out.push_str("{\"type\":");
                out.push_str(&json(frame_type));
                out.push('}');
            }
        }
    }

    /// The frame as JSON text.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Reads one text message of a server; a `type` that this version does not know is
    /// [`ServerFrame::Unknown`].
    ///
    /// # Errors
    /// [`BadServerFrame`] when the server breaks the protocol.
    pub fn decode(text: &str) -> Result<ServerFrame, BadServerFrame> {
        if let Some(tag) = leading_tag(text) {
            return by_tag(tag, text);
        }
        let probe = Probe::read(text).map_err(|_| BadServerFrame::NotAFrame)?;
        let tag = probe.tag().ok_or(BadServerFrame::NotAFrame)?;
        by_tag(&tag, text)
    }
}

fn by_tag(tag: &str, text: &str) -> Result<ServerFrame, BadServerFrame> {
    Ok(match tag {
        "welcome" => ServerFrame::Welcome(fields(tag, text)?),
        "renewed" => ServerFrame::Renewed(fields(tag, text)?),
        "queue" => ServerFrame::Queue(fields(tag, text)?),
        "card" => ServerFrame::Card(fields(tag, text)?),
        "graded" => ServerFrame::Graded(fields(tag, text)?),
        "saved" => ServerFrame::Saved(fields(tag, text)?),
        "error" => ServerFrame::Error(fields(tag, text)?),
        "changed" => ServerFrame::Changed(fields(tag, text)?),
        "done" => ServerFrame::Done(fields(tag, text)?),
        "class" => ServerFrame::Class(fields(tag, text)?),
        "beat" => ServerFrame::Beat,
        "goodbye" => ServerFrame::Goodbye(fields(tag, text)?),
        _ => {
            Probe::read(text).map_err(|_| BadServerFrame::NotAFrame)?;
            ServerFrame::Unknown(tag.to_owned())
        }
    })
}

pub(crate) fn fields<T: for<'de> Deserialize<'de>>(tag: &str, text: &str) -> Result<T, BadServerFrame> {
    serde_json::from_str(text).map_err(|source| BadServerFrame::Fields { frame_type: tag.to_owned(), source })
}
