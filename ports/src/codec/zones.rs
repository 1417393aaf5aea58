//! A zone history as every store holds it: a JSON list that a person can read.

use super::CodecError;
use domain::day::ZoneHistory;
use serde_json::{Value, json};

/// A zone history as a JSON list, oldest change first.
pub fn zones_text(zones: &ZoneHistory) -> String {
    let spans = zones.spans().iter();
    let spans = spans
        .map(|s| json!({"from_ms": s.from_ms, "zone": s.name, "rollover_hour": s.rollover_hour}))
        .collect();
    Value::Array(spans).to_string()
}

/// Reads [`zones_text`]. A zone that this program does not know is kept, and is not `is_known`.
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn zones_of(text: &str) -> Result<ZoneHistory, CodecError> {
    let spans: Vec<Value> = serde_json::from_str(text).map_err(|_| CodecError::BadField("zones"))?;
    let mut zones = ZoneHistory::new();
    for span in &spans {
        let from_ms = span.get("from_ms").and_then(Value::as_i64).unwrap_or(0);
        let name = span.get("zone").and_then(Value::as_str).unwrap_or("UTC");
        let hour = span.get("rollover_hour").and_then(Value::as_u64).and_then(|n| n.try_into().ok());
        let hour = hour.unwrap_or(domain::day::DEFAULT_ROLLOVER_HOUR);
        // A zone can leave the zone database with an update: then the others still hold, and it is kept.
        zones.restore(from_ms, name, hour);
    }
    Ok(zones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_read_as_they_were_written() {
        let mut zones = ZoneHistory::new();
        zones.change(5, "Europe/Berlin", 4).unwrap();
        zones.change(9, "Asia/Tokyo", 0).unwrap();
        let read = zones_of(&zones_text(&zones)).unwrap();
        assert_eq!(zones_text(&read), zones_text(&zones));
        assert_eq!(read.name_at(10), "Asia/Tokyo");
        assert_eq!(read.rollover_hour_at(10), 0);
    }

    #[test]
    fn zones_that_are_unknown_or_hold_from_ever_on_are_written_back_as_they_were_read() {
        let mut zones = ZoneHistory::new();
        for n in 0..=domain::day::ZONE_CHANGES_MAX as i64 {
            zones.change(n, "Europe/Berlin", 4).unwrap();
        }
        let unknown = zones_text(&zones).replacen("Europe/Berlin", "Europe/Atlantis", 1);
        assert_eq!(zones_text(&zones_of(&unknown).unwrap()), unknown);
        assert!(zones_of(&unknown).unwrap().is_set());
        let read = zones_of(&zones_text(&zones)).unwrap();
        assert_eq!(read.stamp(-1), zones.stamp(-1), "what was forgotten stays forgotten");
        assert_eq!(read.name_at(-1), "Europe/Berlin");
    }
}
