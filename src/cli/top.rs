//! `studyhall top`.

use super::{could_not, ended};
use crate::config::{Need, TopArgs, load};
use crate::top::fetch::Asked;
use crate::top::{TopOptions, run};
use std::process::ExitCode;
use std::time::Duration;

/// Shows a running server until it is told to stop.
pub(super) fn top(args: &TopArgs) -> ExitCode {
    let config = match load(&args.config, Need::Nothing) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    let Some(at) = args.admin.clone().or(config.admin_listen.map(|at| at.to_string())) else {
        return could_not(
            "name the operator's port of a server with --admin ADDR:PORT; `serve --admin-listen` opens it",
        );
    };
    let options = TopOptions {
        at: Asked::at(&at),
        interval: Duration::from_millis(args.interval.unsigned_abs()),
        once: args.once,
        json: args.json,
    };
    // A second thread, so that a terminal that is slow to draw holds up nothing.
    match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => ended(runtime.block_on(run(options))),
        Err(error) => could_not(error),
    }
}
