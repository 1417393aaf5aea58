//! The bytes of a message: a version, then the message in bincode. The only place that knows either.
//!
//! | version | what |
//! |---|---|
//! | 1 | run, number, then notes, *lost*, or a beat |
//!
//! A node reads every version that it knows and skips others, so that nodes of two versions run side by side: a new one
//! is read for one release before it is written. Until then its news is found by the checks that go on without the bus.

use crate::options::MESSAGE_BYTES_MAX;
use bincode::Options as _;
use domain::ids::{ClassId, DeckId, UserId, Uuid};
use ports::bus::{Cell, CellKey, CellVersion, LessonMark, Note, Run, Topic, Whom};
use serde::{Deserialize, Serialize};

/// The version that is written.
const VERSION: u8 = 1;

/// What one node sends on a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    /// Whose.
    pub(crate) run: Run,
    /// Its number; of a beat the last one given.
    pub(crate) seq: u64,
    pub(crate) body: Body,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Body {
    Notes(Vec<Note>),
    /// The sender had to give notes up.
    Lost,
    /// The sender's last number.
    Beat,
}

/// Why bytes are no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// Written by another version of the program.
    #[error("version {0} is not known")]
    UnknownVersion(u8),
    /// Not what a node writes.
    #[error("it cannot be read")]
    Broken,
}

type Id = [u8; 16];

#[derive(Serialize, Deserialize)]
struct Wire {
    run: Id,
    seq: u64,
    body: WireBody,
}

#[derive(Serialize, Deserialize)]
enum WireBody {
    Notes(Vec<WireNote>),
    Lost,
    Beat,
}

#[derive(Serialize, Deserialize)]
enum WireNote {
    Deck { deck: Id, revision: u64 },
    People(Vec<Id>),
    AccessToDeck(Id),
    Person(Id),
    Revoked(Id),
    Inbox(Id),
    Cell { student: Id, lesson: Id, epoch: u64, n: u64, bytes: Vec<u8> },
    Lesson { class: Id, epoch: u64, told: u64, calls: u64 },
}

/// The same way of writing for all.
fn bincode() -> impl bincode::Options {
    bincode::DefaultOptions::new().with_limit(MESSAGE_BYTES_MAX)
}

/// The bytes of a message.
///
/// # Errors
/// It is larger than any message may be.
pub(crate) fn encode(message: &Message) -> Result<Vec<u8>, bincode::Error> {
    let body = match &message.body {
        Body::Notes(notes) => WireBody::Notes(notes.iter().map(written).collect()),
        Body::Lost => WireBody::Lost,
        Body::Beat => WireBody::Beat,
    };
    let wire = Wire { run: *message.run.0.as_bytes(), seq: message.seq, body };
    let mut bytes = vec![VERSION];
    bincode().serialize_into(&mut bytes, &wire)?;
    Ok(bytes)
}

/// The message of these bytes.
///
/// # Errors
/// They are of another version, or no message.
pub(crate) fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    let (version, rest) = bytes.split_first().ok_or(DecodeError::Broken)?;
    if *version != VERSION {
        return Err(DecodeError::UnknownVersion(*version));
    }
    let wire: Wire = bincode().deserialize(rest).map_err(|_| DecodeError::Broken)?;
    let body = match wire.body {
        WireBody::Notes(notes) => Body::Notes(notes.into_iter().map(read).collect()),
        WireBody::Lost => Body::Lost,
        WireBody::Beat => Body::Beat,
    };
    Ok(Message { run: Run(Uuid::from_bytes(wire.run)), seq: wire.seq, body })
}

fn written(note: &Note) -> WireNote {
    match note {
        Note::Deck { deck, revision } => WireNote::Deck { deck: *deck.bytes(), revision: *revision },
        Note::Access(Whom::People(people)) => {
            WireNote::People(people.iter().map(|user| *user.bytes()).collect())
        }
        Note::Access(Whom::Deck(deck)) => WireNote::AccessToDeck(*deck.bytes()),
        Note::Person(user) => WireNote::Person(*user.bytes()),
        Note::Revoked(user) => WireNote::Revoked(*user.bytes()),
        Note::Inbox(user) => WireNote::Inbox(*user.bytes()),
        Note::Cell(Cell { key, version, bytes }) => WireNote::Cell {
            student: *key.student.bytes(),
            lesson: *key.lesson.as_bytes(),
            epoch: version.epoch,
            n: version.n,
            bytes: bytes.to_vec(),
        },
        Note::Lesson(LessonMark { class, epoch, told, calls }) => {
            WireNote::Lesson { class: *class.bytes(), epoch: *epoch, told: *told, calls: *calls }
        }
    }
}

fn read(note: WireNote) -> Note {
    match note {
        WireNote::Deck { deck, revision } => Note::Deck { deck: DeckId::from_bytes(deck), revision },
        WireNote::People(people) => {
            Note::Access(Whom::People(people.into_iter().map(UserId::from_bytes).collect()))
        }
        WireNote::AccessToDeck(deck) => Note::Access(Whom::Deck(DeckId::from_bytes(deck))),
        WireNote::Person(user) => Note::Person(UserId::from_bytes(user)),
        WireNote::Revoked(user) => Note::Revoked(UserId::from_bytes(user)),
        WireNote::Inbox(user) => Note::Inbox(UserId::from_bytes(user)),
        WireNote::Cell { student, lesson, epoch, n, bytes } => Note::Cell(Cell {
            key: CellKey { student: UserId::from_bytes(student), lesson: Uuid::from_bytes(lesson) },
            version: CellVersion { epoch, n },
            bytes: bytes.into(),
        }),
        WireNote::Lesson { class, epoch, told, calls } => {
            Note::Lesson(LessonMark { class: ClassId::from_bytes(class), epoch, told, calls })
        }
    }
}

/// The name of a topic's channel.
pub(crate) fn channel(prefix: &str, topic: Topic) -> String {
    match topic {
        Topic::Inv => format!("{prefix}:inv"),
        Topic::Class(class) => format!("{prefix}:class:{class}"),
    }
}

/// The topic of a channel; `None` for a channel that is none of ours.
pub(crate) fn topic(prefix: &str, channel: &[u8]) -> Option<Topic> {
    let name = std::str::from_utf8(channel).ok()?.strip_prefix(prefix)?.strip_prefix(':')?;
    match name.strip_prefix("class:") {
        Some(class) => class.parse::<ClassId>().ok().map(Topic::Class),
        None => (name == "inv").then_some(Topic::Inv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::bus::{CELL_BYTES_MAX, PEOPLE_MAX};

    fn message(body: Body) -> Message {
        Message { run: Run(Uuid::from_u128(7)), seq: 300, body }
    }

    fn one_of_each() -> Vec<Note> {
        let (user, deck) = (UserId::from_u128(1), DeckId::from_u128(2));
        let key = CellKey { student: user, lesson: Uuid::from_u128(3) };
        let bytes = vec![9; CELL_BYTES_MAX].into();
        vec![
            Note::Deck { deck, revision: u64::MAX },
            Note::Access(Whom::People((0..PEOPLE_MAX as u128).map(UserId::from_u128).collect())),
            Note::Access(Whom::Deck(deck)),
            Note::Person(user),
            Note::Revoked(user),
            Note::Inbox(user),
            Note::Cell(Cell { key, version: CellVersion { epoch: 4, n: 5 }, bytes }),
            Note::Lesson(LessonMark { class: ClassId::from_u128(6), epoch: 1, told: 2, calls: 3 }),
        ]
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        for body in [Body::Notes(one_of_each()), Body::Lost, Body::Beat, Body::Notes(vec![])] {
            let message = message(body);
            assert_eq!(decode(&encode(&message).unwrap()), Ok(message));
        }
    }

    #[test]
    fn the_bytes_of_version_1_stay_what_they_are() {
        let deck = Note::Deck { deck: DeckId::from_u128(2), revision: 5 };
        let bytes = encode(&message(Body::Notes(vec![deck]))).unwrap();
        let mut expected = vec![1];
        expected.extend(7_u128.to_be_bytes());
        expected.extend([251, 44, 1, 0, 1, 0]);
        expected.extend(2_u128.to_be_bytes());
        expected.push(5);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn another_version_and_rubbish_are_told_apart_and_neither_panics() {
        let good = encode(&message(Body::Notes(one_of_each()))).unwrap();
        let mut other = good.clone();
        other[0] = 2;
        assert_eq!(decode(&other), Err(DecodeError::UnknownVersion(2)));
        assert_eq!(decode(&[]), Err(DecodeError::Broken));
        for cut in 1..60 {
            assert_eq!(decode(&good[..cut]), Err(DecodeError::Broken), "{cut}");
        }
        assert_eq!(decode(&[&good[..], &[0]].concat()), Err(DecodeError::Broken));
        // A length beyond all bounds reserves nothing.
        let mut huge = encode(&message(Body::Notes(vec![]))).unwrap();
        huge.pop();
        huge.extend([253, 255, 255, 255, 255, 255, 255, 255, 127]);
        assert_eq!(decode(&huge), Err(DecodeError::Broken));
    }

    #[test]
    fn a_channel_names_its_topic_under_its_prefix_alone() {
        for of in [Topic::Inv, Topic::Class(ClassId::from_u128(5))] {
            let name = channel("a", of);
            assert_eq!(topic("a", name.as_bytes()), Some(of));
            assert_eq!(topic("b", name.as_bytes()), None);
            assert_eq!(topic("", name.as_bytes()), None);
        }
        assert_eq!(topic("a", b"a:class:x"), None);
        assert_eq!(topic("a", &[0xff]), None);
    }
}
