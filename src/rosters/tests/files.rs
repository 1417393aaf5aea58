//! Every file in `tests/files/rosters`, with what is said about it beside it.

use super::*;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

fn told(bytes: &[u8]) -> String {
    let mut reader = PlainReader::new(None, None);
    let read = reader.feed(bytes).and_then(|()| reader.finish());
    let roster = match read {
        Ok(roster) => roster,
        Err(fault) => return format!("fault in line {}: {}\n", fault.line, fault.fault.code()),
    };
    let mut told = String::new();
    for (place, person) in roster.people.iter().enumerate() {
        let classes = roster.enrolled.iter().filter(|enrolled| enrolled.person as usize == place);
        let classes: Vec<&str> =
            classes.map(|enrolled| roster.classes[enrolled.class as usize].title.as_str()).collect();
        let RosterPerson { external, login, email, name, role, .. } = person;
        let _ = writeln!(told, "{name:?} {external:?} {login:?} {email:?} {role:?} in {classes:?}");
    }
    for (what, remarks) in [("rejected", &roster.rejected), ("changed", &roster.changed)] {
        for remark in &remarks.listed {
            let _ =
                writeln!(told, "{what} line {} {:?}: {}", remark.line, remark.column, remark.reason.code());
        }
    }
    told
}

#[test]
fn of_every_file_is_said_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/rosters");
    let (mut seen, mut wrong) = (0, String::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension == "report") {
            continue;
        }
        let wanted = fs::read_to_string(path.with_extension("report")).unwrap_or_default();
        let told = told(&fs::read(&path).unwrap());
        if told != wanted {
            let _ = writeln!(wrong, "{}:\n{told}", path.display());
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 8, "{seen} files were found");
}

#[test]
fn a_roster_is_told_from_a_table_of_cards() {
    assert!(is_plain_roster(b"Nachname;Vorname;E-Mail;Klasse\nA;B;c@d.example;7b\n"));
    for other in [&b"front,back\na,b\n"[..], b"name,definition\na,b\n", b"", b"{\"name\":\"a\",\"id\":1}\n"] {
        assert!(!is_plain_roster(other));
    }
}
