//! A deck's settings as every store holds them: a JSON object that a person can read.

use super::CodecError;
use domain::check::{Accents, Case, CheckSettings, DecimalMark};
use domain::deck::{DeckSettings, NewMix, SchedulerKind};
use domain::entry::Mode;
use domain::fsrs::Parameters;
use domain::schedule::{DESIRED_RETENTION_MAX_PERMILLE, DESIRED_RETENTION_MIN_PERMILLE, EasyDays};
use serde_json::{Map, Value, json};

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
}
