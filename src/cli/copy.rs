//! `studyhall copy`: between a data folder and a cluster, in either direction.

use super::served::{refuse_served, whole};
use super::{could_not, logs};
use crate::clock::real_ms;
use crate::config::{ConfigFlags, CopyArgs, Need, Store, load};
use crate::copy::{Copied, CopyError, Kind, Tally, copy as carry};
use cql::{Address, CqlStore, Walk};
use embedded::Offline;
use ports::archive::{ReadAround, WriteAround};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// A store by its name.
enum Place {
    Folder(PathBuf),
    Cluster(Address),
}

impl Place {
    fn of(text: &str) -> Result<Place, String> {
        match text.parse::<Store>() {
            Ok(Store::Cql(address)) => Ok(Place::Cluster(address)),
            Err(why) if text.starts_with("cql://") => Err(format!("{text} {why}")),
            Ok(Store::Embedded) => Err("name the data folder instead of `embedded`".to_owned()),
            Err(_) => Ok(Place::Folder(PathBuf::from(text))),
        }
    }
}

/// Copies everything and compares. Exit 0: equal, 1: different, 2: could not run.
pub(super) fn copy(args: &CopyArgs) -> ExitCode {
    match load(&ConfigFlags::default(), Need::Nothing) {
        Ok(config) => logs::start(&config),
        Err(errors) => return could_not(errors),
    }
    let places = Place::of(&args.from).and_then(|from| Ok((from, Place::of(&args.to)?)));
    let (from, to) = match places {
        Ok(places) => places,
        Err(why) => return could_not(why),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(error),
    };
    match runtime.block_on(between(&from, &to, args)) {
        Ok(copied) => tell(&copied, args.json),
        Err(why) => could_not(why),
    }
}

async fn between(from: &Place, to: &Place, args: &CopyArgs) -> Result<Copied, String> {
    match from {
        Place::Folder(folder) => {
            let from = Offline::open(folder).map_err(said)?;
            into(&from, to, args).await
        }
        Place::Cluster(address) => {
            let store = CqlStore::open(address, &cql::Options::default()).await.map_err(whole)?;
            if !args.while_served {
                refuse_served(&store).await?;
            }
            into(&Walk::over(&store).await.map_err(whole)?, to, args).await
        }
    }
}

async fn into<From: ReadAround>(from: &From, to: &Place, args: &CopyArgs) -> Result<Copied, String> {
    match to {
        Place::Folder(folder) => {
            let to = embedded::Filling::open(folder, &args.from).map_err(said)?;
            run(from, &to).await.map_err(said)
        }
        Place::Cluster(address) => {
            let options = cql::Options::default();
            let to = cql::Filling::open(address, &options, &args.from, real_ms()).await.map_err(whole)?;
            run(from, &to).await.map_err(said)
        }
    }
}

async fn run<From: ReadAround, To: WriteAround>(from: &From, to: &To) -> Result<Copied, CopyError> {
    let copied = carry(from, to, real_ms(), show).await;
    if io::stderr().is_terminal() {
        eprintln!();
    }
    copied
}

fn said(error: impl Display) -> String {
    error.to_string()
}

/// Draws how far it is on the terminal.
fn show(tally: &Tally) {
    let mut out = io::stderr();
    if out.is_terminal() {
        let n = |kind| tally.of(kind).count;
        let (decks, learners, entries) = (n(Kind::Decks), n(Kind::Learners), n(Kind::Entries));
        // A line that cannot be drawn is no reason to stop.
        let _ = write!(out, "\r{decks} decks, {learners} learners, {entries} entries");
        let _ = out.flush();
    }
}

fn tell(copied: &Copied, json: bool) -> ExitCode {
    let differences = copied.differences();
    if json {
        let of = |tally: &Tally| {
            let count = |kind: Kind| {
                let count = tally.of(kind);
                let both =
                    serde_json::json!({"count": count.count, "digest": format!("{:032x}", count.digest)});
                (kind.name().to_owned(), both)
            };
            serde_json::Value::Object(Kind::ALL.into_iter().map(count).collect())
        };
        let names: Vec<&str> = differences.iter().map(|kind| kind.name()).collect();
        println!(
            "{}",
            serde_json::json!({
                "equal": names.is_empty(),
                "differences": names,
                "read": of(&copied.read),
                "stored": of(&copied.stored),
            })
        );
    } else {
        for kind in Kind::ALL {
            let (read, stored) = (copied.read.of(kind), copied.stored.of(kind));
            let verdict = if read == stored { "equal" } else { "DIFFERENT" };
            println!("{:<12} {:>12} read {:>12} stored  {verdict}", kind.name(), read.count, stored.count);
        }
    }
    if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        eprintln!(
            "studyhall: the copy differs and stays marked as unfinished: run it again, or look at the log"
        );
        ExitCode::FAILURE
    }
}
