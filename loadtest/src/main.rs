//! A load generator that is also an oracle: every message that comes back is checked. This version drives a closed
//! loop; open models, scenarios and reports come with the performance work.

mod closed;
mod oracle;
mod report;
mod target;

use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;

/// Drives a running server with learners that answer as soon as a card is there.
#[derive(Parser, Clone, Debug)]
#[command(version)]
struct Args {
    /// The server, as http://host:port.
    #[arg(long)]
    server: String,
    /// The secret that the server's tokens are made with.
    #[arg(long, env = "STUDYHALL_AUTH_SECRET", hide_env_values = true)]
    secret: String,
    /// Learners, each with a deck and a socket of its own.
    #[arg(long, default_value_t = 200)]
    learners: usize,
    /// Cards of each deck.
    #[arg(long, default_value_t = 100)]
    cards: usize,
    /// How long, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Cards held ahead by each learner.
    #[arg(long, default_value_t = 3)]
    window: u8,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the load generator could not start: {error}");
            return ExitCode::from(2);
        }
    };
    let target =
        target::Target { server: args.server.trim_end_matches('/').to_owned(), secret: args.secret.clone() };
    let learners = match target.prepare(args.learners, args.cards) {
        Ok(learners) => learners,
        Err(error) => {
            eprintln!("the server could not be prepared: {error}");
            return ExitCode::from(2);
        }
    };
    let length = Duration::from_secs(args.seconds);
    let outcome = runtime.block_on(closed::run(&target, &learners, args.window, length));
    println!("{}", report::table(&outcome, length));
    if outcome.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
