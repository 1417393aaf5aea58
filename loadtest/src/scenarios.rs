//! The scenarios that come with the program.

use crate::scenario::{BadScenario, Scenario};
use std::path::Path;

/// Name and text of each.
const BUILT_IN: [(&str, &str); 13] = [
    ("cluster", include_str!("../scenarios/cluster.toml")),
    ("ramp", include_str!("../scenarios/ramp.toml")),
    ("spike", include_str!("../scenarios/spike.toml")),
    ("endurance", include_str!("../scenarios/endurance.toml")),
    ("peak", include_str!("../scenarios/peak.toml")),
    ("bell", include_str!("../scenarios/bell.toml")),
    ("return", include_str!("../scenarios/return.toml")),
    ("slow", include_str!("../scenarios/slow.toml")),
    ("zombies", include_str!("../scenarios/zombies.toml")),
    ("soak", include_str!("../scenarios/soak.toml")),
    ("school", include_str!("../scenarios/school.toml")),
    ("api", include_str!("../scenarios/api.toml")),
    ("brief", include_str!("../scenarios/brief.toml")),
];

/// The scenario of this name, or the one in this file.
///
/// # Errors
/// When there is none, or it cannot be run.
pub fn find(name: &str) -> Result<Scenario, BadScenario> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        return Scenario::parse(name, text);
    }
    if !Path::new(name).exists() {
        return Err(BadScenario::NoSuch(name.to_owned(), names()));
    }
    let text =
        std::fs::read_to_string(name).map_err(|error| BadScenario::Unreadable(name.to_owned(), error))?;
    Scenario::parse(name, &text)
}

/// All of them, with what they are for.
///
/// # Errors
/// When one of them cannot be run, which a test rules out.
pub fn all() -> Result<Vec<Scenario>, BadScenario> {
    BUILT_IN.iter().map(|(name, text)| Scenario::parse(name, text)).collect()
}

fn names() -> String {
    BUILT_IN.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Changes;

    #[test]
    fn every_scenario_that_comes_along_can_be_run_and_bears_its_name() {
        for (name, scenario) in BUILT_IN.iter().zip(all().unwrap()) {
            assert_eq!(name.0, scenario.name);
        }
    }

    #[test]
    fn a_scenario_is_scaled_by_one_number() {
        let ramp = find("ramp").unwrap();
        let tenth = ramp.clone().with(&Changes { scale: Some(0.1), ..Changes::default() }).unwrap();
        assert_eq!(tenth.learners.count * 10, ramp.learners.count);
        assert_eq!(tenth.joining(), ramp.joining());
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_the_field_that_is_wrong() {
        let ramp = find("ramp").unwrap();
        let day = Changes { steady_s: Some(90_000), ..Changes::default() };
        assert!(ramp.clone().with(&day).unwrap_err().to_string().contains("at most a day"));
        let few = Changes { cards: Some(3), ..Changes::default() };
        assert!(ramp.with(&few).unwrap_err().to_string().contains("deck.cards"));
        assert!(find("nonsense").unwrap_err().to_string().contains("ramp, spike"));
        assert!(Scenario::parse("x", "name = 1").is_err());
    }
}
