//! A text is accepted: it becomes one of the card's answers, where whoever accepts it may edit the deck, and whoever gave it
//! is graded anew, however long ago. Who runs a class has a say in what was answered in the decks of the class, and
//! elsewhere in what was answered in its lessons: what students do beside it is their own. Each regrade goes through its learner's session like
//! any command, so that live sockets are shown what changed; it has its id by the command that accepted the text, so that
//! doing it again changes nothing.

use super::Classes;
use super::actor::{ClassActor, Live};
use super::messages::ToClass;
use crate::batch::BatchError;
use crate::engine::{Engine, Shared};
use crate::limits::{ACCEPTS_AT_ONCE, CLASS_RESTS_MS};
use crate::messages::ToShard;
use domain::check::CheckSettings;
use domain::check::later::{Accepted, is_cut};
use domain::entry::LogEntry;
use domain::ids::{ClassId, DeckId, EntryId, UserId};
use domain::lesson::Command as TeacherCommand;
use domain::lesson::record::Accepting;
use domain::session::{Command, Facts, Refusal, Want};
use futures_util::StreamExt as _;
use ports::library::{ACCEPT_BYTES_MAX, ACCEPT_MAX};
use ports::{ClassRecord, LibraryError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// Why somebody was not graded anew: it is tried again.
#[derive(Debug, thiserror::Error)]
enum NotRegraded {
    #[error("the card's log could not be read")]
    Unread,
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("the session refused it now ({0:?})")]
    Refused(Refusal),
    #[error("the node that has the learner has not done it: {0}")]
    NotThere(String),
}

/// Answers of one learner that are to be graded anew, as another node is asked to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Regrading {
    /// The learner.
    pub student: UserId,
    /// What was accepted.
    pub accepting: Accepting,
    /// Digests of what counts as the same text.
    pub digests: BTreeSet<u64>,
    /// Only what was answered in lessons of this class.
    pub within: Option<ClassId>,
}

impl Engine {
    /// Grades answers of a learner anew whom this node has. It is durable when this returns; doing it again changes
    /// nothing.
    ///
    /// # Errors
    /// A sentence that says why it is not known to be done; ask again.
    pub async fn regrade(&self, regrading: Regrading) -> Result<(), String> {
        let Regrading { student, accepting, digests, within } = regrading;
        let done = regrade(&self.shared, &accepted(&accepting), (&digests, within), student).await;
        done.map_err(|error| error.to_string())
    }
}

/// Whose answers an accepted text concerns.
struct Concerned {
    students: Vec<UserId>,
    /// The lessons of this class alone, where the deck is none of the class's.
    within: Option<ClassId>,
}

impl Concerned {
    fn of(record: ClassRecord, deck: DeckId) -> Concerned {
        let within = (!record.decks.contains(&deck)).then_some(record.id);
        Concerned { students: record.students, within }
    }
}

impl Live {
    /// Why a command is refused before the lesson hears of it: a text is accepted for a card that is the class's to judge.
    /// What was carried out once is not refused when it comes again.
    pub(super) fn refuses(&self, id: EntryId, command: &TeacherCommand) -> Option<domain::lesson::Refusal> {
        let TeacherCommand::Accept { deck, .. } = command else { return None };
        let kept = self.lesson.record();
        if kept.said.iter().any(|(said, _)| *said == id) {
            return None;
        }
        let Some(class) = &self.record else { return Some(domain::lesson::Refusal::Busy) };
        let document = &kept.document;
        let is_ours = class.decks.contains(deck)
            || document.assigned.iter().any(|assigned| assigned.deck == *deck)
            || document.ask.is_some_and(|ask| ask.deck == *deck);
        (!is_ours).then_some(domain::lesson::Refusal::UnknownCard)
    }
}

impl ClassActor {
    /// Carries an accepted text out for all students of the class, until it has succeeded with all of them.
    pub(super) fn carry_out(&self, live: &Live, accepting: Accepting) {
        let concerned = live.record.clone().map(|record| Concerned::of(record, accepting.deck));
        let known = live.lesson.wrong_texts(accepting.card);
        let (shared, link, class) = (self.shared.clone(), self.link.clone(), self.class);
        self.shared.runtime().spawn(async move {
            let Some(classes) = &shared.classes else { return };
            let mut left = concerned;
            while !link.is_closed() {
                let settings = match learn(&shared, classes, &accepting).await {
                    Ok(settings) => settings,
                    Err(error) => {
                        tracing::warn!(%error, %class, "an accepted text could not be kept with its card");
                        tokio::time::sleep(Duration::from_millis(CLASS_RESTS_MS)).await;
                        continue;
                    }
                };
                let todo = match left.take() {
                    Some(concerned) => concerned,
                    None => match classes.people.class(class).await {
                        Ok(Some(record)) => Concerned::of(record, accepting.deck),
                        Ok(None) => Concerned { students: Vec::new(), within: Some(class) },
                        Err(error) => {
                            tracing::warn!(%error, %class, "whom an accepted text concerns could not be read");
                            tokio::time::sleep(Duration::from_millis(CLASS_RESTS_MS)).await;
                            continue;
                        }
                    },
                };
                let known = known.iter().map(|(digest, text)| (*digest, &**text));
                let digests = accepted(&accepting).digests(known, &settings);
                let failed = regrade_all(&shared, &accepting, &digests, todo).await;
                if failed.students.is_empty() {
                    return drop(link.send(ToClass::CarriedOut(accepting.said)).await);
                }
                left = Some(failed);
                tokio::time::sleep(Duration::from_millis(CLASS_RESTS_MS)).await;
            }
        });
    }
}

fn accepted(accepting: &Accepting) -> Accepted<'_> {
    Accepted {
        said: accepting.said,
        by: accepting.by,
        deck: accepting.deck,
        card: accepting.card,
        text: &accepting.text,
    }
}

/// Makes a text one of its card's answers, if whoever accepts it may edit the deck, there is room, and it is a whole text; by
/// what settings the deck compares.
async fn learn(
    shared: &Arc<Shared>,
    classes: &Classes,
    accepting: &Accepting,
) -> Result<CheckSettings, LibraryError> {
    let library = &classes.library;
    let Some(deck) = library.deck(accepting.deck).await? else { return Ok(CheckSettings::default()) };
    let settings = deck.settings.check;
    let may_edit = deck.owner == accepting.by || deck.editors.contains(&accepting.by);
    let can_be_kept = accepting.text.len() <= ACCEPT_BYTES_MAX && !is_cut(&accepting.text);
    if !may_edit || deck.deleted_ms.is_some() || !can_be_kept {
        return Ok(settings);
    }
    let Some(mut card) = library.card(accepting.deck, accepting.card).await? else { return Ok(settings) };
    let is_known = card.accept.iter().any(|text| **text == *accepting.text);
    if is_known || card.deleted_ms.is_some() || card.accept.len() >= ACCEPT_MAX {
        return Ok(settings);
    }
    card.accept.push(accepting.text.to_string());
    let wall_ms = shared.clock.now().wall_ms;
    match library.put_cards(deck.id, vec![card], Some(deck.revision), wall_ms).await {
        Ok(_) => Engine { shared: shared.clone() }.deck_changed(deck.id),
        // Somebody else has changed the deck in between, or the store is away: it is read and changed again.
        Err(error @ (LibraryError::Changed | LibraryError::Store(_))) => return Err(error),
        Err(error @ (LibraryError::NoSuchDeck | LibraryError::TooManyCards)) => {
            tracing::warn!(%error, deck = %deck.id, "a card cannot keep an accepted text");
        }
    }
    Ok(settings)
}

/// Grades the answers of these students anew; those with whom it did not succeed.
async fn regrade_all(
    shared: &Arc<Shared>,
    accepting: &Accepting,
    digests: &BTreeSet<u64>,
    Concerned { students, within }: Concerned,
) -> Concerned {
    let accepted = accepted(accepting);
    let one = |student: UserId| async move {
        let done = match regrade(shared, &accepted, (digests, within), student).await {
            Err(NotRegraded::Batch(BatchError::Elsewhere(address))) => {
                let (accepting, digests) = (accepting.clone(), digests.clone());
                regrade_at(shared, &address, Regrading { student, accepting, digests, within }).await
            }
            done => done,
        };
        done.map_err(|error| {
            tracing::warn!(%error, user = %student, "answers could not be graded anew");
            student
        })
    };
    let done = futures_util::stream::iter(students).map(one).buffer_unordered(ACCEPTS_AT_ONCE);
    let students = done.filter_map(|outcome| std::future::ready(outcome.err())).collect().await;
    Concerned { students, within }
}

async fn regrade(
    shared: &Arc<Shared>,
    accepted: &Accepted<'_>,
    (digests, within): (&BTreeSet<u64>, Option<ClassId>),
    student: UserId,
) -> Result<(), NotRegraded> {
    let read = shared.reader.answer(student, Want::CardLog(accepted.deck, accepted.card)).await;
    let Ok(Facts::CardLog(log)) = read else { return Err(NotRegraded::Unread) };
    let mut regrades = accepted.regrades(&log, digests);
    if let Some(class) = within {
        let was_in_it = |entry: &&LogEntry| entry.review().is_some_and(|review| review.class == Some(class));
        let in_lessons: BTreeSet<EntryId> = log.iter().filter(was_in_it).map(|entry| entry.id).collect();
        regrades.retain(|(_, regrade)| in_lessons.contains(&regrade.of));
    }
    if regrades.is_empty() {
        return Ok(());
    }
    let commands: Vec<_> = regrades.into_iter().map(|(id, r)| (id, Ok(Command::Regrade(r)))).collect();
    let count = commands.len();
    give(shared, student, commands).await?;
    if let Some(classes) = &shared.classes {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        classes.counters.regraded.fetch_add(count, Ordering::Relaxed);
    }
    Ok(())
}

/// The same for a learner whom another node has.
async fn regrade_at(shared: &Shared, address: &str, regrading: Regrading) -> Result<(), NotRegraded> {
    match &shared.cluster {
        Some(cluster) => cluster.regrade_at(address, regrading).await.map_err(NotRegraded::NotThere),
        None => Err(BatchError::NotReady.into()),
    }
}

/// Puts commands of the server's own through a learner's session.
async fn give(
    shared: &Arc<Shared>,
    user: UserId,
    commands: Vec<(EntryId, Result<Command, Refusal>)>,
) -> Result<(), NotRegraded> {
    let shard = shared.shard_for(user).ok_or(BatchError::NotReady)?;
    let (reply, answer) = oneshot::channel();
    if shard.send(ToShard::Batch { user, commands, reply }).await.is_err() {
        return Err(BatchError::NotReady.into());
    }
    let verdicts = answer.await.unwrap_or(Err(BatchError::NotReady))?;
    match verdicts.into_iter().find_map(|verdict| verdict.refusal) {
        // The card, or the answer, is not there any more: nothing is left to be graded.
        None | Some(Refusal::UnknownCard | Refusal::UnknownEntry) => Ok(()),
        Some(refusal) => Err(NotRegraded::Refused(refusal)),
    }
}
