//! Every limit on what is read, in one place. A package is a stranger's file: nothing that it states about itself is
//! believed, and nothing of it is held in memory that a limit here does not bound.

/// Longest package in bytes; a longer one is refused before it is read.
pub const PACKAGE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Most entries of an archive; one more refuses the package before its list is read. A list of so many takes some 20 MB.
pub const ENTRIES_MAX: u64 = 80_000;
/// Longest list of entries of an archive in bytes; a longer one refuses the package before it is read.
pub const DIRECTORY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest collection in bytes, unpacked; a longer one refuses the package, and what was unpacked is removed.
pub const COLLECTION_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// A collection may always be so long in bytes, whatever its packed length.
pub const UNPACKED_FREE_BYTES: u64 = 64 * 1024 * 1024;
/// Beyond [`UNPACKED_FREE_BYTES`] a collection may be so many times its packed length; SQLite files are 3 to 30 times.
pub const UNPACKED_RATIO_MAX: u64 = 200;
/// Largest window of a zstd stream as a power of two, in bytes: what unpacking it holds. Anki writes 21.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 24;
/// Longest list of media in bytes, unpacked; a longer one refuses the package.
pub const MEDIA_LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest name of a media file in bytes; a file with a longer one is left out and counted.
pub const MEDIA_NAME_BYTES_MAX: usize = 255;
/// Longest media file in bytes; a longer one is an error of that file.
pub const MEDIA_FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of all media that are copied out of one package; the next file is an error.
pub const MEDIA_TOTAL_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// All media of an archive together may always be so long in bytes, whatever the archive's length.
pub const MEDIA_FREE_BYTES: u64 = 64 * 1024 * 1024;
/// Beyond [`MEDIA_FREE_BYTES`] they may be so many times the archive's length; more refuse the package. Pictures and sounds are
/// packed already: theirs is hardly more than once, that of drawings and bitmaps up to 10 times.
pub const MEDIA_RATIO_MAX: u64 = 32;
/// Files looked at in a profile's folder of media; more refuse the profile.
pub const FOLDER_FILES_MAX: usize = 200_000;

/// Longest row of the database in bytes, and so the longest definition of note types or decks of the older schema; a
/// longer one refuses the collection.
pub const ROW_BYTES_MAX: i32 = 16 * 1024 * 1024;
/// Longest SQL text in the database's schema, in bytes.
pub const SQL_BYTES_MAX: i32 = 64 * 1024;
/// Most columns of a table of the database.
pub const COLUMNS_MAX: i32 = 64;
/// Most objects (tables, indices) of the database; more refuse it.
pub const SCHEMA_OBJECTS_MAX: i64 = 200;
/// Memory that the database's page cache may take, in KiB. Sorting takes as much again, and spills to a file.
pub const PAGE_CACHE_KIB: i64 = 4 * 1024;
/// The same for a collection that is being written. Reviews come card by card, and lie by their moments.
pub const WRITE_CACHE_KIB: i64 = 16 * 1024;
/// The same for the check of its pages, which looks at each once.
pub const CHECK_CACHE_KIB: i64 = 512;
/// Steps of SQLite's machine that reading one collection may take: so many at least,
pub const STEPS_FREE: u64 = 500_000_000;
/// and so many for each byte of the file. Reading takes 5 to 10; a query that a crafted schema makes quadratic is ended.
pub const STEPS_PER_BYTE: u64 = 40;
/// After so many steps it is asked whether to go on.
pub const STEPS_PER_QUESTION: i32 = 100_000;
/// The same for the check of its pages, which counts each page as a step, and then takes some for each row.
pub const CHECK_STEPS_PER_QUESTION: i32 = 500;

/// Bytes of the notes of all cards, each card with its whole note, that one reading of a collection may take: so many at least,
pub const TEXTS_FREE_BYTES: u64 = 512 * 1024 * 1024;
/// and so many for each byte of the file. A note has one to four cards, and one full of clozes some dozens; beyond that cards
/// were made to have the same long note over and over.
pub const TEXTS_PER_BYTE: u64 = 32;

/// Most cards of a collection; more refuse it.
pub const CARDS_MAX: i64 = 3_000_000;
/// Most notes of a collection; more refuse it.
pub const NOTES_MAX: i64 = 3_000_000;
/// Most rows of a review log; more refuse the collection.
pub const REVIEWS_MAX: i64 = 50_000_000;
/// Cards whose last review is remembered where the database has no index to find it by; more refuse the collection.
pub const REMEMBERED_REVIEWS_MAX: usize = 500_000;
/// So many milliseconds at most a row of a review log was moved so that no other has its moment.
pub const ROW_MOVED_MS_MAX: i64 = 1_000_000;
/// Most note types of a collection; more refuse it.
pub const NOTETYPES_MAX: usize = 10_000;
/// Most fields of one note type; more refuse the collection.
pub const FIELDS_MAX: usize = 500;
/// Most templates of one note type; more refuse the collection.
pub const TEMPLATES_MAX: usize = 500;
/// Most decks of a collection; more refuse it.
pub const DECKS_MAX: usize = 50_000;
/// Most levels of a deck's name; those beyond are joined to the last.
pub const DECK_LEVELS_MAX: usize = 32;
/// Longest level of a deck's name in bytes; the rest is cut off.
pub const DECK_LEVEL_BYTES_MAX: usize = 300;
/// Most groups of deck options; more refuse the collection.
pub const OPTIONS_MAX: usize = 10_000;
/// Bytes of all note types, decks and options together; more refuse the collection. They are all held in memory.
pub const DEFINITIONS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest fields of a note together, in bytes; a note with longer ones is left out and counted.
pub const NOTE_BYTES_MAX: i64 = 1024 * 1024;
/// Longest tags of a note together, in bytes; a note with longer ones is left out and counted.
pub const TAGS_BYTES_MAX: i64 = 64 * 1024;
/// Longest guid of a note in bytes; a note with a longer one is left out and counted.
pub const GUID_BYTES_MAX: i64 = 512;
/// Longest data that Anki and its add-ons keep with a card, in bytes; longer ones are not read.
pub const CARD_DATA_BYTES_MAX: i64 = 4 * 1024;

/// Longest template in bytes; a longer one is an error of its cards.
pub const TEMPLATE_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of conditions in a template; a deeper one is an error of its cards.
pub const CONDITIONS_DEPTH_MAX: usize = 64;
/// Most filters on one replacement in a template; more are an error of its cards.
pub const FILTERS_MAX: usize = 32;
/// Deepest nesting of clozes; deeper ones are not opened, as in Anki.
pub const CLOZE_DEPTH_MAX: usize = 10;
/// Longest side of a card in bytes before it is made safe; a longer one is an error of the card.
pub const SIDE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes that showing one card may take: its templates, and each field as often as they show it, once more for each filter. No
/// side that [`SIDE_BYTES_MAX`] lets through takes more, but for one with a dozen filters or fronts; such a card is an error.
pub const CARD_EFFORT_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Bytes that showing all cards of a collection may take: so many at least,
pub const EFFORT_FREE_BYTES: u64 = 1024 * 1024 * 1024;
/// so many for each byte of the file,
pub const EFFORT_PER_BYTE: u64 = 32;
/// and so many for each card, for templates with long scripts,
pub const EFFORT_PER_CARD_BYTES: u64 = 128 * 1024;
/// but no more than this for all cards. More than all three refuse the collection: its templates repeat long texts.
pub const EFFORT_OF_CARDS_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// Media that one card refers to; those beyond are left out.
pub const MEDIA_PER_CARD_MAX: usize = 500;
/// Shapes of an image occlusion that are kept.
pub const SHAPES_MAX: usize = 1_000;
/// Points of one polygon of an image occlusion that are kept.
pub const POINTS_MAX: usize = 2_000;
/// Rendered samples of a note type in a report.
pub const SAMPLES_PER_NOTETYPE: usize = 3;
/// Longest side of a sample in a report, in bytes; the rest is cut off.
pub const SAMPLE_BYTES_MAX: usize = 4 * 1024;
/// Note types of which a report has samples; of those beyond it has figures alone.
pub const SAMPLED_NOTETYPES_MAX: usize = 20;

/// The limits that a caller may narrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// As [`PACKAGE_BYTES_MAX`].
    pub package_bytes: u64,
    /// As [`ENTRIES_MAX`].
    pub entries: u64,
    /// As [`COLLECTION_BYTES_MAX`].
    pub collection_bytes: u64,
    /// As [`MEDIA_FILE_BYTES_MAX`].
    pub media_file_bytes: u64,
    /// As [`MEDIA_TOTAL_BYTES_MAX`].
    pub media_total_bytes: u64,
    /// As [`MEDIA_FREE_BYTES`].
    pub media_free_bytes: u64,
    /// As [`STEPS_FREE`].
    pub steps_free: u64,
    /// As [`TEXTS_FREE_BYTES`].
    pub texts_free_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            package_bytes: PACKAGE_BYTES_MAX,
            entries: ENTRIES_MAX,
            collection_bytes: COLLECTION_BYTES_MAX,
            media_file_bytes: MEDIA_FILE_BYTES_MAX,
            media_total_bytes: MEDIA_TOTAL_BYTES_MAX,
            media_free_bytes: MEDIA_FREE_BYTES,
            steps_free: STEPS_FREE,
            texts_free_bytes: TEXTS_FREE_BYTES,
        }
    }
}
