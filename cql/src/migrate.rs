//! The schema: numbered migrations that lie in the program, each of which may be carried out again without harm.
//!
//! A version of the program needs the migrations that it knows and bears any that are newer, so that two versions
//! run side by side: a release adds tables and columns (expand), and what no running version uses any more is dropped
//! by a later one (contract). A migration that was released is never changed.

use crate::address::Address;
use crate::client::{Client, Kind};
use crate::datacenter::{DatacenterError, judge_datacenter, of_servers, only_datacenter, replication};
use crate::error::OpenError;
use crate::options::Options;
use ports::StoreError;

/// One step of the schema.
struct Migration {
    number: i32,
    name: &'static str,
    text: &'static str,
}

macro_rules! migration {
    ($number:literal, $name:literal) => {
        Migration { number: $number, name: $name, text: include_str!(concat!("../schema/", $name, ".cql")) }
    };
}

/// In their order, without a gap.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_reviews"),
    migration!(2, "0002_library"),
    migration!(3, "0003_people"),
    migration!(4, "0004_imports"),
    migration!(5, "0005_registers"),
    migration!(6, "0006_editors"),
    migration!(7, "0007_events"),
    migration!(8, "0008_lessons"),
];

const CREATE_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS migrations (
    scope text, number int, name text, digest bigint, at_ms bigint, PRIMARY KEY (scope, number))";
const READ_MIGRATIONS: &str = "SELECT number, digest FROM migrations WHERE scope = 'schema'";
const NOTE_MIGRATION: &str =
    "INSERT INTO migrations (scope, number, name, digest, at_ms) VALUES ('schema', ?, ?, ?, ?)";

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Copies of each row, if the keyspace is made now; one that exists keeps what it has.
    pub replication_factor: u32,
    /// Changes nothing, only says what is missing.
    pub check_only: bool,
}

/// What was found and done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Carried out now.
    pub applied: Vec<String>,
    /// Missing still (`check_only`).
    pub missing: Vec<String>,
    /// Numbers of migrations of a newer program.
    pub newer: Vec<i32>,
}

/// Why the schema could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// A statement failed; what was done before it stays, and doing it again is harmless.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// In which data center the keyspace is, or is to be made, is not clear.
    #[error(transparent)]
    Datacenter(#[from] DatacenterError),
    /// A migration that was carried out is not the one that this program has.
    #[error("migration {name} was carried out with another text than this program's")]
    Changed {
        /// Its name.
        name: &'static str,
    },
}

impl From<OpenError> for MigrateError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Schema(error) => error,
            OpenError::Datacenter(error) => Self::Datacenter(error),
            other @ (OpenError::Connect(_)
            | OpenError::Prepare { .. }
            | OpenError::SchemaBehind { .. }
            | OpenError::CopyUnfinished { .. }) => Self::Open(Box::new(other)),
        }
    }
}

/// Brings the keyspace of the address to the schema of this program, or says what is missing. Run it from one place
/// at a time: servers do not agree well on schemas that are changed from two sides at once.
///
/// # Errors
/// [`MigrateError`].
pub async fn migrate(
    address: &Address,
    options: &Options,
    plan: &Plan,
    now_ms: i64,
) -> Result<Report, MigrateError> {
    let client = Client::connect(address, options, false).await?;
    if !plan.check_only {
        create_keyspace(&client, address, plan.replication_factor).await?;
    } else if !keyspace_exists(&client, &address.keyspace).await? {
        let missing = MIGRATIONS.iter().map(|m| m.name.to_owned()).collect();
        return Ok(Report { missing, ..Report::default() });
    }
    let client = Client::connect(address, options, true).await?;
    judge(&client, address).await?;
    let mut report = check(&client, &address.keyspace).await?;
    if plan.check_only || report.missing.is_empty() {
        return Ok(report);
    }
    client.change_schema(CREATE_MIGRATIONS).await?;
    let note = client.prepare(NOTE_MIGRATION, Kind::Write).await?;
    let missing = std::mem::take(&mut report.missing);
    for migration in MIGRATIONS.iter().filter(|m| missing.iter().any(|name| name == m.name)) {
        for statement in statements(migration.text) {
            // Not every server knows `ADD IF NOT EXISTS`: what is there already is left alone by us.
            if let Some((table, column)) = added_column(&statement)
                && column_exists(&client, &address.keyspace, table, column).await?
            {
                continue;
            }
            client.change_schema(&statement).await?;
        }
        let digest = digest(migration.text);
        client.write(&note, (migration.number, migration.name, digest, now_ms)).await?;
        report.applied.push(migration.name.to_owned());
    }
    Ok(report)
}

/// Whether it is clear in which data center the keyspace is read and written.
pub(crate) async fn judge(client: &Client, address: &Address) -> Result<(), MigrateError> {
    // In a box of its own: what is called from here nests deeply.
    let replication = Box::pin(replication(client, &address.keyspace)).await?.unwrap_or_default();
    Ok(judge_datacenter(&replication, address.datacenter.as_deref())?)
}

/// What the keyspace that the client is connected to lacks.
pub(crate) async fn check(client: &Client, keyspace: &str) -> Result<Report, MigrateError> {
    let mut done: Vec<(i32, i64)> = Vec::new();
    if table_exists(client, keyspace, "migrations").await? {
        let read = client.prepare(READ_MIGRATIONS, Kind::Read).await?;
        done = client.read(&read, ()).await?;
    }
    let mut report = Report::default();
    for migration in MIGRATIONS {
        match done.iter().find(|(number, _)| *number == migration.number) {
            None => report.missing.push(migration.name.to_owned()),
            Some((_, stored)) if *stored != digest(migration.text) => {
                return Err(MigrateError::Changed { name: migration.name });
            }
            Some(_) => {}
        }
    }
    let known = MIGRATIONS.len();
    report.newer =
        done.iter().map(|(n, _)| *n).filter(|n| usize::try_from(*n).is_ok_and(|n| n > known)).collect();
    Ok(report)
}

async fn create_keyspace(client: &Client, address: &Address, copies: u32) -> Result<(), MigrateError> {
    if keyspace_exists(client, &address.keyspace).await? {
        return Ok(());
    }
    let datacenter = only_datacenter(of_servers(client.session()), address.datacenter.as_deref())?;
    let datacenter = datacenter.replace('\'', "''");
    let text = format!(
        "CREATE KEYSPACE IF NOT EXISTS \"{}\" WITH replication = \
         {{'class': 'NetworkTopologyStrategy', '{datacenter}': {copies}}}",
        address.keyspace
    );
    Ok(client.change_schema(&text).await?)
}

async fn keyspace_exists(client: &Client, keyspace: &str) -> Result<bool, MigrateError> {
    const FIND: &str = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let find = client.prepare(FIND, Kind::Read).await?;
    Ok(client.read_one::<(String,)>(&find, (keyspace,)).await?.is_some())
}

async fn table_exists(client: &Client, keyspace: &str, table: &str) -> Result<bool, MigrateError> {
    const FIND: &str =
        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?";
    let find = client.prepare(FIND, Kind::Read).await?;
    Ok(client.read_one::<(String,)>(&find, (keyspace, table)).await?.is_some())
}

async fn column_exists(
    client: &Client,
    keyspace: &str,
    table: &str,
    column: &str,
) -> Result<bool, MigrateError> {
    const FIND: &str = "SELECT column_name FROM system_schema.columns
        WHERE keyspace_name = ? AND table_name = ? AND column_name = ?";
    let find = client.prepare(FIND, Kind::Read).await?;
    Ok(client.read_one::<(String,)>(&find, (keyspace, table, column)).await?.is_some())
}

/// The table and the column, where a statement adds one: `ALTER TABLE table ADD column type`.
fn added_column(statement: &str) -> Option<(&str, &str)> {
    let mut words = statement.split_ascii_whitespace();
    let mut is = |word: &str| words.next().is_some_and(|next| next == word);
    if !(is("ALTER") && is("TABLE")) {
        return None;
    }
    let table = words.next()?;
    let adds = words.next()? == "ADD";
    Some((table, words.next()?)).filter(|_| adds)
}

/// The statements of a migration: without comments, which begin with two hyphens, and ended by semicolons, neither
/// of which may stand in a text.
fn statements(text: &str) -> Vec<String> {
    let code = text.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end());
    let code: Vec<&str> = code.filter(|line| !line.is_empty()).collect();
    let code = code.join("\n");
    let statements = code.split(';').map(|statement| statement.trim().to_owned());
    statements.filter(|statement| !statement.is_empty()).collect()
}

/// FNV-1a over the statements: comments may be mended.
fn digest(text: &str) -> i64 {
    let statements = statements(text).join(";");
    let words = statements.split_ascii_whitespace().flat_map(|word| word.bytes().chain([b' ']));
    let fold = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    words.fold(0xcbf2_9ce4_8422_2325, fold).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_a_gap_and_named_by_their_number() {
        for (place, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.number, i32::try_from(place).unwrap() + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
        }
    }

    #[test]
    fn every_statement_may_be_carried_out_again() {
        let all: Vec<String> = MIGRATIONS.iter().flat_map(|m| statements(m.text)).collect();
        assert!(!all.is_empty());
        for statement in all {
            let harmless = statement.contains(" IF NOT EXISTS ")
                || statement.contains(" IF EXISTS ")
                || added_column(&statement).is_some();
            assert!(harmless, "{statement}");
        }
    }

    #[test]
    fn what_adds_a_column_is_told_from_what_does_not() {
        assert_eq!(
            added_column("ALTER TABLE decks ADD editors frozen<list<uuid>>"),
            Some(("decks", "editors"))
        );
        for other in ["ALTER TABLE decks DROP editors", "CREATE TABLE a (b int)", "ALTER TABLE decks"] {
            assert_eq!(added_column(other), None, "{other}");
        }
    }

    #[test]
    fn a_comment_does_not_change_a_migration_and_a_column_does() {
        let text = "CREATE TABLE a (b int); -- one\n-- two; three\n\nCREATE TABLE c (d int);";
        assert_eq!(statements(text), ["CREATE TABLE a (b int)", "CREATE TABLE c (d int)"]);
        assert_eq!(digest(text), digest("CREATE TABLE a (b int);\nCREATE  TABLE c\n(d int);"));
        assert_ne!(digest(text), digest("CREATE TABLE a (b int); CREATE TABLE c (e int);"));
    }
}
