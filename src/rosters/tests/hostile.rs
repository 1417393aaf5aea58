//! Files that mean no good.

use super::*;

const USERS: &str =
    "sourcedId,status,enabledUser,orgSourcedIds,role,username,givenName,familyName,email,password\n";

#[test]
fn an_archive_of_something_else_or_cut_off_or_lying_is_refused() {
    let code = |file: File| read_one_roster(file, TODAY).unwrap_err().code();
    assert_eq!(code(zipped(&[("readme.txt", "hello")])), "no_roster");
    assert_eq!(code(zipped(&[("classes.csv", "sourcedId,title\nc1,A\n")])), "no_users");
    let manifest = [("manifest.csv", "propertyName,value\noneroster.version,2.0\n"), ("users.csv", USERS)];
    assert_eq!(code(zipped(&manifest)), "unknown_version");
    assert_eq!(code(file(b"PK\x03\x04 nonsense")), "archive_damaged");
    let whole = anki::write_zip([("users.csv", USERS.as_bytes())]).unwrap();
    for cut in [whole.len() - 1, whole.len() / 2, 4] {
        assert_eq!(code(file(&whole[..cut])), "archive_damaged", "{cut}");
    }
    assert_eq!(code(zipped(&[("users.csv", "sourcedId,role\n\"s1,student\n")])), "unclosed_quote");
}

#[test]
fn a_bomb_is_ended_and_a_table_that_leads_out_of_its_folder_is_not_taken() {
    let bomb = format!("{USERS}{}", "a,".repeat(50_000_000));
    let refused = read_one_roster(zipped(&[("users.csv", &bomb)]), TODAY).unwrap_err();
    assert_eq!(refused.code(), "file_too_long");
    let outside = zipped(&[("../../users.csv", USERS), ("a/b/users.csv", USERS)]);
    assert_eq!(read_one_roster(outside, TODAY).unwrap_err().code(), "no_roster");
}

#[test]
fn a_table_that_names_too_much_is_told_of_what_and_how_much_it_may_be() {
    let fault = |mut rows: Box<dyn Iterator<Item = String>>| {
        let mut reader = PlainReader::new(None, None);
        reader.feed(b"name,id,class\n").unwrap();
        let fed = rows.by_ref().try_for_each(|row| reader.feed(row.as_bytes()));
        fed.and_then(|()| reader.finish().map(drop)).map_err(|fault| fault.to_string())
    };
    let class_each = |classes: usize| (0..classes).map(|n| format!("Ada,1,c{n}\n"));
    // A class that was named before is no further one.
    let full = class_each(limits::CLASSES_MAX).chain(["Ben,2,c7\n".to_owned()]);
    assert_eq!(fault(Box::new(full)), Ok(()));
    let told = fault(Box::new(class_each(limits::CLASSES_MAX + 1))).unwrap_err();
    assert!(told.contains("more than 20000 classes"), "{told}");
    let told = fault(Box::new((0..=limits::PEOPLE_MAX).map(|n| format!("Pupil,{n},\n")))).unwrap_err();
    assert!(told.contains("more than 100000 people"), "{told}");
}

#[test]
fn passwords_and_whatever_else_is_not_asked_for_are_nowhere_in_what_is_read() {
    let users = format!(
        "{USERS}s1,,true,o1,student,ada,Ada,Lovelace,a@s.example,hunter2\nbad,,true,o1,nonsense,,,,,hunter2\n"
    );
    let roster = one_roster_of(&[
        ("users.csv", &users),
        ("demographics.csv", "sourcedId,birthDate,sex\ns1,1815-12-10,female\n"),
    ]);
    let table =
        plain("name,id,password,birthday,phone\nAda,1,hunter2,1815-12-10,555\n,2,hunter2,1815-12-10,555\n");
    for roster in [roster, table] {
        assert_eq!((roster.people.len(), roster.rejected.total), (1, 1));
        let told = format!("{roster:?}");
        assert!(["hunter2", "1815", "female", "555"].iter().all(|secret| !told.contains(secret)), "{told}");
    }
}

#[test]
fn references_to_what_is_not_there_are_told_by_row() {
    let roster = one_roster_of(&[
        ("orgs.csv", "sourcedId,name,type\no1,School,school\n"),
        ("courses.csv", "sourcedId,title\nco1,Bio\n"),
        (
            "classes.csv",
            "sourcedId,title,courseSourcedId,schoolSourcedId\nc1,Bio,co1,o1\nc2,Art,co9,o9\nc1,Twice,co1,o1\n",
        ),
        (
            "users.csv",
            "sourcedId,orgSourcedIds,role,username,givenName,familyName\ns1,o1,student,a,A,B\ns2,\"o1,o9\",student,b,C,D\n\
             p1,o1,parent,p,P,Q\ns3,o1,wizard,w,W,W\n,o1,student,n,N,N\ns1,o1,student,a,A,B\n",
        ),
        (
            "enrollments.csv",
            "sourcedId,classSourcedId,userSourcedId,role,endDate\ne1,c1,s1,student,\ne2,c9,s1,student,\n\
             e3,c1,p1,student,\ne4,c1,s2,juggler,\ne5,c2,s2,student,2024-12-31\n",
        ),
    ]);
    assert_eq!(
        codes(&roster.rejected),
        [
            ("classes.csv", 4, "duplicate"),
            ("users.csv", 5, "unknown_role"),
            ("users.csv", 6, "no_identity"),
            ("users.csv", 7, "duplicate"),
            ("enrollments.csv", 3, "dangling_class"),
            ("enrollments.csv", 4, "dangling_person"),
            ("enrollments.csv", 5, "unknown_role"),
        ]
    );
    assert_eq!(
        codes(&roster.changed),
        [
            ("classes.csv", 3, "dangling_course"),
            ("classes.csv", 3, "dangling_org"),
            ("users.csv", 3, "dangling_org"),
            ("users.csv", 4, "role_left_out"),
        ]
    );
    let is_over: Vec<bool> =
        roster.enrolled.iter().map(|enrolled| enrolled.status == ports::register::Status::Gone).collect();
    assert_eq!(is_over, [false, true]);
}
