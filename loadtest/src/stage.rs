//! What every command needs: programs, folders, secrets, a runtime.

use crate::args::ServerArgs;
use crate::ceiling::CeilingError;
use crate::class::ClassError;
use crate::memory::MemoryError;
use crate::messaging::MessagingError;
use crate::run::RunError;
use crate::scenario::BadScenario;
use crate::subject::{Launch, Subject, SubjectError};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] BadScenario),
    /// The server.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The ceilings.
    #[error(transparent)]
    Ceiling(#[from] CeilingError),
    /// The memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Live classes.
    #[error(transparent)]
    Class(#[from] ClassError),
    /// A messaging server.
    #[error(transparent)]
    Messaging(#[from] MessagingError),
    /// A file or a folder.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A file that cannot be written.
    #[error("{path} cannot be written: {source}")]
    Write {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A report that cannot be said in JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Where a command plays.
pub struct Stage<'a> {
    args: &'a ServerArgs,
    folder: tempfile::TempDir,
    /// The secret of the server's tokens.
    pub secret: String,
}

impl<'a> Stage<'a> {
    /// Makes a folder for what is started, and a secret for it.
    ///
    /// # Errors
    /// When there is no room.
    pub fn new(args: &'a ServerArgs) -> Result<Stage<'a>, Problem> {
        let folder = match &args.data_dir {
            Some(dir) => tempfile::tempdir_in(dir)?,
            None => tempfile::tempdir()?,
        };
        let made = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let secret = args.secret.clone().unwrap_or_else(made);
        Ok(Stage { args, folder, secret })
    }

    /// The server: the one that was named, or a fresh one.
    ///
    /// # Errors
    /// When there is none.
    pub fn subject(&self) -> Result<Subject, SubjectError> {
        self.serving(&["serve"])
    }

    /// The same; one that is started counts no requests, so that a class of thousands can be enrolled at once.
    ///
    /// # Errors
    /// When there is none.
    pub fn subject_without_rates(&self) -> Result<Subject, SubjectError> {
        self.serving(&["serve", "--rate-limit", "off"])
    }

    /// A further node beside it, which shares its store and its bus.
    ///
    /// # Errors
    /// When there is none, or they would not know of each other.
    pub fn further_without_rates(&self) -> Result<Subject, SubjectError> {
        if self.args.bus.is_none() {
            return Err(SubjectError::Apart);
        }
        self.subject_without_rates()
    }

    fn serving(&self, arguments: &[&str]) -> Result<Subject, SubjectError> {
        match &self.args.server {
            Some(url) => Subject::running(url, self.args.server_pid),
            None => {
                let mut launch = self.launch("studyhall", self.args.program.as_deref(), arguments, true)?;
                launch.store = self.args.store.clone();
                launch.bus = self.args.bus.clone();
                Subject::start(&launch)
            }
        }
    }

    /// How to start a program that lies beside this one, in a folder of its own.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn launch(
        &self,
        name: &str,
        program: Option<&Path>,
        arguments: &[&str],
        has_data: bool,
    ) -> Result<Launch, SubjectError> {
        let data_dir = self.folder.path().join(Uuid::new_v4().to_string());
        let folder = |source| SubjectError::Program { program: data_dir.display().to_string(), source };
        std::fs::create_dir_all(data_dir.join("data")).map_err(folder)?;
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        if name == "studyhall" && self.args.server_core.0.is_some() {
            arguments.extend(["--workers".to_owned(), "1".to_owned()]);
        }
        Ok(Launch {
            program: program.map_or_else(|| beside(name), Path::to_path_buf),
            arguments,
            data_dir,
            has_data,
            store: None,
            bus: None,
            secret: self.secret.clone(),
            core: self.args.server_core.0,
        })
    }

    /// The core of the learners' processes.
    pub const fn learners_core(&self) -> Option<usize> {
        self.args.learners_core.0
    }
}

/// A program in the folder of this one.
fn beside(name: &str) -> PathBuf {
    std::env::current_exe().map_or_else(|_| PathBuf::from(name), |this| this.with_file_name(name))
}

/// A seed that no run had.
pub fn fresh_seed() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}

/// Waits for a future on a runtime of its own.
///
/// # Errors
/// When no runtime can be had.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}

/// Writes a file.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let problem = |source| Problem::Write { path: path.display().to_string(), source };
    std::fs::write(path, text).map_err(problem)
}
