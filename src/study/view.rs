//! The desk as lines of text.

use super::desk::{Desk, Line};
use super::html::{to_text, wrapped};
use client::Stopped;
use protocol::{Card, Kind, Mode, Outcome};

/// What the grades mean, by number.
const GRADES: [&str; 6] = ["blackout", "wrong", "almost", "hard", "good", "easy"];

/// The whole screen, from the top.
pub fn screen(desk: &Desk, tick_ms: u64, width: usize) -> Vec<String> {
    let mut lines = vec![status(desk, tick_ms), String::new()];
    match (&desk.card, &desk.done) {
        (Some(card), _) => {
            lines.extend(front(card, width));
            if desk.flipped {
                lines.push("─".repeat(width.min(40)));
                lines.extend(back(card, width));
                lines.push(String::new());
                lines.push(outcomes(&card.if_graded));
            }
            if desk.types() {
                lines.push(String::new());
                lines.push(format!("> {}_", one_line(&desk.typed)));
            }
            lines.push(String::new());
            lines.push(keys(card.mode, desk.flipped).to_owned());
        }
        (None, Some(done)) => {
            lines.push("Done for now.".to_owned());
            lines.push(format!("{} answers, {} of them right.", done.answered, done.correct));
            if let Some(held) = done.held_elsewhere {
                lines.push(format!("{held} cards are on another device of yours."));
            }
            lines.push(String::new());
            lines.push("Cards that come due appear here.   u undo   q quit".to_owned());
        }
        (None, None) => lines.push("…".to_owned()),
    }
    if let Some(message) = &desk.message {
        lines.push(String::new());
        lines.extend(wrapped(message, width));
    }
    if desk.is_leaving() {
        lines.push(String::new());
        lines.push(format!("Saving {} … q again leaves now; the rest is sent next time.", desk.unsaved));
    }
    lines
}

/// Connection, counts, and the honest tick.
pub fn status(desk: &Desk, tick_ms: u64) -> String {
    let line = match &desk.line {
        Line::Connecting => "connecting".to_owned(),
        Line::Online => "online".to_owned(),
        Line::Broken { reason, retry_at } => {
            let wait_s = retry_at.map(|at| at.saturating_sub(tick_ms).div_ceil(1_000));
            let when = wait_s.map_or(String::new(), |seconds| format!(", again in {seconds} s (r: now)"));
            format!("offline{when} {}", one_line(reason))
        }
        Line::Stopped(why) => format!("stopped: {}", stopped(why)),
    };
    let saved =
        if desk.unsaved == 0 { "✓ saved".to_owned() } else { format!("… {} not saved", desk.unsaved) };
    let left = desk.left;
    let right = format!("{} answered, {} right", desk.answered, desk.correct);
    format!("new {} · drill {} · due {} · {right} · {saved} · {line}", left.new, left.learning, left.review)
}

/// Why a client stopped, in words.
pub fn stopped(why: &Stopped) -> String {
    match why {
        Stopped::Asked => "asked to".to_owned(),
        Stopped::ClosedFor { code: 4510, .. } => "this study went on in another place".to_owned(),
        Stopped::ClosedFor { code: 4500, .. } => {
            "the server does not accept the token; get a new one".to_owned()
        }
        Stopped::ClosedFor { code, reason } => format!("the server closed with {code} {}", one_line(reason)),
        Stopped::HandshakeRefused { status } => format!("the server refused the connection (HTTP {status})"),
        Stopped::NoToken(reason) => one_line(reason),
    }
}

/// The front of a card.
pub fn front(card: &Card, width: usize) -> Vec<String> {
    let mut lines = vec![format!("[{}]", kind(card.kind))];
    lines.extend(wrapped(&to_text(&card.front), width));
    for (at, choice) in card.choices.iter().enumerate() {
        lines.extend(wrapped(&format!("{}) {}", at + 1, one_line(choice)), width));
    }
    if let Some(hint) = &card.hint {
        lines.extend(wrapped(&format!("hint: {}", to_text(hint)), width));
    }
    lines
}

/// The back of a card.
pub fn back(card: &Card, width: usize) -> Vec<String> {
    let mut lines = wrapped(&to_text(card.back.as_deref().unwrap_or_default()), width);
    if let Some(explanation) = &card.explanation {
        lines.push(String::new());
        lines.extend(wrapped(&to_text(explanation), width));
    }
    lines
}

/// What each grade would do.
pub fn outcomes(outcomes: &[Outcome; 6]) -> String {
    let all = outcomes.iter().zip(GRADES).enumerate().map(|(grade, (outcome, name))| {
        let again = if outcome.again_today { "↻" } else { "" };
        format!("{grade} {name} {}{again}", days(outcome.days))
    });
    all.collect::<Vec<_>>().join("   ")
}

fn days(days: i32) -> String {
    match days {
        ..=0 => "today".to_owned(),
        1..=59 => format!("{days}d"),
        60..=729 => format!("{}mo", days / 30),
        730.. => format!("{}y", days / 365),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "new",
        Kind::Review => "due",
        Kind::Drill => "again",
        Kind::Extra => "extra",
        Kind::Unknown => "card",
    }
}

const fn keys(mode: Mode, flipped: bool) -> &'static str {
    match mode {
        Mode::Type => "enter check   ctrl-u undo   esc quit",
        Mode::Choose => "1-6 choose   u undo   s suspend   q quit",
        Mode::Flip | Mode::Unknown if flipped => "0-5 grade   u undo   s suspend   q quit",
        Mode::Flip | Mode::Unknown => "space turn   u undo   s suspend   q quit",
    }
}

/// Words of the server as one line without anything that a terminal could obey.
fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tick_says_saved_only_when_all_is() {
        let mut desk = Desk::new();
        assert!(status(&desk, 0).contains("✓ saved"));
        desk.unsaved = 2;
        let line = status(&desk, 0);
        assert!(line.contains("2 not saved") && !line.contains('✓'), "{line}");
    }

    #[test]
    fn what_each_grade_would_do_is_said_in_days() {
        let outcome = |days, again_today| Outcome { days, again_today };
        let six = [
            outcome(1, true),
            outcome(-2, false),
            outcome(59, false),
            outcome(60, false),
            outcome(729, false),
            outcome(36_500, false),
        ];
        let line = outcomes(&six);
        assert_eq!(
            line,
            "0 blackout 1d↻   1 wrong today   2 almost 59d   3 hard 2mo   4 good 24mo   5 easy 100y"
        );
    }

    #[test]
    fn the_wait_for_the_next_attempt_counts_down() {
        let mut desk = Desk::new();
        desk.line = Line::Broken { reason: "gone\u{1b}[2J".into(), retry_at: Some(5_000) };
        assert!(status(&desk, 2_500).ends_with("offline, again in 3 s (r: now) gone[2J"));
    }
}
