//! Decks on the wire.

use super::settings::{SettingsIn, SettingsOut};
use super::{tags, title};
use crate::http::access::{Need, may};
use crate::http::limits::{DESCRIPTION_BYTES_MAX, PATH_BYTES_MAX, PATH_LEVELS_MAX};
use crate::http::strict::optional_object;
use crate::http::{Caller, Problem};
use crate::naming::path_of;
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{DeckId, Uuid};
use ports::DeckRecord;
use ports::library::PATH_SEPARATOR as LEVEL;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A new deck, or a change of one: what is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(in crate::http) struct DeckIn {
    title: Option<String>,
    path: Option<String>,
    description: Option<String>,
    visibility: Option<Seen>,
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "optional_object")]
    settings: Option<SettingsIn>,
}

/// Who a deck is for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Seen {
    Private,
    Link,
    Class,
    Org,
    Public,
}

/// A deck.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct DeckOut {
    pub(in crate::http) deck_id: Uuid,
    pub(in crate::http) title: String,
    pub(in crate::http) path: String,
    description: String,
    owner_id: Uuid,
    visibility: Seen,
    tags: Vec<String>,
    settings: SettingsOut,
    cards: u32,
    revision: u64,
    pub(in crate::http) created_at: i64,
    pub(in crate::http) updated_at: i64,
    /// Whether the asker changes its texts, settings and cards.
    may_edit: bool,
    /// Whether the asker says who sees and edits it.
    may_govern: bool,
    /// Who edits it beside the owner; told to those who edit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    editors: Option<Vec<Uuid>>,
}

impl DeckIn {
    /// A new deck of which nothing but the title is told.
    pub(in crate::http) fn titled(title: String) -> DeckIn {
        DeckIn { title: Some(title), ..DeckIn::default() }
    }

    /// Whether it says who the deck is for.
    pub(in crate::http) fn says_who_sees_it(&self) -> bool {
        self.visibility.is_some()
    }

    /// The record of a new deck.
    pub(in crate::http) fn record(
        self,
        id: DeckId,
        owner: &Caller,
        now_ms: i64,
    ) -> Result<DeckRecord, Problem> {
        let Some(named) = &self.title else { return Err(Problem::invalid("`title` is missing.")) };
        let named = title(named)?;
        let mut deck = blank(id, owner, named.clone(), now_ms);
        deck.path = path_of(&named);
        self.apply(&mut deck)?;
        Ok(deck)
    }

    /// Changes a record.
    pub(in crate::http) fn apply(self, deck: &mut DeckRecord) -> Result<(), Problem> {
        if let Some(text) = &self.title {
            let new = title(text)?;
            if self.path.is_none() {
                deck.path = renamed(&deck.path, &deck.title, &new);
            }
            deck.title = new;
        }
        if let Some(text) = &self.path {
            deck.path = path(text)?;
        }
        if let Some(text) = self.description {
            if text.len() > DESCRIPTION_BYTES_MAX || text.contains('\0') {
                return Err(Problem::invalid(format!(
                    "`description` has at most {DESCRIPTION_BYTES_MAX} bytes."
                )));
            }
            deck.description = text;
        }
        if let Some(seen) = self.visibility {
            deck.visibility = match seen {
                Seen::Private => Visibility::Private,
                Seen::Link => Visibility::Link,
                Seen::Class => Visibility::Class,
                Seen::Org => Visibility::Org,
                Seen::Public => Visibility::Public,
            };
        }
        if let Some(given) = self.tags {
            deck.tags = tags(given)?;
        }
        if let Some(settings) = self.settings {
            deck.settings = settings.applied_to(deck.settings)?;
        }
        Ok(())
    }
}

fn blank(id: DeckId, owner: &Caller, title: String, now_ms: i64) -> DeckRecord {
    DeckRecord {
        id,
        org: owner.org,
        owner: owner.user,
        path: String::new(),
        title,
        description: String::new(),
        visibility: Visibility::Private,
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

/// A path whose last level was the old title has the new one there.
fn renamed(path: &str, old: &str, new: &str) -> String {
    let (above, last) = path.rsplit_once(LEVEL).map_or((None, path), |(above, last)| (Some(above), last));
    if last != path_of(old) {
        return path.to_owned();
    }
    let last = path_of(new);
    above.map_or_else(|| last.clone(), |above| format!("{above}{LEVEL}{last}"))
}

fn path(text: &str) -> Result<String, Problem> {
    let levels: Vec<&str> = text.split(LEVEL).map(str::trim).collect();
    let whole = levels.join(LEVEL);
    let good = levels.iter().all(|level| !level.is_empty())
        && levels.len() <= PATH_LEVELS_MAX
        && whole.len() <= PATH_BYTES_MAX
        && !whole.chars().any(char::is_control);
    if good {
        return Ok(whole);
    }
    Err(Problem::invalid(format!(
        "`path` is up to {PATH_LEVELS_MAX} names with {LEVEL} between, of {PATH_BYTES_MAX} bytes together."
    )))
}

impl DeckOut {
    /// The deck as this person sees it.
    pub(in crate::http) fn of(deck: DeckRecord, caller: &Caller) -> DeckOut {
        let may_edit = may(caller, &deck, Need::EditDeck);
        DeckOut {
            deck_id: deck.id.0,
            may_edit,
            may_govern: may(caller, &deck, Need::GovernDeck),
            editors: may_edit.then(|| deck.editors.iter().map(|editor| editor.0).collect()),
            title: deck.title,
            path: deck.path,
            description: deck.description,
            owner_id: deck.owner.0,
            visibility: match deck.visibility {
                Visibility::Private => Seen::Private,
                Visibility::Link => Seen::Link,
                Visibility::Class => Seen::Class,
                Visibility::Org => Seen::Org,
                Visibility::Public => Seen::Public,
            },
            tags: deck.tags,
            settings: deck.settings.into(),
            cards: deck.cards,
            revision: deck.revision,
            created_at: deck.created_ms,
            updated_at: deck.updated_ms,
        }
    }
}
