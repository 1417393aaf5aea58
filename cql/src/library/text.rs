//! What a deck's row holds as text that a person can read: its settings as JSON, its visibility as a word.

use domain::access::Visibility;
use domain::deck::{DeckSettings, NewMix};
use ports::{Cause, StoreError};
use serde_json::{Map, Value, json};

/// Settings as a JSON object.
pub(super) fn settings_text(s: &DeckSettings) -> String {
    let mix = match s.new_mix {
        NewMix::Spread => "spread",
        NewMix::Before => "before",
        NewMix::After => "after",
    };
    json!({
        "new_per_day": s.new_per_day,
        "reviews_per_day": s.reviews_per_day,
        "drill_until": s.drill_until,
        "drill_delay_s": s.drill_delay_s,
        "bury_siblings": s.bury_siblings,
        "new_mix": mix,
        "leech_after": s.leech_after,
        "maximum_interval_days": s.maximum_interval_days,
    })
    .to_string()
}

/// Reads [`settings_text`]; what is absent has its default, so that old rows can be read by newer programs.
pub(super) fn settings_of(text: &str) -> Result<DeckSettings, StoreError> {
    let read: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| StoreError::new(Cause::Invalid, format!("read a deck's settings: {error}")))?;
    let number = |key: &str| read.get(key).and_then(Value::as_u64);
    let wide = |key: &str, default: u32| number(key).and_then(|n| n.try_into().ok()).unwrap_or(default);
    let narrow = |key: &str, default: u16| number(key).and_then(|n| n.try_into().ok()).unwrap_or(default);
    let byte = |key: &str, default: u8| number(key).and_then(|n| n.try_into().ok()).unwrap_or(default);
    let default = DeckSettings::default();
    Ok(DeckSettings {
        new_per_day: wide("new_per_day", default.new_per_day),
        reviews_per_day: wide("reviews_per_day", default.reviews_per_day),
        drill_until: byte("drill_until", default.drill_until),
        drill_delay_s: wide("drill_delay_s", default.drill_delay_s),
        bury_siblings: read.get("bury_siblings").and_then(Value::as_bool).unwrap_or(default.bury_siblings),
        new_mix: match read.get("new_mix").and_then(Value::as_str) {
            Some("before") => NewMix::Before,
            Some("after") => NewMix::After,
            Some(_) | None => NewMix::Spread,
        },
        leech_after: narrow("leech_after", default.leech_after),
        maximum_interval_days: wide("maximum_interval_days", default.maximum_interval_days),
    })
}

/// A visibility as a word.
pub(super) const fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "private",
        Visibility::Link => "link",
        Visibility::Class => "class",
        Visibility::Org => "org",
        Visibility::Public => "public",
    }
}

/// Reads [`visibility_word`]. An unknown word shows the deck to nobody but its owner.
pub(super) fn visibility_of(word: &str) -> Visibility {
    match word {
        "link" => Visibility::Link,
        "class" => Visibility::Class,
        "org" => Visibility::Org,
        "public" => Visibility::Public,
        _ => Visibility::Private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_as_they_were_written_and_absent_ones_have_their_default() {
        let settings = DeckSettings {
            new_per_day: 7,
            reviews_per_day: 0,
            drill_until: 3,
            drill_delay_s: 5,
            bury_siblings: true,
            new_mix: NewMix::After,
            leech_after: 2,
            maximum_interval_days: 90,
        };
        assert_eq!(settings_of(&settings_text(&settings)).unwrap(), settings);
        assert_eq!(settings_of("{}").unwrap(), DeckSettings::default());
        assert!(settings_of("nonsense").is_err());
    }

    #[test]
    fn words_of_visibilities_read_back() {
        use Visibility::*;
        for visibility in [Private, Link, Class, Org, Public] {
            assert_eq!(visibility_of(visibility_word(visibility)), visibility);
        }
    }
}
