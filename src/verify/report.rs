//! The report, written while it grows: one JSON object, or lines for a person.

use super::{Broken, Difference, Online, Totals};
use domain::day::Day;
use domain::sm2::Sm2;
use domain::state::CardState;
use serde_json::{Value, json};
use std::io::{self, Write};

/// How the report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// One object: `{differences: [{user_id, deck_id, card_id, stored, folded}], learners, entries, …}`.
    Json,
    /// A line for each difference and one for the whole.
    Text,
}

/// A report under way.
#[derive(Debug)]
pub struct Report<W> {
    format: Format,
    out: W,
    is_open: bool,
}

impl<W: Write> Report<W> {
    /// A report that goes to `out`.
    pub fn new(format: Format, out: W) -> Self {
        Self { format, out, is_open: false }
    }

    /// Writes one difference.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn difference(&mut self, difference: &Difference) -> io::Result<()> {
        let Difference { user, deck, card, stored, folded } = difference;
        let (stored, folded) = (state_json(stored.as_ref()), state_json(folded.as_ref()));
        match self.format {
            Format::Json => {
                self.out.write_all(if self.is_open { b"," } else { b"{\"differences\":[" })?;
                self.is_open = true;
                let row = json!({
                    "user_id": user.to_string(),
                    "deck_id": deck.to_string(),
                    "card_id": card.to_string(),
                    "stored": stored,
                    "folded": folded,
                });
                write!(self.out, "{row}")
            }
            Format::Text => {
                writeln!(self.out, "learner {user}, deck {deck}, card {card}:")?;
                writeln!(self.out, "  stored {stored}")?;
                writeln!(self.out, "  folded {folded}")
            }
        }
    }

    /// Writes the totals and ends the report.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(mut self, totals: &Totals) -> io::Result<()> {
        let Totals { learners, entries, cards, stale, differences, broken, misfiled, online } = totals;
        match self.format {
            Format::Json => {
                self.out.write_all(if self.is_open { b"]" } else { b"{\"differences\":[]" })?;
                write!(
                    self.out,
                    ",\"learners\":{learners},\"entries\":{entries},\"cards\":{cards},\"stale\":{stale}"
                )?;
                write!(self.out, ",\"broken\":{}", broken_json(broken))?;
                if let Some(misfiled) = misfiled {
                    write!(self.out, ",\"misfiled\":{misfiled}")?;
                }
                if let Some(Online { skipped, unsettled, marked, listed }) = online {
                    write!(
                        self.out,
                        ",\"skipped\":{skipped},\"unsettled\":{unsettled},\"marked\":{marked},\"listed\":{listed}"
                    )?;
                }
                writeln!(self.out, "}}")?;
            }
            Format::Text => {
                writeln!(
                    self.out,
                    "{learners} learners, {entries} entries, {cards} cards, {stale} rows to be folded again: {}",
                    if totals.is_equal() { "equal" } else { "DIFFERENT" }
                )?;
                if let Some(Online { skipped, unsettled, marked, listed }) = online {
                    writeln!(
                        self.out,
                        "{skipped} learners skipped, {unsettled} cards not settled, {marked} cards marked to be folded again, \
                         {listed} entries listed again"
                    )?;
                }
                if !totals.is_equal() {
                    writeln!(
                        self.out,
                        "{differences} differences, {} entries of imports are not filed as they are in the log; broken: {}",
                        misfiled.unwrap_or(0),
                        broken_json(broken)
                    )?;
                }
            }
        }
        self.out.flush()
    }
}

fn broken_json(broken: &Broken) -> Value {
    let Broken { new_and_reviewed, ease_below_floor, interval_too_long, due_before_last_review } = *broken;
    json!({
        "new_and_reviewed": new_and_reviewed,
        "ease_below_floor": ease_below_floor,
        "interval_too_long": interval_too_long,
        "due_before_last_review": due_before_last_review,
    })
}

fn state_json(state: Option<&CardState>) -> Value {
    let Some(state) = state else { return Value::Null };
    let CardState {
        sm2: Sm2 { reps, ease, interval_days },
        due,
        lapses,
        answers,
        scheduled,
        scheduled_on,
        told_on,
        last_grade,
        failed_on,
        max_day,
        suspended,
        buried_until,
        flag,
        memory,
        last,
    } = *state;
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    json!({
        "reps": reps,
        "ease": ease,
        "interval_days": interval_days,
        "due": day(due),
        "lapses": lapses,
        "answers": answers,
        "scheduled": scheduled.map(|s| json!({
            "day": s.day.to_string(),
            "was_new": s.was_new,
            "only_early": s.only_early,
            "sitting": s.sitting.map(|sitting| sitting.to_string()),
        })),
        "scheduled_on": day(scheduled_on),
        "told_on": day(told_on),
        "last_grade": last_grade.map(|g| json!({
            "day": g.day.to_string(),
            "grade": g.grade.number(),
            "at": g.at_ms,
        })),
        "failed_on": day(failed_on),
        "max_day": day(max_day),
        "suspended": suspended,
        "buried_until": day(buried_until),
        "flag": flag,
        "memory": memory.map(|m| json!({
            "stability": m.stability_days(),
            "difficulty": m.difficulty(),
            "on": m.on.to_string(),
        })),
        "last": last.map(|id| id.to_string()),
    })
}
