//! One's own record on the wire.

use super::line;
use crate::auth::role_name;
use crate::http::limits::NAME_BYTES_MAX;
use crate::http::{Caller, Problem};
use domain::ids::Uuid;
use ports::Person;
use ports::people::PersonChange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A change of one's own record.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct MeIn {
    zone: Option<String>,
    rollover_hour: Option<u8>,
    name: Option<String>,
}

/// One's own record.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct MeOut {
    user_id: Uuid,
    name: String,
    role: &'static str,
    org: Option<Uuid>,
    zone: String,
    rollover_hour: u8,
    /// The study day that it is now.
    today: String,
    server_time: i64,
}

impl MeIn {
    /// The change for the store.
    pub(in crate::http) fn change(self) -> Result<PersonChange, Problem> {
        if self.rollover_hour.is_some_and(|hour| hour > 23) {
            return Err(Problem::invalid("`rollover_hour` is 0 to 23."));
        }
        let name = self.name.map(|name| line("name", &name, NAME_BYTES_MAX)).transpose()?;
        Ok(PersonChange { zone: self.zone, rollover_hour: self.rollover_hour, name, only_if_unset: false })
    }
}

impl MeOut {
    /// The record as of now.
    pub(in crate::http) fn of(person: &Person, caller: &Caller, now_ms: i64) -> MeOut {
        // A change holds for moments later than itself: right after it, the next millisecond tells what holds.
        let next_ms = now_ms.saturating_add(1);
        MeOut {
            user_id: person.id.0,
            name: person.name.clone(),
            role: role_name(caller.role),
            org: person.org.map(|org| org.0),
            zone: person.zones.name_at(next_ms).to_owned(),
            rollover_hour: person.zones.rollover_hour_at(next_ms),
            today: person.zones.stamp(next_ms).day.to_string(),
            server_time: now_ms,
        }
    }
}
