//! Identities. Every id is a UUID; a newtype a meaning, so that a deck can never be passed for a card.

use std::fmt;
use std::str::FromStr;
pub use uuid::Uuid;

/// Text that is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct BadId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id with these bytes, most significant first.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
            /// The bytes, most significant first: their order is the order of the ids.
            pub const fn bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
            /// An id made from a number: for tests and simulations.
            pub const fn from_u128(n: u128) -> Self {
                Self(Uuid::from_u128(n))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                Uuid::parse_str(s).map(Self).map_err(|_| BadId)
            }
        }
        impl From<Uuid> for $name {
            fn from(u: Uuid) -> Self {
                Self(u)
            }
        }
    };
}

id!(
    /// A learner, teacher or administrator.
    UserId
);
id!(
    /// An organisation: a school, a tutor's practice.
    OrgId
);
id!(
    /// A deck of cards.
    DeckId
);
id!(
    /// One card; a card never changes its deck.
    CardId
);
id!(
    /// The note that a card was made from; cards of one note are siblings.
    NoteId
);
id!(
    /// A note type: how notes become cards.
    NoteTypeId
);
id!(
    /// A class of learners.
    ClassId
);
id!(
    /// One lesson of a class.
    LessonId
);
id!(
    /// One question that a teacher puts to a whole class.
    AskId
);
id!(
    /// One sitting, named by the client, kept over reconnects.
    SittingId
);
id!(
    /// One running tab or process of a client.
    InstanceId
);
id!(
    /// One life of a server's process in a cluster: new at each start, and again after it was declared dead.
    RunId
);
id!(
    /// An import job.
    JobId
);
id!(
    /// One entry of a learner's log: a UUIDv7 (or, imported, a UUIDv8 of the same layout) whose 48-bit time is
    /// the moment of the entry. The order of the bytes is the order of the fold: (time, id bytes).
    EntryId
);

impl EntryId {
    /// The smallest possible id.
    pub const MIN: EntryId = EntryId(Uuid::nil());

    /// The entry's moment, in Unix milliseconds: the first 48 bits (RFC 9562 §5.7).
    pub const fn at_ms(&self) -> i64 {
        let b = self.0.as_bytes();
        ((b[0] as i64) << 40)
            | ((b[1] as i64) << 32)
            | ((b[2] as i64) << 24)
            | ((b[3] as i64) << 16)
            | ((b[4] as i64) << 8)
            | (b[5] as i64)
    }

    /// The last eight bytes, which the session keeps of an id that it knows to be stored.
    pub const fn tail(&self) -> u64 {
        self.0.as_u128() as u64
    }

    /// A UUIDv7 of this moment (Unix milliseconds) with these 74 bits of randomness.
    pub fn v7(at_ms: i64, random: u128) -> Self {
        Self::laid_out(at_ms, 0x7, random)
    }

    /// A UUIDv8 of this moment (Unix milliseconds) in the layout of a UUIDv7, with these 74 bits: what an imported entry
    /// is called, whose bits are no chance but follow from what it is.
    pub fn v8(at_ms: i64, bits: u128) -> Self {
        Self::laid_out(at_ms, 0x8, bits)
    }

    fn laid_out(at_ms: i64, version: u128, bits: u128) -> Self {
        let time = (at_ms.max(0) as u128) << 80;
        let upper = ((bits >> 62) & 0xfff) << 64;
        let lower = bits & 0x3fff_ffff_ffff_ffff;
        Self(Uuid::from_u128(time | (version << 76) | upper | (0b10 << 62) | lower))
    }

    /// The lowest id of this moment (Unix milliseconds), for range reads.
    pub fn floor_of(at_ms: i64) -> Self {
        Self(Uuid::from_u128((at_ms.max(0) as u128) << 80))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_id_carries_its_moment() {
        let id = EntryId::v7(1_700_000_000_123, 0x1234_5678_9abc_def0_1122);
        assert_eq!(id.at_ms(), 1_700_000_000_123);
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        assert!(EntryId::floor_of(1_700_000_000_123) <= id);
        assert!(EntryId::floor_of(1_700_000_000_124) > id);
    }
}
