//! What a server sends on the monitor socket beside the frames of every socket: a picture of a live lesson, and what
//! changed in it.

use crate::class::ClassDocument;
use crate::probe::{Probe, leading_tag};
use crate::server_codec::{BadServerFrame, fields};
use crate::server_frame::ServerFrame;
use crate::text::push_tagged;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One frame from server to teacher.
#[derive(Clone, Debug, PartialEq)]
pub enum MonitorFrame {
    /// Everything, or a part of it.
    Snapshot(Box<Picture>),
    /// What changed.
    Delta(Box<Changes>),
    /// `welcome`, `renewed`, `saved`, `error`, `beat`, `goodbye`, or a frame of a newer server.
    Common(Box<ServerFrame>),
}

/// A picture of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The version of the picture.
    pub version: u64,
    /// Further rows of this version follow in another `snapshot`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// What it shows.
    #[serde(flatten)]
    pub rows: Rows,
}

/// What changed from one version to another. Of each student and card that changed it holds the whole row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// The version that it follows; another one than is shown is a gap: reconnect.
    pub from: u64,
    /// The version to which it leads.
    pub to: u64,
    /// Further rows of this step follow in another `delta` with the same `from` and `to`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// What it shows.
    #[serde(flatten)]
    pub rows: Rows,
}

/// Rows of a picture. In a delta what is absent has not changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// The class document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassDocument>,
    /// Students.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub students: Vec<StudentCell>,
    /// Students who are no longer shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Uuid>,
    /// Cards with answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<CardCell>,
    /// Minutes of the last hour in which something was answered; in a delta those that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minutes: Vec<MinuteCell>,
    /// The commonest wrong answers, the commonest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<Vec<WrongCell>>,
    /// How the question comes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<AskCell>,
    /// The whole class.
    pub totals: TotalsCell,
    /// Answers that are not durable yet, in no other figure.
    pub unsaved: u64,
}

/// Whether a student is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// At work.
    Here,
    /// Connected and idle, or not heard of for a while.
    Away,
    /// Not there.
    Left,
    /// One of a newer server.
    #[serde(other)]
    Unknown,
}

/// Why a student needs help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struggling {
    /// `wrong_in_a_row`, `mostly_wrong` or `sure_and_wrong`; others may come.
    pub reason: String,
    /// How many wrong answers say so.
    pub wrong: u32,
    /// Of so many, where that is part of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
}

/// One student.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudentCell {
    /// Who.
    pub student_id: Uuid,
    /// The name; absent while names are hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the student is there.
    pub presence: Presence,
    /// The deck that is studied, or null.
    pub deck_id: Option<Uuid>,
    /// Answers in this lesson.
    pub answered: u32,
    /// Those with a grade of 3 and above.
    pub correct: u32,
    /// Correct ones in a row.
    pub streak: u32,
    /// Time an answer, ms.
    pub mean_ms: u32,
    /// When something was heard last, ms since 1970 UTC.
    pub last_seen: i64,
    /// Why help is needed, or null.
    pub struggling: Option<Struggling>,
    /// Wrong answers of which the student was sure.
    pub sure_and_wrong: u32,
    /// Share of the lesson's cards that is remembered, 0 to 1, or null.
    pub recall: Option<f64>,
    /// Extra time, percent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub extra_percent: u16,
    /// When all this was so, ms since 1970 UTC.
    pub as_of: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_zero(n: &u16) -> bool {
    *n == 0
}

/// One card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardCell {
    /// The deck.
    pub deck_id: Uuid,
    /// The card.
    pub card_id: Uuid,
    /// Answers of all students.
    pub answers: u32,
    /// Wrong ones.
    pub wrong: u32,
    /// How likely it is remembered, 0 to 1: the mean over those who know it, or null.
    pub recall: Option<f64>,
    /// Some of those who missed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed_by: Vec<Uuid>,
    /// When all this was so, ms since 1970 UTC.
    pub as_of: i64,
}

/// A wrong answer that was given, once or often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongCell {
    /// The card.
    pub card_id: Uuid,
    /// As one of them typed it.
    pub text: String,
    /// How often.
    pub times: u32,
    /// By how many students.
    pub students: u32,
}

/// A minute of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteCell {
    /// When it begins, ms since 1970 UTC.
    pub at: i64,
    /// Answers that were given in it.
    pub answered: u32,
    /// Correct ones.
    pub correct: u32,
}

/// The whole class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsCell {
    /// Students of the class.
    pub students: u32,
    /// Those who are there.
    pub here: u32,
    /// Answers.
    pub answered: u64,
    /// Correct ones.
    pub correct: u64,
    /// Wrong ones of which a student was sure.
    pub sure_and_wrong: u64,
    /// Time taken, ms.
    pub elapsed_ms: u64,
    /// Answers by grade, 0 to 5.
    pub grades: [u64; 6],
}

/// How a question comes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskCell {
    /// The question.
    pub ask_id: Uuid,
    /// The first vote, and the second if there is one.
    pub rounds: Vec<RoundCell>,
}

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundCell {
    /// Who has voted.
    pub votes: u32,
    /// Correct votes.
    pub correct: u32,
    /// The histogram, the most frequent first.
    pub bars: Vec<Bar>,
}

/// How often something was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// The grade, of a card that is turned over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<u8>,
    /// What was typed or chosen, in a checked mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How often.
    pub times: u32,
}

impl MonitorFrame {
    /// Appends the frame as JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            MonitorFrame::Snapshot(picture) => push_tagged(out, r#"{"type":"snapshot""#, picture),
            MonitorFrame::Delta(changes) => push_tagged(out, r#"{"type":"delta""#, changes),
            MonitorFrame::Common(frame) => frame.write(out),
        }
    }

    /// The frame as JSON text.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Reads one text message of a server on the monitor socket.
    ///
    /// # Errors
    /// [`BadServerFrame`] when the server breaks the protocol.
    pub fn decode(text: &str) -> Result<MonitorFrame, BadServerFrame> {
        let probed = leading_tag(text)
            .map(str::to_owned)
            .or_else(|| Probe::read(text).ok().and_then(|probe| probe.tag().map(|tag| tag.to_string())));
        match probed.as_deref() {
            Some(tag @ "snapshot") => Ok(MonitorFrame::Snapshot(fields(tag, text)?)),
            Some(tag @ "delta") => Ok(MonitorFrame::Delta(fields(tag, text)?)),
            Some(_) | None => ServerFrame::decode(text).map(|frame| MonitorFrame::Common(Box::new(frame))),
        }
    }
}
