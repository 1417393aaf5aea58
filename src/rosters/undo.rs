//! What a diff would have to take back, kept as text while it can be: what the register said, how classes were, and who
//! was in them. What was done since stays: it is taken back as far as it is still so.

use super::apply::ApplyError;
use super::limits::{PEOPLE_PER_WRITE, STUDENTS_PER_WRITE};
use super::steps::Diff;
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use ports::codec::{role_of, role_word};
use ports::register::{ClassAmendment, Enrolling, Status};
use ports::{People, PeopleError, RegisterKey, Registered};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What takes a diff back.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Undo {
    people: Vec<PersonUndo>,
    classes: Vec<Class>,
}

/// What takes a diff back of one person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct PersonUndo {
    /// What the register is to say again.
    #[serde(flatten)]
    back: Person,
    /// What the diff had it say: only while it does is it taken back.
    wrote: Person,
}

/// What a register says of a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Person {
    user: Uuid,
    org: Uuid,
    external: String,
    login: String,
    email: String,
    name: String,
    role: String,
    is_gone: bool,
}

/// What a class is to be again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Class {
    class: Uuid,
    /// Title, teacher, and whether it is closed; nothing where that did not change.
    amend: Option<(String, Uuid, bool)>,
    /// The same as the diff had it.
    wrote: Option<(String, Uuid, bool)>,
    join: Vec<Uuid>,
    leave: Vec<Uuid>,
}

impl Undo {
    /// What takes this diff back. Accounts and classes that it makes stay, as people who are gone and classes that are
    /// closed: what was done in them is somebody's.
    pub fn of(diff: &Diff) -> Undo {
        let people = diff.people.iter().filter(|step| step.is_written()).map(|step| {
            let wrote = Person::of(&step.registered);
            let back = match &step.before {
                Some(before) => Person::of(before),
                None => Person { is_gone: true, ..wrote.clone() },
            };
            PersonUndo { back, wrote }
        });
        let classes = diff.classes.iter().map(|step| {
            let made = |is_closed| {
                let record = step.make.as_ref()?;
                Some((record.title.clone(), record.teacher.0, is_closed))
            };
            Class {
                class: step.class.0,
                amend: made(true).or_else(|| step.amend.as_ref().map(|(now, _)| amended(now))),
                wrote: made(false).or_else(|| step.amend.as_ref().map(|(_, to)| amended(to))),
                join: step.leave.iter().map(|user| user.0).collect(),
                leave: step.join.iter().map(|user| user.0).collect(),
            }
        });
        Undo { people: people.collect(), classes: classes.collect() }
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`Undo::text`].
    pub fn read(text: &str) -> Option<Undo> {
        serde_json::from_str(text).ok()
    }

    /// How many people and classes it concerns.
    pub const fn counts(&self) -> (usize, usize) {
        (self.people.len(), self.classes.len())
    }

    /// Takes it back, as far as it is still so; returns whose view has changed. Doing it again changes nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn carry_out(self, people: &dyn People, now_ms: i64) -> Result<Vec<UserId>, ApplyError> {
        let mut kept = BTreeSet::new();
        for few in self.people.chunks(PEOPLE_PER_WRITE) {
            kept.extend(take_back(people, few, now_ms).await?);
        }
        let mut concerned = Vec::new();
        for class in self.classes {
            let id = ClassId(class.class);
            // What was ended half way may not have come to the class.
            let Some(record) = people.class(id).await? else { continue };
            let is_still_so = class.wrote.is_some_and(|wrote| wrote == amended(&ClassAmendment::of(&record)));
            if let Some((title, teacher, is_closed)) = class.amend.filter(|_| is_still_so) {
                let status = if is_closed { Status::Gone } else { Status::Active };
                let to = ClassAmendment { title, teacher: UserId(teacher), status };
                people.amend_class(id, to, now_ms).await?;
            }
            let few = |users: &[Uuid]| users.iter().map(|user| UserId(*user)).collect::<Vec<_>>();
            for join in class.join.chunks(STUDENTS_PER_WRITE).map(few) {
                concerned.extend(join.iter().copied());
                people.enroll_many(id, Enrolling { join, leave: Vec::new() }, now_ms).await?;
            }
            // Of whom something newer is said, the class is theirs to say too.
            let leave: Vec<Uuid> = class.leave.into_iter().filter(|user| !kept.contains(user)).collect();
            for leave in leave.chunks(STUDENTS_PER_WRITE).map(few) {
                concerned.extend(leave.iter().copied());
                people.enroll_many(id, Enrolling { join: Vec::new(), leave }, now_ms).await?;
            }
        }
        concerned.sort_unstable();
        concerned.dedup();
        Ok(concerned)
    }
}

/// Takes back what was said of these people. Returns those of whom something else has been said since: they stay.
async fn take_back(
    people: &dyn People,
    few: &[PersonUndo],
    now_ms: i64,
) -> Result<BTreeSet<Uuid>, PeopleError> {
    let Some(org) = few.first().map(|person| OrgId(person.back.org)) else { return Ok(BTreeSet::new()) };
    let keys = few.iter().map(|person| RegisterKey::User(UserId(person.back.user))).collect();
    let found = people.find_registered(org, keys).await?;
    let now: BTreeMap<Uuid, Person> = found.iter().map(|who| (who.user.0, Person::of(who))).collect();
    // Of whom nothing is said the diff never came to.
    let said = few.iter().filter_map(|person| Some((person, now.get(&person.back.user)?)));
    let (still_so, others): (Vec<_>, Vec<_>) =
        said.partition(|(person, now)| **now == person.wrote || **now == person.back);
    let registered = still_so.iter().map(|(person, _)| person.back.registered(now_ms)).collect();
    people.put_registered(registered, now_ms).await?;
    Ok(others.into_iter().map(|(person, _)| person.back.user).collect())
}

fn amended(to: &ClassAmendment) -> (String, Uuid, bool) {
    (to.title.clone(), to.teacher.0, to.status == Status::Gone)
}

impl Person {
    fn of(said: &Registered) -> Person {
        Person {
            user: said.user.0,
            org: said.org.0,
            external: said.external.clone(),
            login: said.login.clone(),
            email: said.email.clone(),
            name: said.name.clone(),
            role: role_word(said.role).to_owned(),
            is_gone: said.status == Status::Gone,
        }
    }

    fn registered(&self, now_ms: i64) -> Registered {
        Registered {
            user: UserId(self.user),
            org: OrgId(self.org),
            external: self.external.clone(),
            login: self.login.clone(),
            email: self.email.clone(),
            name: self.name.clone(),
            role: role_of(&self.role),
            status: if self.is_gone { Status::Gone } else { Status::Active },
            changed_ms: now_ms,
        }
    }
}
