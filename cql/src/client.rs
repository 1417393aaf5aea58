//! The driver's session as the store uses it: short timeouts, local quorum, replicas asked first, own retries, and
//! every request in a task of its own, because a request that is dropped half-way keeps its place on the connection.

use crate::address::Address;
use crate::datacenter::has_servers;
use crate::error::{Failure, OpenError};
use crate::figures::{Figures, RequestKind};
use crate::options::Options;
use crate::retry::Tries;
use futures_util::TryStreamExt;
use ports::StoreError;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::deserialize::row::DeserializeRow;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::FallthroughRetryPolicy;
use scylla::serialize::row::SerializeRow;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::bound::BoundStatement;
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::{Consistency, SerialConsistency, Statement};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;

/// What a statement does; it decides how it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Reads at local quorum.
    Read,
    /// Writes at local quorum; sent twice it is the same write.
    Write,
    /// Reads what compare-and-set wrote, an unfinished one included.
    ReadSerial,
    /// Compares and sets: sent twice it may be refused the second time.
    Decide,
}

/// A row of an answer, made of nothing that is borrowed.
pub(crate) trait Answer: for<'f, 'm> DeserializeRow<'f, 'm> + Send + 'static {}
impl<T: for<'f, 'm> DeserializeRow<'f, 'm> + Send + 'static> Answer for T {}

/// A connection to the cluster. Clones share it.
#[derive(Clone)]
pub(crate) struct Client {
    session: Arc<Session>,
    keyspace: Arc<str>,
    options: Arc<Options>,
    figures: Arc<Figures>,
}

impl Client {
    /// Connects, for changes of the schema to the keyspace of the address. What is prepared names the keyspace itself.
    pub(crate) async fn connect(
        address: &Address,
        options: &Options,
        in_keyspace: bool,
    ) -> Result<Self, OpenError> {
        let ms = Duration::from_millis;
        let mut policy = DefaultPolicy::builder();
        if let Some(datacenter) = &address.datacenter {
            policy = policy.prefer_datacenter(datacenter.clone());
        }
        let profile = ExecutionProfile::builder()
            .request_timeout(Some(ms(options.attempt_timeout_ms)))
            .consistency(Consistency::LocalQuorum)
            .serial_consistency(Some(SerialConsistency::Serial))
            .load_balancing_policy(policy.build())
            .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
            .build();
        let mut builder = SessionBuilder::new()
            .known_nodes(&address.hosts)
            .default_execution_profile_handle(profile.into_handle())
            .connection_timeout(ms(options.connect_timeout_ms))
            .keepalive_interval(ms(options.keepalive_ms))
            .keepalive_timeout(ms(options.keepalive_ms))
            .tcp_nodelay(true)
            .schema_agreement_interval(ms(50))
            .keyspaces_to_fetch([address.keyspace.clone()]);
        if in_keyspace {
            builder = builder.use_keyspace(address.keyspace.clone(), true);
        }
        let session = builder.build().await.map_err(Box::new)?;
        has_servers(&session, address.datacenter.as_deref())?;
        let (session, options) = (Arc::new(session), Arc::new(options.clone()));
        let keyspace = address.keyspace.as_str().into();
        Ok(Self { session, keyspace, options, figures: Arc::default() })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The same connection for writes that are given up after so long, in milliseconds.
    pub(crate) fn writing_within(&self, ms: u64) -> Client {
        let options = Options { write_within_ms: ms, ..(*self.options).clone() };
        Client { options: Arc::new(options), ..self.clone() }
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Waits before the next attempt; gives the failure back when there is none.
    async fn after(&self, tries: &mut Tries, kind: RequestKind, failure: Failure) -> Result<(), Failure> {
        let next = tries.after(failure).await;
        self.figures.after(kind, next.is_ok());
        next
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Has every node parse the statement, once.
    pub(crate) async fn prepare(
        &self,
        text: &'static str,
        kind: Kind,
    ) -> Result<PreparedStatement, OpenError> {
        let failed = |source| OpenError::Prepare { statement: text, source: Box::new(source) };
        let mut statement = self.session.prepare(qualified(text, &self.keyspace)).await.map_err(failed)?;
        statement.set_is_idempotent(kind != Kind::Decide);
        statement.set_page_size(self.options.page_rows);
        if kind == Kind::ReadSerial {
            statement.set_consistency(Consistency::Serial);
        }
        Ok(statement)
    }

    /// All rows of an answer, page by page; tried again while that may help. The statement bounds the number of rows.
    pub(crate) async fn read<R: Answer>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Vec<R>, StoreError> {
        let bound = bind(statement, &values)?;
        let mut tries = Tries::within(&self.options, self.options.read_within_ms);
        loop {
            let (session, bound) = (Arc::clone(&self.session), bound.clone());
            let read = async move {
                let pager = session.execute_bound_iter(bound).await?;
                let rows = pager.rows_stream::<R>().map_err(|error| invalid(&error))?;
                Ok(rows.try_collect().await?)
            };
            let asked = self.owned(RequestKind::Read, read);
            match asked.await {
                Ok(rows) => return Ok(rows),
                Err(failure) => {
                    let next = self.after(&mut tries, RequestKind::Read, failure).await;
                    next.map_err(|failure| failure.into_store_error("read"))?;
                }
            }
        }
    }

    /// The first row of an answer, if there is one.
    pub(crate) async fn read_one<R: Answer>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Option<R>, StoreError> {
        Ok(self.read(statement, values).await?.into_iter().next())
    }

    /// A write, tried until its outcome is known or the time for it is over.
    pub(crate) async fn write(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), StoreError> {
        let bound = bind(statement, &values)?;
        let mut tries = Tries::within(&self.options, self.options.write_within_ms);
        loop {
            let (session, bound) = (Arc::clone(&self.session), bound.clone());
            let write = async move { Ok(session.execute_bound_unpaged(&bound).await.map(drop)?) };
            let sent = self.owned(RequestKind::Write, write);
            match sent.await {
                Ok(()) => return Ok(()),
                Err(failure) => {
                    let next = self.after(&mut tries, RequestKind::Write, failure).await;
                    next.map_err(|failure| failure.into_store_error("write"))?;
                }
            }
        }
    }

    /// Writes that share a partition key, in one batch; tried as [`write`](Client::write) is. The values are as many
    /// as the batch has statements. The caller's task must not be dropped half-way: this one makes none.
    pub(crate) async fn write_together_here<V: SerializeRow>(
        &self,
        batch: &Batch,
        values: &[V],
    ) -> Result<(), StoreError> {
        let mut tries = Tries::within(&self.options, self.options.write_within_ms);
        loop {
            let write = async { Ok(self.session.batch(batch, values).await.map(drop)?) };
            let Err(failure) = self.figures.attempt(RequestKind::Batch, write).await else { return Ok(()) };
            let next = self.after(&mut tries, RequestKind::Batch, failure).await;
            next.map_err(|failure| failure.into_store_error("write a batch"))?;
        }
    }

    /// The same in a task of its own.
    pub(crate) async fn write_together<V>(&self, batch: Arc<Batch>, values: Vec<V>) -> Result<(), StoreError>
    where
        V: SerializeRow + Send + Sync + 'static,
    {
        let client = self.clone();
        let sent = tokio::spawn(async move { client.write_together_here(&batch, &values).await });
        sent.await.unwrap_or_else(|error| Err(lost(&error).into_store_error("write a batch")))
    }

    /// A few writes to several partitions of which none must stay undone: a logged batch, which the cluster carries
    /// out to its end once it has it. Dear, and for what people change by hand.
    pub(crate) async fn write_undivided<V>(
        &self,
        statements: Vec<PreparedStatement>,
        values: Vec<V>,
    ) -> Result<(), StoreError>
    where
        V: SerializeRow + Send + Sync + 'static,
    {
        self.write_together(Arc::new(batch(BatchType::Logged, statements)), values).await
    }

    /// Compares and sets, in one attempt: whether it was applied. After an error the outcome is unknown, and the
    /// caller reads it ([`Kind::ReadSerial`]).
    pub(crate) async fn decide(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<bool, StoreError> {
        let (session, bound) = (Arc::clone(&self.session), bind(statement, &values)?);
        let decide = async move {
            let answer = session.execute_bound_unpaged(&bound).await?;
            let rows = answer.into_rows_result().map_err(|error| invalid(&error))?;
            applied(&rows)
        };
        self.owned(RequestKind::Decide, decide).await.map_err(|failure| {
            self.figures.after(RequestKind::Decide, false);
            failure.into_store_error("compare and set")
        })
    }

    /// Carries out a change of the schema, with the time that it takes.
    pub(crate) async fn change_schema(&self, text: &str) -> Result<(), StoreError> {
        let mut statement = Statement::new(text);
        statement.set_request_timeout(Some(Duration::from_secs(60)));
        let (session, text) = (Arc::clone(&self.session), text.to_owned());
        let changed = async move { Ok(session.query_unpaged(statement, ()).await.map(drop)?) };
        let changed: Result<(), Failure> = self.owned(RequestKind::Write, changed).await;
        changed.map_err(|failure| failure.into_store_error(&text))
    }

    /// Makes an attempt to its end, whatever becomes of whoever waits for it.
    async fn owned<T: Send + 'static>(
        &self,
        kind: RequestKind,
        attempt: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let figures = Arc::clone(&self.figures);
        ended(tokio::spawn(async move { figures.attempt(kind, attempt).await }).await)
    }
}

/// What came of an attempt in a task of its own.
fn ended<T>(joined: Result<Result<T, Failure>, JoinError>) -> Result<T, Failure> {
    joined.unwrap_or_else(|error| Err(lost(&error)))
}

/// A batch of these statements, which may be sent twice.
pub(crate) fn batch(kind: BatchType, statements: Vec<PreparedStatement>) -> Batch {
    let mut batch = Batch::new(kind);
    batch.set_is_idempotent(true);
    statements.into_iter().for_each(|statement| batch.append_statement(statement));
    batch
}

/// The statement with its tables named in full: what is prepared must not mean another table on another connection.
fn qualified(text: &str, keyspace: &str) -> String {
    let mut words = text.split_ascii_whitespace().peekable();
    let mut full = Vec::new();
    while let Some(word) = words.next() {
        full.push(word.to_owned());
        if matches!(word, "FROM" | "INTO" | "UPDATE")
            && let Some(table) = words.next_if(|table| !table.contains('.'))
        {
            full.push(format!("\"{keyspace}\".{table}"));
        }
    }
    full.join(" ")
}

/// `[applied]`, found by its name: what else comes back differs between the servers.
fn applied(rows: &scylla::response::query_result::QueryRowsResult) -> Result<bool, Failure> {
    use scylla::value::{CqlValue, Row};
    let Some((place, _)) = rows.column_specs().get_by_name("[applied]") else {
        return Err(invalid(&"an answer without [applied]"));
    };
    let row: Row = rows.first_row().map_err(|error| invalid(&error))?;
    match row.columns.get(place) {
        Some(Some(CqlValue::Boolean(applied))) => Ok(*applied),
        _ => Err(invalid(&"[applied] is no boolean")),
    }
}

fn bind(statement: &PreparedStatement, values: &impl SerializeRow) -> Result<BoundStatement, StoreError> {
    statement.clone().bind(values).map_err(|error| invalid(&error).into_store_error("bind"))
}

/// What cannot be sent, or is no answer to what was asked.
fn invalid(error: &impl std::fmt::Display) -> Failure {
    Failure { cause: ports::Cause::Invalid, again: false, detail: error.to_string() }
}

/// A task that panicked or was cancelled: what it had sent may have taken effect.
fn lost(error: &JoinError) -> Failure {
    Failure { cause: ports::Cause::Unavailable, again: true, detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{ended, qualified};
    use crate::error::Failure;
    use ports::Cause;

    #[test]
    fn an_attempt_whose_task_ends_early_may_have_taken_effect_and_is_made_again() {
        kit::wait::block_on(async {
            let attempt = tokio::spawn(async { panic!("planted") });
            let outcome: Result<(), Failure> = ended(attempt.await);
            let failure = outcome.unwrap_err();
            assert_eq!((failure.cause, failure.again), (Cause::Unavailable, true));
        });
    }

    #[test]
    fn tables_are_named_in_full_and_those_of_the_system_stay_as_they_are() {
        let cases = [
            ("SELECT a FROM t WHERE b = ?", "SELECT a FROM \"K\".t WHERE b = ?"),
            ("INSERT INTO t (a)\n   VALUES (?)", "INSERT INTO \"K\".t (a) VALUES (?)"),
            ("UPDATE t SET a = ? WHERE b = ? IF a = ?", "UPDATE \"K\".t SET a = ? WHERE b = ? IF a = ?"),
            (
                "DELETE FROM t USING TIMESTAMP ? WHERE b = ?",
                "DELETE FROM \"K\".t USING TIMESTAMP ? WHERE b = ?",
            ),
            ("SELECT a FROM system_schema.tables", "SELECT a FROM system_schema.tables"),
        ];
        for (text, full) in cases {
            assert_eq!(qualified(text, "K"), full);
        }
    }
}
