//! Rosters as jobs: OneRoster 1.1 and 1.2, and plain tables of people.

use super::error::JobError;
use super::importer::{Importer, Options, Plan};
use super::limits::PIECE_BYTES;
use super::refused::Refusal;
use super::roster_report::{About, place, report};
use super::sniff::Probe;
use super::task::Task;
use super::tools::Change;
use crate::http::Caller;
use crate::import::Delimiter;
use crate::rosters::{
    ApplyError, Diff, Known, KnownError, OneRosterError, PlainReader, Roster, RosterRemark, Rules, Scope,
    TooManyGone, Undo, apply, diff, is_plain_roster, read_one_roster,
};
use crate::teaching::also_taught;
use domain::day::ZoneHistory;
use domain::ids::ClassId;
use ports::{ImportRecord, Role};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};

/// The tables by which an archive is known for a roster.
const TABLES: [&str; 3] = ["users.csv", "enrollments.csv", "classes.csv"];
/// Why a roster is refused of which more would be gone than may be without a word.
const TOO_MANY_GONE: &str = "too_many_gone";
/// What a revocation needs lies in this file.
const UNDO: &str = "roster-undo.json";
/// What the first run found: after a restart that is what happened.
const REPORT: &str = "roster-report.json";

/// Imports rosters.
#[derive(Clone, Copy, Debug, Default)]
pub struct RosterImporter;

impl Importer for RosterImporter {
    fn format(&self) -> &'static str {
        "roster"
    }

    fn called(&self) -> &'static str {
        "a roster"
    }

    fn recognises(&self, probe: &Probe<'_>) -> bool {
        TABLES.iter().any(|table| probe.holds(table)) || probe.is_text() && is_plain_roster(probe.head)
    }

    /// - `scope`: `organisation` (everybody who is not named is gone; administrators alone) or `classes` (students who are
    ///   not named leave the classes that are). Without it a whole OneRoster of an administrator speaks of the
    ///   organisation, and any other file of its classes.
    /// - `class_id`: the class of rows of a plain table that name none.
    /// - `delimiter`: what stands between the fields of a plain table.
    /// - `confirm_gone`: so many people may be gone, although that is more than a fifth.
    fn parameters(&self) -> &'static [&'static str] {
        &["scope", "class_id", "delimiter", "confirm_gone"]
    }

    fn parameters_of_commit(&self) -> &'static [&'static str] {
        &["confirm_gone"]
    }

    /// Last month's roster may be right again.
    fn repeats(&self) -> bool {
        true
    }

    fn may_import(&self, role: Role) -> bool {
        match role {
            Role::Owner | Role::Admin | Role::Teacher => true,
            Role::Learner | Role::Guest | Role::Service => false,
        }
    }

    /// What an administrator did is taken back by one.
    fn may_withdraw(&self, role: Role, kept: &Value) -> bool {
        let by_administrator = kept.get("administers").and_then(Value::as_bool).unwrap_or(false);
        match role {
            Role::Owner | Role::Admin => true,
            Role::Teacher => !by_administrator,
            Role::Learner | Role::Guest | Role::Service => kept.is_null(),
        }
    }

    /// What the register said before lies with the node that changed it.
    fn withdraws_anywhere(&self) -> bool {
        false
    }

    fn check(&self, options: &Options) -> Result<(), String> {
        match options.get("scope").map(String::as_str) {
            None | Some("organisation" | "classes") => {}
            Some(_) => return Err("`scope` is organisation or classes.".to_owned()),
        }
        if options.get("confirm_gone").is_some_and(|number| number.parse::<usize>().is_err()) {
            return Err("`confirm_gone` is the number of people who are gone.".to_owned());
        }
        if options.get("class_id").is_some_and(|id| id.parse::<domain::ids::ClassId>().is_err()) {
            return Err("`class_id` is the id of a class.".to_owned());
        }
        delimiter(options).map(drop)
    }

    fn confirm(&self, report: &Value, options: &Options) -> Result<(), (&'static str, String)> {
        let Some(gone) = report.get("confirm_gone").and_then(Value::as_u64) else { return Ok(()) };
        if options.get("confirm_gone").and_then(|number| number.parse().ok()) == Some(gone) {
            return Ok(());
        }
        let before = report.get("people_before").and_then(Value::as_u64).unwrap_or(gone);
        let error = TooManyGone { gone, before };
        Err((TOO_MANY_GONE, format!("Nothing was imported yet: {error}.")))
    }

    fn try_out(&self, task: &Task) -> Result<Value, JobError> {
        let compared = Compared::of(task)?;
        compared.refuse_all(task)?;
        Ok(compared.report())
    }

    fn write(&self, task: &Task) -> Result<Value, JobError> {
        let compared = Compared::of(task)?;
        let confirmed = task.option("confirm_gone").and_then(|number| number.parse().ok());
        let kept = task.kept().join(UNDO);
        // After a restart the rest of the same diff is done, and what was there before is known already.
        let report = if kept.exists() {
            fs::read_to_string(task.kept().join(REPORT))
                .ok()
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_else(|| compared.report())
        } else {
            let guarded = compared.diff.guard(confirmed);
            guarded.map_err(|error| {
                JobError::refused(TOO_MANY_GONE, format!("Nothing was imported: {error}."))
            })?;
            compared.report()
        };
        compared.refuse_all(task)?;
        if compared.diff.is_empty() {
            return Ok(report);
        }
        let classes: Vec<_> = compared.diff.classes.iter().map(|step| step.class.0).collect();
        let kept_of = json!({ "administers": compared.administers, "classes": classes });
        let plan = Plan { kept: kept_of, ..Plan::default() };
        task.begin_writing(plan)?;
        if !kept.exists() {
            keep(task, REPORT, &report.to_string())?;
            keep(task, UNDO, &Undo::of(&compared.diff).text())?;
        }
        compared.carry_out(task)?;
        Ok(report)
    }

    /// What the register said before it says again; who was new is gone, and classes that were made are closed.
    fn withdraw(&self, task: &Task, _: &ImportRecord) -> Result<Value, JobError> {
        let text = match fs::read_to_string(task.kept().join(UNDO)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(json!({ "people": 0, "classes": 0 }));
            }
            Err(error) => return Err(error.into()),
        };
        let undo =
            Undo::read(&text).ok_or_else(|| JobError::Internal("what was kept cannot be read".to_owned()))?;
        let (people, classes) = undo.counts();
        let concerned = task.wait(undo.carry_out(&*task.tools.people, task.now_ms()))?;
        concerned.into_iter().for_each(|user| task.tell(Change::Access(user)));
        Ok(json!({ "people": people, "classes": classes }))
    }
}

/// Keeps a text with the job, whole or not at all.
fn keep(task: &Task, name: &str, text: &str) -> Result<(), JobError> {
    fs::create_dir_all(task.kept())?;
    let scratch = task.kept().join(format!("{name}.new"));
    let mut file = File::create(&scratch)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(scratch, task.kept().join(name))?;
    // The name too: a synced file without one is lost in a power cut.
    Ok(File::open(task.kept())?.sync_all()?)
}

fn delimiter(options: &Options) -> Result<Option<Delimiter>, String> {
    let Some(name) = options.get("delimiter") else { return Ok(None) };
    name.parse()
        .map(Some)
        .map_err(|_| "`delimiter` is tab, comma, semicolon, pipe, or one punctuation character.".to_owned())
}

/// A roster beside what is there.
struct Compared {
    diff: Diff,
    administers: bool,
    scope: Scope,
    is_delta: bool,
    before: usize,
    /// What classes that are there are called.
    titles: HashMap<ClassId, String>,
}

impl Compared {
    fn of(task: &Task) -> Result<Compared, JobError> {
        let org = task.org.ok_or_else(|| {
            JobError::refused("no_organisation", "A roster belongs to an organisation, and you are of none.")
        })?;
        let person = task.wait(task.tools.people.person(task.owner))?;
        let role = person.map_or(Role::Learner, |person| person.role);
        // The token with which it was asked, and the newest one: neither alone says that it is so now.
        let administers = match role {
            Role::Owner | Role::Admin => task.asked.administers,
            Role::Teacher => false,
            Role::Learner | Role::Guest | Role::Service => {
                return Err(JobError::refused(
                    "not_yours",
                    "Only teachers and administrators import rosters.",
                ));
            }
        };
        let who = Caller { user: task.owner, role, org: Some(org) };
        let is_zip = starts_as_zip(task)?;
        let roster = if is_zip { one_roster(task)? } else { plain(task, &who, administers)? };
        let scope = match task.option("scope") {
            Some("organisation") if !administers => {
                let detail = "Only administrators say who is gone from the organisation.";
                return Err(JobError::refused("not_yours", detail));
            }
            Some("organisation") => Scope::Organisation,
            Some(_) => Scope::Classes,
            None if is_zip && administers => Scope::Organisation,
            None => Scope::Classes,
        };
        task.keep_going()?;
        let known = task.wait(Known::read(&*task.tools.people, org, task.owner))?;
        let teaching = &task.tools.teaching;
        let also = task.wait(also_taught(&*teaching.people, &*teaching.papers, &who))?;
        let known = known.with_co_taught(also, org);
        task.keep_going()?;
        let rules = Rules { org, by: task.owner, administers, scope, now_ms: task.made_ms };
        let diff = diff(&roster, &known, rules);
        let titles = known.classes.into_iter().map(|class| (class.record.id, class.record.title)).collect();
        Ok(Compared { before: diff.before, is_delta: roster.is_delta, diff, administers, scope, titles })
    }

    fn refuse_all(&self, task: &Task) -> Result<(), JobError> {
        let refuse = |remark: &RosterRemark| {
            task.refuse(Refusal {
                line: remark.line,
                column: Some(place(remark)),
                code: remark.reason.code(),
                message: remark.reason.to_string(),
                // What a cell of a roster holds is repeated nowhere.
                text: String::new(),
            })
        };
        let rejected = &self.diff.rejected;
        rejected.listed.iter().try_for_each(refuse)?;
        task.refuse_unlisted(rejected.total.saturating_sub(rejected.listed.len() as u64));
        Ok(())
    }

    fn carry_out(&self, task: &Task) -> Result<(), JobError> {
        // Within what the job's thread waits for, nothing else can be waited for.
        let progress = |done: usize, total: usize| task.note(done as u64, total as u64);
        let applied = task.wait(apply(&*task.tools.people, &self.diff, task.made_ms, progress))?;
        for who in &applied.left_out {
            let step = self.diff.people.iter().find(|step| step.registered.user == *who);
            let line = step.and_then(|step| step.at).map_or(0, |(_, line)| line);
            let reason = crate::rosters::RosterReason::OtherOrg;
            task.refuse(Refusal {
                line,
                column: None,
                code: reason.code(),
                message: reason.to_string(),
                text: String::new(),
            })?;
        }
        applied.concerned.into_iter().for_each(|user| task.tell(Change::Access(user)));
        Ok(())
    }

    fn report(&self) -> Value {
        let of =
            About { scope: self.scope, is_delta: self.is_delta, before: self.before, titles: &self.titles };
        report(&self.diff, &of)
    }
}

fn starts_as_zip(task: &Task) -> Result<bool, JobError> {
    let mut head = [0_u8; 2];
    let mut file = File::open(task.file())?;
    Ok(file.read(&mut head)? == 2 && head == *b"PK")
}

fn one_roster(task: &Task) -> Result<Roster, JobError> {
    let today = ZoneHistory::new().stamp(task.made_ms).day.to_string();
    Ok(read_one_roster(File::open(task.file())?, &today)?)
}

fn plain(task: &Task, who: &Caller, administers: bool) -> Result<Roster, JobError> {
    let delimiter = delimiter(&task.asked.options).map_err(|why| JobError::refused("options", why))?;
    let mut class = None;
    if let Some(id) = task.option("class_id").and_then(|id| id.parse().ok()) {
        let record = task.wait(task.tools.people.class(id))?;
        let there = record.filter(|record| record.deleted_ms.is_none() && record.org == who.org);
        let is_theirs = match there {
            Some(record) if !administers => task.wait(task.tools.teaching.runs_class(&record, who))?,
            there => there.is_some(),
        };
        if !is_theirs {
            return Err(JobError::refused("no_such_class", "`class_id` names no class of yours."));
        }
        class = Some(id.to_string());
    }
    let mut reader = PlainReader::new(delimiter, class);
    let mut file = File::open(task.file())?;
    let total = file.metadata()?.len();
    let mut piece = vec![0; PIECE_BYTES];
    let mut done = 0;
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => return Ok(reader.finish()?),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        reader.feed(piece.get(..length).unwrap_or_default())?;
        done += length as u64;
        task.progress(done, total)?;
    }
}

impl From<OneRosterError> for JobError {
    fn from(error: OneRosterError) -> JobError {
        match error {
            OneRosterError::Archive(error) => error.into(),
            OneRosterError::Table { .. }
            | OneRosterError::NoRoster
            | OneRosterError::NoUsers
            | OneRosterError::UnknownVersion => {
                let detail = format!("Nothing was imported: {error}.");
                JobError::Refused { code: error.code(), detail, line: error.line() }
            }
        }
    }
}

impl From<KnownError> for JobError {
    fn from(error: KnownError) -> JobError {
        match error {
            KnownError::People(error) => error.into(),
            KnownError::TooMany => {
                JobError::refused("register_too_large", format!("Nothing was imported: {error}."))
            }
        }
    }
}

impl From<ApplyError> for JobError {
    fn from(error: ApplyError) -> JobError {
        match error {
            ApplyError::People(error) => error.into(),
            ApplyError::Stopped => JobError::Stopped,
        }
    }
}
