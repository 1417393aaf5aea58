//! What a server does as one of several nodes: it asks the others for learners, and hears what changed there.

mod turns;

use actors::{Concerned, Engine, Peers, Regrading};
use domain::ids::{CardId, ClassId, DeckId, EntryId, RunId, UserId};
use domain::lesson::record::Accepting;
use domain::owner::Epoch;
use domain::owner::claim::Answer;
use ports::bus::Whom;
use ports::{Boxed, Bus, Heard, Note, People, Topic};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use turns::Turns;
use uuid::Uuid;

/// Where a node tells the others which decks are most in use.
pub const HOT_PATH: &str = "/nodes/v1/hot";
/// How long a node may take to say so: whoever asks is starting.
const HOT_WITHIN: Duration = Duration::from_secs(1);
/// Where a node answers the others.
pub const ASK_PATH: &str = "/nodes/v1/ask";
/// Where a node says what it is, to whoever knows its run.
pub const ABOUT_PATH: &str = "/nodes/v1/about";
/// Where a node makes an import of a learner whom it has count, or takes it back.
pub const MARK_PATH: &str = "/nodes/v1/mark";
/// Where a node grades answers anew of a learner whom it has.
pub const REGRADE_PATH: &str = "/nodes/v1/regrade";
/// How long a node may take with either: longer than verdicts may.
const MARK_WITHIN: Duration = Duration::from_secs(25);
/// How long a node may take to answer: it may have to write caches and let go first.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A question of one node to another: has it this learner, and if it does not need the learner, will it let go.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The run that is believed to be the owner. It is known to nodes alone.
    pub run: Uuid,
    /// The learner.
    pub user: Uuid,
    /// Under which epoch.
    pub epoch: u64,
}

/// A question of a node that starts: which decks are most in use at this run?
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AskedHot {
    /// The run that is asked. It is known to nodes alone.
    pub run: Uuid,
}

/// A question of what a node is. Who asks knows its run from the store, as nodes do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AboutAsked {
    /// The run that is believed to be at this address.
    pub run: Uuid,
}

/// A text was accepted that a learner gave, whom another node has: the answers are graded anew there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskedRegrade {
    /// The run that is believed to be the owner. It is known to nodes alone.
    pub run: Uuid,
    /// The learner.
    pub user: Uuid,
    /// The teacher's command.
    pub said: Uuid,
    /// Who accepts it.
    pub by: Uuid,
    /// The card's deck.
    pub deck: Uuid,
    /// The card.
    pub card: Uuid,
    /// The text.
    pub text: String,
    /// Digests of what counts as the same.
    pub digests: Vec<u64>,
    /// The class of whose lessons the answers have to be, where the deck is not the class's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Uuid>,
}

impl AskedRegrade {
    fn of(run: RunId, regrading: Regrading) -> AskedRegrade {
        let Regrading { student, accepting, digests, within } = regrading;
        AskedRegrade {
            run: run.0,
            user: student.0,
            said: accepting.said.0,
            by: accepting.by.0,
            deck: accepting.deck.0,
            card: accepting.card.0,
            text: accepting.text.as_ref().to_owned(),
            digests: digests.into_iter().collect(),
            within: within.map(|class| class.0),
        }
    }

    /// What is to be done.
    pub fn regrading(self) -> Regrading {
        let accepting = Accepting {
            said: EntryId(self.said),
            by: UserId(self.by),
            deck: DeckId(self.deck),
            card: CardId(self.card),
            text: self.text.into(),
        };
        let digests = self.digests.into_iter().collect();
        Regrading { student: UserId(self.user), accepting, digests, within: self.within.map(ClassId) }
    }
}

/// A mark of an import job, for the session of a learner who is at another node.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AskedMark {
    /// The run that is believed to be the owner. It is known to nodes alone.
    pub run: Uuid,
    /// The learner.
    pub user: Uuid,
    /// The job.
    pub job: Uuid,
    /// Whether its rows count no longer.
    pub revoked: bool,
    /// The guest who did what they say, if they are claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Uuid>,
}

/// Gives a mark to the node at this address.
///
/// # Errors
/// A sentence that says why it is not known to be durable; it may be given again.
pub async fn mark_elsewhere(address: &str, asked: AskedMark) -> Result<(), String> {
    let url = format!("http://{address}{MARK_PATH}");
    let given = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder().timeout_global(Some(MARK_WITHIN)).build();
        ureq::Agent::from(config).post(url).send_json(asked).map(drop)
    });
    match given.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "an import could not be marked at another node");
            Err("the node that has this learner did not take it; try again".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// What a node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AboutSaid {
    /// Its version.
    pub version: String,
    /// Its wall clock, Unix milliseconds.
    pub wall_ms: i64,
    /// Whether it is ready.
    pub ready: bool,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It has the learner.
    Here,
    /// It has not, or not any more.
    NotMine,
    /// Ask again.
    NotNow,
}

impl Said {
    /// What is said when the engine answers so.
    pub const fn of(answer: Answer) -> Said {
        match answer {
            Answer::Here => Said::Here,
            Answer::NotMine => Said::NotMine,
            Answer::NotNow | Answer::Unreachable => Said::NotNow,
        }
    }
}

/// The other nodes, asked over HTTP.
pub(super) struct HttpPeers {
    agent: ureq::Agent,
    turns: Turns,
}

impl HttpPeers {
    pub(super) fn new() -> HttpPeers {
        let config = ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).build();
        HttpPeers { agent: config.into(), turns: Turns::default() }
    }
}

impl Peers for HttpPeers {
    fn ask(&self, address: String, run: RunId, user: UserId, epoch: Epoch) -> Boxed<'_, Answer> {
        let agent = self.agent.clone();
        let turn = self.turns.begin(&address);
        Box::pin(async move {
            let Some(turn) = turn else { return Answer::Unreachable };
            let asked = Asked { run: run.0, user: user.0, epoch };
            let answer = tokio::task::spawn_blocking(move || {
                // It lasts as long as its thread, whether or not somebody waits for the answer.
                let _turn = turn;
                let said = agent.post(format!("http://{address}{ASK_PATH}")).send_json(asked)?;
                said.into_body().read_json::<Said>()
            });
            match answer.await {
                Ok(Ok(Said::Here)) => Answer::Here,
                Ok(Ok(Said::NotMine)) => Answer::NotMine,
                Ok(Ok(Said::NotNow)) => Answer::NotNow,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "another node did not answer");
                    Answer::Unreachable
                }
                Err(_) => Answer::Unreachable,
            }
        })
    }

    fn regrade(&self, address: String, run: RunId, regrading: Regrading) -> Boxed<'_, Result<(), String>> {
        let agent = self.agent.clone();
        Box::pin(async move {
            let asked = AskedRegrade::of(run, regrading);
            let done = tokio::task::spawn_blocking(move || {
                let request = agent.post(format!("http://{address}{REGRADE_PATH}"));
                let request = request.config().timeout_global(Some(MARK_WITHIN)).build();
                request.send_json(asked).map(drop)
            });
            match done.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
    }

    fn hot_decks(&self, address: String, run: RunId) -> Boxed<'_, Vec<DeckId>> {
        let agent = self.agent.clone();
        Box::pin(async move {
            let told = tokio::task::spawn_blocking(move || {
                let request = agent.post(format!("http://{address}{HOT_PATH}"));
                let request = request.config().timeout_global(Some(HOT_WITHIN)).build();
                request.send_json(AskedHot { run: run.0 })?.into_body().read_json::<Vec<Uuid>>()
            });
            match told.await {
                Ok(Ok(decks)) => decks.into_iter().map(DeckId).collect(),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "another node did not say which decks are in use");
                    Vec::new()
                }
                Err(_) => Vec::new(),
            }
        })
    }
}

/// Hears the other nodes until the process ends.
pub(super) async fn hear(bus: Arc<dyn Bus>, engine: Engine, people: Arc<dyn People>) {
    if let Err(error) = bus.watch(Topic::Inv) {
        tracing::warn!(%error, "the other nodes are not heard");
    }
    loop {
        match bus.next().await {
            Heard::Unknown(Topic::Inv) => {
                engine.check_all();
                engine.lessons_missed();
            }
            Heard::Unknown(Topic::Class(class)) => engine.cells_missed(class),
            Heard::Note { topic: Topic::Class(class), note: Note::Cell(cell) } => {
                engine.cell_heard(class, &cell)
            }
            Heard::Note { note, .. } => take(note, &engine, &*people).await,
        }
    }
}

/// Checks what is cached from time to time, whatever the bus says.
pub(super) async fn check_now_and_then(engine: Engine, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        engine.check_all();
    }
}

async fn take(note: Note, engine: &Engine, people: &dyn People) {
    match note {
        Note::Deck { deck, .. } => engine.deck_changed(deck),
        Note::Access(Whom::People(users)) => engine.access_changed(Concerned::People(users)),
        Note::Access(Whom::Deck(deck)) => engine.access_changed(Concerned::Deck(deck)),
        Note::Person(user) | Note::Revoked(user) => {
            if let Ok(Some(person)) = people.person(user).await {
                engine.zones_changed(user, &person.zones);
            }
            engine.access_changed(Concerned::from(user));
        }
        Note::Inbox(user) => engine.inbox_named(user),
        Note::Lesson(mark) => engine.lesson_marked(mark),
        // Of a class, and on its topic alone.
        Note::Cell(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::TcpListener;

    #[test]
    fn a_node_that_has_all_its_turns_taken_is_not_asked() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let node = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = node.local_addr().unwrap().to_string();
        let peers = HttpPeers::new();
        let _hung: Vec<_> = std::iter::from_fn(|| peers.turns.begin(&address)).collect();
        let asked = peers.ask(address, RunId(Uuid::nil()), UserId(Uuid::nil()), 1);
        assert_eq!(runtime.block_on(asked), Answer::Unreachable);
        node.set_nonblocking(true).unwrap();
        assert_eq!(node.accept().map(drop).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}
