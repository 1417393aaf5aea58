//! Which classes somebody teaches now, as their teacher or beside them.

use super::TeachingError;
use crate::http::Caller;
use crate::http::access::{runs, runs_as};
use crate::http::limits::{CLASSES_PER_TEACHER_MAX, TEACHERS_PER_CLASS_MAX};
use domain::ids::{ClassId, UserId};
use ports::{ClassRecord, PaperKey, PaperKind, Papers, PapersError, People};
use std::collections::BTreeSet;

/// The classes that are said to have somebody as another teacher, as they are now. Whether they do each says itself:
/// [`is_named`].
async fn named_of(
    people: &dyn People,
    papers: &dyn Papers,
    who: &Caller,
) -> Result<Vec<ClassRecord>, TeachingError> {
    if !who.may_teach() {
        return Ok(Vec::new());
    }
    let leads = papers.papers(who.user.0, PaperKind::Teaches, None, CLASSES_PER_TEACHER_MAX).await?;
    if leads.is_empty() {
        return Ok(Vec::new());
    }
    let found = people.classes(leads.into_iter().map(|paper| ClassId(paper.key.id)).collect()).await?;
    let now = |class: &ClassRecord| class.deleted_ms.is_none() && runs_as(who, class, true);
    let mut classes: Vec<ClassRecord> = found.into_iter().filter(now).collect();
    classes.sort_by_key(|class| class.id);
    Ok(classes)
}

/// Whether a class has this person as another teacher. Its own record decides: who was dismissed half-way is none.
pub(super) async fn is_named(papers: &dyn Papers, class: ClassId, user: UserId) -> Result<bool, PapersError> {
    Ok(papers.paper(named_in(class, user)).await?.is_some())
}

/// By what a class says that this person is another teacher of it.
const fn named_in(class: ClassId, user: UserId) -> PaperKey {
    PaperKey { of: class.0, kind: PaperKind::Teacher, id: user.0 }
}

/// The classes that somebody teaches beside their teachers, as they are now.
///
/// # Errors
/// The store's.
pub async fn also_taught(
    people: &dyn People,
    papers: &dyn Papers,
    who: &Caller,
) -> Result<Vec<ClassRecord>, TeachingError> {
    let mut classes = named_of(people, papers, who).await?;
    if classes.is_empty() {
        return Ok(classes);
    }
    let named =
        papers.papers_named(classes.iter().map(|class| named_in(class.id, who.user)).collect()).await?;
    let named: BTreeSet<ClassId> = named.into_iter().map(|paper| ClassId(paper.key.of)).collect();
    classes.retain(|class| named.contains(&class.id));
    Ok(classes)
}

/// Those of a person's own classes, which they teach or study in, that they run.
pub(super) async fn own_run(people: &dyn People, who: &Caller) -> Result<Vec<ClassRecord>, TeachingError> {
    if !who.may_teach() {
        return Ok(Vec::new());
    }
    let of = people.classes_of(who.user).await?;
    Ok(of.into_iter().filter(|class| class.deleted_ms.is_none() && runs(who, class)).collect())
}

/// Every class that somebody runs over HTTP now: see [`Teaching::may_teach`](super::Teaching::may_teach).
///
/// # Errors
/// The store's.
pub async fn all_run(
    people: &dyn People,
    papers: &dyn Papers,
    who: &Caller,
) -> Result<BTreeSet<ClassId>, TeachingError> {
    let (own, also) = (own_run(people, who).await?, also_taught(people, papers, who).await?);
    Ok(own.iter().chain(&also).map(|class| class.id).collect())
}

/// Those who teach a class beside its teacher.
///
/// # Errors
/// The store's.
pub async fn further_teachers(papers: &dyn Papers, class: ClassId) -> Result<Vec<UserId>, PapersError> {
    let named = papers.papers(class.0, PaperKind::Teacher, None, TEACHERS_PER_CLASS_MAX).await?;
    Ok(named.iter().map(|paper| UserId(paper.key.id)).collect())
}
