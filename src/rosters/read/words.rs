//! Words for roles and states, of OneRoster and of people.

use ports::Role;
use ports::register::Status;

/// What somebody is, as a word says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Said {
    /// Somebody without an account here: a parent, a relative.
    LeftOut,
    Learner,
    Teacher,
    Admin,
}

impl Said {
    /// The role; `None` for who has no account.
    pub(super) const fn role(self) -> Option<Role> {
        match self {
            Said::LeftOut => None,
            Said::Learner => Some(Role::Learner),
            Said::Teacher => Some(Role::Teacher),
            Said::Admin => Some(Role::Admin),
        }
    }

    /// Reads a word, in whatever case.
    pub(super) fn of_word(word: &str) -> Option<Said> {
        let word = word.trim().to_lowercase();
        let known = ROLES.iter().find(|(_, words)| words.contains(&word.as_str()));
        known.map(|(said, _)| *said)
    }
}

/// The words for roles, in lower case: those of OneRoster first.
const ROLES: [(Said, &[&str]); 4] = [
    (
        Said::Learner,
        &[
            "student",
            "learner",
            "pupil",
            "s",
            "schüler",
            "schülerin",
            "schueler",
            "schuelerin",
            "lernende",
            "lernender",
            "élève",
            "eleve",
            "étudiant",
            "étudiante",
            "alumno",
            "alumna",
            "estudiante",
            "alunno",
            "alunna",
            "studente",
            "studentessa",
            "aluno",
            "aluna",
            "estudante",
            "leerling",
            "ученик",
            "ученица",
        ],
    ),
    (
        Said::Teacher,
        &[
            "teacher",
            "aide",
            "proctor",
            "counselor",
            "t",
            "lehrer",
            "lehrerin",
            "lehrkraft",
            "lehrperson",
            "professeur",
            "enseignant",
            "enseignante",
            "profesor",
            "profesora",
            "docente",
            "maestro",
            "maestra",
            "insegnante",
            "professor",
            "professora",
            "leraar",
            "docent",
            "учитель",
            "преподаватель",
        ],
    ),
    (
        Said::Admin,
        &[
            "administrator",
            "admin",
            "districtadministrator",
            "siteadministrator",
            "systemadministrator",
            "principal",
            "schulleitung",
            "administrateur",
            "administrador",
            "administradora",
            "amministratore",
            "beheerder",
            "администратор",
        ],
    ),
    (
        Said::LeftOut,
        &[
            "guardian",
            "parent",
            "relative",
            "eltern",
            "elternteil",
            "vormund",
            "padre",
            "madre",
            "genitore",
            "ouder",
        ],
    ),
];

/// A status of OneRoster; bulk files have none.
pub(super) fn status(word: &str) -> Option<Status> {
    match word.trim().to_ascii_lowercase().as_str() {
        "" | "active" => Some(Status::Active),
        "tobedeleted" | "inactive" => Some(Status::Gone),
        _ => None,
    }
}

/// Whether a word says yes; anything else says no.
pub(super) fn is_true(word: &str) -> bool {
    matches!(word.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes")
}

/// Whether a word says no.
pub(super) fn is_false(word: &str) -> bool {
    matches!(word.trim().to_ascii_lowercase().as_str(), "false" | "0" | "no")
}
