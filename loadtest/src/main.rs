//! A load generator that is also an oracle. See [`args`] for what it can do and `README.md` for how to read what it
//! says.

mod api;
mod args;
mod ceiling;
mod class;
mod counted;
mod figures;
mod fleet;
mod identity;
mod judge;
mod learner;
mod memory;
mod messaging;
mod oracle;
mod pace;
mod report;
mod run;
mod scenario;
mod scenarios;
mod setup;
mod slice;
mod stage;
mod subject;
mod web;

use args::{CeilingArgs, ClassArgs, Cli, Command, MemoryArgs, MessagingArgs, RunArgs, WebLearnersArgs};
use clap::Parser;
use stage::{Problem, Stage};
use std::io::Write as _;
use std::process::ExitCode;

/// Something that was asked for did not come.
const MISSED: u8 = 1;
/// Could not run.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::List => list(),
        Command::Slice => slice(),
        Command::WebLearners(args) => web_learners(&args),
        Command::Run(args) => run(&args),
        Command::Ceiling(args) => ceiling_beside_server(&args),
        Command::Memory(args) => memory_of_a_session(&args),
        Command::Class(args) => live_classes(&args),
        Command::Messaging(args) => fan_out_elsewhere(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(MISSED),
        Err(problem) => {
            eprintln!("loadtest: {problem}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn list() -> Result<bool, Problem> {
    for scenario in scenarios::all()? {
        println!("{:<10} {}", scenario.name, scenario.about);
    }
    Ok(true)
}

fn run(args: &RunArgs) -> Result<bool, Problem> {
    let scenario = scenarios::find(&args.scenario)?.with(&args.changes())?;
    let stage = Stage::new(&args.server)?;
    let seed = args.seed.unwrap_or_else(stage::fresh_seed);
    let plan = run::Plan {
        scenario,
        seed,
        secret: stage.secret.clone(),
        core: args.server.learners_core.0,
        closed: args.closed,
    };
    let mut subject = stage.subject()?;
    let report = stage::block_on(run::run(&plan, &mut subject))??;
    print!("{}", report::table(&report));
    println!("seed {seed}");
    if let Some(path) = &args.json {
        stage::write(path, &serde_json::to_string_pretty(&report)?)?;
    }
    if let Some(path) = &args.html {
        stage::write(path, &report::page(&report))?;
    }
    Ok(report.passed())
}

fn ceiling_beside_server(args: &CeilingArgs) -> Result<bool, Problem> {
    let stage = Stage::new(&args.server)?;
    let figures = stage::block_on(ceiling::measure(args, &stage))??;
    print!("{figures}");
    if let Some(path) = &args.json {
        stage::write(path, &serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(figures.faults == 0)
}

fn memory_of_a_session(args: &MemoryArgs) -> Result<bool, Problem> {
    let stage = Stage::new(&args.server)?;
    let figures = stage::block_on(memory::measure(args, &stage))??;
    print!("{figures}");
    Ok(figures.faults == 0)
}

fn live_classes(args: &ClassArgs) -> Result<bool, Problem> {
    let stage = Stage::new(&args.server)?;
    let figures = stage::block_on(class::measure(args, &stage))??;
    print!("{figures}");
    if let Some(path) = &args.json {
        stage::write(path, &serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(figures.faults == 0)
}

fn fan_out_elsewhere(args: &MessagingArgs) -> Result<bool, Problem> {
    let figures = stage::block_on(messaging::measure(args))??;
    print!("{figures}");
    if let Some(path) = &args.json {
        stage::write(path, &serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(figures.faults == 0)
}

fn web_learners(args: &WebLearnersArgs) -> Result<bool, Problem> {
    let local = tokio::task::LocalSet::new();
    let seen = stage::block_on(local.run_until(web::play(args)))?.map_err(ceiling::CeilingError::Web)?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(true)
}

/// Reads a slice from the standard input and plays it; ends when the standard input does.
fn slice() -> Result<bool, Problem> {
    let mut text = String::new();
    std::io::stdin().read_line(&mut text)?;
    let slice: slice::Slice = serde_json::from_str(&text)?;
    std::thread::spawn(|| {
        // Nothing more comes; the end means that nobody waits for the figures any longer.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(i32::from(COULD_NOT_RUN));
    });
    let mut out = std::io::stdout();
    slice::play(&slice, &mut |line| {
        if let Ok(text) = serde_json::to_string(&line) {
            let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        }
    })?;
    Ok(true)
}
