//! Owners and nodes: the only tables that are written by compare-and-set, and never otherwise. Each request is one
//! attempt: after an error its outcome is unknown, it may even take effect later, and a serial read settles it.

use crate::client::Client;
use crate::error::OpenError;
use crate::statements::statements;
use domain::ids::{RunId, UserId, Uuid};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::node::{BeatOut, BeatOutcome, Declare, NodeRow};
use ports::{Boxed, NodeEntry, StoreError};
use std::sync::Arc;

/// The kind of what is owned, in the table's key.
const LEARNER: &str = "learner";

statements! {
    /// What is asked of owners and nodes. A node's row lives for a week after its last beat.
    OwnerStatements {
        register: Decide = "INSERT INTO nodes (run, address, alive, beat, at_ms) VALUES (?, ?, true, 0, ?)
            IF NOT EXISTS USING TTL 604800";
        beat: Decide = "UPDATE nodes USING TTL 604800 SET address = ?, alive = true, beat = ?, at_ms = ?
            WHERE run = ? IF alive = true";
        declare_dead: Decide = "UPDATE nodes USING TTL 604800 SET alive = false
            WHERE run = ? IF alive = true AND beat = ?";
        node: ReadSerial = "SELECT alive FROM nodes WHERE run = ?";
        nodes: Read = "SELECT run, address, alive, beat, at_ms FROM nodes";
        owner: ReadSerial = "SELECT run, epoch FROM owners WHERE kind = ? AND id = ?";
        claim_first: Decide = "INSERT INTO owners (kind, id, run, epoch) VALUES (?, ?, ?, ?) IF NOT EXISTS";
        claim: Decide = "UPDATE owners SET run = ?, epoch = ? WHERE kind = ? AND id = ? IF epoch = ?";
        release: Decide = "UPDATE owners SET run = null, epoch = ? WHERE kind = ? AND id = ?
            IF run = ? AND epoch = ?";
    }
}

/// Who owns whom, and who is alive. Clones are handles of one.
#[derive(Clone)]
pub struct Owners {
    client: Client,
    statements: Arc<OwnerStatements>,
}

impl Owners {
    pub(crate) async fn open(client: &Client) -> Result<Self, OpenError> {
        let statements = Arc::new(OwnerStatements::prepare(client).await?);
        Ok(Self { client: client.clone(), statements })
    }

    /// Makes a new run known; `false` if it was known already, which a run made at random never is, unless this very
    /// request was sent before and its outcome was unknown.
    ///
    /// # Errors
    /// The outcome is unknown: take another run.
    pub async fn register(&self, run: RunId, address: &str, wall_ms: i64) -> Result<bool, StoreError> {
        self.client.decide(&self.statements.register, (run.0, address, wall_ms)).await
    }

    /// Beats, if nobody has declared the run dead.
    pub async fn beat(&self, beat: BeatOut, address: &str, wall_ms: i64) -> BeatOutcome {
        let values = (address, number(beat.beat), wall_ms, beat.run.0);
        match self.client.decide(&self.statements.beat, values).await {
            Ok(true) => BeatOutcome::Applied,
            Ok(false) => BeatOutcome::NotApplied,
            Err(error) => {
                tracing::warn!(%error, "a beat's outcome is unknown");
                BeatOutcome::Unknown
            }
        }
    }

    /// Declares a run dead, if it is alive and still at this beat.
    ///
    /// # Errors
    /// The outcome is unknown; declaring it again is harmless.
    pub async fn declare_dead(&self, dead: Declare) -> Result<bool, StoreError> {
        self.client.decide(&self.statements.declare_dead, (dead.run.0, number(dead.beat))).await
    }

    /// Whether a run is alive now. One that is not known is not.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_alive(&self, run: RunId) -> Result<bool, StoreError> {
        let row: Option<(Option<bool>,)> = self.client.read_one(&self.statements.node, (run.0,)).await?;
        Ok(row.is_some_and(|(alive,)| alive == Some(true)))
    }

    /// All nodes, dead ones of the last week included.
    ///
    /// # Errors
    /// The store's.
    pub async fn nodes(&self) -> Result<Vec<NodeEntry>, StoreError> {
        type Columns = (Uuid, Option<String>, Option<bool>, Option<i64>, Option<i64>);
        let rows: Vec<Columns> = self.client.read(&self.statements.nodes, ()).await?;
        let entry = |(run, address, alive, beat, at_ms): Columns| NodeEntry {
            row: NodeRow {
                run: RunId(run),
                alive: alive == Some(true),
                beat: beat.and_then(|beat| u64::try_from(beat).ok()).unwrap_or(0),
                wall_ms: at_ms.unwrap_or(0),
            },
            address: address.unwrap_or_default(),
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Who owns a learner, after all changes that have taken effect; one that was under way is finished first.
    ///
    /// # Errors
    /// The store's.
    pub async fn owner(&self, user: UserId) -> Result<Ownership, StoreError> {
        let row: Option<(Option<Uuid>, Option<i64>)> =
            self.client.read_one(&self.statements.owner, (LEARNER, user.0)).await?;
        Ok(row.map_or(Ownership::default(), |(run, epoch)| Ownership {
            run: run.map(RunId),
            epoch: epoch.and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0),
        }))
    }

    /// Changes who owns a learner, if the row is still as expected.
    pub async fn change(&self, user: UserId, change: Change) -> Changed {
        let (expected, after) = (change.expected, change.after());
        let (at, to) = (number(expected.epoch), number(after.epoch));
        let (client, known) = (&self.client, &self.statements);
        let decided = match (change.run, expected.run) {
            // A learner without a row is nobody's, with epoch 0, and never has that epoch again.
            (Some(run), None) if expected.epoch == 0 => {
                client.decide(&known.claim_first, (LEARNER, user.0, run.0, to)).await
            }
            // Each change raises the epoch, so that alone says whether another came before.
            (Some(run), _) => client.decide(&known.claim, (run.0, to, LEARNER, user.0, at)).await,
            (None, Some(mine)) => client.decide(&known.release, (to, LEARNER, user.0, mine.0, at)).await,
            (None, None) => return Changed::NotApplied(expected),
        };
        match decided {
            Ok(true) => Changed::Applied,
            Ok(false) => self.owner(user).await.map_or(Changed::Unknown, Changed::NotApplied),
            Err(error) => {
                tracing::warn!(%error, %user, "the outcome of a change of owner is unknown");
                Changed::Unknown
            }
        }
    }
}

impl ports::Owners for Owners {
    fn register(&self, run: RunId, address: String, wall_ms: i64) -> Boxed<'_, Result<bool, StoreError>> {
        Box::pin(async move { Owners::register(self, run, &address, wall_ms).await })
    }

    fn beat(&self, beat: BeatOut, address: String, wall_ms: i64) -> Boxed<'_, BeatOutcome> {
        Box::pin(async move { Owners::beat(self, beat, &address, wall_ms).await })
    }

    fn declare_dead(&self, dead: Declare) -> Boxed<'_, Result<bool, StoreError>> {
        Box::pin(Owners::declare_dead(self, dead))
    }

    fn is_alive(&self, run: RunId) -> Boxed<'_, Result<bool, StoreError>> {
        Box::pin(Owners::is_alive(self, run))
    }

    fn nodes(&self) -> Boxed<'_, Result<Vec<NodeEntry>, StoreError>> {
        Box::pin(Owners::nodes(self))
    }

    fn owner(&self, user: UserId) -> Boxed<'_, Result<Ownership, StoreError>> {
        Box::pin(Owners::owner(self, user))
    }

    fn change(&self, user: UserId, change: Change) -> Boxed<'_, Changed> {
        Box::pin(Owners::change(self, user, change))
    }
}

/// Epochs and beats as columns hold them.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
