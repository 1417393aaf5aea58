//! Names of decks: what a title may be, and which deck is meant by what somebody wrote. The same over HTTP and on the
//! command line.

use crate::content::is_unseen;
use ports::library::PATH_SEPARATOR;
use uuid::Uuid;

/// Longest title, in bytes.
pub const TITLE_BYTES_MAX: usize = 200;
/// Decks that a refusal lists.
const LISTED_MAX: usize = 20;

/// A title that no deck may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a title is one line of 1 to {TITLE_BYTES_MAX} bytes that shows something")]
pub struct BadTitle;

/// Why it is not clear which deck is meant.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unclear {
    /// Several decks have this title or path.
    #[error("several decks are called {name:?}; say which one by its id:{list}")]
    Several {
        /// What was written.
        name: String,
        /// A line for each: its id and path.
        list: String,
    },
    /// It is the id of no deck.
    #[error("there is no deck with the id {0}")]
    NoSuchId(Uuid),
}

/// A line of text: trimmed, showing something, without control characters, of at most so many bytes.
pub fn line(text: &str, bytes_max: usize) -> Option<String> {
    let text = text.trim();
    let is_good =
        text.len() <= bytes_max && !text.chars().any(char::is_control) && !text.chars().all(is_unseen);
    is_good.then(|| text.to_owned())
}

/// A title as it is stored.
///
/// # Errors
/// No deck may have it.
pub fn title(text: &str) -> Result<String, BadTitle> {
    line(text, TITLE_BYTES_MAX).ok_or(BadTitle)
}

/// The path of a deck of this title at the top of the tree. Two colons in a title are no levels: only a path makes a
/// tree.
pub fn path_of(title: &str) -> String {
    title.replace(PATH_SEPARATOR, ": ")
}

/// The deck that is meant by an id, a title or a whole path. `about` says a deck's id, title and path.
///
/// # Errors
/// It is not clear which one.
pub fn meant<T>(
    decks: impl IntoIterator<Item = T>,
    name: &str,
    about: impl Fn(&T) -> (Uuid, &str, &str),
) -> Result<Option<T>, Unclear> {
    let id: Option<Uuid> = name.trim().parse().ok();
    let mut found = Vec::new();
    for deck in decks {
        let (its_id, title, path) = about(&deck);
        if id == Some(its_id) {
            return Ok(Some(deck));
        }
        if title == name.trim() || path == name.trim() {
            found.push(deck);
        }
    }
    match (found.len(), id) {
        (0, Some(id)) => Err(Unclear::NoSuchId(id)),
        (0 | 1, _) => Ok(found.pop()),
        (_, _) => {
            let each = |deck: &T| {
                let (id, _, path) = about(deck);
                format!("\n  {id}  {path}")
            };
            let list = found.iter().take(LISTED_MAX).map(each).collect();
            Err(Unclear::Several { name: name.to_owned(), list })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Result<Option<u128>, Unclear> {
        let decks = [(1, "Cell", "Biology::Cell"), (2, "Cell", "Prison::Cell"), (3, "Verbs", "Verbs")];
        let deck = meant(decks, name, |&(id, title, path)| (Uuid::from_u128(id), title, path));
        deck.map(|deck| deck.map(|(id, _, _)| id))
    }

    #[test]
    fn a_deck_is_meant_by_its_title_its_path_or_its_id() {
        assert_eq!(found("Verbs"), Ok(Some(3)));
        assert_eq!(found(" Prison::Cell "), Ok(Some(2)));
        assert_eq!(found(&Uuid::from_u128(1).to_string()), Ok(Some(1)));
        assert_eq!(found("Nouns"), Ok(None));
        assert_eq!(found(&Uuid::from_u128(9).to_string()), Err(Unclear::NoSuchId(Uuid::from_u128(9))));
    }

    #[test]
    fn a_title_of_several_decks_is_refused_with_their_ids() {
        let refused = found("Cell").unwrap_err().to_string();
        for (id, path) in [(1, "Biology::Cell"), (2, "Prison::Cell")] {
            assert!(refused.contains(&format!("{}  {path}", Uuid::from_u128(id))), "{refused}");
        }
    }

    #[test]
    fn a_title_is_one_line_that_shows_something() {
        assert_eq!(title("  Größe  ").as_deref(), Ok("Größe"));
        for bad in ["", "  ", "a\nb", "a\u{7}", "\u{200b}\u{feff}", &"x".repeat(TITLE_BYTES_MAX + 1)] {
            assert_eq!(title(bad), Err(BadTitle), "{bad:?}");
        }
        assert_eq!(path_of("A::B"), "A: B");
    }
}
