//! What is due, without handing anything out: a session that lives for one question, over what is durable.

use crate::engine::Shared;
use domain::ids::{DeckId, EntryId, SittingId, UserId};
use domain::session::{
    CardDeal, Counts, Effect, FetchFailed, Input, Limits, Notice, Out, Session, SocketId, Start,
};
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
    limit: usize,
) -> Result<DueView, DueError> {
    let seed = shared.reader.seed(user).await.map_err(|FetchFailed| DueError::Unavailable)?;
    let now = shared.clock.now();
    let mut session = Session::new(seed, now);
    let start = Start {
        sitting: SittingId(EntryId::v7(now.wall_ms, 0).0),
        decks: deck.map(|deck| vec![deck]),
        tags: Vec::new(),
        filter: None,
        window: limit.max(1),
        limits: Limits::default(),
        more: Limits::default(),
    };
    let mut view = DueView { counts: Counts::default(), decks: Vec::new(), items: Vec::new() };
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
                    let facts = shared.reader.answer(user, want).await;
                    inputs.push_back(Input::Fetched { token, facts });
                }
                Effect::Send { out, .. } => note(&mut view, out)?,
                Effect::Append(_) => {}
            }
        }
    }
    view.items.truncate(limit);
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
        Out::Saved(_) | Out::Refused { .. } | Out::Changed(_) | Out::Done(_) | Out::Close(_) => {}
    }
    Ok(())
}
