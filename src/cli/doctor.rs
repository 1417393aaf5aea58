//! `studyhall doctor`.

use super::could_not;
use crate::config::{DoctorArgs, Need, load};
use crate::doctor::finding::{Finding, worst};
use crate::doctor::{as_json, as_lines, gather, judge, settings};
use std::process::ExitCode;

/// Checks what a server of this configuration stands on. Exit 0: all is well, 1: something to know, 2: something fails.
pub(super) fn doctor(args: &DoctorArgs) -> ExitCode {
    let findings = match load(&args.config, Need::Nothing) {
        Ok(config) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return could_not(error),
            };
            let mut findings = settings::findings(&config);
            findings.extend(judge::findings(&runtime.block_on(gather(&config))));
            findings
        }
        Err(errors) => errors
            .0
            .iter()
            .map(|error| {
                Finding::fail("settings", error.to_string(), "`serve` refuses to start so: set it right")
            })
            .collect(),
    };
    if args.json {
        println!("{}", as_json(&findings));
    } else {
        print!("{}", as_lines(&findings));
    }
    ExitCode::from(worst(&findings).exit_code())
}
