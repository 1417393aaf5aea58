//! Rosters from outside: tried, guarded, carried out, exported, taken back.

use super::kit::Person;
use crate::study::any_store::on_cql;
use crate::study::binary::Place;
use crate::study::server::random_uuid;
use domain::ids::OrgId;
use ports::Role;
use serde_json::{Value, json};

/// An organisation that no other test knows, though they may share a store.
fn organisation() -> OrgId {
    OrgId(random_uuid())
}

/// A OneRoster file of one class with these students.
fn school(students: std::ops::Range<u32>) -> Vec<u8> {
    let mut users =
        "sourcedId,status,enabledUser,role,username,givenName,familyName,email,password\n".to_owned();
    let mut enrollments = "sourcedId,status,classSourcedId,userSourcedId,role\n".to_owned();
    for n in students {
        users += &format!("s{n},,true,student,user{n},Pupil,{n},s{n}@s.example,hunter2\n");
        enrollments += &format!("e{n},,c1,s{n},student\n");
    }
    let manifest = "propertyName,value\noneroster.version,1.1\nfile.users,bulk\nfile.classes,bulk\n";
    let tables = [
        ("manifest.csv", manifest),
        ("classes.csv", "sourcedId,status,title\nc1,,Biology\n"),
        ("users.csv", &users),
        ("enrollments.csv", &enrollments),
        ("demographics.csv", "sourcedId,birthDate\ns1,2012-03-04\n"),
    ];
    anki::write_zip(tables.iter().map(|(name, text)| (*name, text.as_bytes()))).unwrap()
}

fn counts(job: &Value) -> [u64; 5] {
    ["new", "moved", "changed", "gone", "unchanged"]
        .map(|kind| job["report"]["counts"][kind].as_u64().unwrap_or_else(|| panic!("{job}")))
}

/// On a cluster each account is made by comparison: fewer do there.
fn half_a_class() -> u32 {
    if on_cql() { 100 } else { 1_000 }
}

#[test]
fn a_large_class_comes_in_whole_and_a_file_cut_off_later_does_not_empty_it() {
    let (place, org) = (Place::new(), organisation());
    let (half, all) = (half_a_class(), 2 * half_a_class());
    let (few, many) = (u64::from(half), u64::from(all));
    let life = place.start();
    let admin = Person::of_org(&place, Role::Admin, org);
    let tried = admin.import("filename=school.zip&dry_run=true", &school(0..all));
    assert_eq!((&tried["format"], counts(&tried)), (&json!("roster"), [many, 0, 0, 0, 0]), "{tried}");
    assert_eq!(admin.get("/users").expect(200)["items"], json!([]));
    let done = admin.import("filename=school.zip", &school(0..all));
    assert_eq!((&done["phase"], counts(&done)), (&json!("done"), [many, 0, 0, 0, 0]), "{done}");
    let class = admin.get("/classes").expect(200)["items"][0].clone();
    assert_eq!(
        (&class["title"], class["students"].as_array().unwrap().len()),
        (&json!("Biology"), all as usize)
    );
    // The same file again is no job of long ago: it is compared with what is there.
    let again = admin.import("filename=school.zip", &school(0..all));
    assert_eq!(counts(&again), [0, 0, 0, 0, many], "{again}");
    let cut = admin.import("filename=cut.zip", &school(0..half));
    assert_eq!(cut["phase"], "failed", "{cut}");
    assert_eq!(cut["failure"]["code"], "too_many_gone", "{cut}");
    assert!(cut["failure"]["detail"].as_str().unwrap().contains(&format!("confirm_gone={half}")), "{cut}");
    let wrong = admin.import(&format!("filename=cut.zip&confirm_gone={}", half - 1), &school(0..half));
    assert_eq!(wrong["failure"]["code"], "too_many_gone", "{wrong}");
    // Of a trial the number is asked for, and the file need not be sent again.
    let tried = admin.import("filename=cut.zip&dry_run=true", &school(0..half));
    assert_eq!(
        (&tried["phase"], &tried["report"]["confirm_gone"]),
        (&json!("tried"), &json!(half)),
        "{tried}"
    );
    let job = tried["job_id"].as_str().unwrap();
    for number in ["", "?confirm_gone=1"] {
        let refused = admin.post(&format!("/imports/{job}/commit{number}"), b"").refuses(409, "conflict");
        assert_eq!(refused["reason"], "too_many_gone", "{refused}");
    }
    admin.post(&format!("/imports/{job}/commit?confirm_gone={half}"), b"").expect(202);
    let meant = admin.ended(job);
    assert_eq!(counts(&meant), [0, 0, 0, few, few], "{meant}");
    // And taken back as a whole.
    let job = meant["job_id"].as_str().unwrap();
    admin.delete(&format!("/imports/{job}"));
    assert_eq!(admin.ended(job)["phase"], "revoked");
    let class = admin.get("/classes").expect(200)["items"][0].clone();
    assert_eq!(class["students"].as_array().unwrap().len(), all as usize);
    let told = format!("{tried}{done}{cut}{meant}");
    assert!(!told.contains("hunter2") && !told.contains("2012-03-04"));
    assert_eq!(life.complaints(), Vec::<String>::new());
}

#[test]
fn who_may_no_longer_say_it_neither_brings_a_roster_nor_takes_one_back() {
    let (place, org) = (Place::new(), organisation());
    let _life = place.start();
    let admin = Person::of_org(&place, Role::Admin, org);
    let [learner, teacher] = [Role::Learner, Role::Teacher].map(|role| admin.who_is_now(&place, role, org));
    teacher.get("/users").expect(200);
    let done = admin.import("filename=school.zip", &school(0..10));
    assert_eq!(done["phase"], "done", "{done}");
    let job = format!("/imports/{}", done["job_id"].as_str().unwrap());
    learner.delete(&job).refuses(403, "forbidden");
    // The newest token holds, also when it says again what an older one did.
    for _ in 0..2 {
        teacher.delete(&job).refuses(403, "forbidden");
        let tried = teacher.import("filename=few.zip&scope=organisation&confirm_gone=9", &school(0..1));
        assert_eq!(tried["failure"]["code"], "not_yours", "{tried}");
        assert_eq!(admin.get("/users").expect(200)["items"].as_array().unwrap().len(), 10);
    }
    admin.delete(&job);
    assert_eq!(admin.ended(done["job_id"].as_str().unwrap())["phase"], "revoked");
}

#[test]
fn the_newest_roster_is_taken_back_first() {
    let (place, org) = (Place::new(), organisation());
    let _life = place.start();
    let admin = Person::of_org(&place, Role::Admin, org);
    let first = admin.import("filename=a.zip", &school(0..10));
    // It changes nothing, and says that all is right as it is.
    let second = admin.import("filename=b.zip", &school(0..10));
    assert_eq!(counts(&second), [0, 0, 0, 0, 10], "{second}");
    let path = |job: &Value| format!("/imports/{}", job["job_id"].as_str().unwrap());
    admin.delete(&path(&first)).refuses(409, "conflict");
    for job in [&second, &first] {
        admin.delete(&path(job));
        assert_eq!(admin.ended(job["job_id"].as_str().unwrap())["phase"], "revoked");
    }
}

#[test]
fn a_teachers_table_fills_a_class_and_nobody_of_another_organisation_sees_it() {
    let (place, org) = (Place::new(), organisation());
    let _life = place.start();
    let teacher = Person::of_org(&place, Role::Teacher, org);
    let table = "\u{feff}Klasse;Nachname;Vorname;E-Mail;Passwort\n7b;Lovelace;Ada;ada@s.example;x\n7b;;;;\n7b;Boole;;b@s.example;\n";
    let done = teacher.import("filename=liste.csv", table.as_bytes());
    assert_eq!((&done["format"], counts(&done)), (&json!("roster"), [2, 0, 0, 0, 0]), "{done}");
    assert_eq!(done["rejected"], 1, "{done}");
    let job = done["job_id"].as_str().unwrap();
    let rows = teacher.get(&format!("/imports/{job}/rejected")).expect(200);
    assert_eq!(rows["items"][0]["line"], 3, "{rows}");
    let class = teacher.get("/classes").expect(200)["items"][0]["class_id"].as_str().unwrap().to_owned();
    let students = teacher.get(&format!("/classes/{class}/students")).expect(200);
    assert_eq!(students["items"].as_array().unwrap().len(), 2);
    let abroad = Person::of_org(&place, Role::Admin, organisation());
    let same = abroad.import("filename=liste.csv", table.as_bytes());
    assert_eq!(counts(&same), [2, 0, 0, 0, 0], "{same}");
    abroad.get(&format!("/classes/{class}/students")).refuses(404, "not_found");
    let students = teacher.get(&format!("/classes/{class}/students")).expect(200);
    assert_eq!(students["items"].as_array().unwrap().len(), 2);
    // Out again and in again without a change.
    let out = teacher.get(&format!("/rosters/export?class_id={class}"));
    let again = teacher.import("filename=out.csv", &out.body);
    assert_eq!(counts(&again), [0, 0, 0, 0, 2], "{again}");
    let learner = Person::of_org(&place, Role::Learner, org);
    learner.post("/imports?format=roster&filename=x.csv", table.as_bytes()).refuses(403, "forbidden");
}

#[test]
fn a_further_teacher_brings_a_roster_into_the_class_as_long_as_the_class_has_them() {
    let (place, org) = (Place::new(), organisation());
    let _life = place.start();
    let [teacher, further] = [(); 2].map(|()| Person::of_org(&place, Role::Teacher, org));
    further.get("/me").expect(200);
    let first = teacher.import("filename=liste.csv", b"name,id,class\nAda,1,7b\n");
    assert_eq!(counts(&first), [1, 0, 0, 0, 0], "{first}");
    let class = teacher.get("/classes").expect(200)["items"][0]["class_id"].as_str().unwrap().to_owned();
    let (seat, table) = (format!("/classes/{class}/teachers/{}", further.user), b"name,id\nAda,1\nBen,2\n");
    let into = format!("filename=liste.csv&format=roster&class_id={class}");
    let before = further.import(&into, table);
    assert_eq!(before["failure"]["code"], "no_such_class", "{before}");
    assert_eq!(teacher.put(&seat).status, 204);
    let done = further.import(&into, table);
    assert_eq!((&done["phase"], counts(&done)), (&json!("done"), [1, 0, 0, 0, 1]), "{done}");
    let now = teacher.get(&format!("/classes/{class}")).expect(200);
    assert_eq!(now["students"].as_array().unwrap().len(), 2, "{now}");
    assert_eq!(now["teacher_id"], json!(teacher.user.to_string()));
    assert_eq!(teacher.delete(&seat).status, 204);
    let after = further.import(&into, b"name,id\nEve,9\n");
    assert_eq!(after["failure"]["code"], "no_such_class", "{after}");
    // Nor does who was dismissed take back what they had brought; who is back does.
    let job = format!("/imports/{}", done["job_id"].as_str().unwrap());
    further.delete(&job).refuses(403, "forbidden");
    let now = teacher.get(&format!("/classes/{class}")).expect(200);
    assert_eq!(now["students"].as_array().unwrap().len(), 2, "{now}");
    assert_eq!(teacher.put(&seat).status, 204);
    assert!(matches!(further.delete(&job).status, 200 | 202));
}
