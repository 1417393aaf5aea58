//! People of a register on the wire.

use crate::auth::{parse_role, role_name};
use crate::http::Problem;
use crate::http::limits::CLASSES_PER_PERSON_MAX;
use crate::http::strict::objects;
use crate::rosters::{
    Diff, Enrolled, Membership, PersonStep, Roster, RosterClass, RosterPerson, RosterReason, clean_external,
    clean_login, clean_name,
};
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use ports::register::Status;
use ports::{Person, RegisterKey, Registered, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The file that remarks on people of a batch name; their lines are their places, from 1.
const FILE: &str = "users";
/// The file of remarks on classes of a batch.
const CLASSES: &str = "classes";

/// People who are to be named.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct BatchIn {
    #[serde(deserialize_with = "objects")]
    pub(in crate::http) users: Vec<UserIn>,
    #[serde(default)]
    pub(in crate::http) dry_run: bool,
}

/// A person who is to be named.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct UserIn {
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    email: Option<String>,
    name: String,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    class_ids: Vec<Uuid>,
}

/// A batch as a roster that names only what changes.
pub(in crate::http) struct Asked {
    pub(in crate::http) roster: Roster,
    /// By what the people are found.
    pub(in crate::http) keys: Vec<RegisterKey>,
    /// The classes that are named.
    pub(in crate::http) classes: BTreeSet<ClassId>,
    /// For each person of the batch the place in the roster.
    places: Vec<Option<u32>>,
}

impl BatchIn {
    /// Reads the people.
    ///
    /// # Errors
    /// A field that cannot be: which, of whom, and why.
    pub(in crate::http) fn read(users: Vec<UserIn>) -> Result<Asked, Problem> {
        let mut asked = Asked {
            roster: Roster::default(),
            keys: Vec::new(),
            classes: BTreeSet::new(),
            places: Vec::new(),
        };
        (asked.roster.is_delta, asked.roster.has_classes) = (true, true);
        for (nth, user) in users.into_iter().enumerate() {
            asked.add(nth, user)?;
        }
        Ok(asked)
    }
}

impl Asked {
    fn add(&mut self, nth: usize, user: UserIn) -> Result<(), Problem> {
        let refuse = |field: &str, why: RosterReason| {
            Problem::invalid(format!("`users[{nth}].{field}`: {why}."))
                .with("field", format!("users[{nth}].{field}"))
        };
        let text = |field, text: Option<String>, clean: fn(&str) -> Result<String, RosterReason>| {
            clean(&text.unwrap_or_default()).map_err(|why| refuse(field, why))
        };
        let role = match user.role.as_deref() {
            None => Role::Learner,
            Some(word) => match parse_role(word) {
                Some(role @ (Role::Learner | Role::Teacher | Role::Admin)) => role,
                Some(Role::Owner | Role::Guest | Role::Service) | None => {
                    return Err(refuse("role", RosterReason::UnknownRole));
                }
            },
        };
        let person = RosterPerson {
            external: text("external_id", user.external_id, clean_external)?,
            login: text("login", user.login, clean_login)?,
            email: text("email", user.email, clean_login)?,
            name: text("name", Some(user.name), clean_name)?,
            role,
            status: Status::Active,
            is_reference: false,
            at: (FILE, nth as u64 + 1),
        };
        if person.name.is_empty() {
            return Err(refuse("name", RosterReason::NoName));
        }
        if person.key().is_none() {
            return Err(refuse("external_id", RosterReason::NoIdentity));
        }
        if user.class_ids.len() > CLASSES_PER_PERSON_MAX {
            return Err(Problem::invalid(format!(
                "`users[{nth}].class_ids` has at most {CLASSES_PER_PERSON_MAX}."
            )));
        }
        let said = [
            (!person.external.is_empty()).then(|| RegisterKey::External(person.external.clone())),
            (!person.login.is_empty()).then(|| RegisterKey::Login(person.login.clone())),
            (!person.email.is_empty()).then(|| RegisterKey::Email(person.email.clone())),
        ];
        self.keys.extend(said.into_iter().flatten());
        let membership = if role == Role::Learner { Membership::Student } else { Membership::Teacher };
        let place = self.roster.add_person(person);
        self.places.push(place);
        for id in user.class_ids {
            self.classes.insert(ClassId(id));
            let class = self.class(&id.to_string(), nth);
            if let (Some(class), Some(person)) = (class, place) {
                self.roster.enrolled.push(Enrolled { class, person, membership, status: Status::Active });
            }
        }
        Ok(())
    }

    fn class(&mut self, id: &str, nth: usize) -> Option<u32> {
        self.roster.class(id).or_else(|| {
            self.roster.add_class(RosterClass {
                external: id.to_owned(),
                title: id.to_owned(),
                status: Status::Active,
                is_reference: true,
                at: (CLASSES, nth as u64 + 1),
            })
        })
    }
}

/// A person as those who run their classes see them.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct UserOut {
    user_id: Uuid,
    name: String,
    role: &'static str,
    external_id: Option<String>,
    login: Option<String>,
    email: Option<String>,
    status: &'static str,
}

impl UserOut {
    /// What a register says of a person.
    pub(in crate::http) fn of(who: &Registered) -> UserOut {
        let said = |text: &String| (!text.is_empty()).then(|| text.clone());
        UserOut {
            user_id: who.user.0,
            name: who.name.clone(),
            role: role_name(who.role),
            external_id: said(&who.external),
            login: said(&who.login),
            email: said(&who.email),
            status: match who.status {
                Status::Active => "active",
                Status::Gone => "gone",
            },
        }
    }

    /// Somebody whom no register names; who has never signed in has no name either.
    pub(in crate::http) fn of_account(org: OrgId, user: UserId, account: Option<Person>) -> Registered {
        let (name, role) =
            account.map_or((String::new(), Role::Learner), |person| (person.name, person.role));
        Registered {
            user,
            org,
            external: String::new(),
            login: String::new(),
            email: String::new(),
            name,
            role,
            status: Status::Active,
            changed_ms: 0,
        }
    }
}

/// What became of a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct BatchOut {
    users: Vec<OutcomeOut>,
    dry_run: bool,
}

/// What became of one person, in the order of the batch.
#[derive(Debug, Serialize, JsonSchema)]
struct OutcomeOut {
    user_id: Option<Uuid>,
    outcome: &'static str,
    joined: Vec<Uuid>,
    /// Why the person, or a class of theirs, was left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<&'static str>,
}

impl BatchOut {
    /// What became of each.
    pub(in crate::http) fn of(asked: &Asked, diff: &Diff, left_out: &[UserId], dry_run: bool) -> BatchOut {
        let remarks = || diff.rejected.listed.iter().chain(&diff.changed.listed);
        let users = asked.places.iter().enumerate().map(|(nth, place)| {
            let line = nth as u64 + 1;
            let mut reasons: Vec<&str> =
                remarks().filter(|remark| remark.line == line).map(|remark| remark.reason.code()).collect();
            let step = diff.people.iter().find(|step| step.at == Some((FILE, line)));
            let step = step.filter(|step| !left_out.contains(&step.registered.user));
            if place.is_none() {
                reasons.push(RosterReason::Duplicate.code());
            } else if step.is_none() && reasons.is_empty() {
                reasons.push(RosterReason::OtherOrg.code());
            }
            OutcomeOut::of(step, reasons)
        });
        BatchOut { users: users.collect(), dry_run }
    }
}

impl OutcomeOut {
    fn of(step: Option<&PersonStep>, reasons: Vec<&'static str>) -> OutcomeOut {
        OutcomeOut {
            user_id: step.map(|step| step.registered.user.0),
            outcome: step.map_or("refused", |step| step.step.word()),
            joined: step.map(|step| step.joins.iter().map(|class| class.0).collect()).unwrap_or_default(),
            reasons,
        }
    }
}
