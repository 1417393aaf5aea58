//! Notes that wait: one a subject, bounded. Where there is no room left, all that waits on a topic becomes one mark,
//! *something was lost*, which says more with less.

use super::note::{Note, Subject, Topic, Whom};
use std::collections::{BTreeMap, VecDeque};

/// Notes on [`Topic::Inv`] that wait, at most; one more becomes the mark.
pub const NOTES_MAX: usize = 4_096;
/// People that a waiting note of access names, at most; more become the mark.
pub const PEOPLE_MAX: usize = 4_096;
/// The largest cell, in bytes; a larger one is not carried. One with all the cards and wrong answers of a seat has 20 KiB.
pub const CELL_BYTES_MAX: usize = 24 * 1024;
/// Bytes of notes that wait on all classes together, about; what comes then becomes the mark of its class.
pub const CELLS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Classes on which something waits, at most; what comes for one more is given up without a mark. Only a storm of cells
/// reaches it, and cells are sent again.
pub const CLASSES_MAX: usize = 4_096;
/// What a note costs besides its own bytes, about.
const NOTE_BYTES: usize = 160;

/// What became of a note.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// It waits.
    Waits,
    /// It became one with a note that waits, or is covered by the mark.
    Merged,
    /// There was no room: the mark waits in place of it and all others of its topic.
    Lost,
}

/// What is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// Something was lost.
    Lost,
    /// These notes, at least one.
    Notes(Vec<Note>),
}

/// What waits on one topic.
#[derive(Clone, Debug, Default)]
struct Lane {
    lost: bool,
    order: VecDeque<Subject>,
    notes: BTreeMap<Subject, Note>,
}

/// Notes that wait, by topic.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    lanes: BTreeMap<Topic, Lane>,
    /// Topics with something, in their turn.
    turns: VecDeque<Topic>,
    notes: usize,
    class_bytes: usize,
    /// Notes given up so far.
    dropped: u64,
}

impl Waiting {
    /// Takes a note in.
    pub fn put(&mut self, topic: Topic, note: Note) -> Put {
        if topic != Topic::Inv && self.lanes.len() > CLASSES_MAX && !self.lanes.contains_key(&topic) {
            self.dropped += 1;
            return Put::Lost;
        }
        if note_is_too_large(&note) {
            self.dropped += 1;
            self.lose(topic);
            return Put::Lost;
        }
        let lane = self.lane(topic);
        if lane.lost && note.is_covered_by_a_check() {
            return Put::Merged;
        }
        let subject = note.subject();
        if let Some(waiting) = lane.notes.get_mut(&subject) {
            let (before, mut joined) = (cost(topic, waiting), waiting.clone());
            joined.merge(note);
            if note_is_too_large(&joined) {
                self.dropped += 1;
                self.lose(topic);
                return Put::Lost;
            }
            let after = cost(topic, &joined);
            *waiting = joined;
            self.class_bytes = self.class_bytes - before + after;
            return Put::Merged;
        }
        let bytes = cost(topic, &note);
        let is_full = match topic {
            Topic::Inv => lane.notes.len() >= NOTES_MAX,
            Topic::Class(_) => self.class_bytes + bytes > CELLS_BYTES_MAX,
        };
        if is_full {
            self.dropped += 1;
            self.lose(topic);
            return Put::Lost;
        }
        let lane = self.lane(topic);
        lane.order.push_back(subject);
        lane.notes.insert(subject, note);
        self.class_bytes += bytes;
        self.notes += 1;
        Put::Waits
    }

    /// Puts the mark in place of all that waits on a topic.
    pub fn lose(&mut self, topic: Topic) {
        self.empty(topic);
        self.lane(topic).lost = true;
    }

    /// Puts the mark before what waits on a topic; what it covers is forgotten, what carries its own news stays.
    pub fn check(&mut self, topic: Topic) {
        let lane = self.lane(topic);
        lane.lost = true;
        let (gone, left): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut lane.notes).into_iter().partition(|(_, note)| note.is_covered_by_a_check());
        lane.order.retain(|subject| left.contains_key(subject));
        lane.notes = left;
        self.notes -= gone.len();
        self.class_bytes -= gone.values().map(|note| cost(topic, note)).sum::<usize>();
    }

    /// Forgets all that waits on a topic.
    pub fn forget(&mut self, topic: Topic) {
        self.empty(topic);
        self.lanes.remove(&topic);
        self.turns.retain(|turn| *turn != topic);
    }

    /// Takes what is next: the invalidations first, then class by class in turn. At most so many notes and bytes, about.
    pub fn take(&mut self, notes_max: usize, bytes_max: usize) -> Option<(Topic, Taken)> {
        let at = self.turns.iter().position(|topic| *topic == Topic::Inv).unwrap_or(0);
        let topic = self.turns.remove(at)?;
        let lane = self.lanes.get_mut(&topic)?;
        let taken = if std::mem::take(&mut lane.lost) {
            Taken::Lost
        } else {
            let (mut notes, mut bytes) = (Vec::new(), 0);
            while notes.len() < notes_max.max(1)
                && bytes < bytes_max
                && let Some(note) = lane.order.pop_front().and_then(|subject| lane.notes.remove(&subject))
            {
                bytes += NOTE_BYTES + bytes_of(&note);
                self.class_bytes -= cost(topic, &note);
                notes.push(note);
            }
            self.notes -= notes.len();
            Taken::Notes(notes)
        };
        if lane.notes.is_empty() {
            self.lanes.remove(&topic);
        } else {
            self.turns.push_back(topic);
        }
        Some((topic, taken))
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Notes that wait.
    pub fn len(&self) -> usize {
        self.notes
    }

    /// Notes given up so far for want of room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn lane(&mut self, topic: Topic) -> &mut Lane {
        self.lanes.entry(topic).or_insert_with(|| {
            self.turns.push_back(topic);
            Lane::default()
        })
    }

    /// Gives up the notes that wait on a topic.
    fn empty(&mut self, topic: Topic) {
        let Some(lane) = self.lanes.get_mut(&topic) else { return };
        lane.order.clear();
        let gone = std::mem::take(&mut lane.notes);
        self.notes -= gone.len();
        self.dropped += gone.len() as u64;
        self.class_bytes -= gone.values().map(|note| cost(topic, note)).sum::<usize>();
    }
}

/// What a note counts against the room of all classes together.
fn cost(topic: Topic, note: &Note) -> usize {
    match topic {
        Topic::Inv => 0,
        Topic::Class(_) => NOTE_BYTES + bytes_of(note),
    }
}

fn bytes_of(note: &Note) -> usize {
    match note {
        Note::Cell(cell) => cell.bytes.len(),
        Note::Access(Whom::People(people)) => size_of_val::<[_]>(people),
        Note::Access(Whom::Deck(_))
        | Note::Deck { .. }
        | Note::Person(_)
        | Note::Revoked(_)
        | Note::Inbox(_)
        | Note::Lesson(_) => 0,
    }
}

fn note_is_too_large(note: &Note) -> bool {
    match note {
        Note::Cell(cell) => cell.bytes.len() > CELL_BYTES_MAX,
        Note::Access(Whom::People(people)) => people.len() > PEOPLE_MAX,
        Note::Access(Whom::Deck(_))
        | Note::Deck { .. }
        | Note::Person(_)
        | Note::Revoked(_)
        | Note::Inbox(_)
        | Note::Lesson(_) => false,
    }
}

#[cfg(test)]
mod tests;
