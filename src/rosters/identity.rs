//! Which accounts and classes here the people and classes of a roster are.

use super::model::{RosterClass, RosterPerson};
use domain::ids::{ClassId, OrgId, UserId};
use uuid::Uuid;

/// The account of a person whom a roster names for the first time. A source whose ids are UUIDs is taken to have its
/// people sign in with them; else the id follows from the organisation and the person's key: whoever issues tokens can
/// compute it, or ask `GET /users?external_id=`.
pub fn user_id(org: OrgId, person: &RosterPerson) -> UserId {
    match Uuid::try_parse(&person.external) {
        Ok(uuid) if !uuid.is_nil() && person.external.len() == 36 => UserId(uuid),
        Ok(_) | Err(_) => UserId(named(org, &format!("person:{}", person.key().unwrap_or_default()))),
    }
}

/// The class that a roster names for the first time.
pub fn class_id(org: OrgId, class: &RosterClass) -> ClassId {
    ClassId(named(org, &format!("class:{}", class.external)))
}

fn named(org: OrgId, name: &str) -> Uuid {
    Uuid::new_v5(&org.0, name.as_bytes())
}

/// An id that nobody has, beginning with this one.
pub(super) fn free(mut id: Uuid, is_taken: impl Fn(Uuid) -> bool) -> Uuid {
    while is_taken(id) {
        id = Uuid::new_v5(&id, b"again");
    }
    id
}
