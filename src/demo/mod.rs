//! The demo: two people, a class, and decks of free facts, made once in a data folder and found again later.

use crate::auth::Wanted;
use crate::content::{CardTexts, ContentError, escape_plain, sanitise_card};
use crate::import::identity_of;
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{CardId, ClassId, DeckId, UserId, Uuid};
use ports::people::ClassChange;
use ports::{CardRecord, ClassRecord, DeckRecord, Library, LibraryError, People, PeopleError, Role, SignIn};

/// The namespace of everything that the demo makes: the same ids in every data folder.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d0c_9f2e_7a41_5e63_9b0f_2d6a_8c11_e7d4);
/// How long a demo's token is good, in milliseconds.
const TOKEN_MS: i64 = 30 * 24 * 3_600_000;

/// A bundled deck.
struct Bundled {
    title: &'static str,
    description: &'static str,
    csv: &'static str,
}

const DECKS: [Bundled; 2] = [
    Bundled {
        title: "Capitals of the world",
        description: "Every member of the United Nations and its capital.",
        csv: include_str!("capitals.csv"),
    },
    Bundled {
        title: "Chemical elements",
        description: "Symbols and names of the 118 elements.",
        csv: include_str!("elements.csv"),
    },
];

/// Why the demo could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The store refused a deck.
    #[error("the demo's decks could not be stored: {0}")]
    Library(#[from] LibraryError),
    /// The store refused a person or the class.
    #[error("the demo's people could not be stored: {0}")]
    People(#[from] PeopleError),
    /// A bundled file cannot be read.
    #[error("a bundled deck cannot be read: {0}")]
    Csv(#[from] csv::Error),
    /// A bundled card is too large.
    #[error("a bundled card cannot be shown: {0}")]
    Content(#[from] ContentError),
}

/// Who the demo signs in.
pub struct DemoPeople {
    /// A learner.
    pub learner: Wanted,
    /// The teacher, who owns the decks and the class.
    pub teacher: Wanted,
}

/// The demo's people.
pub fn people() -> DemoPeople {
    let wanted = |name: &str, role| Wanted {
        user: UserId(Uuid::new_v5(&NAMESPACE, name.as_bytes())),
        role,
        org: None,
        name: Some(name.to_owned()),
        ttl_ms: TOKEN_MS,
    };
    DemoPeople {
        learner: wanted("Lea Learner", Role::Learner),
        teacher: wanted("Tom Teacher", Role::Teacher),
    }
}

/// Makes what is missing: people, class, decks. Doing it again changes nothing.
///
/// # Errors
/// See [`DemoError`].
pub async fn prepare(library: &dyn Library, folk: &dyn People, now_ms: i64) -> Result<DemoPeople, DemoError> {
    let people = people();
    for person in [&people.learner, &people.teacher] {
        let who = SignIn { user: person.user, org: None, role: person.role, name: person.name.clone() };
        folk.sign_in(who, now_ms).await?;
    }
    let class = ClassId(Uuid::new_v5(&NAMESPACE, b"class"));
    if folk.class(class).await?.is_none() {
        folk.create_class(class_record(class, people.teacher.user, now_ms)).await?;
        folk.change_class(class, ClassChange::Enroll(people.learner.user), now_ms).await?;
    }
    for bundled in &DECKS {
        let deck = DeckId(Uuid::new_v5(&NAMESPACE, bundled.title.as_bytes()));
        if library.deck(deck).await?.is_none() {
            library.put_deck(deck_record(deck, bundled, people.teacher.user, now_ms), None, now_ms).await?;
            library.put_cards(deck, cards(deck, bundled.csv, now_ms)?, None, now_ms).await?;
            folk.change_class(class, ClassChange::Give(deck), now_ms).await?;
        }
    }
    Ok(people)
}

fn class_record(id: ClassId, teacher: UserId, now_ms: i64) -> ClassRecord {
    ClassRecord {
        id,
        org: None,
        teacher,
        title: "Demo class".to_owned(),
        created_ms: now_ms,
        deleted_ms: None,
        students: Vec::new(),
        decks: Vec::new(),
    }
}

fn deck_record(id: DeckId, bundled: &Bundled, owner: UserId, now_ms: i64) -> DeckRecord {
    DeckRecord {
        id,
        org: None,
        owner,
        path: bundled.title.to_owned(),
        title: bundled.title.to_owned(),
        description: bundled.description.to_owned(),
        visibility: Visibility::Class,
        narrowed: Default::default(),
        editors: Vec::new(),
        tags: Vec::new(),
        settings: DeckSettings::default(),
        revision: 0,
        cards: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}

/// The cards of a bundled file: front, back, hint, tags, with a header.
fn cards(deck: DeckId, text: &str, now_ms: i64) -> Result<Vec<CardRecord>, DemoError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let column = |name: &str| header.iter().position(|title| title == name);
    let (front, back) = (column("front"), column("back"));
    let (hint, tags) = (column("hint"), column("tags"));
    let mut cards = Vec::new();
    for row in reader.records() {
        let row = row?;
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().trim();
        let texts = CardTexts {
            front: escape_plain(cell(front)),
            back: escape_plain(cell(back)),
            hint: Some(cell(hint)).filter(|text| !text.is_empty()).map(escape_plain),
            explanation: None,
        };
        cards.push(card(deck, sanitise_card(texts)?, cell(tags), now_ms));
    }
    Ok(cards)
}

fn card(deck: DeckId, texts: CardTexts, tags: &str, now_ms: i64) -> CardRecord {
    let source_key = identity_of(&texts.front);
    CardRecord {
        id: CardId(Uuid::new_v5(&deck.0, source_key.as_bytes())),
        deck,
        position: 0,
        note: None,
        front: texts.front,
        back: texts.back,
        hint: texts.hint,
        explanation: texts.explanation,
        tags: tags.split_whitespace().map(str::to_owned).collect(),
        accept: Vec::new(),
        source_key,
        revision: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}
