//! Pictures as frames: at most [`ROWS_PER_FRAME`] rows each, encoded once for all who are sent them.

use crate::ws::study::class_document;
use domain::lesson::View;
use domain::lesson::cell::{Presence, Said};
use domain::lesson::minutes::Minute;
use domain::lesson::output::{AskOutcome, CardRow, RoundOutcome, StudentRow, Totals};
use domain::lesson::standing::WrongGroup;
use domain::lesson::struggle::Struggle;
use protocol::{
    AskCell, Bar, CardCell, Changes, MinuteCell, MonitorFrame, Picture, RoundCell, Rows, Struggling,
    StudentCell, TotalsCell, WrongCell,
};
use std::sync::Arc;

/// Rows of students and cards in one frame.
const ROWS_PER_FRAME: usize = 200;

/// The frames of a picture: a snapshot, or what changed after the version that is given.
pub fn encode_view(from: Option<u64>, view: &View) -> Vec<Arc<str>> {
    let mut frames = vec![first(view)];
    let mut room = ROWS_PER_FRAME;
    let mut next = |frames: &mut Vec<Rows>| {
        if room == 0 {
            frames.push(with_totals(view));
            room = ROWS_PER_FRAME;
        }
        room -= 1;
    };
    for student in &view.students {
        next(&mut frames);
        frames.last_mut().into_iter().for_each(|rows| rows.students.push(student_cell(student)));
    }
    for student in &view.removed {
        next(&mut frames);
        frames.last_mut().into_iter().for_each(|rows| rows.removed.push(student.0));
    }
    for card in &view.cards {
        next(&mut frames);
        frames.last_mut().into_iter().for_each(|rows| rows.cards.push(card_cell(card)));
    }
    let last = frames.len() - 1;
    let frame = |(at, rows)| {
        let (version, more) = (view.version, at < last);
        match from {
            None => MonitorFrame::Snapshot(Box::new(Picture { version, more, rows })),
            Some(from) => MonitorFrame::Delta(Box::new(Changes { from, to: version, more, rows })),
        }
    };
    frames.into_iter().enumerate().map(|at| frame(at).encode().into()).collect()
}

fn with_totals(view: &View) -> Rows {
    Rows { totals: totals_cell(&view.totals), unsaved: view.totals.unsaved, ..Rows::default() }
}

fn first(view: &View) -> Rows {
    let wrong = view.wrong.as_deref().unwrap_or_default();
    Rows {
        class: view.document.as_ref().map(|document| class_document(document, 0)),
        minutes: view.minutes.iter().map(minute_cell).collect(),
        wrong: view.wrong.as_ref().map(|groups| groups.iter().map(wrong_cell).collect()),
        ask: view.ask.as_ref().map(|ask| ask_cell(ask, wrong)),
        ..with_totals(view)
    }
}

fn share(permille: Option<u16>) -> Option<f64> {
    permille.map(|permille| f64::from(permille) / 1_000.0)
}

fn student_cell(row: &StudentRow) -> StudentCell {
    StudentCell {
        student_id: row.student.0,
        name: row.name.as_deref().map(str::to_owned),
        presence: match row.presence {
            Presence::Here => protocol::Presence::Here,
            Presence::Away => protocol::Presence::Away,
            Presence::Left => protocol::Presence::Left,
        },
        deck_id: row.deck.map(|deck| deck.0),
        answered: row.answered,
        correct: row.correct,
        streak: row.streak,
        mean_ms: row.mean_ms,
        last_seen: row.last_seen_ms,
        struggling: row.struggling.map(struggling),
        sure_and_wrong: row.sure_and_wrong,
        recall: share(row.recall_permille),
        extra_percent: row.extra_percent,
        as_of: row.as_of_ms,
    }
}

fn struggling(why: Struggle) -> Struggling {
    let because = |reason: &str, wrong, of| Struggling { reason: reason.to_owned(), wrong, of };
    match why {
        Struggle::WrongInARow(wrong) => because("wrong_in_a_row", wrong, None),
        Struggle::MostlyWrong { wrong, of } => because("mostly_wrong", wrong.into(), Some(of.into())),
        Struggle::SureAndWrong(wrong) => because("sure_and_wrong", wrong, None),
    }
}

fn card_cell(row: &CardRow) -> CardCell {
    CardCell {
        deck_id: row.deck.0,
        card_id: row.card.0,
        answers: row.answers,
        wrong: row.wrong,
        recall: share(row.recall_permille),
        missed_by: row.missed_by.iter().map(|student| student.0).collect(),
        as_of: row.as_of_ms,
    }
}

const fn minute_cell(minute: &Minute) -> MinuteCell {
    let Minute { answered, correct, .. } = *minute;
    MinuteCell { at: minute.begins_ms(), answered, correct }
}

fn wrong_cell(group: &WrongGroup) -> WrongCell {
    WrongCell {
        card_id: group.card.0,
        text: group.text.to_string(),
        times: group.times,
        students: group.students,
    }
}

fn totals_cell(totals: &Totals) -> TotalsCell {
    TotalsCell {
        students: totals.students,
        here: totals.here,
        answered: totals.answered,
        correct: totals.correct,
        sure_and_wrong: totals.sure_and_wrong,
        elapsed_ms: totals.elapsed_ms,
        grades: totals.grades,
    }
}

/// How a question comes out. What was typed is known by a digest; where it is among the wrong answers, so is its text.
fn ask_cell(outcome: &AskOutcome, wrong: &[WrongGroup]) -> AskCell {
    let round = |round: &RoundOutcome| RoundCell {
        votes: round.votes,
        correct: round.correct,
        bars: round.said.iter().map(|(said, times)| bar(outcome, *said, *times, wrong)).collect(),
    };
    AskCell { ask_id: outcome.id().0, rounds: outcome.rounds.iter().map(round).collect() }
}

fn bar(outcome: &AskOutcome, said: Said, times: u32, wrong: &[WrongGroup]) -> Bar {
    match said {
        Said::Grade(grade) => Bar { grade: Some(grade), text: None, times },
        Said::Response(digest) => {
            let is_it = |group: &&WrongGroup| (group.card, group.digest) == (outcome.ask.card, digest);
            let text = wrong.iter().find(is_it).map(|group| group.text.to_string());
            Bar { grade: None, text, times }
        }
    }
}
