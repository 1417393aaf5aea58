//! OneRoster, from the archive to the classes and back.

use super::*;
use ports::register::Status;
use ports::{Register, Role};

const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,bulk\n\
    file.classes,bulk\nfile.enrollments,bulk\nfile.orgs,bulk\nfile.courses,bulk\n";
const ORGS: &str =
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\no1,,,School,school,,\n";
const COURSES: &str = "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,\
    subjects,subjectCodes\nco1,,,,Biology,,,o1,,\n";

/// A school of one class with so many students, all in one archive.
fn school(students: usize) -> File {
    let mut users =
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,\
        familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n\
        t1,,,true,o1,teacher,teach,,Tea,Cher,,,t@s.example,,,,,secret\n"
            .to_owned();
    let mut enrollments =
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,\
        primary,beginDate,endDate\ne0,,,c1,o1,t1,teacher,true,,\n"
            .to_owned();
    for n in 0..students {
        users += &format!("s{n},,,true,o1,student,user{n},,Pupil,{n},,,s{n}@s.example,,,,07,secret\n");
        enrollments += &format!("e{},,,c1,o1,s{n},student,false,,\n", n + 1);
    }
    let classes = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
        schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nc1,,,Biology 7,,co1,,scheduled,,o1,,,,\n";
    zipped(&[
        ("manifest.csv", MANIFEST),
        ("orgs.csv", ORGS),
        ("courses.csv", COURSES),
        ("classes.csv", classes),
        ("users.csv", &users),
        ("enrollments.csv", &enrollments),
        ("demographics.csv", "sourcedId,birthDate,sex\ns0,2012-03-04,female\n"),
    ])
}

#[tokio::test]
async fn a_class_of_two_thousand_comes_in_and_again_changes_nothing() {
    let store = MemoryStore::new();
    let roster = read_one_roster(school(2_000), TODAY).unwrap();
    assert_eq!((codes(&roster.rejected), codes(&roster.changed)), (vec![], vec![]));
    let diff = bring(&store, &roster, rules()).await;
    assert_eq!((counted(&diff), diff.counts.classes_new), ([2_001, 0, 0, 0, 0], 1));
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let class = &known.classes[0].record;
    assert_eq!((class.title.as_str(), class.students.len()), ("Biology 7", 2_000));
    let teacher = known.people.iter().find(|who| who.role == Role::Teacher).unwrap();
    assert_eq!((class.teacher, teacher.name.as_str()), (teacher.user, "Tea Cher"));
    let person = store.person(class.students[0]).await.unwrap().unwrap();
    assert!(person.name.starts_with("Pupil ") && person.org == Some(org()));
    let again = bring(&store, &roster, Rules { now_ms: NOW_MS + 9, ..rules() }).await;
    assert!(again.is_empty());
}

#[tokio::test]
async fn what_is_exported_comes_in_again_without_a_change_and_elsewhere_as_it_was() {
    let store = MemoryStore::new();
    bring(&store, &read_one_roster(school(30), TODAY).unwrap(), rules()).await;
    bring(
        &store,
        &plain("name,login,class\n=Zoe,zoe,\"a, \"\"b\"\"\"\n"),
        Rules { scope: Scope::Classes, ..rules() },
    )
    .await;
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let zip = one_roster(&known.people, &known.classes, "School", TODAY).unwrap();
    let csv = plain_csv(&known.people, &known.classes);
    assert!(csv.contains("\"'=Zoe\""), "no cell is a formula");
    let roster = read_one_roster(file(&zip), TODAY).unwrap();
    assert_eq!((codes(&roster.rejected), codes(&roster.changed)), (vec![], vec![]));
    assert!(bring(&store, &roster, rules()).await.is_empty());
    let by_table = bring(&store, &plain(&csv), Rules { scope: Scope::Classes, ..rules() }).await;
    assert_eq!(counted(&by_table)[4], known.people.len());
    let other = MemoryStore::new();
    bring(&other, &roster, rules()).await;
    let copied = Known::read(&other, org(), admin()).await.unwrap();
    let named = |known: &Known| {
        let mut named: Vec<_> =
            known.people.iter().map(|who| (who.name.clone(), who.email.clone())).collect();
        named.sort();
        named
    };
    assert_eq!(named(&copied), named(&known));
    let sizes = |known: &Known| {
        let mut sizes: Vec<_> =
            known.classes.iter().map(|c| (c.record.title.clone(), c.record.students.len())).collect();
        sizes.sort();
        sizes
    };
    assert_eq!(sizes(&copied), sizes(&known));
}

#[tokio::test]
async fn a_delta_changes_what_it_names_and_nothing_else() {
    let store = MemoryStore::new();
    bring(&store, &read_one_roster(school(10), TODAY).unwrap(), rules()).await;
    let delta = one_roster_of(&[
        (
            "manifest.csv",
            "propertyName,value\noneroster.version,1.2\nfile.users,delta\nfile.enrollments,delta\n",
        ),
        (
            "users.csv",
            "sourcedId,status,enabledUser,username,givenName,familyName,email\n\
             s1,tobedeleted,,,,,\ns2,active,true,user2,Pupil,Two,\nnew,active,true,new,New,One,\n",
        ),
        (
            "roles.csv",
            "sourcedId,status,userSourcedId,roleType,role,orgSourcedId\nr1,,s2,primary,student,o1\nr2,,new,primary,student,o1\n",
        ),
        (
            "enrollments.csv",
            "sourcedId,status,classSourcedId,userSourcedId,role,primary\n\
             e4,tobedeleted,c1,s3,student,\nx1,active,c1,new,student,\nx2,active,c1,nobody,student,\nx3,active,c9,s4,student,\n",
        ),
    ]);
    assert!(delta.is_delta);
    let diff = bring(&store, &delta, rules()).await;
    assert_eq!(counted(&diff), [1, 1, 1, 1, 1]);
    assert_eq!(
        codes(&diff.rejected),
        [("enrollments.csv", 5, "dangling_class"), ("enrollments.csv", 4, "dangling_person")]
    );
    let known = Known::read(&store, org(), admin()).await.unwrap();
    // Ten, without the one who is gone and the one who left, with the new one.
    assert_eq!(known.classes[0].record.students.len(), 9);
    assert_eq!(known.people.len(), 12);
    assert!(bring(&store, &delta, Rules { now_ms: NOW_MS + 1, ..rules() }).await.is_empty());
}

#[tokio::test]
async fn a_class_that_a_whole_roster_does_not_name_is_closed_and_comes_back() {
    let store = MemoryStore::new();
    let both = read_one_roster(school(10), TODAY).unwrap();
    bring(&store, &both, rules()).await;
    let mut without = both.clone();
    (without.classes, without.enrolled) = (Vec::new(), Vec::new());
    let diff = bring(&store, &without, rules()).await;
    assert_eq!((diff.counts.classes_closed, diff.counts.gone), (1, 0));
    let class = Known::read(&store, org(), admin()).await.unwrap().classes.remove(0).record;
    assert!(class.deleted_ms.is_some());
    assert!(bring(&store, &without, rules()).await.is_empty());
    bring(&store, &both, rules()).await;
    let again = store.class(class.id).await.unwrap().unwrap();
    assert_eq!((again.deleted_ms, again.students.len()), (None, 10));
}

#[tokio::test]
async fn what_was_brought_is_taken_back() {
    let store = MemoryStore::new();
    bring(&store, &plain("name,id,class\nAda,1,7b\nBen,2,7b\n"), rules()).await;
    let before = Known::read(&store, org(), admin()).await.unwrap();
    let roster = plain("name,id,class\nAda L.,1,8a\nCleo,3,8a\n");
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let diff = diff(&roster, &known, rules());
    let undo = Undo::read(&Undo::of(&diff).text()).unwrap();
    apply(&store as &dyn People, &diff, NOW_MS, |_, _| true).await.unwrap();
    for _ in 0..2 {
        undo.clone().carry_out(&store as &dyn People, NOW_MS + 5).await.unwrap();
    }
    let after = Known::read(&store, org(), admin()).await.unwrap();
    let said = |known: &Known| {
        let mut said: Vec<_> =
            known.people.iter().map(|who| (who.external.clone(), who.name.clone(), who.status)).collect();
        said.retain(|(external, _, _)| external != "3");
        said.sort_by(|a, b| a.0.cmp(&b.0));
        said
    };
    assert_eq!(said(&after), said(&before));
    let open = |known: &Known| {
        let mut open: Vec<_> = known
            .classes
            .iter()
            .filter(|class| class.record.deleted_ms.is_none())
            .map(|class| {
                let mut students = class.record.students.clone();
                students.sort_unstable();
                (class.record.title.clone(), students)
            })
            .collect();
        open.sort();
        open
    };
    assert_eq!(open(&after), open(&before));
    assert!(store.registered(org(), None, 10).await.unwrap().iter().any(|who| who.external == "3"));
}

#[tokio::test]
async fn what_was_said_since_of_people_and_classes_is_not_taken_back() {
    let store = MemoryStore::new();
    let known = Known::read(&store, org(), admin()).await.unwrap();
    let first = diff(&plain("name,id,class\nAda,1,7b\nBen,2,7b\n"), &known, rules());
    let undo = Undo::of(&first);
    apply(&store as &dyn People, &first, NOW_MS, |_, _| true).await.unwrap();
    bring(&store, &plain("name,id,class\nAda L.,1,7b\n"), Rules { scope: Scope::Classes, ..rules() }).await;
    let class = Known::read(&store, org(), admin()).await.unwrap().classes.remove(0).record;
    let renamed = ports::register::ClassAmendment {
        title: "7b, biology".to_owned(),
        ..ports::register::ClassAmendment::of(&class)
    };
    store.amend_class(class.id, renamed, NOW_MS + 1).await.unwrap();
    for _ in 0..2 {
        undo.clone().carry_out(&store as &dyn People, NOW_MS + 5).await.unwrap();
    }
    let after = Known::read(&store, org(), admin()).await.unwrap();
    let mut said: Vec<_> = after.people.iter().map(|who| (who.name.as_str(), who.status)).collect();
    said.sort_by_key(|(name, _)| *name);
    assert_eq!(said, [("Ada L.", Status::Active), ("Ben", Status::Gone)]);
    let ada = after.people.iter().find(|who| who.name == "Ada L.").unwrap().user;
    let class = &after.classes[0].record;
    assert_eq!(
        (class.title.as_str(), class.deleted_ms, &class.students[..]),
        ("7b, biology", None, &[ada][..])
    );
}

#[tokio::test]
async fn a_roster_that_died_half_way_is_finished_by_doing_it_again() {
    let roster = read_one_roster(school(700), TODAY).unwrap();
    let whole = MemoryStore::new();
    bring(&whole, &roster, rules()).await;
    for steps in 1..5 {
        let store = MemoryStore::new();
        let known = Known::read(&store, org(), admin()).await.unwrap();
        let begun = diff(&roster, &known, rules());
        let mut left = steps;
        let stopped = apply(&store as &dyn People, &begun, NOW_MS, |_, _| {
            left -= 1;
            left > 0
        });
        let stopped = stopped.await;
        assert!(stopped.is_err() || steps == 4, "{steps}");
        bring(&store, &roster, rules()).await;
        let (a, b) = (Known::read(&store, org(), admin()).await, Known::read(&whole, org(), admin()).await);
        assert_eq!(a.unwrap(), b.unwrap());
    }
}

#[tokio::test]
async fn a_roster_that_died_half_way_is_taken_back_as_far_as_it_came() {
    let roster = read_one_roster(school(700), TODAY).unwrap();
    for steps in 1..5 {
        let store = MemoryStore::new();
        let known = Known::read(&store, org(), admin()).await.unwrap();
        let begun = diff(&roster, &known, rules());
        let mut left = steps;
        let stopped = apply(&store as &dyn People, &begun, NOW_MS, |_, _| {
            left -= 1;
            left > 0
        });
        assert!(stopped.await.is_err() || steps == 4, "{steps}");
        Undo::of(&begun).carry_out(&store as &dyn People, NOW_MS + 5).await.unwrap();
        let after = Known::read(&store, org(), admin()).await.unwrap();
        assert!(after.people.iter().all(|who| who.status == Status::Gone), "{steps}");
        assert!(after.classes.iter().all(|class| class.record.deleted_ms.is_some()), "{steps}");
    }
}
