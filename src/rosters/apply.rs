//! Carries out a diff: accounts and register first, then classes, then who is in them. Whatever dies on the way, doing
//! it again does the rest: what is done already is found to be so.

use super::limits::{PEOPLE_PER_WRITE, STUDENTS_PER_WRITE};
use super::steps::{ClassStep, Diff, PersonStep};
use domain::ids::UserId;
use ports::register::Enrolling;
use ports::{People, PeopleError, Registered};
use std::collections::BTreeSet;

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Applied {
    /// People who were left out: their accounts belong to another organisation, or to none.
    pub left_out: Vec<UserId>,
    /// People of whom somebody has to be told that what they see has changed.
    pub concerned: Vec<UserId>,
}

/// Why a diff was not carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The store.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Somebody asked to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Carries out a diff. `progress` is told how many steps of how many are done, and says whether to go on.
///
/// # Errors
/// [`ApplyError`]; what was done stays, and doing it again does the rest.
pub async fn apply(
    people: &dyn People,
    diff: &Diff,
    now_ms: i64,
    mut progress: impl FnMut(usize, usize) -> bool,
) -> Result<Applied, ApplyError> {
    let written: Vec<&Registered> =
        diff.people.iter().filter(|step| step.is_written()).map(|step| &step.registered).collect();
    let total = written.len() + diff.classes.iter().map(steps_of).sum::<usize>();
    let mut done = 0;
    let mut left_out = BTreeSet::new();
    for few in written.chunks(PEOPLE_PER_WRITE) {
        let few: Vec<Registered> = few.iter().map(|who| (*who).clone()).collect();
        done += few.len();
        left_out.extend(people.put_registered(few, now_ms).await?);
        go_on(&mut progress, done, total)?;
    }
    let mut concerned = BTreeSet::new();
    for class in &diff.classes {
        prepare(people, class, now_ms).await?;
        for who in enrollings(class, &left_out) {
            concerned.extend(who.join.iter().chain(&who.leave).copied());
            left_out.extend(people.enroll_many(class.class, who, now_ms).await?);
        }
        done += steps_of(class);
        go_on(&mut progress, done, total)?;
    }
    Ok(Applied { left_out: left_out.into_iter().collect(), concerned: concerned.into_iter().collect() })
}

fn go_on(
    progress: &mut impl FnMut(usize, usize) -> bool,
    done: usize,
    total: usize,
) -> Result<(), ApplyError> {
    if progress(done, total) { Ok(()) } else { Err(ApplyError::Stopped) }
}

fn steps_of(class: &ClassStep) -> usize {
    1 + class.join.len() + class.leave.len()
}

/// Makes the class, or makes it what it is to be. The register's word comes last: a class that it names is there.
async fn prepare(people: &dyn People, class: &ClassStep, now_ms: i64) -> Result<(), PeopleError> {
    if let Some(record) = &class.make {
        people.create_class(record.clone()).await?;
    }
    if let Some((_, to)) = &class.amend {
        people.amend_class(class.class, to.clone(), now_ms).await?;
    }
    if let Some(registered) = &class.register {
        people.put_registered_class(registered.clone()).await?;
    }
    Ok(())
}

/// Who joins and leaves, a few at once.
fn enrollings(class: &ClassStep, left_out: &BTreeSet<UserId>) -> Vec<Enrolling> {
    let join: Vec<UserId> = class.join.iter().filter(|user| !left_out.contains(user)).copied().collect();
    let joins =
        join.chunks(STUDENTS_PER_WRITE).map(|few| Enrolling { join: few.to_vec(), leave: Vec::new() });
    let leaves = class.leave.chunks(STUDENTS_PER_WRITE);
    joins.chain(leaves.map(|few| Enrolling { join: Vec::new(), leave: few.to_vec() })).collect()
}

impl Diff {
    /// Those of whom something changes.
    pub fn steps(&self) -> impl Iterator<Item = &PersonStep> {
        self.people
            .iter()
            .filter(|step| step.is_written() || !step.joins.is_empty() || !step.leaves.is_empty())
    }
}
