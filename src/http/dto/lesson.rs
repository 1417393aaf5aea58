//! Live lessons on the wire.

use domain::ids::{UserId, Uuid};
use domain::lesson::cell::Said;
use domain::lesson::output::{AskOutcome, CardRow, StudentRow, Totals};
use domain::lesson::report::Report;
use domain::lesson::struggle::Struggle;
use domain::lesson::{Document, LessonState, Record, Round};
use ports::ReportHead;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A class's lesson as it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct LessonOut {
    class_id: Uuid,
    /// The lesson that is on, or was last; null if there was none.
    lesson_id: Option<Uuid>,
    /// `open`, `paused` or `closed`.
    state: &'static str,
    /// Unix milliseconds.
    opened_at: Option<i64>,
    closed_at: Option<i64>,
    /// How long it has gone on, pauses left out, in milliseconds.
    active_ms: i64,
    /// Students whom a teacher removed from it.
    removed: Vec<Uuid>,
    /// What students see, as on the socket.
    document: Option<DocumentOut>,
}

/// The class document.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct DocumentOut {
    version: u64,
    message: Option<String>,
    ask: Option<AskOut>,
    assigned: Vec<AssignedOut>,
    hide_names: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AssignedOut {
    deck_id: Uuid,
    /// Empty for all of the deck.
    cards: Vec<Uuid>,
    /// Empty for everybody.
    to: Vec<Uuid>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AskOut {
    ask_id: Uuid,
    deck_id: Uuid,
    card_id: Uuid,
    round: u8,
    opened_at: i64,
    closes_at: i64,
}

const fn state(state: LessonState) -> &'static str {
    match state {
        LessonState::Open => "open",
        LessonState::Paused => "paused",
        LessonState::Closed => "closed",
    }
}

const fn round(round: Round) -> u8 {
    match round {
        Round::First => 1,
        Round::Second => 2,
    }
}

impl From<&domain::lesson::Ask> for AskOut {
    fn from(ask: &domain::lesson::Ask) -> AskOut {
        AskOut {
            ask_id: ask.id.0,
            deck_id: ask.deck.0,
            card_id: ask.card.0,
            round: round(ask.round),
            opened_at: ask.opened_ms,
            closes_at: ask.closes_ms,
        }
    }
}

impl From<&Document> for DocumentOut {
    fn from(document: &Document) -> DocumentOut {
        let assigned = document.assigned.iter().map(|assigned| AssignedOut {
            deck_id: assigned.deck.0,
            cards: assigned.cards.iter().map(|card| card.0).collect(),
            to: assigned.to.iter().map(|user| user.0).collect(),
        });
        DocumentOut {
            version: document.version,
            message: document.message.as_deref().map(str::to_owned),
            ask: document.ask.as_ref().map(AskOut::from),
            assigned: assigned.collect(),
            hide_names: document.hide_names,
        }
    }
}

impl LessonOut {
    /// The lesson of a class; one that never had any is closed.
    pub(in crate::http) fn of(class: Uuid, record: Option<&Record>, now_ms: i64) -> LessonOut {
        let had = record.filter(|record| record.document.lesson.is_some());
        LessonOut {
            class_id: class,
            lesson_id: had.and_then(|record| record.document.lesson).map(|lesson| lesson.0),
            state: state(had.map_or(LessonState::Closed, |record| record.document.state)),
            opened_at: had.map(|record| record.opened_ms),
            closed_at: had.and_then(|record| record.closed_ms),
            active_ms: had.map_or(0, |record| record.active_ms(now_ms)),
            removed: had.map_or_else(Vec::new, |record| record.removed.iter().map(|user| user.0).collect()),
            document: had.map(|record| DocumentOut::from(&record.document)),
        }
    }
}

/// A lesson that is over, in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct LessonHeadOut {
    lesson_id: Uuid,
    opened_at: i64,
    closed_at: i64,
    students: u32,
    answered: u64,
    correct: u64,
}

impl From<&ReportHead> for LessonHeadOut {
    fn from(head: &ReportHead) -> LessonHeadOut {
        LessonHeadOut {
            lesson_id: head.lesson.0,
            opened_at: head.opened_ms,
            closed_at: head.closed_ms,
            students: head.students,
            answered: head.answered,
            correct: head.correct,
        }
    }
}

/// The report of a lesson.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct LessonReportOut {
    class_id: Uuid,
    lesson_id: Option<Uuid>,
    opened_at: i64,
    closed_at: i64,
    active_ms: i64,
    /// The whole class as it was.
    totals: TotalsOut,
    /// Those who are still enrolled.
    pub(in crate::http) students: Vec<StudentRowOut>,
    cards: Vec<CardRowOut>,
    /// The hardest first.
    hardest: Vec<CardRowOut>,
    /// The commonest first.
    wrong: Vec<WrongOut>,
    /// Whom to talk to.
    talk_to: Vec<Uuid>,
    asked: Vec<AskedOut>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct TotalsOut {
    students: u32,
    here: u32,
    answered: u64,
    correct: u64,
    sure_and_wrong: u64,
    elapsed_ms: u64,
    /// Answers by grade, 0 to 5.
    grades: Vec<u64>,
}

/// How a student did.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct StudentRowOut {
    pub(in crate::http) user_id: Uuid,
    pub(in crate::http) name: Option<String>,
    pub(in crate::http) answered: u32,
    pub(in crate::http) correct: u32,
    pub(in crate::http) mean_ms: u32,
    pub(in crate::http) sure_and_wrong: u32,
    /// `wrong_in_a_row`, `mostly_wrong` or `sure_and_wrong`; null for who does not struggle.
    pub(in crate::http) struggling: Option<&'static str>,
    /// How much of the lesson's cards is remembered, in permille.
    pub(in crate::http) recall_permille: Option<u16>,
    pub(in crate::http) extra_percent: u16,
    /// Unix milliseconds.
    pub(in crate::http) last_seen_at: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CardRowOut {
    deck_id: Uuid,
    card_id: Uuid,
    answers: u32,
    wrong: u32,
    recall_permille: Option<u16>,
    missed_by: Vec<Uuid>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WrongOut {
    card_id: Uuid,
    text: String,
    times: u32,
    students: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AskedOut {
    ask: AskOut,
    rounds: Vec<RoundOut>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RoundOut {
    round: u8,
    votes: u32,
    correct: u32,
    /// How often each was said, the most frequent first.
    said: Vec<SaidOut>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SaidOut {
    /// The grade, or the digest of what was typed or chosen, as the log has it.
    grade: Option<u8>,
    response: Option<String>,
    times: u32,
}

const fn struggle(why: Struggle) -> &'static str {
    match why {
        Struggle::WrongInARow(_) => "wrong_in_a_row",
        Struggle::MostlyWrong { .. } => "mostly_wrong",
        Struggle::SureAndWrong(_) => "sure_and_wrong",
    }
}

impl From<&StudentRow> for StudentRowOut {
    fn from(row: &StudentRow) -> StudentRowOut {
        StudentRowOut {
            user_id: row.student.0,
            name: row.name.as_deref().map(str::to_owned),
            answered: row.answered,
            correct: row.correct,
            mean_ms: row.mean_ms,
            sure_and_wrong: row.sure_and_wrong,
            struggling: row.struggling.map(struggle),
            recall_permille: row.recall_permille,
            extra_percent: row.extra_percent,
            last_seen_at: row.last_seen_ms,
        }
    }
}

impl From<&Totals> for TotalsOut {
    fn from(totals: &Totals) -> TotalsOut {
        TotalsOut {
            students: totals.students,
            here: totals.here,
            answered: totals.answered,
            correct: totals.correct,
            sure_and_wrong: totals.sure_and_wrong,
            elapsed_ms: totals.elapsed_ms,
            grades: totals.grades.to_vec(),
        }
    }
}

impl From<&AskOutcome> for AskedOut {
    fn from(outcome: &AskOutcome) -> AskedOut {
        let said = |(said, times): &(Said, u32)| match said {
            Said::Grade(grade) => SaidOut { grade: Some(*grade), response: None, times: *times },
            Said::Response(digest) => {
                SaidOut { grade: None, response: Some(format!("{digest:016x}")), times: *times }
            }
        };
        let rounds = outcome.rounds.iter().map(|vote| RoundOut {
            round: round(vote.round),
            votes: vote.votes,
            correct: vote.correct,
            said: vote.said.iter().map(said).collect(),
        });
        AskedOut { ask: AskOut::from(&outcome.ask), rounds: rounds.collect() }
    }
}

impl LessonReportOut {
    /// The report as somebody sees it who runs the class: of students those who are enrolled now.
    pub(in crate::http) fn of(report: &Report, enrolled: &BTreeSet<UserId>) -> LessonReportOut {
        let stay =
            |users: &[UserId]| users.iter().filter(|user| enrolled.contains(user)).map(|u| u.0).collect();
        let card = |row: &CardRow| CardRowOut {
            deck_id: row.deck.0,
            card_id: row.card.0,
            answers: row.answers,
            wrong: row.wrong,
            recall_permille: row.recall_permille,
            missed_by: stay(&row.missed_by),
        };
        let wrong = report.wrong.iter().map(|group| WrongOut {
            card_id: group.card.0,
            text: group.text.to_string(),
            times: group.times,
            students: group.students,
        });
        let students = report.students.iter().filter(|row| enrolled.contains(&row.student));
        LessonReportOut {
            class_id: report.class.0,
            lesson_id: report.lesson.map(|lesson| lesson.0),
            opened_at: report.opened_ms,
            closed_at: report.closed_ms,
            active_ms: report.active_ms,
            totals: TotalsOut::from(&report.totals),
            students: students.map(StudentRowOut::from).collect(),
            cards: report.cards.iter().map(card).collect(),
            hardest: report.hardest.iter().map(card).collect(),
            wrong: wrong.collect(),
            talk_to: stay(&report.talk_to),
            asked: report.asked.iter().map(AskedOut::from).collect(),
        }
    }
}
