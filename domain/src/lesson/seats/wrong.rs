//! Wrong answers of a class, counted together as they come.

use crate::ids::CardId;
use crate::lesson::cell::WrongAnswer;
use crate::lesson::standing::WrongGroup;
use crate::limits::WRONG_GROUPS_PER_LESSON;
use std::collections::BTreeMap;

/// Equal wrong answers of all seats.
#[derive(Debug, Default)]
pub(super) struct WrongGroups(BTreeMap<(CardId, u64), WrongGroup>);

impl WrongGroups {
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
        let Some(group) = self.0.get_mut(&key) else { return };
        group.students = group.students.saturating_sub(1);
        group.times = group.times.saturating_sub(answer.times);
        if group.students == 0 {
            self.0.remove(&key);
        }
    }

    fn put_in(&mut self, answer: &WrongAnswer) -> bool {
        let key = (answer.card, answer.digest);
        if self.0.len() >= WRONG_GROUPS_PER_LESSON && !self.0.contains_key(&key) {
            return false;
        }
        let (card, digest, text) = (answer.card, answer.digest, answer.text.clone());
        let group = self.0.entry(key).or_insert(WrongGroup { card, digest, text, times: 0, students: 0 });
        group.students = group.students.saturating_add(1);
        group.times = group.times.saturating_add(answer.times);
        true
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &WrongGroup> {
        self.0.values()
    }
}
