//! What a person's row holds as text that a person can read: the zone history as JSON, the role as a word.

use domain::day::{DEFAULT_ROLLOVER_HOUR, ZoneHistory};
use ports::{Cause, Role, StoreError};
use serde_json::{Value, json};

/// A zone history as a JSON list, oldest change first.
pub(super) fn zones_text(zones: &ZoneHistory) -> String {
    let spans = zones.spans().iter();
    let spans = spans
        .map(|s| json!({"from_ms": s.from_ms, "zone": s.name, "rollover_hour": s.rollover_hour}))
        .collect();
    Value::Array(spans).to_string()
}

/// Reads [`zones_text`].
pub(super) fn zones_of(text: &str) -> Result<ZoneHistory, StoreError> {
    let spans: Vec<Value> = serde_json::from_str(text)
        .map_err(|error| StoreError::new(Cause::Invalid, format!("read a zone history: {error}")))?;
    let mut zones = ZoneHistory::new();
    for span in &spans {
        let from_ms = span.get("from_ms").and_then(Value::as_i64).unwrap_or(0);
        let name = span.get("zone").and_then(Value::as_str).unwrap_or("UTC");
        let hour = span.get("rollover_hour").and_then(Value::as_u64).and_then(|n| n.try_into().ok());
        // A zone can leave the zone database with an update: then the others still hold, and it is kept.
        zones.restore(from_ms, name, hour.unwrap_or(DEFAULT_ROLLOVER_HOUR));
    }
    if let Some(unknown) = zones.spans().iter().find(|span| !span.is_known()) {
        tracing::warn!(zone = %unknown.name, "a stored zone is unknown to this program");
    }
    Ok(zones)
}

/// A role as a word.
pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Teacher => "teacher",
        Role::Learner => "learner",
        Role::Service => "service",
    }
}

/// Reads [`role_word`]. An unknown word is the role that may least.
pub(super) fn role_of(word: &str) -> Role {
    match word {
        "owner" => Role::Owner,
        "admin" => Role::Admin,
        "teacher" => Role::Teacher,
        "service" => Role::Service,
        _ => Role::Learner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_read_as_they_were_written() {
        let mut zones = ZoneHistory::new();
        for n in 0..=domain::day::ZONE_CHANGES_MAX as i64 {
            zones.change(n, "Europe/Berlin", 4).unwrap();
        }
        zones.change(99, "Asia/Tokyo", 0).unwrap();
        let read = zones_of(&zones_text(&zones)).unwrap();
        assert_eq!(zones_text(&read), zones_text(&zones));
        assert_eq!((read.name_at(100), read.rollover_hour_at(100)), ("Asia/Tokyo", 0));
        assert_eq!(read.stamp(-1), zones.stamp(-1), "what was forgotten stays forgotten");
    }

    #[test]
    fn a_zone_that_is_unknown_is_written_back_as_it_was_read() {
        let mut zones = ZoneHistory::new();
        zones.change(5, "Europe/Berlin", 4).unwrap();
        let unknown = zones_text(&zones).replacen("Europe/Berlin", "Europe/Atlantis", 1);
        assert_eq!(zones_text(&zones_of(&unknown).unwrap()), unknown);
        assert!(zones_of(&unknown).unwrap().is_set());
        assert!(zones_of("nonsense").is_err());
    }

    #[test]
    fn words_of_roles_read_back() {
        for role in [Role::Owner, Role::Admin, Role::Teacher, Role::Learner, Role::Service] {
            assert_eq!(role_of(role_word(role)), role);
        }
    }
}
