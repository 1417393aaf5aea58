use super::super::figures::summed_up;
use super::*;
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId, SittingId};
use embedded::EmbeddedStore;
use ports::{ProgressWrite, Row};
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;
const PATIENCE: Duration = Duration::from_secs(30);

fn user(n: u128) -> UserId {
    UserId::from_u128(n)
}

fn job(n: u128) -> JobId {
    JobId::from_u128(n)
}

fn entry(day: i32, n: u32, body: Body) -> LogEntry {
    let id = EntryId::v7(i64::from(20_000 + day) * DAY_MS + 12 * 3_600_000 + i64::from(n), n.into());
    LogEntry { id, job: None, stamp: Stamp { day: Day(20_000 + day), utc_offset_min: 0 }, body }
}

/// The n-th answer, on a day.
fn answer(day: i32, n: u32) -> LogEntry {
    let review = Review {
        deck: DeckId::from_u128(u128::from(n % 2) + 1),
        card: CardId::from_u128(u128::from(n % 5) + 1),
        grade: if n.is_multiple_of(3) { Grade::Good } else { Grade::Blackout },
        mode: Mode::Flip,
        elapsed_ms: n,
        early: false,
        confidence: None,
        sitting: n.is_multiple_of(2).then(|| SittingId::from_u128(u128::from(n / 4) + 1)),
        class: None,
        response: None,
        revision: 1,
        told: false,
    };
    entry(day, n, Body::Review(review))
}

fn query(may_be_late: bool) -> FiguresQuery {
    FiguresQuery { from: Day(20_000), to: Day(20_010), decks: None, since: None, may_be_late }
}

async fn append(store: &EmbeddedStore, of: &[UserId], entry: LogEntry) {
    let row = |user: &UserId| Row {
        user: *user,
        entry: Some(entry),
        about: entry.card(),
        progress: ProgressWrite::None,
    };
    store.append(of.iter().map(row).collect()).await;
}

/// A store in a folder of its own, and what is remembered of it.
struct Rig {
    store: Arc<EmbeddedStore>,
    kept: Arc<KeptFigures>,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path(), embedded::Options::default()).unwrap();
        Rig { store: Arc::new(store), kept: Arc::default(), _folder: folder }
    }

    async fn of(&self, users: &[UserId], may_be_late: bool) -> Vec<Arc<LearnerFigures>> {
        figures(&self.kept, &self.store, users.to_vec(), query(may_be_late), 7).await.unwrap()
    }

    async fn anew(&self, user: UserId) -> LearnerFigures {
        summed_up(&*self.store, vec![user], query(false), 7).await.unwrap().pop().unwrap()
    }
}

#[tokio::test]
async fn nothing_is_summed_up_again_before_something_is_stored_and_then_it_is_at_once() {
    let rig = Rig::new();
    let (one, other) = (user(1), user(2));
    append(&rig.store, &[one, other], answer(1, 1)).await;
    let first = rig.of(&[one, other], true).await;
    assert_eq!((first[0].all.answers, first[1].user), (1, other));
    let again = rig.of(&[one, other], true).await;
    assert!(again.iter().zip(&first).all(|(again, first)| Arc::ptr_eq(again, first)));
    let taken_back = answer(1, 2);
    append(&rig.store, &[one], taken_back).await;
    let more = rig.of(&[one, other], true).await;
    assert_eq!(more[0].all.answers, 2);
    assert!(Arc::ptr_eq(&more[1], &first[1]));
    append(&rig.store, &[one], entry(2, 3, Body::Undo { of: taken_back.id })).await;
    assert_eq!(rig.of(&[one], true).await[0].all.answers, 1);
    // Another stretch, other decks, another enrollment: another question.
    let since = Some(Arc::new([(one, i64::MAX)].into()));
    let later = FiguresQuery { since, ..query(true) };
    assert_eq!(figures(&rig.kept, &rig.store, vec![one], later, 7).await.unwrap()[0].all.answers, 0);
    let decks = Some(Arc::new([DeckId::from_u128(9)].into()));
    let none = FiguresQuery { decks, ..query(true) };
    assert_eq!(figures(&rig.kept, &rig.store, vec![one], none, 7).await.unwrap()[0].all.answers, 0);
}

#[tokio::test]
async fn of_many_that_changed_what_was_true_is_shown_and_soon_what_is() {
    let rig = Rig::new();
    let class: Vec<UserId> = (1..=u128::try_from(FIGURES_WAITED_FOR_MAX).unwrap() + 4).map(user).collect();
    append(&rig.store, &class, answer(1, 1)).await;
    let first = rig.of(&class, true).await;
    append(&rig.store, &class, answer(1, 2)).await;
    let late = rig.of(&class, true).await;
    assert!(late.iter().zip(&first).all(|(late, first)| Arc::ptr_eq(late, first)));
    let until = Instant::now() + PATIENCE;
    while rig.of(&class, true).await.iter().any(|figures| figures.all.answers != 2) {
        assert!(Instant::now() < until, "they stay late");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Who may not be late is not.
    append(&rig.store, &class, answer(1, 3)).await;
    assert!(rig.of(&class, false).await.iter().all(|figures| figures.all.answers == 3));
}

#[test]
fn what_is_remembered_is_true_recent_late_or_too_old() {
    let (rig, user, begin) = (KeptFigures::default(), user(1), Instant::now());
    let key = Key { user, about: [0; 16], since_ms: 0 };
    let figures = Arc::new(LearnerFigures {
        user,
        days: Default::default(),
        sittings: Vec::new(),
        decks: Default::default(),
        all: Default::default(),
        cards: Box::default(),
        last_ms: None,
        cut: false,
        as_of_ms: 0,
    });
    let word = |version: Option<u64>, after_ms: u64| match rig.look(
        &key,
        version,
        begin + Duration::from_millis(after_ms),
    ) {
        Found::True(_) => "true",
        Found::Recent(_) => "recent",
        Found::Late(_) => "late",
        Found::Nothing => "nothing",
    };
    assert_eq!(word(Some(1), 0), "nothing");
    rig.keep(key, Kept { figures: figures.clone(), version: Some(1), at: begin });
    assert_eq!((word(Some(1), 10 * FIGURES_LATE_MS_MAX), word(Some(2), 1)), ("true", "late"));
    assert_eq!(word(Some(2), FIGURES_LATE_MS_MAX), "nothing");
    rig.keep(key, Kept { figures, version: None, at: begin });
    assert_eq!(
        (word(None, 1), word(None, 20_000), word(None, FIGURES_LATE_MS_MAX)),
        ("recent", "late", "nothing")
    );
}

#[test]
fn what_is_remembered_has_a_bound() {
    let (rig, at) = (KeptFigures::default(), Instant::now());
    let cards: Box<[CardId]> = (0..60_000).map(CardId::from_u128).collect();
    for n in 0..1_000 {
        let figures = LearnerFigures {
            user: user(n),
            days: Default::default(),
            sittings: Vec::new(),
            decks: Default::default(),
            all: Default::default(),
            cards: cards.clone(),
            last_ms: None,
            cut: false,
            as_of_ms: 0,
        };
        let (key, each) = (Key { user: user(n), about: [0; 16], since_ms: 0 }, bytes_of(&figures));
        rig.keep(key, Kept { figures: Arc::new(figures), version: Some(1), at });
        let kept = rig.lock();
        assert!((kept.newer.len() + kept.older.len()) * each <= FIGURES_BYTES_MAX + 2 * each);
        drop(kept);
        assert!(matches!(rig.look(&key, Some(1), at), Found::True(_)));
    }
}

/// What happens to a learner's log.
#[derive(Clone, Copy, Debug)]
enum Step {
    Answer(i32),
    /// The answer before last is taken back.
    Undo,
    Import(u128),
    Commit(u128),
    Revoke(u128),
    Look,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..12_i32).prop_map(Step::Answer),
        Just(Step::Undo),
        (1..3_u128).prop_map(Step::Import),
        (1..3_u128).prop_map(Step::Commit),
        (1..3_u128).prop_map(Step::Revoke),
        Just(Step::Look),
        Just(Step::Look),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_shown_is_what_would_be_summed_up_anew_whatever_was_stored_in_between(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shown = runtime.block_on(async {
            let (rig, who, mut answered) = (Rig::new(), user(1), Vec::new());
            for (n, step) in (1_u32..).zip(steps) {
                match step {
                    // Some come late: their ids are older than those that are there.
                    Step::Answer(day) => {
                        answered.push(answer(day, n));
                        append(&rig.store, &[who], answer(day, n)).await;
                    }
                    Step::Undo => {
                        let Some(of) = answered.iter().rev().nth(1) else { continue };
                        append(&rig.store, &[who], entry(11, n, Body::Undo { of: of.id })).await;
                    }
                    Step::Import(of) => {
                        let imported = LogEntry { job: Some(job(of)), ..answer(3, n) };
                        rig.store.append_import(who, vec![imported]).await.unwrap();
                    }
                    Step::Commit(of) => append(&rig.store, &[who], entry(11, n, Body::ImportCommit { job: job(of) })).await,
                    Step::Revoke(of) => append(&rig.store, &[who], entry(11, n, Body::ImportRevoke { job: job(of) })).await,
                    Step::Look => {}
                }
                let (shown, anew) = (rig.of(&[who], true).await, rig.anew(who).await);
                if *shown[0] != anew {
                    return Some((shown, anew));
                }
            }
            None
        });
        prop_assert!(shown.is_none(), "{shown:?}");
    }
}

/// Prints what a class's page costs: `LEARNERS=1000 cargo test --lib what_a_class_costs -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and asserts nothing about time"]
async fn what_a_class_costs() {
    let number =
        |name: &str, or: u32| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or);
    let (learners, answers) = (number("LEARNERS", 200), number("ANSWERS", 3_900));
    let rig = Rig::new();
    let class: Vec<UserId> = (0..u128::from(learners)).map(|n| user((n + 1) << 64)).collect();
    for n in 0..answers {
        let day = i32::try_from(n / (answers / 10 + 1)).unwrap_or(0);
        let mut entry = answer(day, n);
        if let Body::Review(review) = &mut entry.body {
            review.card = CardId::from_u128(u128::from(n % 800) + 1);
        }
        append(&rig.store, &class, entry).await;
    }
    while rig.store.stats().backlog_rows > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let took =
        |what: &str, since: Instant| println!("{what}: {:.2} ms", since.elapsed().as_secs_f64() * 1_000.0);
    let began = Instant::now();
    let range = ports::LogRange { from: EntryId::MIN, before: None, newest_first: true, limit: 100_000 };
    let mut read = 0;
    for user in &class {
        read += rig.store.log(*user, range).await.unwrap().len();
    }
    took(&format!("{learners} learners, {read} answers, read one after the other and not summed up"), began);
    let began = Instant::now();
    let first = rig.of(&class, true).await;
    took("summed up for the first time", began);
    let began = Instant::now();
    for _ in 0..100 {
        assert!(Arc::ptr_eq(&rig.of(&class, true).await[0], &first[0]));
    }
    took("a hundred times from memory", began);
    let cards = crate::http::outlook::ClassCards::default();
    let began = Instant::now();
    cards.count(domain::ids::ClassId::from_u128(1), &first);
    took("different cards, the first time", began);
    let began = Instant::now();
    cards.count(domain::ids::ClassId::from_u128(1), &first);
    took("different cards, again", began);
    append(&rig.store, class.get(..1).unwrap(), answer(9, answers + 1)).await;
    let began = Instant::now();
    rig.of(&class, true).await;
    took("after one learner answered", began);
    append(&rig.store, &class, answer(9, answers + 2)).await;
    let began = Instant::now();
    rig.of(&class, true).await;
    took("right after all answered, a little late", began);
    let began = Instant::now();
    while rig.of(&class, true).await.iter().any(|figures| figures.all.answers <= answers) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    took("until that was summed up beside", began);
    let bytes: usize = first.iter().map(|figures| bytes_of(figures)).sum();
    println!("remembered: {} KiB", bytes / 1_024);
}
