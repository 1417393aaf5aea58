//! `studyhall import` of whatever is a job: through a server, or on a data folder, which is served for as long as the job
//! takes, on this machine alone and to nobody else.

use super::import_online::answer;
use super::sending::{Sending, is_readable};
use crate::auth::Wanted;
use crate::cli::serve;
use crate::clock::real_ms;
use crate::config::{Config, ImportArgs, Secret};
use crate::server::Parts;
use domain::ids::UserId;
use ports::Role;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;
use ureq::SendBody;

/// How often it is asked how far the job is.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Refused rows that are printed.
const ROWS_SHOWN: usize = 20;
/// Decks that are printed.
const DECKS_SHOWN: usize = 50;
/// How long a token on a data folder is good for, in milliseconds: a long import.
const TOKEN_TTL_MS: i64 = 24 * 3_600_000;

/// Imports through a running server.
pub(super) fn import(server: &str, token: &str, args: &ImportArgs) -> Result<(), String> {
    let bar = Bar { is_shown: io::stderr().is_terminal() };
    let asker = Asker {
        api: format!("{}/api/v1", server.trim_end_matches('/')),
        bearer: format!("Bearer {token}"),
        agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
    };
    let mut job = asker.upload(args, &bar)?;
    while job["finished"] != true {
        bar.draw(job["phase"].as_str().unwrap_or_default(), job["done"].as_u64(), job["total"].as_u64());
        std::thread::sleep(ASK_EVERY);
        job = asker.job(job["job_id"].as_str().unwrap_or_default())?;
    }
    bar.end();
    if let Some(failure) = job["failure"]["detail"].as_str() {
        return Err(failure.to_owned());
    }
    print(&job);
    if job["rejected"].as_u64() > Some(0) {
        asker.print_rejected(&job)?;
    }
    Ok(())
}

struct Asker {
    api: String,
    bearer: String,
    agent: ureq::Agent,
}

impl Asker {
    fn upload(&self, args: &ImportArgs, bar: &Bar) -> Result<Value, String> {
        let mut sending = Sending::of(&args.file)?;
        let mut asked = self.agent.post(format!("{}/imports", self.api));
        asked = asked.query("filename", &sending.name).query("dry_run", args.dry_run.to_string());
        if let Some(format) = args.format.as_deref().or(sending.format) {
            asked = asked.query("format", format);
        }
        for (name, value) in &args.options {
            asked = asked.query(name, value);
        }
        asked =
            asked.header("authorization", &self.bearer).header("content-type", "application/octet-stream");
        // What is packed while it is sent has no length before its end.
        if let Some(length) = sending.length {
            asked = asked.header("content-length", length.to_string());
        }
        sending.told = Some(Box::new(|sent, total| bar.draw("sending", Some(sent), Some(total))));
        answer(asked.send(SendBody::from_reader(&mut sending)))
    }

    fn job(&self, job: &str) -> Result<Value, String> {
        let asked = self.agent.get(format!("{}/imports/{job}", self.api));
        answer(asked.header("authorization", &self.bearer).call())
    }

    fn print_rejected(&self, job: &Value) -> Result<(), String> {
        let job_id = job["job_id"].as_str().unwrap_or_default();
        let asked = self.agent.get(format!("{}/imports/{job_id}/rejected?limit={ROWS_SHOWN}", self.api));
        let page = answer(asked.header("authorization", &self.bearer).call())?;
        for row in page["items"].as_array().into_iter().flatten() {
            let message = row["message"].as_str().unwrap_or_default();
            let text = row["text"].as_str().unwrap_or_default();
            match row["line"].as_u64().filter(|line| *line > 0) {
                Some(line) => println!("  line {line}: {message}"),
                None => println!("  {message} ({text})"),
            }
        }
        let more = page["total"].as_u64().unwrap_or(0).saturating_sub(ROWS_SHOWN as u64);
        if more > 0 {
            println!("  and {more} more: GET {}/imports/{job_id}/rejected?format=csv", self.api);
        }
        Ok(())
    }
}

/// A bar on the terminal.
struct Bar {
    is_shown: bool,
}

impl Bar {
    fn draw(&self, phase: &str, done: Option<u64>, total: Option<u64>) {
        const WIDTH: u64 = 30;
        if !self.is_shown {
            return;
        }
        let (done, total) = (done.unwrap_or(0), total.unwrap_or(0));
        let filled = (done.min(total) * WIDTH).checked_div(total).unwrap_or(0);
        let bar: String = (0..WIDTH).map(|at| if at < filled { '█' } else { '·' }).collect();
        let percent = (done.min(total) * 100).checked_div(total).unwrap_or(0);
        let mut out = io::stderr();
        // A bar that cannot be drawn is no reason to stop.
        let _ = write!(out, "\r{phase:<11} {bar} {percent:>3} %");
        let _ = out.flush();
    }

    fn end(&self) {
        if self.is_shown {
            eprintln!();
        }
    }
}

/// What came of a job.
fn print(job: &Value) {
    let report = &job["report"];
    let tried = if job["dry_run"] == true { "would be " } else { "" };
    let counts = report["counts"].as_object().into_iter().flatten();
    let figure = |(name, count): (&String, &Value)| format!("{name} {count}");
    println!("{tried}{}", counts.map(figure).collect::<Vec<_>>().join(", "));
    let decks = report["decks"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !decks.is_empty() {
        println!("{:>8} {:>8} {:>10} {:>10}  deck", "cards", "new", "due there", "due here");
    }
    for deck in decks.iter().take(DECKS_SHOWN) {
        let figure = |name: &str| deck[name].as_u64().unwrap_or(0);
        let path = deck["path"].as_str().unwrap_or_default();
        println!(
            "{:>8} {:>8} {:>10} {:>10}  {path}",
            figure("cards"),
            figure("new"),
            figure("due_there"),
            figure("due_here")
        );
    }
    for (what, count) in report["fidelity"]["losses"].as_object().into_iter().flatten() {
        println!("  {count} cards lost something: {what}");
    }
    for (what, count) in report["fidelity"]["options"].as_object().into_iter().flatten() {
        println!("  {count} decks have another setting than they had: {what}");
    }
}

/// Imports into a data folder that no server has open.
pub(super) fn import_on_folder(mut config: Config, args: &ImportArgs) -> Result<(), String> {
    let owner = args.user.ok_or("--user is needed when the import is done on a data folder")?;
    // A file that cannot be read leaves no empty store behind.
    is_readable(&args.file)?;
    config.auth.secret = Some(Secret::new(format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4())));
    config.auth.jwks = None;
    config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.admin_listen = None;
    config.ready_file = None;
    config.workers = 1;
    config.rate_limit = None;
    let mint = config.auth.mint().ok_or("no token could be made")?;
    let options = serve::options(&config)?;
    let (told, outcome) = mpsc::channel();
    let args = args.clone();
    let started = move |parts: &Parts, address: SocketAddr| {
        let parts = parts.clone();
        std::thread::spawn(move || {
            let done = wanted(&parts, owner).and_then(|wanted| {
                let (token, _) = mint.token(&wanted, real_ms()).map_err(|error| error.to_string())?;
                import(&format!("http://{address}"), &token, &args)
            });
            // Whoever waits has gone only if the server fell.
            drop(told.send(done));
            parts.stop.notify_one();
        });
    };
    crate::server::run(options, started).map_err(|error| error.to_string())?;
    outcome.recv().map_err(|_| "the import was interrupted".to_owned())?
}

/// The person as the store knows them: signing in changes nothing about them.
fn wanted(parts: &Parts, user: UserId) -> Result<Wanted, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let people = parts.store.people();
    let known = runtime.block_on(people.person(user)).map_err(|error| error.to_string())?;
    let (role, org) = known.map_or((Role::Learner, None), |person| (person.role, person.org));
    Ok(Wanted { user, role, org, name: None, ttl_ms: TOKEN_TTL_MS })
}
