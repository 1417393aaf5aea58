//! Who may watch and steer a class: its teachers, and whoever stands in for one lesson by a link. HTTP and the monitor
//! socket ask here.

use crate::http::Caller;
use crate::http::access::{Need, Verdict, decide, to_class};
use domain::ids::{ClassId, LessonId, UserId, Uuid};
use ports::{
    ClassRecord, Lessons, LessonsError, PaperKey, PaperKind, Papers, PapersError, People, PeopleError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Who may watch and steer a class. Clones ask the same stores.
#[derive(Clone)]
pub struct Teaching {
    /// People and classes.
    pub people: Arc<dyn People>,
    /// Who teaches beside the teacher, and links.
    pub papers: Arc<dyn Papers>,
    /// Which lesson is on.
    pub lessons: Arc<dyn Lessons>,
}

/// Why it is not known.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TeachingError {
    /// People and classes could not be read.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Nor could small records.
    #[error(transparent)]
    Papers(#[from] PapersError),
    /// Nor could the lesson.
    #[error(transparent)]
    Lessons(#[from] LessonsError),
}

/// Somebody who stands in, as the class keeps it: never the link itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Substitute {
    /// Who it is, for people.
    pub name: String,
    /// Who let them.
    pub by: Uuid,
    /// The lesson that they stand in for; without one whichever is held until then.
    pub lesson: Option<Uuid>,
    /// Until when, Unix milliseconds.
    pub until_ms: i64,
    /// What the link is compared by.
    digest: String,
}

/// What a link lets its bearer do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandsIn {
    /// The class that may be watched and steered, and nothing else.
    pub class: ClassId,
    /// As whom: the link's id, which is no account.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// Until when at the latest, Unix milliseconds; a lesson that ends before ends it.
    pub until_ms: i64,
}

fn digest(secret: Uuid) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Substitute {
    /// Somebody who stands in with this secret.
    pub fn new(
        name: String,
        by: UserId,
        lesson: Option<LessonId>,
        until_ms: i64,
        secret: Uuid,
    ) -> Substitute {
        Substitute { name, by: by.0, lesson: lesson.map(|lesson| lesson.0), until_ms, digest: digest(secret) }
    }

    /// Whether it holds now, while this lesson is on.
    fn holds(&self, on: Option<LessonId>, now_ms: i64) -> bool {
        now_ms < self.until_ms && self.lesson.is_none_or(|lesson| on == Some(LessonId(lesson)))
    }
}

/// The text of a link: its class, its id and its secret.
pub fn link_of(class: ClassId, id: Uuid, secret: Uuid) -> String {
    format!("{}.{}.{}", class.0.simple(), id.simple(), secret.simple())
}

/// Reads [`link_of`].
fn read_link(link: &str) -> Option<(ClassId, Uuid, Uuid)> {
    let mut parts = link.split('.').map(Uuid::parse_str);
    let (class, id, secret) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    parts.next().is_none().then_some((ClassId(class), id, secret))
}

impl Teaching {
    /// Whether this person teaches the class beside its teacher.
    ///
    /// # Errors
    /// The store's.
    pub async fn co_teaches(&self, class: ClassId, who: &Caller) -> Result<bool, TeachingError> {
        if !who.may_teach() {
            return Ok(false);
        }
        let key = PaperKey { of: class.0, kind: PaperKind::Teacher, id: who.user.0 };
        Ok(self.papers.paper(key).await?.is_some())
    }

    /// The class, if this person may watch and steer it now: its teacher, its other teachers, administrators of its
    /// organisation. `None` also where there is no such class.
    ///
    /// # Errors
    /// The store's.
    pub async fn may_teach(
        &self,
        class: ClassId,
        who: &Caller,
    ) -> Result<Option<ClassRecord>, TeachingError> {
        let record = self.people.class(class).await?.filter(|class| class.deleted_ms.is_none());
        let Some(record) = record else { return Ok(None) };
        let runs = |co_teaches| decide(Need::RunClass, &to_class(who, &record, co_teaches)) == Verdict::May;
        let may = runs(false) || (self.co_teaches(class, who).await? && runs(true));
        Ok(may.then_some(record))
    }

    /// What a substitute's link lets its bearer do now; `None` for one that is unknown, over, or was taken back.
    ///
    /// # Errors
    /// The store's.
    pub async fn by_link(&self, link: &str, now_ms: i64) -> Result<Option<StandsIn>, TeachingError> {
        let Some((class, id, secret)) = read_link(link) else { return Ok(None) };
        let key = PaperKey { of: class.0, kind: PaperKind::Substitute, id };
        let Some(paper) = self.papers.paper(key).await? else { return Ok(None) };
        let kept: Option<Substitute> = serde_json::from_slice(&paper.body).ok();
        let Some(kept) = kept.filter(|kept| kept.digest == digest(secret)) else { return Ok(None) };
        let record = self.lessons.record(class).await?;
        let on = record.filter(|record| record.is_on()).and_then(|record| record.document.lesson);
        let is_there = self.people.class(class).await?.is_some_and(|class| class.deleted_ms.is_none());
        let holds = is_there && kept.holds(on, now_ms);
        Ok(holds.then_some(StandsIn { class, user: UserId(id), name: kept.name, until_ms: kept.until_ms }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_it_was_written_and_nothing_else_is_one() {
        let (class, id, secret) = (ClassId::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let link = link_of(class, id, secret);
        assert_eq!(read_link(&link), Some((class, id, secret)));
        for other in
            [String::new(), format!("{link}.{}", id.simple()), link.replacen('.', "", 1), "a.b.c".into()]
        {
            assert_eq!(read_link(&other), None, "{other}");
        }
    }

    #[test]
    fn a_substitute_stands_in_for_one_lesson_and_no_longer_than_said() {
        let lesson = LessonId::from_u128(7);
        let of = |lesson| Substitute::new("Kim".into(), UserId::from_u128(1), lesson, 1_000, Uuid::nil());
        assert!(of(Some(lesson)).holds(Some(lesson), 999));
        assert!(!of(Some(lesson)).holds(Some(lesson), 1_000));
        assert!(!of(Some(lesson)).holds(None, 0));
        assert!(!of(Some(lesson)).holds(Some(LessonId::from_u128(8)), 0));
        assert!(of(None).holds(None, 0) && of(None).holds(Some(lesson), 0));
    }
}
