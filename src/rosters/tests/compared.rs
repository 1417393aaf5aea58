//! Diffs.

use super::*;
use ports::register::Status;
use ports::{Register, RegisterKey, Role, SignIn};

const CLASS_OF_THREE: &str = "name,email,external id,class\n\
    Ada,ada@s.example,1,7b\nBen,ben@s.example,2,7b\nCleo,cleo@s.example,3,7b\n";

#[tokio::test]
async fn each_person_is_new_changed_moved_gone_or_the_same() {
    let store = MemoryStore::new();
    let first = bring(&store, &plain(CLASS_OF_THREE), rules()).await;
    assert_eq!((counted(&first), first.before, first.counts.classes_new), ([3, 0, 0, 0, 0], 0, 1));
    let next = "name,email,external id,class\n\
        Ada Lovelace,ada@s.example,1,7b\nBen,ben@s.example,2,8a\nDan,dan@s.example,4,7b\nEve,eve@s.example,5,\n";
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let diff = diff(&plain(next), &known, rules());
    assert_eq!((counted(&diff), diff.before), ([2, 1, 1, 1, 0], 3));
    let step = |external: &str| {
        diff.people.iter().find(|step| step.registered.external == external).map(|step| step.step)
    };
    let steps = ["1", "2", "3", "4", "5"].map(|external| step(external).unwrap());
    assert_eq!(steps, [Step::Changed, Step::Moved, Step::Gone, Step::New, Step::New]);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_whoever_brings_it() {
    for rules in [rules(), of_teacher()] {
        let store = MemoryStore::new();
        bring(&store, &plain(CLASS_OF_THREE), rules).await;
        let later = Rules { now_ms: NOW_MS + 5, ..rules };
        let again = bring(&store, &plain(CLASS_OF_THREE), later).await;
        assert!(again.is_empty(), "{again:?}");
        assert_eq!(counted(&again), [0, 0, 0, 0, 3]);
    }
}

#[tokio::test]
async fn people_are_found_by_external_id_then_login_then_address() {
    let store = MemoryStore::new();
    let before = "name,login,email,id\nAda,ada,family@s.example,1\nBen,ben,family@s.example,2\n\
        Cleo,,cleo@s.example,\nDan,dan,,\n";
    bring(&store, &plain(before), rules()).await;
    let users = async |key| store.find_registered(org(), vec![key]).await.unwrap()[0].user;
    let ada = users(RegisterKey::External("1".into())).await;
    let dan = users(RegisterKey::Login("dan".into())).await;
    let cleo = users(RegisterKey::Email("cleo@s.example".into())).await;
    // Ada has another login, Dan and Cleo have ids now, Ben another one; brother and sister share an address.
    let after = "name,login,email,id\nAda,ada2,family@s.example,1\nBen,ben,family@s.example,22\n\
        Cleo,,CLEO@s.example,3\nDan,DAN,,4\n";
    let diff = bring(&store, &plain(after), rules()).await;
    assert_eq!(counted(&diff), [0, 0, 4, 0, 0]);
    assert_eq!(users(RegisterKey::Login("ada2".into())).await, ada);
    assert_eq!(users(RegisterKey::External("3".into())).await, cleo);
    assert_eq!(users(RegisterKey::External("4".into())).await, dan);
}

#[tokio::test]
async fn a_fifth_may_be_gone_and_more_only_when_their_number_is_confirmed() {
    let store = MemoryStore::new();
    let roster = |people: std::ops::Range<usize>| {
        let rows: String = people.map(|n| format!("Pupil {n},{n}\n")).collect();
        plain(&format!("name,id\n{rows}"))
    };
    bring(&store, &roster(0..10), rules()).await;
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let of = |people| diff(&roster(people), &known, rules());
    assert_eq!(of(2..10).guard(None), Ok(()));
    let refused = of(3..10).guard(None).unwrap_err();
    assert_eq!(refused, TooManyGone { gone: 3, before: 10 });
    assert!(refused.to_string().contains("confirm_gone=3"));
    assert_eq!(of(3..10).guard(Some(3)), Ok(()));
    assert_eq!(of(3..10).guard(Some(4)), Err(refused));
    assert!(of(0..0).guard(Some(3)).is_err());
}

#[tokio::test]
async fn who_comes_back_is_new_again_and_the_same_account() {
    let store = MemoryStore::new();
    bring(&store, &plain(CLASS_OF_THREE), rules()).await;
    let without = plain("name,id,class\nAda,1,7b\nBen,2,7b\n");
    let diff = bring(&store, &without, rules()).await;
    let cleo = diff.people.iter().find(|step| step.step == Step::Gone).unwrap().registered.clone();
    assert_eq!((cleo.name.as_str(), cleo.status), ("Cleo", Status::Gone));
    let back = bring(&store, &plain(CLASS_OF_THREE), rules()).await;
    let again = back.people.iter().find(|step| step.step == Step::New).unwrap();
    assert_eq!((again.registered.user, again.joins.len()), (cleo.user, 1));
}

#[tokio::test]
async fn a_teachers_file_empties_own_classes_and_nobody_elses_school() {
    let store = MemoryStore::new();
    bring(&store, &plain(CLASS_OF_THREE), of_teacher()).await;
    bring(&store, &plain("name,id,class\nZoe,9,Other\n"), Rules { by: admin(), ..of_teacher() }).await;
    let diff = bring(&store, &plain("name,id,class\nAda,1,7b\nBen,2,7b\n"), of_teacher()).await;
    assert_eq!((counted(&diff), diff.before), ([0, 0, 0, 1, 2], 3));
    let everybody = store.registered(org(), None, 100).await.unwrap();
    assert!(everybody.iter().all(|who| who.status == Status::Active));
    let class = store.class(diff.classes[0].class).await.unwrap().unwrap();
    assert_eq!((class.students.len(), class.teacher), (2, teacher()));
}

#[tokio::test]
async fn a_teacher_names_learners_and_changes_own_classes_alone() {
    let store = MemoryStore::new();
    let school = "name,id,class,role\nAda,1,7b,student\nMr T,t1,7b,teacher\n";
    bring(&store, &plain(school), rules()).await;
    let ada = async || {
        let found = store.find_registered(org(), vec![RegisterKey::External("1".into())]).await.unwrap();
        (found[0].user, found[0].name.clone(), found[0].email.clone())
    };
    let told = |remarks: &RosterRemarks| -> Vec<(u64, &str)> {
        codes(remarks).into_iter().map(|(_, line, code)| (line, code)).collect()
    };
    // Not in a class of somebody else's, nor somebody who is in none of their own.
    let theirs = "name,id,class,role\nAda Changed,1,7b,student\nBoss,5,mine,admin\n";
    let diff = bring(&store, &plain(theirs), of_teacher()).await;
    assert_eq!(told(&diff.rejected), [(2, "class_not_yours"), (3, "role_not_yours")]);
    assert_eq!(told(&diff.changed), [(2, "person_not_yours")]);
    let before = ada().await;
    assert_eq!(before.1, "Ada");
    // Into an own class they come as they are known; then they are an own student, but for what others know them by.
    let own = "name,id,email,class\nAda Changed,1,a@s.example,mine\n";
    let diff = bring(&store, &plain(own), of_teacher()).await;
    assert_eq!((told(&diff.rejected), told(&diff.changed)), (vec![], vec![(2, "person_not_yours")]));
    assert_eq!((counted(&diff), ada().await), ([0, 1, 0, 0, 0], before));
    let diff = bring(&store, &plain(own), of_teacher()).await;
    assert_eq!((told(&diff.rejected), told(&diff.changed)), (vec![], vec![]));
    assert_eq!((ada().await.1.as_str(), ada().await.2.as_str()), ("Ada Changed", "a@s.example"));
    let diff = bring(&store, &plain("name,id,email,class\nAda C,1,b@s.example,mine\n"), of_teacher()).await;
    assert_eq!(told(&diff.changed), [(2, "key_kept")]);
    let (user, name, email) = ada().await;
    assert_eq!((name.as_str(), email.as_str()), ("Ada C", "a@s.example"));
    assert_eq!(store.classes_of(user).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_class_that_a_teacher_made_by_hand_is_filled_and_who_was_put_there_by_hand_stays() {
    let store = MemoryStore::new();
    let (by_hand, pupil) = (domain::ids::ClassId::from_u128(5), UserId::from_u128(77));
    let record = ports::ClassRecord {
        id: by_hand,
        org: Some(org()),
        teacher: teacher(),
        title: "7B".to_owned(),
        created_ms: 0,
        deleted_ms: None,
        students: vec![pupil],
        decks: vec![],
    };
    store.create_class(record).await.unwrap();
    let diff = bring(&store, &plain(CLASS_OF_THREE), of_teacher()).await;
    assert_eq!(diff.counts.classes_new, 0);
    assert_eq!(store.class(by_hand).await.unwrap().unwrap().students.len(), 4);
    bring(&store, &plain("name,id,class\nAda,1,7b\nBen,2,7b\n"), of_teacher()).await;
    let students = store.class(by_hand).await.unwrap().unwrap().students;
    assert!(students.contains(&pupil) && students.len() == 3);
}

#[tokio::test]
async fn another_organisations_people_and_classes_are_untouched() {
    let store = MemoryStore::new();
    let other = Rules { org: OrgId::from_u128(4), ..rules() };
    bring(&store, &plain(CLASS_OF_THREE), other).await;
    let before = Known::read(&store, other.org, other.by).await.unwrap();
    bring(&store, &plain("name,email,id,class\nAda,ada@s.example,1,7b\n"), rules()).await;
    assert_eq!(Known::read(&store, other.org, other.by).await.unwrap(), before);
    // An id that is a UUID is somebody's account: not one of another organisation, nor of a person without any.
    let taken = UserId::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
    let token = SignIn { user: taken, org: None, role: Role::Learner, name: Some("Free".into()) };
    store.sign_in(token, 0).await.unwrap();
    let roster = plain(&format!("name,id,class\nClaimed,{taken},7b\n"));
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let diff = diff(&roster, &known, Rules { scope: Scope::Classes, ..rules() });
    let applied = apply(&store as &dyn People, &diff, NOW_MS, |_, _| true).await.unwrap();
    assert_eq!(applied.left_out, [taken]);
    let person = store.person(taken).await.unwrap().unwrap();
    assert_eq!((person.org, person.name.as_str()), (None, "Free"));
    assert!(store.classes_of(taken).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_teaches_a_class_beside_its_teacher_fills_it_and_takes_it_from_nobody() {
    let store = MemoryStore::new();
    bring(&store, &plain(CLASS_OF_THREE), of_teacher()).await;
    let further = Rules { by: UserId::from_u128(0x7f), ..of_teacher() };
    let theirs = store.classes_of(teacher()).await.unwrap();
    let known = async || {
        let known = Known::read(&store, org(), further.by).await.unwrap();
        known.with_co_taught(store.classes_of(teacher()).await.unwrap(), org())
    };
    let bring = async |text: &str| {
        let diff = diff(&plain(text), &known().await, further);
        apply(&store as &dyn People, &diff, NOW_MS, |_, _| true).await.unwrap();
        diff
    };
    // By its title, and by its id here; Cleo leaves, Dan comes, Ben is called otherwise.
    let table = "name,id,class\nAda,1,7b\nBenjamin,2,7b\nDan,4,7b\n";
    let by_title = bring(table).await;
    assert_eq!((counted(&by_title), by_title.before), ([1, 0, 1, 1, 1], 3));
    assert_eq!((by_title.counts.classes_new, by_title.counts.classes_changed), (0, 0));
    assert!(by_title.rejected.listed.is_empty() && by_title.changed.listed.is_empty());
    assert!(bring(table).await.is_empty(), "it says what is so already");
    let by_id = bring(&format!("name,id,class\nEve,5,{}\n", theirs[0].id)).await;
    assert_eq!(counted(&by_id), [1, 0, 0, 3, 0]);
    let now = store.class(theirs[0].id).await.unwrap().unwrap();
    assert_eq!((now.teacher, now.title.as_str(), now.students.len()), (teacher(), "7b", 1));
    // What it is called, and whether it is there, is its teacher's to say.
    let tables = |title: &str, status: &str| {
        let classes = format!("sourcedId,status,title\n7b,{status},{title}\n");
        let users =
            "sourcedId,status,enabledUser,role,username,givenName,familyName\n5,,true,student,,Eve,\n";
        let enrollments = "sourcedId,status,classSourcedId,userSourcedId,role\ne1,,7b,5,student\n";
        one_roster_of(&[("classes.csv", &classes), ("users.csv", users), ("enrollments.csv", enrollments)])
    };
    for roster in [tables("Taken", ""), tables("7b", "tobedeleted")] {
        let diff = diff(&roster, &known().await, further);
        assert_eq!(codes(&diff.changed), [("classes.csv", 2, "class_kept")]);
        apply(&store as &dyn People, &diff, NOW_MS, |_, _| true).await.unwrap();
        assert_eq!(store.class(now.id).await.unwrap().unwrap(), now);
    }
    // Of two that were made by hand and are called the same the own one is meant.
    let by_hand = |id, teacher| ports::ClassRecord {
        id: domain::ids::ClassId::from_u128(id),
        title: "8a".to_owned(),
        teacher,
        students: Vec::new(),
        ..now.clone()
    };
    for class in [by_hand(5, teacher()), by_hand(6, further.by)] {
        store.create_class(class).await.unwrap();
    }
    bring("name,id,class\nFay,6,8a\n").await;
    let students =
        async |id| store.class(domain::ids::ClassId::from_u128(id)).await.unwrap().unwrap().students.len();
    assert_eq!((students(5).await, students(6).await), (0, 1));
}

#[tokio::test]
async fn who_only_teaches_takes_nobody_out_of_the_organisation_and_nobody_out_of_others_classes() {
    let store = MemoryStore::new();
    bring(&store, &plain("name,id,class\nAda,1,7b\nBen,2,7b\n"), of_teacher()).await;
    bring(&store, &plain("name,id,class\nAda,1,Club\n"), rules()).await;
    let teaching = of_teacher();
    let people = "sourcedId,status,enabledUser,role,username,givenName,familyName\n1,tobedeleted,,,,,\n";
    let manifest = "propertyName,value\noneroster.version,1.2\nfile.users,delta\n";
    let delta = one_roster_of(&[("manifest.csv", manifest), ("users.csv", people)]);
    assert!(delta.is_delta);
    bring(&store, &delta, teaching).await;
    let ada = store.find_registered(org(), vec![RegisterKey::External("1".into())]).await.unwrap()[0].clone();
    assert_eq!(ada.status, Status::Active, "who is gone from the organisation says an administrator");
    let titles = async |user| {
        let classes = store.classes_of(user).await.unwrap();
        classes.into_iter().map(|class| class.title).collect::<Vec<_>>()
    };
    assert_eq!(titles(ada.user).await, ["Club"], "she leaves what this teacher teaches, and nothing else");
}

#[tokio::test]
async fn a_class_of_the_same_title_that_one_teaches_beside_its_teacher_is_not_ones_own() {
    let store = MemoryStore::new();
    bring(&store, &plain(CLASS_OF_THREE), of_teacher()).await;
    let theirs = store.classes_of(teacher()).await.unwrap().remove(0);
    let by_hand = ports::ClassRecord {
        id: domain::ids::ClassId::from_u128(5),
        title: "Maths".to_owned(),
        ..theirs.clone()
    };
    store.create_class(by_hand.clone()).await.unwrap();
    let further = Rules { by: UserId::from_u128(0x7f), ..of_teacher() };
    let known = Known::read(&store, org(), further.by).await.unwrap();
    let known = known.with_co_taught(vec![store.class(by_hand.id).await.unwrap().unwrap()], org());
    let classes = "sourcedId,status,title\nown-77,,maths\n";
    let users = "sourcedId,status,enabledUser,role,username,givenName,familyName\n5,,true,student,,Eve,\n";
    let enrollments = "sourcedId,status,classSourcedId,userSourcedId,role\ne1,,own-77,5,student\n";
    let files = [("classes.csv", classes), ("users.csv", users), ("enrollments.csv", enrollments)];
    let diff = diff(&one_roster_of(&files), &known, further);
    assert_eq!((diff.counts.classes_new, diff.counts.classes_changed), (1, 0));
    assert!(diff.classes.iter().all(|step| step.class != by_hand.id));
}
