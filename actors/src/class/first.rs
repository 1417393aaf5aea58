//! The first look at lessons after a start: who is welcomed before it is done would not be told of a lesson that is on, and a second
//! vote would be taken for an ordinary answer.

use super::Classes;
use domain::ids::ClassId;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::OnceLock;
use tokio::sync::Notify;

/// The lessons that were not over when the engine began.
#[derive(Debug, Default)]
pub(super) struct FirstLook {
    unfinished: OnceLock<BTreeSet<ClassId>>,
    changed: Notify,
}

impl FirstLook {
    /// They are listed, and asked for; later looks change nothing.
    pub fn listed(&self, unfinished: BTreeSet<ClassId>) {
        if self.unfinished.set(unfinished).is_ok() {
            self.changed();
        }
    }

    /// More may be known of one of them.
    pub fn changed(&self) {
        self.changed.notify_waiters();
    }
}

impl Classes {
    /// Waits until it is known of each lesson that was on at the start what its students are to be told, or that nobody here is to
    /// be told anything.
    pub(crate) async fn known(&self) {
        loop {
            let mut changed = pin!(self.first_look.changed.notified());
            changed.as_mut().enable();
            let listed = self.first_look.unfinished.get();
            if listed.is_some_and(|unfinished| unfinished.iter().all(|class| self.is_known(*class))) {
                return;
            }
            changed.await;
        }
    }

    fn is_known(&self, class: ClassId) -> bool {
        let is_read = || self.followed.get(&class).is_some_and(|followed| followed.is_reading());
        self.told.contains_key(&class) || !(self.live.contains_key(&class) || is_read())
    }
}

#[cfg(test)]
mod tests {
    use super::super::follow::Followed;
    use super::super::tell::told_of;
    use super::super::{LessonOptions, Watchers, cells};
    use super::*;
    use domain::ids::{RunId, UserId, Uuid};
    use domain::lesson::Record;
    use futures_util::FutureExt;
    use kit::MemoryStore;
    use ports::{Boxed, ClassRecord, StoreError};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    struct Nobody;

    impl Watchers for Nobody {
        fn watchers<'a>(
            &'a self,
            _: &'a ClassRecord,
            _: i64,
        ) -> Boxed<'a, Result<BTreeSet<UserId>, StoreError>> {
            Box::pin(async { Ok(BTreeSet::new()) })
        }
    }

    fn classes() -> Classes {
        let store = Arc::new(MemoryStore::new());
        let options = LessonOptions {
            lessons: store.clone(),
            run: RunId(Uuid::from_u128(1)),
            bus: None,
            encode: |_, _| Vec::new(),
            watchers: Arc::new(Nobody),
        };
        Classes::new(options, store.clone(), store)
    }

    fn class(n: u128) -> ClassId {
        ClassId::from_u128(n)
    }

    fn is_known(classes: &Classes) -> bool {
        classes.known().now_or_never().is_some()
    }

    #[test]
    fn nothing_is_known_before_lessons_are_listed_and_all_is_where_there_are_none() {
        let classes = classes();
        assert!(!is_known(&classes));
        classes.first_look.listed(BTreeSet::new());
        assert!(is_known(&classes));
    }

    #[test]
    fn a_lesson_is_known_when_its_students_are_told_or_nobody_here_has_it() {
        let classes = classes();
        let (way, _messages, _cells) = cells::way();
        let link = way.inbox.clone();
        classes.live.insert(class(1), way);
        classes.live.insert(class(2), cells::way().0);
        classes.followed.insert(class(3), Followed::reading());
        classes.first_look.listed((1..=4).map(class).collect());
        let mut known = Box::pin(classes.known());
        assert!(known.as_mut().now_or_never().is_none());
        classes.forget(class(1), &link);
        assert!(known.as_mut().now_or_never().is_none());
        classes.followed.remove(&class(3));
        let record = Record::new(class(2));
        let document = Arc::new(record.document.clone());
        let told = told_of((1, 1), 0, document, &record, None, &BTreeMap::new());
        classes.keep_told(&Arc::new(told));
        assert!(known.as_mut().now_or_never().is_some());
    }
}
