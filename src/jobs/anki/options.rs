//! Deck options there as settings here.

use anki::{Deck, DeckOptions, Mix};
use domain::deck::{DeckSettings, NewMix};
use domain::fsrs::{Parameters, Version};
use domain::schedule::{
    DESIRED_RETENTION_MAX_PERMILLE, DESIRED_RETENTION_MIN_PERMILLE, DESIRED_RETENTION_PERMILLE, EasyDays,
};
use protocol::limits::ALLOWANCE_MAX;
use serde_json::{Value, json};

/// What of a deck's options becomes settings.
#[derive(Debug)]
pub(super) struct Taken {
    /// The settings of a new deck, whichever schedules it.
    pub settings: DeckSettings,
    /// The options as a report shows them.
    pub told: Value,
    /// Those that are not as they were, by name.
    pub lost: Vec<&'static str>,
}

impl Taken {
    /// Four buttons: what was hard is not asked again on the same day, as there.
    pub fn of(theirs: Option<&Deck>, options: Option<&DeckOptions>) -> Taken {
        let standard = DeckSettings { drill_until: 3, ..DeckSettings::default() };
        let Some(options) = options else {
            return Taken { settings: standard, told: Value::Null, lost: Vec::new() };
        };
        let mut lost = Vec::new();
        let (parameters, version) = parameters(&options.fsrs_parameters, &mut lost);
        let retention = theirs.and_then(|deck| deck.desired_retention).unwrap_or(options.desired_retention);
        let new_per_day = theirs.and_then(|deck| deck.new_per_day).unwrap_or(options.new_per_day);
        let reviews_per_day = theirs.and_then(|deck| deck.reviews_per_day).unwrap_or(options.reviews_per_day);
        let settings = DeckSettings {
            new_per_day: new_per_day.min(ALLOWANCE_MAX),
            reviews_per_day: reviews_per_day.min(ALLOWANCE_MAX),
            bury_siblings: options.buries_new || options.buries_reviews,
            new_mix: match options.new_mix {
                Mix::Spread => NewMix::Spread,
                Mix::After => NewMix::After,
                Mix::Before => NewMix::Before,
            },
            leech_after: u16::try_from(options.leech_lapses).unwrap_or(u16::MAX).max(1),
            maximum_interval_days: options.maximum_interval_days.clamp(1, standard.maximum_interval_days),
            desired_retention_permille: retention_permille(retention, &mut lost),
            parameters,
            easy_days: easy_days(&options.easy_days, &mut lost),
            ..standard
        };
        let told = json!({
            "name": options.name,
            "desired_retention": retention,
            "fsrs_parameters": options.fsrs_parameters,
            "fsrs_version": version.map(name_of),
            "easy_days": options.easy_days,
            "learn_steps_min": options.learn_steps_min,
            "relearn_steps_min": options.relearn_steps_min,
            "initial_ease_permille": options.initial_ease_permille,
            "lapse_interval_permille": options.lapse_interval_permille,
            "leeches_are_suspended": options.leeches_are_suspended,
            "others": options.others,
        });
        Taken { settings, told, lost }
    }
}

const fn name_of(version: Version) -> &'static str {
    match version {
        Version::Fsrs4 => "FSRS-4.5",
        Version::Fsrs5 => "FSRS-5",
        Version::Fsrs6 => "FSRS-6",
    }
}

/// The weights, and by which version they were fitted; none where they never were.
fn parameters(theirs: &[f32], lost: &mut Vec<&'static str>) -> (Option<Parameters>, Option<Version>) {
    if theirs.is_empty() {
        return (None, None);
    }
    let decimals: Vec<f64> = theirs.iter().copied().map(f64::from).collect();
    match Parameters::of_any_version(&decimals) {
        Ok((parameters, version)) => (Some(parameters), Some(version)),
        Err(_) => {
            lost.push("fsrs_parameters");
            (None, None)
        }
    }
}

/// The retention that is wanted, or the nearest that may be; everybody's where none was.
fn retention_permille(wanted: f32, lost: &mut Vec<&'static str>) -> u16 {
    if wanted <= 0.0 {
        return DESIRED_RETENTION_PERMILLE;
    }
    // The conversion saturates.
    let permille = (wanted * 1_000.0).round() as u16;
    let nearest = permille.clamp(DESIRED_RETENTION_MIN_PERMILLE, DESIRED_RETENTION_MAX_PERMILLE);
    if nearest != permille {
        lost.push("desired_retention");
    }
    nearest
}

/// How much is wanted on each weekday, Monday first, in percent.
fn easy_days(theirs: &[f32], lost: &mut Vec<&'static str>) -> EasyDays {
    if theirs.is_empty() {
        return EasyDays::NONE;
    }
    let mut days = [0; 7];
    for (day, share) in days.iter_mut().zip(theirs) {
        *day = (share.clamp(0.0, 1.0) * 100.0).round() as u8;
    }
    if theirs.len() == days.len() && days.iter().any(|share| *share > 0) {
        return EasyDays(days);
    }
    lost.push("easy_days");
    EasyDays::NONE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> DeckOptions {
        DeckOptions {
            id: 1,
            name: "Mine".to_owned(),
            new_per_day: 2_000_000,
            reviews_per_day: 99,
            new_mix: Mix::After,
            maximum_interval_days: 0,
            leech_lapses: 0,
            leeches_are_suspended: true,
            learn_steps_min: vec![1.0],
            relearn_steps_min: Vec::new(),
            initial_ease_permille: 2_500,
            lapse_interval_permille: 0,
            buries_new: false,
            buries_reviews: true,
            desired_retention: 0.87,
            fsrs_parameters: Parameters::DEFAULT.decimals().map(|w| w as f32).to_vec(),
            easy_days: vec![1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 1.0],
            others: [("easy_bonus", json!(1.5))].into(),
        }
    }

    #[test]
    fn what_has_a_name_here_is_as_it_was() {
        let Taken { settings, told, lost } = Taken::of(None, Some(&options()));
        assert_eq!(lost, [""; 0]);
        assert_eq!(
            (settings.parameters, settings.desired_retention_permille),
            (Some(Parameters::DEFAULT), 870)
        );
        assert_eq!(settings.easy_days, EasyDays([100, 100, 100, 100, 50, 0, 100]));
        assert_eq!((settings.new_per_day, settings.reviews_per_day), (ALLOWANCE_MAX, 99));
        assert_eq!((settings.leech_after, settings.maximum_interval_days, settings.drill_until), (1, 1, 3));
        assert_eq!(told["fsrs_version"], "FSRS-6");
        assert_eq!(told["others"], json!({ "easy_bonus": 1.5 }));
    }

    #[test]
    fn a_deck_may_want_another_retention_than_its_options() {
        let deck = Deck {
            options: Some(1),
            desired_retention: Some(0.95),
            new_per_day: Some(5),
            ..Deck::new(1, "")
        };
        let Taken { settings, lost, .. } = Taken::of(Some(&deck), Some(&options()));
        assert_eq!((settings.desired_retention_permille, settings.new_per_day, lost.len()), (950, 5, 0));
    }

    #[test]
    fn what_cannot_be_held_is_the_default_or_the_nearest_and_is_told() {
        let odd = DeckOptions {
            desired_retention: 0.5,
            fsrs_parameters: vec![1.0; 13],
            easy_days: vec![0.0; 7],
            ..options()
        };
        let Taken { settings, told, lost } = Taken::of(None, Some(&odd));
        assert_eq!(lost, ["fsrs_parameters", "desired_retention", "easy_days"]);
        assert_eq!((settings.parameters, settings.desired_retention_permille), (None, 700));
        assert_eq!((settings.easy_days, &told["fsrs_version"]), (EasyDays::NONE, &Value::Null));
        // What was never set is not lost.
        let unset = DeckOptions {
            desired_retention: 0.0,
            fsrs_parameters: Vec::new(),
            easy_days: Vec::new(),
            ..options()
        };
        let Taken { settings, lost, .. } = Taken::of(None, Some(&unset));
        assert_eq!((settings.desired_retention_permille, lost.len()), (900, 0));
        let mut infinite = options();
        infinite.fsrs_parameters[3] = f32::INFINITY;
        assert_eq!(Taken::of(None, Some(&infinite)).lost, ["fsrs_parameters"]);
    }

    #[test]
    fn weights_of_earlier_versions_come_over_as_ours() {
        for (count, name) in [(17, "FSRS-4.5"), (19, "FSRS-5")] {
            let mut old = options();
            old.fsrs_parameters.truncate(count);
            let Taken { settings, told, lost } = Taken::of(None, Some(&old));
            assert_eq!((&told["fsrs_version"], lost.len()), (&json!(name), 0));
            assert_eq!(settings.parameters.unwrap().raw()[20], 5_000, "{name}");
        }
    }
}
