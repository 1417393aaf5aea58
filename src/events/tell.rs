//! Whom a thing that happened concerns, and what they are told: ids and figures, no names and no texts.

use super::happened::SittingEnd;
use super::limits::{DECKS_PER_EVENT, USERS_PER_EVENT};
use crate::jobs::{Asked, Outcome};
use domain::ids::{ClassId, DeckId, OrgId, UserId};
use ports::{ClassRecord, DeckRecord, EventKind, Feed, Happening, ImportPhase, ImportRecord, Told};
use serde_json::{Value, json};

/// What a roster's format is called: what it brings concerns the organisation.
const ROSTER: &str = "roster";

/// A thing about which nothing is said yet.
fn happening(kind: EventKind, at_ms: i64, data: &Value) -> Happening {
    Happening { kind, at_ms, user: None, class: None, deck: None, job: None, data: data.to_string() }
}

/// To one person, and to the organisation if there is one.
fn to_person_and_org(user: UserId, org: Option<OrgId>, what: &Happening) -> Vec<Told> {
    let own = Told { feed: Feed::Person(user), through: None, also: org, what: what.clone() };
    [own].into_iter().chain(to_org(org, what)).collect()
}

/// To the organisation, if there is one.
fn to_org(org: Option<OrgId>, what: &Happening) -> Option<Told> {
    org.map(|org| Told { feed: Feed::Org(org), through: None, also: None, what: what.clone() })
}

/// A class with all who run it.
#[derive(Clone, Debug)]
pub struct Led {
    /// The class.
    pub record: ClassRecord,
    /// Who teaches it beside its teacher.
    pub further: Vec<UserId>,
}

impl From<ClassRecord> for Led {
    fn from(record: ClassRecord) -> Led {
        Led { record, further: Vec::new() }
    }
}

/// To whoever runs a class: its teachers, as long as they do, and the organisation.
fn to_class(class: &Led, what: &Happening) -> Vec<Told> {
    let Led { record, further } = class;
    let others = further.iter().filter(|teacher| **teacher != record.teacher);
    let teachers = std::iter::once(&record.teacher).chain(others).map(|teacher| Told {
        feed: Feed::Person(*teacher),
        through: Some(record.id),
        also: record.org,
        what: what.clone(),
    });
    teachers.chain(to_org(record.org, what)).collect()
}

/// Something that concerns one person alone.
pub fn own(
    kind: EventKind,
    user: UserId,
    (class, deck): (Option<ClassId>, Option<DeckId>),
    data: &Value,
    at_ms: i64,
) -> Vec<Told> {
    let what = Happening { user: Some(user), class, deck, ..happening(kind, at_ms, data) };
    vec![Told { feed: Feed::Person(user), through: None, also: None, what }]
}

/// A deck was made, changed or deleted: its owner's and the organisation's.
pub fn of_deck(kind: EventKind, deck: &DeckRecord, at_ms: i64) -> Vec<Told> {
    let data = json!({ "revision": deck.revision, "cards": deck.cards });
    let what = Happening { user: Some(deck.owner), deck: Some(deck.id), ..happening(kind, at_ms, &data) };
    to_person_and_org(deck.owner, deck.org, &what)
}

/// A class was made, changed or closed.
pub fn of_class(kind: EventKind, class: &Led, at_ms: i64) -> Vec<Told> {
    let record = &class.record;
    let what = Happening {
        user: Some(record.teacher),
        class: Some(record.id),
        ..happening(kind, at_ms, &json!({ "students": record.students.len(), "decks": record.decks.len() }))
    };
    to_class(class, &what)
}

/// A deck was given to a class, or taken from it.
pub fn of_class_deck(kind: EventKind, class: &Led, deck: DeckId, at_ms: i64) -> Vec<Told> {
    let what =
        Happening { class: Some(class.record.id), deck: Some(deck), ..happening(kind, at_ms, &json!({})) };
    to_class(class, &what)
}

/// Students came into a class or left it: those who run it are told of all, and each student of themselves.
pub fn of_enrollment(kind: EventKind, class: &Led, users: &[UserId], at_ms: i64) -> Vec<Told> {
    let what = |users: &[UserId]| Happening {
        user: if let [user] = users { Some(*user) } else { None },
        class: Some(class.record.id),
        ..happening(kind, at_ms, &json!({ "user_ids": ids(users) }))
    };
    let together = users.chunks(USERS_PER_EVENT).flat_map(|few| to_class(class, &what(few)));
    let each = users.iter().map(|user| Told {
        feed: Feed::Person(*user),
        through: None,
        also: class.record.org,
        what: what(&[*user]),
    });
    together.chain(each).collect()
}

fn ids(users: &[UserId]) -> Vec<String> {
    users.iter().map(UserId::to_string).collect()
}

/// A register names people: the organisation's.
pub fn of_named(org: OrgId, users: &[UserId], at_ms: i64) -> Vec<Told> {
    let of = |few: &[UserId]| Told {
        feed: Feed::Org(org),
        through: None,
        also: None,
        what: Happening {
            user: if let [user] = few { Some(*user) } else { None },
            ..happening(EventKind::UsersNamed, at_ms, &json!({ "user_ids": ids(few) }))
        },
    };
    users.chunks(USERS_PER_EVENT).map(of).collect()
}

/// What an import's end is called; `None` where it has not ended, or only tried.
pub fn end_of(phase: ImportPhase) -> Option<EventKind> {
    match phase {
        ImportPhase::Done => Some(EventKind::ImportFinished),
        ImportPhase::Failed => Some(EventKind::ImportFailed),
        ImportPhase::Revoked => Some(EventKind::ImportRevoked),
        ImportPhase::Receiving
        | ImportPhase::Waiting
        | ImportPhase::Reading
        | ImportPhase::Tried
        | ImportPhase::Writing
        | ImportPhase::Committing
        | ImportPhase::Revoking => None,
    }
}

/// An import has ended: its owner's, and of a roster the organisation's.
pub fn of_import(record: &ImportRecord, at_ms: i64) -> Vec<Told> {
    let Some(kind) = end_of(record.phase) else { return Vec::new() };
    let outcome = Outcome::of(&record.outcome);
    let decks: Vec<String> = record.decks.iter().take(DECKS_PER_EVENT).map(DeckId::to_string).collect();
    let code = outcome.failure.filter(|_| kind == EventKind::ImportFailed).map(|failure| failure.code);
    let data = json!({
        "format": record.format,
        "dry_run": Asked::of(&record.options).dry_run,
        "deck_ids": decks,
        "decks": record.decks.len(),
        "rejected": outcome.rejected,
        "code": code,
    });
    let what = Happening { user: Some(record.owner), job: Some(record.job), ..happening(kind, at_ms, &data) };
    let org = record.org.filter(|_| record.format == ROSTER);
    to_person_and_org(record.owner, org, &what)
}

/// Whether those who run a class are told of a sitting: the learner is in it, and it has all decks of the sitting.
pub fn is_about(end: &SittingEnd, class: &ClassRecord) -> bool {
    let decks = &end.done.decks;
    let has_all = !decks.is_empty() && decks.iter().all(|deck| class.decks.contains(deck));
    class.deleted_ms.is_none() && class.students.contains(&end.user) && has_all
}

/// A learner came to the end of a sitting: their own, and that of those who run a class which has all its decks.
pub fn of_sitting(end: &SittingEnd, classes: &[Led], at_ms: i64) -> Vec<Told> {
    let done = &end.done;
    let decks: Vec<String> = done.decks.iter().take(DECKS_PER_EVENT).map(DeckId::to_string).collect();
    let data = json!({
        "sitting_id": done.sitting.to_string(),
        "answered": done.answered,
        "correct": done.correct,
        "cards": done.cards,
        "elapsed_ms": done.elapsed_ms,
        "deck_ids": decks,
    });
    let what = Happening { user: Some(end.user), ..happening(EventKind::SittingEnded, at_ms, &data) };
    let about: Vec<&Led> = classes.iter().filter(|class| is_about(end, &class.record)).collect();
    // An organisation hears of it once, however many of its classes it is about.
    let mut heard: Vec<OrgId> = Vec::new();
    let mut told = Vec::new();
    for class in &about {
        let what = Happening { class: Some(class.record.id), ..what.clone() };
        for one in to_class(class, &what) {
            match one.feed {
                Feed::Org(org) if heard.contains(&org) => continue,
                Feed::Org(org) => heard.push(org),
                Feed::Person(_) => {}
            }
            told.push(one);
        }
    }
    let also = heard.first().copied();
    told.push(Told { feed: Feed::Person(end.user), through: None, also, what });
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{JobId, SittingId};
    use domain::session::Done;

    fn user(n: u128) -> UserId {
        UserId::from_u128(n)
    }

    fn class(n: u128, org: Option<u128>, decks: &[u128]) -> Led {
        let record = ClassRecord {
            id: ClassId::from_u128(n),
            org: org.map(OrgId::from_u128),
            teacher: user(100 + n),
            title: "7b".to_owned(),
            created_ms: 0,
            deleted_ms: None,
            students: vec![user(1), user(2)],
            decks: decks.iter().map(|deck| DeckId::from_u128(*deck)).collect(),
        };
        record.into()
    }

    /// Whose feeds, through which class, and told elsewhere as well.
    fn places(told: &[Told]) -> Vec<(Feed, Option<ClassId>, Option<OrgId>)> {
        told.iter().map(|told| (told.feed, told.through, told.also)).collect()
    }

    fn sitting(decks: &[u128]) -> SittingEnd {
        let done = Done {
            sitting: SittingId::from_u128(5),
            decks: decks.iter().map(|deck| DeckId::from_u128(*deck)).collect(),
            answered: 3,
            cards: 2,
            correct: 1,
            elapsed_ms: 4_000,
            next_due_at_ms: None,
            held_elsewhere: None,
        };
        SittingEnd { user: user(1), done }
    }

    #[test]
    fn what_concerns_a_class_is_told_to_its_teacher_as_long_as_they_run_it_and_to_the_organisation() {
        let (of_org, alone) = (class(1, Some(7), &[]), class(2, None, &[]));
        let org = OrgId::from_u128(7);
        assert_eq!(
            places(&of_class(EventKind::ClassCreated, &of_org, 9)),
            [(Feed::Person(user(101)), Some(of_org.record.id), Some(org)), (Feed::Org(org), None, None)]
        );
        assert_eq!(
            places(&of_class(EventKind::ClassCreated, &alone, 9)),
            [(Feed::Person(user(102)), Some(alone.record.id), None)]
        );
        let together = Led { further: vec![user(50), user(101)], ..of_org };
        assert_eq!(
            places(&of_class(EventKind::ClassCreated, &together, 9)),
            [
                (Feed::Person(user(101)), Some(together.record.id), Some(org)),
                (Feed::Person(user(50)), Some(together.record.id), Some(org)),
                (Feed::Org(org), None, None),
            ],
            "each of its teachers, once"
        );
    }

    #[test]
    fn many_students_are_few_events_and_each_student_hears_of_nobody_else() {
        let students: Vec<UserId> = (1..=USERS_PER_EVENT as u128 + 1).map(user).collect();
        let told = of_enrollment(EventKind::EnrollmentBegun, &class(1, Some(7), &[]), &students, 9);
        let to = |feed: Feed| told.iter().filter(move |told| told.feed == feed).collect::<Vec<_>>();
        assert_eq!(to(Feed::Org(OrgId::from_u128(7))).len(), 2);
        assert_eq!(to(Feed::Person(user(101))).len(), 3, "the teacher is number 101, too");
        for student in &students[..100] {
            let [own] = to(Feed::Person(*student))[..] else { panic!("{student}") };
            assert_eq!(own.what.user, Some(*student));
            assert_eq!(own.what.data, json!({"user_ids": [student.to_string()]}).to_string());
        }
        assert!(told.iter().all(|told| told.what.data.len() < ports::events::EVENT_DATA_BYTES_MAX));
    }

    #[test]
    fn a_sitting_is_told_to_those_alone_whose_class_has_every_deck_of_it() {
        let org = OrgId::from_u128(7);
        let classes = [class(1, Some(7), &[1, 2]), class(2, Some(7), &[1, 2, 3]), class(3, None, &[1])];
        let own = |also| (Feed::Person(user(1)), None, also);
        assert_eq!(
            places(&of_sitting(&sitting(&[1, 2]), &classes, 9)),
            [
                (Feed::Person(user(101)), Some(classes[0].record.id), Some(org)),
                (Feed::Org(org), None, None),
                (Feed::Person(user(102)), Some(classes[1].record.id), Some(org)),
                own(Some(org)),
            ]
        );
        assert_eq!(places(&of_sitting(&sitting(&[4]), &classes, 9)), [own(None)], "a deck of nobody's class");
        assert_eq!(places(&of_sitting(&sitting(&[1, 4]), &classes, 9)), [own(None)]);
        assert_eq!(
            places(&of_sitting(&sitting(&[]), &classes, 9)),
            [own(None)],
            "all decks are more than a class's"
        );
    }

    #[test]
    fn a_learners_import_is_their_own_and_a_roster_is_the_organisations_too() {
        let record = |format: &str, phase| ImportRecord {
            job: JobId::from_u128(3),
            owner: user(1),
            org: Some(OrgId::from_u128(7)),
            name: "Ada.csv".to_owned(),
            format: format.to_owned(),
            digest: [0; 32],
            bytes: 0,
            options: String::new(),
            phase,
            done: 0,
            total: 0,
            outcome: String::new(),
            decks: vec![DeckId::from_u128(8)],
            created_ms: 0,
            updated_ms: 0,
            revision: 1,
        };
        let told = of_import(&record("csv", ImportPhase::Done), 9);
        assert_eq!(places(&told), [(Feed::Person(user(1)), None, None)]);
        assert!(!told[0].what.data.contains("Ada"), "a file's name is not told on");
        assert_eq!(of_import(&record("roster", ImportPhase::Failed), 9).len(), 2);
        assert_eq!(of_import(&record("roster", ImportPhase::Tried), 9), []);
    }
}
