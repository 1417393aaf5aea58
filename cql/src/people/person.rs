//! A person, and what a token or a wish of the person's own makes of it.

use crate::log::unreadable;
use domain::day::ZoneHistory;
use domain::ids::{OrgId, UserId, Uuid};
use ports::codec::{role_of, role_word, zones_of, zones_text};
use ports::people::PersonChange;
use ports::{PeopleError, Person, SignIn, StoreError};
use scylla::DeserializeRow;

/// A person as stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) person: Person,
    /// Whether the name was chosen by the person: then a token's name no longer wins.
    pub(super) name_chosen: bool,
    /// Raised with each change.
    pub(super) version: i64,
    /// Whether enrollments in classes of other organisations were ended.
    pub(super) settled: bool,
}

#[derive(DeserializeRow)]
pub(super) struct Row {
    user: Uuid,
    org: Option<Uuid>,
    role: String,
    name: String,
    name_chosen: bool,
    zones: String,
    began_ms: i64,
    version: i64,
    settled: bool,
}

impl Stored {
    pub(super) fn of_row(row: Row) -> Result<Stored, StoreError> {
        let zones = zones_of(&row.zones).map_err(|error| unreadable(&error))?;
        if let Some(zone) = zones.unknown() {
            tracing::warn!(zone, "a stored zone is unknown to this program");
        }
        let person = Person {
            id: UserId(row.user),
            org: row.org.map(OrgId),
            role: role_of(&row.role),
            name: row.name,
            zones,
            began_ms: row.began_ms,
        };
        Ok(Stored { person, name_chosen: row.name_chosen, version: row.version, settled: row.settled })
    }

    /// Who signs in for the first time.
    pub(super) fn new(who: &SignIn, now_ms: i64) -> Stored {
        let person = Person {
            id: who.user,
            org: who.org,
            role: who.role,
            name: who.name.clone().unwrap_or_default(),
            zones: ZoneHistory::new(),
            began_ms: now_ms,
        };
        Stored { person, name_chosen: false, version: 1, settled: false }
    }

    /// Whether both are stored alike.
    pub(super) fn is_same(&self, other: &Stored) -> bool {
        let key = |s: &Stored| {
            let p = &s.person;
            (p.org, role_word(p.role), p.name.clone(), zones_text(&p.zones), s.name_chosen, s.settled)
        };
        key(self) == key(other)
    }

    /// The token's word wins, but nobody moves to another organisation by it. A token without an organisation says
    /// nothing about it.
    pub(super) fn after_sign_in(&self, who: &SignIn) -> Result<Stored, PeopleError> {
        let mut next = self.clone();
        let person = &mut next.person;
        if person.org.is_some() && who.org.is_some() && person.org != who.org {
            return Err(PeopleError::OtherOrg);
        }
        person.org = person.org.or(who.org);
        person.role = who.role;
        if let (Some(name), false) = (&who.name, self.name_chosen) {
            person.name.clone_from(name);
        }
        next.settled = self.settled && next.person.org == self.person.org;
        Ok(next)
    }

    /// After a change of the person's own; a zone holds from the next moment on.
    pub(super) fn after_change(&self, change: &PersonChange, now_ms: i64) -> Result<Stored, PeopleError> {
        let mut next = self.clone();
        if let Some(name) = &change.name {
            next.person.name.clone_from(name);
            next.name_chosen = true;
        }
        let zones = &mut next.person.zones;
        let asked = change.zone.is_some() || change.rollover_hour.is_some();
        if asked && !(change.only_if_unset && zones.is_set()) {
            let moment = now_ms.saturating_add(1);
            let (old_zone, old_hour) = (zones.name_at(moment), zones.rollover_hour_at(moment));
            let zone = change.zone.clone().unwrap_or_else(|| old_zone.to_owned());
            let hour = change.rollover_hour.unwrap_or(old_hour);
            // A change to what holds already would only push an older one out of the history.
            if !zones.is_set() || zone != old_zone || hour != old_hour {
                let changed = zones.change(now_ms, &zone, hour);
                changed.map_err(|error| PeopleError::BadZone(error.to_string()))?;
            }
        }
        Ok(next)
    }
}
