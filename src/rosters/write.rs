//! Registers and classes as files that other systems read, and that this one reads again without a change.

use super::known::KnownClass;
use crate::import::push_cell;
use ports::register::Status;
use ports::{Registered, Role};
use std::collections::HashMap;
use std::io;

/// The session that classes are in: OneRoster wants one.
const SESSION: &str = "session";
/// The organisation that everybody is in.
const ORG: &str = "org";

/// What a file calls a person: as their own system does, or by the account.
fn external_of(who: &Registered) -> String {
    if who.external.is_empty() { who.user.to_string() } else { who.external.clone() }
}

/// What a file calls a class.
fn class_external(class: &KnownClass) -> String {
    class.registered.as_ref().map_or_else(|| class.record.id.to_string(), |known| known.external.clone())
}

/// People and classes that are there: who is gone, and what is closed, is in no file.
fn there<'a>(
    people: &'a [Registered],
    classes: &'a [KnownClass],
) -> (impl Iterator<Item = &'a Registered>, impl Iterator<Item = &'a KnownClass>) {
    let people = people.iter().filter(|who| who.status == Status::Active && who.role != Role::Service);
    (people, classes.iter().filter(|class| class.record.deleted_ms.is_none()))
}

/// A table that is being written.
struct Csv(String);

impl Csv {
    fn new(header: &str) -> Csv {
        Csv(format!("{header}\r\n"))
    }

    fn row(&mut self, cells: &[&str]) {
        for (nth, cell) in cells.iter().enumerate() {
            if nth > 0 {
                self.0.push(',');
            }
            if !cell.is_empty() {
                push_cell(&mut self.0, cell);
            }
        }
        self.0.push_str("\r\n");
    }
}

/// A plain table: one row for each class that a person is in, one for whoever is in none.
pub fn plain_csv(people: &[Registered], classes: &[KnownClass]) -> String {
    let mut csv = Csv::new("name,email,login,external_id,class,role");
    let (people, classes) = there(people, classes);
    let mut of_person: HashMap<_, Vec<&KnownClass>> = HashMap::new();
    for class in classes {
        for user in class.record.students.iter().chain([&class.record.teacher]) {
            of_person.entry(*user).or_default().push(class);
        }
    }
    for who in people {
        let external = external_of(who);
        let row = |csv: &mut Csv, class: &str| {
            csv.row(&[&who.name, &who.email, &who.login, &external, class, role_word(who.role)]);
        };
        let classes = of_person.get(&who.user).map_or(&[][..], Vec::as_slice);
        for class in classes {
            row(&mut csv, &class.record.title);
        }
        if classes.is_empty() {
            row(&mut csv, "");
        }
    }
    csv.0
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner | Role::Admin => "administrator",
        Role::Teacher => "teacher",
        Role::Learner | Role::Guest | Role::Service => "student",
    }
}

/// OneRoster 1.2, everything in it. `title` names the organisation; `today` is a date like `2025-09-01`.
///
/// # Errors
/// There is more than an archive may hold.
pub fn one_roster(
    people: &[Registered],
    classes: &[KnownClass],
    title: &str,
    today: &str,
) -> io::Result<Vec<u8>> {
    let external: HashMap<_, String> = people.iter().map(|who| (who.user, external_of(who))).collect();
    let (there_people, there_classes) = there(people, classes);
    let classes: Vec<&KnownClass> = there_classes.collect();
    let mut users = Csv::new(
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,\
         email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,\
         preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
    );
    let mut roles = Csv::new(
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,\
         userProfileSourcedId",
    );
    for who in there_people {
        let id = external_of(who);
        let (given, family) = who.name.rsplit_once(' ').unwrap_or(("", &who.name));
        let mut cells = [""; 22];
        (cells[0], cells[3], cells[4], cells[6], cells[7]) = (&id, "true", &who.login, given, family);
        (cells[10], cells[20]) = (&who.email, ORG);
        users.row(&cells);
        let role =
            if role_word(who.role) == "administrator" { "siteAdministrator" } else { role_word(who.role) };
        roles.row(&[&format!("role-{id}"), "", "", &id, "primary", role, "", "", ORG, ""]);
    }
    let (courses, class_table) = class_tables(&classes);
    let entries: [(&str, String); 8] = [
        ("manifest.csv", manifest()),
        ("academicSessions.csv", sessions(today)),
        ("orgs.csv", orgs(title)),
        ("courses.csv", courses),
        ("classes.csv", class_table),
        ("users.csv", users.0),
        ("roles.csv", roles.0),
        ("enrollments.csv", enrollments(&classes, &external)),
    ];
    anki::write_zip(entries.iter().map(|(name, text)| (*name, text.as_bytes())))
}

fn class_tables(classes: &[&KnownClass]) -> (String, String) {
    let mut courses = Csv::new(
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
    );
    let mut table = Csv::new(
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
         schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    );
    for class in classes {
        let id = class_external(class);
        let (course, title) = (format!("course-{id}"), &class.record.title);
        courses.row(&[&course, "", "", SESSION, title, "", "", ORG, "", ""]);
        table.row(&[&id, "", "", title, "", &course, "", "scheduled", "", ORG, SESSION, "", "", ""]);
    }
    (courses.0, table.0)
}

fn enrollments(classes: &[&KnownClass], external: &HashMap<domain::ids::UserId, String>) -> String {
    let mut table = Csv::new(
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
    );
    for class in classes {
        let id = class_external(class);
        let students = class.record.students.iter().map(|user| (user, "student", "false"));
        for (user, role, primary) in students.chain([(&class.record.teacher, "teacher", "true")]) {
            let Some(person) = external.get(user) else { continue };
            let name = format!("enrollment-{id}-{person}");
            table.row(&[&name, "", "", &id, ORG, person, role, primary, "", ""]);
        }
    }
    table.0
}

fn manifest() -> String {
    let mut csv = Csv::new("propertyName,value");
    let tables = [
        ("academicSessions", "bulk"),
        ("categories", "absent"),
        ("classes", "bulk"),
        ("classResources", "absent"),
        ("courses", "bulk"),
        ("courseResources", "absent"),
        ("demographics", "absent"),
        ("enrollments", "bulk"),
        ("lineItems", "absent"),
        ("orgs", "bulk"),
        ("resources", "absent"),
        ("results", "absent"),
        ("roles", "bulk"),
        ("users", "bulk"),
    ];
    csv.row(&["manifest.version", "1.0"]);
    csv.row(&["oneroster.version", "1.2"]);
    for (table, holds) in tables {
        csv.row(&[&format!("file.{table}"), holds]);
    }
    csv.row(&["source.systemName", "studyhall"]);
    csv.0
}

fn sessions(today: &str) -> String {
    let year = today.get(..4).unwrap_or("2000");
    let mut csv =
        Csv::new("sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear");
    csv.row(&[
        SESSION,
        "",
        "",
        year,
        "schoolYear",
        &format!("{year}-01-01"),
        &format!("{year}-12-31"),
        "",
        year,
    ]);
    csv.0
}

fn orgs(title: &str) -> String {
    let mut csv = Csv::new("sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId");
    csv.row(&[ORG, "", "", title, "school", "", ""]);
    csv.0
}
