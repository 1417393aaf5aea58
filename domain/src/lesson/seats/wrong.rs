//! Wrong answers of a class, counted together as they come, and what is known of their texts.

use crate::ids::CardId;
use crate::lesson::cell::WrongAnswer;
use crate::lesson::record::WrongText;
use crate::lesson::standing::WrongGroup;
use crate::limits::{WRONG_GROUPS_PER_LESSON, WRONG_TEXTS_KEPT};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The card and the digest that the log has.
type Key = (CardId, u64);

/// Equal wrong answers of all seats.
#[derive(Debug, Default)]
struct Group {
    text: Option<Arc<str>>,
    times: u32,
    students: u32,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct WrongGroups {
    groups: BTreeMap<Key, Group>,
    /// Texts that are kept with the record, whether somebody has given them as far as is known now or not.
    kept: BTreeMap<Key, Arc<str>>,
    /// A text came that is not kept.
    has_new: bool,
}

impl WrongGroups {
    /// Nobody has given any yet, and these texts are kept.
    pub(super) fn knowing(texts: &[WrongText]) -> WrongGroups {
        let kept = texts.iter().map(|known| ((known.card, known.digest), known.text.clone()));
        WrongGroups { kept: kept.collect(), ..WrongGroups::default() }
    }

    /// Takes a seat's old answers out and its new ones in; `true` if that changed something. A seat keeps only those for
    /// which there is room: what was not put in must not be taken out.
    pub(super) fn replace(&mut self, before: &[WrongAnswer], now: &mut Vec<WrongAnswer>) -> bool {
        if before == now.as_slice() {
            return false;
        }
        before.iter().for_each(|answer| self.take_out(answer));
        now.retain(|answer| self.put_in(answer));
        true
    }

    fn take_out(&mut self, answer: &WrongAnswer) {
        let key = (answer.card, answer.digest);
        let Some(group) = self.groups.get_mut(&key) else { return };
        group.students = group.students.saturating_sub(1);
        group.times = group.times.saturating_sub(answer.times);
        if group.students == 0 {
            self.groups.remove(&key);
        }
    }

    fn put_in(&mut self, answer: &WrongAnswer) -> bool {
        let key = (answer.card, answer.digest);
        let kept = self.kept.get(&key);
        // What nobody knows the text of is shown to nobody: it leaves room for what is.
        let is_shown = answer.text.is_some() || kept.is_some();
        let room = if is_shown { WRONG_GROUPS_PER_LESSON } else { WRONG_GROUPS_PER_LESSON / 2 };
        if self.groups.len() >= room && !self.groups.contains_key(&key) {
            return false;
        }
        let group = self.groups.entry(key).or_default();
        group.students = group.students.saturating_add(1);
        group.times = group.times.saturating_add(answer.times);
        if group.text.is_none() {
            group.text = answer.text.clone().or_else(|| kept.cloned());
        }
        self.has_new |= group.text.is_some() && kept.is_none();
        true
    }

    /// Those whose text is known.
    pub(super) fn all(&self) -> impl Iterator<Item = WrongGroup> {
        self.groups.iter().filter_map(|((card, digest), group)| {
            let text = group.text.clone()?;
            Some(WrongGroup {
                card: *card,
                digest: *digest,
                text,
                times: group.times,
                students: group.students,
            })
        })
    }

    /// The texts of wrong answers to a card, by their digests.
    pub(super) fn texts_of(&self, card: CardId) -> impl Iterator<Item = (u64, &Arc<str>)> {
        let of_card = (card, 0)..=(card, u64::MAX);
        let given = self.groups.range(of_card.clone());
        let given = given.filter_map(|((_, digest), group)| Some((*digest, group.text.as_ref()?)));
        let is_given = |key: &Key| self.groups.get(key).is_some_and(|group| group.text.is_some());
        let kept = self.kept.range(of_card).filter(move |(key, _)| !is_given(key));
        given.chain(kept.map(|((_, digest), text)| (*digest, text)))
    }

    /// Whether a text came that is not kept.
    pub(super) fn has_new(&self) -> bool {
        self.has_new
    }

    /// The texts that are kept from now on: those of the commonest, by students first, then of those that were kept.
    pub(super) fn keep(&mut self) -> Vec<WrongText> {
        let given = self.groups.iter().filter_map(|(key, group)| {
            Some((Reverse((group.students, group.times)), *key, group.text.as_ref()?))
        });
        let nobodys = self.kept.iter().filter(|(key, _)| !self.groups.contains_key(key));
        let mut all: Vec<_> = given.chain(nobodys.map(|(key, text)| (Reverse((0, 0)), *key, text))).collect();
        all.sort_unstable_by_key(|(common, key, _)| (*common, *key));
        let kept = all.into_iter().take(WRONG_TEXTS_KEPT).map(|(_, key, text)| (key, text.clone()));
        self.kept = kept.collect();
        self.has_new = false;
        let text = |((card, digest), text): (&Key, &Arc<str>)| WrongText {
            card: *card,
            digest: *digest,
            text: text.clone(),
        };
        self.kept.iter().map(text).collect()
    }
}
