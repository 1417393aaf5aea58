//! What an outbox writes down, and what is left of it after a restart.

use protocol::Command;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One line of an outbox file. A later line about an id overrides an earlier one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A command was made.
    Made {
        /// Whose it is.
        user: Uuid,
        /// The command.
        #[serde(with = "command_text")]
        command: Command,
        /// The clock correction in its id.
        offset_ms: i64,
        /// The id that it had before, when it was made anew with the corrected time: forget that one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Uuid>,
    },
    /// It is about to be sent for the first time: its id is fixed from here.
    Sent {
        /// Its id.
        id: Uuid,
    },
    /// It is durable on the server.
    Durable {
        /// Whose it is.
        user: Uuid,
        /// Its id.
        id: Uuid,
    },
    /// It was refused for good and set aside.
    Refused {
        /// Whose it is.
        user: Uuid,
        /// Its id.
        id: Uuid,
        /// The server's code.
        code: String,
        /// The server's words.
        message: String,
    },
}

/// What an outbox holds when it is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// Commands without a verdict, oldest id first.
    pub entries: Vec<RestoredEntry>,
    /// Newest id with a verdict, those refused for their time apart: later ids come after it.
    pub last_settled: Option<Uuid>,
    /// Newest durable id of each user.
    pub last_saved: Vec<(Uuid, Uuid)>,
}

/// A command without a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct RestoredEntry {
    /// Whose it is.
    pub user: Uuid,
    /// The command.
    pub command: Command,
    /// The clock correction in its id.
    pub offset_ms: i64,
    /// Whether it may have been sent.
    pub sent: bool,
}

impl Restored {
    /// What is left of these records, written in this order.
    pub fn replay(records: impl IntoIterator<Item = Record>) -> Restored {
        let mut replay = Replay::default();
        records.into_iter().for_each(|record| replay.apply(record));
        replay.restored()
    }
}

/// Whether ids must come after one that was refused with this code. One that was refused for its time binds
/// nothing, or a clock that was wrong once would spoil all that follow.
pub(crate) fn binds(code: &str) -> bool {
    code != protocol::ErrorCode::BadTime.as_str()
}

/// Reads records in order into what is left of them.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    entries: BTreeMap<Uuid, RestoredEntry>,
    /// Refusals, which stay in the file for the learner to see.
    refused: Vec<Record>,
    last_settled: Option<Uuid>,
    last_saved: BTreeMap<Uuid, Uuid>,
    /// Lines that are of no use any more.
    pub(crate) settled: usize,
}

impl Replay {
    pub(crate) fn apply(&mut self, record: Record) {
        match record {
            Record::Made { user, command, offset_ms, replaces } => {
                if let Some(before) = replaces {
                    self.settle(before);
                }
                self.entries.insert(command.id, RestoredEntry { user, command, offset_ms, sent: false });
            }
            Record::Sent { id } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.sent = true;
                }
            }
            Record::Durable { user, id } => {
                self.settle(id);
                self.last_settled = self.last_settled.max(Some(id));
                let newest = self.last_saved.entry(user).or_insert(id);
                *newest = (*newest).max(id);
            }
            Record::Refused { id, ref code, .. } => {
                if binds(code) {
                    self.last_settled = self.last_settled.max(Some(id));
                }
                self.settle(id);
                self.refused.push(record);
            }
        }
    }

    fn settle(&mut self, id: Uuid) {
        self.entries.remove(&id);
        self.settled += 1;
    }

    /// The shortest list of records with the same meaning.
    pub(crate) fn records(&self) -> Vec<Record> {
        let saved = self.last_saved.iter().map(|(user, id)| Record::Durable { user: *user, id: *id });
        let made = self.entries.values().cloned().flat_map(|entry| {
            let RestoredEntry { user, command, offset_ms, sent } = entry;
            let sent = sent.then_some(Record::Sent { id: command.id });
            std::iter::once(Record::Made { user, command, offset_ms, replaces: None }).chain(sent)
        });
        saved.chain(self.refused.iter().cloned()).chain(made).collect()
    }

    pub(crate) fn restored(self) -> Restored {
        Restored {
            entries: self.entries.into_values().collect(),
            last_settled: self.last_settled,
            last_saved: self.last_saved.into_iter().collect(),
        }
    }
}

/// A command in the form of the wire, written and read by `protocol`, so that one module knows it.
mod command_text {
    use super::{Command, RawValue};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(command: &Command, serializer: S) -> Result<S::Ok, S::Error> {
        command.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Command, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        protocol::decode_command(text.get()).map_err(de::Error::custom)
    }
}
