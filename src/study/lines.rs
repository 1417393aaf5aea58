//! Studying without a screen: one line of input an answer, so that it can be scripted.

use super::desk::{Desk, Key, Line};
use super::view;
use protocol::Mode;

/// Longest line of output.
const WIDTH: usize = 100;

/// What a line of input asks for.
///
/// # Errors
/// A sentence about what would be understood.
pub fn keys_of(line: &str) -> Result<Vec<Key>, String> {
    match line.trim() {
        "" => Ok(vec![Key::Flip]),
        grade @ ("0" | "1" | "2" | "3" | "4" | "5") => {
            Ok(vec![Key::Flip, Key::Grade(grade.parse().unwrap_or_default())])
        }
        "u" => Ok(vec![Key::Undo]),
        "s" => Ok(vec![Key::Suspend]),
        "q" => Ok(vec![Key::Quit]),
        other => Err(format!("{other:?}: a line is a grade 0 to 5, u (undo), s (suspend) or q (quit)")),
    }
}

/// What a line of input asks for while this card is on screen: one that is typed takes it as its answer, and of one with
/// choices it names one.
///
/// # Errors
/// A sentence about what would be understood.
pub fn keys_for(desk: &Desk, line: &str) -> Result<Vec<Key>, String> {
    match desk.card.as_ref().map(|card| card.mode) {
        Some(Mode::Type) => Ok(line.trim().chars().map(Key::Letter).chain([Key::Enter]).collect()),
        Some(Mode::Choose) => match line.trim().parse::<u8>() {
            Ok(number @ 1..=6) => Ok(vec![Key::Grade(number)]),
            Ok(_) | Err(_) => keys_of(line),
        },
        Some(Mode::Flip | Mode::Unknown) | None => keys_of(line),
    }
}

/// Prints what is new since the last time.
#[derive(Debug, Default)]
pub struct Printer {
    /// The card that was printed: its id and texts.
    printed: Option<(uuid::Uuid, String)>,
    line: Option<Line>,
    message: Option<String>,
}

impl Printer {
    /// Lines for standard output: cards.
    pub fn cards(&mut self, desk: &Desk) -> Vec<String> {
        let Some(card) = &desk.card else {
            self.printed = None;
            return Vec::new();
        };
        let key = (card.card_id, format!("{}\0{}", card.front, card.back.as_deref().unwrap_or_default()));
        if self.printed.as_ref() == Some(&key) {
            return Vec::new();
        }
        self.printed = Some(key);
        let mut lines = view::front(card, WIDTH);
        if !card.mode.is_checked() {
            lines.extend(view::back(card, WIDTH - 2).into_iter().map(|line| format!("= {line}")));
            lines.push(view::outcomes(&card.if_graded));
        }
        lines
    }

    /// Lines for standard error: the connection, and what went wrong.
    pub fn notes(&mut self, desk: &Desk, tick_ms: u64) -> Vec<String> {
        let mut notes = Vec::new();
        if self.line.as_ref() != Some(&desk.line) {
            self.line = Some(desk.line.clone());
            notes.push(view::status(desk, tick_ms));
        }
        if self.message != desk.message {
            self.message.clone_from(&desk.message);
            notes.extend(desk.message.clone());
        }
        notes
    }
}

/// The last line of output.
pub fn summary(desk: &Desk) -> String {
    let saved =
        if desk.unsaved == 0 { "all saved".to_owned() } else { format!("{} not saved yet", desk.unsaved) };
    format!("{} answered, {} right, {saved}", desk.answered, desk.correct)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_grade_turns_the_card_and_grades_it() {
        assert_eq!(keys_of("4\r"), Ok(vec![Key::Flip, Key::Grade(4)]));
        assert_eq!(keys_of(" q "), Ok(vec![Key::Quit]));
        assert!(keys_of("6").is_err());
    }
}
