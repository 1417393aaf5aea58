//! Who may see and change what: decided here and nowhere else.
//!
//! | | sees | changes |
//! |---|---|---|
//! | own deck | owner | owner |
//! | deck with `link` or `public` | everybody | owner |
//! | deck with `org` | the owner's organisation | owner |
//! | deck of a class | its students, while enrolled | owner |
//! | any deck of an organisation | its administrators | owner |
//! | class | its teacher, its students, administrators of its organisation | teacher, administrators |
//! | own progress, history, reviews | the learner alone | the learner alone |
//!
//! What is not visible is 404; what is visible but not to be changed is 403.

use crate::http::caller::Caller;
use crate::http::state::App;
use crate::http::{Code, Problem};
use domain::access::{Span, Visibility, deck_spans};
use domain::ids::{ClassId, DeckId};
use ports::{ClassRecord, DeckRecord};

/// A deck that the caller may see.
///
/// # Errors
/// 404 if there is none, it is deleted, or it is not to be seen.
pub async fn deck_to_read(app: &App, caller: &Caller, id: DeckId) -> Result<DeckRecord, Problem> {
    let deck = app.library.deck(id).await?.ok_or_else(Problem::not_found)?;
    let now_ms = app.clock.wall_ms();
    if deck.deleted_ms.is_some() {
        return Err(Problem::not_found());
    }
    if sees(caller, &deck, now_ms, &[]) {
        return Ok(deck);
    }
    let grants = app.people.grants(caller.user).await?;
    let by_class: Vec<Span> =
        grants.iter().filter(|grant| grant.deck == id).map(|grant| grant.span).collect();
    if sees(caller, &deck, now_ms, &by_class) { Ok(deck) } else { Err(Problem::not_found()) }
}

/// A deck that the caller may change.
///
/// # Errors
/// 404 if it is not to be seen, 403 if it is somebody else's.
pub async fn deck_to_edit(app: &App, caller: &Caller, id: DeckId) -> Result<DeckRecord, Problem> {
    let deck = deck_to_read(app, caller, id).await?;
    if may_edit(caller, &deck) {
        return Ok(deck);
    }
    Err(Problem::new(Code::Forbidden, "Only the owner of a deck changes it."))
}

/// Whether the caller may change this deck.
pub fn may_edit(caller: &Caller, deck: &DeckRecord) -> bool {
    deck.owner == caller.user
}

/// Whether the caller sees this deck now.
pub fn sees(caller: &Caller, deck: &DeckRecord, now_ms: i64, by_class: &[Span]) -> bool {
    if deck.deleted_ms.is_some() {
        return false;
    }
    caller.administers(deck.org)
        || deck_spans(&deck.gate(), caller.user, caller.org, by_class)
            .iter()
            .any(|span| holds_now(span, now_ms))
}

/// What goes on holds now, even where the clock went back to before its beginning.
fn holds_now(span: &Span, now_ms: i64) -> bool {
    span.is_open() || span.holds(now_ms)
}

/// The decks that the caller sees through classes now.
pub async fn decks_by_class(app: &App, caller: &Caller) -> Result<Vec<DeckId>, Problem> {
    let now_ms = app.clock.wall_ms();
    let mut decks: Vec<DeckId> = app
        .people
        .grants(caller.user)
        .await?
        .into_iter()
        .filter(|grant| holds_now(&grant.span, now_ms))
        .map(|grant| grant.deck)
        .collect();
    decks.sort_unstable();
    decks.dedup();
    Ok(decks)
}

/// Whether the caller may let a class study this deck, which the caller sees: an own one, or one that is meant for
/// others anyway.
pub fn may_share(caller: &Caller, deck: &DeckRecord) -> bool {
    may_edit(caller, deck)
        || caller.administers(deck.org)
        || match deck.visibility {
            Visibility::Link | Visibility::Org | Visibility::Public => true,
            Visibility::Private | Visibility::Class => false,
        }
}

/// A class that the caller may change.
///
/// # Errors
/// 404 if it is not to be seen, 403 if the caller only studies in it.
pub async fn class_to_edit(app: &App, caller: &Caller, id: ClassId) -> Result<ClassRecord, Problem> {
    let class = app.people.class(id).await?.ok_or_else(Problem::not_found)?;
    if class.deleted_ms.is_some() {
        return Err(Problem::not_found());
    }
    if runs(caller, &class) {
        return Ok(class);
    }
    if class.students.contains(&caller.user) {
        return Err(Problem::new(Code::Forbidden, "Only the teacher of a class changes it."));
    }
    Err(Problem::not_found())
}

/// Whether the caller runs this class: sees its students and changes it.
pub fn runs(caller: &Caller, class: &ClassRecord) -> bool {
    (class.teacher == caller.user && caller.may_teach()) || caller.administers(class.org)
}
