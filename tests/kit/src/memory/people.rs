//! People and classes in memory.

use super::MemoryStore;
use domain::access::Span;
use domain::day::ZoneHistory;
use domain::ids::{ClassId, DeckId, UserId};
use ports::people::{ClassChange, PersonChange};
use ports::{Boxed, ClassRecord, Grant, People, PeopleError, Person, SignIn};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Persons {
    /// The person, and whether the name was chosen.
    pub(super) persons: BTreeMap<UserId, (Person, bool)>,
    pub(super) classes: BTreeMap<ClassId, ClassRecord>,
    enrolled: Vec<(ClassId, UserId, Span)>,
    /// Extra time, by the enrollment's beginning.
    extra: BTreeMap<(ClassId, UserId, i64), u16>,
    given: Vec<(ClassId, DeckId, Span)>,
}

/// Begins or ends a stretch; doing it again changes nothing.
fn switch<T: Copy + PartialEq>(
    stretches: &mut Vec<(ClassId, T, Span)>,
    class: ClassId,
    whom: T,
    on: bool,
    now_ms: i64,
) {
    let open = stretches.iter_mut().find(|(c, w, span)| *c == class && *w == whom && span.is_open());
    match (open, on) {
        (Some((_, _, span)), false) => span.until_ms = Some(now_ms.max(span.from_ms)),
        (None, true) => stretches.push((class, whom, Span { from_ms: now_ms, until_ms: None })),
        (Some(_), true) | (None, false) => {}
    }
}

impl Persons {
    fn sign_in(&mut self, who: SignIn, now_ms: i64) -> Result<Person, PeopleError> {
        let new = || {
            let zones = ZoneHistory::new();
            let name = String::new();
            (Person { id: who.user, org: None, role: who.role, name, zones, began_ms: now_ms }, false)
        };
        let is_new = !self.persons.contains_key(&who.user);
        let (person, name_chosen) = self.persons.entry(who.user).or_insert_with(new);
        if person.org.is_some() && who.org.is_some() && person.org != who.org {
            return Err(PeopleError::OtherOrg);
        }
        let org = person.org.or(who.org);
        let moved = is_new || person.org != org;
        person.org = org;
        person.role = who.role;
        if let (Some(name), false) = (who.name, *name_chosen) {
            person.name = name;
        }
        let person = person.clone();
        if moved {
            self.leave_other_orgs(&person, now_ms);
        }
        Ok(person)
    }

    pub(super) fn leave_other_orgs(&mut self, person: &Person, now_ms: i64) {
        let other = |class: &ClassId| self.classes.get(class).is_some_and(|class| class.org != person.org);
        let of_person = |class: &ClassId, user: &UserId| *user == person.id && other(class);
        self.enrolled.retain(|(class, user, span)| !of_person(class, user) || span.from_ms > person.began_ms);
        for (_, _, span) in self.enrolled.iter_mut().filter(|(class, user, _)| of_person(class, user)) {
            if span.is_open() {
                span.until_ms = Some(now_ms.max(span.from_ms));
            }
        }
    }

    fn change_person(
        &mut self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Result<Person, PeopleError> {
        let (stored, chosen) = self.persons.get_mut(&user).ok_or(PeopleError::NoSuchPerson)?;
        let mut person = stored.clone();
        let asked = change.zone.is_some() || change.rollover_hour.is_some();
        if asked && !(change.only_if_unset && person.zones.is_set()) {
            let next = now_ms + 1;
            let (old_zone, old_hour) = (person.zones.name_at(next), person.zones.rollover_hour_at(next));
            let zone = change.zone.unwrap_or_else(|| old_zone.to_owned());
            let hour = change.rollover_hour.unwrap_or(old_hour);
            if !person.zones.is_set() || zone != old_zone || hour != old_hour {
                let changed = person.zones.change(now_ms, &zone, hour);
                changed.map_err(|error| PeopleError::BadZone(error.to_string()))?;
            }
        }
        if let Some(name) = change.name {
            (person.name, *chosen) = (name, true);
        }
        stored.clone_from(&person);
        Ok(person)
    }

    pub(super) fn class(&self, id: ClassId) -> Option<ClassRecord> {
        let mut class = self.classes.get(&id)?.clone();
        let open = |c: ClassId, span: &Span| c == id && span.is_open();
        class.students = self.enrolled.iter().filter(|(c, _, s)| open(*c, s)).map(|(_, u, _)| *u).collect();
        class.decks = self.given.iter().filter(|(c, _, s)| open(*c, s)).map(|(_, d, _)| *d).collect();
        Some(class)
    }

    fn create_class(&mut self, class: ClassRecord) {
        if self.classes.contains_key(&class.id) {
            return;
        }
        let (id, at) = (class.id, class.created_ms);
        class.students.iter().for_each(|user| switch(&mut self.enrolled, id, *user, true, at));
        class.decks.iter().for_each(|deck| switch(&mut self.given, id, *deck, true, at));
        self.classes.insert(id, class);
    }

    pub(super) fn change_class(
        &mut self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Result<(), PeopleError> {
        if !self.classes.contains_key(&class) {
            return Err(PeopleError::NoSuchClass);
        }
        if let ClassChange::Enroll(user) = &change
            && self.persons.get(user).is_some_and(|(person, _)| person.org != self.classes[&class].org)
        {
            return Err(PeopleError::NoSuchPerson);
        }
        match change {
            ClassChange::Enroll(user) => switch(&mut self.enrolled, class, user, true, now_ms),
            ClassChange::Remove(user) => switch(&mut self.enrolled, class, user, false, now_ms),
            ClassChange::Give(deck) => switch(&mut self.given, class, deck, true, now_ms),
            ClassChange::Take(deck) => switch(&mut self.given, class, deck, false, now_ms),
        }
        Ok(())
    }

    fn classes_of(&self, user: UserId) -> Vec<ClassRecord> {
        let all = self.classes.keys().filter_map(|id| self.class(*id));
        let mut of_user: Vec<_> = all
            .filter(|class| class.deleted_ms.is_none())
            .filter(|class| class.teacher == user || class.students.contains(&user))
            .collect();
        of_user.sort_by_key(|class| (class.created_ms, class.id));
        of_user
    }

    /// The beginning of the enrollment that goes on.
    fn enrolled_from(&self, class: ClassId, user: UserId) -> Option<i64> {
        let mut open =
            self.enrolled.iter().filter(|(c, u, span)| (*c, *u) == (class, user) && span.is_open());
        open.next().map(|(_, _, span)| span.from_ms)
    }

    fn grants(&self, user: UserId) -> Vec<Grant> {
        let mut grants = Vec::new();
        for (class, _, enrolled) in self.enrolled.iter().filter(|(_, of, _)| *of == user) {
            let Some(record) = self.classes.get(class) else { continue };
            let life = Span { from_ms: record.created_ms, until_ms: record.deleted_ms };
            for (_, deck, given) in self.given.iter().filter(|(of, _, _)| of == class) {
                let together = enrolled.and(given).and_then(|both| both.and(&life));
                grants.extend(together.map(|span| Grant { deck: *deck, class: *class, span }));
            }
        }
        grants
    }
}

impl People for MemoryStore {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(async move { self.state().people.sign_in(who, now_ms) })
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        Box::pin(async move { Ok(self.state().people.persons.get(&user).map(|(person, _)| person.clone())) })
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(async move { self.state().people.change_person(user, change, now_ms) })
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move {
            self.state().people.create_class(class);
            Ok(())
        })
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        Box::pin(async move { Ok(self.state().people.class(class)) })
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(async move { Ok(self.state().people.classes_of(user)) })
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move { self.state().people.change_class(class, change, now_ms) })
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        Box::pin(async move {
            let state = self.state();
            let open = state.people.enrolled.iter().filter(|(of, _, span)| *of == class && span.is_open());
            Ok(open.map(|(_, user, span)| (*user, span.from_ms)).collect())
        })
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move {
            let people = &mut self.state().people;
            if !people.classes.contains_key(&class) {
                return Err(PeopleError::NoSuchClass);
            }
            let from_ms = people.enrolled_from(class, student).ok_or(PeopleError::NoSuchPerson)?;
            people.extra.insert((class, student, from_ms), percent);
            Ok(())
        })
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        Box::pin(async move {
            let people = &self.state().people;
            let goes_on = |user, from_ms| people.enrolled_from(class, user) == Some(from_ms);
            let of_class = people.extra.iter().filter(|((of, user, from_ms), percent)| {
                *of == class && **percent > 0 && goes_on(*user, *from_ms)
            });
            Ok(of_class.map(|((_, user, _), percent)| (*user, *percent)).collect())
        })
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        Box::pin(async move { Ok(self.state().people.grants(user)) })
    }
}
