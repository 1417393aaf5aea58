//! What stands beside the right answer: answers of other cards of the deck, of the same tag where there are enough, alike in
//! kind and length, and never a second right one. Which, and in which order, is by a seed.

use super::distance::letters;
use super::form::{form, loose};
use super::number::value;
use super::typed::Forms;
use super::{CheckSettings, Verdict};
use crate::entry::Fnv;
use crate::ids::CardId;
use crate::limits::{
    CHOICE_ANSWERS_MAX, CHOICE_BYTES_MAX, CHOICE_CANDIDATES_MAX, CHOICE_COMPARED_BYTES_MAX, CHOICES_MAX,
    CHOICES_MIN,
};

/// Bytes of what a card asks that are compared with what another one asks: who begins alike for so long asks the same.
const FRONT_BYTES_COMPARED: usize = 2_048;
/// The longest text that is taken for a number where cards alike in kind are looked for, in bytes.
const NUMBER_BYTES: usize = 64;

/// A card as it may be asked, or stand beside one that is.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The card.
    pub card: CardId,
    /// What it asks, as plain text.
    pub front: &'a str,
    /// What it accepts, as plain text, the one that is shown first.
    pub answers: &'a [&'a str],
    /// Its tags.
    pub tags: &'a [&'a str],
}

/// Choices as they are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choices {
    /// The texts, in the order in which they are shown.
    pub texts: Vec<String>,
    /// Which of them is right.
    pub right: usize,
}

/// Up to `count` choices for a card (two at least, six at most): its first answer, and answers of other cards of its deck.
/// `None` when the deck has no other answer that is surely wrong.
///
/// * Never a second right one: no answer of a card that asks the same, none that is right or near by any of the card's
///   answers, or the other way round.
/// * No two alike, capitals and accents aside.
/// * First those with a tag in common, of these first numbers beside a number and words beside words, of these first what is
///   alike in length (by a third, or two letters); among equals the seed decides.
///
/// A deck beyond [`CHOICE_CANDIDATES_MAX`] cards gives a stretch of them that begins by the seed. A card with many or long
/// answers has no choices and is none ([`can_be_chosen`]); after [`CHOICE_COMPARED_BYTES_MAX`] what was found holds.
pub fn choices(
    of: &Candidate<'_>,
    deck: &[Candidate<'_>],
    count: usize,
    seed: u64,
    settings: &CheckSettings,
) -> Option<Choices> {
    let right = of.answers.first().filter(|_| can_be_chosen(of.answers))?;
    let own: Vec<Forms<'_>> = of.answers.iter().map(|answer| Forms::of(answer, settings)).collect();
    let mut texts = vec![*right];
    let mut known = vec![loose(right)];
    let front = front_form(of.front, settings);
    let mut compared_bytes = 0;
    for other in ranked(of, stretch(deck, seed), seed, settings) {
        let is_enough = texts.len() >= count.clamp(CHOICES_MIN, CHOICES_MAX);
        if is_enough || compared_bytes >= CHOICE_COMPARED_BYTES_MAX {
            break;
        }
        let answers: Vec<Forms<'_>> =
            other.answers.iter().map(|answer| Forms::of(answer, settings)).collect();
        let Some((shown, text)) = answers.first().zip(other.answers.first()) else { continue };
        compared_bytes += other.answers.iter().map(|answer| answer.len()).sum::<usize>();
        compared_bytes += other.front.len().min(FRONT_BYTES_COMPARED);
        let is_new = !shown.loose().is_empty() && !known.iter().any(|known| known == shown.loose());
        if is_new && is_surely_wrong(&own, shown, &answers) && front_form(other.front, settings) != front {
            texts.push(text);
            known.push(shown.loose().to_owned());
        }
    }
    (texts.len() >= CHOICES_MIN).then(|| shuffled(&texts, seed))
}

/// Whether a card that accepts these may be chosen, or stand beside one that is: all are compared with all, and the learner
/// waits for it.
pub fn can_be_chosen<A: AsRef<str>>(answers: &[A]) -> bool {
    let is_short = |answer: &A| answer.as_ref().len() <= CHOICE_BYTES_MAX;
    (1..=CHOICE_ANSWERS_MAX).contains(&answers.len()) && answers.iter().all(is_short)
}

/// What is asked, in the form in which it is compared with what another card asks.
fn front_form(front: &str, settings: &CheckSettings) -> String {
    let end = (0..=FRONT_BYTES_COMPARED.min(front.len())).rev().find(|end| front.is_char_boundary(*end));
    form(front.get(..end.unwrap_or(0)).unwrap_or_default(), settings)
}

/// A deck, or as much of it as is looked at.
fn stretch<'d, 'a>(deck: &'d [Candidate<'a>], seed: u64) -> impl Iterator<Item = &'d Candidate<'a>> {
    let room = deck.len().max(1) as u64;
    let from = if deck.len() > CHOICE_CANDIDATES_MAX { (stirred(seed) % room) as usize } else { 0 };
    let (before, after) = deck.split_at_checked(from).unwrap_or((deck, &[]));
    after.iter().chain(before).take(CHOICE_CANDIDATES_MAX)
}

/// Other cards, the most alike first.
fn ranked<'d, 'a: 'd>(
    of: &Candidate<'_>,
    deck: impl Iterator<Item = &'d Candidate<'a>>,
    seed: u64,
    settings: &CheckSettings,
) -> Vec<&'d Candidate<'a>> {
    let right = of.answers.first().copied().unwrap_or_default();
    let is_a_number = |text: &str| text.len() <= NUMBER_BYTES && value(text, settings.decimal_mark).is_some();
    let (length, is_number) = (letters(right), is_a_number(right));
    let mut others: Vec<_> = deck
        .filter(|other| other.card != of.card && can_be_chosen(other.answers))
        .map(|other| {
            let text = other.answers.first().copied().unwrap_or_default();
            let shares_a_tag = other.tags.iter().any(|tag| of.tags.contains(tag));
            let same_kind = is_a_number(text) == is_number;
            let apart = letters(text).abs_diff(length);
            let is_alike = apart <= (length / 3).max(2);
            let far = if is_alike { 0 } else { apart };
            ((!shares_a_tag, !same_kind, far, lot(other.card, seed)), other)
        })
        .collect();
    others.sort_unstable_by_key(|(rank, other)| (*rank, other.card));
    others.into_iter().map(|(_, other)| other).collect()
}

/// Whether nothing that the other card accepts could pass for an answer to this one, nor the other way round.
fn is_surely_wrong(own: &[Forms<'_>], shown: &Forms<'_>, answers: &[Forms<'_>]) -> bool {
    shown.against(own) == Verdict::Wrong && own.iter().all(|own| own.against(answers) == Verdict::Wrong)
}

fn shuffled(texts: &[&str], seed: u64) -> Choices {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|place| stirred(seed ^ stirred(*place as u64 + 1)));
    Choices {
        texts: order.iter().filter_map(|place| texts.get(*place)).map(|text| (*text).to_owned()).collect(),
        right: order.iter().position(|place| *place == 0).unwrap_or(0),
    }
}

fn lot(card: CardId, seed: u64) -> u64 {
    let mut h = Fnv::new();
    h.bytes(card.bytes());
    stirred(h.0 ^ stirred(seed))
}

/// The last step of SplitMix64 (Steele, Lea, Flood, 2014): neighbours become strangers.
const fn stirred(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
