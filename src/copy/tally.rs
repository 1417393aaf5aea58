//! Counts and digests of records, whatever the order in which they come. Pure.

use domain::entry::LogEntry;
use domain::ids::{DeckId, JobId, UserId};
use ports::archive::{Around, ClassKept, PersonKept, RequestKept, WebhookKept};
use ports::codec::{encode_entry, encode_progress};
use ports::{
    CardRecord, DeckRecord, ImportRecord, MediaDigest, MediaRecord, NoteRecord, NoteTypeRecord, Progress,
    Quarantined, RefusedRow,
};
use sha2::{Digest, Sha256};

/// A kind of record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Decks.
    Decks,
    /// Cards.
    Cards,
    /// Note types.
    NoteTypes,
    /// Notes.
    Notes,
    /// Names by which decks know media files.
    MediaNames,
    /// Media files.
    Media,
    /// People.
    People,
    /// Classes.
    Classes,
    /// Stretches of enrollments and of decks given to classes.
    Stretches,
    /// Students with extra time.
    ExtraTimes,
    /// Feeds of events.
    Feeds,
    /// Events.
    Events,
    /// Webhooks.
    Webhooks,
    /// Attempts of webhooks.
    Attempts,
    /// Live lessons.
    Lessons,
    /// Reports of lessons.
    Reports,
    /// Small records of classes: teachers, links, codes, guests, homework.
    Papers,
    /// Import jobs.
    Imports,
    /// Rows that did not come in.
    RefusedRows,
    /// Keys of idempotency.
    Requests,
    /// Commands put aside.
    Quarantined,
    /// Learners with a log.
    Learners,
    /// Entries of logs.
    Entries,
    /// Cards with progress.
    Progress,
}

impl Kind {
    /// Every kind, in the order in which they are copied.
    pub const ALL: [Kind; 24] = [
        Kind::Decks,
        Kind::Cards,
        Kind::NoteTypes,
        Kind::Notes,
        Kind::MediaNames,
        Kind::Media,
        Kind::People,
        Kind::Classes,
        Kind::Stretches,
        Kind::ExtraTimes,
        Kind::Feeds,
        Kind::Events,
        Kind::Webhooks,
        Kind::Attempts,
        Kind::Lessons,
        Kind::Reports,
        Kind::Papers,
        Kind::Imports,
        Kind::RefusedRows,
        Kind::Requests,
        Kind::Quarantined,
        Kind::Learners,
        Kind::Entries,
        Kind::Progress,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Decks => "decks",
            Kind::Cards => "cards",
            Kind::NoteTypes => "note types",
            Kind::Notes => "notes",
            Kind::MediaNames => "media names",
            Kind::Media => "media",
            Kind::People => "people",
            Kind::Classes => "classes",
            Kind::Stretches => "stretches",
            Kind::ExtraTimes => "extra times",
            Kind::Feeds => "feeds",
            Kind::Events => "events",
            Kind::Webhooks => "webhooks",
            Kind::Attempts => "attempts",
            Kind::Lessons => "lessons",
            Kind::Reports => "reports",
            Kind::Papers => "papers",
            Kind::Imports => "imports",
            Kind::RefusedRows => "refused rows",
            Kind::Requests => "requests",
            Kind::Quarantined => "quarantined",
            Kind::Learners => "learners",
            Kind::Entries => "entries",
            Kind::Progress => "progress",
        }
    }
}

/// How many, and one number for all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Records.
    pub count: u64,
    /// The sum of half of each record's SHA-256: equal for equal sets.
    pub digest: u128,
}

/// Records by kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    kinds: [Count; Kind::ALL.len()],
}

impl Tally {
    /// What is counted of a kind.
    pub fn of(&self, kind: Kind) -> Count {
        self.kinds.get(kind as usize).copied().unwrap_or_default()
    }

    fn add(&mut self, kind: Kind, parts: &[&[u8]]) {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let half = hash.finalize().first_chunk::<16>().map_or(0, |half| u128::from_le_bytes(*half));
        if let Some(count) = self.kinds.get_mut(kind as usize) {
            count.count += 1;
            count.digest = count.digest.wrapping_add(half);
        }
    }

    /// What a record says of itself when it is written out holds each of its fields, also one that comes later.
    fn add_text(&mut self, kind: Kind, record: &impl std::fmt::Debug) {
        self.add(kind, &[format!("{record:?}").as_bytes()]);
    }

    /// A deck and its cards.
    pub fn deck(&mut self, deck: &DeckRecord, cards: &[CardRecord]) {
        self.add_text(Kind::Decks, deck);
        cards.iter().for_each(|card| self.add_text(Kind::Cards, card));
    }

    /// A person. Of zones only what is stored: how a program reads them is its own.
    pub fn person(&mut self, kept: &PersonKept) {
        let person = &kept.person;
        let zones: Vec<_> =
            person.zones.spans().iter().map(|s| (s.from_ms, &s.name, s.rollover_hour)).collect();
        let fields = (person.id, person.org, person.role, &person.name, zones, person.began_ms);
        self.add_text(Kind::People, &(fields, kept.name_chosen, &kept.registered));
    }

    /// A class and its past.
    pub fn class(&mut self, kept: &ClassKept) {
        self.add_text(Kind::Classes, &(&kept.class, &kept.registered));
        kept.enrolled.iter().for_each(|stretch| self.add_text(Kind::Stretches, &(kept.class.id, stretch)));
        kept.given.iter().for_each(|stretch| self.add_text(Kind::Stretches, &(kept.class.id, stretch)));
        kept.extra.iter().for_each(|extra| self.add_text(Kind::ExtraTimes, &(kept.class.id, extra)));
    }

    /// What stands around study.
    pub fn around(&mut self, what: &Around) {
        match what {
            Around::Feed(kept) => self.add_text(Kind::Feeds, kept),
            Around::Events(feed, events) => {
                events.iter().for_each(|event| self.add_text(Kind::Events, &(feed, event)));
            }
            Around::Webhook(WebhookKept { record, attempts }) => {
                self.add_text(Kind::Webhooks, record);
                attempts.iter().for_each(|attempt| self.add_text(Kind::Attempts, &(record.id, attempt)));
            }
            Around::Lesson(kept) => self.add_text(Kind::Lessons, kept),
            Around::Report(report) => self.add_text(Kind::Reports, report),
            Around::Papers(papers) => papers.iter().for_each(|paper| self.add_text(Kind::Papers, paper)),
        }
    }

    /// Note types.
    pub fn note_types(&mut self, types: &[NoteTypeRecord]) {
        types.iter().for_each(|of| self.add_text(Kind::NoteTypes, of));
    }

    /// Notes.
    pub fn notes(&mut self, notes: &[NoteRecord]) {
        notes.iter().for_each(|note| self.add_text(Kind::Notes, note));
    }

    /// Names by which a deck knows media files.
    pub fn media_names(&mut self, deck: DeckId, names: &[(String, MediaDigest)]) {
        names.iter().for_each(|name| self.add_text(Kind::MediaNames, &(deck, name)));
    }

    /// A media file.
    pub fn media(&mut self, record: &MediaRecord, content: &[u8]) {
        self.add(Kind::Media, &[format!("{record:?}").as_bytes(), content]);
    }

    /// An import job.
    pub fn import(&mut self, record: &ImportRecord) {
        self.add_text(Kind::Imports, record);
    }

    /// Rows of a job that did not come in.
    pub fn refused(&mut self, job: JobId, rows: &[RefusedRow]) {
        rows.iter().for_each(|row| self.add_text(Kind::RefusedRows, &(job, row)));
    }

    /// A key of idempotency.
    pub fn request(&mut self, kept: &RequestKept) {
        self.add_text(Kind::Requests, kept);
    }

    /// A command put aside.
    pub fn quarantined(&mut self, what: &Quarantined) {
        self.add_text(Kind::Quarantined, what);
    }

    /// A learner's log; nothing where it is empty.
    pub fn log(&mut self, user: UserId, log: &[LogEntry]) {
        if log.is_empty() {
            return;
        }
        self.add(Kind::Learners, &[user.bytes()]);
        let mut bytes = Vec::new();
        for entry in log {
            bytes.clear();
            encode_entry(entry, &mut bytes);
            self.add(Kind::Entries, &[user.bytes(), &bytes]);
        }
    }

    /// A learner's progress.
    pub fn progress(&mut self, user: UserId, progress: &[Progress]) {
        let mut bytes = Vec::new();
        for row in progress {
            bytes.clear();
            encode_progress(&row.state, row.params_key, &mut bytes);
            self.add(Kind::Progress, &[user.bytes(), row.deck.bytes(), row.card.bytes(), &bytes]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{EntryId, Uuid};

    fn request(n: u128, at_ms: i64) -> RequestKept {
        RequestKept { key: Uuid::from_u128(n), asks: [7; 32], at_ms }
    }

    #[test]
    fn the_order_does_not_matter_and_every_field_and_every_double_does() {
        let tally = |requests: &[RequestKept]| {
            let mut tally = Tally::default();
            requests.iter().for_each(|request| tally.request(request));
            tally
        };
        let (one, two) = (request(1, 1), request(2, 2));
        assert_eq!(tally(&[one, two]), tally(&[two, one]));
        assert_ne!(tally(&[one, two]), tally(&[one, request(2, 3)]));
        assert_ne!(tally(&[one, two]), tally(&[one, two, two]));
        assert_eq!(tally(&[one, two]).of(Kind::Requests).count, 2);
        assert_eq!(tally(&[one]).of(Kind::Decks), Count::default());
    }

    #[test]
    fn each_kind_is_counted_under_its_own_name() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place, "{}", kind.name());
        }
        let mut tally = Tally::default();
        let (user, id) = (UserId::from_u128(1), EntryId::from_u128(2));
        tally.quarantined(&Quarantined { user, id, at_ms: 0, reason: String::new(), raw: Vec::new() });
        tally.log(user, &[]);
        let counted: Vec<u64> = Kind::ALL.iter().map(|kind| tally.of(*kind).count).collect();
        let expected = Kind::ALL.map(|kind| u64::from(kind == Kind::Quarantined));
        assert_eq!(counted, expected, "a learner without entries is none");
    }
}
