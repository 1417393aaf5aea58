//! Every limit of the heart, in one place, each with its unit and what happens when it is reached.

/// Sockets that one learner may have open; one more is closed with 4429.
pub const SOCKETS_PER_LEARNER: usize = 16;
/// Work that waits on one socket while something is fetched. A client keeps at most 64 commands in flight; a socket
/// that passes this is closed with 4408.
pub const SOCKET_INBOX: usize = 320;
/// Cards that one socket may hold at once.
pub const WINDOW_MAX: usize = 20;
/// Commands of one learner without verdict. Nothing is handed out above this less the window; above it, `busy`.
pub const COMMANDS_UNDECIDED: usize = 256;
/// Ids of durable entries that a session keeps, so that a resend needs no read.
pub const KNOWN_IDS: usize = 64;
/// An id may lie so far ahead of the server's clock, in milliseconds; further is `bad_time`.
pub const CLOCK_AHEAD_MS: i64 = 10_000;
/// An id may lie so far before the account's beginning, in milliseconds.
pub const BEFORE_BEGINNING_MS: i64 = 86_400_000;
/// How many answers and sets deep an undo may reach, whatever their age.
pub const UNDO_DEPTH: usize = 30;
/// An entry not older than this before the undo may be undone, whatever came since, in milliseconds.
pub const UNDO_AGE_MS: i64 = 86_400_000;
/// When nothing else can be handed out, a drill comes this much ahead of its time, in milliseconds.
pub const DRILL_AHEAD_MS: i64 = 1_200_000;
/// A card that has been on screen so long without a sign of life may be taken over by another device, in milliseconds.
pub const TAKEOVER_AFTER_MS: u64 = 60_000;
/// Decks that one session holds at once; a `start` over more is refused.
pub const DECKS_PER_SESSION: usize = 2_000;
/// Decks that a `queue` frame lists.
pub const DECKS_PER_QUEUE: usize = 1_000;
/// Busy ids that a socket remembers, so that their undo gets `busy` too.
pub const BUSY_REMEMBERED: usize = 256;
/// Marks of imports that a session remembers from its own life, so that a fold whose log was read before one of them knows
/// it; older ones are in every log that is read.
pub const MARKS_REMEMBERED: usize = 16;
/// Cards of one session whose log is fetched in the background at once; the others wait.
pub const REPAIRS_AT_ONCE: usize = 8;
/// Cards that were put back and wait at the head of the queue; later ones take their ordinary place again.
pub const CARDS_PUT_BACK: usize = 256;
/// Batches of rows leave for the store no closer together than this, in milliseconds: a commit costs the same for one row
/// as for a hundred, and under load those that wait share it. The first one after a pause leaves at once.
pub const COMMIT_EVERY_MS: u64 = 2;
/// Waiting time before a failed append is tried again: the first, and the longest, in milliseconds.
pub const RETRY_FIRST_MS: u64 = 20;
/// The longest wait between two tries of an append, in milliseconds.
pub const RETRY_LONGEST_MS: u64 = 2_000;
/// Flights of rows that may be out at once however many of them fail, in a store with a partition a learner; fewer if
/// the store wants fewer.
pub const FLIGHTS_MIN: usize = 8;
/// Panics of one learner's session within [`PANIC_WINDOW_MS`] after which it is kept closed.
pub const PANICS_ALLOWED: usize = 5;
/// The window in which they are counted, in milliseconds.
pub const PANIC_WINDOW_MS: u64 = 30_000;
/// How long a session that keeps failing stays closed, in milliseconds.
pub const PANIC_REST_MS: u64 = 300_000;
/// Sockets of one learner that may wait for an activation; one more is closed with 4412.
pub const WAITING_PER_LEARNER: usize = 32;
/// How long a socket waits for an activation before it is closed with 4412, in milliseconds.
pub const WAITING_MS: u64 = 5_000;
/// Inbox rows of one learner that its owner remembers to clear; further ones stay in the store until another load.
pub const INBOX_REMEMBERED: usize = 4_096;
/// Learners that a node is letting go at once; who asks for one more asks again.
pub const RELEASES_AT_ONCE: usize = 4_096;
/// Learners of whom a node remembers that it set out to take them from a dead one, until they are loaded.
pub const TAKEN_REMEMBERED: usize = 65_536;
/// Runs whose beats a node watches; the list of nodes holds far fewer, dead ones included.
pub const RUNS_WATCHED: usize = 1_024;
/// What may be typed as an answer, and be accepted as one, in bytes; more is wrong, and accepts nothing.
pub const TYPED_BYTES_MAX: usize = 2_048;
/// Accepted answers of one card that are looked at; further ones accept nothing.
pub const ACCEPTED_ANSWERS_MAX: usize = 64;
/// Choices of a card, the right one included: no fewer, and no more.
pub const CHOICES_MIN: usize = 2;
/// The most choices of a card.
pub const CHOICES_MAX: usize = 6;
/// Choices that a card is asked with, where the deck has as many.
pub const CHOICES_SHOWN: usize = 4;
/// Cards of a deck among which choices are looked for; of a larger deck it is a stretch that the seed picks.
pub const CHOICE_CANDIDATES_MAX: usize = 4_096;
/// Cards that stand to choose from beside one that is asked, those with a tag in common first: comparing all of them would
/// keep others waiting.
pub const CHOICE_CANDIDATES_COMPARED: usize = 256;
/// The longest answer of a card that is chosen, or stands to choose from, in bytes; a card with a longer one is typed.
pub const CHOICE_BYTES_MAX: usize = 512;
/// The most answers of a card that is chosen, or stands to choose from; a card with more is typed.
pub const CHOICE_ANSWERS_MAX: usize = 8;
/// Bytes of other cards' texts that are compared for the choices of one card; it is asked with what was found by then.
pub const CHOICE_COMPARED_BYTES_MAX: usize = 16_384;
/// Texts of wrong answers that a session remembers; of more the oldest are forgotten.
pub const WRONG_TEXTS_REMEMBERED: usize = 32;
/// Students that one lesson shows; the cells of further ones are dropped.
pub const STUDENTS_PER_LESSON: usize = 10_000;
/// Different cards that one lesson counts apart; answers to further ones count in the totals alone.
pub const CARDS_PER_LESSON: usize = 4_096;
/// Cards of one student that a lesson counts apart; answers to further ones count in the student's figures alone.
pub const CARDS_PER_SEAT: usize = 256;
/// Different wrong answers of one student that a lesson remembers.
pub const WRONG_ANSWERS_PER_SEAT: usize = 16;
/// Different wrong answers of one lesson that are counted together; further ones are not shown. Those whose text nobody knows
/// have half of this room.
pub const WRONG_GROUPS_PER_LESSON: usize = 4_096;
/// Of the wrong answers so many are shown, the commonest.
pub const WRONG_GROUPS_SHOWN: usize = 20;
/// Texts of wrong answers that are kept with a lesson's record, those of the commonest: whoever owns the lesson next shows
/// them again.
pub const WRONG_TEXTS_KEPT: usize = 64;
/// Where nothing else is stored of a lesson its new texts are, but no more often than this, in milliseconds.
pub const WRONG_TEXTS_KEPT_EVERY_MS: u64 = 15_000;
/// Bytes of a wrong answer that are shown; what is longer is cut, and bears a mark that says so.
pub const WRONG_ANSWER_BYTES: usize = 512;
/// Monitors that watch one lesson at once; one more is closed with 4429.
pub const MONITORS_PER_LESSON: usize = 64;
/// Monitors are told what changed no more often than this, in milliseconds: four times a second.
pub const MONITOR_EVERY_MS: u64 = 250;
/// Students who are named beside a card that they missed.
pub const MISSED_BY_SHOWN: usize = 8;
/// An answer to an ask counts when it reaches the server so long after its close, in milliseconds.
pub const ASK_LATE_MS: i64 = 1_000;
/// How long an ask may be open, in milliseconds.
pub const ASK_LONGEST_MS: i64 = 3_600_000;
/// Asks of one lesson whose outcome is kept for its report; of more the oldest are forgotten.
pub const ASKS_KEPT: usize = 64;
/// Commands of teachers that a lesson knows again by their ids; an older one that comes again is carried out again.
pub const LESSON_COMMANDS_KNOWN: usize = 128;
/// Decks and selections of cards that a lesson has assigned at once.
pub const ASSIGNED_MAX: usize = 64;
/// Cards of one assignment.
pub const ASSIGNED_CARDS_MAX: usize = 200;
/// Different cards of which a session knows that they were answered in a lesson: as many as may be assigned. Beyond it no
/// assigned card comes as an extra.
pub const CARDS_ANSWERED_KNOWN: usize = ASSIGNED_MAX * ASSIGNED_CARDS_MAX;
/// Students whom one assignment names.
pub const ASSIGNED_TO_MAX: usize = 200;
/// Bytes of a teacher's message.
pub const MESSAGE_BYTES_MAX: usize = 2_000;
/// Accepted texts that are being carried out at once; one more is `busy`.
pub const ACCEPTING_MAX: usize = 32;
/// Extra time of a student, in percent of the ordinary.
pub const EXTRA_PERCENT_MAX: u16 = 300;
/// Commands of one lesson that wait for the store; one more is `busy`.
pub const LESSON_COMMANDS_WAITING: usize = 256;
/// After the last teacher has dropped a pause or an ask goes on for so long, in milliseconds.
pub const TEACHER_GRACE_MS: u64 = 600_000;
/// A lesson that no teacher watches closes by itself after so long, in milliseconds.
pub const LESSON_ALONE_MS: u64 = 12 * 3_600_000;
/// A student of whom no cell has come for so long is shown as away, in milliseconds: cells come every 10 s.
pub const SILENT_AFTER_MS: u64 = 35_000;
/// How long a lesson that was taken over gathers its students' cells before it shows what it has, in milliseconds.
pub const GATHER_LONGEST_MS: u64 = 10_000;
/// How long a lesson that is over gathers what is missing before it is reported without it, in milliseconds.
pub const REPORT_LONGEST_MS: u64 = 600_000;
/// A student of whom no cell came within this time is counted from the log instead, in milliseconds.
pub const GATHER_CELLS_MS: u64 = 1_500;
/// Students who are counted from their logs at once.
pub const RECOUNTS_AT_ONCE: usize = 64;
/// Cards of one warm-up.
pub const WARM_UP_CARDS_MAX: usize = 50;
/// Minutes of which a student's and a class's figures are kept one by one.
pub const MINUTES_KEPT: usize = 60;
/// Students for whom a warm-up is chosen; of more who are there so many, evenly over all.
pub const WARM_UP_STUDENTS_MAX: usize = 500;
/// Warm-ups of one lesson whose cards are being chosen at once.
pub const WARM_UPS_AT_ONCE: usize = 4;
/// Classes whose lessons one session attends at once; of more one that is over is forgotten, or else the one that began first.
pub const LESSONS_PER_LEARNER: usize = 8;
/// A session tells a lesson how its learner does no more often than this, in milliseconds.
pub const CELL_EVERY_MS: u64 = 250;
/// It names all cards again, and says that the learner is there, after this time, in milliseconds.
pub const CELL_WHOLE_EVERY_MS: u64 = 10_000;
/// A learner who has done nothing on any socket for so long is away, in milliseconds.
pub const AWAY_AFTER_MS: u64 = 60_000;
/// Answers to one question of which a session remembers when they came; of more the newest are forgotten that are no votes.
pub const ASK_ANSWERS_KEPT: usize = 16;
/// Votes of earlier questions that a session remembers, so that they are not taken back.
pub const VOTES_REMEMBERED: usize = 128;
