//! What a roster changes, or would change, person by person, as JSON.

use crate::auth::role_name;
use crate::rosters::limits::LISTED_MAX;
use crate::rosters::{Counts, Diff, PersonStep, RosterRemark, Scope, Step};
use domain::ids::ClassId;
use ports::Registered;
use ports::register::Status;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// What a report says besides the diff.
pub(super) struct About<'a> {
    /// Of whom the roster speaks.
    pub scope: Scope,
    /// Whether it holds only what changed.
    pub is_delta: bool,
    /// How many people it speaks about were there before.
    pub before: usize,
    /// What classes that are there are called.
    pub titles: &'a HashMap<ClassId, String>,
}

/// The report of a diff.
pub(super) fn report(diff: &Diff, about: &About<'_>) -> Value {
    let Counts { new, moved, changed, gone, unchanged, classes_new, classes_closed, classes_changed } =
        diff.counts;
    let listed = |step: Step| diff.people.iter().filter(move |person| person.step == step).take(LISTED_MAX);
    let of = |step: Step| listed(step).map(person_json).collect::<Vec<_>>();
    let named = [Step::New, Step::Moved, Step::Changed, Step::Gone].into_iter().flat_map(listed);
    let named: BTreeSet<ClassId> =
        named.flat_map(|person| person.joins.iter().chain(&person.leaves).copied()).collect();
    json!({
        "counts": {
            "new": new, "moved": moved, "changed": changed, "gone": gone, "unchanged": unchanged,
            "classes_new": classes_new, "classes_closed": classes_closed, "classes_changed": classes_changed,
            "rejected": diff.rejected.total, "remarks": diff.changed.total,
        },
        "scope": match about.scope { Scope::Organisation => "organisation", Scope::Classes => "classes" },
        "delta": about.is_delta,
        "people_before": about.before,
        "confirm_gone": diff.guard(None).err().map(|error| error.gone),
        "new": of(Step::New), "moved": of(Step::Moved), "changed": of(Step::Changed), "gone": of(Step::Gone),
        "classes": classes(diff, about, &named),
        "remarks": diff.changed.listed.iter().map(remark_json).collect::<Vec<_>>(),
    })
}

/// The classes that people join or leave, and those that are made, closed or changed, by their titles.
fn classes(diff: &Diff, about: &About<'_>, named: &BTreeSet<ClassId>) -> Vec<Value> {
    let mut steps: HashMap<ClassId, (&str, Option<&'static str>)> = HashMap::new();
    for step in &diff.classes {
        let (title, what) = match (&step.make, &step.amend) {
            (Some(made), _) => (made.title.as_str(), Some("new")),
            (None, Some((_, now))) if now.status == Status::Gone => (now.title.as_str(), Some("closed")),
            (None, Some((_, now))) => (now.title.as_str(), Some("changed")),
            (None, None) => continue,
        };
        steps.insert(step.class, (title, what));
    }
    let changed =
        diff.classes.iter().map(|step| step.class).filter(|id| steps.contains_key(id)).take(LISTED_MAX);
    let all: BTreeSet<ClassId> = named.iter().copied().chain(changed).collect();
    let class = |id: &ClassId| {
        let known = || (about.titles.get(id).map_or("", String::as_str), None);
        let (title, step) = steps.get(id).copied().unwrap_or_else(known);
        json!({ "class_id": id.0, "title": title, "step": step })
    };
    all.iter().map(class).collect()
}

/// File and column of a remark.
pub(super) fn place(remark: &RosterRemark) -> String {
    match (remark.file, &*remark.column) {
        ("", column) => column.to_owned(),
        (file, "") => file.to_owned(),
        (file, column) => format!("{file}: {column}"),
    }
}

fn remark_json(remark: &RosterRemark) -> Value {
    json!({
        "line": remark.line, "column": place(remark), "reason": remark.reason.code(),
        "message": remark.reason.to_string(),
    })
}

/// A person of a diff: what is needed to know whom it is about, and what of them changes.
fn person_json(step: &PersonStep) -> Value {
    let before = step.before.as_ref();
    let name_before = before.map(|before| &before.name).filter(|name| **name != step.registered.name);
    json!({
        "user_id": step.registered.user.0,
        "name": step.registered.name,
        "name_before": name_before,
        "external_id": step.registered.external,
        "role": role_name(step.registered.role),
        "changes": before.map(|before| changes(before, &step.registered)).unwrap_or_default(),
        "joins": step.joins.iter().map(|class| class.0).collect::<Vec<_>>(),
        "leaves": step.leaves.iter().map(|class| class.0).collect::<Vec<_>>(),
    })
}

/// What the register says otherwise than before, by name: what it says stays with those who may list people.
fn changes(before: &Registered, now: &Registered) -> Vec<&'static str> {
    let differs = [
        ("name", before.name != now.name),
        ("login", before.login != now.login),
        ("email", before.email != now.email),
        ("external_id", before.external != now.external),
        ("role", before.role != now.role),
    ];
    differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}
