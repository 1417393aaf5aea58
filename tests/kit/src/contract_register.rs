//! What every store of registers has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, deck, user};
use domain::ids::{ClassId, OrgId, UserId};
use ports::people::{ClassChange, PersonChange};
use ports::register::{ClassAmendment, Enrolling, Status};
use ports::{ClassRecord, People, PeopleError, RegisterKey, Registered, RegisteredClass, Role, SignIn};

/// Makes a test of each promise about registers: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! register_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_register;
            whom_a_register_names_has_an_account,
            a_register_is_read_page_by_page_and_knows_no_other_organisation,
            people_are_found_by_account_external_id_login_and_address,
            a_key_that_was_given_up_finds_nobody,
            writing_again_changes_nothing_and_the_newest_stays,
            whose_account_is_another_organisations_is_left_out,
            what_a_person_or_a_token_said_outlives_a_roster,
            whoever_was_enrolled_before_the_account_stays_only_in_own_classes,
            a_registers_classes_are_read_page_by_page,
            a_class_changes_title_and_teacher_and_is_closed_and_opened_again,
            many_are_enrolled_and_removed_at_once_and_again_without_harm,
            many_are_enrolled_but_for_those_of_another_organisation,
        );
    };
}

fn org(n: u128) -> OrgId {
    OrgId::from_u128(n)
}

fn class(n: u128) -> ClassId {
    ClassId::from_u128(n)
}

fn pupil(n: u64) -> Registered {
    Registered {
        user: user(n),
        org: org(3),
        external: format!("ext-{n}"),
        login: format!("login{n}"),
        email: format!("p{n}@school.example"),
        name: format!("Pupil {n}"),
        role: Role::Learner,
        status: Status::Active,
        changed_ms: START_MS,
    }
}

fn class_record(n: u128, org: Option<OrgId>) -> ClassRecord {
    ClassRecord {
        id: class(n),
        org,
        teacher: user(9),
        title: format!("class {n}"),
        created_ms: START_MS,
        deleted_ms: None,
        students: vec![],
        decks: vec![],
    }
}

fn registered_class(n: u128) -> RegisteredClass {
    RegisteredClass { class: class(n), org: org(3), external: format!("c-{n}"), changed_ms: START_MS }
}

async fn put(store: &impl People, people: &[Registered]) -> Vec<UserId> {
    store.put_registered(people.to_vec(), START_MS).await.unwrap()
}

async fn found(store: &impl People, key: RegisterKey) -> Vec<UserId> {
    let found = store.find_registered(org(3), vec![key]).await.unwrap();
    found.into_iter().map(|who| who.user).collect()
}

pub async fn whom_a_register_names_has_an_account(store: &impl People) {
    assert!(put(store, &[pupil(1)]).await.is_empty());
    let person = store.person(user(1)).await.unwrap().unwrap();
    assert_eq!((person.org, person.name.as_str(), person.began_ms), (Some(org(3)), "Pupil 1", START_MS));
    let token = SignIn { user: user(1), org: Some(org(3)), role: Role::Learner, name: None };
    let signed_in = store.sign_in(token, START_MS + 5).await.unwrap();
    assert_eq!((signed_in.name.as_str(), signed_in.began_ms), ("Pupil 1", START_MS));
}

pub async fn a_register_is_read_page_by_page_and_knows_no_other_organisation(store: &impl People) {
    let people: Vec<Registered> = (1..=5).map(pupil).collect();
    put(store, &people).await;
    put(store, &[Registered { org: org(4), ..pupil(6) }]).await;
    let first = store.registered(org(3), None, 3).await.unwrap();
    let second = store.registered(org(3), first.last().map(|who| who.user), 3).await.unwrap();
    assert_eq!([first, second].concat(), people);
    assert_eq!(store.registered(org(4), None, 100).await.unwrap().len(), 1);
    assert!(store.registered(org(5), None, 100).await.unwrap().is_empty());
}

pub async fn people_are_found_by_account_external_id_login_and_address(store: &impl People) {
    put(store, &[pupil(1), pupil(2), Registered { login: String::new(), ..pupil(3) }]).await;
    put(store, &[Registered { org: org(4), external: "ext-1".into(), ..pupil(4) }]).await;
    for key in [
        RegisterKey::User(user(1)),
        RegisterKey::External("ext-1".into()),
        RegisterKey::Login("login1".into()),
        RegisterKey::Email("p1@school.example".into()),
    ] {
        assert_eq!(found(store, key).await, [user(1)]);
    }
    assert!(found(store, RegisterKey::User(user(4))).await.is_empty());
    for empty in [RegisterKey::External(String::new()), RegisterKey::Login(String::new())] {
        assert!(found(store, empty).await.is_empty());
    }
    let keys = vec![RegisterKey::User(user(2)), RegisterKey::Login("login2".into())];
    assert_eq!(store.find_registered(org(3), keys).await.unwrap(), [pupil(2)]);
}

pub async fn a_key_that_was_given_up_finds_nobody(store: &impl People) {
    put(store, &[pupil(1)]).await;
    let now = Registered { login: "new".into(), changed_ms: START_MS + 1, ..pupil(1) };
    put(store, std::slice::from_ref(&now)).await;
    assert!(found(store, RegisterKey::Login("login1".into())).await.is_empty());
    assert_eq!(found(store, RegisterKey::Login("new".into())).await, [user(1)]);
    // Another may have it now.
    put(store, &[Registered { login: "login1".into(), ..pupil(2) }]).await;
    assert_eq!(found(store, RegisterKey::Login("login1".into())).await, [user(2)]);
}

pub async fn writing_again_changes_nothing_and_the_newest_stays(store: &impl People) {
    put(store, &[pupil(1)]).await;
    put(store, &[pupil(1)]).await;
    let gone = Registered { status: Status::Gone, changed_ms: START_MS + 9, ..pupil(1) };
    put(store, std::slice::from_ref(&gone)).await;
    put(store, std::slice::from_ref(&gone)).await;
    assert_eq!(store.registered(org(3), None, 100).await.unwrap(), [gone]);
}

pub async fn whose_account_is_another_organisations_is_left_out(store: &impl People) {
    for (n, org) in [(1, Some(org(77))), (2, None)] {
        let token = SignIn { user: user(n), org, role: Role::Learner, name: Some("Own".into()) };
        store.sign_in(token, START_MS).await.unwrap();
    }
    assert_eq!(put(store, &[pupil(1), pupil(2), pupil(3)]).await, [user(1), user(2)]);
    let registered = store.registered(org(3), None, 100).await.unwrap();
    assert_eq!(registered.iter().map(|who| who.user).collect::<Vec<_>>(), [user(3)]);
    let other = store.person(user(1)).await.unwrap().unwrap();
    assert_eq!((other.org, other.name.as_str()), (Some(org(77)), "Own"));
}

pub async fn what_a_person_or_a_token_said_outlives_a_roster(store: &impl People) {
    put(store, &[pupil(1), pupil(2)]).await;
    let chosen = PersonChange { name: Some("Chosen".into()), ..PersonChange::default() };
    store.change_person(user(1), chosen, START_MS).await.unwrap();
    let renamed = |n| Registered { name: "Renamed".into(), changed_ms: START_MS + 1, ..pupil(n) };
    put(store, &[renamed(1), renamed(2)]).await;
    assert_eq!(store.person(user(1)).await.unwrap().unwrap().name, "Chosen");
    assert_eq!(store.person(user(2)).await.unwrap().unwrap().name, "Renamed");
}

pub async fn whoever_was_enrolled_before_the_account_stays_only_in_own_classes(store: &impl People) {
    store.create_class(class_record(1, Some(org(3)))).await.unwrap();
    store.create_class(class_record(2, Some(org(4)))).await.unwrap();
    for n in [1, 2] {
        store.change_class(class(n), ClassChange::Enroll(user(1)), START_MS).await.unwrap();
    }
    put(store, &[pupil(1)]).await;
    assert_eq!(store.class(class(1)).await.unwrap().unwrap().students, [user(1)]);
    assert!(store.class(class(2)).await.unwrap().unwrap().students.is_empty());
}

pub async fn a_registers_classes_are_read_page_by_page(store: &impl People) {
    let classes: Vec<RegisteredClass> = (1..=4).map(registered_class).collect();
    for class in &classes {
        store.put_registered_class(class.clone()).await.unwrap();
        store.put_registered_class(class.clone()).await.unwrap();
    }
    let other = RegisteredClass { org: org(4), ..registered_class(5) };
    store.put_registered_class(other).await.unwrap();
    let first = store.registered_classes(org(3), None, 3).await.unwrap();
    let second = store.registered_classes(org(3), first.last().map(|c| c.class), 3).await.unwrap();
    assert_eq!([first, second].concat(), classes);
    assert_eq!(store.registered_class(org(3), class(2)).await.unwrap(), Some(registered_class(2)));
    assert_eq!(store.registered_class(org(4), class(2)).await.unwrap(), None);
}

pub async fn a_class_changes_title_and_teacher_and_is_closed_and_opened_again(store: &impl People) {
    store.create_class(class_record(1, Some(org(3)))).await.unwrap();
    let to = |title: &str, status| ClassAmendment { title: title.into(), teacher: user(8), status };
    let amend = async |to, ms| store.amend_class(class(1), to, START_MS + ms).await.unwrap();
    amend(to("7b", Status::Active), 1).await;
    amend(to("7b", Status::Active), 2).await;
    let now = store.class(class(1)).await.unwrap().unwrap();
    assert_eq!((now.title.as_str(), now.teacher, now.deleted_ms), ("7b", user(8), None));
    assert_eq!(store.classes_of(user(8)).await.unwrap().len(), 1);
    assert!(store.classes_of(user(9)).await.unwrap().is_empty());
    amend(to("7b", Status::Gone), 3).await;
    amend(to("7b", Status::Gone), 4).await;
    assert_eq!(store.class(class(1)).await.unwrap().unwrap().deleted_ms, Some(START_MS + 3));
    assert!(store.classes_of(user(8)).await.unwrap().is_empty());
    amend(to("7b", Status::Active), 5).await;
    assert_eq!(store.classes_of(user(8)).await.unwrap().len(), 1);
    let missing = store.amend_class(class(2), to("x", Status::Active), START_MS).await;
    assert_eq!(missing.unwrap_err(), PeopleError::NoSuchClass);
}

pub async fn many_are_enrolled_and_removed_at_once_and_again_without_harm(store: &impl People) {
    store.create_class(class_record(1, Some(org(3)))).await.unwrap();
    store.change_class(class(1), ClassChange::Give(deck(1)), START_MS).await.unwrap();
    let people: Vec<Registered> = (100..220).map(pupil).collect();
    put(store, &people).await;
    let users: Vec<UserId> = people.iter().map(|who| who.user).collect();
    for ms in [10, 20] {
        let who = Enrolling { join: users.clone(), leave: vec![] };
        assert!(store.enroll_many(class(1), who, START_MS + ms).await.unwrap().is_empty());
    }
    let mut students = store.class(class(1)).await.unwrap().unwrap().students;
    students.sort_unstable();
    assert_eq!(students, users);
    for ms in [30, 40] {
        let who = Enrolling { join: vec![users[1]], leave: vec![users[0], user(999)] };
        store.enroll_many(class(1), who, START_MS + ms).await.unwrap();
    }
    assert_eq!(store.class(class(1)).await.unwrap().unwrap().students.len(), users.len() - 1);
    let spans: Vec<_> = store.grants(users[0]).await.unwrap().iter().map(|grant| grant.span).collect();
    assert_eq!((spans[0].from_ms, spans[0].until_ms), (START_MS + 10, Some(START_MS + 30)));
    assert!(store.grants(users[1]).await.unwrap()[0].span.is_open());
}

pub async fn many_are_enrolled_but_for_those_of_another_organisation(store: &impl People) {
    store.create_class(class_record(1, Some(org(3)))).await.unwrap();
    put(store, &[pupil(1)]).await;
    let token = SignIn { user: user(2), org: Some(org(77)), role: Role::Learner, name: None };
    store.sign_in(token, START_MS).await.unwrap();
    // Nobody knows yet who the third is.
    let who = Enrolling { join: vec![user(1), user(2), user(3)], leave: vec![] };
    assert_eq!(store.enroll_many(class(1), who, START_MS).await.unwrap(), [user(2)]);
    let mut students = store.class(class(1)).await.unwrap().unwrap().students;
    students.sort_unstable();
    assert_eq!(students, [user(1), user(3)]);
    let nowhere = store.enroll_many(class(2), Enrolling::default(), START_MS).await;
    assert_eq!(nowhere.unwrap_err(), PeopleError::NoSuchClass);
}
