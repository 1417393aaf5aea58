//! The frames of the echo: what a busy server sends most, made by the protocol's own encoder.

use protocol::limits::FIELD_BYTES_MAX;
use protocol::{CardContent, CardState, CardTail, Counts, Day, Kind, Mode, Outcome};
use uuid::Uuid;

/// A frame that cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a card's frame can have {least} to {most} bytes, not {asked}")]
pub struct NoSuchLength {
    /// What was asked for.
    asked: usize,
    /// With an empty front.
    least: usize,
    /// With the longest front that a card may have.
    most: usize,
}

/// Which verdicts a card carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saved {
    /// `saved` rides on the card, as under load.
    Rides,
    /// `saved` is a frame of its own, as on a server with time to spare.
    Apart,
}

/// Days from 1970-01-01 to the due day of the card: any day of this century has as many bytes.
const DUE: i32 = 20_500;
/// The number that `saved` names: as long as that of a learner who has studied for an hour.
const SEQ: u64 = 1_234;

/// A card such as the load generator's decks have, as the server deals it after the first answer to it; with
/// `bytes`, its front is made so long that the frame has this length.
///
/// # Errors
/// No card has a frame of this length.
pub fn card(saved: Saved, bytes: Option<usize>) -> Result<String, NoSuchLength> {
    let Some(asked) = bytes else { return Ok(with_front("What is the capital of country 17?", saved)) };
    let least = with_front("", saved).len();
    let most = least + FIELD_BYTES_MAX;
    match asked.checked_sub(least).filter(|front| *front <= FIELD_BYTES_MAX) {
        Some(front) => Ok(with_front(&"x".repeat(front), saved)),
        None => Err(NoSuchLength { asked, least, most }),
    }
}

/// A `saved` of its own.
pub fn saved() -> String {
    let mut out = String::new();
    protocol::write_saved(&mut out, SEQ);
    out
}

fn with_front(front: &str, saved: Saved) -> String {
    let content = CardContent {
        card_id: Uuid::from_u128(0x0199_8f00_3333_7aaa_8bbb_0000_0000_00c1),
        deck_id: Uuid::from_u128(0x0199_8f00_1111_7aaa_8bbb_0000_0000_0d01),
        front,
        back: "Capital 17",
        hint: None,
        explanation: None,
        media: &[],
    };
    let again = |days| Outcome { days, again_today: true };
    let once = |days| Outcome { days, again_today: false };
    let tail = CardTail {
        kind: Kind::Drill,
        mode: Mode::Flip,
        choices: &[],
        state: CardState {
            reps: 1,
            interval_days: 1,
            ease: 236,
            due: Some(Day::from_days(DUE)),
            lapses: 0,
            recall: None,
        },
        if_graded: [again(1), again(1), again(1), again(1), once(1), once(1)],
        left: Some(Counts { new: 0, learning: 100, review: 0 }),
        saved: match saved {
            Saved::Rides => Some(SEQ),
            Saved::Apart => None,
        },
    };
    let mut out = String::new();
    protocol::write_card(&mut out, &protocol::encode_fragment(&content), &tail);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ServerFrame;

    #[test]
    fn the_card_is_one_that_a_client_reads_whatever_its_length() {
        for (saved, bytes) in [(Saved::Rides, None), (Saved::Apart, None), (Saved::Apart, Some(4_000))] {
            let text = card(saved, bytes).unwrap();
            let ServerFrame::Card(read) = ServerFrame::decode(&text).unwrap() else { panic!("{text}") };
            assert_eq!(read.saved.is_some(), saved == Saved::Rides);
            assert!(bytes.is_none_or(|bytes| bytes == text.len()));
        }
    }

    #[test]
    fn a_length_that_no_card_has_is_refused_with_those_that_there_are() {
        let least = card(Saved::Apart, Some(1)).unwrap_err().least;
        assert_eq!(card(Saved::Apart, Some(least)).unwrap().len(), least);
        assert_eq!(card(Saved::Apart, Some(least - 1)).unwrap_err().asked, least - 1);
        let most = least + FIELD_BYTES_MAX;
        assert_eq!(card(Saved::Apart, Some(most)).unwrap().len(), most);
        assert_eq!(card(Saved::Apart, Some(most + 1)).unwrap_err().most, most);
    }
}
