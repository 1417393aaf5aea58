//! The command line.

use crate::scenario::Changes;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A load generator that is also an oracle: every message that comes back is checked, and the store is verified
/// afterwards. Exit codes: 0 passed, 1 something that was asked for did not come, 2 could not run.
#[derive(Parser, Debug)]
#[command(version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What it can do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a scenario: one that comes along (see `list`), or a file.
    Run(RunArgs),
    /// List the scenarios that come along.
    List,
    /// Measure the server beside its ceilings: a bare echo, a bare append, an ordinary web application.
    Ceiling(CeilingArgs),
    /// Measure what a session costs in memory, as the slope between two numbers of sessions.
    Memory(MemoryArgs),
    /// Measure live classes: how late teachers see answers, and what watching costs.
    Class(ClassArgs),
    /// Measure the fan-out of a live class by a ready messaging server, NATS.
    Messaging(MessagingArgs),
    /// Play the learners of the ordinary web application; started by `ceiling`.
    #[command(hide = true)]
    WebLearners(WebLearnersArgs),
    /// Play a part of the learners; started by the other commands.
    #[command(hide = true)]
    Slice,
}

/// Which server.
#[derive(Args, Debug, Clone)]
pub struct ServerArgs {
    /// A server that runs already, as http://host:port. Without it one is started, and its store verified afterwards.
    #[arg(long, requires = "secret")]
    pub server: Option<String>,
    /// The process of that server, to measure its memory and processor time.
    #[arg(long, requires = "server")]
    pub server_pid: Option<u32>,
    /// The started server's store, as cql://host:port/keyspace, which is brought to the program's schema first. Without
    /// it the server has files of its own.
    #[arg(long, conflicts_with = "server")]
    pub store: Option<String>,
    /// What joins nodes, as redis://host:port: with a store of their own, for several.
    #[arg(long, requires = "store")]
    pub bus: Option<String>,
    /// The secret that its tokens are made with.
    #[arg(long, env = "STUDYHALL_AUTH_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
    /// The server's program; without it `studyhall` beside this program.
    #[arg(long)]
    pub program: Option<PathBuf>,
    /// A place for the started server's data; without it the system's place for temporary files.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// The core that the started server has alone, with one worker. Give `all` to leave it to the system.
    #[arg(long, default_value = "0")]
    pub server_core: Core,
    /// The core of the learners' processes. Give `all` to leave it to the system.
    #[arg(long, default_value = "1")]
    pub learners_core: Core,
}

/// A core, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core(pub Option<usize>);

impl std::str::FromStr for Core {
    type Err = String;

    fn from_str(text: &str) -> Result<Core, String> {
        match text {
            "all" => Ok(Core(None)),
            number => {
                number.parse().map(|core| Core(Some(core))).map_err(|_| "a number, or `all`".to_owned())
            }
        }
    }
}

/// `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Name or file of the scenario.
    pub scenario: String,
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Number and rate of learners times this.
    #[arg(long)]
    pub scale: Option<f64>,
    /// Number of learners.
    #[arg(long)]
    pub learners: Option<usize>,
    /// Learners that come in a second.
    #[arg(long)]
    pub join_per_s: Option<f64>,
    /// Time between two answers of a learner, in milliseconds.
    #[arg(long)]
    pub every_ms: Option<u64>,
    /// How long all of them study, in seconds.
    #[arg(long)]
    pub steady_s: Option<u64>,
    /// Cards of the deck.
    #[arg(long)]
    pub cards: Option<usize>,
    /// Answer as soon as there is a card, as fast as the server lets.
    #[arg(long)]
    pub closed: bool,
    /// The seed of everything random.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Where to write the report as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Where to write the report as a page.
    #[arg(long)]
    pub html: Option<PathBuf>,
}

impl RunArgs {
    /// What is changed of the scenario.
    pub const fn changes(&self) -> Changes {
        Changes {
            scale: self.scale,
            learners: self.learners,
            join_per_s: self.join_per_s,
            every_ms: self.every_ms,
            steady_s: self.steady_s,
            cards: self.cards,
        }
    }
}

/// `ceiling`.
#[derive(Args, Debug)]
pub struct CeilingArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The ceilings' program; without it `ceiling` beside this program.
    #[arg(long)]
    pub ceiling_program: Option<PathBuf>,
    /// Learners.
    #[arg(long, default_value_t = 200)]
    pub learners: usize,
    /// Length of each part, in seconds.
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// How often server and ceiling take turns; the medians count.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Where to write the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// `memory`.
#[derive(Args, Debug)]
pub struct MemoryArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The first number of sessions.
    #[arg(long, default_value_t = 5_000)]
    pub from: usize,
    /// The second.
    #[arg(long, default_value_t = 19_000)]
    pub to: usize,
    /// Cards of the deck, all of them due.
    #[arg(long, default_value_t = 100)]
    pub cards: usize,
    /// Answers of each learner before it only listens.
    #[arg(long, default_value_t = 20)]
    pub answers: u64,
}

/// `web-learners`.
#[derive(Args, Debug)]
pub struct WebLearnersArgs {
    /// Where the application listens.
    #[arg(long)]
    pub address: std::net::SocketAddr,
    /// Its process, to measure its processor time.
    #[arg(long)]
    pub pid: Option<u32>,
    /// Learners, each with a connection.
    #[arg(long)]
    pub learners: usize,
    /// Cards of the deck.
    #[arg(long)]
    pub cards: usize,
    /// How long is counted, in seconds.
    #[arg(long)]
    pub seconds: u64,
}

/// `class`.
#[derive(Args, Debug)]
pub struct ClassArgs {
    /// The server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Nodes, among which students and teachers are spread; more than one need a bus.
    #[arg(long, default_value_t = 1)]
    pub nodes: usize,
    /// Classes, each with a live lesson.
    #[arg(long, default_value_t = 1)]
    pub classes: usize,
    /// Students of a class.
    #[arg(long, default_value_t = 1_000)]
    pub students: usize,
    /// Teachers who watch a class.
    #[arg(long, default_value_t = 1)]
    pub teachers: usize,
    /// Students beside these, in this process: their answers are timed until a teacher sees them.
    #[arg(long, default_value_t = 20)]
    pub probes: usize,
    /// Time between two answers of a student, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    pub every_ms: u64,
    /// How long all of them study, in seconds.
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Cards of the deck.
    #[arg(long, default_value_t = 100)]
    pub cards: usize,
    /// How often a lesson and none take turns.
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    /// Where to write the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// `messaging`.
#[derive(Args, Debug)]
pub struct MessagingArgs {
    /// The messaging server's program (Debian: nats-server).
    #[arg(long, default_value = "nats-server")]
    pub program: PathBuf,
    /// Students of the class.
    #[arg(long, default_value_t = 1_000)]
    pub students: usize,
    /// Teachers who hear everything.
    #[arg(long, default_value_t = 1)]
    pub teachers: usize,
    /// Time between two answers of a student, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    pub every_ms: u64,
    /// How long they answer, in seconds.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// The core that the server has alone. Give `all` to leave it to the system.
    #[arg(long, default_value = "0")]
    pub server_core: Core,
    /// Where to write the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl ClassArgs {
    /// Students of all classes, the probes left out.
    pub const fn students_in_all(&self) -> usize {
        self.classes * self.students
    }
}
