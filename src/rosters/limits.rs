//! Every limit of rosters.

/// Longest archive in bytes; a longer one is refused.
pub const ARCHIVE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most entries of an archive; one more refuses it.
pub const ARCHIVE_ENTRIES_MAX: u64 = 1_000;
/// Longest table in bytes, unpacked; a longer one refuses the roster.
pub const TABLE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most people of a roster; one more refuses it. They take some 40 MB.
pub const PEOPLE_MAX: usize = 100_000;
/// Most classes of a roster; one more refuses it.
pub const CLASSES_MAX: usize = 20_000;
/// Most enrollments of a roster; one more refuses it. Each takes 12 bytes.
pub const ENROLLMENTS_MAX: usize = 1_000_000;
/// Most organisations and courses of a roster that are looked up; references to those beyond are not checked.
pub const REFERENCES_MAX: usize = 50_000;
/// People of an organisation's register that a roster is compared with; an organisation with more is refused.
pub const REGISTER_MAX: usize = 200_000;
/// Longest id of a person or class in another system, in bytes; a row with a longer one is rejected.
pub const EXTERNAL_BYTES_MAX: usize = 255;
/// Longest login or address in bytes; a row with a longer one is rejected.
pub const LOGIN_BYTES_MAX: usize = 320;
/// Classes in one cell of a plain table; a row with more is rejected.
pub const CLASSES_PER_CELL_MAX: usize = 50;
/// Students of one class; a class with more is rejected.
pub const STUDENTS_PER_CLASS_MAX: usize = 10_000;
/// People that are written together.
pub const PEOPLE_PER_WRITE: usize = 250;
/// Students of a class that are enrolled or removed together.
pub const STUDENTS_PER_WRITE: usize = 500;
/// People of a diff that are listed in a report, of each kind; those beyond are counted.
pub const LISTED_MAX: usize = 1_000;
/// Rejected rows that are listed, as many as a job keeps; those beyond are counted.
pub const REJECTED_LISTED_MAX: usize = 100_000;
