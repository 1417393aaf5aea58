//! `studyhall demo`: everything in one command, on this machine.

use super::{could_not, ended, logs};
use crate::auth::{Codes, Wanted};
use crate::clock::real_ms;
use crate::config::{Config, DemoArgs, Need, Secret, load};
use crate::demo::prepare;
use crate::server::Parts;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// The demo's secret, beside its data: tokens outlive a restart.
const SECRET_FILE: &str = "demo-secret";
/// Random bytes of a new secret.
const SECRET_BYTES: usize = 32;

/// Serves the demo until it is told to stop.
pub(super) fn demo(args: &DemoArgs) -> ExitCode {
    let mut config = match load(&args.config, Need::Nothing) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    logs::start(&config);
    if config.auth.secret.is_none() {
        match secret(&config.data_dir) {
            Ok(secret) => config.auth.secret = Some(secret),
            Err(error) => return could_not(format!("the demo's secret could not be kept: {error}")),
        }
    }
    match serve_demo(&config) {
        Ok(code) => code,
        Err(why) => could_not(why),
    }
}

fn serve_demo(config: &Config) -> Result<ExitCode, String> {
    let mut options = super::serve::options(config)?;
    let mint = config.auth.mint().ok_or("the demo's secret makes no tokens")?;
    let codes = Arc::new(Codes::new());
    options.codes = codes.clone();
    options.mint = Some(mint);
    options.prepare = Some(Box::new(|parts: &Parts| {
        let store = parts.store.clone();
        Box::pin(async move {
            prepare(&*store.library(), &*store.people(), real_ms())
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        })
    }));
    Ok(ended(crate::server::run(options, move |_, address| print_links(&codes, address))))
}

fn print_links(codes: &Codes, address: SocketAddr) {
    let people = crate::demo::people();
    let link = |wanted: Wanted| format!("http://{address}/?code={}", codes.give(wanted));
    println!("studyhall demo on http://{address} (each link signs in once)");
    println!("  learner  {}", link(people.learner));
    println!("  teacher  {}", link(people.teacher));
}

/// The secret of this data folder; made at the first start, readable by its owner alone.
fn secret(folder: &Path) -> io::Result<Secret> {
    fs::create_dir_all(folder)?;
    let file = folder.join(SECRET_FILE);
    if let Ok(text) = fs::read_to_string(&file)
        && !text.trim().is_empty()
    {
        return Ok(Secret::new(text.trim()));
    }
    let mut random = [0_u8; SECRET_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    Ok(Secret::new(text))
}
