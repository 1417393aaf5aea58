//! Who may watch and steer a class: its teachers, and whoever stands in for one lesson by a link. HTTP and the monitor
//! socket ask here.

mod taught;

pub use taught::{all_run, also_taught, further_teachers};

use crate::http::Caller;
use crate::http::access::{runs, runs_as};
use actors::Watchers;
use domain::ids::{ClassId, DeckId, LessonId, UserId, Uuid};
use ports::papers::PAPERS_PAGE_MAX;
use ports::{
    Boxed, Cause, ClassRecord, Lessons, LessonsError, Paper, PaperKey, PaperKind, Papers, PapersError,
    People, PeopleError, StoreError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use taught::{is_named, own_run};

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

/// As whom the bearer of a link comes in; `None` for what is no link, as a token is none.
pub fn bearer_of(link: &str) -> Option<UserId> {
    read_link(link).map(|(_, id, _)| UserId(id))
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
        Ok(is_named(self.papers.as_ref(), class, who.user).await?)
    }

    /// The decks of the classes that this person teaches now.
    ///
    /// # Errors
    /// The store's.
    pub async fn decks_taught(&self, who: &Caller) -> Result<BTreeSet<DeckId>, TeachingError> {
        let (people, papers) = (self.people.as_ref(), self.papers.as_ref());
        let (own, also) = (own_run(people, who).await?, also_taught(people, papers, who).await?);
        Ok(own.into_iter().chain(also).flat_map(|class| class.decks).collect())
    }

    /// Whether a class that this person teaches now has this deck.
    ///
    /// # Errors
    /// The store's.
    pub async fn teaches_with(&self, deck: DeckId, who: &Caller) -> Result<bool, TeachingError> {
        let (people, papers) = (self.people.as_ref(), self.papers.as_ref());
        let has = |class: &ClassRecord| class.decks.contains(&deck);
        Ok(own_run(people, who).await?.iter().any(has)
            || also_taught(people, papers, who).await?.iter().any(has))
    }

    /// The class, if this person runs it over HTTP now: its teacher, its other teachers, administrators of its
    /// organisation. Who may watch its lesson is [`Watchers::watchers`]. `None` also where there is no such class.
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
        Ok(self.runs_class(&record, who).await?.then_some(record))
    }

    /// Whether this person runs this class, as [`Teaching::may_teach`] says.
    ///
    /// # Errors
    /// The store's.
    pub async fn runs_class(&self, class: &ClassRecord, who: &Caller) -> Result<bool, TeachingError> {
        Ok(runs(who, class) || (self.co_teaches(class.id, who).await? && runs_as(who, class, true)))
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
        let on = self.lesson_on(class).await?;
        let record = self.people.class(class).await?.filter(|class| class.deleted_ms.is_none());
        let holds = match record {
            Some(record) => kept.holds(on, now_ms) && self.still_runs(&record, UserId(kept.by)).await?,
            None => false,
        };
        Ok(holds.then_some(StandsIn { class, user: UserId(id), name: kept.name, until_ms: kept.until_ms }))
    }

    /// Whether who made a link runs the class still: a link says no more than its maker may.
    async fn still_runs(&self, class: &ClassRecord, by: UserId) -> Result<bool, TeachingError> {
        let Some(person) = self.people.person(by).await? else { return Ok(false) };
        let as_now = Caller { user: by, role: person.role, org: person.org };
        self.runs_class(class, &as_now).await
    }

    async fn lesson_on(&self, class: ClassId) -> Result<Option<LessonId>, LessonsError> {
        let record = self.lessons.record(class).await?;
        Ok(record.filter(|record| record.is_on()).and_then(|record| record.document.lesson))
    }

    async fn all_watchers(
        &self,
        class: &ClassRecord,
        now_ms: i64,
    ) -> Result<BTreeSet<UserId>, TeachingError> {
        let of = |kind| self.papers.papers(class.id.0, kind, None, PAPERS_PAGE_MAX);
        let mut watchers = BTreeSet::from([class.teacher]);
        watchers.extend(of(PaperKind::Teacher).await?.iter().map(|paper| UserId(paper.key.id)));
        let links = of(PaperKind::Substitute).await?;
        if !links.is_empty() {
            let on = self.lesson_on(class.id).await?;
            let read = |paper: &Paper| {
                serde_json::from_slice(&paper.body).ok().map(|kept: Substitute| (paper.key.id, kept))
            };
            let held = links.iter().filter_map(read);
            let held: Vec<(Uuid, Substitute)> = held.filter(|(_, kept)| kept.holds(on, now_ms)).collect();
            let makers: BTreeSet<Uuid> = held.iter().map(|(_, kept)| kept.by).collect();
            for by in makers {
                if self.still_runs(class, UserId(by)).await? {
                    watchers.extend(held.iter().filter(|(_, kept)| kept.by == by).map(|(id, _)| UserId(*id)));
                }
            }
        }
        Ok(watchers)
    }
}

impl Watchers for Teaching {
    fn watchers<'a>(
        &'a self,
        class: &'a ClassRecord,
        now_ms: i64,
    ) -> Boxed<'a, Result<BTreeSet<UserId>, StoreError>> {
        Box::pin(async move {
            let failed = |error: TeachingError| StoreError::new(Cause::Unavailable, error.to_string());
            self.all_watchers(class, now_ms).await.map_err(failed)
        })
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
