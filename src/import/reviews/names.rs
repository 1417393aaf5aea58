//! What the columns of a review history mean.

use super::index::By;
use super::values::{Scale, Unit};
use crate::import::columns::Role;

/// What a column or field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Field {
    /// Which card was answered.
    Card(By),
    /// When.
    Time(Option<Unit>),
    /// The grade; in this scale, where the name says so.
    Grade(Option<Scale>),
    /// How long it took.
    Duration(Unit),
    /// What kind of row it is: answers alone are imported.
    Kind,
    /// Whether the answer was taken back.
    Undone,
    /// Whether it was given ahead of the card's day, to count.
    Early,
    /// Whether the class had talked about the card, so that it did not schedule.
    Told,
    /// Nothing that an answer has, but known: it is not reported.
    Known,
}

/// How many places there are for fields of a row.
pub(super) const PLACES: usize = 8;

impl Field {
    /// The field of this name.
    pub(super) fn of_name(name: &str) -> Option<Field> {
        let name = name.trim().to_lowercase().replace(['_', '-'], " ");
        let known = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
        let front = || (Role::of_name(&name) == Some(Role::Front)).then_some(Field::Card(By::Front));
        known.map(|(field, _)| *field).or_else(front)
    }

    /// The place of such a field in a row: there is one of each.
    pub(super) const fn place(self) -> Option<usize> {
        match self {
            Field::Card(_) => Some(0),
            Field::Time(_) => Some(1),
            Field::Grade(_) => Some(2),
            Field::Duration(_) => Some(3),
            Field::Kind => Some(4),
            Field::Undone => Some(5),
            Field::Early => Some(6),
            Field::Told => Some(7),
            Field::Known => None,
        }
    }

    /// Of two columns that name the card, the one with the higher rank is believed.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Field::Card(By::Id) => 4,
            Field::Card(By::Guid) => 3,
            Field::Card(By::Any) => 2,
            Field::Card(By::Front)
            | Field::Time(_)
            | Field::Grade(_)
            | Field::Duration(_)
            | Field::Kind
            | Field::Undone
            | Field::Early
            | Field::Told
            | Field::Known => 1,
        }
    }
}

/// The names of columns, in lower case: of this program's own exports first, then what others and people call them.
const NAMES: [(Field, &[&str]); 16] = [
    (Field::Card(By::Id), &["card id", "cardid"]),
    (Field::Card(By::Guid), &["guid", "uuid", "note id", "note guid", "source id", "external id"]),
    (
        Field::Card(By::Any),
        &[
            "card",
            "item",
            "karte",
            "karteikarte",
            "carte",
            "tarjeta",
            "scheda",
            "carta",
            "cartão",
            "kaart",
            "карточка",
        ],
    ),
    (Field::Time(Some(Unit::Millis)), &["at", "at ms", "time ms", "timestamp ms", "review time", "epoch ms"]),
    (Field::Time(Some(Unit::Seconds)), &["at s", "time s", "timestamp s", "epoch s", "unix time"]),
    (
        Field::Time(None),
        &[
            "time",
            "timestamp",
            "date",
            "datetime",
            "date time",
            "when",
            "reviewed",
            "reviewed at",
            "answered at",
            "created at",
            "review date",
            "epoch",
            "zeit",
            "datum",
            "zeitpunkt",
            "beantwortet am",
            "heure",
            "date heure",
            "horodatage",
            "fecha",
            "hora",
            "fecha y hora",
            "data",
            "data e ora",
            "data e hora",
            "tijd",
            "tijdstip",
            "дата",
            "время",
        ],
    ),
    (Field::Grade(Some(Scale::Anki)), &["review rating", "button", "anki button", "anki grade", "anki ease"]),
    (
        Field::Grade(None),
        &[
            "grade",
            "rating",
            "score",
            "quality",
            "answer",
            "response",
            "result",
            "correct",
            "was correct",
            "is correct",
            "right",
            "note",
            "bewertung",
            "ergebnis",
            "antwort",
            "richtig",
            "évaluation",
            "résultat",
            "réponse",
            "calificación",
            "resultado",
            "respuesta",
            "valutazione",
            "voto",
            "risultato",
            "risposta",
            "nota",
            "avaliação",
            "beoordeling",
            "resultaat",
            "оценка",
            "результат",
            "ответ",
        ],
    ),
    (
        Field::Duration(Unit::Millis),
        &[
            "elapsed ms",
            "duration ms",
            "time taken ms",
            "review duration",
            "elapsed",
            "duration",
            "time taken",
            "response time",
            "taken ms",
            "dauer",
            "dauer ms",
            "durée",
            "duración",
            "durata",
            "duração",
            "duur",
            "длительность",
        ],
    ),
    (
        Field::Duration(Unit::Seconds),
        &[
            "elapsed s",
            "duration s",
            "time taken s",
            "seconds",
            "dauer s",
            "sekunden",
            "secondes",
            "segundos",
            "secondi",
            "seconden",
        ],
    ),
    (Field::Kind, &["kind"]),
    (Field::Undone, &["undone"]),
    (Field::Early, &["early"]),
    (Field::Told, &["told"]),
    (
        Field::Known,
        &[
            "id",
            "counted as",
            "deck",
            "deck id",
            "deck title",
            "day",
            "mode",
            "sitting",
            "class",
            "confidence",
        ],
    ),
    // What the optimisers of other programs export beside an answer.
    (Field::Known, &["review state", "user id", "revision", "utc offset min"]),
];
