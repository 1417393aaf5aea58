//! Every limit of import jobs, in one place, with its unit and what happens when it is reached.

/// Longest upload in bytes; a longer one is refused with 413. Formats have bounds of their own below it.
pub const UPLOAD_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes of the disk that uploads and jobs leave free; an upload that would take them is refused with 503, a job that reads
/// or writes then fails with `no_room`.
pub const DISK_RESERVE_BYTES: u64 = 512 * 1024 * 1024;
/// How long a whole upload may take, in milliseconds; longer: 408.
pub const UPLOAD_WITHIN_MS: u64 = 2 * 3_600_000;
/// How long an upload waits for its next piece, in milliseconds; longer: 408.
pub const UPLOAD_PIECE_WITHIN_MS: u64 = 30_000;
/// Pieces of an upload that wait for the disk; the sender waits when there are more.
pub const PIECES_WAITING: usize = 4;
/// Uploads that arrive at once, of all people; one more: 503.
pub const UPLOADS_AT_ONCE: usize = 16;
/// Uploads of one person that arrive at once; one more: 429.
pub const UPLOADS_PER_PERSON: u32 = 2;
/// Bytes at the head, and at the end, of a file by which its format is told.
pub const PROBE_BYTES: usize = 256 * 1024;

/// Jobs that run at once in a process; the others wait their turn.
pub const JOBS_AT_ONCE: usize = 2;
/// Jobs of one person that are not finished; one more: 429.
pub const UNFINISHED_PER_PERSON: usize = 20;
/// Jobs that wait in a process; one more upload: 503.
pub const JOBS_WAITING_MAX: usize = 10_000;
/// Messages that wait for the runner; senders wait when there are more.
pub const ORDERS_WAITING: usize = 1_024;
/// How often a job is begun again when a store does not answer, before it fails.
pub const TRIES_MAX: u32 = 8;
/// The wait before the first of them, in milliseconds; each later one is twice as long.
pub const TRY_AGAIN_FIRST_MS: u64 = 250;
/// The longest of these waits, in milliseconds.
pub const TRY_AGAIN_LONGEST_MS: u64 = 30_000;
/// How often the progress of a running job is stored, in milliseconds: what other nodes see of it.
pub const PROGRESS_STORED_EVERY_MS: u64 = 2_000;
/// So much nicer than answers threads of imports are, in steps of the system's scheduler.
pub const NICENESS: i32 = 10;

/// Refused rows of one job that are kept; those beyond are only counted.
pub const REFUSED_KEPT_MAX: usize = 100_000;
/// Refused rows that are stored in one write.
pub const REFUSED_PER_WRITE: usize = 500;
/// Longest text of a refused row that is kept, in bytes.
pub const REFUSED_TEXT_BYTES_MAX: usize = 512;
/// Decks that a report lists; those beyond are summed up.
pub const DECKS_REPORTED_MAX: usize = 500;
/// Cards that a refused revocation lists.
pub const STUDIED_LISTED_MAX: usize = 100;

/// How long a file that was only tried is kept, in milliseconds: 7 days. Then it has to be uploaded again.
pub const TRIED_KEPT_MS: i64 = 7 * 86_400_000;
/// How long a job waits for the node that has its file, in milliseconds: a day. Then it has failed; one that is committing
/// is brought to its end by another node.
pub const ABANDONED_AFTER_MS: i64 = 86_400_000;
/// How often the record of a job that waits for a store says that it lives, in milliseconds: well within what another node
/// waits before it takes a revocation over.
pub const RENEWED_EVERY_MS: u64 = 15_000;
/// How often left-over files and abandoned jobs are looked for, in milliseconds.
pub const SWEEP_EVERY_MS: u64 = 3_600_000;
/// Records that are read at once: each may hold a report of a megabyte.
pub const RECORDS_PER_PAGE: usize = 20;
/// The newest jobs of a person among which those are counted that are not finished.
pub const RECORDS_COUNTED: usize = 2 * UNFINISHED_PER_PERSON;

/// Cards of a deck that are read at once.
pub const CARDS_PER_PAGE: usize = 500;
/// Entries that are appended at once: about 5 MB. The more lie together, the less a store writes for each.
pub const ENTRIES_PER_BATCH: usize = 32_768;
/// Entries of the owner's log that are read at once to find answers among them that come back.
pub const ENTRIES_COMPARED: usize = 5_000;
/// Rows of a review log that are looked at together to find those that an export had moved.
pub const REVIEWS_TOGETHER: usize = 8_192;
/// Answers of the owner with which those of an import are compared, 24 bytes each: more than ten years of 250 a day. Of those
/// beyond, what comes back lies in the log a second time; it counts once all the same. As many that imports brought are known
/// beside them where rows may have been moved; of those beyond, what was moved comes in a second time.
pub const OWN_ANSWERS_MAX: usize = 1_000_000;
/// Batches of entries that a store has while the next is made; the job waits when there are more.
pub const BATCHES_AHEAD: usize = 1;
/// Bytes of an upload that are read at once.
pub const PIECE_BYTES: usize = 64 * 1024;
/// Runs of answers that wait while one is being stored, besides the one that is being read: reading waits when there are more.
pub const RUNS_AHEAD: usize = 0;
/// Notes that are stored at once.
pub const NOTES_PER_BATCH: usize = 16_384;
/// Bytes of notes, about, that are stored at once: then it is fewer notes.
pub const NOTE_BYTES_PER_BATCH: usize = 4 * 1024 * 1024;
/// Bytes of memory, about, that cards and notes take which come into new decks at once while their file is being read: one
/// such batch is being stored, some wait, and one is being read.
pub const FILLED_BYTES_PER_BATCH: usize = 3 * 1024 * 1024;
/// What a card takes of them besides its texts, about: its ids, its numbers, and what each text takes to be one.
pub const FILLED_CARD_BYTES: usize = 512;
/// The same for a note.
pub const FILLED_NOTE_BYTES: usize = 256;
/// Such batches that wait while one is being stored; reading waits when there are more.
pub const FILLED_BATCHES_WAITING: usize = 1;
/// Cards that are handed to a store together by whoever makes them ahead of it.
pub const CARDS_PER_CHUNK: usize = 256;
/// Such chunks that wait for the store; whoever makes them waits when there are more.
pub const AHEAD_CHUNKS: usize = 4;
/// Names of media that are stored at once.
pub const NAMES_PER_BATCH: usize = 1_000;
/// Longest media file that comes in, in bytes; a longer one is left out and counted. It lies in memory while it is stored.
pub const MEDIA_FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Longest picture that is masked, in bytes; a longer one is shown with the answer alone. The last one lies in memory.
pub const MASKED_PICTURE_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Longest side of a picture that is masked, in pixels; a longer one is shown with the answer alone.
pub const MASKED_PICTURE_SIDE_MAX: u32 = 20_000;
/// Bytes of masked pictures that one job stores: each holds its picture whole. Beyond them pictures are shown with the
/// answer alone.
pub const MASKS_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Cards of one file whose rejection is remembered, so that their answers are left out; more fail the job.
pub const REJECTED_REMEMBERED_MAX: usize = 500_000;
/// Notes of one file that are remembered, so that each is stored once; those beyond may be stored again.
pub const NOTES_REMEMBERED_MAX: usize = 1_000_000;
