//! A person as the table has it.

use crate::log::unreadable;
use domain::ids::{OrgId, UserId, Uuid};
use ports::codec::{role_of, role_word, zones_of, zones_text};
use ports::{Account, Person, StoreError};
use scylla::DeserializeRow;

/// A person as stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) account: Account,
    /// Raised with each change.
    pub(super) version: i64,
    /// Whether enrollments in classes of other organisations were ended.
    pub(super) settled: bool,
}

#[derive(DeserializeRow)]
pub(super) struct Row {
    user: Uuid,
    org: Option<Uuid>,
    role: String,
    name: String,
    name_chosen: bool,
    zones: String,
    began_ms: i64,
    version: i64,
    settled: bool,
}

impl Stored {
    pub(super) fn of_row(row: Row) -> Result<Stored, StoreError> {
        let zones = zones_of(&row.zones).map_err(|error| unreadable(&error))?;
        if let Some(zone) = zones.unknown() {
            tracing::warn!(zone, "a stored zone is unknown to this program");
        }
        let person = Person {
            id: UserId(row.user),
            org: row.org.map(OrgId),
            role: role_of(&row.role),
            name: row.name,
            zones,
            began_ms: row.began_ms,
        };
        let account = Account { person, name_chosen: row.name_chosen };
        Ok(Stored { account, version: row.version, settled: row.settled })
    }

    /// An account that begins.
    pub(super) const fn begun(account: Account) -> Stored {
        Stored { account, version: 1, settled: false }
    }

    /// The same with another account: who is of an organisation only now has to be settled again.
    pub(super) fn with(&self, account: Account) -> Stored {
        let settled = self.settled && account.person.org == self.account.person.org;
        Stored { account, version: self.version, settled }
    }

    /// Whether both are stored alike.
    pub(super) fn is_same(&self, other: &Stored) -> bool {
        let key = |s: &Stored| {
            let p = &s.account.person;
            let (role, zones) = (role_word(p.role), zones_text(&p.zones));
            (p.org, role, p.name.clone(), zones, s.account.name_chosen, s.settled)
        };
        key(self) == key(other)
    }
}
