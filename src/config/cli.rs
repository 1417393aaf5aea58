//! The command line. Scripts rely on it: commands and flags are only ever added.

use super::flags::ConfigFlags;
use super::value::parse_ttl_ms;
use crate::auth::{NAME_BYTES_MAX, parse_role};
use crate::naming::line;
use clap::{Args, Parser, Subcommand};
use domain::ids::{DeckId, OrgId, UserId};
use ports::Role;
use std::path::PathBuf;

/// A real-time study engine for flashcards.
#[derive(Parser, Clone, Debug)]
#[command(name = "studyhall", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Serve learners.
    Serve(ServeArgs),
    /// Serve a bundled deck on this machine and print a link that signs a learner in, and one for a teacher.
    Demo(DemoArgs),
    /// Bring a CQL cluster's keyspace to the schema of this program, or say what it lacks.
    Migrate(MigrateArgs),
    /// Print a token made with the configured secret.
    Token(TokenArgs),
    /// Import a file (Anki package, table, …), on a data folder that no server has open, or through a server.
    Import(ImportArgs),
    /// Study in the terminal.
    Study(StudyArgs),
    /// Look at a running server, again and again. Needs its operator's port.
    Top(TopArgs),
    /// Check what a server stands on, and say what to do. Exit 0: all is well, 1: something to know, 2: something fails.
    Doctor(DoctorArgs),
    /// Copy everything of one store into another that is empty, and compare both: between a data folder and a cluster.
    Copy(CopyArgs),
    /// Fold every log and compare with what is stored. Exit 0: equal, 1: different, 2: could not run.
    Verify(VerifyArgs),
    /// Say how well SM-2, FSRS, and FSRS with weights fitted to the learner would have foretold a learner's answers.
    Eval(EvalArgs),
    /// Write a copy of the data folder into a file, while a server runs or not.
    Backup(BackupArgs),
    /// Fill an empty data folder from a backup.
    Restore(RestoreArgs),
    /// Write a deck as CSV.
    Export(ExportArgs),
}

/// `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `migrate`.
#[derive(Args, Clone, Debug)]
pub struct MigrateArgs {
    /// Only say what is missing: exit 0 nothing, 1 something
    #[arg(long)]
    pub check: bool,
    /// Copies of each row, if the keyspace is made now
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub replication_factor: u32,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `token`.
#[derive(Args, Clone, Debug)]
pub struct TokenArgs {
    /// For whom
    #[arg(long, value_name = "UUID", value_parser = user)]
    pub user: UserId,
    /// owner, admin, teacher, learner, guest or service
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Role,
    /// The organisation
    #[arg(long, value_name = "UUID", value_parser = org)]
    pub org: Option<OrgId>,
    /// The name that others see
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<String>,
    /// How long it is valid: 90s, 15m, 1h, 30d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_ttl_ms)]
    pub ttl: i64,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The file, or the folder of an Anki profile (a copy); - reads the standard input, which needs --deck
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Title, path or id of the deck that a table becomes; it is made if there is none
    #[arg(long, value_name = "TITLE", required_if_eq("file", "-"))]
    pub deck: Option<String>,
    /// What the file is: anki, csv, … [default: found out]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// A parameter of the format, NAME=VALUE; repeat for more
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = option)]
    pub options: Vec<(String, String)>,
    /// Whose deck it is (on a data folder; through a server the token says so)
    #[arg(long, value_name = "UUID", value_parser = user, required_unless_present = "server")]
    pub user: Option<UserId>,
    /// Through this server instead of on the data folder
    #[arg(long, value_name = "URL", requires = "token")]
    pub server: Option<String>,
    /// The token for the server
    #[arg(long, value_name = "TOKEN", env = "STUDYHALL_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    pub dry_run: bool,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `study`.
#[derive(Args, Clone, Debug)]
pub struct StudyArgs {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Who studies
    #[arg(long, value_name = "TOKEN", env = "STUDYHALL_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Only this deck
    #[arg(long, value_name = "UUID")]
    pub deck: Option<String>,
    /// How cards are asked; without it as their decks say
    #[arg(long, value_name = "MODE", value_parser = ["flip", "type", "choose"])]
    pub mode: Option<String>,
}

/// `verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// While the store is served; slowly
    #[arg(long)]
    pub online: bool,
    /// Only learners with an entry of the last 90s, 15m, 1h or 30d
    #[arg(long, value_name = "TIME", value_parser = parse_ttl_ms)]
    pub since: Option<i64>,
    /// Learners a second, with --online [default: 200]
    #[arg(long, value_name = "N", requires = "online", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// Mark cards that differ, so that they are folded again from the log when they are needed next
    #[arg(long)]
    pub repair: bool,
    /// The operator's port of the server that has the data folder, for --repair with --online
    #[arg(long, value_name = "ADDR:PORT")]
    pub admin: Option<String>,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `eval`.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// The learner
    #[arg(long, value_name = "UUID", value_parser = user)]
    pub user: UserId,
    /// Only answers to cards of this deck
    #[arg(long, value_name = "UUID", value_parser = deck)]
    pub deck: Option<DeckId>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `top`.
#[derive(Args, Clone, Debug)]
pub struct TopArgs {
    /// The server's operator's port [default: what admin_listen is set to]
    #[arg(long, value_name = "ADDR:PORT")]
    pub admin: Option<String>,
    /// Between two looks: 1s, 15m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_ttl_ms)]
    pub interval: i64,
    /// Two looks, and the end; for scripts
    #[arg(long)]
    pub once: bool,
    /// JSON, one object a look
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
    /// Settings, as `serve` will have them.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `copy`.
#[derive(Args, Clone, Debug)]
pub struct CopyArgs {
    /// cql://host,host/keyspace, or a data folder that no server has open
    #[arg(long, value_name = "STORE")]
    pub from: String,
    /// cql://host,host/keyspace that `migrate` made, or a folder; empty, or with an unfinished copy
    #[arg(long, value_name = "STORE")]
    pub to: String,
    /// Copy from a cluster although nodes serve it: what comes in meanwhile may be missing
    #[arg(long)]
    pub while_served: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `backup`.
#[derive(Args, Clone, Debug)]
pub struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Put it in place of a store that the data folder has, which is deleted
    #[arg(long)]
    pub force: bool,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// `export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The file to write; - writes to the standard output
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// Title, path or id of the deck
    #[arg(long, value_name = "TITLE")]
    pub deck: String,
    /// Whose deck it is
    #[arg(long, value_name = "UUID", value_parser = user)]
    pub user: UserId,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFlags,
}

fn user(text: &str) -> Result<UserId, String> {
    text.parse().map_err(|_| "a UUID is expected".to_owned())
}

fn deck(text: &str) -> Result<DeckId, String> {
    text.parse().map_err(|_| "a UUID is expected".to_owned())
}

fn org(text: &str) -> Result<OrgId, String> {
    text.parse().map_err(|_| "a UUID is expected".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let refused = || format!("one line of 1 to {NAME_BYTES_MAX} bytes is expected");
    line(text, NAME_BYTES_MAX).ok_or_else(refused)
}

fn option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn role(text: &str) -> Result<Role, String> {
    parse_role(text).ok_or_else(|| "owner, admin, teacher, learner, guest or service is expected".to_owned())
}
