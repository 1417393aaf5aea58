//! What every store holds as text that a person can read: lists, settings and zones as JSON, enums as words.

use super::CodecError;
use super::list::list_text;
use crate::{EventKind, NoteTemplate, Role};
use domain::access::Visibility;
use domain::check::{Accents, Case, CheckSettings, DecimalMark};
use domain::day::ZoneHistory;
use domain::deck::{DeckSettings, NewMix, SchedulerKind};
use domain::entry::Mode;
use domain::fsrs::Parameters;
use domain::ids::{DeckId, UserId};
use domain::schedule::{DESIRED_RETENTION_MAX_PERMILLE, DESIRED_RETENTION_MIN_PERMILLE, EasyDays};
use serde_json::{Map, Value, json};

/// Tags as a JSON list.
pub fn tags_text(tags: &[String]) -> String {
    list_text(tags)
}

/// Reads [`tags_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn tags_of(text: &str) -> Result<Vec<String>, CodecError> {
    serde_json::from_str(text).map_err(|_| CodecError::BadField("tags"))
}

/// Accepted answers as a JSON list.
pub fn accept_text(accept: &[String]) -> String {
    list_text(accept)
}

/// Reads [`accept_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn accept_of(text: &str) -> Result<Vec<String>, CodecError> {
    serde_json::from_str(text).map_err(|_| CodecError::BadField("accept"))
}

/// A deck's editors as a JSON list of UUIDs.
pub fn editors_text(editors: &[UserId]) -> String {
    Value::from(editors.iter().map(ToString::to_string).collect::<Vec<String>>()).to_string()
}

/// Reads [`editors_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn editors_of(text: &str) -> Result<Vec<UserId>, CodecError> {
    let bad = || CodecError::BadField("editors");
    let names: Vec<String> = serde_json::from_str(text).map_err(|_| bad())?;
    names.iter().map(|name| Ok(UserId(name.parse().map_err(|_| bad())?))).collect()
}

/// Templates of a note type as a JSON list.
pub fn templates_text(templates: &[NoteTemplate]) -> String {
    let of = |t: &NoteTemplate| json!({"name": t.name, "question": t.question, "answer": t.answer});
    Value::Array(templates.iter().map(of).collect()).to_string()
}

/// Reads [`templates_text`]; what is absent is empty.
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn templates_of(text: &str) -> Result<Vec<NoteTemplate>, CodecError> {
    let read: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|_| CodecError::BadField("templates"))?;
    let field =
        |of: &Map<String, Value>, key| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let template = |of: &Map<String, Value>| NoteTemplate {
        name: field(of, "name"),
        question: field(of, "question"),
        answer: field(of, "answer"),
    };
    Ok(read.iter().map(template).collect())
}

/// Decks as a JSON list of their ids.
pub fn decks_text(decks: &[DeckId]) -> String {
    Value::from(decks.iter().map(DeckId::to_string).collect::<Vec<_>>()).to_string()
}

/// Reads [`decks_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn decks_of(text: &str) -> Result<Vec<DeckId>, CodecError> {
    let read: Vec<String> = serde_json::from_str(text).map_err(|_| CodecError::BadField("decks"))?;
    read.iter().map(|id| id.parse().map_err(|_| CodecError::BadField("decks"))).collect()
}

/// Kinds of events as a JSON list of words.
pub fn kinds_text(kinds: &[EventKind]) -> String {
    Value::from(kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>()).to_string()
}

/// Reads [`kinds_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none, or names a kind that this program does not know.
pub fn kinds_of(text: &str) -> Result<Vec<EventKind>, CodecError> {
    let bad = || CodecError::BadField("kinds");
    let words: Vec<String> = serde_json::from_str(text).map_err(|_| bad())?;
    words.iter().map(|word| EventKind::of_word(word).ok_or_else(bad)).collect()
}

/// A deck's settings as a JSON object.
pub fn settings_text(s: &DeckSettings) -> String {
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
        "scheduler": match s.scheduler {
            SchedulerKind::Sm2 => "sm2",
            SchedulerKind::Fsrs => "fsrs",
        },
        "desired_retention": f64::from(s.desired_retention_permille) / 1_000.0,
        "parameters": s.parameters.map(|parameters| parameters.decimals()),
        "fuzz": s.fuzz,
        "easy_days": s.easy_days.0,
        "mode": match s.mode {
            Mode::Flip => "flip",
            Mode::Type => "type",
            Mode::Choose => "choose",
        },
        "check": {
            "case": matches!(s.check.case, Case::Matters),
            "accents": matches!(s.check.accents, Accents::Matter),
            "decimal_comma": matches!(s.check.decimal_mark, DecimalMark::Comma),
            "slips": s.check.slips,
        },
    })
    .to_string()
}

/// Reads [`settings_text`]; what is absent has its default, so that old rows can be read by newer programs.
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn settings_of(text: &str) -> Result<DeckSettings, CodecError> {
    let read: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| CodecError::BadField("settings"))?;
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
        scheduler: match read.get("scheduler").and_then(Value::as_str) {
            Some("fsrs") => SchedulerKind::Fsrs,
            Some(_) | None => SchedulerKind::Sm2,
        },
        desired_retention_permille: read
            .get("desired_retention")
            .and_then(Value::as_f64)
            .map(|wanted| (wanted * 1_000.0).round() as u16)
            .filter(|wanted| {
                (DESIRED_RETENTION_MIN_PERMILLE..=DESIRED_RETENTION_MAX_PERMILLE).contains(wanted)
            })
            .unwrap_or(default.desired_retention_permille),
        parameters: numbers(&read, "parameters").and_then(|decimals| Parameters::new(&decimals).ok()),
        fuzz: read.get("fuzz").and_then(Value::as_bool),
        easy_days: numbers(&read, "easy_days")
            .and_then(|days| <[u8; 7]>::try_from(days.iter().map(|n| *n as u8).collect::<Vec<_>>()).ok())
            .map_or(default.easy_days, EasyDays),
        mode: match read.get("mode").and_then(Value::as_str) {
            Some("type") => Mode::Type,
            Some("choose") => Mode::Choose,
            Some(_) | None => Mode::Flip,
        },
        check: check_of(&read),
    })
}

fn check_of(read: &Map<String, Value>) -> CheckSettings {
    let default = CheckSettings::default();
    let said = |key: &str| read.get("check")?.get(key)?.as_bool();
    CheckSettings {
        case: match said("case") {
            Some(true) => Case::Matters,
            Some(false) => Case::Same,
            None => default.case,
        },
        accents: match said("accents") {
            Some(true) => Accents::Matter,
            Some(false) => Accents::Same,
            None => default.accents,
        },
        decimal_mark: match said("decimal_comma") {
            Some(true) => DecimalMark::Comma,
            Some(false) => DecimalMark::Point,
            None => default.decimal_mark,
        },
        slips: said("slips").unwrap_or(default.slips),
    }
}

/// A list of numbers, if it is one.
fn numbers(read: &Map<String, Value>, key: &str) -> Option<Vec<f64>> {
    read.get(key)?.as_array()?.iter().map(Value::as_f64).collect()
}

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

/// A visibility as a word.
pub const fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "private",
        Visibility::Link => "link",
        Visibility::Class => "class",
        Visibility::Org => "org",
        Visibility::Public => "public",
    }
}

/// Reads [`visibility_word`]. An unknown word shows the deck to nobody but its owner.
pub fn visibility_of(word: &str) -> Visibility {
    match word {
        "link" => Visibility::Link,
        "class" => Visibility::Class,
        "org" => Visibility::Org,
        "public" => Visibility::Public,
        _ => Visibility::Private,
    }
}

/// A role as a word.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Teacher => "teacher",
        Role::Learner => "learner",
        Role::Guest => "guest",
        Role::Service => "service",
    }
}

/// Reads [`role_word`]. An unknown word is the role that may least.
pub fn role_of(word: &str) -> Role {
    match word {
        "owner" => Role::Owner,
        "admin" => Role::Admin,
        "teacher" => Role::Teacher,
        "guest" => Role::Guest,
        "service" => Role::Service,
        _ => Role::Learner,
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
            scheduler: SchedulerKind::Fsrs,
            desired_retention_permille: 873,
            parameters: Parameters::new(&std::array::from_fn::<_, 21, _>(|n| n as f64 / 7.0)).ok(),
            fuzz: Some(false),
            easy_days: EasyDays([100, 50, 0, 100, 100, 1, 99]),
            mode: Mode::Choose,
            check: CheckSettings {
                case: Case::Matters,
                accents: Accents::Same,
                decimal_mark: DecimalMark::Comma,
                slips: false,
            },
        };
        assert!(settings.parameters.is_some());
        assert_eq!(settings_of(&settings_text(&settings)).unwrap(), settings);
        assert_eq!(settings_of("{}").unwrap(), DeckSettings::default());
        assert!(settings_of("nonsense").is_err());
    }

    #[test]
    fn editors_read_as_they_were_written() {
        for editors in [vec![], vec![UserId::from_u128(1), UserId::from_u128(u128::MAX)]] {
            assert_eq!(editors_of(&editors_text(&editors)).unwrap(), editors);
        }
        assert!(editors_of("[1]").is_err() && editors_of("[\"x\"]").is_err());
    }

    #[test]
    fn tags_read_as_they_were_written() {
        for tags in [vec![], vec!["a \"quoted\" one".to_owned(), "naïve\n日本".to_owned()]] {
            assert_eq!(tags_of(&tags_text(&tags)).unwrap(), tags);
            assert_eq!(accept_of(&accept_text(&tags)).unwrap(), tags);
        }
    }

    #[test]
    fn templates_and_decks_read_as_they_were_written() {
        let template = NoteTemplate {
            name: "Card \"1\"".to_owned(),
            question: "{{Front}}\n日本".to_owned(),
            answer: String::new(),
        };
        for templates in [vec![], vec![template.clone(), NoteTemplate::default(), template]] {
            assert_eq!(templates_of(&templates_text(&templates)).unwrap(), templates);
        }
        for decks in [vec![], vec![DeckId::from_u128(7), DeckId::from_u128(u128::MAX)]] {
            assert_eq!(decks_of(&decks_text(&decks)).unwrap(), decks);
        }
        assert!(templates_of("{}").is_err() && decks_of("[\"7\"]").is_err());
        for kinds in [vec![], EventKind::ALL.to_vec()] {
            assert_eq!(kinds_of(&kinds_text(&kinds)).unwrap(), kinds);
        }
        assert!(kinds_of("[\"deck.eaten\"]").is_err());
    }

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

    #[test]
    fn words_of_roles_and_visibilities_read_back() {
        for role in [Role::Owner, Role::Admin, Role::Teacher, Role::Learner, Role::Guest, Role::Service] {
            assert_eq!(role_of(role_word(role)), role);
        }
        use Visibility::*;
        for visibility in [Private, Link, Class, Org, Public] {
            assert_eq!(visibility_of(visibility_word(visibility)), visibility);
        }
    }
}
