//! One class: the machine, its inbox, and time. The machine runs in a contained part; when it falls, its monitors come back,
//! and the lesson goes on from its record.

use super::Classes;
use super::cells::Cells;
use super::figures::count;
use super::messages::{MonitorClose, NotWatched, Picture, ToClass, ToMonitor, Told};
use super::place::Took;
use super::roster::Names;
use crate::engine::Shared;
use crate::limits::{CLASS_RESTS_MS, CLASS_TURN};
use domain::ids::{ClassId, UserId};
use domain::lesson::output::Effect;
use domain::lesson::{Cell, Document, Input, Lesson, MonitorId, NotStored, View};
use domain::session::Now;
use ports::ClassRecord;
use ports::lessons::{Holder, LessonsError, Taken};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often a record is asked for before whoever waits for it is told that the class is not ready.
const LOADS_MAX: usize = 4;

/// A class of this node.
pub(super) struct ClassActor {
    pub(super) class: ClassId,
    pub(super) shared: Arc<Shared>,
    pub(super) link: mpsc::Sender<ToClass>,
    inbox: mpsc::Receiver<ToClass>,
    cells: Cells,
    /// It has something unfinished: it is loaded however long that takes.
    insists: bool,
}

/// A class in memory.
pub(super) struct Live {
    pub(super) lesson: Lesson,
    pub(super) holder: Holder,
    pub(super) monitors: BTreeMap<MonitorId, Watcher>,
    /// The class as it was read last.
    pub(super) record: Option<ClassRecord>,
    /// The class is no more.
    pub(super) is_gone: bool,
    pub(super) names: Names,
    /// Extra time of students, in percent.
    pub(super) extra: BTreeMap<UserId, u16>,
    pub(super) is_looking: bool,
    pub(super) looks_again: bool,
    pub(super) look_tick_ms: u64,
    /// What is to be told to students.
    pub(super) document: Option<Arc<Document>>,
    pub(super) told: u64,
    /// Pictures of the newest version, as they were encoded.
    pub(super) encoded: Vec<(Arc<View>, Picture)>,
}

/// A teacher's socket.
pub(super) struct Watcher {
    pub(super) user: UserId,
    pub(super) to: Told,
}

/// What woke a class.
enum Woken {
    Message(Box<ToClass>),
    Cell(Arc<Cell>),
    Time,
}

/// How the life of a class ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    /// Nobody needs it.
    Idle,
    /// It has another owner.
    Retired,
    /// The machine panicked.
    Fell,
}

impl ClassActor {
    pub(super) fn new(
        class: ClassId,
        shared: Arc<Shared>,
        (link, inbox, cells): (mpsc::Sender<ToClass>, mpsc::Receiver<ToClass>, Cells),
        insists: bool,
    ) -> ClassActor {
        ClassActor { class, shared, link, inbox, cells, insists }
    }

    pub(super) fn classes(&self) -> Option<&Classes> {
        self.shared.classes.as_ref()
    }

    pub(super) async fn run(mut self) {
        loop {
            let Some(taken) = self.load().await else { break };
            match self.live(taken).await {
                Ended::Idle | Ended::Retired => break,
                Ended::Fell => {
                    tracing::error!(class = %self.class, "a class panicked and is built anew");
                    self.insists = true;
                    tokio::time::sleep(Duration::from_millis(CLASS_RESTS_MS)).await;
                }
            }
        }
        if let Some(classes) = self.classes() {
            classes.forget(self.class, &self.link);
            if self.shared.cluster.is_some() {
                // Another node may have it now.
                classes.follow(&self.shared, self.class, None);
            }
        }
        // Whoever waits in the inbox hears that nobody answers, and looks for the class again.
        self.inbox.close();
        while self.inbox.recv().await.is_some() {}
    }

    /// Takes the class for this run. `None` when that does not succeed, and nothing is owed.
    async fn load(&mut self) -> Option<Taken> {
        let mut tries = 0;
        loop {
            match self.take().await {
                Ok(Took::Taken(taken)) => return Some(*taken),
                // Whoever waits looks for the class once more, and finds it there.
                Ok(Took::Elsewhere) => return None,
                Ok(Took::NotNow) => {}
                Err(error) => tracing::warn!(%error, class = %self.class, "a lesson could not be taken"),
            }
            tries += 1;
            if tries >= LOADS_MAX {
                self.turn_away();
                if !self.insists {
                    return None;
                }
            }
            tokio::time::sleep(Duration::from_millis(CLASS_RESTS_MS)).await;
        }
    }

    async fn take(&self) -> Result<Took, LessonsError> {
        match self.classes() {
            Some(classes) => classes.take(&self.shared, self.class).await,
            None => Ok(Took::Elsewhere),
        }
    }

    /// Whoever wants to watch is told that the class is not ready; all else would be stale when it is.
    fn turn_away(&mut self) {
        self.cells.forget();
        while let Ok(message) = self.inbox.try_recv() {
            if let ToClass::Watch { reply, .. } = message {
                // Whoever went away needs no answer.
                let _ = reply.send(Err(NotWatched::NotReady));
            }
        }
    }

    fn now(&self) -> Now {
        self.shared.clock.now()
    }

    async fn live(&mut self, taken: Taken) -> Ended {
        let now = self.now();
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            let lesson = Lesson::load(taken.record, taken.holder.epoch, now);
            let mut fx = Vec::new();
            lesson.begin(&mut fx);
            (lesson, fx)
        }));
        let Ok((lesson, fx)) = loaded else { return Ended::Fell };
        let mut live = Live {
            lesson,
            holder: taken.holder,
            monitors: BTreeMap::new(),
            record: None,
            is_gone: false,
            names: Names::default(),
            extra: BTreeMap::new(),
            is_looking: false,
            looks_again: false,
            look_tick_ms: 0,
            document: None,
            told: 0,
            encoded: Vec::new(),
        };
        self.perform(&mut live, fx);
        self.look(&mut live, now);
        let ended = self.turns(&mut live).await;
        self.close_all(&mut live, ended);
        ended
    }

    async fn turns(&mut self, live: &mut Live) -> Ended {
        loop {
            let now = self.now();
            let cells = self.cells.deadline(now.tick_ms);
            let wakes = [live.lesson.next_deadline(), live.next_look(), cells].into_iter().flatten().min();
            let wait = wakes.map(|at| Duration::from_millis(at.saturating_sub(now.tick_ms)));
            let woken = self.woken(wait, cells.is_none()).await;
            if self.turn(live, woken).is_err() {
                return Ended::Fell;
            }
            if live.is_retired() {
                return Ended::Retired;
            }
            let now = self.now();
            if live.next_look().is_some_and(|at| now.tick_ms >= at) {
                self.look(live, now);
            }
            if live.monitors.is_empty() && live.lesson.is_idle() && self.inbox.is_empty() {
                return Ended::Idle;
            }
        }
    }

    /// What comes first; a cell only where any of them wakes the class.
    async fn woken(&mut self, wait: Option<Duration>, by_cells: bool) -> Woken {
        let waited = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = self.inbox.recv() => message.map_or(Woken::Time, |message| Woken::Message(Box::new(message))),
            cell = self.cells.next(), if by_cells => cell.map_or(Woken::Time, Woken::Cell),
            () = waited => Woken::Time,
        }
    }

    /// Works off what waits: cells first, so that whatever else is done knows of them.
    fn turn(&mut self, live: &mut Live, woken: Woken) -> Result<(), Fell> {
        let (message, cell) = match woken {
            Woken::Message(message) => (Some(*message), None),
            Woken::Cell(cell) => (None, Some(cell)),
            Woken::Time => (None, None),
        };
        let cells = self.cells.take(cell);
        let count = cells.len();
        if !cells.is_empty() {
            self.input(live, Input::Cells(cells))?;
        }
        if let Some(message) = message {
            self.take_message(live, message)?;
        }
        for _ in 0..CLASS_TURN {
            let Ok(message) = self.inbox.try_recv() else { break };
            self.take_message(live, message)?;
        }
        self.input(live, Input::Tick)?;
        // From here, and not from when they were taken: the picture that follows the next ones may be made by then.
        self.cells.rest(count, self.now().tick_ms);
        Ok(())
    }

    fn take_message(&self, live: &mut Live, message: ToClass) -> Result<(), Fell> {
        let input = match message {
            ToClass::Watch { monitor, user, to, reply } => {
                // Whether it may was read a moment ago, and is read again soon.
                if reply.send(Ok(())).is_err() {
                    return Ok(());
                }
                live.monitors.insert(monitor, Watcher { user, to });
                self.counted(|counters| count(&counters.monitors));
                Input::Watch { monitor }
            }
            ToClass::Unwatch(monitor) => {
                self.drop_monitor(live, monitor);
                Input::Unwatch { monitor }
            }
            ToClass::Ready(monitor) => Input::Ready { monitor },
            ToClass::Command { monitor, seq, id, by, command } => {
                if !live.monitors.contains_key(&monitor) {
                    return Ok(());
                }
                self.counted(|counters| count(&counters.commands));
                if let Some(refusal) = live.refuses(id, &command) {
                    self.send(live, monitor, ToMonitor::Verdict { seq, id, refusal: Some(refusal) });
                    return Ok(());
                }
                Input::Command { monitor, seq, id, by, command: *command }
            }
            ToClass::Look => {
                self.look(live, self.now());
                return Ok(());
            }
            ToClass::Roster(roster) => return self.roster_read(live, roster),
            ToClass::Stored { version, outcome: Ok(()) } => Input::Stored { version },
            ToClass::Stored { version, outcome: Err(why) } => {
                self.counted(|counters| count(&counters.not_stored));
                Input::NotStored { version, why }
            }
            ToClass::Recounted { student, figures } => Input::Recounted { student, figures },
            ToClass::CarriedOut(said) => Input::CarriedOut { said },
            ToClass::WarmedUp { said, cards } => Input::WarmedUp { said, cards },
            ToClass::Reported => Input::Reported,
            ToClass::Superseded(epoch) => {
                if epoch > live.holder.epoch {
                    live.retire();
                }
                return Ok(());
            }
            ToClass::CallCells => Input::CellsMissed,
        };
        self.input(live, input)
    }

    /// Feeds the machine, in a contained part, and does what follows.
    pub(super) fn input(&self, live: &mut Live, input: Input) -> Result<(), Fell> {
        let now = self.now();
        let mut fx = Vec::new();
        let handled = catch_unwind(AssertUnwindSafe(|| {
            if let Some(hook) = &self.shared.hooks.before_lesson {
                hook(self.class, &input);
            }
            live.lesson.handle(now, input, &mut fx);
        }));
        if handled.is_err() {
            return Err(Fell);
        }
        self.perform(live, fx);
        Ok(())
    }

    pub(super) fn counted(&self, note: impl FnOnce(&super::figures::Counters)) {
        if let Some(classes) = self.classes() {
            note(&classes.counters);
        }
    }

    pub(super) fn drop_monitor(&self, live: &mut Live, monitor: MonitorId) {
        if live.monitors.remove(&monitor).is_some() {
            self.counted(|counters| {
                counters.monitors.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    fn close_all(&self, live: &mut Live, ended: Ended) {
        let why = match ended {
            Ended::Fell => {
                self.counted(|counters| count(&counters.fell));
                MonitorClose::Fallen
            }
            Ended::Retired | Ended::Idle => MonitorClose::OwnerChanged,
        };
        for monitor in live.monitors.keys().copied().collect::<Vec<_>>() {
            if let Some(watcher) = live.monitors.get(&monitor) {
                // One that has no room is dropped with its sender, and closes.
                drop(watcher.to.try_send(ToMonitor::Close(why)));
            }
            self.drop_monitor(live, monitor);
        }
    }
}

/// The machine panicked: it is half changed, and never run again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fell;

impl Live {
    fn is_retired(&self) -> bool {
        self.holder.epoch == 0
    }

    /// The class has another owner.
    pub(super) fn retire(&mut self) {
        self.holder.epoch = 0;
    }
}

/// What a store's error means to a lesson.
pub(super) fn not_stored(error: &LessonsError) -> NotStored {
    match error {
        LessonsError::Store(_) => NotStored::Unknown,
        LessonsError::Fenced => NotStored::Fenced,
    }
}

/// Effects are done by `perform`; nothing else does any.
pub(super) type Effects = Vec<Effect>;
