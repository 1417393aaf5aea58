//! Races of sign-ins, enrollments and changes, and sign-ins that died on the way.

use super::super::classes::Header;
use super::super::person::Stored;
use super::super::{enrollments, persons};
use crate::server::shared_store;
use crate::{CqlStore, Options};
use domain::access::Span;
use domain::ids::{ClassId, DeckId, OrgId, UserId};
use futures_util::future::join_all;
use kit::rows::START_MS;
use kit::wait::block_on;
use ports::people::{ClassChange, PersonChange};
use ports::{Account, ClassRecord, People, PeopleError, Role, SignIn};
use std::collections::BTreeSet;

const SCHOOL: OrgId = OrgId::from_u128(3);
const OTHER: OrgId = OrgId::from_u128(77);

async fn store() -> Option<CqlStore> {
    shared_store(&Options::default()).await
}

fn somebody() -> UserId {
    UserId(uuid::Uuid::new_v4())
}

fn token(user: UserId, org: Option<OrgId>) -> SignIn {
    SignIn { user, org, role: Role::Learner, name: None }
}

/// A class of the school that has a deck.
async fn class(store: &CqlStore) -> ClassId {
    let id = ClassId(uuid::Uuid::new_v4());
    let record = ClassRecord {
        id,
        org: Some(SCHOOL),
        teacher: somebody(),
        title: String::new(),
        created_ms: START_MS,
        deleted_ms: None,
        students: vec![],
        decks: vec![DeckId::from_u128(1)],
    };
    store.create_class(record).await.unwrap();
    id
}

async fn students(store: &CqlStore, class: ClassId) -> Vec<UserId> {
    store.class(class).await.unwrap().unwrap().students
}

async fn spans(store: &CqlStore, user: UserId) -> Vec<Span> {
    store.grants(user).await.unwrap().into_iter().map(|grant| grant.span).collect()
}

#[test]
fn of_many_first_sign_ins_one_begins_the_account() {
    block_on(async {
        let Some(store) = store().await else { return };
        let user = somebody();
        let sign_ins = (0..8).map(|n| store.sign_in(token(user, None), START_MS + n));
        let persons: Vec<_> = join_all(sign_ins).await.into_iter().map(Result::unwrap).collect();
        let began: BTreeSet<i64> = persons.iter().map(|person| person.began_ms).collect();
        assert_eq!(began.len(), 1, "{began:?}");
        assert_eq!(store.person(user).await.unwrap().map(|person| person.began_ms), began.first().copied());
    });
}

#[test]
fn of_first_sign_ins_from_two_organisations_those_of_one_are_refused() {
    block_on(async {
        let Some(store) = store().await else { return };
        let user = somebody();
        let orgs = [SCHOOL, OTHER, SCHOOL, OTHER];
        let outcomes = join_all(orgs.map(|org| store.sign_in(token(user, Some(org)), START_MS))).await;
        let org = store.person(user).await.unwrap().unwrap().org;
        for (asked, outcome) in orgs.into_iter().zip(outcomes) {
            match outcome {
                Ok(person) => assert_eq!((person.org, Some(asked)), (org, org)),
                Err(error) => assert_eq!((error, Some(asked) == org), (PeopleError::OtherOrg, false)),
            }
        }
    });
}

#[test]
fn changes_of_one_person_made_at_once_all_hold() {
    block_on(async {
        let Some(store) = store().await else { return };
        let user = somebody();
        store.sign_in(token(user, None), START_MS).await.unwrap();
        let change = |change: PersonChange| store.change_person(user, change, START_MS + 5);
        let zone = PersonChange { zone: Some("Europe/Berlin".to_owned()), ..PersonChange::default() };
        let hour = PersonChange { rollover_hour: Some(7), ..PersonChange::default() };
        let name = PersonChange { name: Some("Ada".to_owned()), ..PersonChange::default() };
        let teacher = SignIn { role: Role::Teacher, ..token(user, Some(SCHOOL)) };
        let changes = join_all([zone, hour, name].map(change));
        let (changes, signed_in) = tokio::join!(changes, store.sign_in(teacher, START_MS + 6));
        changes.into_iter().for_each(|change| drop(change.unwrap()));
        signed_in.unwrap();
        let now = store.person(user).await.unwrap().unwrap();
        assert_eq!((now.name.as_str(), now.role, now.org), ("Ada", Role::Teacher, Some(SCHOOL)));
        let at = START_MS + 6;
        assert_eq!((now.zones.name_at(at), now.zones.rollover_hour_at(at)), ("Europe/Berlin", 7));
    });
}

#[test]
fn a_class_that_two_fill_at_once_has_everybody_once() {
    block_on(async {
        let Some(store) = store().await else { return };
        let class = class(&store).await;
        let users: Vec<UserId> = (0..12).map(|_| somebody()).collect();
        let twice = users.iter().chain(&users).enumerate();
        let changes =
            twice.map(|(n, user)| store.change_class(class, ClassChange::Enroll(*user), START_MS + n as i64));
        join_all(changes).await.into_iter().for_each(Result::unwrap);
        let enrolled = students(&store, class).await;
        assert_eq!(enrolled.len(), users.len());
        assert_eq!(enrolled.into_iter().collect::<BTreeSet<_>>(), users.iter().copied().collect());
        for user in &users {
            let spans = spans(&store, *user).await;
            assert!(spans.len() == 1 && spans[0].is_open(), "{spans:?}");
        }
        // All leave, whichever of the two enrollments was stored, or both.
        let leave =
            users.iter().map(|user| store.change_class(class, ClassChange::Remove(*user), START_MS + 100));
        join_all(leave).await.into_iter().for_each(Result::unwrap);
        assert!(students(&store, class).await.is_empty());
        for user in &users {
            assert!(spans(&store, *user).await.iter().all(|span| span.until_ms == Some(START_MS + 100)));
        }
    });
}

#[test]
fn whatever_two_do_to_a_class_its_list_and_its_students_agree() {
    block_on(async {
        let Some(store) = store().await else { return };
        let class = class(&store).await;
        let user = somebody();
        for round in 0..10 {
            let change = |change, ms| store.change_class(class, change, START_MS + round * 10 + ms);
            let (a, b) = tokio::join!(
                change(ClassChange::Enroll(user), 1),
                change(if round % 2 == 0 { ClassChange::Remove(user) } else { ClassChange::Enroll(user) }, 2),
            );
            a.and(b).unwrap();
            let listed = students(&store, class).await == [user];
            let sees = spans(&store, user).await.iter().any(Span::is_open);
            let belongs = store.classes_of(user).await.unwrap().len() == 1;
            assert_eq!((listed, listed), (sees, belongs), "round {round}");
        }
    });
}

#[test]
fn who_is_enrolled_while_signing_in_to_another_organisation_is_not_enrolled() {
    block_on(async {
        let Some(store) = store().await else { return };
        let class = class(&store).await;
        for _ in 0..12 {
            let user = somebody();
            let enrolling = store.change_class(class, ClassChange::Enroll(user), START_MS);
            let (_, signed_in) =
                tokio::join!(enrolling, store.sign_in(token(user, Some(OTHER)), START_MS + 1));
            signed_in.unwrap();
            assert!(students(&store, class).await.is_empty());
            assert!(spans(&store, user).await.is_empty());
            assert!(store.classes_of(user).await.unwrap().is_empty());
        }
    });
}

/// The person is stored, and the classes of others were not left yet.
async fn sign_in_that_died(store: &CqlStore, user: UserId) {
    let stored = Stored::begun(Account::new(&token(user, Some(OTHER)), START_MS + 1));
    assert!(persons::put(store, None, stored).await.unwrap().is_some());
}

#[test]
fn a_sign_in_that_died_on_the_way_is_finished_by_the_next() {
    block_on(async {
        let Some(store) = store().await else { return };
        let (class, user) = (class(&store).await, somebody());
        store.change_class(class, ClassChange::Enroll(user), START_MS).await.unwrap();
        sign_in_that_died(&store, user).await;
        assert!(spans(&store, user).await.is_empty(), "nothing of another organisation is seen meanwhile");
        let person = store.sign_in(token(user, Some(OTHER)), START_MS + 50).await.unwrap();
        assert_eq!(person.began_ms, START_MS + 1);
        assert!(students(&store, class).await.is_empty());
        assert!(store.classes_of(user).await.unwrap().is_empty());
    });
}

#[test]
fn an_enrollment_that_nobody_took_back_shows_nothing_of_another_organisation() {
    block_on(async {
        let Some(store) = store().await else { return };
        let (class, user) = (class(&store).await, somebody());
        // It looked at the person before the sign-in, wrote after it, and died.
        store.sign_in(token(user, Some(OTHER)), START_MS).await.unwrap();
        enrollments::begin(&store, class, &[user], START_MS + 5).await.unwrap();
        assert!(spans(&store, user).await.is_empty());
    });
}

#[test]
fn the_second_look_takes_an_enrollment_back() {
    block_on(async {
        let Some(store) = store().await else { return };
        let (class, user) = (class(&store).await, somebody());
        let header = Header::read(&store, class).await.unwrap().unwrap();
        enrollments::begin(&store, class, &[user], START_MS).await.unwrap();
        let look = || enrollments::take_back_if_of_another_org(&store, &header, user, START_MS);
        look().await.unwrap();
        assert_eq!(students(&store, class).await, [user]);
        sign_in_that_died(&store, user).await;
        assert_eq!(look().await, Err(PeopleError::NoSuchPerson));
        assert!(students(&store, class).await.is_empty());
    });
}

#[test]
fn who_leaves_and_joins_in_one_millisecond_is_enrolled() {
    block_on(async {
        let Some(store) = store().await else { return };
        let (class, user) = (class(&store).await, somebody());
        for change in [ClassChange::Enroll(user), ClassChange::Remove(user), ClassChange::Enroll(user)] {
            store.change_class(class, change, START_MS).await.unwrap();
        }
        assert_eq!(students(&store, class).await, [user]);
        assert_eq!(spans(&store, user).await, [Span { from_ms: START_MS + 1, until_ms: None }]);
    });
}
