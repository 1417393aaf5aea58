//! Backup while the store works, and restore.
//!
//! A backup is one file: a copy of `main.db` in which everything that waited in the journal is applied, and behind it the
//! media files that it knows. The journal is copied first: what leaves it meanwhile is in `main.db`, which is copied
//! after it.

mod media;
mod seal;

use crate::error::OpenError;
use crate::folder::{Folder, FolderLock, private_file};
use crate::schema::{
    APPLIED_UPTO, JOURNAL, JOURNAL_MADE, MAIN, STORE, check, meta, migrate, open_read, open_write, set_meta,
};
use crate::slices::{Batch, write_slice};
use crate::store::EmbeddedStore;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a backup or a restore did not happen.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there already.
    #[error("{0} exists already: name another file, or move it away")]
    Exists(PathBuf),
    /// The folder has a store.
    #[error("{0} holds a store already: name another folder, or say --force, which deletes what is there")]
    HoldsStore(PathBuf),
    /// The file is damaged.
    #[error("{file} is damaged: {found}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What the check found first.
        found: String,
    },
    /// The store or the backup cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was copied cannot be read.
    #[error("the backup failed: {0}")]
    Unread(ports::StoreError),
    /// SQLite refused.
    #[error("the backup failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The system refused.
    #[error("{file}: {error}")]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Rows of the journal that are applied to the copy together.
const BATCH_ROWS: usize = 100_000;
/// Page cache of the connections that copy, in KiB.
const CACHE_KIB: u32 = 16 * 1_024;

impl EmbeddedStore {
    /// Copies everything that is durable now into one new file, while the store works. Takes as long as copying
    /// the files does; not for async threads.
    ///
    /// # Errors
    /// [`BackupError`]; then the target does not exist.
    pub fn backup(&self, file: &Path) -> Result<(), BackupError> {
        let shared = self.shared();
        backup_folder(&shared.folder, shared.options.vfs.as_deref(), file)
    }
}

/// Copies everything that is durable in this folder into one new file; the process that owns the folder may go on.
///
/// # Errors
/// [`BackupError`]; then the target does not exist.
pub fn backup(folder: &Path, file: &Path) -> Result<(), BackupError> {
    let folder = Folder::new(folder);
    if !folder.main().exists() {
        return Err(OpenError::NoStore(folder.root().to_owned()).into());
    }
    backup_folder(&folder, None, file)
}

fn backup_folder(folder: &Folder, vfs: Option<&str>, file: &Path) -> Result<(), BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let (main_copy, journal_copy) = (beside(file, ".partial"), beside(file, ".journal.partial"));
    let done = copy_both(folder, vfs, &main_copy, &journal_copy);
    let done = done.and_then(|()| media::append(&main_copy, folder));
    remove_database(&journal_copy)?;
    if let Err(error) = done {
        remove_database(&main_copy)?;
        return Err(error);
    }
    seal::put(&main_copy).map_err(io(&main_copy))?;
    put_in_place(&main_copy, file)
}

fn copy_both(
    folder: &Folder,
    vfs: Option<&str>,
    main_copy: &Path,
    journal_copy: &Path,
) -> Result<(), BackupError> {
    remove_database(main_copy)?;
    remove_database(journal_copy)?;
    // The journal first.
    copy(&folder.journal(), vfs, journal_copy, JOURNAL)?;
    copy(&folder.main(), vfs, main_copy, MAIN)?;
    let mut journal = open_write(journal_copy, None, CACHE_KIB)?;
    let mut main = open_write(main_copy, None, CACHE_KIB)?;
    migrate(&mut journal, journal_copy, JOURNAL)?;
    migrate(&mut main, main_copy, MAIN)?;
    apply_all(&journal, &mut main)?;
    // One file, without a write-ahead file beside it.
    main.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    Ok(())
}

fn copy(from: &Path, vfs: Option<&str>, to: &Path, steps: &[&str]) -> Result<(), BackupError> {
    let source = open_read(from, vfs, CACHE_KIB)?;
    check(&source, from, steps)?;
    private_file(to).map_err(io(to))?;
    let mut target = Connection::open(to)?;
    // All pages in one step are one snapshot; in several steps each change of the source would start it anew.
    Backup::new(&source, &mut target)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(())
}

fn apply_all(journal: &Connection, main: &mut Connection) -> Result<(), BackupError> {
    loop {
        let after: i64 = meta(main, APPLIED_UPTO)?.unwrap_or(0);
        let batch = Batch::read(journal, after, i64::MAX, BATCH_ROWS)?;
        if batch.is_empty() {
            return Ok(());
        }
        let tx = main.transaction()?;
        for slice in batch.slices(usize::MAX) {
            write_slice(&tx, slice)?;
        }
        batch.quarantine(&tx)?;
        set_meta(&tx, APPLIED_UPTO, batch.upto)?;
        tx.commit()?;
    }
}

/// Puts the content of a backup into a folder. A folder that has a store is refused, unless `force` says that what is
/// there may go.
///
/// # Errors
/// [`BackupError`]. When it fails before the old store was touched, the old store is still there; after that, opening
/// the folder says that the restore has to be run again.
pub fn restore(file: &Path, folder: &Path, force: bool) -> Result<(), BackupError> {
    let at = Folder::new(folder);
    let (database_bytes, content_bytes) = examine(file)?;
    let _lock = FolderLock::take(folder)?;
    let interrupted = at.restoring().exists();
    if !force && !interrupted && (at.main().exists() || at.journal().exists()) {
        return Err(BackupError::HoldsStore(folder.to_owned()));
    }
    let copying = beside(&at.main(), ".copying");
    remove_database(&copying)?;
    private_file(&copying).map_err(io(&copying))?;
    let mut content = File::open(file).map_err(io(file))?.take(database_bytes);
    let mut copied = File::options().write(true).open(&copying).map_err(io(&copying))?;
    std::io::copy(&mut content, &mut copied).map_err(io(&copying))?;
    drop(copied);
    // A name of its own: a journal of the old store must not be taken for one of the new.
    let copied = Connection::open(&copying)?;
    copied.execute("UPDATE meta SET value = randomblob(16) WHERE key = ?1", [STORE])?;
    copied.execute("DELETE FROM meta WHERE key = ?1", [JOURNAL_MADE])?;
    drop(copied);
    put_in_place(&copying, &at.restoring())?;
    // From here on the folder is marked as unfinished until the last rename.
    remove_database(&at.journal())?;
    remove_database(&at.main())?;
    remove_folder(&at.media())?;
    sync_folder(folder)?;
    media::extract(file, database_bytes, content_bytes, &at)?;
    put_in_place(&at.restoring(), &at.main())
}

/// Whether the file is a backup that this program can use, and whole; how many bytes of it are the database, and where the
/// media files behind it end.
fn examine(file: &Path) -> Result<(u64, u64), BackupError> {
    if !file.exists() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(BackupError::Io { file: file.to_owned(), error });
    }
    let db = open_read(file, None, CACHE_KIB)?;
    let damaged = |found: String| BackupError::Damaged { file: file.to_owned(), found };
    check(&db, file, MAIN)?;
    if meta::<Vec<u8>>(&db, STORE).ok().flatten().is_none() {
        return Err(OpenError::Foreign(file.to_owned()).into());
    }
    let found: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(error.to_string()))?;
    if found != "ok" {
        return Err(damaged(found));
    }
    let sealed = seal::check(file).map_err(io(file))?;
    let content_bytes = sealed.ok_or_else(|| {
        damaged("its checksum does not fit: it was changed or cut after it was made".to_owned())
    })?;
    Ok((media::database_bytes(&db)?.min(content_bytes), content_bytes))
}

/// Makes the file durable, gives it its name, and makes that durable.
fn put_in_place(from: &Path, to: &Path) -> Result<(), BackupError> {
    File::open(from).and_then(|file| file.sync_all()).map_err(io(from))?;
    std::fs::rename(from, to).map_err(io(to))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    crate::folder::sync_folder(folder).map_err(io(folder))
}

fn remove_folder(folder: &Path) -> Result<(), BackupError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(folder)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes a database with the files beside it.
fn remove_database(file: &Path) -> Result<(), BackupError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let part = beside(file, suffix);
        match std::fs::remove_file(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(&part)(error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn io(file: &Path) -> impl Fn(std::io::Error) -> BackupError {
    move |error| BackupError::Io { file: file.to_owned(), error }
}
