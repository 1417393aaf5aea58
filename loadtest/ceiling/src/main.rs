//! What the load generator measures the server against: a bare echo of the same socket crate with the same frames, the
//! bare append of the embedded store, and the web application that one would otherwise build.
//!
//! Every subcommand stays on this machine: it listens on loopback addresses alone.

mod append;
mod echo;
mod fill;
mod frame;
mod listen;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The server's allocator, so that the two can be compared.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ceilings for the load generator's figures.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// A bare WebSocket endpoint that answers every text message with the same card.
    Echo(echo::EchoArgs),
    /// An ordinary web application: one HTTP request and one SQLite transaction an answer.
    Web(web::WebArgs),
    /// The embedded store's append, without anything above it.
    Append(append::AppendArgs),
    /// Not a ceiling: fills a store with learners who have studied for years, to measure on.
    Fill(fill::FillArgs),
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Echo(args) => echo::run(&args).map_err(|error| error.to_string()),
        What::Web(args) => web::run(&args).map_err(|error| error.to_string()),
        What::Append(args) => append::run(&args).map_err(|error| error.to_string()),
        What::Fill(args) => fill::run(&args).map_err(|error| error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}
