//! The layer between SQLite and the system's files. It is the system's own, but for the four methods that change
//! files: those tell the disk first.
//!
//! Each open file is the system's file object with a [`Tail`] behind it, so that the system's other methods work on
//! it as they are.

use super::{Refused, Shared};
use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR_DELETE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE,
    SQLITE_IOERR_WRITE, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL,
    sqlite3_file, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
    sqlite3_vfs_unregister,
};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that a store is made of; SQLite's temporary files are nobody's memory.
const TRACKED: c_int = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;

/// What stands behind the system's file object.
struct Tail {
    disk: &'static Shared,
    path: String,
    /// The system's methods.
    real: *const sqlite3_io_methods,
    /// Those with ours in four places; SQLite calls through them.
    _methods: Box<sqlite3_io_methods>,
}

/// A registered layer. Never freed: connections may still be closing.
pub(super) struct Layer(*mut sqlite3_vfs);

// SAFETY: the pointer is to leaked memory that is not changed after it was registered.
unsafe impl Send for Layer {}
// SAFETY: as above.
unsafe impl Sync for Layer {}

/// Registers a layer for this disk under a new name.
pub(super) fn register(disk: &'static Shared) -> (String, Layer) {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let name = format!("disk-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let name_c = CString::new(name.clone()).unwrap().into_raw();
    // SAFETY: SQLite's default layer lives as long as the process; the copy of it is leaked, and so is the name. The
    // methods that are taken over do not look at `pAppData`, those that do are ours.
    unsafe {
        let real = sqlite3_vfs_find(ptr::null());
        let mut layer = *real;
        layer.pNext = ptr::null_mut();
        layer.zName = name_c;
        layer.pAppData = ptr::from_ref(disk).cast_mut().cast();
        layer.szOsFile = (tail_offset(real) + size_of::<*mut Tail>()) as c_int;
        layer.xOpen = Some(open);
        layer.xDelete = Some(delete);
        let layer = Box::into_raw(Box::new(layer));
        assert_eq!(sqlite3_vfs_register(layer, 0), SQLITE_OK);
        (name, Layer(layer))
    }
}

/// Takes the name back.
pub(super) fn unregister(layer: &Layer) {
    // SAFETY: the layer was registered and its memory is never freed.
    unsafe { sqlite3_vfs_unregister(layer.0) };
}

/// Where the pointer to the tail stands, behind the system's file object.
///
/// # Safety
/// `real` is SQLite's default layer.
unsafe fn tail_offset(real: *const sqlite3_vfs) -> usize {
    // SAFETY: by the contract above.
    let size = unsafe { (*real).szOsFile } as usize;
    size.next_multiple_of(align_of::<*mut Tail>())
}

/// # Safety
/// `file` was opened by [`open`] with flags that are tracked.
unsafe fn tail_place(file: *mut sqlite3_file) -> *mut *mut Tail {
    // SAFETY: the memory behind the file object is `szOsFile` long, which has room for the pointer.
    unsafe { file.cast::<u8>().add(tail_offset(sqlite3_vfs_find(ptr::null()))).cast() }
}

/// # Safety
/// As [`tail_place`].
unsafe fn tail<'a>(file: *mut sqlite3_file) -> &'a Tail {
    // SAFETY: `open` has put the pointer there, and `close` has not yet taken it.
    unsafe { &**tail_place(file) }
}

/// # Safety
/// `layer` was registered by [`register`].
unsafe fn disk_of(layer: *mut sqlite3_vfs) -> &'static Shared {
    // SAFETY: `register` has put a reference there that lives for ever.
    unsafe { &*(*layer).pAppData.cast::<Shared>() }
}

unsafe extern "C" fn open(
    layer: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with a layer of ours, `szOsFile` bytes at `file`, and a name or null.
    unsafe {
        let disk = disk_of(layer);
        let tracked = flags & TRACKED != 0 && !name.is_null();
        if tracked && disk.state().off {
            (*file).pMethods = ptr::null();
            return SQLITE_CANTOPEN;
        }
        let real = sqlite3_vfs_find(ptr::null());
        let path = if tracked { CStr::from_ptr(name).to_string_lossy().into_owned() } else { String::new() };
        if tracked {
            disk.state().opened(&path);
        }
        let Some(real_open) = (*real).xOpen else { return SQLITE_CANTOPEN };
        let code = real_open(real, name, file, flags, out_flags);
        if code == SQLITE_OK && tracked {
            let real = (*file).pMethods;
            let mut methods = Box::new(*real);
            // Version 3 would let SQLite map the file and write past us.
            methods.iVersion = methods.iVersion.min(2);
            methods.xClose = Some(close);
            methods.xWrite = Some(write);
            methods.xTruncate = Some(truncate);
            methods.xSync = Some(sync);
            (*file).pMethods = &raw const *methods;
            *tail_place(file) = Box::into_raw(Box::new(Tail { disk, path, real, _methods: methods }));
        }
        code
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, and uses it no more.
    unsafe {
        let tail = Box::from_raw(*tail_place(file));
        (*file).pMethods = tail.real;
        match (*tail.real).xClose {
            Some(real_close) => real_close(file),
            None => SQLITE_OK,
        }
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, len: c_int, at: i64) -> c_int {
    // SAFETY: SQLite passes `len` bytes at `from`.
    unsafe {
        let (tail, bytes) = (tail(file), std::slice::from_raw_parts(from.cast::<u8>(), len as usize));
        if let Err(refused) = tail.disk.state().write(&tail.path, at as u64, bytes) {
            return code(refused, SQLITE_IOERR_WRITE);
        }
        (*tail.real).xWrite.map_or(SQLITE_IOERR_WRITE, |real_write| real_write(file, from, len, at))
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: i64) -> c_int {
    // SAFETY: the file is open and ours.
    unsafe {
        let tail = tail(file);
        if let Err(refused) = tail.disk.state().truncate(&tail.path, len as u64) {
            return code(refused, SQLITE_IOERR_TRUNCATE);
        }
        (*tail.real).xTruncate.map_or(SQLITE_IOERR_TRUNCATE, |real_truncate| real_truncate(file, len))
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open and ours.
    let tail = unsafe { tail(file) };
    // The system's own sync would only cost time: what is durable is what we say.
    match tail.disk.state().sync(&tail.path) {
        Ok(()) => SQLITE_OK,
        Err(refused) => code(refused, SQLITE_IOERR_FSYNC),
    }
}

unsafe extern "C" fn delete(layer: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite calls this with a layer of ours and a name.
    unsafe {
        let path = CStr::from_ptr(name).to_string_lossy().into_owned();
        if let Err(refused) = disk_of(layer).state().delete(&path, sync_folder != 0) {
            return code(refused, SQLITE_IOERR_DELETE);
        }
        let real = sqlite3_vfs_find(ptr::null());
        (*real).xDelete.map_or(SQLITE_IOERR_DELETE, |real_delete| real_delete(real, name, sync_folder))
    }
}

fn code(refused: Refused, failed: c_int) -> c_int {
    match refused {
        Refused::Off | Refused::Sync => failed,
        Refused::Full => SQLITE_FULL,
    }
}
