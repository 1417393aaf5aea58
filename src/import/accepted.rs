//! Accepted answers in one cell: with a bar between, `colour | color`. A bar or a backslash that belongs to an answer has a
//! backslash before it.

use crate::content::composed;
use ports::library::{ACCEPT_BYTES_MAX, ACCEPT_MAX};

/// Between two answers.
const BAR: char = '|';
/// Before a bar that is none.
const ESCAPE: char = '\\';

/// Why answers cannot be accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadAccept {
    /// There are too many.
    #[error("a card accepts at most {ACCEPT_MAX} answers besides its back")]
    TooMany,
    /// One is too long.
    #[error("an accepted answer has at most {ACCEPT_BYTES_MAX} bytes")]
    TooLong,
}

/// The answers of a cell, in its order.
pub(super) fn divided(written: &str) -> Vec<String> {
    let mut answers = vec![String::new()];
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped =
            (letter == ESCAPE).then(|| letters.next_if(|next| matches!(*next, BAR | ESCAPE))).flatten();
        match (letter, escaped, answers.last_mut()) {
            (BAR, _, _) => answers.push(String::new()),
            (letter, escaped, Some(last)) => last.push(escaped.unwrap_or(letter)),
            (_, _, None) => {}
        }
    }
    answers
}

/// A cell with these answers, of which [`divided`] makes them again.
pub fn joined(answers: &[String]) -> String {
    let escaped = |answer: &String| answer.replace(ESCAPE, "\\\\").replace(BAR, "\\|");
    answers.iter().map(escaped).collect::<Vec<_>>().join(" | ")
}

/// The answers as they are stored: on one line, composed, none of them empty or twice.
///
/// # Errors
/// [`BadAccept`].
pub fn accepted(answers: impl IntoIterator<Item = String>) -> Result<Vec<String>, BadAccept> {
    let mut kept: Vec<String> = Vec::new();
    for answer in answers {
        let answer = composed(&answer.replace(char::is_control, " "));
        let answer = answer.trim();
        if answer.is_empty() || kept.iter().any(|other| other == answer) {
            continue;
        }
        if answer.len() > ACCEPT_BYTES_MAX {
            return Err(BadAccept::TooLong);
        }
        if kept.len() >= ACCEPT_MAX {
            return Err(BadAccept::TooMany);
        }
        kept.push(answer.to_owned());
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: &str) -> Vec<String> {
        accepted(divided(cell)).unwrap()
    }

    #[test]
    fn answers_lie_between_bars() {
        assert_eq!(read(" colour |color|| colour"), ["colour", "color"]);
        assert_eq!(read(r"a\|b | c\\d | e\f"), ["a|b", r"c\d", r"e\f"]);
        assert_eq!(read(""), Vec::<String>::new());
    }

    #[test]
    fn too_many_and_too_long_ones_are_refused() {
        let many = (0..=ACCEPT_MAX).map(|n| n.to_string());
        assert_eq!(accepted(many), Err(BadAccept::TooMany));
        assert_eq!(accepted(["x".repeat(ACCEPT_BYTES_MAX + 1)]), Err(BadAccept::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_joined_is_divided_into_the_same(answers in prop::collection::vec(r"[a-z\\| é]{1,6}", 0..6)) {
            let answers = accepted(answers).unwrap();
            prop_assert_eq!(read(&joined(&answers)), answers);
        }
    }
}
