//! The cold port for decks and cards.

use crate::Boxed;
use crate::error::StoreError;
use domain::access::{DeckGate, Narrowed, Span, Visibility};
use domain::deck::DeckSettings;
use domain::ids::{CardId, DeckId, NoteId, OrgId, UserId, Uuid};

/// A deck's record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeckRecord {
    /// The deck.
    pub id: DeckId,
    /// The organisation it belongs to: the owner's when it was made.
    pub org: Option<OrgId>,
    /// Whose it is.
    pub owner: UserId,
    /// Who changes its cards together with the owner; in the order in which they were named, without doubles.
    pub editors: Vec<UserId>,
    /// Its place in the owner's tree, `Biology::Cell`; the last part is usually the title.
    pub path: String,
    /// The title.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// Who it is for.
    pub visibility: Visibility,
    /// Who it was for before.
    pub narrowed: Narrowed,
    /// Tags.
    pub tags: Vec<String>,
    /// Settings of study.
    pub settings: DeckSettings,
    /// Raised with each change of the deck or a card in it.
    pub revision: u64,
    /// Cards that are not deleted.
    pub cards: u32,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it or a card in it was last changed.
    pub updated_ms: i64,
    /// When it was marked deleted.
    pub deleted_ms: Option<i64>,
}

impl DeckRecord {
    /// What of it decides who sees it.
    pub fn gate(&self) -> DeckGate {
        DeckGate {
            owner: self.owner,
            editors: self.editors.as_slice().into(),
            org: self.org,
            visibility: self.visibility,
            narrowed: self.narrowed,
            life: Span { from_ms: self.created_ms, until_ms: self.deleted_ms },
        }
    }
}

/// A card's record. Texts are sanitised HTML, ready to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardRecord {
    /// The card.
    pub id: CardId,
    /// Its deck.
    pub deck: DeckId,
    /// Its place in the order of adding, from 0 without a gap. The store assigns it to a card that it does not know.
    pub position: u32,
    /// The note it was made from.
    pub note: Option<NoteId>,
    /// The question.
    pub front: String,
    /// The answer.
    pub back: String,
    /// A hint.
    pub hint: Option<String>,
    /// An explanation, shown after the answer.
    pub explanation: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What is accepted as an answer besides the back, as plain text; see [`ACCEPT_MAX`].
    pub accept: Vec<String>,
    /// By which an import finds it again (its guid, or its front as it came in); unique in the deck among live cards.
    pub source_key: String,
    /// Raised with each change; the store assigns it.
    pub revision: u32,
    /// When it was made, Unix milliseconds.
    pub created_ms: i64,
    /// When it was last changed.
    pub updated_ms: i64,
    /// When it was marked deleted.
    pub deleted_ms: Option<i64>,
}

/// Answers that a card accepts besides its back: no more.
pub const ACCEPT_MAX: usize = 32;
/// The longest of them, in bytes: as much as may be typed.
pub const ACCEPT_BYTES_MAX: usize = domain::limits::TYPED_BYTES_MAX;

/// A deck with all its cards in the order of adding, deleted ones included.
pub type DeckContent = (DeckRecord, Vec<CardRecord>);

/// Between the levels of a deck's path.
pub const PATH_SEPARATOR: &str = "::";

/// Which decks a list holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeckQuery {
    /// Decks of this owner.
    pub owner: Option<UserId>,
    /// And those that this person edits, whoever owns them.
    pub editor: Option<UserId>,
    /// And these, whoever owns them.
    pub ids: Vec<DeckId>,
    /// Only those at or below this path.
    pub below_path: Option<String>,
    /// Deleted ones too.
    pub with_deleted: bool,
}

/// Which cards a page holds: in the order of adding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardQuery {
    /// From this position on.
    pub from_position: u32,
    /// At most so many.
    pub limit: usize,
    /// Only cards whose front, back or tags contain this text, whatever its case.
    pub text: Option<String>,
    /// Deleted ones too.
    pub with_deleted: bool,
}

/// Which cards are looked for, over several decks: those with all words of a text, whatever their case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardSearch {
    /// The decks to look through; what else the store has stays unseen.
    pub decks: Vec<DeckId>,
    /// What a card must hold in front, back or tags: each of its words. A store with an index of words finds whole
    /// words, the last one also as the beginning of a longer one; any other finds parts of words as well.
    pub text: String,
    /// The number of cards to leave out, which a page before this one had.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

/// Why the library refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LibraryError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The deck does not exist.
    #[error("no such deck")]
    NoSuchDeck,
    /// The revision that the change was based on is no longer the deck's.
    #[error("the deck was changed meanwhile")]
    Changed,
    /// The deck would hold more cards than [`CARDS_PER_DECK_MAX`].
    #[error("a deck holds at most {CARDS_PER_DECK_MAX} cards")]
    TooManyCards,
}

/// Cards a deck may hold, deleted ones included: its index lies in memory while it is studied.
pub const CARDS_PER_DECK_MAX: usize = 200_000;

/// What tells one request from another: the SHA-256 of its method, target and body.
pub type RequestDigest = [u8; 32];

/// How long it is known what a request with a key asked for, in milliseconds: 30 days.
pub const REQUEST_KEPT_MS: i64 = 30 * 86_400_000;

/// Takes cards of a deck as they are read, maybe on a thread of the store.
pub type TakeCards = Box<dyn FnMut(Vec<CardRecord>) + Send>;

/// Cards that are made one by one, on a thread of the store.
pub type CardSource = Box<dyn Iterator<Item = CardRecord> + Send>;

/// Decks and cards. A write is visible as a whole or not at all.
pub trait Library: Send + Sync + 'static {
    /// Stores a deck (new, or with its changed fields). `revision`, `cards` and `updated_ms` are the store's to raise;
    /// returns the record as stored. With `if_revision` it changes only a deck of that revision.
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>>;

    /// One deck, deleted ones too.
    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>>;

    /// Decks by path, then title, then id.
    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>>;

    /// Stores cards of one deck in one revision and returns it with the cards as stored, in the order given. Known ids
    /// are changed in place, unknown ones are appended.
    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>>;

    /// The same for more cards than should lie in memory at once: each is asked for when it is its turn to be stored.
    /// Returns the revision.
    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        Box::pin(async move {
            let (revision, _) = self.put_cards(deck, cards.collect(), if_revision, now_ms).await?;
            Ok(revision)
        })
    }

    /// Notes what a request with this key asks for, unless that is known already, and returns what was noted first.
    /// Notes are kept for [`REQUEST_KEPT_MS`] at least.
    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>>;

    /// One card, deleted ones too.
    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>>;

    /// A page of cards.
    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>>;

    /// A deck with all its cards, deleted ones included, as of one revision.
    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>>;

    /// The same, the cards given out in their order while the next are read: whoever makes something of each need not wait for
    /// all. What was given out of a deck that then cannot be read whole is of no worth.
    fn content_in_parts(
        &self,
        deck: DeckId,
        mut take: TakeCards,
    ) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(async move {
            let Some((record, cards)) = self.content(deck).await? else { return Ok(None) };
            take(cards);
            Ok(Some(record))
        })
    }

    /// Cards with these words in any of several decks, but for deleted ones: best matches first where the store has an
    /// index of words, else deck by deck in the order of adding. One question, however many decks.
    fn search(&self, search: CardSearch) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(async move {
            let words = words_of(&search.text);
            let (mut found, mut skip) = (Vec::new(), search.skip);
            let Some(first) = words.first() else { return Ok(found) };
            for deck in search.decks {
                let (mut from_position, page) = (0, SEARCHED_AT_ONCE);
                loop {
                    let text = Some(first.clone());
                    let query = CardQuery { from_position, limit: page, text, with_deleted: false };
                    let cards = self.cards(deck, query).await?;
                    let last = cards.last().map(|card| card.position).filter(|_| cards.len() == page);
                    for card in cards.into_iter().filter(|card| holds_words(card, &words)) {
                        if skip > 0 {
                            skip -= 1;
                            continue;
                        }
                        found.push(card);
                        if found.len() >= search.limit {
                            return Ok(found);
                        }
                    }
                    let Some(last) = last else { break };
                    from_position = last + 1;
                }
            }
            Ok(found)
        })
    }
}

/// Cards that a search without an index looks at together.
const SEARCHED_AT_ONCE: usize = 1_000;

/// The words of a text that is looked for, in lower case: runs of letters and digits.
pub fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether a card holds all of these words, which are in lower case.
pub fn holds_words(card: &CardRecord, words: &[String]) -> bool {
    let fields = [&card.front, &card.back].into_iter().chain(&card.tags);
    let fields: Vec<String> = fields.map(|field| field.to_lowercase()).collect();
    words.iter().all(|word| fields.iter().any(|field| field.contains(word)))
}
