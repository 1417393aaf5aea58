//! What HTTP asks of a learner's session and past.

use actors::Concerned;
use domain::check::trial::TrialResult;
use domain::day::{Day, ZoneHistory};
use domain::deck::Deck;
use domain::entry::{LogEntry, Mode};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use domain::session::{Command, Refusal};
use ports::{Boxed, DeckRecord};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use thiserror::Error;

use super::outlook::{
    CardOutlook, DeckFigures, FiguresQuery, HistoryItem, HistoryPage, HistoryQuery, HistoryWalk,
    LearnerFigures, Progress,
};

/// A future that stays on its worker's thread, as a session does.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A command as the session takes it, or why it can never be one.
pub type Submitted = (EntryId, Result<Command, Refusal>);

/// The verdict of one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The command.
    pub id: EntryId,
    /// `None`: it is durable.
    pub refusal: Option<Refusal>,
    /// What became of a response.
    pub graded: Option<(TrialResult, Grade)>,
}

/// What today's limits still allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, schemars::JsonSchema)]
pub struct DueCounts {
    /// New cards.
    pub new: u32,
    /// Outstanding drill cards.
    pub learning: u32,
    /// Due reviews.
    pub review: u32,
}

/// What is due.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Due {
    /// Over all decks asked for.
    pub counts: DueCounts,
    /// The cards that would come, first one first: each the JSON of a `card` frame's fields.
    pub items: Vec<String>,
}

/// All that a learner has to do today.
#[derive(Clone, PartialEq, Debug)]
pub struct Agenda {
    /// The learner's study day.
    pub today: Day,
    /// What is due over all decks.
    pub counts: DueCounts,
    /// Every deck that the learner has, by id, with what is due in it.
    pub decks: Vec<(DeckRecord, DueCounts)>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum StudyError {
    /// The deck is not the learner's to see.
    #[error("this deck does not exist, or you may not see it")]
    NotVisible,
    /// More decks than one question may be about.
    #[error("these are too many decks at once; name one")]
    TooManyDecks,
    /// Another node has the learner's session, the one with this internal address.
    #[error("the learner's session is at another node; send it again")]
    Elsewhere(Arc<str>),
    /// The session, or the store, cannot be used now. What was sent may be sent again under the same ids.
    #[error("{0}")]
    NotNow(String),
}

/// A deck's content, and one learner's whole log of it.
pub type DeckLog = (Arc<Deck>, Vec<LogEntry>);

/// Learners' sessions, and what is known of their past. Reads see what was durable when they began.
pub trait Study: Send + Sync {
    /// Puts commands through the learner's session, in order, and waits for one verdict each.
    fn submit(&self, who: UserId, commands: Vec<Submitted>) -> Local<'_, Result<Vec<Verdict>, StudyError>>;

    /// Makes the rows of an import job count for the learner, wherever the session is: it shows what changed. Durable when
    /// it returns; doing it again changes nothing. All rows of the job must be stored before. Not bound to a worker.
    fn commit_import(&self, who: UserId, job: JobId) -> Boxed<'_, Result<(), StudyError>>;

    /// The rows of an import job count no longer: the same in all else.
    fn revoke_import(&self, who: UserId, job: JobId) -> Boxed<'_, Result<(), StudyError>>;

    /// Makes the rows of this job count as what the learner did, who was that guest: the same in all else.
    fn claim(&self, who: UserId, guest: UserId, job: JobId) -> Boxed<'_, Result<(), StudyError>>;

    /// What is due in a deck, or in all, asked in this mode (`None`: as the decks say). Hands nothing out and holds nothing.
    /// At most `limit` items.
    fn due(
        &self,
        who: UserId,
        deck: Option<DeckId>,
        mode: Option<Mode>,
        limit: usize,
    ) -> Local<'_, Result<Due, StudyError>>;

    /// What is due in every deck that the learner has.
    fn agenda(&self, who: UserId) -> Local<'_, Result<Agenda, StudyError>>;

    /// What learners did in a stretch of study days, in their order: from the log, as it was durable, or, where the query
    /// lets it be late, as it was when it was summed up last.
    fn figures(
        &self,
        whom: Vec<UserId>,
        query: FiguresQuery,
    ) -> Local<'_, Result<Vec<Arc<LearnerFigures>>, StudyError>>;

    /// How far a learner is in each of these decks, about, as of now.
    fn deck_figures<'a>(
        &'a self,
        who: UserId,
        decks: &'a [DeckRecord],
        today: Day,
    ) -> Local<'a, Result<BTreeMap<DeckId, DeckFigures>, StudyError>>;

    /// One card's state, as of a study day.
    fn card_state<'a>(
        &'a self,
        who: UserId,
        deck: &'a DeckRecord,
        card: CardId,
        today: Day,
    ) -> Local<'a, Result<CardOutlook, StudyError>>;

    /// How far the learner is in a deck.
    fn deck_progress<'a>(
        &'a self,
        who: UserId,
        deck: &'a DeckRecord,
    ) -> Local<'a, Result<Progress, StudyError>>;

    /// How far the learner is in a deck that the learner studies or could study, and what is due there today.
    fn deck_outlook(&self, who: UserId, deck: DeckId)
    -> Local<'_, Result<(Progress, DueCounts), StudyError>>;

    /// A deck's content, and the learner's whole log of it.
    fn deck_log<'a>(&'a self, who: UserId, deck: &'a DeckRecord) -> Local<'a, Result<DeckLog, StudyError>>;

    /// A page of the learner's log.
    fn history(&self, who: UserId, query: HistoryQuery) -> Local<'_, Result<HistoryPage, StudyError>>;

    /// The next items of the learner's whole log; none behind its end.
    fn history_walk<'a>(
        &'a self,
        who: UserId,
        query: HistoryQuery,
        walk: &'a mut HistoryWalk,
    ) -> Local<'a, Result<Vec<HistoryItem>, StudyError>>;

    /// A deck, or a card in it, changed: sessions get the new revision.
    fn deck_changed(&self, deck: DeckId);

    /// What somebody sees changed: enrollments, decks, visibility.
    fn access_changed(&self, whom: Concerned);

    /// A learner's zone or rollover hour changed.
    fn zones_changed(&self, who: UserId, zones: &ZoneHistory);
}
