//! The `studyhall` command.

use clap::Parser;
use std::process::ExitCode;

/// Gives memory back after a crowd has left.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A huge page is taken whole for the first byte that is needed of it, and kept for the last.
    #[cfg(target_os = "linux")]
    let _refused = rustix::thread::disable_transparent_huge_pages(true);
    studyhall::cli::run(studyhall::config::Cli::parse())
}
