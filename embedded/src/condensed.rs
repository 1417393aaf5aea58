//! What figures are made of, kept beside the log: the answers of a learner that count, in stretches of two days, a tenth
//! of the log's bytes. A figure rests on it only while it is what the log says: whatever writes an entry into the log takes
//! back, in the same transaction, the stretches of which an answer may count otherwise by it ([`touched`]), and what still
//! waits in the journal is asked before it is believed ([`answers`]). What lies behind the last of these stretches is read
//! from the log as it is.

use crate::error::{During, unreadable};
use crate::merge::Waiting;
use crate::read::log;
use crate::rows::read_entries;
use domain::answers::{Answers, touches_from_ms, touches_up_to_ms};
use domain::entry::LogEntry;
use domain::ids::{EntryId, UserId};
use ports::codec::{decode_answers, encode_answers};
use ports::{LogRange, StoreError};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// How long a stretch is, in milliseconds.
const STRETCH_MS: i64 = 2 * 86_400_000;
/// Said of a learner whose log is too long to be condensed.
const TOO_LONG: i64 = -1;

fn stretch_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(STRETCH_MS)
}

/// Before which stretch all are condensed: 0 where none is, [`TOO_LONG`] where none will be.
fn condensed_upto(main: &Connection, user: UserId) -> rusqlite::Result<i64> {
    let mut find = main.prepare_cached("SELECT upto FROM condensed WHERE user = ?1")?;
    Ok(find.query_row([&user.bytes()[..]], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// The stretches from this one on are not what they were when this entry is in the log.
fn first_touched(entry: &LogEntry) -> i64 {
    touches_from_ms(entry).map_or(0, stretch_of)
}

/// These entries of a learner come into the log: what was condensed and may be another by them is so no longer.
pub(crate) fn touched<'a>(
    main: &Connection,
    user: UserId,
    entries: impl Iterator<Item = &'a LogEntry>,
) -> rusqlite::Result<()> {
    let Some(first) = entries.map(first_touched).min() else { return Ok(()) };
    if condensed_upto(main, user)? > first {
        note(main, user, readable_from(main, user, first)?)?;
    }
    Ok(())
}

/// From which stretch on the log has to be read to know what counts from this one on: no entry before it says something of
/// an answer behind it, as those of a clock that was behind do.
fn readable_from(main: &Connection, user: UserId, mut stretch: i64) -> rusqlite::Result<i64> {
    let mut find = main.prepare_cached(
        "SELECT min(stretch) FROM condensed_answers WHERE user = ?1 AND stretch < ?2 AND reaches >= ?2",
    )?;
    while let Some(earlier) = find.query_row((&user.bytes()[..], stretch), |row| row.get(0))? {
        stretch = earlier;
    }
    Ok(stretch)
}

/// Answers, and whether it would help to condense what they were read from.
pub(crate) struct Told {
    pub(crate) answers: Answers,
    pub(crate) is_long: bool,
}

/// The answers from an id on that count, of the newest `entries_max` entries. `long` is from how many entries on it helps to
/// have them condensed.
pub(crate) fn answers(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    (from, entries_max): (EntryId, usize),
    long: usize,
) -> Result<Told, StoreError> {
    let upto = condensed_upto(main, user).during("read what is condensed")?;
    let mut holds = waiting.entries().map(|(entry, _)| first_touched(&entry)).fold(upto, i64::min);
    if holds < upto {
        holds = readable_from(main, user, holds).during("read what is condensed")?;
    }
    let condensed = match holds > stretch_of(from.at_ms()) {
        true => of_both(main, waiting, user, (from, entries_max), (holds, long))?,
        false => None,
    };
    if let Some(told) = condensed {
        return Ok(told);
    }
    let range = LogRange { from, before: None, newest_first: true, limit: entries_max };
    let entries = log(main, waiting, user, &range)?;
    let newest = entries.first().map_or(0, |entry| stretch_of(entry.id.at_ms()));
    let is_long = entries.len() >= long && upto != TOO_LONG && newest > upto;
    Ok(Told { answers: Answers::of(&entries), is_long })
}

/// What is condensed before this stretch, and what the log has from it on; `None` where that is not all that is asked.
fn of_both(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    (from, entries_max): (EntryId, usize),
    (holds, long): (i64, usize),
) -> Result<Option<Told>, StoreError> {
    let end = EntryId::floor_of(holds.saturating_mul(STRETCH_MS));
    let range = LogRange { from: end, before: None, newest_first: true, limit: entries_max };
    let rest = log(main, waiting, user, &range)?;
    // Whether rows of a job count is said by marks that may lie before.
    if rest.iter().any(|entry| entry.job.is_some()) {
        return Ok(None);
    }
    let mut answers = Answers::default();
    if let Err(error) = read(main, user, (stretch_of(from.at_ms()), holds), from.at_ms(), &mut answers) {
        // The log says the same, and takes longer.
        tracing::warn!(%error, "condensed answers cannot be read: `studyhall verify --repair` drops them");
        return Ok(None);
    }
    let newest = rest.first().map_or(0, |entry| stretch_of(entry.id.at_ms()));
    let is_long = rest.len() >= long && newest > holds;
    let rest = Answers::of(&rest);
    answers.counting.extend(rest.counting);
    answers.entries += rest.entries;
    Ok((answers.entries < entries_max).then_some(Told { answers, is_long }))
}

fn read(
    main: &Connection,
    user: UserId,
    (first, end): (i64, i64),
    from_ms: i64,
    into: &mut Answers,
) -> Result<(), StoreError> {
    const DOING: &str = "read condensed answers";
    let mut select = main
        .prepare_cached(
            "SELECT body FROM condensed_answers WHERE user = ?1 AND stretch >= ?2 AND stretch < ?3
             ORDER BY stretch",
        )
        .during(DOING)?;
    let mut rows = select.query((&user.bytes()[..], first, end)).during(DOING)?;
    while let Some(row) = rows.next().during(DOING)? {
        let body = row.get_ref(0).and_then(|body| Ok(body.as_blob()?)).during(DOING)?;
        decode_answers(body, from_ms, into).map_err(|error| unreadable(DOING, error))?;
    }
    Ok(())
}

/// Condenses what came into a learner's log since it was done last, but for the stretch of the newest entry; returns how many
/// rows were written. A log of more than `entries_max` is left as it is. Within a transaction that writes: nothing comes into
/// the log meanwhile.
pub(crate) fn condense(main: &Connection, user: UserId, entries_max: usize) -> Result<usize, StoreError> {
    const DOING: &str = "condense answers";
    let upto = condensed_upto(main, user).during(DOING)?;
    if upto == TOO_LONG {
        return Ok(0);
    }
    let too_long = || forget(main, user).and_then(|()| note(main, user, TOO_LONG)).during(DOING).map(|()| 1);
    // Of a log that is not kept in memory so much is not read into it either.
    if has_more_than(main, user, upto, entries_max).during(DOING)? {
        return too_long();
    }
    let (first, log) = stored_from(main, user, upto, entries_max)?;
    if log.len() > entries_max {
        return too_long();
    }
    let end = settled_before(&log);
    if end <= upto {
        return Ok(0);
    }
    let write = |stretches: BTreeMap<i64, Stretch>| {
        main.prepare_cached("DELETE FROM condensed_answers WHERE user = ?1 AND stretch >= ?2")?
            .execute((&user.bytes()[..], first))?;
        let mut put = main.prepare_cached("INSERT INTO condensed_answers VALUES (?1, ?2, ?3, ?4)")?;
        let (mut rows, mut body) = (1, Vec::new());
        for (stretch, Stretch { reaches, answers }) in stretches {
            body.clear();
            encode_answers(&answers, &mut body);
            put.execute((&user.bytes()[..], stretch, reaches, &body[..]))?;
            rows += 1;
        }
        note(main, user, end)?;
        Ok(rows)
    };
    write(by_stretch(&log, end)).during(DOING)
}

/// Whether a log has so many entries behind what is condensed, and some that can be.
pub(crate) fn worth_condensing(
    main: &Connection,
    user: UserId,
    from_entries: usize,
) -> Result<bool, StoreError> {
    const DOING: &str = "look for what is condensed";
    let upto = condensed_upto(main, user).during(DOING)?;
    if upto == TOO_LONG {
        return Ok(false);
    }
    let newest = || {
        let mut find = main.prepare_cached("SELECT max(id) FROM review_log WHERE user = ?1")?;
        find.query_row([&user.bytes()[..]], |row| row.get::<_, Option<[u8; 16]>>(0))
    };
    let newest = newest().during(DOING)?.map_or(0, |id| stretch_of(EntryId::from_bytes(id).at_ms()));
    if newest <= upto {
        return Ok(false);
    }
    has_more_than(main, user, upto, from_entries.saturating_sub(1)).during(DOING)
}

/// Whether a log has more than so many entries from this stretch on.
fn has_more_than(main: &Connection, user: UserId, stretch: i64, entries: usize) -> rusqlite::Result<bool> {
    let from = EntryId::floor_of(stretch.saturating_mul(STRETCH_MS));
    let skip = i64::try_from(entries).unwrap_or(i64::MAX);
    main.prepare_cached(
        "SELECT 1 FROM review_log WHERE user = ?1 AND id >= ?2 ORDER BY id LIMIT 1 OFFSET ?3",
    )?
    .exists((&user.bytes()[..], &from.bytes()[..], skip))
}

fn note(main: &Connection, user: UserId, upto: i64) -> rusqlite::Result<()> {
    main.prepare_cached("INSERT OR REPLACE INTO condensed VALUES (?1, ?2)")?
        .execute((&user.bytes()[..], upto))?;
    Ok(())
}

/// What `main.db` has of the log from this stretch on, and from which it is: from the first one where rows of jobs are in
/// it, whose marks may lie anywhere. One entry more than `entries_max` at most.
fn stored_from(
    main: &Connection,
    user: UserId,
    stretch: i64,
    entries_max: usize,
) -> Result<(i64, Vec<LogEntry>), StoreError> {
    let limit = i64::try_from(entries_max).unwrap_or(i64::MAX).saturating_add(1);
    let from = EntryId::floor_of(stretch.saturating_mul(STRETCH_MS));
    let mut log = Vec::new();
    read_entries(
        main,
        "SELECT body FROM review_log WHERE user = ?1 AND id >= ?2 ORDER BY id, job LIMIT ?3",
        (&user.bytes()[..], &from.bytes()[..], limit),
        &mut log,
    )?;
    if stretch > 0 && log.iter().any(|entry| entry.job.is_some()) {
        drop(log);
        return stored_from(main, user, 0, entries_max);
    }
    Ok((stretch, log))
}

/// Before which stretch no entry is about an answer behind it; that of the newest entry at most. Entries are in order.
fn settled_before(log: &[LogEntry]) -> i64 {
    let mut end = log.last().map_or(0, |newest| stretch_of(newest.id.at_ms()));
    for entry in log.iter().rev() {
        let own = stretch_of(entry.id.at_ms());
        if own < end && stretch_of(touches_up_to_ms(entry)) >= end {
            end = own;
        }
    }
    end
}

/// What is kept of a stretch.
#[derive(Default)]
struct Stretch {
    /// The last stretch of which an entry of this one says something.
    reaches: i64,
    answers: Answers,
}

/// Each stretch before this one in which there is an entry.
fn by_stretch(log: &[LogEntry], end: i64) -> BTreeMap<i64, Stretch> {
    let mut stretches: BTreeMap<i64, Stretch> = BTreeMap::new();
    for entry in log {
        let of = stretches.entry(stretch_of(entry.id.at_ms())).or_default();
        of.answers.entries += 1;
        of.reaches = of.reaches.max(stretch_of(touches_up_to_ms(entry)));
    }
    for answer in Answers::of(log).counting {
        stretches.entry(stretch_of(answer.at_ms)).or_default().answers.counting.push(answer);
    }
    stretches.retain(|stretch, _| *stretch < end);
    stretches
}

/// How many stretches of a learner are not what `main.db` has in the log.
pub(crate) fn unequal(main: &Connection, user: UserId) -> Result<u64, StoreError> {
    const DOING: &str = "compare condensed answers with the log";
    let upto = condensed_upto(main, user).during(DOING)?;
    if upto <= 0 {
        return Ok(0);
    }
    let (_, log) = stored_from(main, user, 0, usize::MAX)?;
    let mut said = by_stretch(&log, upto);
    let mut select = main
        .prepare_cached(
            "SELECT stretch, reaches, body FROM condensed_answers WHERE user = ?1 AND stretch < ?2",
        )
        .during(DOING)?;
    let mut rows = select.query((&user.bytes()[..], upto)).during(DOING)?;
    let mut count = 0;
    while let Some(row) = rows.next().during(DOING)? {
        let stretch: i64 = row.get(0).during(DOING)?;
        let reaches: i64 = row.get(1).during(DOING)?;
        let body = row.get_ref(2).and_then(|body| Ok(body.as_blob()?)).during(DOING)?;
        let mut kept = Answers::default();
        let is_read = decode_answers(body, i64::MIN, &mut kept).is_ok();
        let is_same = |said: Stretch| is_read && said.reaches == reaches && said.answers == kept;
        count += u64::from(!said.remove(&stretch).is_some_and(is_same));
    }
    Ok(count + said.len() as u64)
}

/// Nothing of a learner is condensed any more.
pub(crate) fn forget(main: &Connection, user: UserId) -> rusqlite::Result<()> {
    main.execute("DELETE FROM condensed WHERE user = ?1", [&user.bytes()[..]])?;
    main.execute("DELETE FROM condensed_answers WHERE user = ?1", [&user.bytes()[..]])?;
    Ok(())
}
