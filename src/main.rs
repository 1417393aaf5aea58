//! The `studyhall` command.

use clap::Parser;
use std::process::ExitCode;

/// Gives memory back after a crowd has left; huge pages would keep it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    studyhall::cli::run(studyhall::config::Cli::parse())
}
