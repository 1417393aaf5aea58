//! What is due, without handing anything out: a session that lives for one question, over what is durable.

use crate::engine::Shared;
use crate::memo::Memo;
use domain::day::Day;
use domain::entry::Mode;
use domain::ids::{DeckId, EntryId, SittingId, UserId};
use domain::session::{
    CardDeal, Counts, Effect, Facts, FetchFailed, Input, Limits, Notice, Out, Scope, Session, SocketId, Start,
};
use ports::{DeckRecord, Progress};
use std::collections::VecDeque;

/// What `GET due` shows.
#[derive(Debug)]
pub struct DueView {
    /// What is left today.
    pub counts: Counts,
    /// The same, deck by deck.
    pub decks: Vec<(DeckId, Counts)>,
    /// The cards that would come, first one first.
    pub items: Vec<CardDeal>,
    /// The decks that it is over, those with nothing due too.
    pub records: Vec<DeckRecord>,
    /// The learner's study day.
    pub today: Day,
    /// The rows of progress in the deck that was asked for.
    pub rows: Vec<Progress>,
}

/// Why there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DueError {
    /// The deck is not the learner's to see.
    #[error("no such deck")]
    NotVisible,
    /// The learner has more decks than one question may be about.
    #[error("too many decks at once; name one")]
    TooManyDecks,
    /// The store cannot be read now.
    #[error("the store cannot be read now")]
    Unavailable,
}

const SOCKET: SocketId = SocketId(0);

pub(crate) async fn view(
    shared: &Shared,
    user: UserId,
    deck: Option<DeckId>,
    mode: Option<Mode>,
    limit: usize,
) -> Result<DueView, DueError> {
    let memo = if deck.is_some() { Memo::about_some() } else { Memo::about_all() };
    let seed = shared.reader.blank_seed(&memo, user).await.map_err(|FetchFailed| DueError::Unavailable)?;
    let now = shared.clock.now();
    let today = seed.zones.stamp(now.wall_ms).day;
    let mut session = Session::new(seed, now);
    let start = Start {
        sitting: SittingId(EntryId::v7(now.wall_ms, 0).0),
        decks: deck.map(|deck| vec![deck]),
        tags: Vec::new(),
        filter: None,
        window: limit.max(1),
        limits: Limits::default(),
        more: Limits::default(),
        mode,
    };
    let (counts, decks, items, records) = (Counts::default(), Vec::new(), Vec::new(), Vec::new());
    let mut view = DueView { counts, decks, items, records, today, rows: Vec::new() };
    let mut inputs = VecDeque::from([
        Input::Attach { socket: SOCKET, instance: None },
        Input::Start { socket: SOCKET, start: Box::new(start) },
    ]);
    let mut fx = Vec::new();
    while let Some(input) = inputs.pop_front() {
        session.handle(now, input, &mut fx);
        for effect in fx.drain(..) {
            match effect {
                Effect::Fetch { token, want } => {
                    let facts = shared.reader.answer_in(&memo, user, want).await;
                    if let Ok(Facts::Scope(Scope::Decks(ids))) = &facts {
                        view.records = memo.noted(ids);
                    }
                    inputs.push_back(Input::Fetched { token, facts });
                }
                Effect::Send { out, .. } => note(&mut view, out)?,
                Effect::Append(_) | Effect::Cell { .. } => {}
            }
        }
    }
    view.items.truncate(limit);
    view.rows = deck.map(|deck| memo.noted_rows(deck)).unwrap_or_default();
    Ok(view)
}

fn note(view: &mut DueView, out: Out) -> Result<(), DueError> {
    match out {
        Out::Queue(decks, counts) => {
            view.counts = counts;
            view.decks = decks;
        }
        Out::Card(deal) => view.items.push(*deal),
        Out::Error(Notice::Forbidden) => return Err(DueError::NotVisible),
        Out::Error(Notice::TooManyDecks) => return Err(DueError::TooManyDecks),
        Out::Error(Notice::StoreUnavailable) => return Err(DueError::Unavailable),
        Out::Graded(_)
        | Out::Saved(_)
        | Out::Refused { .. }
        | Out::Changed(_)
        | Out::Done(_)
        | Out::Class(..)
        | Out::Close(_) => {}
    }
    Ok(())
}
