//! The learner's rows of one deck, by the card's index: one block of memory in order, because a resident learner's rows
//! are most of what it costs.

use super::packed::{Row, Sittings};
use crate::state::CardState;

/// Rows that are made room for at once when one more comes.
const ROOM: usize = 4;

/// Rows in the order of the cards.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    /// States that have no packed form, by the card's index.
    whole: Vec<(u32, CardState)>,
    sittings: Sittings,
}

impl Rows {
    pub(super) fn get(&self, index: u32) -> Option<CardState> {
        let at = self.place(index).ok()?;
        self.rows.get(at).map(|row| self.state(row))
    }

    pub(super) fn insert(&mut self, index: u32, state: CardState) {
        let row = self.packed(index, &state);
        match self.place(index) {
            Ok(at) => {
                if let Some(old) = self.rows.get_mut(at) {
                    *old = row;
                }
            }
            Err(at) => {
                if self.rows.len() == self.rows.capacity() {
                    // Doubling would leave half of it empty for good.
                    self.rows.reserve_exact(ROOM + self.rows.len() / 8);
                }
                self.rows.insert(at, row);
            }
        }
    }

    pub(super) fn remove(&mut self, index: u32) {
        if let Ok(at) = self.place(index) {
            self.rows.remove(at);
            self.forget_whole(index);
        }
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.whole.capacity() * size_of::<(u32, CardState)>()
            + self.sittings.bytes()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, CardState)> {
        self.rows.iter().map(|row| (row.index, self.state(row)))
    }

    fn state(&self, row: &Row) -> CardState {
        if !row.is_whole() {
            return row.unpack(&self.sittings);
        }
        let at = self.whole.binary_search_by_key(&row.index, |whole| whole.0);
        at.ok().and_then(|at| self.whole.get(at)).map_or(CardState::NEW, |whole| whole.1)
    }

    fn packed(&mut self, index: u32, state: &CardState) -> Row {
        match Row::pack(index, state, &mut self.sittings) {
            Some(row) => {
                self.forget_whole(index);
                row
            }
            None => {
                match self.whole.binary_search_by_key(&index, |whole| whole.0) {
                    Ok(at) => {
                        if let Some(whole) = self.whole.get_mut(at) {
                            whole.1 = *state;
                        }
                    }
                    Err(at) => {
                        if self.whole.len() == self.whole.capacity() {
                            self.whole.reserve_exact(1 + self.whole.len() / 8);
                        }
                        self.whole.insert(at, (index, *state));
                    }
                }
                Row::whole(index)
            }
        }
    }

    fn forget_whole(&mut self, index: u32) {
        if !self.whole.is_empty()
            && let Ok(at) = self.whole.binary_search_by_key(&index, |whole| whole.0)
        {
            self.whole.remove(at);
        }
    }

    fn place(&self, index: u32) -> Result<usize, usize> {
        // Learners begin at the front of a deck: what is asked for often lies where its index says.
        let guess = usize::try_from(index).unwrap_or(usize::MAX);
        if self.rows.get(guess).is_some_and(|row| row.index == index) {
            return Ok(guess);
        }
        self.rows.binary_search_by_key(&index, |row| row.index)
    }
}

impl FromIterator<(u32, CardState)> for Rows {
    /// Of two rows with the same index the later one counts.
    fn from_iter<I: IntoIterator<Item = (u32, CardState)>>(rows: I) -> Self {
        let mut given: Vec<(u32, CardState)> = rows.into_iter().collect();
        // Stable: the later one of two stays behind.
        given.sort_by_key(|row| row.0);
        given.reverse();
        given.dedup_by_key(|row| row.0);
        let mut rows = Rows { rows: Vec::with_capacity(given.len()), ..Rows::default() };
        for (index, state) in given.iter().rev() {
            let row = rows.packed(*index, state);
            rows.rows.push(row);
        }
        rows.whole.shrink_to_fit();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::{Day, Stamp};
    use crate::entry::{Body, LogEntry, Mode, Review};
    use crate::fsrs::{DIFFICULTY_MAX, DIFFICULTY_MIN, Memory};
    use crate::grade::Grade;
    use crate::ids::{CardId, DeckId, EntryId, SittingId};
    use crate::sm2::Sm2;
    use crate::state::{Kind, LastGrade, Scheduled};
    use proptest::prelude::*;

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

    /// Days that meet often, so that the common form is met often too.
    fn some_day() -> impl Strategy<Value = Day> {
        prop_oneof![8 => (100..103_i32).prop_map(Day), 1 => any::<i32>().prop_map(Day)]
    }

    prop_compose! {
        fn some_schedule()(
            day in some_day(), (was_new, only_early) in any::<(bool, bool)>(),
            sitting in prop::option::of((0..40_u128).prop_map(SittingId::from_u128)),
        ) -> Scheduled {
            Scheduled { day, was_new, only_early, sitting }
        }
    }

    prop_compose! {
        fn some_memory()(
            stability in any::<u32>(),
            difficulty in prop_oneof![9 => DIFFICULTY_MIN..=DIFFICULTY_MAX, 1 => any::<u32>()],
            on in some_day(),
        ) -> Memory {
            Memory { stability, difficulty, on }
        }
    }

    prop_compose! {
        fn some_grade()(day in some_day(), grade in 0..6_u8, at_ms in 5_000..5_003_i64) -> LastGrade {
            LastGrade { day, grade: Grade::new(grade).unwrap(), at_ms }
        }
    }

    prop_compose! {
        fn some_state()(
            (reps, ease) in any::<(u16, u16)>(),
            interval_days in prop_oneof![9 => 0..70_000_u32, 1 => any::<u32>()],
            due in prop::option::of(some_day()),
            lapses in any::<u16>(),
            answers in prop_oneof![9 => 0..70_u32, 1 => any::<u32>()],
            scheduled in prop::option::weighted(0.8, some_schedule()),
            scheduled_on in prop::option::weighted(0.8, some_day()),
            told_on in prop::option::weighted(0.3, some_day()),
            last_grade in prop::option::weighted(0.8, some_grade()),
            failed_on in prop::option::of(some_day()),
            max_day in prop::option::of(some_day()),
            (suspended, flag) in any::<(bool, u8)>(),
            buried_until in prop::option::weighted(0.1, some_day()),
            memory in prop::option::weighted(0.8, some_memory()),
            last in prop::option::weighted(0.9, (5_000..5_003_i64, any::<u64>())),
        ) -> CardState {
            let last = last.map(|(at_ms, random)| EntryId::v7(at_ms, u128::from(random)));
            CardState {
                sm2: Sm2 { reps, ease, interval_days }, due, lapses, answers, scheduled, scheduled_on, told_on,
                last_grade, failed_on, max_day, suspended, buried_until, flag: flag % 12, memory, last,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn whatever_a_card_was_through_its_row_gives_it_back(
            changes in prop::collection::vec((0..6_u32, prop::option::weighted(0.9, some_state())), 1..40)
        ) {
            let mut rows = Rows::default();
            let mut expected = std::collections::BTreeMap::new();
            for (index, change) in changes {
                match change {
                    Some(state) => {
                        rows.insert(index, state);
                        expected.insert(index, state);
                    }
                    None => {
                        rows.remove(index);
                        expected.remove(&index);
                    }
                }
                prop_assert!(rows.iter().eq(expected.iter().map(|(index, state)| (*index, *state))));
            }
            let again: Rows = rows.iter().collect();
            prop_assert!(again.iter().eq(rows.iter()));
            prop_assert_eq!(again.whole.len(), rows.whole.len());
        }
    }

    #[test]
    fn the_rows_of_ordinary_study_are_packed() {
        let params = crate::state::FoldParams::default();
        let mut rows = Rows::default();
        for index in 0..100_u32 {
            let mut state = CardState::NEW;
            for day in 0..20_i32 {
                if state.kind(Day(day), &params) == Kind::Extra {
                    continue;
                }
                let at_ms = i64::from(day) * 86_400_000 + i64::from(index);
                let grade = Grade::ALL[(index % 6) as usize];
                state = state.after(&answer(at_ms, Day(day), grade), &params).0;
            }
            rows.insert(index, state);
        }
        assert_eq!(rows.whole.len(), 0);
        assert!(rows.bytes() < 100 * 64, "{}", rows.bytes());
    }

    fn answer(at_ms: i64, day: Day, grade: Grade) -> LogEntry {
        let review = Review {
            deck: DeckId::from_u128(0),
            card: CardId::from_u128(0),
            grade,
            mode: Mode::Flip,
            elapsed_ms: 0,
            early: false,
            confidence: None,
            sitting: Some(SittingId::from_u128(day.0 as u128)),
            class: None,
            response: None,
            revision: 0,
            told: false,
        };
        let stamp = Stamp { day, utc_offset_min: 0 };
        LogEntry { id: EntryId::v7(at_ms, 7), job: None, stamp, body: Body::Review(review) }
    }
}
