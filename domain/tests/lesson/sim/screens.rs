//! Teachers' screens of the simulation, what holds of each frame that they see, and what they show in the end.

use super::*;

impl World {
    pub(super) fn connect(&mut self, page: usize) {
        if self.lesson.is_none() {
            return;
        }
        self.numbers += 1;
        let monitor = MonitorId(self.numbers);
        if let Some(old) = self.pages[page].monitor.replace(monitor) {
            self.input(Input::Unwatch { monitor: old });
        }
        self.input(Input::Watch { monitor });
    }

    pub(super) fn command(&mut self, page: usize, command: Command) {
        let Some(monitor) = self.pages[page].monitor else { return };
        self.numbers += 1;
        let id = EntryId::v7(self.now.wall_ms, u128::from(self.numbers));
        self.input(Input::Command { monitor, seq: self.numbers, id, by: teacher(), command });
    }

    pub(super) fn send(&mut self, monitor: MonitorId, from: Option<u64>, view: &Arc<View>) {
        let Some(page) = self.pages.iter().position(|page| page.monitor == Some(monitor)) else { return };
        let (owner, view, in_ms) = (self.owner, view.clone(), self.rng.below(100));
        let slow_ms = if self.faults && self.rng.chance(10) { self.rng.below(3_000) } else { 0 };
        self.at(in_ms + slow_ms, Event::Ready { owner, monitor });
        if self.faults && self.rng.chance(5) {
            return self.note("frame lost");
        }
        self.at(in_ms, Event::Frame { owner, page, monitor, from, view });
    }

    pub(super) fn frame(&mut self, page: usize, from: Option<u64>, view: &View) {
        let shows_gaps = self.bug == Some(Bug::GapsAreShown);
        let of = &mut self.pages[page];
        match from {
            None => of.screen.snapshot(view),
            Some(_) if shows_gaps => drop(of.screen.delta(of.screen.version, view)),
            Some(from) => {
                if !of.screen.delta(from, view) {
                    self.note("gap");
                    return self.connect(page);
                }
            }
        }
        self.nothing_falls_and_nothing_is_invented(page);
    }

    pub(super) fn nothing_falls_and_nothing_is_invented(&mut self, page: usize) {
        let truth: u64 = self.pupils.iter().map(|pupil| pupil.log.len() as u64).sum();
        let of = &mut self.pages[page];
        for (n, pupil) in self.pupils.iter().enumerate() {
            let Some(row) = of.screen.students.get(&student(n as u128)) else { continue };
            let seen = of.seen.entry(row.student).or_default();
            assert!(row.answered >= *seen, "student {n} fell from {seen} to {}", row.answered);
            assert!(
                row.answered as usize <= pupil.log.len(),
                "student {n} has answers that were never given"
            );
            *seen = row.answered;
        }
        let totals = of.screen.totals.answered;
        assert!(totals >= of.seen_totals, "the class fell from {} to {totals}", of.seen_totals);
        assert!(totals <= truth, "{totals} answers of {truth}");
        of.seen_totals = totals;
    }

    /// The faults stop: after some time all is as it should be, whatever was lost.
    pub(super) fn end(&mut self) {
        self.faults = false;
        self.pass(20_000);
        (0..self.pages.len())
            .filter(|page| self.pages[*page].monitor.is_none())
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|page| self.connect(page));
        (0..self.pupils.len()).for_each(|n| self.answer(n));
        self.pass(25_000);
        let mut cards: BTreeMap<CardId, (u32, u32)> = BTreeMap::new();
        for (card, is_right) in self.pupils.iter().flat_map(|pupil| &pupil.log) {
            let tally = cards.entry(*card).or_default();
            tally.0 += 1;
            tally.1 += u32::from(!is_right);
        }
        let truth: u64 = self.pupils.iter().map(|pupil| pupil.log.len() as u64).sum();
        for page in &self.pages {
            for (n, pupil) in self.pupils.iter().enumerate() {
                let row = &page.screen.students[&student(n as u128)];
                assert_eq!(row.answered as usize, pupil.log.len(), "student {n}");
            }
            assert_eq!(page.screen.totals.answered, truth);
            let shown: BTreeMap<CardId, (u32, u32)> =
                page.screen.cards.values().map(|row| (row.card, (row.answers, row.wrong))).collect();
            assert_eq!(shown, cards);
            assert_eq!(page.screen.document.as_ref().map(|d| d.version), Some(self.record.document.version));
        }
        // Answers that no cell has told of when the lesson ends.
        (0..self.pupils.len()).for_each(|n| self.pupils[n].log.push((card(0), true)));
        self.command(0, Command::Close);
        self.pass(5_000);
        let report = self.reports.first().expect("a report");
        assert_eq!(report.totals.answered, truth + STUDENTS as u64);
    }
}
