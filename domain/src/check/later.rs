//! Accept once: a text that was wrong is an answer from now on, and what was answered with it before is put right.
//!
//! The log keeps no text, only a digest of what was typed, of its [`group_form`]: so the same wrong
//! answers are counted together as they come, and found again in the log however old they are. Accents stay in that form,
//! capitals and marks do not, whatever the deck's settings are: settings change, the log does not.

use super::form::group_form;
use super::trial::RIGHT;
use super::{CheckSettings, Verdict};
use crate::check::typed::check;
use crate::entry::{Body, Fnv, LogEntry, Regrade};
use crate::fold::Live;
use crate::ids::{CardId, DeckId, EntryId, UserId};
use crate::limits::WRONG_ANSWER_BYTES;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The digest under which the log keeps what was typed or chosen.
pub fn response_digest(text: &str) -> u64 {
    let mut h = Fnv::new();
    h.bytes(group_form(text).as_bytes());
    h.0
}

/// Stands at the end of a text of which not all is shown.
const CUT: &str = "\u{2026}";

/// What is shown of a text: all of it up to [`WRONG_ANSWER_BYTES`], of a longer one its beginning and a mark.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= WRONG_ANSWER_BYTES {
        return Cow::Borrowed(text);
    }
    let most = WRONG_ANSWER_BYTES - CUT.len();
    let beginning = (0..=most).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    Cow::Owned([beginning, CUT].concat())
}

/// Whether this is what is shown of a longer text: it is no answer by itself.
pub fn is_cut(text: &str) -> bool {
    text.len() > WRONG_ANSWER_BYTES - char::MAX.len_utf8() && text.ends_with(CUT)
}

/// A text that is accepted from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accepted<'a> {
    /// The command by which it was accepted: the regrades have their ids by it.
    pub said: EntryId,
    /// Who accepts it.
    pub by: UserId,
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// The text.
    pub text: &'a str,
}

impl Accepted<'_> {
    /// The digests of what it makes right: of the text itself, and of those wrong answers known for the card, each with the
    /// digest that the log has, that are shown so or are right beside it by the deck's settings. A text that is shown cut
    /// stands for the answers that are shown so, and for nothing else.
    pub fn digests<'t>(
        &self,
        known: impl IntoIterator<Item = (u64, &'t str)>,
        settings: &CheckSettings,
    ) -> BTreeSet<u64> {
        let belongs = |typed: &str| {
            typed == self.text
                || !(is_cut(typed) || is_cut(self.text))
                    && check(typed, &[self.text], settings) == Verdict::Right
        };
        let made_right = known.into_iter().filter(|(_, typed)| belongs(typed)).map(|(digest, _)| digest);
        let own = (!is_cut(self.text)).then(|| response_digest(self.text));
        made_right.chain(own).collect()
    }

    /// The regrades that follow for one learner, each with its id: of all checked answers to the card with one of these
    /// digests that count and are not correct now. `log` holds the card's entries and the marks that concern them.
    pub fn regrades(&self, log: &[LogEntry], digests: &BTreeSet<u64>) -> Vec<(EntryId, Regrade)> {
        let live = Live::of(log);
        let mut found: BTreeSet<EntryId> = BTreeSet::new();
        for entry in log.iter().filter(|entry| live.counts(entry)) {
            let Body::Review(review) = live.as_graded(entry).body else { continue };
            let is_meant = (review.deck, review.card) == (self.deck, self.card)
                && review.response.is_some_and(|digest| digests.contains(&digest));
            if is_meant && !review.grade.is_correct() {
                found.insert(entry.id);
            }
        }
        found.into_iter().map(|of| (EntryId::of_regrade(self.said, of), self.regrade(of))).collect()
    }

    fn regrade(&self, of: EntryId) -> Regrade {
        Regrade { of, deck: self.deck, card: self.card, grade: RIGHT, by: self.by }
    }
}
