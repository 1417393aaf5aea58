//! A deck as the heart sees it: settings, and for each card what decides about dealing it. The text of a card is an
//! opaque fragment that the heart carries and never reads.

use crate::check::CheckSettings;
use crate::entry::Mode;
use crate::fsrs::Parameters;
use crate::ids::{CardId, DeckId, NoteId, UserId};
use crate::schedule::{DESIRED_RETENTION_PERMILLE, EasyDays, FoldParams, Scheduler};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How new cards are mixed in among reviews.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NewMix {
    /// Evenly among the reviews.
    #[default]
    Spread,
    /// Before all reviews.
    Before,
    /// After all reviews.
    After,
}

/// By which of the schedulers a deck goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SchedulerKind {
    /// SM-2.
    #[default]
    Sm2,
    /// FSRS-6.
    Fsrs,
}

/// A deck's settings. Defaults are those of the field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeckSettings {
    /// New cards a study day and learner.
    pub new_per_day: u32,
    /// Reviews a study day and learner.
    pub reviews_per_day: u32,
    /// A card graded below this (3 or 4) comes again on the same day.
    pub drill_until: u8,
    /// After how many seconds it comes again.
    pub drill_delay_s: u32,
    /// Whether the other cards of a note rest for the day when one was studied.
    pub bury_siblings: bool,
    /// How new cards are mixed in.
    pub new_mix: NewMix,
    /// From this many lapses on a card is a leech.
    pub leech_after: u16,
    /// No interval is longer, in days.
    pub maximum_interval_days: u32,
    /// What finds the next interval.
    pub scheduler: SchedulerKind,
    /// Under FSRS a card is asked again when its recall has fallen to this, in permille.
    pub desired_retention_permille: u16,
    /// The weights of FSRS; `None` for everybody's. They hold for the deck, whoever studies it.
    pub parameters: Option<Parameters>,
    /// Whether intervals are spread over nearby days; `None` as the scheduler has it: FSRS does, SM-2 does not.
    pub fuzz: Option<bool>,
    /// On which weekdays fewer cards shall fall, where intervals are spread.
    pub easy_days: EasyDays,
    /// How its cards are asked, where a sitting does not say otherwise. A card that cannot be asked so is asked in the mode
    /// before it: one without choices is typed, one without an answer in words is turned.
    pub mode: Mode,
    /// What is the same and what is not in an answer that is checked.
    pub check: CheckSettings,
}

impl Default for DeckSettings {
    fn default() -> Self {
        Self {
            new_per_day: 20,
            reviews_per_day: 200,
            drill_until: 4,
            drill_delay_s: 60,
            bury_siblings: false,
            new_mix: NewMix::Spread,
            leech_after: 8,
            maximum_interval_days: crate::sm2::INTERVAL_MAX_DAYS,
            scheduler: SchedulerKind::Sm2,
            desired_retention_permille: DESIRED_RETENTION_PERMILLE,
            parameters: None,
            fuzz: None,
            easy_days: EasyDays::NONE,
            mode: Mode::Flip,
            check: CheckSettings::default(),
        }
    }
}

impl DeckSettings {
    /// What of them the fold depends on.
    pub fn fold_params(&self) -> FoldParams {
        let scheduler = match self.scheduler {
            SchedulerKind::Sm2 => Scheduler::Sm2,
            SchedulerKind::Fsrs => Scheduler::Fsrs {
                parameters: self.parameters.unwrap_or_default(),
                desired_retention_permille: self.desired_retention_permille,
            },
        };
        FoldParams {
            drill_until: self.drill_until,
            maximum_interval_days: self.maximum_interval_days,
            scheduler,
            fuzz: self.fuzzes().then_some(self.easy_days),
        }
    }

    /// Whether intervals are spread over nearby days.
    pub fn fuzzes(&self) -> bool {
        self.fuzz.unwrap_or(self.scheduler == SchedulerKind::Fsrs)
    }
}

/// One card as the heart sees it.
#[derive(Clone, Debug)]
pub struct CardMeta {
    /// The card.
    pub id: CardId,
    /// The note it was made from.
    pub note: Option<NoteId>,
    /// Tags, in the order given.
    pub tags: Arc<[Arc<str>]>,
    /// Raised with each change of content.
    pub revision: u32,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was marked deleted, Unix milliseconds; a card is never removed.
    pub deleted_ms: Option<i64>,
    /// The encoded content, opaque here.
    pub fragment: Arc<str>,
    /// What a checked mode reads of it.
    pub texts: Arc<PlainTexts>,
}

/// What of a card is compared in the checked modes, as plain text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlainTexts {
    /// What it asks.
    pub front: String,
    /// What it accepts, its back first; none if nothing of it can be typed.
    pub answers: Vec<String>,
}

impl PlainTexts {
    /// How many bytes the texts have.
    pub fn bytes(&self) -> usize {
        let each = self.answers.iter().map(|answer| answer.len() + size_of::<String>());
        size_of::<PlainTexts>() + self.front.len() + each.sum::<usize>()
    }
}

/// A deck with its cards in the order of adding. Cards are only ever appended, so a card's index is its name within
/// every later revision of the deck.
#[derive(Clone, Debug)]
pub struct Deck {
    /// The deck.
    pub id: DeckId,
    /// Whose it is.
    pub owner: UserId,
    /// Raised with each change of the deck or a card in it.
    pub revision: u64,
    /// When it was marked deleted, Unix milliseconds.
    pub deleted_ms: Option<i64>,
    /// The settings.
    pub settings: DeckSettings,
    cards: Vec<CardMeta>,
    by_id: Vec<u32>,
    siblings: BTreeMap<NoteId, Vec<u32>>,
}

impl Deck {
    /// Puts a deck together; `cards` in the order of adding.
    pub fn new(
        id: DeckId,
        owner: UserId,
        revision: u64,
        settings: DeckSettings,
        cards: Vec<CardMeta>,
    ) -> Deck {
        let mut by_id: Vec<u32> = (0..cards.len()).filter_map(|i| u32::try_from(i).ok()).collect();
        by_id.sort_unstable_by_key(|&i| cards.get(i as usize).map(|c| c.id));
        let mut siblings: BTreeMap<NoteId, Vec<u32>> = BTreeMap::new();
        for (i, card) in cards.iter().enumerate() {
            if let (Some(note), Ok(i)) = (card.note, u32::try_from(i)) {
                siblings.entry(note).or_default().push(i);
            }
        }
        siblings.retain(|_, cards| cards.len() > 1);
        Deck { id, owner, revision, deleted_ms: None, settings, cards, by_id, siblings }
    }

    /// The cards in the order of adding, deleted ones included.
    pub fn cards(&self) -> &[CardMeta] {
        &self.cards
    }

    /// The card at this index.
    pub fn card(&self, index: u32) -> Option<&CardMeta> {
        self.cards.get(index as usize)
    }

    /// The index of a card.
    pub fn index_of(&self, id: CardId) -> Option<u32> {
        let at =
            self.by_id.binary_search_by_key(&Some(id), |&i| self.cards.get(i as usize).map(|c| c.id)).ok()?;
        self.by_id.get(at).copied()
    }

    /// The indices of all cards of this card's note, itself included; empty when it has no siblings.
    pub fn siblings(&self, index: u32) -> &[u32] {
        self.card(index)
            .and_then(|card| card.note)
            .and_then(|note| self.siblings.get(&note))
            .map_or(&[], Vec::as_slice)
    }
}
