//! Who belongs to a class and who may watch it: read when somebody tells of a change, and every few seconds, so that a
//! revocation holds soon whoever made it.

use super::Watchers;
use super::actor::{ClassActor, Fell, Live, Watcher};
use super::messages::{MonitorClose, Roster, ToClass, ToMonitor};
use crate::limits::{NAMES_EVERY_MS, ROSTER_EVERY_MS};
use domain::ids::{ClassId, UserId};
use domain::lesson::input::Student;
use domain::lesson::{Input, MonitorId};
use domain::session::Now;
use ports::{People, PeopleError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names of students, and when they were read.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_student: BTreeMap<UserId, Arc<str>>,
    read_tick_ms: Option<u64>,
}

impl Names {
    fn are_old(&self, now: Now) -> bool {
        self.read_tick_ms.is_none_or(|read| now.tick_ms.saturating_sub(read) >= NAMES_EVERY_MS)
    }
}

impl Live {
    /// When it is to be read again who belongs to the class (monotonic milliseconds).
    pub(super) fn next_look(&self) -> Option<u64> {
        let is_needed = !self.monitors.is_empty() || self.lesson.record().is_on() || self.record.is_none();
        (is_needed && !self.is_looking).then_some(self.look_tick_ms.saturating_add(ROSTER_EVERY_MS))
    }
}

impl ClassActor {
    /// Reads who belongs to the class. One reading at a time: what is told meanwhile asks for one more.
    pub(super) fn look(&self, live: &mut Live, now: Now) {
        if live.is_looking {
            live.looks_again = true;
            return;
        }
        let Some(classes) = self.classes() else { return };
        (live.is_looking, live.looks_again, live.look_tick_ms) = (true, false, now.tick_ms);
        let known = live.record.as_ref().map(|record| record.students.clone());
        let names_are_old = live.names.are_old(now);
        let (people, link, class) = (classes.people.clone(), self.link.clone(), self.class);
        let watchers = classes.options.watchers.clone();
        self.shared.runtime().spawn(async move {
            let roster = match read(&*people, &*watchers, (class, now.wall_ms), known, names_are_old).await {
                Ok(roster) => Some(roster),
                Err(error) => {
                    tracing::warn!(%error, %class, "who belongs to a class could not be read");
                    None
                }
            };
            drop(link.send(ToClass::Roster(roster)).await);
        });
    }

    /// It was read: seats are given and taken, and whoever may not watch any more is closed.
    pub(super) fn roster_read(&self, live: &mut Live, roster: Option<Roster>) -> Result<(), Fell> {
        let now = self.shared.clock.now();
        live.is_looking = false;
        self.count_unheard(live)?;
        let Some(Roster { class, watchers, names, extra }) = roster else { return Ok(()) };
        let had = std::mem::replace(&mut live.extra, extra);
        if let Some(names) = names {
            (live.names.by_student, live.names.read_tick_ms) = (names, Some(now.tick_ms));
        }
        let is_first = live.record.is_none() && !live.is_gone;
        let before = live.record.take();
        // Of a class that is no more the lesson is reported as of any other.
        let students = class.as_ref().map(|class| class.students.clone());
        let class = class.filter(|class| class.deleted_ms.is_none());
        live.is_gone = class.is_none();
        let may = |watcher: &Watcher| class.is_some() && watchers.contains(&watcher.user);
        let shut: Vec<MonitorId> =
            live.monitors.iter().filter(|(_, watcher)| !may(watcher)).map(|(id, _)| *id).collect();
        for monitor in shut {
            if let Some(watcher) = live.monitors.get(&monitor) {
                drop(watcher.to.try_send(ToMonitor::Close(MonitorClose::Forbidden)));
            }
            self.drop_monitor(live, monitor);
            self.input(live, Input::Unwatch { monitor })?;
        }
        live.record = class;
        if is_first || students.is_some() {
            let students = students.unwrap_or_default();
            let seats = students.into_iter().map(|id| self.student(live, id)).collect();
            self.input(live, Input::Roster(seats))?;
        }
        if live.is_gone {
            self.input(live, Input::Gone)?;
        }
        if is_first || live.record != before || live.extra != had {
            self.tell(live);
        }
        if live.looks_again {
            self.look(live, now);
        }
        Ok(())
    }

    /// Cells of other nodes come over the bus: while it is away, students of whom nobody tells are counted from their logs.
    fn count_unheard(&self, live: &mut Live) -> Result<(), Fell> {
        let is_alone = self.shared.cluster.is_none();
        let bus = self.classes().and_then(|classes| classes.options.bus.as_ref());
        if is_alone || bus.is_some_and(|bus| bus.stats().connected) {
            return Ok(());
        }
        self.input(live, Input::NobodyTells)
    }

    fn student(&self, live: &Live, id: UserId) -> Student {
        let name = live.names.by_student.get(&id).cloned().unwrap_or_else(|| Arc::from(""));
        Student { id, name, extra_percent: live.extra.get(&id).copied().unwrap_or(0) }
    }
}

async fn read(
    people: &dyn People,
    watchers: &dyn Watchers,
    (class, now_ms): (ClassId, i64),
    known: Option<Vec<UserId>>,
    names_are_old: bool,
) -> Result<Roster, PeopleError> {
    let record = people.class(class).await?;
    let watchers = match &record {
        Some(record) => watchers.watchers(record, now_ms).await?,
        None => BTreeSet::new(),
    };
    let extra = people.extra_times(class).await?.into_iter().collect();
    let students = record.as_ref().map(|record| record.students.clone()).unwrap_or_default();
    let mut roster = Roster { class: record, watchers, names: None, extra };
    if names_are_old || known.as_ref() != Some(&students) {
        let persons = people.persons(students).await?;
        roster.names = Some(persons.into_iter().map(|person| (person.id, Arc::from(person.name))).collect());
    }
    Ok(roster)
}
