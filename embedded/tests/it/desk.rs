//! Changes that wait together are stored together, and each for itself.

use crate::common::{open, options, store_with};
use domain::ids::{OrgId, UserId};
use kit::wait::block_on;
use ports::{People, PeopleError, Role, SignIn};

fn person(n: u128, org: u128) -> SignIn {
    SignIn { user: UserId::from_u128(n), org: Some(OrgId::from_u128(org)), role: Role::Learner, name: None }
}

#[test]
fn of_many_changes_at_once_each_is_stored_or_refused_for_itself() {
    let (store, folder) = store_with(options());
    // Every third one belongs to another organisation already.
    for n in (0..300).step_by(3) {
        block_on(store.sign_in(person(n, 1), 1)).unwrap();
    }
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let store = &store;
        let asking: Vec<_> = (0..300_u128)
            .map(|n| scope.spawn(move || (n, block_on(store.sign_in(person(n, 2), 2)))))
            .collect();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    for (n, outcome) in &outcomes {
        match n % 3 {
            0 => assert!(matches!(outcome, Err(PeopleError::OtherOrg)), "{n}: {outcome:?}"),
            _ => assert!(outcome.is_ok(), "{n}: {outcome:?}"),
        }
    }
    drop(store);
    let store = open(folder.path());
    for n in 0..300 {
        let known = block_on(store.person(UserId::from_u128(n))).unwrap().expect("stored");
        assert_eq!(known.org, Some(OrgId::from_u128(if n % 3 == 0 { 1 } else { 2 })), "{n}");
    }
}
