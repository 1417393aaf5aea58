//! The commands. Exit codes: 0 done, 1 the answer is no (`verify`: different), 2 could not run.

mod copy;
mod data;
mod demo;
mod doctor;
mod eval;
mod logs;
mod migrate;
mod serve;
mod served;
mod token;
mod top;
mod verify;

pub(crate) use served::whole;

use crate::config::{Cli, Command, Config, ConfigFlags, Need, Store, load};
use std::fmt::Display;
use std::process::ExitCode;

/// Could not run.
const COULD_NOT_RUN: u8 = 2;

/// Carries a command out.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve(args) => serve::serve(&args),
        Command::Migrate(args) => migrate::migrate(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Token(args) => token::token(&args),
        Command::Import(args) => data::import(&args),
        Command::Study(args) => serve::study(&args),
        Command::Top(args) => top::top(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Copy(args) => copy::copy(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Eval(args) => eval::eval(&args),
        Command::Backup(args) => data::backup(&args),
        Command::Restore(args) => data::restore(&args),
        Command::Export(args) => data::export(&args),
    }
}

/// The settings of a command that works on a data folder.
fn on_a_folder(flags: &ConfigFlags) -> Result<Config, String> {
    let config = load(flags, Need::Nothing).map_err(|errors| errors.to_string())?;
    match config.store {
        Store::Embedded => Ok(config),
        Store::Cql(_) => {
            Err("this command works on a data folder, and `store` names a cluster: bring one into a \
                              folder with `studyhall copy --from cql://… --to FOLDER`"
                .to_owned())
        }
    }
}

/// Says why a command could not run.
fn could_not(what: impl Display) -> ExitCode {
    eprintln!("studyhall: {what}");
    ExitCode::from(COULD_NOT_RUN)
}

/// The outcome of a command as an exit code.
fn ended<E: Display>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => could_not(error),
    }
}
