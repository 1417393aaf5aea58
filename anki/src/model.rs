//! What a collection holds, in Anki's own terms.

use std::collections::BTreeMap;

/// What kind of cards a note type makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// One card a template.
    Standard,
    /// One card a cloze number, all of them by one template.
    Cloze,
    /// Clozes that are regions of a picture.
    ImageOcclusion,
}

/// A note type: how notes become cards.
#[derive(Clone, PartialEq, Debug)]
pub struct Notetype {
    /// The id in the collection.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The names of its fields, in their order.
    pub fields: Vec<String>,
    /// Its templates, in their order.
    pub templates: Vec<Template>,
    /// The style sheet. Kept as a record; a card does not carry it.
    pub css: String,
    /// What stands before LaTeX.
    pub latex_head: String,
    /// What stands after LaTeX.
    pub latex_tail: String,
}

/// How one card is made of a note.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Template {
    /// The name.
    pub name: String,
    /// The text of the front.
    pub front: String,
    /// The text of the back.
    pub back: String,
}

/// A deck.
#[derive(Clone, PartialEq, Debug)]
pub struct Deck {
    /// The id in the collection.
    pub id: i64,
    /// Its levels, joined by `::`; none is empty.
    pub path: String,
    /// What is said about it, HTML or Markdown.
    pub description: String,
    /// Which options hold for it; `None` for a filtered deck.
    pub options: Option<i64>,
    /// Whether it only borrows cards from other decks.
    pub is_filtered: bool,
    /// The retention wanted in this deck, where it differs from its options'.
    pub desired_retention: Option<f32>,
    /// New cards a day in this deck, where they differ from its options'.
    pub new_per_day: Option<u32>,
    /// Reviews a day in this deck, where they differ from its options'.
    pub reviews_per_day: Option<u32>,
}

impl Deck {
    /// A deck of which nothing is said but what it is called.
    pub fn new(id: i64, path: &str) -> Deck {
        Deck {
            id,
            path: path.to_owned(),
            description: String::new(),
            options: None,
            is_filtered: false,
            desired_retention: None,
            new_per_day: None,
            reviews_per_day: None,
        }
    }
}

/// How new cards or reviews are mixed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mix {
    /// Evenly.
    Spread,
    /// After the reviews.
    After,
    /// Before the reviews.
    Before,
}

/// A group of deck options.
#[derive(Clone, PartialEq, Debug)]
pub struct DeckOptions {
    /// The id in the collection.
    pub id: i64,
    /// The name.
    pub name: String,
    /// New cards a day.
    pub new_per_day: u32,
    /// Reviews a day.
    pub reviews_per_day: u32,
    /// How new cards are mixed in among reviews.
    pub new_mix: Mix,
    /// Longest interval, in days.
    pub maximum_interval_days: u32,
    /// From this many lapses on a card is a leech.
    pub leech_lapses: u32,
    /// Whether a leech is suspended.
    pub leeches_are_suspended: bool,
    /// Steps of learning, in minutes.
    pub learn_steps_min: Vec<f32>,
    /// Steps of relearning, in minutes.
    pub relearn_steps_min: Vec<f32>,
    /// The ease of a new card, in permille.
    pub initial_ease_permille: u32,
    /// What is left of an interval after a lapse, in permille.
    pub lapse_interval_permille: u32,
    /// Whether new siblings are buried.
    pub buries_new: bool,
    /// Whether due siblings are buried.
    pub buries_reviews: bool,
    /// The retention wanted (FSRS), 0 where it was never set.
    pub desired_retention: f32,
    /// Parameters of FSRS of the newest version that has any; empty where they were never trained.
    pub fsrs_parameters: Vec<f32>,
    /// How much is wanted on each weekday, Monday first, 1 is all; empty where it was never set.
    pub easy_days: Vec<f32>,
    /// Other options that are not as Anki has them by default, by name, for a report. They are not written.
    pub others: BTreeMap<&'static str, serde_json::Value>,
}

/// When the collection was made, and by which clock its days are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The schema's version: 11 to 18.
    pub schema: i64,
    /// When it was made, Unix seconds: day 0.
    pub created_s: i64,
    /// The hour at which a day begins; `None` before the second scheduler.
    pub rollover_hour: Option<u8>,
    /// How far west of UTC the learner was when it was made, in minutes, where known.
    pub creation_west_min: Option<i32>,
    /// How far west of UTC the learner was last, in minutes, where known.
    pub local_west_min: Option<i32>,
    /// The scheduler's version: 1 or 2 (the third counts as 2).
    pub scheduler: u8,
    /// Whether FSRS schedules.
    pub fsrs: bool,
    /// Learning cards are shown so much ahead of their time, in seconds.
    pub learn_ahead_s: i64,
}

/// What a card is, whatever was done to put it aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Stage {
    /// Never answered.
    New,
    /// In its first steps.
    Learning,
    /// With an interval of days.
    Review,
    /// Forgotten, and in steps again.
    Relearning,
}

/// Whether a card is dealt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Place {
    /// In its queue.
    Active,
    /// Never dealt.
    Suspended,
    /// Hidden for a day, because a sibling was studied.
    BuriedAsSibling,
    /// Hidden for a day by hand.
    BuriedByHand,
}

/// When a card is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Due {
    /// The place of a new card among the new ones.
    Position(i64),
    /// A day, counted from the day of the collection's creation.
    Day(i64),
    /// A moment, Unix seconds.
    Moment(i64),
}

/// The memory of FSRS about a card.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Memory {
    /// Stability, in days.
    pub stability: f32,
    /// Difficulty, 1 to 10.
    pub difficulty: f32,
    /// The retention wanted when it was scheduled, where known.
    pub desired_retention: Option<f32>,
    /// The decay of the curve, where known.
    pub decay: Option<f32>,
}

/// A card.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Card {
    /// The id: mostly when it was made, Unix milliseconds.
    pub id: i64,
    /// The note.
    pub note: i64,
    /// The deck it belongs to: for a card in a filtered deck the one it came from.
    pub deck: i64,
    /// Whether a filtered deck has borrowed it.
    pub is_borrowed: bool,
    /// By which template, or which cloze number less one.
    pub ord: u16,
    /// When it was last changed, Unix seconds.
    pub modified_s: i64,
    /// What it is.
    pub stage: Stage,
    /// Whether it is dealt.
    pub place: Place,
    /// When it is due: in a filtered deck, when it was before.
    pub due: Due,
    /// The interval, in days; steps shorter than a day count as 0.
    pub interval_days: i64,
    /// The ease factor in permille; 0 where it never had one.
    pub ease_permille: i64,
    /// Answers.
    pub answers: i64,
    /// Lapses.
    pub lapses: i64,
    /// Steps that are left, as Anki counts them (today's times a thousand, and all).
    pub steps_left: i64,
    /// A coloured flag, 1 to 7; 0 is none.
    pub flag: u8,
    /// The memory of FSRS.
    pub memory: Option<Memory>,
    /// Whether an add-on or a script keeps data with it.
    pub has_custom_data: bool,
    /// When its last row in the review log was written, Unix milliseconds.
    pub last_logged_ms: Option<i64>,
}

/// A note, as long as its row is at hand.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// The id in the collection.
    pub id: i64,
    /// By which it is the same note in every collection.
    pub guid: &'a str,
    /// The note type.
    pub notetype: i64,
    /// When it was last changed, Unix seconds.
    pub modified_s: i64,
    /// Its tags, between spaces.
    pub tags: &'a str,
    /// Its fields, HTML, joined by [`FIELD_SEPARATOR`].
    pub fields: &'a str,
}

/// Between the fields of a note.
pub const FIELD_SEPARATOR: char = '\u{1f}';

impl<'a> Note<'a> {
    /// The tags, one by one.
    pub fn each_tag(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.tags.split([' ', '\u{3000}']).filter(|tag| !tag.is_empty())
    }

    /// The fields, one by one.
    pub fn each_field(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.fields.split(FIELD_SEPARATOR)
    }
}

/// A card with its note.
#[derive(Clone, Copy, Debug)]
pub struct CardRow<'a> {
    /// The card.
    pub card: Card,
    /// Its note.
    pub note: Note<'a>,
}

impl CardRow<'_> {
    /// By which the card is the same one in every collection.
    pub fn source_key(&self) -> String {
        source_key(self.note.guid, self.card.ord)
    }
}

/// By which a card is the same one in every collection: its note's guid, and which of the note's cards it is.
pub fn source_key(guid: &str, ord: u16) -> String {
    format!("anki:{ord}:{guid}")
}

/// What a row of the review log was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ReviewKind {
    /// A step of learning.
    Learning,
    /// A review.
    Review,
    /// A step of relearning.
    Relearning,
    /// Before its time, or for practice alone.
    Filtered,
    /// Not an answer: set by hand.
    Manual,
    /// Not an answer: moved by Anki.
    Rescheduled,
}

/// A row of the review log.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Review<'a> {
    /// When, Unix milliseconds. No two rows of a collection have one time.
    pub at_ms: i64,
    /// The card's id in the collection.
    pub card: i64,
    /// The card's name beyond it, where the card is still there.
    pub of: Option<CardName<'a>>,
    /// The update sequence number; -1 is not synchronised yet. Less than that is in packages that were written here: by so
    /// many milliseconds the row is later than what it tells of.
    pub usn: i64,
    /// The button: 1 to 4; 0 is none.
    pub button: i64,
    /// The interval afterwards: days, or seconds if negative.
    pub interval: i64,
    /// The interval before: days, or seconds if negative.
    pub last_interval: i64,
    /// The ease in permille; with FSRS the difficulty, scaled to 100 to 1100.
    pub factor: i64,
    /// Time taken, milliseconds.
    pub taken_ms: i64,
    /// What it was.
    pub kind: ReviewKind,
}

/// By what a review's card is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardName<'a> {
    /// The note's guid.
    pub guid: &'a str,
    /// Which of the note's cards.
    pub ord: u16,
    /// The deck it belongs to.
    pub deck: i64,
}
