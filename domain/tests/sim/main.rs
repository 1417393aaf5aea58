//! The simulator: learners with several devices against the machines, in virtual time, under seeded faults. After each
//! step the invariants are checked; a seed that fails is printed with what led to it and can be kept as a test.
//!
//! `SIM_SEEDS` runs more seeds than the ordinary number, `SIM_SEED` a single one.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says so by failing")]
#![allow(clippy::wildcard_enum_match_arm, reason = "counters and dice name only what they care about")]

mod checks;
mod device;
mod faults;
mod habits;
mod node;
mod plan;
#[allow(dead_code, reason = "the reference has more to it than a run compares")]
#[path = "../../../tests/kit/src/reference/mod.rs"]
mod reference;
mod run;
mod wires;
#[path = "../world/mod.rs"]
mod world;
mod writer;

use plan::{Bug, Plan};
use run::Sim;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Seeds of an ordinary test run.
const SEEDS: u64 = 200;
/// Seeds within which a planted bug must be caught.
const BUDGET: u64 = 300;

fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs a plan; what it saw, or why it failed.
fn run(plan: Plan, tell: bool) -> Result<BTreeMap<&'static str, u64>, String> {
    let mut sim = Sim::new(plan);
    let outcome = catch_unwind(AssertUnwindSafe(|| sim.run()));
    match outcome {
        Ok(()) => Ok(sim.seen),
        Err(cause) => {
            if tell {
                sim.print_trace();
            }
            let text = cause.downcast_ref::<String>().cloned();
            let text = text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("{:?}: {}", sim.plan, text.unwrap_or_default()))
        }
    }
}

#[test]
fn hundreds_of_random_histories_keep_every_invariant() {
    let seeds = match env("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..env("SIM_SEEDS").unwrap_or(SEEDS),
    };
    let mut seen: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in seeds.clone() {
        match run(Plan::of(seed), true) {
            Ok(run) => run.into_iter().for_each(|(what, n)| *seen.entry(what).or_default() += n),
            Err(why) => panic!("seed {seed} fails: {why}"),
        }
    }
    eprintln!("{seen:?}");
    if seeds.end - seeds.start >= SEEDS {
        for what in [
            "crash",
            "panic",
            "written behind",
            "saved",
            "done",
            "busy",
            "internal",
            "bad time",
            "unknown entry",
            "travel",
            "near",
            "not offered",
            "graded right",
            "graded near",
            "graded wrong",
        ] {
            assert!(seen.get(what).is_some_and(|n| *n > 0), "I17: never reached: {what}");
        }
    }
}

#[test]
fn every_planted_bug_is_caught() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let both = [false, true].into_iter().flat_map(|apart| Bug::ALL.map(|bug| (bug, apart)));
    let both: Vec<(Bug, bool)> = both.filter(|(bug, apart)| bug.fits(*apart)).collect();
    let first_of = |(bug, apart): &(Bug, bool)| {
        let with = |seed| Some((seed, run(Plan::with(seed, *bug, *apart), false).err()?));
        (0..BUDGET).find_map(with)
    };
    let caught: Vec<Option<(u64, String)>> = both.iter().map(first_of).collect();
    std::panic::set_hook(quiet);
    for ((bug, apart), first) in both.into_iter().zip(caught) {
        let shape = if apart { "learners apart" } else { "one journal" };
        let (seed, why) =
            first.unwrap_or_else(|| panic!("{bug:?} was not caught by {BUDGET} seeds: {shape}"));
        let why = why.split("}: ").nth(1).unwrap_or(&why);
        eprintln!("{bug:?}, {shape}: seed {seed}: {}", why.lines().next().unwrap_or_default());
    }
}
