//! What a run does: who comes when, how often they answer, what goes wrong, and what counts as passed.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest run, in seconds: whatever a file or a flag says, a run ends.
const LENGTH_S_MAX: u64 = 24 * 3_600;
/// Most learners of one run.
const LEARNERS_MAX: usize = 200_000;

/// A scenario, as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// Who comes.
    pub learners: Learners,
    /// What they study.
    #[serde(default)]
    pub deck: Deck,
    /// How they answer.
    pub answers: Answers,
    /// How long all of them study once they are there, in seconds.
    pub steady_s: u64,
    /// What goes wrong on purpose.
    #[serde(default)]
    pub trouble: Trouble,
    /// Steps of a rising rate; without them the rate stays.
    #[serde(default)]
    pub peak: Option<Peak>,
    /// What counts as passed.
    #[serde(default)]
    pub pass: Pass,
}

/// Who comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learners {
    /// How many.
    pub count: usize,
    /// How many of them come in a second.
    pub join_per_s: f64,
    /// Share of them that has no socket and uses HTTP, 0 to 1.
    #[serde(default)]
    pub http_share: f64,
    /// Local addresses (127.0.0.x) that they come from.
    #[serde(default = "one")]
    pub addresses: u8,
}

/// What they study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deck {
    /// Cards of the deck that all of them share.
    pub cards: usize,
}

impl Default for Deck {
    fn default() -> Self {
        Deck { cards: 100 }
    }
}

/// How they answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Time between two intended answers of a learner, in milliseconds, varied by a fifth either way.
    pub every_ms: u64,
    /// Cards held ahead.
    #[serde(default = "window")]
    pub window: u8,
}

/// What goes wrong on purpose. Shares are of the learners with a socket, 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// Send answers and never read.
    #[serde(default)]
    pub frozen_share: f64,
    /// Read one message in so many milliseconds ...
    #[serde(default)]
    pub slow_read_ms: u64,
    /// ... this share of them.
    #[serde(default)]
    pub slow_share: f64,
    /// Fall silent for ever without closing, once studying.
    #[serde(default)]
    pub vanish_share: f64,
    /// All drop their connection so many seconds after everybody is there ...
    #[serde(default)]
    pub drop_after_s: Option<u64>,
    /// ... and come back within so many milliseconds.
    #[serde(default)]
    pub back_within_ms: u64,
}

/// A rate that rises until a latency breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peak {
    /// Answers a second of the first step, all learners together.
    pub from_per_s: f64,
    /// Each step is so many times the one before.
    pub factor: f64,
    /// Length of a step, in seconds.
    pub step_s: u64,
    /// The p99 from the intended answer to the next card that counts as broken, in milliseconds.
    pub card_p99_ms: f64,
}

/// What counts as passed. What is absent is not asked for; faults always fail a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    /// From the intended answer to the next card, p99.
    pub card_p99_ms: Option<f64>,
    /// From the intended answer to its `saved`, p99.
    pub saved_p99_ms: Option<f64>,
    /// An HTTP request, p95.
    pub http_p95_ms: Option<f64>,
    /// One append of the store, p90, as the server's metric has it.
    pub store_p90_ms: Option<f64>,
    /// Resident memory of the server at its highest, in MB.
    pub resident_mb: Option<f64>,
    /// Growth of the server's resident memory over the second half of the run, in MB an hour.
    pub growth_mb_per_hour: Option<f64>,
    /// HTTP answers of 500 and above, as a share of all.
    pub server_error_share: Option<f64>,
    /// Until everybody studies again after a drop, in seconds.
    pub back_s: Option<f64>,
}

const fn one() -> u8 {
    1
}

const fn window() -> u8 {
    3
}

/// A scenario that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BadScenario {
    /// Neither one of ours nor a file.
    #[error("there is no scenario {0}: give a file, or one of {1}")]
    NoSuch(String, String),
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// It is not what a scenario looks like.
    #[error("{0} is no scenario: {1}")]
    Toml(String, Box<toml::de::Error>),
    /// A value out of its range.
    #[error("{field} is {value}: it must be {range}")]
    Range {
        /// The field.
        field: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        range: &'static str,
    },
}

/// What a command line changes of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// All numbers of learners and their rate of coming times this.
    pub scale: Option<f64>,
    /// The number of learners.
    pub learners: Option<usize>,
    /// Learners that come in a second.
    pub join_per_s: Option<f64>,
    /// Time between two answers of a learner, in milliseconds.
    pub every_ms: Option<u64>,
    /// Length of the steady part, in seconds.
    pub steady_s: Option<u64>,
    /// Cards of the deck.
    pub cards: Option<usize>,
}

impl Scenario {
    /// Reads a scenario from the text of its file.
    ///
    /// # Errors
    /// When it is not one, or a value is out of its range.
    pub fn parse(name: &str, text: &str) -> Result<Scenario, BadScenario> {
        let scenario: Scenario =
            toml::from_str(text).map_err(|error| BadScenario::Toml(name.to_owned(), Box::new(error)))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The same scenario with what the command line says.
    ///
    /// # Errors
    /// When a value leaves its range by it.
    pub fn with(mut self, changes: &Changes) -> Result<Scenario, BadScenario> {
        if let Some(scale) = changes.scale {
            let scaled = (self.learners.count as f64 * scale).round();
            self.learners.count = if scaled.is_finite() && scaled > 1.0 { scaled as usize } else { 1 };
            self.learners.join_per_s *= scale;
            if let Some(peak) = &mut self.peak {
                peak.from_per_s *= scale;
            }
        }
        self.learners.count = changes.learners.unwrap_or(self.learners.count);
        self.learners.join_per_s = changes.join_per_s.unwrap_or(self.learners.join_per_s);
        self.answers.every_ms = changes.every_ms.unwrap_or(self.answers.every_ms);
        self.steady_s = changes.steady_s.unwrap_or(self.steady_s);
        self.deck.cards = changes.cards.unwrap_or(self.deck.cards);
        self.check()?;
        Ok(self)
    }

    /// How long it takes until everybody has come.
    pub fn joining(&self) -> Duration {
        Duration::from_secs_f64(self.learners.count as f64 / self.learners.join_per_s)
    }

    /// From the first learner's coming to the last intended answer.
    pub fn length(&self) -> Duration {
        self.joining() + Duration::from_secs(self.steady_s)
    }

    fn check(&self) -> Result<(), BadScenario> {
        let range = |good: bool, field, value: String, range| {
            if good { Ok(()) } else { Err(BadScenario::Range { field, value, range }) }
        };
        let share =
            |field, share: f64| range((0.0..=1.0).contains(&share), field, share.to_string(), "from 0 to 1");
        let count = self.learners.count;
        range((1..=LEARNERS_MAX).contains(&count), "learners.count", count.to_string(), "1 to 200,000")?;
        let join = self.learners.join_per_s;
        range(join > 0.0 && join.is_finite(), "learners.join_per_s", join.to_string(), "above 0")?;
        let length_s = count as f64 / join + self.steady_s as f64;
        range(length_s <= LENGTH_S_MAX as f64, "the whole length", format!("{length_s} s"), "at most a day")?;
        share("learners.http_share", self.learners.http_share)?;
        range(self.learners.addresses >= 1, "learners.addresses", "0".to_owned(), "1 to 255")?;
        let window = self.answers.window;
        range((1..=20).contains(&window), "answers.window", window.to_string(), "1 to 20")?;
        range(self.answers.every_ms >= 1, "answers.every_ms", "0".to_owned(), "at least 1")?;
        let cards = self.deck.cards;
        // Fewer would run dry while some are held and some wait for their verdict.
        let enough = 2 * usize::from(window) + 4;
        let wanted = "twice the window and 4 at least, 100,000 at most";
        range((enough..=100_000).contains(&cards), "deck.cards", cards.to_string(), wanted)?;
        let trouble = &self.trouble;
        share("trouble.frozen_share", trouble.frozen_share)?;
        share("trouble.slow_share", trouble.slow_share)?;
        share("trouble.vanish_share", trouble.vanish_share)?;
        share(
            "the shares of trouble together",
            trouble.frozen_share + trouble.slow_share + trouble.vanish_share,
        )?;
        if let Some(peak) = &self.peak {
            range(peak.from_per_s > 0.0, "peak.from_per_s", peak.from_per_s.to_string(), "above 0")?;
            range(peak.factor > 1.0, "peak.factor", peak.factor.to_string(), "above 1")?;
            range(peak.step_s >= 1, "peak.step_s", peak.step_s.to_string(), "at least 1")?;
        }
        Ok(())
    }
}
