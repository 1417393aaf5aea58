//! What a folder holds, looked at without changing it: for whoever has to say what is wrong with it.

use crate::error::OpenError;
use crate::folder::{Folder, FolderLock};
use crate::schema::{APPLIED_UPTO, COPYING, JOURNAL, MAIN, check, meta, open_read, set_meta, user_version};
use std::path::Path;

/// What a folder holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Examined {
    /// Whether there is a store.
    pub has_store: bool,
    /// Who has it open, as the holder wrote it.
    pub holder: Option<String>,
    /// The schema of `main.db` and what this program's is.
    pub schema: (i64, i64),
    /// Rows in the journal that are not applied.
    pub backlog_rows: u64,
    /// A restore that was interrupted.
    pub restoring: bool,
    /// A copy that is not finished: of what.
    pub copying: Option<String>,
}

/// Looks at a folder, also while a server has it.
///
/// # Errors
/// [`OpenError`]: a file cannot be read, or is of a newer program or of something else.
pub fn examine(folder: &Path) -> Result<Examined, OpenError> {
    let at = Folder::new(folder);
    let mut found = Examined { restoring: at.restoring().exists(), ..Examined::default() };
    found.schema.1 = MAIN.len() as i64;
    found.has_store = at.main().exists() || at.journal().exists();
    if !folder.exists() {
        return Ok(found);
    }
    // Where nobody ever took the folder there is no lock, and none is made.
    if at.lock().exists() {
        found.holder = match FolderLock::take(folder) {
            Ok(_) => None,
            Err(OpenError::InUse { holder, .. }) => Some(holder),
            Err(error) => return Err(error),
        };
    }
    if !at.main().exists() {
        return if at.journal().exists() { Err(OpenError::MainMissing(at.journal())) } else { Ok(found) };
    }
    let file = at.main();
    let sqlite = |error| OpenError::Sqlite { file: file.clone(), error };
    let main = open_read(&file, None, 1_024)?;
    check(&main, &file, MAIN)?;
    found.schema.0 = user_version(&main).map_err(sqlite)?;
    found.copying = meta(&main, COPYING).map_err(sqlite)?;
    let applied_upto: i64 = meta(&main, APPLIED_UPTO).map_err(sqlite)?.unwrap_or(0);
    if at.journal().exists() {
        let file = at.journal();
        let sqlite = |error| OpenError::Sqlite { file: file.clone(), error };
        let journal = open_read(&file, None, 1_024)?;
        check(&journal, &file, JOURNAL)?;
        let rows: i64 = journal
            .query_row("SELECT count(*) FROM journal WHERE id > ?1", [applied_upto], |row| row.get(0))
            .map_err(sqlite)?;
        found.backlog_rows = u64::try_from(rows).unwrap_or(0);
    }
    Ok(found)
}

/// Writes a row into the store of a folder that nobody has open, reads it, and removes it. The schema stays as it is.
///
/// # Errors
/// [`OpenError`]: somebody has it, or a step failed.
pub fn probe(folder: &Path) -> Result<(), OpenError> {
    let _lock = FolderLock::take(folder)?;
    let file = Folder::new(folder).main();
    if !file.exists() {
        return Err(OpenError::NoStore(folder.to_owned()));
    }
    let main = crate::schema::open_write(&file, None, 1_024)?;
    check(&main, &file, MAIN)?;
    let name = "probe";
    let steps = || {
        set_meta(&main, name, 1)?;
        let read: Option<i64> = meta(&main, name)?;
        main.execute("DELETE FROM meta WHERE key = ?1", [name])?;
        if read == Some(1) { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
    };
    steps().map_err(|error| OpenError::Sqlite { file, error })
}
