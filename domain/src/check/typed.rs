//! What was typed: right, near or wrong.

use super::distance::{letters, within};
use super::form::{form, group_form, letters_of, loose, signs};
use super::number::value;
use super::{Accents, CheckSettings, Slip, Verdict};
use crate::limits::{ACCEPTED_ANSWERS_MAX, TYPED_BYTES_MAX};

/// The verdict on what was typed, by the best of the accepted answers.
///
/// * **Right** is what has the same form as an accepted answer, or is a number of the same value.
/// * **Near** is what differs from one in capitals or accents that matter, or by a slip of the fingers: one letter in four
///   to eight, two up to fourteen, three beyond, none in less. Only letters slip: with another digit or sign it is another
///   answer, and a number is right or wrong.
/// * All else is **wrong**, and so is nothing at all.
///
/// Of the accepted answers the first [`ACCEPTED_ANSWERS_MAX`] are looked at; what is longer than [`TYPED_BYTES_MAX`] is wrong.
pub fn check<A: AsRef<str>>(typed: &str, accepted: &[A], settings: &CheckSettings) -> Verdict {
    if typed.len() > TYPED_BYTES_MAX {
        return Verdict::Wrong;
    }
    let response = Response::of(typed, settings);
    if response.form.is_empty() {
        return Verdict::Wrong;
    }
    let answers = accepted.iter().map(AsRef::as_ref).filter(|answer| answer.len() <= TYPED_BYTES_MAX);
    let verdicts = answers.take(ACCEPTED_ANSWERS_MAX).map(|answer| response.against(answer, settings));
    verdicts.max().unwrap_or(Verdict::Wrong)
}

/// How many letters may be wrong in an answer of this length that is asked once more.
pub const fn slips_allowed(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=8 => 1,
        9..=14 => 2,
        _ => 3,
    }
}

/// What was typed, in the forms that it is compared in.
struct Response {
    form: String,
    folded: String,
    loose: String,
    value: Option<String>,
}

impl Response {
    fn of(typed: &str, settings: &CheckSettings) -> Response {
        Response {
            form: form(typed, settings),
            folded: group_form(typed),
            loose: loose(typed),
            value: value(typed, settings.decimal_mark),
        }
    }

    fn against(&self, answer: &str, settings: &CheckSettings) -> Verdict {
        if let Some(wanted) = value(answer, settings.decimal_mark) {
            let is_right = match &self.value {
                Some(value) => *value == wanted,
                None => self.form == form(answer, settings),
            };
            return if is_right { Verdict::Right } else { Verdict::Wrong };
        }
        if self.form == form(answer, settings) {
            return Verdict::Right;
        }
        if self.folded == group_form(answer) {
            return Verdict::Near(Slip::Case);
        }
        let plain = loose(answer);
        if self.loose == plain {
            return Verdict::Near(match settings.accents {
                Accents::Matter => Slip::Accents,
                Accents::Same => Slip::Case,
            });
        }
        self.slip(&plain, settings)
    }

    fn slip(&self, plain: &str, settings: &CheckSettings) -> Verdict {
        let most = slips_allowed(letters(&letters_of(plain)));
        let may_be = settings.slips && most > 0 && signs(&self.loose) == signs(plain);
        match may_be.then(|| within(&self.loose, plain, most)).flatten() {
            Some(_) => Verdict::Near(Slip::Typing),
            None => Verdict::Wrong,
        }
    }
}
