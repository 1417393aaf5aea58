//! What becomes of somebody's account: the rules of signing in, of one's own changes and of rosters, the same in every
//! store.

use crate::people::{PeopleError, Person, PersonChange, SignIn};
use crate::register::Registered;
use domain::day::ZoneHistory;

/// An account as stores keep it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The person.
    pub person: Person,
    /// Whether the person chose the name: then neither a token's nor a roster's wins.
    pub name_chosen: bool,
}

impl Account {
    /// Who signs in for the first time.
    pub fn new(who: &SignIn, now_ms: i64) -> Account {
        let person = Person {
            id: who.user,
            org: who.org,
            role: who.role,
            name: who.name.clone().unwrap_or_default(),
            zones: ZoneHistory::new(),
            began_ms: now_ms,
        };
        Account { person, name_chosen: false }
    }

    /// Whom a roster names before they sign in.
    pub fn of_roster(who: &Registered, now_ms: i64) -> Account {
        let person = Person {
            id: who.user,
            org: Some(who.org),
            role: who.role,
            name: who.name.clone(),
            zones: ZoneHistory::new(),
            began_ms: now_ms,
        };
        Account { person, name_chosen: false }
    }

    /// The token's word wins, but nobody moves to another organisation by it. A token without an organisation says
    /// nothing about it.
    ///
    /// # Errors
    /// [`PeopleError::OtherOrg`].
    pub fn after_sign_in(&self, who: &SignIn) -> Result<Account, PeopleError> {
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
        Ok(next)
    }

    /// After a change of the person's own; a zone holds from the next moment on.
    ///
    /// # Errors
    /// [`PeopleError::BadZone`].
    pub fn after_change(&self, change: &PersonChange, now_ms: i64) -> Result<Account, PeopleError> {
        let mut next = self.clone();
        if let Some(name) = &change.name {
            next.person.name.clone_from(name);
            next.name_chosen = true;
        }
        let zones = &mut next.person.zones;
        let asked = change.zone.is_some() || change.rollover_hour.is_some();
        if asked && !(change.only_if_unset && zones.is_set()) {
            // What holds from the next moment on, so that a change in this very millisecond counts.
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

    /// After a roster has named the person, which said `before` of them until now. Name and role follow the roster as
    /// long as they are what it said: what a token or the person said since stays.
    ///
    /// # Errors
    /// [`PeopleError::OtherOrg`]: the account belongs to another organisation than the roster's, or to none: a roster
    /// claims nobody.
    pub fn after_roster(
        &self,
        before: Option<&Registered>,
        now: &Registered,
    ) -> Result<Account, PeopleError> {
        if self.person.org != Some(now.org) {
            return Err(PeopleError::OtherOrg);
        }
        let mut next = self.clone();
        let person = &mut next.person;
        let is_of_roster = before.is_some_and(|before| before.name == person.name);
        if !self.name_chosen && (person.name.is_empty() || is_of_roster) {
            person.name.clone_from(&now.name);
        }
        if before.is_some_and(|before| before.role == person.role) {
            person.role = now.role;
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use crate::register::Status;
    use domain::ids::{OrgId, UserId};

    fn registered(name: &str, role: Role) -> Registered {
        Registered {
            user: UserId::from_u128(1),
            org: OrgId::from_u128(2),
            external: "x".to_owned(),
            login: String::new(),
            email: String::new(),
            name: name.to_owned(),
            role,
            status: Status::Active,
            changed_ms: 0,
        }
    }

    fn named(account: &Account) -> (&str, Role) {
        (&account.person.name, account.person.role)
    }

    #[test]
    fn a_roster_names_whom_nobody_else_has_named() {
        let (ada, ada_l) = (registered("Ada", Role::Learner), registered("Ada L.", Role::Teacher));
        let account = Account::of_roster(&ada, 5);
        let account = account.after_roster(Some(&ada), &ada_l).unwrap();
        assert_eq!(named(&account), ("Ada L.", Role::Teacher));
        // A token's word stays until the next token.
        let token = SignIn { user: ada.user, org: None, role: Role::Admin, name: Some("A.".into()) };
        let account = account.after_sign_in(&token).unwrap();
        assert_eq!(named(&account.after_roster(Some(&ada_l), &ada).unwrap()), ("A.", Role::Admin));
        let change = PersonChange { name: Some("Ada L.".into()), ..PersonChange::default() };
        let chosen = account.after_change(&change, 9).unwrap();
        assert_eq!(named(&chosen.after_roster(Some(&ada_l), &ada).unwrap()).0, "Ada L.");
    }

    #[test]
    fn a_roster_claims_nobody_of_another_organisation_or_of_none() {
        let ada = registered("Ada", Role::Learner);
        for org in [None, Some(OrgId::from_u128(9))] {
            let token = SignIn { user: ada.user, org, role: Role::Learner, name: None };
            let refused = Account::new(&token, 1).after_roster(None, &ada);
            assert!(matches!(refused, Err(PeopleError::OtherOrg)));
        }
    }
}
