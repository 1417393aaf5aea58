//! What students are told of a lesson: once to each shard, which gives it to those of its sessions that it concerns, and kept
//! for sessions that are loaded later. Other nodes hear that there is something to read.

use super::Classes;
use super::actor::{ClassActor, Live};
use crate::messages::ToShard;
use domain::ids::UserId;
use domain::lesson::{Document, Record, Told};
use ports::bus::LessonMark;
use ports::{ClassRecord, Note, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl ClassActor {
    /// Tells the sessions of all students how the lesson stands. Before it is known who they are nobody is told; a class that
    /// is no more has none.
    pub(super) fn tell(&self, live: &mut Live) {
        let (Some(classes), Some(document)) = (self.classes(), &live.document) else { return };
        if live.record.is_none() && !live.is_gone {
            return;
        }
        live.told += 1;
        let (at, calls) = ((live.holder.epoch, live.told), live.lesson.calls());
        let (record, class) = (live.lesson.record(), live.record.as_ref());
        let told = Arc::new(told_of(at, calls, document.clone(), record, class, &live.extra));
        let concerned = classes.keep_told(&told);
        self.shared.tell_all(|| ToShard::Class(told.clone(), concerned.clone()));
        if let Some(bus) = &classes.options.bus {
            // What it says is stored: other nodes read it.
            let mark = LessonMark { class: self.class, epoch: at.0, told: at.1, calls: told.calls };
            bus.publish(Topic::Inv, Note::Lesson(mark));
        }
    }
}

/// What is told of a lesson to the sessions of its students; a class that is no more has none.
pub(super) fn told_of(
    at: (u64, u64),
    calls: u64,
    document: Arc<Document>,
    record: &Record,
    class: Option<&ClassRecord>,
    extra: &BTreeMap<UserId, u16>,
) -> Told {
    let (students, decks) = class.map_or((&[][..], &[][..]), |class| (&class.students[..], &class.decks[..]));
    let takes_part = |student: &&UserId| !record.removed.contains(student);
    let percent = |student: &UserId| (*student, extra.get(student).copied().unwrap_or(0));
    let students: BTreeMap<UserId, u16> = students.iter().filter(takes_part).map(percent).collect();
    Told {
        at,
        calls,
        document,
        opened_ms: record.opened_ms,
        rounds: record.rounds(),
        decks: decks.into(),
        students: Arc::new(students),
    }
}

impl Classes {
    /// Keeps what is told for whoever is loaded later. Returns whom it concerns: those who take part, and those who did.
    pub(super) fn keep_told(&self, told: &Arc<Told>) -> Arc<[UserId]> {
        let class = told.class();
        let before = self.told.insert(class, told.clone());
        let took_part = before.map(|before| before.students.clone()).unwrap_or_default();
        for student in told.students.keys().filter(|student| !took_part.contains_key(student)) {
            let mut classes = self.attended.entry(*student).or_default();
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        for gone in took_part.keys().filter(|student| !told.students.contains_key(student)) {
            if let Some(mut classes) = self.attended.get_mut(gone) {
                classes.retain(|of| *of != class);
            }
            self.attended.remove_if(gone, |_, classes| classes.is_empty());
        }
        self.first_look.changed();
        let all: BTreeSet<UserId> = told.students.keys().chain(took_part.keys()).copied().collect();
        all.into_iter().collect()
    }
}
