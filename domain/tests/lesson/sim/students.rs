//! Students of the simulation: they answer, leave and come back, and their owners tell.

use super::*;

impl World {
    pub(super) fn figures(&self, n: usize, cards: Option<&BTreeSet<CardId>>) -> Figures {
        let pupil = &self.pupils[n];
        let mut tallies: BTreeMap<CardId, (u32, u32)> = BTreeMap::new();
        for (card, is_right) in &pupil.log {
            let tally = tallies.entry(*card).or_default();
            tally.0 += 1;
            tally.1 += u32::from(!is_right);
        }
        let named = tallies.iter().filter(|(card, _)| cards.is_none_or(|cards| cards.contains(card)));
        let number = |card: &CardId| card.0.as_u128() & 0xffff;
        Figures {
            presence: if pupil.has_session { Presence::Here } else { Presence::Left },
            deck: Some(deck()),
            answered: pupil.log.len() as u32,
            correct: pupil.log.iter().filter(|(_, is_right)| *is_right).count() as u32,
            cards: named.map(|(card, (answers, wrong))| tally(number(card), *answers, *wrong)).collect(),
            is_whole: cards.is_none(),
            as_of_ms: self.now.wall_ms,
            ..Figures::default()
        }
    }

    /// A student's owner tells how the student does.
    pub(super) fn tell(&mut self, n: usize, is_whole: bool) {
        let touched = std::mem::take(&mut self.pupils[n].touched);
        let figures = self.figures(n, (!is_whole).then_some(&touched));
        self.pupils[n].n += 1;
        let mut version = CellVersion { epoch: self.pupils[n].epoch, n: self.pupils[n].n };
        let mut called_by = self.pupils[n].heard_call;
        let copies = if self.faults { self.rng.below(4) } else { 1 };
        for _ in 0..copies.min(2) {
            let late_ms =
                if self.faults && self.rng.chance(30) { self.rng.below(LATE_MS) } else { self.rng.below(50) };
            if self.bug == Some(Bug::AnyCellWins) || self.bug == Some(Bug::CellsAreEvents) {
                version = CellVersion { epoch: 1, n: 0 };
            }
            if self.bug == Some(Bug::LateNewsIsNews) {
                called_by = (u64::MAX, 0);
            }
            let (student, lesson, figures) = (student(n as u128), lesson_id(1), figures.clone());
            self.at(late_ms, Event::Cell(Arc::new(Cell { student, lesson, version, called_by, figures })));
        }
        if copies == 0 {
            self.note("cell lost");
        }
    }

    pub(super) fn answer(&mut self, n: usize) {
        if !self.pupils[n].has_session {
            self.come_back(n);
        }
        let (card, is_right) = (card(u128::from(self.rng.below(5))), self.rng.chance(60));
        self.pupils[n].log.push((card, is_right));
        self.pupils[n].touched.insert(card);
        let is_whole = self.rng.chance(10);
        self.tell(n, is_whole);
    }

    /// The session goes to another owner, or is loaded again: what it tells is counted from the log.
    pub(super) fn come_back(&mut self, n: usize) {
        let pupil = &mut self.pupils[n];
        (pupil.epoch, pupil.n, pupil.has_session) = (pupil.epoch + 1, 0, true);
        pupil.touched.clear();
        self.tell(n, true);
    }

    pub(super) fn leave(&mut self, n: usize) {
        self.pupils[n].has_session = false;
        self.tell(n, true);
        self.note("left");
    }
}
