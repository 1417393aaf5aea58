//! What every store of people and classes has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, deck, user};
use domain::access::Span;
use domain::ids::{ClassId, DeckId, OrgId};
use ports::people::{ClassChange, PersonChange};
use ports::{ClassRecord, People, PeopleError, Role, SignIn};

/// Makes a test of each promise about people: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! people_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_people;
            a_person_begins_with_the_first_sign_in,
            role_and_name_of_the_newest_token_win,
            a_chosen_name_outlives_tokens,
            nobody_moves_to_another_organisation,
            a_zone_holds_from_its_change_on,
            a_zone_that_does_not_exist_is_refused,
            a_guessed_zone_never_replaces_a_chosen_one,
            a_class_knows_its_students_and_decks_of_now,
            joining_twice_and_leaving_twice_changes_nothing,
            an_enrollment_is_known_by_when_it_began,
            several_people_are_read_together,
            several_classes_are_read_together,
            extra_time_is_kept_with_the_enrollment_and_ends_with_it,
            a_grant_holds_while_enrollment_and_assignment_do,
            who_turns_out_to_be_of_another_organisation_leaves_its_classes,
            nobody_known_to_be_of_another_organisation_is_enrolled,
            a_class_that_does_not_exist_is_refused,
        );
    };
}

fn token(n: u64, name: Option<&str>) -> SignIn {
    SignIn { user: user(n), org: None, role: Role::Learner, name: name.map(str::to_owned) }
}

fn class(n: u128) -> ClassId {
    ClassId::from_u128(n)
}

fn class_record(n: u128) -> ClassRecord {
    ClassRecord {
        id: class(n),
        org: Some(OrgId::from_u128(3)),
        teacher: user(9),
        title: format!("class {n}"),
        created_ms: START_MS,
        deleted_ms: None,
        students: vec![],
        decks: vec![],
    }
}

fn zone(name: &str, hour: Option<u8>) -> PersonChange {
    PersonChange { zone: Some(name.to_owned()), rollover_hour: hour, ..PersonChange::default() }
}

pub async fn a_person_begins_with_the_first_sign_in(store: &impl People) {
    assert!(store.person(user(1)).await.unwrap().is_none());
    let first = store.sign_in(token(1, Some("Ada")), START_MS).await.unwrap();
    assert_eq!((first.began_ms, first.name.as_str(), first.zones.is_set()), (START_MS, "Ada", false));
    let later = store.sign_in(token(1, Some("Ada")), START_MS + 1_000).await.unwrap();
    assert_eq!(later.began_ms, START_MS);
    assert_eq!(store.person(user(1)).await.unwrap().map(|p| p.began_ms), Some(START_MS));
    assert!(store.person(user(2)).await.unwrap().is_none());
}

pub async fn role_and_name_of_the_newest_token_win(store: &impl People) {
    store.sign_in(token(1, Some("Ada")), START_MS).await.unwrap();
    let teacher = SignIn { role: Role::Teacher, ..token(1, Some("Ada L.")) };
    store.sign_in(teacher, START_MS + 1).await.unwrap();
    let known = store.person(user(1)).await.unwrap().unwrap();
    assert_eq!((known.role, known.name.as_str()), (Role::Teacher, "Ada L."));
    let nameless = store.sign_in(token(1, None), START_MS + 2).await.unwrap();
    assert_eq!((nameless.role, nameless.name.as_str()), (Role::Learner, "Ada L."));
}

pub async fn a_chosen_name_outlives_tokens(store: &impl People) {
    store.sign_in(token(1, Some("Ada")), START_MS).await.unwrap();
    let change = PersonChange { name: Some("Countess".to_owned()), ..PersonChange::default() };
    let changed = store.change_person(user(1), change, START_MS + 1).await.unwrap();
    assert_eq!(changed.name, "Countess");
    assert_eq!(store.sign_in(token(1, Some("Ada")), START_MS + 2).await.unwrap().name, "Countess");
}

pub async fn nobody_moves_to_another_organisation(store: &impl People) {
    let of = |org: Option<u128>| SignIn { org: org.map(OrgId::from_u128), ..token(1, None) };
    store.sign_in(of(Some(1)), START_MS).await.unwrap();
    assert_eq!(store.sign_in(of(Some(2)), START_MS).await.unwrap_err(), PeopleError::OtherOrg);
    let still = store.sign_in(of(None), START_MS).await.unwrap();
    assert_eq!(still.org, Some(OrgId::from_u128(1)));
    // Who had none joins the first one that a token names.
    let free = |org: Option<u128>| SignIn { org: org.map(OrgId::from_u128), ..token(2, None) };
    store.sign_in(free(None), START_MS).await.unwrap();
    assert_eq!(store.sign_in(free(Some(2)), START_MS).await.unwrap().org, Some(OrgId::from_u128(2)));
    assert_eq!(store.sign_in(free(Some(1)), START_MS).await.unwrap_err(), PeopleError::OtherOrg);
}

pub async fn a_zone_holds_from_its_change_on(store: &impl People) {
    store.sign_in(token(1, None), START_MS).await.unwrap();
    store.change_person(user(1), zone("Europe/Berlin", Some(5)), START_MS + 10).await.unwrap();
    store.change_person(user(1), zone("Asia/Tokyo", None), START_MS + 20).await.unwrap();
    let hour = PersonChange { rollover_hour: Some(0), ..PersonChange::default() };
    store.change_person(user(1), hour, START_MS + 30).await.unwrap();
    let zones = store.person(user(1)).await.unwrap().unwrap().zones;
    let at = |ms: i64| (zones.name_at(START_MS + ms).to_owned(), zones.rollover_hour_at(START_MS + ms));
    assert_eq!(at(10), ("UTC".to_owned(), 4));
    assert_eq!(at(11), ("Europe/Berlin".to_owned(), 5));
    assert_eq!(at(21), ("Asia/Tokyo".to_owned(), 5));
    assert_eq!(at(31), ("Asia/Tokyo".to_owned(), 0));
    // What holds already is no change.
    store.change_person(user(1), zone("Asia/Tokyo", Some(0)), START_MS + 40).await.unwrap();
    assert_eq!(store.person(user(1)).await.unwrap().unwrap().zones.spans().len(), 3);
}

pub async fn a_zone_that_does_not_exist_is_refused(store: &impl People) {
    let nobody = store.change_person(user(1), zone("UTC", None), START_MS).await;
    assert_eq!(nobody.unwrap_err(), PeopleError::NoSuchPerson);
    store.sign_in(token(1, None), START_MS).await.unwrap();
    for (name, hour) in [("Mars/Olympus", None), ("UTC", Some(24))] {
        let named = PersonChange { name: Some("never".to_owned()), ..zone(name, hour) };
        let refused = store.change_person(user(1), named, START_MS).await.unwrap_err();
        assert!(matches!(refused, PeopleError::BadZone(_)), "{refused:?}");
    }
    let known = store.person(user(1)).await.unwrap().unwrap();
    assert_eq!((known.name.as_str(), known.zones.is_set()), ("", false));
}

pub async fn a_guessed_zone_never_replaces_a_chosen_one(store: &impl People) {
    store.sign_in(token(1, None), START_MS).await.unwrap();
    let guess = |name| PersonChange { only_if_unset: true, ..zone(name, None) };
    store.change_person(user(1), guess("Europe/Rome"), START_MS).await.unwrap();
    let after = store.change_person(user(1), guess("Asia/Tokyo"), START_MS + 5).await.unwrap();
    assert_eq!(after.zones.name_at(START_MS + 9), "Europe/Rome");
    assert_eq!(after.zones.spans().len(), 1);
}

pub async fn a_class_knows_its_students_and_decks_of_now(store: &impl People) {
    let with = ClassRecord { students: vec![user(1)], decks: vec![deck(1)], ..class_record(1) };
    store.create_class(with.clone()).await.unwrap();
    store.create_class(class_record(2)).await.unwrap();
    assert_eq!(store.class(class(1)).await.unwrap(), Some(with));
    for change in [
        ClassChange::Enroll(user(2)),
        ClassChange::Remove(user(1)),
        ClassChange::Give(deck(2)),
        ClassChange::Take(deck(1)),
    ] {
        store.change_class(class(1), change, START_MS + 5).await.unwrap();
    }
    let now = ClassRecord { students: vec![user(2)], decks: vec![deck(2)], ..class_record(1) };
    assert_eq!(store.class(class(1)).await.unwrap(), Some(now.clone()));
    // Creating it again is not creating it anew.
    store.create_class(class_record(1)).await.unwrap();
    assert_eq!(store.class(class(1)).await.unwrap(), Some(now.clone()));
    assert_eq!(store.classes_of(user(9)).await.unwrap(), [now.clone(), class_record(2)]);
    assert_eq!(store.classes_of(user(2)).await.unwrap(), [now]);
    assert!(store.classes_of(user(1)).await.unwrap().is_empty());
}

pub async fn an_enrollment_is_known_by_when_it_began(store: &impl People) {
    store.create_class(class_record(1)).await.unwrap();
    for (change, at_ms) in [
        (ClassChange::Enroll(user(1)), 10),
        (ClassChange::Enroll(user(2)), 20),
        (ClassChange::Remove(user(1)), 30),
        (ClassChange::Enroll(user(1)), 40),
        (ClassChange::Enroll(user(3)), 50),
        (ClassChange::Remove(user(3)), 60),
        (ClassChange::Enroll(user(2)), 70),
    ] {
        store.change_class(class(1), change, START_MS + at_ms).await.unwrap();
    }
    let mut enrolled = store.enrolled_since(class(1)).await.unwrap();
    enrolled.sort_unstable();
    assert_eq!(enrolled, [(user(1), START_MS + 40), (user(2), START_MS + 20)]);
    assert_eq!(store.enrolled_since(class(2)).await.unwrap(), []);
}

pub async fn several_classes_are_read_together(store: &impl People) {
    for n in [1, 2, 3] {
        store.create_class(class_record(n)).await.unwrap();
    }
    for change in [ClassChange::Enroll(user(5)), ClassChange::Give(DeckId::from_u128(6))] {
        store.change_class(class(2), change, START_MS + 5).await.unwrap();
    }
    let mut found = store.classes(vec![class(2), class(7), class(1)]).await.unwrap();
    found.sort_by_key(|class| class.id);
    let second =
        ClassRecord { students: vec![user(5)], decks: vec![DeckId::from_u128(6)], ..class_record(2) };
    assert_eq!(found, [class_record(1), second]);
    assert!(store.classes(Vec::new()).await.unwrap().is_empty());
}

pub async fn several_people_are_read_together(store: &impl People) {
    for n in [1, 2] {
        store.sign_in(token(n, Some(&format!("Person {n}"))), START_MS).await.unwrap();
    }
    let known = store.persons(vec![user(2), user(7), user(1)]).await.unwrap();
    let mut names: Vec<(_, String)> = known.into_iter().map(|person| (person.id, person.name)).collect();
    names.sort();
    assert_eq!(names, [(user(1), "Person 1".to_owned()), (user(2), "Person 2".to_owned())]);
    let standing = store.standing(user(1)).await.unwrap();
    assert_eq!(standing.person.map(|person| person.name), Some("Person 1".to_owned()));
    assert_eq!(standing.grants, store.grants(user(1)).await.unwrap());
    assert!(store.standing(user(7)).await.unwrap().person.is_none());
}

pub async fn extra_time_is_kept_with_the_enrollment_and_ends_with_it(store: &impl People) {
    let refused = store.set_extra_time(class(1), user(1), 50).await;
    assert_eq!(refused.unwrap_err(), PeopleError::NoSuchClass);
    store.create_class(class_record(1)).await.unwrap();
    let refused = store.set_extra_time(class(1), user(1), 50).await;
    assert_eq!(refused.unwrap_err(), PeopleError::NoSuchPerson);
    for (n, at_ms) in [(1, 10), (2, 20), (3, 30)] {
        store.change_class(class(1), ClassChange::Enroll(user(n)), START_MS + at_ms).await.unwrap();
    }
    for (n, percent) in [(1, 25), (2, 300), (1, 50), (3, 10), (3, 0)] {
        store.set_extra_time(class(1), user(n), percent).await.unwrap();
    }
    let read = async || {
        let mut found = store.extra_times(class(1)).await.unwrap();
        found.sort_unstable();
        found
    };
    assert_eq!(read().await, [(user(1), 50), (user(2), 300)]);
    store.change_class(class(1), ClassChange::Remove(user(1)), START_MS + 40).await.unwrap();
    assert_eq!(read().await, [(user(2), 300)]);
    assert_eq!(store.set_extra_time(class(1), user(1), 50).await.unwrap_err(), PeopleError::NoSuchPerson);
    store.change_class(class(1), ClassChange::Enroll(user(1)), START_MS + 50).await.unwrap();
    assert_eq!(read().await, [(user(2), 300)]);
    assert_eq!(store.extra_times(class(2)).await.unwrap(), []);
    let mut students = store.class(class(1)).await.unwrap().unwrap().students;
    students.sort_unstable();
    assert_eq!(students, [1, 2, 3].map(user));
}

pub async fn joining_twice_and_leaving_twice_changes_nothing(store: &impl People) {
    store.create_class(class_record(1)).await.unwrap();
    let at = async |change, ms| store.change_class(class(1), change, START_MS + ms).await.unwrap();
    at(ClassChange::Give(deck(1)), 0).await;
    at(ClassChange::Give(deck(1)), 1).await;
    at(ClassChange::Remove(user(1)), 2).await;
    at(ClassChange::Enroll(user(1)), 10).await;
    at(ClassChange::Enroll(user(1)), 20).await;
    assert_eq!(store.class(class(1)).await.unwrap().unwrap().students, [user(1)]);
    at(ClassChange::Remove(user(1)), 30).await;
    at(ClassChange::Remove(user(1)), 40).await;
    let spans: Vec<Span> = store.grants(user(1)).await.unwrap().iter().map(|grant| grant.span).collect();
    assert_eq!(spans, [Span { from_ms: START_MS + 10, until_ms: Some(START_MS + 30) }]);
}

pub async fn a_grant_holds_while_enrollment_and_assignment_do(store: &impl People) {
    store.create_class(class_record(1)).await.unwrap();
    store.create_class(class_record(2)).await.unwrap();
    let at = async |n, change, ms| store.change_class(class(n), change, START_MS + ms).await.unwrap();
    at(1, ClassChange::Enroll(user(1)), 10).await;
    at(1, ClassChange::Give(deck(1)), 20).await;
    at(1, ClassChange::Take(deck(1)), 30).await;
    at(1, ClassChange::Give(deck(1)), 40).await;
    at(1, ClassChange::Remove(user(1)), 50).await;
    at(1, ClassChange::Enroll(user(1)), 60).await;
    at(2, ClassChange::Give(deck(2)), 70).await;
    let mut grants = store.grants(user(1)).await.unwrap();
    grants.sort_by_key(|grant| grant.span.from_ms);
    let spans: Vec<_> = grants.iter().map(|grant| (grant.span.from_ms, grant.span.until_ms)).collect();
    let ms = |n| START_MS + n;
    assert_eq!(spans, [(ms(20), Some(ms(30))), (ms(40), Some(ms(50))), (ms(60), None)]);
    assert!(grants.iter().all(|grant| grant.deck == deck(1) && grant.class == class(1)));
    assert!(store.grants(user(2)).await.unwrap().is_empty());
}

pub async fn who_turns_out_to_be_of_another_organisation_leaves_its_classes(store: &impl People) {
    let own_org = Some(OrgId::from_u128(77));
    let own = SignIn { org: own_org, ..token(1, None) };
    store.create_class(class_record(1)).await.unwrap();
    store.create_class(ClassRecord { org: own_org, ..class_record(2) }).await.unwrap();
    for n in [1, 2] {
        let (class, at_ms) = (class(n.into()), START_MS + 100);
        store.change_class(class, ClassChange::Give(deck(n)), at_ms).await.unwrap();
        store.change_class(class, ClassChange::Enroll(user(1)), at_ms).await.unwrap();
    }
    // Before the account, as if it had never been.
    store.sign_in(own, START_MS + 200).await.unwrap();
    let grants = store.grants(user(1)).await.unwrap();
    assert_eq!(grants.iter().map(|grant| grant.deck).collect::<Vec<_>>(), [deck(2)]);
    assert!(store.class(class(1)).await.unwrap().unwrap().students.is_empty());
    // After it: what was seen was seen.
    let orgless = token(2, None);
    store.sign_in(orgless.clone(), START_MS).await.unwrap();
    store.create_class(ClassRecord { org: None, ..class_record(3) }).await.unwrap();
    store.change_class(class(3), ClassChange::Give(deck(3)), START_MS + 100).await.unwrap();
    store.change_class(class(3), ClassChange::Enroll(user(2)), START_MS + 300).await.unwrap();
    assert!(store.grants(user(2)).await.unwrap()[0].span.is_open());
    store.sign_in(SignIn { org: own_org, ..orgless }, START_MS + 400).await.unwrap();
    let grants = store.grants(user(2)).await.unwrap();
    assert_eq!(grants[0].span, Span { from_ms: START_MS + 300, until_ms: Some(START_MS + 400) });
}

pub async fn nobody_known_to_be_of_another_organisation_is_enrolled(store: &impl People) {
    store.create_class(class_record(1)).await.unwrap();
    store.change_class(class(1), ClassChange::Give(deck(1)), START_MS).await.unwrap();
    for (n, org) in [(1, None), (2, Some(77))] {
        let other = SignIn { org: org.map(OrgId::from_u128), ..token(n, None) };
        store.sign_in(other, START_MS).await.unwrap();
        let refused = store.change_class(class(1), ClassChange::Enroll(user(n)), START_MS).await;
        assert_eq!(refused.unwrap_err(), PeopleError::NoSuchPerson);
        assert!(store.grants(user(n)).await.unwrap().is_empty());
        assert!(store.classes_of(user(n)).await.unwrap().is_empty());
    }
    let own = SignIn { org: class_record(1).org, ..token(3, None) };
    store.sign_in(own, START_MS).await.unwrap();
    store.change_class(class(1), ClassChange::Enroll(user(3)), START_MS).await.unwrap();
    assert!(store.grants(user(3)).await.unwrap()[0].span.is_open());
}

pub async fn a_class_that_does_not_exist_is_refused(store: &impl People) {
    assert_eq!(store.class(class(1)).await.unwrap(), None);
    let refused = store.change_class(class(1), ClassChange::Enroll(user(1)), START_MS).await;
    assert_eq!(refused.unwrap_err(), PeopleError::NoSuchClass);
    assert!(store.classes_of(user(1)).await.unwrap().is_empty());
}
