//! A file of review history, read in any pieces.

use super::index::{CardIndex, Finder};
use super::limits::FILE_BYTES_MAX;
use super::report::ReviewReport;
use super::rows::{Answers, LineRows, TableRows};
use super::run::Run;
use super::values::Scale;
use crate::import::limits::REPORTED_MAX;
use crate::import::reading::Reading;
use crate::import::sheet::Sheet;
use crate::import::{Delimiter, FileFault};
use std::sync::Arc;

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReviewForm {
    /// A table with a header: CSV, TSV.
    #[default]
    Table,
    /// One answer an object.
    JsonLines,
}

/// How to read the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReviewOptions {
    /// What kind of file it is.
    pub form: ReviewForm,
    /// What stands between fields, whatever the file says.
    pub delimiter: Option<Delimiter>,
    /// How grades are numbered where a column does not say so itself.
    pub scale: Scale,
    /// The latest moment that an answer may have, Unix milliseconds.
    pub now_ms: i64,
    /// Rejected rows that the report lists at most; those beyond are only counted.
    pub rejected_listed_max: usize,
}

impl Default for ReviewOptions {
    fn default() -> ReviewOptions {
        ReviewOptions {
            form: ReviewForm::default(),
            delimiter: None,
            scale: Scale::default(),
            now_ms: 0,
            rejected_listed_max: REPORTED_MAX,
        }
    }
}

/// Reads answers. How the file is cut into pieces makes no difference, but for where one run ends and the next begins.
pub struct ReviewReader(Form);

enum Form {
    Table(Box<Reading<Sheet<TableRows>>>),
    JsonLines(Box<Reading<LineRows>>),
}

impl ReviewReader {
    /// Begins a file that may mean these cards.
    pub fn new(options: ReviewOptions, cards: CardIndex) -> ReviewReader {
        let mut answers = Answers::new(Finder::new(cards), options.scale, options.now_ms);
        answers.report = ReviewReport::listing(options.rejected_listed_max);
        ReviewReader(match options.form {
            ReviewForm::Table => {
                let sheet = Sheet::new(options.delimiter, TableRows::new(answers));
                Form::Table(Box::new(Reading::new(FILE_BYTES_MAX, sheet)))
            }
            ReviewForm::JsonLines => {
                Form::JsonLines(Box::new(Reading::new(FILE_BYTES_MAX, LineRows::new(answers))))
            }
        })
    }

    /// The cards that rows may mean: what the entries of a run are made with.
    pub fn cards(&mut self) -> &Arc<CardIndex> {
        self.answers().finder.index()
    }

    /// What was said about rows so far.
    pub fn report(&mut self) -> &ReviewReport {
        &self.answers().report
    }

    /// Reads the next bytes, best no more than some 64 KiB at once; when there are enough answers, they come out.
    ///
    /// # Errors
    /// A fault of the file as a whole; nothing can be read after it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<Run>, FileFault> {
        match &mut self.0 {
            Form::Table(reading) => reading.feed(bytes)?,
            Form::JsonLines(reading) => reading.feed(bytes)?,
        }
        let answers = self.answers();
        Ok(answers.is_run().then(|| run(answers)))
    }

    /// Reads the end: the last run, the cards, and what there is to say.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    pub fn finish(self) -> Result<(Run, Arc<CardIndex>, ReviewReport), FileFault> {
        let mut answers = match self.0 {
            Form::Table(reading) => reading.finish()?.into_rows().answers,
            Form::JsonLines(reading) => reading.finish()?.objects.answers,
        };
        let run = run(&mut answers);
        Ok((run, Arc::clone(answers.finder.index()), answers.report))
    }

    fn answers(&mut self) -> &mut Answers {
        match &mut self.0 {
            Form::Table(reading) => &mut reading.digest().rows().answers,
            Form::JsonLines(reading) => &mut reading.digest().objects.answers,
        }
    }
}

fn run(answers: &mut Answers) -> Run {
    let (run, repeated) = Run::of(std::mem::take(&mut answers.answers));
    answers.report.repeated += repeated;
    run
}
