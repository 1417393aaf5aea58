//! What happens to a run from outside: crashes, panics, turned clocks, travel, edits.

use crate::run::{Event, Sim};
use crate::world::{DAY_MS, HOUR_MS};
use domain::access::Span;
use domain::deck::SchedulerKind;
use domain::ids::{DeckId, UserId};
use domain::session::Input;

impl Sim {
    pub fn fault(&mut self) {
        if self.calm {
            return;
        }
        self.after(200, 6_000, Event::Fault);
        let users: Vec<UserId> = self.devices.iter().map(|device| device.user).collect();
        let user = users[self.rng.below(users.len() as u64) as usize];
        match self.rng.below(7) {
            0 if self.plan.crashes => {
                self.note("crash");
                self.crash();
            }
            1 if self.plan.panics => {
                self.note("panic");
                self.panic(user);
            }
            2 if self.plan.clocks => self.turn_the_clock(),
            3 if self.plan.clocks => self.travel(user),
            6 => {
                let has_credit = self.rng.one_in(2);
                self.all(|| Input::Credit(has_credit));
            }
            4 | 5 if self.plan.edits => self.edit(),
            _ => {}
        }
    }

    fn turn_the_clock(&mut self) {
        let jump = match self.rng.below(4) {
            0 => HOUR_MS,
            1 => DAY_MS,
            2 => 7 * DAY_MS,
            _ => -3_000,
        };
        self.note("clock turned");
        self.now.wall_ms += jump;
        self.trace(|| format!("the clock turns by {jump} ms"));
        self.all(|| Input::Tick);
    }

    fn travel(&mut self, user: UserId) {
        let zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "UTC"];
        let zone = zones[self.rng.below(4) as usize];
        let hour = [4, 0, 23][self.rng.below(3) as usize];
        let wall = self.now.wall_ms;
        let history = self.zones.entry(user).or_default();
        assert!(history.change(wall, zone, hour).is_ok());
        let history = history.clone();
        self.note("travel");
        self.trace(|| format!("{user:?} travels to {zone}"));
        if wall % 2 == 0 {
            self.input(user, Input::Zones(history));
        } else {
            // It was changed elsewhere, and no hint of it arrives: a later look finds it.
            self.note("travel unheard");
        }
    }

    fn edit(&mut self) {
        let deck = self.deck_ids[self.rng.below(2) as usize];
        self.note("edit");
        let what = self.rng.below(7);
        self.trace(|| format!("{deck:?} edit {what}"));
        if what == 6 {
            return self.enrol(deck);
        }
        let at = self.rng.below(6) as usize;
        let (value, wall) = (self.rng.below(6) as u32, self.now.wall_ms);
        let revised = self.library.edit(deck, |draft| match what {
            0 => draft.more_cards(2),
            1 => draft.cards[at].deleted_ms = draft.cards[at].deleted_ms.or(Some(wall)),
            2 => draft.cards[at].revision += 1,
            3 if value > 2 => {
                draft.settings.scheduler = match draft.settings.scheduler {
                    SchedulerKind::Sm2 => SchedulerKind::Fsrs,
                    SchedulerKind::Fsrs => SchedulerKind::Sm2,
                };
            }
            3 => draft.settings.drill_until = 3 + (value % 2) as u8,
            4 => draft.settings.new_per_day = 2 + value,
            _ => draft.settings.reviews_per_day = 1 + value,
        });
        self.all(|| Input::Deck(revised.clone()));
        // Sessions that do not study it load it all the same.
        if self.rng.below(2) == 0 {
            self.all(|| Input::Load(vec![deck]));
        }
    }

    /// The learners leave a class, or come back.
    fn enrol(&mut self, deck: DeckId) {
        let wall = self.now.wall_ms;
        let mut spans = self.library.spans(deck);
        match spans.last_mut() {
            Some(last) if last.until_ms.is_none() => last.until_ms = Some(wall.max(last.from_ms + 1)),
            Some(_) | None => spans.push(Span { from_ms: wall, until_ms: None }),
        }
        self.library.show(deck, spans);
        self.all(|| Input::AccessChanged);
    }

    pub fn all(&mut self, input: impl Fn() -> Input) {
        for user in self.node.lives.keys().copied().collect::<Vec<_>>() {
            self.input(user, input());
        }
    }
}
