use super::*;
use crate::reviews::{ProgressWrite, Row};
use domain::answers::{Answer, Answers};
use domain::day::{Day, Stamp};
use domain::entry::{Body, Confidence, GivenState, LogEntry, Mode, Regrade, Review, SetChange};
use domain::fsrs::{DIFFICULTY_MAX, DIFFICULTY_MIN, Memory, STABILITY_MAX, STABILITY_MIN};
use domain::grade::Grade;
use domain::ids::{CardId, ClassId, DeckId, EntryId, JobId, SittingId, UserId};
use domain::sm2::Sm2;
use domain::state::{CardState, LastGrade, Scheduled};
use proptest::option::of;
use proptest::prelude::*;

fn days() -> impl Strategy<Value = Day> {
    any::<i32>().prop_map(Day)
}

fn grades() -> impl Strategy<Value = Grade> {
    prop::sample::select(Grade::ALL.to_vec())
}

fn cards() -> impl Strategy<Value = (DeckId, CardId)> {
    (any::<u128>(), any::<u128>()).prop_map(|(d, c)| (DeckId::from_u128(d), CardId::from_u128(c)))
}

fn reviews() -> impl Strategy<Value = Body> {
    let asked = (
        prop::sample::select(vec![Mode::Flip, Mode::Type, Mode::Choose]),
        any::<(u32, bool, u32, bool)>(),
        of(prop::sample::select(vec![Confidence::Sure, Confidence::Unsure])),
    );
    let named = (of(any::<u128>()), of(any::<u128>()), of(any::<u64>()));
    (cards(), grades(), asked, named).prop_map(|((deck, card), grade, asked, named)| {
        let (mode, (elapsed_ms, early, revision, told), confidence) = asked;
        let (sitting, class, response) = named;
        Body::Review(Review {
            deck,
            card,
            grade,
            mode,
            elapsed_ms,
            early,
            confidence,
            sitting: sitting.map(SittingId::from_u128),
            class: class.map(ClassId::from_u128),
            response,
            revision,
            told,
        })
    })
}

fn changes() -> impl Strategy<Value = SetChange> {
    prop_oneof![
        any::<bool>().prop_map(SetChange::Suspended),
        of(days()).prop_map(SetChange::BuriedUntil),
        any::<u8>().prop_map(SetChange::Flag),
        Just(SetChange::Reset),
        days().prop_map(SetChange::Due),
    ]
}

fn given() -> impl Strategy<Value = GivenState> {
    (any::<(u16, u16, u32, u16)>(), of(days()), of(days())).prop_map(|(n, due, last_scheduled)| GivenState {
        reps: n.0,
        ease: n.1,
        interval_days: n.2,
        due,
        lapses: n.3,
        last_scheduled,
    })
}

fn bodies() -> impl Strategy<Value = Body> {
    prop_oneof![
        4 => reviews(),
        1 => any::<u128>().prop_map(|n| Body::Undo { of: EntryId::from_u128(n) }),
        2 => (cards(), changes()).prop_map(|((deck, card), change)| Body::Set { deck, card, change }),
        1 => (cards(), given()).prop_map(|((deck, card), state)| Body::State { deck, card, state }),
        1 => any::<u128>().prop_map(|n| Body::ImportCommit { job: JobId::from_u128(n) }),
        1 => any::<u128>().prop_map(|n| Body::ImportRevoke { job: JobId::from_u128(n) }),
        1 => (cards(), grades(), any::<(u128, u128)>()).prop_map(|((deck, card), grade, (of, by))| {
            let (of, by) = (EntryId::from_u128(of), UserId::from_u128(by));
            Body::Regrade(Regrade { of, deck, card, grade, by })
        }),
        1 => any::<(u128, u128)>().prop_map(|(guest, job)| {
            Body::Claim { guest: UserId::from_u128(guest), job: JobId::from_u128(job) }
        }),
    ]
}

fn entries() -> impl Strategy<Value = LogEntry> {
    (any::<u128>(), of(any::<u128>()), days(), any::<i16>(), bodies()).prop_map(
        |(id, job, day, utc_offset_min, body)| LogEntry {
            id: EntryId::from_u128(id),
            job: job.map(JobId::from_u128),
            stamp: Stamp { day, utc_offset_min },
            body,
        },
    )
}

fn memories() -> impl Strategy<Value = Memory> {
    (STABILITY_MIN..=STABILITY_MAX, DIFFICULTY_MIN..=DIFFICULTY_MAX, days())
        .prop_map(|(stability, difficulty, on)| Memory { stability, difficulty, on })
}

fn states() -> impl Strategy<Value = CardState> {
    let scheduled = of((days(), any::<(bool, bool)>(), of(any::<u128>()))).prop_map(|s| {
        s.map(|(day, (was_new, only_early), sitting)| Scheduled {
            day,
            was_new,
            only_early,
            sitting: sitting.map(SittingId::from_u128),
        })
    });
    let last_grade = of((days(), grades(), any::<i64>()))
        .prop_map(|g| g.map(|(day, grade, at_ms)| LastGrade { day, grade, at_ms }));
    let numbers = any::<(u16, u16, u32, u16, u32, u8, bool)>();
    let six = (of(days()), of(days()), of(days()), of(days()), of(days()), of(days()));
    let newest = (of(memories()), of(any::<u128>()));
    (numbers, six, scheduled, last_grade, newest).prop_map(
        |(n, six, scheduled, last_grade, (memory, last))| {
            let (due, scheduled_on, told_on, failed_on, max_day, buried_until) = six;
            CardState {
                sm2: Sm2 { reps: n.0, ease: n.1, interval_days: n.2 },
                due,
                lapses: n.3,
                answers: n.4,
                scheduled,
                scheduled_on,
                told_on,
                last_grade,
                failed_on,
                max_day,
                suspended: n.6,
                buried_until,
                flag: n.5,
                memory,
                last: last.map(EntryId::from_u128),
            }
        },
    )
}

fn rows() -> impl Strategy<Value = Row> {
    let progress = prop_oneof![
        (states(), any::<u32>()).prop_map(|(state, key)| ProgressWrite::Whole(state, key)),
        Just(ProgressWrite::Stale),
        Just(ProgressWrite::None),
    ];
    let about = prop_oneof![Just(None), cards().prop_map(|card| Some(Some(card))), Just(Some(None))];
    (any::<u128>(), of(entries()), about, progress).prop_map(|(user, entry, about, progress)| Row {
        user: UserId::from_u128(user),
        entry,
        // The entry's own card, another one, or none.
        about: about.unwrap_or_else(|| entry.and_then(|e| e.card())),
        progress,
    })
}

fn written<T>(x: &T, encode: impl Fn(&T, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(x, &mut out);
    out
}

proptest! {
    #[test]
    fn an_entry_reads_as_it_was_written(entry in entries()) {
        prop_assert_eq!(decode_entry(&written(&entry, encode_entry)), Ok(entry));
    }

    #[test]
    fn progress_reads_as_it_was_written(state in states(), key in any::<u32>()) {
        let bytes = written(&state, |state, out| encode_progress(state, key, out));
        prop_assert_eq!(decode_progress(&bytes), Ok((state, key)));
    }

    #[test]
    fn a_row_reads_as_it_was_written(row in rows()) {
        let bytes = written(&row, encode_row);
        prop_assert_eq!(decode_row(&bytes), Ok(row));
        prop_assert_eq!(row_user(&bytes), Ok(row.user));
    }

    #[test]
    fn a_row_cut_short_or_followed_by_more_is_an_error(row in rows(), cut in any::<prop::sample::Index>()) {
        let mut bytes = written(&row, encode_row);
        prop_assert!(decode_row(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(decode_row(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_is_an_error_or_another_row_and_never_a_panic(
        row in rows(), at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        let mut bytes = written(&row, encode_row);
        let at = at.index(bytes.len());
        let changed = bytes[at] != to;
        bytes[at] = to;
        match decode_row(&bytes) {
            Ok(read) => prop_assert_eq!(read != row, changed),
            Err(_) => prop_assert!(changed),
        }
    }

    #[test]
    fn garbage_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..300), version in any::<bool>()) {
        if let (true, Some(first)) = (version, bytes.first_mut()) {
            *first = VERSION;
        }
        let _ = decode_row(&bytes);
        let _ = decode_entry(&bytes);
        let _ = decode_progress(&bytes);
        let _ = row_user(&bytes);
    }

    #[test]
    fn an_unknown_version_is_named(entry in entries(), version in 2u8..) {
        let mut bytes = written(&entry, encode_entry);
        bytes[0] = version;
        prop_assert_eq!(decode_entry(&bytes), Err(CodecError::UnknownVersion(version)));
    }
}

/// Bytes that were written once must stay readable: this one is written down.
#[test]
fn the_bytes_of_version_1_stay_what_they_are() {
    let entry = LogEntry {
        id: EntryId::from_u128(0x0102),
        job: None,
        stamp: Stamp { day: Day(20_000), utc_offset_min: -60 },
        body: Body::Set {
            deck: DeckId::from_u128(0x0a),
            card: CardId::from_u128(0x0b),
            change: SetChange::Flag(3),
        },
    };
    let hex: String = written(&entry, encode_entry).iter().map(|b| format!("{b:02x}")).collect();
    let expected = "0103\
        00000000000000000000000000000102\
        204e0000c4ff00\
        0000000000000000000000000000000a\
        0000000000000000000000000000000b\
        0403";
    assert_eq!(hex, expected);
}

/// Kinds that came later have numbers of their own in the same version.
#[test]
fn the_bytes_of_a_regrade_and_of_a_claim_stay_what_they_are() {
    let (deck, card) = (DeckId::from_u128(0x0a), CardId::from_u128(0x0b));
    let (of, by) = (EntryId::from_u128(0x0c), UserId::from_u128(0x0d));
    let regrade = Body::Regrade(Regrade { of, deck, card, grade: Grade::Good, by });
    let claim = Body::Claim { guest: UserId::from_u128(0x0e), job: JobId::from_u128(0x0f) };
    let hex = |body| -> String {
        let stamp = Stamp { day: Day(20_000), utc_offset_min: -60 };
        let bytes = written(&LogEntry { id: EntryId::from_u128(1), job: None, stamp, body }, encode_entry);
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    };
    let id = |n: u8| format!("{n:032x}");
    let head = |kind| format!("01{kind:02x}{}204e0000c4ff00", id(1));
    assert_eq!(hex(regrade), format!("{}{}{}{}04{}", head(7), id(0x0c), id(0x0a), id(0x0b), id(0x0d)));
    assert_eq!(hex(claim), format!("{}{}{}", head(8), id(0x0e), id(0x0f)));
}

/// Rows of programs that knew no memory.
#[test]
fn the_bytes_of_progress_stay_what_they_are_with_and_without_a_memory() {
    let known = CardState {
        sm2: Sm2 { reps: 2, ease: 250, interval_days: 6 },
        due: Some(Day(20_000)),
        answers: 3,
        ..CardState::NEW
    };
    let hex = |state: &CardState| -> String {
        let bytes = written(state, |state, out| encode_progress(state, 7, out));
        assert_eq!(decode_progress(&bytes), Ok((*state, 7)));
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    };
    let numbers = "07000000 0100 0200 fa00 06000000 0000 03000000 00 204e0000".replace(' ', "");
    assert_eq!(hex(&known), format!("01{numbers}"));
    let memory = Memory { stability: 60_000, difficulty: 54_321, on: Day(19_994) };
    let memory_bytes = "60ea0000 31d40000 1a4e0000".replace(' ', "");
    assert_eq!(hex(&CardState { memory: Some(memory), ..known }), format!("02{numbers}{memory_bytes}"));
}

/// A flag that came later: answers without it are the bytes of older programs, and one that nobody knows yet is refused,
/// as this one is by them.
#[test]
fn the_bytes_of_an_answer_stay_what_they_are_and_a_flag_from_later_is_refused() {
    let review = Review {
        deck: DeckId::from_u128(0x0a),
        card: CardId::from_u128(0x0b),
        grade: Grade::Good,
        mode: Mode::Type,
        elapsed_ms: 700,
        early: true,
        confidence: None,
        sitting: None,
        class: Some(ClassId::from_u128(0x0c)),
        response: None,
        revision: 2,
        told: false,
    };
    let bytes = |review| {
        let stamp = Stamp { day: Day(20_000), utc_offset_min: -60 };
        let entry = LogEntry { id: EntryId::from_u128(1), job: None, stamp, body: Body::Review(review) };
        let bytes = written(&entry, encode_entry);
        assert_eq!(decode_entry(&bytes), Ok(entry));
        bytes
    };
    let hex = |review| -> String { bytes(review).iter().map(|b| format!("{b:02x}")).collect() };
    let id = |n: u8| format!("{n:032x}");
    let head = format!("0101{}204e0000c4ff00{}{}0401bc02000002000000", id(1), id(0x0a), id(0x0b));
    assert_eq!(hex(review), format!("{head}1100{}", id(0x0c)));
    assert_eq!(hex(Review { told: true, ..review }), format!("{head}5100{}", id(0x0c)));
    let mut unknown = bytes(review);
    let flags = unknown.len() - 18;
    unknown[flags] |= 0x80;
    assert_eq!(decode_entry(&unknown), Err(CodecError::BadField("review flags")));
}

#[test]
fn the_bytes_of_a_card_that_a_class_has_talked_about_have_the_day() {
    let told = CardState { told_on: Some(Day(20_000)), answers: 1, ..CardState::NEW };
    let bytes = written(&told, |state, out| encode_progress(state, 7, out));
    assert_eq!(decode_progress(&bytes), Ok((told, 7)));
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "01 07000000 0010 0000 fa00 00000000 0000 01000000 00 204e0000".replace(' ', ""));
}

fn answers() -> impl Strategy<Value = Answers> {
    let near = (0..5_i64, -1..2_i32, 0..3_u128, 0..4_u128, any::<bool>(), any::<u32>(), of(0..3_u128));
    let any_one = (
        any::<i64>(),
        any::<i32>(),
        any::<u128>(),
        any::<u128>(),
        any::<bool>(),
        any::<u32>(),
        of(any::<u128>()),
    );
    let one = prop_oneof![4 => near, 1 => any_one].prop_map(
        |(at_ms, day, deck, card, is_correct, elapsed_ms, sitting)| Answer {
            at_ms,
            day: Day(day),
            deck: DeckId::from_u128(deck),
            card: CardId::from_u128(card),
            is_correct,
            elapsed_ms,
            sitting: sitting.map(SittingId::from_u128),
        },
    );
    (prop::collection::vec(one, 0..40), 0..1_000_usize)
        .prop_map(|(counting, entries)| Answers { counting, entries })
}

proptest! {
    #[test]
    fn answers_are_read_as_they_were_written_from_any_moment_on(all in answers(), from_ms in -3..5_i64) {
        let mut bytes = Vec::new();
        encode_answers(&all, &mut bytes);
        let mut read = Answers::default();
        decode_answers(&bytes, i64::MIN, &mut read).unwrap();
        prop_assert_eq!(&read, &all);
        let mut later = Answers { entries: 3, ..Answers::default() };
        decode_answers(&bytes, from_ms, &mut later).unwrap();
        let mut wanted = all.counting;
        wanted.retain(|answer| answer.at_ms >= from_ms);
        prop_assert_eq!(later, Answers { counting: wanted, entries: all.entries + 3 });
    }

    #[test]
    fn broken_bytes_of_answers_are_an_error_and_never_a_panic(
        all in answers(),
        cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = Vec::new();
        encode_answers(&all, &mut bytes);
        let read = |bytes: &[u8]| decode_answers(bytes, i64::MIN, &mut Answers::default());
        prop_assert!(read(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(read(&[&bytes[..], &[0]].concat()).is_err());
        let _ = read(&noise);
        let _ = read(&[&[VERSION], &noise[..]].concat());
    }
}
