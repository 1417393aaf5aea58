//! A deck's settings on the wire.

use crate::http::{Code, Problem};
use domain::deck::{DeckSettings, NewMix};
use domain::sm2::INTERVAL_MAX_DAYS;
use protocol::limits::ALLOWANCE_MAX;
use serde::{Deserialize, Serialize};

/// Longest wait before a drill card comes again, in seconds: a day.
const DRILL_DELAY_S_MAX: u32 = 86_400;

/// How new cards are mixed in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mix {
    Spread,
    Before,
    After,
}

/// The settings as they are read: what is absent stays as it is. A name that is not known is refused, because a typing
/// error here would show only weeks later.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SettingsIn {
    scheduler: Option<String>,
    new_per_day: Option<u32>,
    reviews_per_day: Option<u32>,
    desired_retention: Option<f64>,
    drill_until: Option<u8>,
    drill_delay_s: Option<u32>,
    fuzz: Option<bool>,
    bury_siblings: Option<bool>,
    new_mix: Option<Mix>,
    leech_after: Option<u16>,
    maximum_interval_days: Option<u32>,
}

/// The settings as they are written.
#[derive(Clone, Debug, Serialize)]
pub(in crate::http) struct SettingsOut {
    scheduler: &'static str,
    new_per_day: u32,
    reviews_per_day: u32,
    drill_until: u8,
    drill_delay_s: u32,
    bury_siblings: bool,
    new_mix: Mix,
    leech_after: u16,
    maximum_interval_days: u32,
}

impl SettingsIn {
    /// The settings after this change.
    pub(in crate::http) fn applied_to(self, old: DeckSettings) -> Result<DeckSettings, Problem> {
        self.check_offered()?;
        let range = |name: &str, value: Option<u32>, least: u32, most: u32, old: u32| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(Problem::invalid(format!("`settings.{name}` is {least} to {most}.")))
            }
            value => Ok(value.unwrap_or(old)),
        };
        let drill_until = self.drill_until.map(u32::from);
        let leech_after = self.leech_after.map(u32::from);
        Ok(DeckSettings {
            new_per_day: range("new_per_day", self.new_per_day, 0, ALLOWANCE_MAX, old.new_per_day)?,
            reviews_per_day: range(
                "reviews_per_day",
                self.reviews_per_day,
                0,
                ALLOWANCE_MAX,
                old.reviews_per_day,
            )?,
            drill_until: range("drill_until", drill_until, 3, 4, old.drill_until.into())? as u8,
            drill_delay_s: range(
                "drill_delay_s",
                self.drill_delay_s,
                0,
                DRILL_DELAY_S_MAX,
                old.drill_delay_s,
            )?,
            bury_siblings: self.bury_siblings.unwrap_or(old.bury_siblings),
            new_mix: self.new_mix.map_or(old.new_mix, |mix| match mix {
                Mix::Spread => NewMix::Spread,
                Mix::Before => NewMix::Before,
                Mix::After => NewMix::After,
            }),
            leech_after: range("leech_after", leech_after, 1, u16::MAX.into(), old.leech_after.into())?
                as u16,
            maximum_interval_days: range(
                "maximum_interval_days",
                self.maximum_interval_days,
                1,
                INTERVAL_MAX_DAYS,
                old.maximum_interval_days,
            )?,
        })
    }

    fn check_offered(&self) -> Result<(), Problem> {
        let refused = match (self.scheduler.as_deref(), self.fuzz, self.desired_retention) {
            (Some(scheduler), ..) if scheduler != "sm2" => "`settings.scheduler` is `sm2` on this server.",
            (_, Some(true), _) => "`settings.fuzz` is not offered by this server.",
            (.., Some(_)) => "`settings.desired_retention` belongs to a scheduler that is not offered.",
            _ => return Ok(()),
        };
        Err(Problem::new(Code::NotOffered, refused))
    }
}

impl From<DeckSettings> for SettingsOut {
    fn from(settings: DeckSettings) -> SettingsOut {
        SettingsOut {
            scheduler: "sm2",
            new_per_day: settings.new_per_day,
            reviews_per_day: settings.reviews_per_day,
            drill_until: settings.drill_until,
            drill_delay_s: settings.drill_delay_s,
            bury_siblings: settings.bury_siblings,
            new_mix: match settings.new_mix {
                NewMix::Spread => Mix::Spread,
                NewMix::Before => Mix::Before,
                NewMix::After => Mix::After,
            },
            leech_after: settings.leech_after,
            maximum_interval_days: settings.maximum_interval_days,
        }
    }
}
