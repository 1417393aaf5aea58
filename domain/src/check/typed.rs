//! What was typed: right, near or wrong.

use super::distance::{letters, within};
use super::form::{form, group_form, letters_of, loose, signs};
use super::number::value;
use super::{Accents, Case, CheckSettings, Slip, Verdict};
use crate::limits::{ACCEPTED_ANSWERS_MAX, TYPED_BYTES_MAX};
use std::borrow::Borrow;
use std::cell::OnceCell;

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
    let answers = accepted.iter().map(AsRef::as_ref).filter(|answer| answer.len() <= TYPED_BYTES_MAX);
    let answers = answers.take(ACCEPTED_ANSWERS_MAX).map(|answer| Forms::of(answer, settings));
    Forms::of(typed, settings).against(answers)
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

/// A text in the forms that it is compared in, each made when it is first asked for, and once.
pub(super) struct Forms<'a> {
    text: &'a str,
    settings: &'a CheckSettings,
    form: OnceCell<String>,
    folded: OnceCell<String>,
    loose: OnceCell<String>,
    value: OnceCell<Option<String>>,
}

impl<'a> Forms<'a> {
    pub(super) fn of(text: &'a str, settings: &'a CheckSettings) -> Forms<'a> {
        Forms {
            text,
            settings,
            form: OnceCell::new(),
            folded: OnceCell::new(),
            loose: OnceCell::new(),
            value: OnceCell::new(),
        }
    }

    /// As these settings compare it.
    fn form(&self) -> &str {
        self.form.get_or_init(|| form(self.text, self.settings))
    }

    /// Without capitals.
    fn folded(&self) -> &str {
        match (self.settings.case, self.settings.accents) {
            (Case::Same, Accents::Matter) => self.form(),
            (Case::Same | Case::Matters, Accents::Same) | (Case::Matters, Accents::Matter) => {
                self.folded.get_or_init(|| group_form(self.text))
            }
        }
    }

    /// Without capitals and accents.
    pub(super) fn loose(&self) -> &str {
        match (self.settings.case, self.settings.accents) {
            (Case::Same, Accents::Same) => self.form(),
            (Case::Same | Case::Matters, Accents::Matter) | (Case::Matters, Accents::Same) => {
                self.loose.get_or_init(|| loose(self.text))
            }
        }
    }

    fn value(&self) -> Option<&str> {
        self.value.get_or_init(|| value(self.text, self.settings.decimal_mark)).as_deref()
    }

    /// The verdict on this text by the best of these answers; what is longer than [`TYPED_BYTES_MAX`] is wrong.
    pub(super) fn against<'b>(&self, answers: impl IntoIterator<Item: Borrow<Forms<'b>>>) -> Verdict {
        if self.text.len() > TYPED_BYTES_MAX || self.form().is_empty() {
            return Verdict::Wrong;
        }
        answers.into_iter().map(|answer| self.against_one(answer.borrow())).max().unwrap_or(Verdict::Wrong)
    }

    fn against_one(&self, answer: &Forms<'_>) -> Verdict {
        if let Some(wanted) = answer.value() {
            let is_right = match self.value() {
                Some(value) => value == wanted,
                None => self.form() == answer.form(),
            };
            return if is_right { Verdict::Right } else { Verdict::Wrong };
        }
        if self.form() == answer.form() {
            return Verdict::Right;
        }
        if self.folded() == answer.folded() {
            return Verdict::Near(Slip::Case);
        }
        if self.loose() == answer.loose() {
            return Verdict::Near(match self.settings.accents {
                Accents::Matter => Slip::Accents,
                Accents::Same => Slip::Case,
            });
        }
        self.slip(answer.loose())
    }

    fn slip(&self, plain: &str) -> Verdict {
        let most = slips_allowed(letters(&letters_of(plain)));
        let may_be = self.settings.slips && most > 0 && signs(self.loose()) == signs(plain);
        match may_be.then(|| within(self.loose(), plain, most)).flatten() {
            Some(_) => Verdict::Near(Slip::Typing),
            None => Verdict::Wrong,
        }
    }
}
