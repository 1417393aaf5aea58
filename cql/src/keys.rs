//! Where things lie: a learner's month, an entry's id, the card that an entry is filed under.

use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, DeckId, EntryId, JobId};
use domain::owner::Epoch;

/// A card's name; nothing for what concerns no card.
pub(crate) type About = Option<(DeckId, CardId)>;

/// Above every id in the order of blobs.
pub(crate) const PAST_ALL_IDS: [u8; 17] = [0xff; 17];

/// Epochs that a write timestamp tells apart.
const EPOCHS_TOLD: Epoch = 999;

const DAY_MS: i64 = 86_400_000;

/// The month of an id's time: months since January 1970, UTC. It decides the partition, so it must never change.
pub(crate) fn month_of(id: EntryId) -> i32 {
    month_of_day(id.at_ms() / DAY_MS)
}

/// Civil months by Howard Hinnant's algorithm («chrono-compatible low-level date algorithms», civil_from_days), for
/// days since 1970 that are not negative.
fn month_of_day(days: i64) -> i32 {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days - era * 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 2 } else { from_march - 10 };
    let year = year_of_era + era * 400 + i64::from(month < 2);
    // 48 bits of milliseconds end in the year 10889.
    i32::try_from((year - 1970) * 12 + month).unwrap_or(i32::MAX)
}

/// The lowest id of this moment, Unix milliseconds.
pub(crate) fn first_id_at(ms: i64) -> EntryId {
    let time = u128::try_from(ms.clamp(0, (1 << 48) - 1)).unwrap_or(0);
    EntryId::from_u128(time << 80)
}

/// The write timestamp of an entry's rows, in microseconds: its id's time, and within the millisecond the epoch of the
/// owner that writes (0 for whoever is not the owner).
///
/// A resend under the same epoch is the same write, and one under a later epoch writes the same content again. If two
/// contents ever come under one id, which only a client that lies to itself brings about, the session of an owner
/// refuses the second one; what an owner that died had sent and nobody was told of may still land after the next owner
/// has acknowledged the other: then the later epoch's stays, on all replicas alike. Beyond 999 owners of one learner the
/// larger content would stay.
pub(crate) fn write_time_us(id: EntryId, epoch: Epoch) -> i64 {
    id.at_ms() * 1_000 + i64::try_from(epoch.min(EPOCHS_TOLD)).unwrap_or(0)
}

/// Under which card an entry is filed. Marks of imports concern all cards and lie under none, and so does an undo of
/// which the writer did not say what it is about: then each card's log has it.
pub(crate) fn filed_under(entry: &LogEntry, about: About) -> About {
    match entry.body {
        Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Claim { .. } => None,
        Body::Review(_) | Body::Set { .. } | Body::State { .. } | Body::Regrade(_) => entry.card(),
        Body::Undo { .. } => about,
    }
}

/// A job in a key; nothing for what was done live.
pub(crate) fn job_blob(job: Option<JobId>) -> Vec<u8> {
    job.map_or_else(Vec::new, |job| job.bytes().to_vec())
}

/// What an undo is about, in a cell.
pub(crate) fn about_blob(about: (DeckId, CardId)) -> Vec<u8> {
    [about.0.bytes().as_slice(), about.1.bytes()].concat()
}

/// Reads [`about_blob`].
pub(crate) fn read_about(blob: &[u8]) -> About {
    let (deck, rest) = blob.split_first_chunk::<16>()?;
    Some((DeckId::from_bytes(*deck), CardId::from_bytes(rest.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        // Days since 1970 (date -u), year, month.
        let cases = [
            (0, 1970, 1),
            (30, 1970, 1),
            (31, 1970, 2),
            (58, 1970, 2),
            (59, 1970, 3),
            (364, 1970, 12),
            (365, 1971, 1),
            (789, 1972, 2),
            (790, 1972, 3),
            (11_016, 2000, 2),
            (11_017, 2000, 3),
            (20_453, 2025, 12),
            (20_454, 2026, 1),
        ];
        for (days, year, month) in cases {
            assert_eq!(month_of_day(days), (year - 1970) * 12 + month - 1, "{year}-{month}");
        }
    }

    #[test]
    fn months_never_fall_and_never_skip() {
        let months: Vec<i32> = (0..400 * 366).map(month_of_day).collect();
        assert!(months.windows(2).all(|pair| pair[1] - pair[0] == 0 || pair[1] - pair[0] == 1));
    }

    #[test]
    fn the_first_id_of_a_moment_is_not_above_any_of_it() {
        let id = EntryId::v7(1_760_000_000_000, 0);
        assert!(first_id_at(id.at_ms()) <= id && first_id_at(id.at_ms() + 1) > id);
        assert_eq!(first_id_at(id.at_ms()).at_ms(), id.at_ms());
        assert!(PAST_ALL_IDS[..] > EntryId::from_bytes([0xff; 16]).bytes()[..]);
    }

    #[test]
    fn a_later_owner_s_write_is_later_and_never_reaches_the_next_millisecond() {
        let id = EntryId::v7(1_760_000_000_000, 7);
        let next = EntryId::v7(1_760_000_000_001, 7);
        assert_eq!(write_time_us(id, 3), write_time_us(id, 3));
        assert!(write_time_us(id, 0) < write_time_us(id, 1) && write_time_us(id, 1) < write_time_us(id, 2));
        assert!(write_time_us(id, Epoch::MAX) < write_time_us(next, 0));
    }

    #[test]
    fn what_an_undo_is_about_reads_as_it_was_written() {
        let about = (DeckId::from_u128(7), CardId::from_u128(8));
        assert_eq!(read_about(&about_blob(about)), Some(about));
        assert_eq!((read_about(&[]), read_about(&[0; 31]), read_about(&[0; 33])), (None, None, None));
    }
}
