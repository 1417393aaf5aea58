//! [`Study`] over the running engine and its store.

use crate::clock::ServerClock;
use crate::http::outlook::{
    self, CardOutlook, DeckFigures, FiguresQuery, HistoryItem, HistoryPage, HistoryQuery, HistoryWalk,
    KeptFigures, LearnerFigures, OutlookError, Progress,
};
use crate::http::study::{Agenda, Due, DueCounts, Local, Study, StudyError, Submitted, Verdict};
use crate::server::{AskedMark, mark_elsewhere};
use crate::ws::study::card_fields;
use actors::{BatchError, Concerned, DueError, Engine, ImportMark, submit_batch};
use domain::day::{Day, ZoneHistory};
use domain::deck::Deck;
use domain::entry::LogEntry;
use domain::entry::Mode;
use domain::ids::{CardId, DeckId, JobId, UserId};
use ports::bus::Whom;
use ports::{Boxed, Bus, DeckRecord, Library, Note, ReviewStore, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;

/// [`Study`] over the running engine and its store.
pub struct EngineStudy<S> {
    /// The engine: sessions and what is due.
    pub engine: Engine,
    /// The log, for what was.
    pub store: Arc<S>,
    /// Decks, for the settings that the past is folded by.
    pub library: Arc<dyn Library>,
    /// The clocks.
    pub clock: Arc<ServerClock>,
    /// How other nodes are told of changes.
    pub bus: Option<Arc<dyn Bus>>,
    /// Figures that were summed up lately.
    pub figures: Arc<KeptFigures>,
}

impl<S> EngineStudy<S> {
    /// Tells the other nodes. What it tells is stored.
    fn tell(&self, note: impl FnOnce() -> Note) {
        if let Some(bus) = &self.bus {
            bus.publish(Topic::Inv, note());
        }
    }
}

impl<S: ReviewStore> Study for EngineStudy<S> {
    fn submit(&self, who: UserId, commands: Vec<Submitted>) -> Local<'_, Result<Vec<Verdict>, StudyError>> {
        Box::pin(async move {
            let shard = self.engine.shard();
            let verdicts = submit_batch(&shard, who, commands).await?;
            Ok(verdicts
                .into_iter()
                .map(|v| Verdict { id: v.id, refusal: v.refusal, graded: v.graded })
                .collect())
        })
    }

    fn commit_import(&self, who: UserId, job: JobId) -> Boxed<'_, Result<(), StudyError>> {
        Box::pin(self.mark_import(who, job, ImportMark::Commit))
    }

    fn revoke_import(&self, who: UserId, job: JobId) -> Boxed<'_, Result<(), StudyError>> {
        Box::pin(self.mark_import(who, job, ImportMark::Revoke))
    }

    fn claim(&self, who: UserId, guest: UserId, job: JobId) -> Boxed<'_, Result<(), StudyError>> {
        Box::pin(self.mark_import(who, job, ImportMark::Claim(guest)))
    }

    fn due(
        &self,
        who: UserId,
        deck: Option<DeckId>,
        mode: Option<Mode>,
        limit: usize,
    ) -> Local<'_, Result<Due, StudyError>> {
        Box::pin(async move {
            let view = self.engine.due(who, deck, mode, limit).await?;
            let counts = counts_of(view.counts);
            Ok(Due { counts, items: view.items.iter().map(card_fields).collect() })
        })
    }

    fn agenda(&self, who: UserId) -> Local<'_, Result<Agenda, StudyError>> {
        Box::pin(async move {
            let view = self.engine.due(who, None, Some(Mode::Flip), 0).await?;
            let due: BTreeMap<DeckId, DueCounts> =
                view.decks.into_iter().map(|(deck, counts)| (deck, counts_of(counts))).collect();
            let with_due = |deck: DeckRecord| {
                let counts = due.get(&deck.id).copied().unwrap_or_default();
                (deck, counts)
            };
            let decks = view.records.into_iter().map(with_due).collect();
            Ok(Agenda { today: view.today, counts: counts_of(view.counts), decks })
        })
    }

    fn figures(
        &self,
        whom: Vec<UserId>,
        query: FiguresQuery,
    ) -> Local<'_, Result<Vec<Arc<LearnerFigures>>, StudyError>> {
        Box::pin(async move {
            let now_ms = self.clock.wall_ms();
            let figures = outlook::figures(&self.figures, &self.store, whom, query, now_ms).await;
            Ok(figures.map_err(OutlookError::from)?)
        })
    }

    fn deck_figures<'a>(
        &'a self,
        who: UserId,
        decks: &'a [DeckRecord],
        today: Day,
    ) -> Local<'a, Result<BTreeMap<DeckId, DeckFigures>, StudyError>> {
        Box::pin(async move {
            let now_ms = self.clock.wall_ms();
            let figures = outlook::deck_figures(&*self.store, who, decks, today, now_ms).await;
            Ok(figures.map_err(OutlookError::from)?)
        })
    }

    fn card_state<'a>(
        &'a self,
        who: UserId,
        deck: &'a DeckRecord,
        card: CardId,
        today: Day,
    ) -> Local<'a, Result<CardOutlook, StudyError>> {
        Box::pin(async move {
            let params = deck.settings.fold_params();
            Ok(outlook::card_state(&*self.store, who, deck.id, card, &params, today).await?)
        })
    }

    fn deck_progress<'a>(
        &'a self,
        who: UserId,
        deck: &'a DeckRecord,
    ) -> Local<'a, Result<Progress, StudyError>> {
        Box::pin(async move {
            let content = self.engine.decks().deck_since(deck.id, deck.revision).await;
            let content = content.map_err(OutlookError::from)?;
            let content = content.ok_or(StudyError::NotVisible)?;
            Ok(outlook::deck_progress(&*self.store, who, &content, None).await?)
        })
    }

    fn deck_outlook(
        &self,
        who: UserId,
        deck: DeckId,
    ) -> Local<'_, Result<(Progress, DueCounts), StudyError>> {
        Box::pin(async move {
            let view = self.engine.due(who, Some(deck), Some(Mode::Flip), 0).await?;
            let record = view.records.iter().find(|record| record.id == deck);
            let revision = record.ok_or(StudyError::NotVisible)?.revision;
            let content = self.engine.decks().deck_since(deck, revision).await;
            let content = content.map_err(OutlookError::from)?.ok_or(StudyError::NotVisible)?;
            let progress = outlook::deck_progress(&*self.store, who, &content, Some(view.rows)).await?;
            Ok((progress, counts_of(view.counts)))
        })
    }

    fn deck_log<'a>(
        &'a self,
        who: UserId,
        deck: &'a DeckRecord,
    ) -> Local<'a, Result<(Arc<Deck>, Vec<LogEntry>), StudyError>> {
        Box::pin(async move {
            let content = self.engine.decks().deck_since(deck.id, deck.revision).await;
            let content = content.map_err(OutlookError::from)?.ok_or(StudyError::NotVisible)?;
            let log = self.store.card_log(who, deck.id, None).await.map_err(OutlookError::from)?;
            Ok((content, log))
        })
    }

    fn history(&self, who: UserId, query: HistoryQuery) -> Local<'_, Result<HistoryPage, StudyError>> {
        Box::pin(async move { Ok(outlook::history(&*self.store, &*self.library, who, query).await?) })
    }

    fn history_walk<'a>(
        &'a self,
        who: UserId,
        query: HistoryQuery,
        walk: &'a mut HistoryWalk,
    ) -> Local<'a, Result<Vec<HistoryItem>, StudyError>> {
        Box::pin(async move { Ok(walk.next(&*self.store, &*self.library, who, query).await?) })
    }

    fn deck_changed(&self, deck: DeckId) {
        self.engine.deck_edited(deck);
        self.tell(|| Note::Deck { deck, revision: 0 });
    }

    fn access_changed(&self, whom: Concerned) {
        self.tell(|| {
            Note::Access(match &whom {
                Concerned::People(people) => Whom::People(people.clone()),
                Concerned::Deck(deck) => Whom::Deck(*deck),
                // Only what may have been missed concerns everybody, and that is each node's own.
                Concerned::Everybody => Whom::People([].into()),
            })
        });
        self.engine.access_changed(whom);
    }

    fn zones_changed(&self, who: UserId, zones: &ZoneHistory) {
        self.engine.zones_changed(who, zones);
        self.tell(|| Note::Person(who));
    }
}

fn counts_of(counts: domain::session::Counts) -> DueCounts {
    DueCounts { new: counts.new, learning: counts.learning, review: counts.review }
}

impl From<DueError> for StudyError {
    fn from(error: DueError) -> StudyError {
        match error {
            DueError::NotVisible => StudyError::NotVisible,
            DueError::TooManyDecks => StudyError::TooManyDecks,
            DueError::Unavailable => StudyError::NotNow(error.to_string()),
        }
    }
}

impl<S: ReviewStore> EngineStudy<S> {
    /// Gives a mark to the learner's session, here or at the node that has it.
    async fn mark_import(&self, who: UserId, job: JobId, mark: ImportMark) -> Result<(), StudyError> {
        match self.engine.mark_import(who, job, mark).await {
            Err(BatchError::Elsewhere(address)) => {
                let nodes = self.engine.nodes().map(|view| view.nodes).unwrap_or_default();
                let run = nodes.iter().find(|node| node.row.alive && *node.address == *address);
                let Some(run) = run.map(|node| node.row.run.0) else {
                    return Err(StudyError::Elsewhere(address));
                };
                let (revoked, guest) = match mark {
                    ImportMark::Commit => (false, None),
                    ImportMark::Revoke => (true, None),
                    ImportMark::Claim(guest) => (false, Some(guest.0)),
                };
                let asked = AskedMark { run, user: who.0, job: job.0, revoked, guest };
                mark_elsewhere(&address, asked).await.map_err(StudyError::NotNow)
            }
            marked => Ok(marked?),
        }
    }
}

impl From<BatchError> for StudyError {
    fn from(error: BatchError) -> StudyError {
        match error {
            BatchError::NotReady | BatchError::NotInTime | BatchError::Refused(_) => {
                StudyError::NotNow(error.to_string())
            }
            BatchError::Elsewhere(address) => StudyError::Elsewhere(address),
        }
    }
}

impl From<OutlookError> for StudyError {
    fn from(error: OutlookError) -> StudyError {
        tracing::warn!(%error, "a read of the log failed");
        StudyError::NotNow("the store does not answer now; try again".into())
    }
}
