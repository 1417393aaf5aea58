//! Deck options that have no name of their own here: those that differ from what Anki gives every deck.

use crate::wire::{Fields, NotAMessage};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How the two forms have an option. A default is as the older form has it.
#[derive(Clone, Copy)]
enum Form {
    /// A whole number.
    Whole(u32),
    /// A number with a fraction.
    Float(f32),
    /// Yes or no.
    Flag(bool),
    /// Yes or no; the newer form says the contrary.
    Contrary(bool),
}

/// An option: its name in a report, its number in the newer form, its place in the older one, and what it is by default.
struct Other(&'static str, u64, &'static str, Form);

const OTHERS: [Other; 24] = [
    Other("easy_bonus", 12, "/rev/ease4", Form::Float(1.3)),
    Other("hard_factor", 13, "/rev/hardFactor", Form::Float(1.2)),
    Other("interval_factor", 15, "/rev/ivlFct", Form::Float(1.0)),
    Other("lapse_interval_min_days", 17, "/lapse/minInt", Form::Whole(1)),
    Other("graduating_interval_days", 18, "/new/ints/0", Form::Whole(1)),
    Other("easy_interval_days", 19, "/new/ints/1", Form::Whole(4)),
    Other("new_in_order", 20, "/new/order", Form::Contrary(true)),
    Other("autoplay", 23, "/autoplay", Form::Contrary(true)),
    Other("answer_time_max_s", 24, "/maxTaken", Form::Whole(60)),
    Other("shows_timer", 25, "/timer", Form::Flag(false)),
    Other("replays_question", 26, "/replayq", Form::Contrary(true)),
    Other("buries_learning", 29, "/buryInterdayLearning", Form::Flag(false)),
    Other("learning_mix", 31, "/interdayLearningMix", Form::Whole(0)),
    Other("new_sort_order", 32, "/newSortOrder", Form::Whole(0)),
    Other("review_order", 33, "/reviewOrder", Form::Whole(0)),
    Other("new_gather_order", 34, "/newGatherPriority", Form::Whole(0)),
    Other("new_per_day_min", 35, "/newPerDayMinimum", Form::Whole(0)),
    Other("question_action", 36, "/questionAction", Form::Whole(0)),
    Other("timer_stops", 38, "/stopTimerOnAnswer", Form::Flag(false)),
    Other("historical_retention", 40, "/sm2Retention", Form::Float(0.9)),
    Other("question_shown_s", 41, "/secondsToShowQuestion", Form::Float(0.0)),
    Other("answer_shown_s", 42, "/secondsToShowAnswer", Form::Float(0.0)),
    Other("answer_action", 43, "/answerAction", Form::Whole(0)),
    Other("waits_for_audio", 44, "/waitForAudio", Form::Flag(true)),
];

/// Those of the older form. What a collection leaves out is as it is by default.
pub(super) fn of_json(options: &Value) -> BTreeMap<&'static str, Value> {
    let differs = |Other(name, _, place, form): &Other| {
        let there = options.pointer(place)?;
        let number = there.as_f64().or_else(|| there.as_bool().map(|yes| f64::from(u8::from(yes))))?;
        Some((*name, form.unless_default(number)?))
    };
    OTHERS.iter().filter_map(differs).collect()
}

/// Those of the newer form. What a message leaves out is zero.
pub(super) fn of_message(message: &[u8]) -> Result<BTreeMap<&'static str, Value>, NotAMessage> {
    let mut others: BTreeMap<&'static str, Value> = BTreeMap::new();
    let mut left_out: BTreeMap<u64, &Other> = OTHERS.iter().map(|other| (other.1, other)).collect();
    let mut note = |Other(name, _, _, form): &Other, number: f64| {
        let number =
            if matches!(form, Form::Contrary(_)) { f64::from(u8::from(number == 0.0)) } else { number };
        others.extend(form.unless_default(number).map(|value| (*name, value)));
    };
    for field in Fields::of(message) {
        let (number, value) = field?;
        let Some(other) = left_out.remove(&number) else { continue };
        let number = match other.3 {
            Form::Float(_) => f64::from(value.float()),
            Form::Whole(_) | Form::Flag(_) | Form::Contrary(_) => f64::from(value.small()),
        };
        note(other, number);
    }
    left_out.into_values().for_each(|other| note(other, 0.0));
    Ok(others)
}

impl Form {
    fn unless_default(self, number: f64) -> Option<Value> {
        match self {
            Form::Whole(default) => (number != f64::from(default)).then(|| json!(number as i64)),
            Form::Float(default) => {
                let differs = (number - f64::from(default)).abs() > 0.000_5;
                differs.then(|| json!((number * 1_000.0).round() / 1_000.0))
            }
            Form::Flag(default) | Form::Contrary(default) => {
                ((number != 0.0) != default).then_some(Value::Bool(!default))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_tell_what_is_not_as_anki_has_it_by_default() {
        let default = json!({ "maxTaken": 60, "autoplay": true, "timer": 0, "replayq": true,
            "new": { "ints": [1, 4, 0], "order": 1 }, "rev": { "ease4": 1.3, "ivlFct": 1.0, "hardFactor": 1.2 },
            "lapse": { "minInt": 1 }, "sm2Retention": 0.9, "waitForAudio": true });
        assert_eq!(of_json(&default), BTreeMap::new());
        assert_eq!(of_json(&json!({})), BTreeMap::new());
        let own = json!({ "maxTaken": 33, "autoplay": false, "timer": 1, "new": { "ints": [2, 4], "order": 0 },
            "rev": { "ease4": 1.5 }, "reviewOrder": 3 });
        let told = json!({ "answer_time_max_s": 33, "autoplay": false, "shows_timer": true,
            "graduating_interval_days": 2, "new_in_order": false, "easy_bonus": 1.5, "review_order": 3 });
        assert_eq!(json!(of_json(&own)), told);
        let float = |number: u8, float: f32| [vec![number << 3 | 5], float.to_le_bytes().to_vec()].concat();
        let mut message =
            [float(12, 1.5), float(13, 1.2), float(15, 1.0), vec![17 << 3 & 0x7f | 0x80, 1, 1]].concat();
        for (number, value) in [(18_u16, 2), (19, 4), (20, 1), (23, 1), (24, 33), (25, 1), (33, 3), (44, 1)] {
            let key = number << 3;
            message.extend([(key & 0x7f | 0x80) as u8, (key >> 7) as u8, value]);
        }
        message.extend([0xc5, 0x02]);
        message.extend(0.9_f32.to_le_bytes());
        assert_eq!(json!(of_message(&message).unwrap()), told);
    }
}
