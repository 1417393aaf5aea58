//! The learner's rows of one deck, by the card's index: one block of memory in order, because a resident learner's rows
//! are most of what it costs.

use crate::state::CardState;

/// Rows that are made room for at once when one more comes.
const ROOM: usize = 8;

/// Rows in the order of the cards.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(Vec<(u32, CardState)>);

impl Rows {
    pub(super) fn get(&self, index: u32) -> Option<&CardState> {
        let at = self.place(index).ok()?;
        self.0.get(at).map(|(_, state)| state)
    }

    pub(super) fn insert(&mut self, index: u32, state: CardState) {
        match self.place(index) {
            Ok(at) => {
                if let Some(row) = self.0.get_mut(at) {
                    row.1 = state;
                }
            }
            Err(at) => {
                if self.0.len() == self.0.capacity() {
                    // Doubling would leave half of it empty for good.
                    self.0.reserve_exact(ROOM + self.0.len() / 8);
                }
                self.0.insert(at, (index, state));
            }
        }
    }

    pub(super) fn remove(&mut self, index: u32) {
        if let Ok(at) = self.place(index) {
            self.0.remove(at);
        }
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(u32, CardState)>()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &CardState)> {
        self.0.iter().map(|(index, state)| (*index, state))
    }

    fn place(&self, index: u32) -> Result<usize, usize> {
        // Learners begin at the front of a deck: what is asked for often lies where its index says.
        let guess = usize::try_from(index).unwrap_or(usize::MAX);
        if self.0.get(guess).is_some_and(|row| row.0 == index) {
            return Ok(guess);
        }
        self.0.binary_search_by_key(&index, |row| row.0)
    }
}

impl FromIterator<(u32, CardState)> for Rows {
    /// Of two rows with the same index the later one counts.
    fn from_iter<I: IntoIterator<Item = (u32, CardState)>>(rows: I) -> Self {
        let mut rows: Vec<(u32, CardState)> = rows.into_iter().collect();
        // Stable: the later one of two stays behind.
        rows.sort_by_key(|row| row.0);
        rows.reverse();
        rows.dedup_by_key(|row| row.0);
        rows.reverse();
        rows.shrink_to_fit();
        Rows(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(answers: u32) -> CardState {
        CardState { answers, ..CardState::NEW }
    }

    #[test]
    fn rows_are_found_wherever_they_were_put() {
        let mut rows = Rows::default();
        for index in [7, 0, 3, 1, 500, 2] {
            rows.insert(index, state(index));
        }
        rows.insert(3, state(33));
        assert_eq!(rows.iter().map(|(index, _)| index).collect::<Vec<_>>(), [0, 1, 2, 3, 7, 500]);
        assert_eq!(rows.get(3).map(|row| row.answers), Some(33));
        assert_eq!(rows.get(500).map(|row| row.answers), Some(500));
        assert_eq!(rows.get(4), None);
        rows.remove(3);
        assert_eq!((rows.get(3), rows.iter().count()), (None, 5));
    }

    #[test]
    fn of_two_rows_of_one_card_the_later_one_counts() {
        let rows: Rows = [(2, state(1)), (1, state(5)), (2, state(9))].into_iter().collect();
        assert_eq!((rows.iter().count(), rows.get(2).map(|row| row.answers)), (2, Some(9)));
    }
}
