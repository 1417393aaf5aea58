//! What a format has to do to be imported as a job.

use super::error::JobError;
use super::sniff::Probe;
use super::task::Task;
use domain::ids::{DeckId, UserId};
use ports::{ImportRecord, Role};
use serde_json::Value;
use std::collections::BTreeMap;

/// How somebody wants a file imported: the request's parameters by name, those that every job has left out.
pub type Options = BTreeMap<String, String>;

/// What an importer is about to write: stored before its first change, so that it can be taken back whatever happens.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// The decks that it makes or changes.
    pub decks: Vec<DeckId>,
    /// Learners to whose logs entries are appended under the job: each gets a commit, and on a revocation its opposite.
    pub learners: Vec<UserId>,
    /// What a later step needs to know; nobody is shown it.
    pub kept: Value,
}

/// One format. Its functions run on a thread of the job's own, may block, and say through the [`Task`] how far they are.
///
/// Each of them may be called again from its beginning, after a restart or when a store did not answer, and must then do
/// nothing twice: ids follow from what comes in.
pub trait Importer: Send + Sync + 'static {
    /// The name in `?format=`.
    fn format(&self) -> &'static str;

    /// What such a file is called, with its article, for people.
    fn called(&self) -> &'static str;

    /// Whether a file is of this format, as far as its head, end, name and type say.
    fn recognises(&self, probe: &Probe<'_>) -> bool;

    /// The parameters of a request that it reads, besides `format`, `dry_run` and `filename`. `deck_id` among them names
    /// a deck that the person may change, which has been checked.
    fn parameters(&self) -> &'static [&'static str];

    /// Those of them that may also be given when a tried job is made a real one.
    fn parameters_of_commit(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether somebody with this role may import it.
    fn may_import(&self, _: Role) -> bool {
        true
    }

    /// Whether somebody with this role may take back what came of it. `kept` is what its plan kept.
    fn may_withdraw(&self, role: Role, _kept: &Value) -> bool {
        self.may_import(role)
    }

    /// Whether any node takes a job back, or only the one that has what was kept with it.
    fn withdraws_anywhere(&self) -> bool {
        true
    }

    /// Whether a file that came in may be meant again: what it says holds for what is there when it comes, and not for
    /// ever. Of any other format the same file is the same job.
    fn repeats(&self) -> bool {
        false
    }

    /// Checks parameters before the file is taken.
    ///
    /// # Errors
    /// A sentence for the person.
    fn check(&self, _: &Options) -> Result<(), String> {
        Ok(())
    }

    /// Whether what a trial has reported may become real with these parameters. If not, the trial stays.
    ///
    /// # Errors
    /// A stable reason, and a sentence for the person.
    fn confirm(&self, _report: &Value, _: &Options) -> Result<(), (&'static str, String)> {
        Ok(())
    }

    /// Reads the file to its end and says what would come in; changes nothing. The report is what
    /// [`Importer::write`] would give.
    ///
    /// # Errors
    /// The file is at fault, or a store did not answer.
    fn try_out(&self, task: &Task) -> Result<Value, JobError>;

    /// Reads the file, calls [`Task::begin_writing`] before the first change (media alone may be stored earlier, of which no
    /// deck knows yet), and stores everything that it holds so that
    /// nothing is seen before its time: new decks are hidden, entries lie under the job, cards of a deck come in one
    /// revision. Returns the report: at least `counts`, an object of numbers.
    ///
    /// # Errors
    /// The file is at fault, then what was written is withdrawn; or a store did not answer.
    fn write(&self, task: &Task) -> Result<Value, JobError>;

    /// Shows what was hidden, right before the entries are made to count.
    ///
    /// # Errors
    /// A store did not answer.
    fn reveal(&self, _: &Task, _: &ImportRecord) -> Result<(), JobError> {
        Ok(())
    }

    /// Takes back what it wrote, as far as it came; the entries count no longer already. What it planned is in the record's
    /// outcome ([`super::Outcome`]). Returns what to tell of it.
    ///
    /// # Errors
    /// A store did not answer.
    fn withdraw(&self, task: &Task, record: &ImportRecord) -> Result<Value, JobError>;
}
