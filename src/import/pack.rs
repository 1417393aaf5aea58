//! Many cards in little memory: their texts lie one behind another, instead of each in a place of its own.

use super::gather::Candidate;
use crate::content::CardTexts;

/// Bytes of one stretch of memory. A card that has more gets one for itself.
const STRETCH_BYTES: usize = 1024 * 1024;
/// The length that stands for a text that is not there.
const ABSENT: u32 = u32::MAX;

/// Cards that are read one at a time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Pack {
    stretches: Vec<Vec<u8>>,
    /// Where each card lies: in which stretch, and from which byte on.
    places: Vec<(u32, u32)>,
}

impl Pack {
    /// Puts a card behind the others.
    pub fn push(&mut self, card: &Candidate) {
        let bytes = written(card);
        let room = self.stretches.last().map_or(0, |last| last.capacity() - last.len());
        if room < bytes.len() {
            self.stretches.push(Vec::with_capacity(bytes.len().max(STRETCH_BYTES)));
        }
        let nth = self.stretches.len().saturating_sub(1);
        if let Some(last) = self.stretches.last_mut() {
            self.places.push((length(nth), length(last.len())));
            last.extend_from_slice(&bytes);
        }
    }

    /// How many cards there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A card by its place in the order of adding.
    pub fn get(&self, at: usize) -> Option<Candidate> {
        read(self.bytes(at)?)
    }

    /// By what a card is found again.
    pub fn source_key(&self, at: usize) -> Option<String> {
        let mut bytes = self.bytes(at)?;
        match take(&mut bytes)? {
            Some(key) => Some(key),
            None => take(&mut bytes)?.map(|front| key_of(&front)),
        }
    }

    fn bytes(&self, at: usize) -> Option<&[u8]> {
        let &(nth, from) = self.places.get(at)?;
        let stretch = self.stretches.get(usize::try_from(nth).ok()?)?;
        stretch.get(usize::try_from(from).ok()?..)
    }

    /// All cards.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = Candidate> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(ABSENT)
}

/// What stands before a front that a card is known by.
const BY_FRONT: &str = "front:";

/// The key of a card that is known by its front, as it lies here.
fn key_of(front: &str) -> String {
    [BY_FRONT, front].concat()
}

fn written(card: &Candidate) -> Vec<u8> {
    let Candidate { source_key, texts, tags, accept } = card;
    // Most cards are known by their front: it need not lie there twice.
    let is_front = source_key.strip_prefix(BY_FRONT).is_some_and(|front| front == texts.front);
    let key = (!is_front).then_some(source_key.as_str());
    let mut bytes = Vec::with_capacity(texts.front.len() + texts.back.len() + 64);
    let mut put = |text: Option<&str>| {
        bytes.extend_from_slice(&text.map_or(ABSENT, |text| length(text.len())).to_le_bytes());
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    };
    put(key);
    put(Some(&texts.front));
    put(Some(&texts.back));
    put(texts.hint.as_deref());
    put(texts.explanation.as_deref());
    tags.iter().for_each(|tag| put(Some(tag)));
    put(None);
    accept.iter().for_each(|answer| put(Some(answer)));
    put(None);
    bytes
}

/// The next text, if there is one here.
fn take(bytes: &mut &[u8]) -> Option<Option<String>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length);
    if length == ABSENT {
        *bytes = rest;
        return Some(None);
    }
    let (text, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(String::from_utf8_lossy(text).into_owned()))
}

fn read(mut bytes: &[u8]) -> Option<Candidate> {
    let mut take = || take(&mut bytes);
    let key = take()?;
    let (front, back) = (take()??, take()??);
    let (hint, explanation) = (take()?, take()?);
    let mut tags = Vec::new();
    while let Some(tag) = take()? {
        tags.push(tag);
    }
    let mut accept = Vec::new();
    while let Some(answer) = take()? {
        accept.push(answer);
    }
    let source_key = key.unwrap_or_else(|| key_of(&front));
    Some(Candidate { source_key, texts: CardTexts { front, back, hint, explanation }, tags, accept })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::identity_of;
    use proptest::prelude::*;

    fn card() -> impl Strategy<Value = Candidate> {
        let maybe = || prop::option::of(".{0,20}");
        let tags = prop::collection::vec("[a-zä]{0,5}", 0..4);
        (".{0,20}", ".{0,40}", maybe(), maybe(), tags, maybe()).prop_map(
            |(front, back, hint, explanation, tags, guid)| Candidate {
                source_key: guid.map_or_else(|| identity_of(&front), |guid| format!("guid:{guid}")),
                texts: CardTexts { front, back, hint, explanation },
                accept: tags.iter().rev().cloned().collect(),
                tags,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read_as_it_was(cards in prop::collection::vec(card(), 0..30)) {
            let mut pack = Pack::default();
            cards.iter().for_each(|card| pack.push(card));
            let keys: Vec<_> = (0..cards.len()).filter_map(|at| pack.source_key(at)).collect();
            prop_assert_eq!(keys, cards.iter().map(|card| card.source_key.clone()).collect::<Vec<_>>());
            prop_assert_eq!(pack.iter().collect::<Vec<_>>(), cards);
        }
    }

    #[test]
    fn long_cards_lie_beside_short_ones() {
        let card = |bytes: usize| Candidate {
            source_key: "guid:x".into(),
            texts: CardTexts { front: "f".repeat(bytes), ..CardTexts::default() },
            tags: Vec::new(),
            accept: Vec::new(),
        };
        let cards =
            [card(10), card(STRETCH_BYTES), card(20), card(STRETCH_BYTES / 2), card(STRETCH_BYTES / 2)];
        let mut pack = Pack::default();
        cards.iter().for_each(|card| pack.push(card));
        assert_eq!(pack.iter().collect::<Vec<_>>(), cards);
    }
}
