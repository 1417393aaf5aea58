//! Who may see and change what. The rules are one table (`table`); here it is found out what somebody is to a thing, and
//! the table is asked. What is not visible is 404; what is visible but not to be changed is 403.

mod table;

pub use table::{ByClass, Need, Row, Standing, TABLE, Verdict, decide, row_of};

use crate::http::caller::Caller;
use crate::http::state::App;
use crate::http::{Code, Problem};
use domain::access::Span;
use domain::ids::{ClassId, DeckId};
use ports::{ClassRecord, DeckRecord, HookId, WebhookRecord};
pub use table::to_class;
use table::{of_caller, to_deck, to_hook};

/// A deck, for somebody who may do this with it.
///
/// # Errors
/// 404 if there is none, it is deleted, or it is not to be seen; 403 if it is seen and this is for others.
pub async fn deck_for(app: &App, caller: &Caller, id: DeckId, need: Need) -> Result<DeckRecord, Problem> {
    let deck = app.library.deck(id).await?.filter(|deck| deck.deleted_ms.is_none());
    let deck = deck.ok_or_else(Problem::not_found)?;
    let says = |by_class: ByClass| decide(need, &to_deck(caller, &deck, by_class));
    // More than what is known is only learnt where it could change the answer.
    let mut by_class = ByClass::default();
    if says(by_class) == Verdict::Unseen {
        by_class.teaches = app.teaching.teaches_with(id, caller).await?;
    }
    if says(by_class) == Verdict::Unseen {
        by_class.enrolled = is_enrolled(app, caller, id).await?;
    }
    told(says(by_class))?;
    Ok(deck)
}

/// A deck that the caller may see.
///
/// # Errors
/// 404 if there is none, it is deleted, or it is not to be seen.
pub async fn deck_to_read(app: &App, caller: &Caller, id: DeckId) -> Result<DeckRecord, Problem> {
    deck_for(app, caller, id, Need::SeeDeck).await
}

/// A deck that the caller may change.
///
/// # Errors
/// 404 if it is not to be seen, 403 if only others change it.
pub async fn deck_to_edit(app: &App, caller: &Caller, id: DeckId) -> Result<DeckRecord, Problem> {
    deck_for(app, caller, id, Need::EditDeck).await
}

/// Whether the caller may do this with a deck that is at hand; enrollments are not looked at.
pub fn may(caller: &Caller, deck: &DeckRecord, need: Need) -> bool {
    decide(need, &to_deck(caller, deck, ByClass::default())) == Verdict::May
}

/// Whether the caller sees this deck now.
pub fn sees(caller: &Caller, deck: &DeckRecord, by_class: ByClass) -> bool {
    deck.deleted_ms.is_none() && decide(Need::SeeDeck, &to_deck(caller, deck, by_class)) == Verdict::May
}

/// Those of these decks that the caller sees now.
///
/// # Errors
/// The store's.
pub async fn all_seen(
    app: &App,
    caller: &Caller,
    decks: Vec<DeckRecord>,
) -> Result<Vec<DeckRecord>, Problem> {
    let studied = decks_by_class(app, caller).await?;
    let enrolled = |deck: &DeckRecord| studied.binary_search(&deck.id).is_ok();
    let as_learner =
        |deck: &DeckRecord| sees(caller, deck, ByClass { enrolled: enrolled(deck), teaches: false });
    if decks.iter().all(as_learner) {
        return Ok(decks);
    }
    let taught = app.teaching.decks_taught(caller).await?;
    let by_class =
        |deck: &DeckRecord| ByClass { enrolled: enrolled(deck), teaches: taught.contains(&deck.id) };
    Ok(decks.into_iter().filter(|deck| sees(caller, deck, by_class(deck))).collect())
}

async fn is_enrolled(app: &App, caller: &Caller, deck: DeckId) -> Result<bool, Problem> {
    let now_ms = app.clock.wall_ms();
    let grants = app.people.grants(caller.user).await?;
    Ok(grants.iter().any(|grant| grant.deck == deck && holds_now(&grant.span, now_ms)))
}

/// What goes on holds now, even where the clock went back to before its beginning.
fn holds_now(span: &Span, now_ms: i64) -> bool {
    span.is_open() || span.holds(now_ms)
}

/// The decks that the caller sees through classes now, in order.
pub async fn decks_by_class(app: &App, caller: &Caller) -> Result<Vec<DeckId>, Problem> {
    let now_ms = app.clock.wall_ms();
    let grants = app.people.grants(caller.user).await?;
    let open = grants.into_iter().filter(|grant| holds_now(&grant.span, now_ms));
    let mut decks: Vec<DeckId> = open.map(|grant| grant.deck).collect();
    decks.sort_unstable();
    decks.dedup();
    Ok(decks)
}

/// A class, for somebody who may do this with it.
///
/// # Errors
/// 404 if there is none, it is deleted, or it is not to be seen; 403 if it is seen and this is for others.
pub async fn class_for(app: &App, caller: &Caller, id: ClassId, need: Need) -> Result<ClassRecord, Problem> {
    let class = app.people.class(id).await?.filter(|class| class.deleted_ms.is_none());
    let class = class.ok_or_else(Problem::not_found)?;
    let verdict = match decide(need, &to_class(caller, &class, false)) {
        Verdict::May => return Ok(class),
        // Who teaches it, too, is only looked up where it could change the answer.
        Verdict::MayNot(_) | Verdict::Unseen => {
            decide(need, &to_class(caller, &class, app.teaching.co_teaches(id, caller).await?))
        }
    };
    told(verdict)?;
    Ok(class)
}

/// A class that the caller may change.
///
/// # Errors
/// 404 if it is not to be seen, 403 if the caller only studies in it.
pub async fn class_to_edit(app: &App, caller: &Caller, id: ClassId) -> Result<ClassRecord, Problem> {
    class_for(app, caller, id, Need::RunClass).await
}

/// A webhook that the caller may see and change.
///
/// # Errors
/// 404 if there is none, or it is not theirs.
pub async fn hook_for(app: &App, caller: &Caller, id: HookId) -> Result<WebhookRecord, Problem> {
    let hook = app.webhooks.store().webhook(id).await?.ok_or_else(Problem::not_found)?;
    told(decide(Need::RunHook, &to_hook(caller, &hook)))?;
    Ok(hook)
}

/// Whether the caller runs this class: sees its students and changes it.
pub fn runs(caller: &Caller, class: &ClassRecord) -> bool {
    runs_as(caller, class, false)
}

/// The same of somebody whom the class has beside its teacher, or not.
pub fn runs_as(caller: &Caller, class: &ClassRecord, co_teaches: bool) -> bool {
    decide(Need::RunClass, &to_class(caller, class, co_teaches)) == Verdict::May
}

/// The same, teachers whom the class has beside its own included.
///
/// # Errors
/// The store's.
pub async fn runs_too(app: &App, caller: &Caller, class: &ClassRecord) -> Result<bool, Problem> {
    Ok(app.teaching.runs_class(class, caller).await?)
}

/// Whether the caller may do what is about nothing that exists yet.
///
/// # Errors
/// 403 if this is for others.
pub fn allowed(caller: &Caller, need: Need) -> Result<(), Problem> {
    told(decide(need, &of_caller(caller)))
}

fn told(verdict: Verdict) -> Result<(), Problem> {
    match verdict {
        Verdict::May => Ok(()),
        Verdict::MayNot(refusal) => Err(Problem::new(Code::Forbidden, refusal)),
        Verdict::Unseen => Err(Problem::not_found()),
    }
}
