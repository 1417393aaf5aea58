//! What students are told of a lesson: once to each shard, which gives it to those of its sessions that it concerns, and kept
//! for sessions that are loaded later.

use super::Classes;
use super::actor::{ClassActor, Live};
use crate::messages::ToShard;
use domain::ids::UserId;
use domain::lesson::Told;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl ClassActor {
    /// Tells the sessions of all students how the lesson stands. Before it is known who they are nobody is told.
    pub(super) fn tell(&self, live: &mut Live) {
        let (Some(classes), Some(document), Some(class)) = (self.classes(), &live.document, &live.record)
        else {
            return;
        };
        live.told += 1;
        let record = live.lesson.record();
        let extra = |student: &UserId| live.extra.get(student).copied().unwrap_or(0);
        let students: BTreeMap<UserId, u16> = class
            .students
            .iter()
            .filter(|student| !record.removed.contains(student))
            .map(|student| (*student, extra(student)))
            .collect();
        let told = Arc::new(Told {
            at: (live.holder.epoch, live.told),
            calls: live.calls,
            document: document.clone(),
            opened_ms: record.opened_ms,
            rounds: record.rounds(),
            decks: class.decks.clone().into(),
            students: Arc::new(students),
        });
        let concerned = classes.keep_told(&told);
        self.shared.tell_all(|| ToShard::Class(told.clone(), concerned.clone()));
    }
}

impl Classes {
    /// Keeps what is told for whoever is loaded later. Returns whom it concerns: those who take part, and those who did.
    fn keep_told(&self, told: &Arc<Told>) -> Arc<[UserId]> {
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
        let all: BTreeSet<UserId> = told.students.keys().chain(took_part.keys()).copied().collect();
        all.into_iter().collect()
    }
}
