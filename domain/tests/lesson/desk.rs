//! A lesson in the hands of a test: a store that answers when told to, teachers who read what they are sent.

use domain::ids::{CardId, ClassId, DeckId, EntryId, LessonId, UserId};
use domain::lesson::cell::{Tally, Vote, WrongAnswer};
use domain::lesson::output::{AskOutcome, CardRow, StudentRow, Totals};
use domain::lesson::report::Report;
use domain::lesson::{
    Cell, CellVersion, Command, Document, Effect, Figures, Input, Lesson, MonitorId, NotStored, Presence,
    Record, Refusal, Student, View,
};
use domain::limits::GATHER_CELLS_MS;
use domain::session::Now;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const START_MS: i64 = 1_780_000_000_000;

pub fn lesson_id(n: u128) -> LessonId {
    LessonId::from_u128(0x1e50 + n)
}

pub fn student(n: u128) -> UserId {
    UserId::from_u128(0x57d0_0000 + n)
}

pub fn teacher() -> UserId {
    UserId::from_u128(0x7eac)
}

pub fn deck() -> DeckId {
    DeckId::from_u128(0xdec)
}

pub fn card(n: u128) -> CardId {
    CardId::from_u128(0xca2d_0000 + n)
}

pub fn roster(n: u128) -> Vec<Student> {
    let seat = |n| Student { id: student(n), name: format!("Student {n}").into(), extra_percent: 0 };
    (0..n).map(seat).collect()
}

/// A teacher's screen: what was sent, put together as a page does.
#[derive(Default, Debug)]
pub struct Screen {
    pub version: u64,
    pub document: Option<Arc<Document>>,
    pub students: BTreeMap<UserId, StudentRow>,
    pub cards: BTreeMap<CardId, CardRow>,
    pub minutes: BTreeMap<i64, (u32, u32)>,
    pub totals: Totals,
    pub ask: Option<AskOutcome>,
    /// The commonest wrong answers, by text and students.
    pub wrong: Vec<(String, u32)>,
    pub snapshots: u32,
    pub deltas: u32,
    pub rows: usize,
    /// Whether it says at once that a frame has left.
    pub is_quick: bool,
}

impl Screen {
    pub fn snapshot(&mut self, view: &View) {
        let (snapshots, deltas, rows, is_quick) = (self.snapshots, self.deltas, self.rows, self.is_quick);
        *self = Screen { snapshots: snapshots + 1, deltas, rows, is_quick, ..Screen::default() };
        self.take(view);
    }

    /// A delta that does not follow what is shown is a gap: `false`.
    pub fn delta(&mut self, from: u64, view: &View) -> bool {
        let follows = from == self.version;
        if follows {
            self.deltas += 1;
            self.take(view);
        }
        follows
    }

    fn take(&mut self, view: &View) {
        self.version = view.version;
        self.rows += view.students.len() + view.cards.len();
        self.document = view.document.clone().or(self.document.take());
        self.students.extend(view.students.iter().map(|row| (row.student, row.clone())));
        view.removed.iter().for_each(|gone| drop(self.students.remove(gone)));
        self.cards.extend(view.cards.iter().map(|row| (row.card, row.clone())));
        let minutes = view.minutes.iter();
        self.minutes.extend(minutes.map(|minute| (minute.at, (minute.answered, minute.correct))));
        self.totals = view.totals;
        self.ask = view.ask.clone().or(self.ask.take());
        if let Some(groups) = &view.wrong {
            self.wrong = groups.iter().map(|group| (group.text.to_string(), group.students)).collect();
        }
        if self.document.as_ref().is_some_and(|document| document.ask.is_none()) {
            self.ask = None;
        }
    }
}

pub struct Desk {
    pub now: Now,
    pub lesson: Lesson,
    /// What is stored.
    pub record: Record,
    pub storing: Vec<Arc<Record>>,
    /// How often something was given to the store.
    pub stores_begun: usize,
    /// Stores succeed by themselves.
    pub stores: bool,
    pub screens: BTreeMap<MonitorId, Screen>,
    pub verdicts: Vec<(u64, Option<Refusal>)>,
    pub published: Vec<Arc<Document>>,
    pub reports: Vec<Report>,
    pub others: Vec<Effect>,
    pub epoch: u64,
    seq: u64,
    ids: u128,
}

impl Desk {
    /// A class of so many, without a lesson.
    pub fn new(students: u128) -> Desk {
        Desk::from(Record::new(ClassId::from_u128(0xc1a5)), 1, students)
    }

    /// From what is stored.
    pub fn from(record: Record, epoch: u64, students: u128) -> Desk {
        let mut desk = Desk::unseated(record, epoch);
        desk.input(Input::Roster(roster(students)));
        desk
    }

    /// From what is stored, before it is known who is enrolled.
    pub fn unseated(record: Record, epoch: u64) -> Desk {
        let now = Now { tick_ms: 1_000_000, wall_ms: START_MS };
        let mut desk = Desk {
            now,
            lesson: Lesson::load(record.clone(), epoch, now),
            record,
            storing: Vec::new(),
            stores_begun: 0,
            stores: true,
            screens: BTreeMap::new(),
            verdicts: Vec::new(),
            published: Vec::new(),
            reports: Vec::new(),
            others: Vec::new(),
            epoch,
            seq: 0,
            ids: 0,
        };
        let mut fx = Vec::new();
        desk.lesson.begin(&mut fx);
        desk.perform(fx);
        desk
    }

    /// A class of so many with a lesson and a teacher who watches.
    pub fn open(students: u128) -> (Desk, MonitorId) {
        let mut desk = Desk::new(students);
        let monitor = desk.watch(1);
        assert_eq!(desk.says(monitor, Command::Open { lesson: lesson_id(1) }), None);
        desk.pass(1_000);
        (desk, monitor)
    }

    pub fn watch(&mut self, n: u64) -> MonitorId {
        let monitor = MonitorId(n);
        self.screens.insert(monitor, Screen { is_quick: true, ..Screen::default() });
        self.input(Input::Watch { monitor });
        monitor
    }

    /// Gives a command under a fresh id; its verdict, if it has one.
    pub fn says(&mut self, monitor: MonitorId, command: Command) -> Option<Refusal> {
        self.ids += 1;
        let id = EntryId::v7(self.now.wall_ms, self.ids);
        self.says_as(monitor, id, command)
    }

    pub fn says_as(&mut self, monitor: MonitorId, id: EntryId, command: Command) -> Option<Refusal> {
        self.seq += 1;
        let seq = self.seq;
        self.input(Input::Command { monitor, seq, id, by: teacher(), command });
        let verdict = self.verdicts.iter().find(|(of, _)| *of == seq);
        verdict.map_or(Some(Refusal::Busy), |(_, refusal)| *refusal)
    }

    pub fn has_verdict(&self) -> bool {
        self.verdicts.iter().any(|(seq, _)| *seq == self.seq)
    }

    pub fn input(&mut self, input: Input) {
        let mut fx = Vec::new();
        self.lesson.handle(self.now, input, &mut fx);
        self.perform(fx);
    }

    pub fn perform(&mut self, effects: Vec<Effect>) {
        let mut then = Vec::new();
        for effect in effects {
            match effect {
                Effect::Store(record) => {
                    self.stores_begun += 1;
                    if self.stores {
                        self.record = Record::clone(&record);
                        then.push(Input::Stored { version: record.document.version });
                    } else {
                        self.storing.push(record);
                    }
                }
                Effect::Publish(document) => self.published.push(document),
                Effect::Verdict { seq, refusal, .. } => self.verdicts.push((seq, refusal)),
                Effect::Snapshot { monitor, view } => {
                    let screen = self.screens.get_mut(&monitor).unwrap();
                    screen.snapshot(&view);
                    then.extend(screen.is_quick.then_some(Input::Ready { monitor }));
                }
                Effect::Delta { monitors, from, view } => {
                    for monitor in monitors {
                        let screen = self.screens.get_mut(&monitor).unwrap();
                        assert!(screen.delta(from, &view), "no frame was lost");
                        then.extend(screen.is_quick.then_some(Input::Ready { monitor }));
                    }
                }
                Effect::Report(report) => self.reports.push(*report),
                other @ (Effect::Close { .. }
                | Effect::CallCells
                | Effect::Recount(_)
                | Effect::CarryOut(_)
                | Effect::KeepExtraTime { .. }
                | Effect::ChooseWarmUp { .. }
                | Effect::Retire) => self.others.push(other),
            }
        }
        then.into_iter().for_each(|input| self.input(input));
    }

    /// The store answers for what it was given.
    pub fn land(&mut self, why: Option<NotStored>) {
        for record in std::mem::take(&mut self.storing) {
            let version = record.document.version;
            match why {
                None => {
                    self.record = Record::clone(&record);
                    self.input(Input::Stored { version });
                }
                Some(why) => self.input(Input::NotStored { version, why }),
            }
        }
    }

    /// Time passes, from deadline to deadline.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.tick_ms + ms;
        loop {
            let next = self.lesson.next_deadline().unwrap_or(u64::MAX).max(self.now.tick_ms + 1);
            let to = next.min(end);
            self.now.wall_ms += (to - self.now.tick_ms) as i64;
            self.now.tick_ms = to;
            self.input(Input::Tick);
            let next = self.lesson.next_deadline();
            assert!(next.is_none_or(|at| at > to), "it is woken at {next:?} again and again, at {to}");
            if to == end {
                return;
            }
        }
    }

    /// Whoever does not answer the call is counted from the log, which says no more than is known.
    pub fn counted(&mut self) {
        self.pass(GATHER_CELLS_MS);
        let is_recount = |effect: &Effect| matches!(effect, Effect::Recount(_));
        while let Some(at) = self.others.iter().position(is_recount) {
            let Effect::Recount(students) = self.others.remove(at) else { return };
            for student in students {
                let figures = Some(Box::new(Figures { is_whole: true, ..Figures::default() }));
                self.input(Input::Recounted { student, figures });
            }
        }
    }

    pub fn cell(&mut self, n: u128, version: (u64, u64), figures: Figures) {
        self.cell_of(1, n, version, figures);
    }

    pub fn cell_of(&mut self, lesson: u128, n: u128, (epoch, number): (u64, u64), figures: Figures) {
        let version = CellVersion { epoch, n: number };
        let (student, lesson) = (student(n), lesson_id(lesson));
        let called_by = (self.epoch, self.lesson.calls());
        let cell = Cell { student, lesson, version, called_by, figures };
        self.input(Input::Cells(vec![Arc::new(cell)]));
    }

    pub fn screen(&self, monitor: MonitorId) -> &Screen {
        &self.screens[&monitor]
    }
}

/// Figures of somebody at work with so many answers, some of them right.
pub fn figures(answered: u32, correct: u32) -> Figures {
    Figures {
        presence: Presence::Here,
        deck: Some(deck()),
        answered,
        correct,
        elapsed_ms: u64::from(answered) * 2_000,
        grades: [0, answered - correct, 0, 0, correct, 0],
        as_of_ms: START_MS,
        is_whole: true,
        ..Figures::default()
    }
}

pub fn tally(n: u128, answers: u32, wrong: u32) -> Tally {
    Tally { deck: deck(), card: card(n), answers, wrong, recall_permille: None }
}

pub fn wrong(n: u128, text: &str, times: u32) -> WrongAnswer {
    WrongAnswer {
        card: card(n),
        digest: domain::check::later::response_digest(text),
        text: Some(text.into()),
        times,
    }
}

/// The same as somebody tells it who does not remember the text.
pub fn forgotten(n: u128, text: &str, times: u32) -> WrongAnswer {
    WrongAnswer { text: None, ..wrong(n, text, times) }
}

pub fn voted(figures: Figures, votes: &[Vote]) -> Figures {
    Figures { votes: votes.to_vec(), ..figures }
}
