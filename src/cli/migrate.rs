//! `studyhall migrate`: the schema of a CQL cluster.

use super::{could_not, logs};
use crate::clock::real_ms;
use crate::config::{MigrateArgs, Need, Store, load};
use cql::{Options, Plan, Report};
use std::process::ExitCode;

/// Brings a keyspace to the schema of this program, or says what it lacks.
pub(super) fn migrate(args: &MigrateArgs) -> ExitCode {
    let config = match load(&args.config, Need::Nothing) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    logs::start(&config);
    let Store::Cql(address) = &config.store else {
        return could_not(
            "an embedded store is brought up when it is opened; name a cluster with --store cql://…",
        );
    };
    let plan = Plan { replication_factor: args.replication_factor, check_only: args.check };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(error),
    };
    match runtime.block_on(cql::migrate(address, &Options::default(), &plan, real_ms())) {
        Ok(report) => tell(&report),
        Err(error) => could_not(error),
    }
}

fn tell(report: &Report) -> ExitCode {
    for name in &report.applied {
        println!("applied {name}");
    }
    for name in &report.missing {
        println!("missing {name}");
    }
    for number in &report.newer {
        println!("migration {number} is of a newer program");
    }
    if report.missing.is_empty() {
        println!("the schema is that of this program");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
