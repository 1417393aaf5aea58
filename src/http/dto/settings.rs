//! A deck's settings on the wire.

use super::maybe_null;
use crate::http::Problem;
use domain::check::{Accents, Case, CheckSettings, DecimalMark};
use domain::deck::{DeckSettings, NewMix, SchedulerKind};
use domain::entry::Mode;
use domain::fsrs::Parameters;
use domain::schedule::{DESIRED_RETENTION_MAX_PERMILLE, DESIRED_RETENTION_MIN_PERMILLE, EasyDays};
use domain::sm2::INTERVAL_MAX_DAYS;
use protocol::limits::ALLOWANCE_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest wait before a drill card comes again, in seconds: a day.
const DRILL_DELAY_S_MAX: u32 = 86_400;

/// How new cards are mixed in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mix {
    Spread,
    Before,
    After,
}

/// What finds the next interval.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum By {
    Sm2,
    Fsrs,
}

/// How cards are asked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Ask {
    Flip,
    Type,
    Choose,
}

/// What stands before the decimals of a number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mark {
    Point,
    Comma,
}

/// What is the same and what is not in an answer that is checked: what is absent stays as it is.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckIn {
    /// Whether capital letters matter.
    case: Option<bool>,
    /// Whether accents matter.
    accents: Option<bool>,
    decimal_mark: Option<Mark>,
    /// Whether a slip of the fingers is asked about once more.
    slips: Option<bool>,
}

/// The same as it is written.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct CheckOut {
    case: bool,
    accents: bool,
    decimal_mark: Mark,
    slips: bool,
}

impl CheckIn {
    fn applied_to(self, old: CheckSettings) -> CheckSettings {
        CheckSettings {
            case: self.case.map_or(old.case, |matters| if matters { Case::Matters } else { Case::Same }),
            accents: self
                .accents
                .map_or(old.accents, |matters| if matters { Accents::Matter } else { Accents::Same }),
            decimal_mark: self.decimal_mark.map_or(old.decimal_mark, |mark| match mark {
                Mark::Point => DecimalMark::Point,
                Mark::Comma => DecimalMark::Comma,
            }),
            slips: self.slips.unwrap_or(old.slips),
        }
    }
}

impl From<CheckSettings> for CheckOut {
    fn from(check: CheckSettings) -> CheckOut {
        CheckOut {
            case: check.case == Case::Matters,
            accents: check.accents == Accents::Matter,
            decimal_mark: match check.decimal_mark {
                DecimalMark::Point => Mark::Point,
                DecimalMark::Comma => Mark::Comma,
            },
            slips: check.slips,
        }
    }
}

/// The settings as they are read: what is absent stays as it is. A name that is not known is refused, because a typing
/// error here would show only weeks later.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SettingsIn {
    scheduler: Option<By>,
    new_per_day: Option<u32>,
    reviews_per_day: Option<u32>,
    desired_retention: Option<f64>,
    drill_until: Option<u8>,
    drill_delay_s: Option<u32>,
    /// The weights of FSRS; null for everybody's.
    #[serde(default, deserialize_with = "maybe_null")]
    parameters: Option<Option<Vec<f64>>>,
    fuzz: Option<bool>,
    easy_days: Option<[u8; 7]>,
    bury_siblings: Option<bool>,
    new_mix: Option<Mix>,
    leech_after: Option<u16>,
    maximum_interval_days: Option<u32>,
    mode: Option<Ask>,
    check: Option<CheckIn>,
}

/// The settings as they are written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct SettingsOut {
    scheduler: By,
    new_per_day: u32,
    reviews_per_day: u32,
    desired_retention: f64,
    parameters: Option<[f64; 21]>,
    fuzz: bool,
    easy_days: [u8; 7],
    drill_until: u8,
    drill_delay_s: u32,
    bury_siblings: bool,
    new_mix: Mix,
    leech_after: u16,
    maximum_interval_days: u32,
    mode: Ask,
    check: CheckOut,
}

impl SettingsIn {
    /// The settings after this change.
    pub(in crate::http) fn applied_to(self, old: DeckSettings) -> Result<DeckSettings, Problem> {
        let range = |name: &str, value: Option<u32>, least: u32, most: u32, old: u32| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(Problem::invalid(format!("`settings.{name}` is {least} to {most}.")))
            }
            value => Ok(value.unwrap_or(old)),
        };
        let drill_until = self.drill_until.map(u32::from);
        let leech_after = self.leech_after.map(u32::from);
        let scheduler = self.scheduler.map_or(old.scheduler, |by| match by {
            By::Sm2 => SchedulerKind::Sm2,
            By::Fsrs => SchedulerKind::Fsrs,
        });
        Ok(DeckSettings {
            scheduler,
            desired_retention_permille: self.retention()?.unwrap_or(old.desired_retention_permille),
            parameters: self.weights()?.unwrap_or(old.parameters),
            // Another scheduler brings its own way with it, unless this change says otherwise.
            fuzz: self.fuzz.or(old.fuzz.filter(|_| scheduler == old.scheduler)),
            easy_days: self.easy_days()?.unwrap_or(old.easy_days),
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
            mode: self.mode.map_or(old.mode, |mode| match mode {
                Ask::Flip => Mode::Flip,
                Ask::Type => Mode::Type,
                Ask::Choose => Mode::Choose,
            }),
            check: self.check.unwrap_or_default().applied_to(old.check),
        })
    }

    fn retention(&self) -> Result<Option<u16>, Problem> {
        let Some(wanted) = self.desired_retention else { return Ok(None) };
        let (least, most) = (DESIRED_RETENTION_MIN_PERMILLE, DESIRED_RETENTION_MAX_PERMILLE);
        let permille = (wanted * 1_000.0).round();
        if !(f64::from(least)..=f64::from(most)).contains(&permille) {
            return Err(Problem::invalid("`settings.desired_retention` is 0.7 to 0.99."));
        }
        Ok(Some(permille as u16))
    }

    fn weights(&self) -> Result<Option<Option<Parameters>>, Problem> {
        match &self.parameters {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(decimals)) => match Parameters::new(decimals) {
                Ok(parameters) => Ok(Some(Some(parameters))),
                Err(why) => Err(Problem::invalid(format!("`settings.parameters`: {why}."))),
            },
        }
    }

    fn easy_days(&self) -> Result<Option<EasyDays>, Problem> {
        match self.easy_days {
            None => Ok(None),
            Some(days) if days.iter().all(|&share| share <= 100) && days.iter().any(|&share| share > 0) => {
                Ok(Some(EasyDays(days)))
            }
            Some(_) => Err(Problem::invalid(
                "`settings.easy_days` are seven shares from Monday on, 0 to 100 percent, and not all 0.",
            )),
        }
    }
}

impl From<DeckSettings> for SettingsOut {
    fn from(settings: DeckSettings) -> SettingsOut {
        SettingsOut {
            scheduler: match settings.scheduler {
                SchedulerKind::Sm2 => By::Sm2,
                SchedulerKind::Fsrs => By::Fsrs,
            },
            new_per_day: settings.new_per_day,
            reviews_per_day: settings.reviews_per_day,
            desired_retention: f64::from(settings.desired_retention_permille) / 1_000.0,
            parameters: settings.parameters.map(|parameters| parameters.decimals()),
            fuzz: settings.fuzzes(),
            easy_days: settings.easy_days.0,
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
            mode: match settings.mode {
                Mode::Flip => Ask::Flip,
                Mode::Type => Ask::Type,
                Mode::Choose => Ask::Choose,
            },
            check: settings.check.into(),
        }
    }
}
