//! Two nodes in one process.

use super::*;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU64, Ordering};

const USER: UserId = UserId::from_u128(7);
const DEADLINE: Duration = Duration::from_secs(30);
const FAST: Timing = Timing {
    beat_every_ms: 20,
    beat_fresh_ms: 200,
    dead_after_ms: 300,
    ask_again_ms: 10,
    ..Timing::STANDARD
};

/// Nobody is declared dead, however slow the machine is.
const PATIENT: Timing = Timing { dead_after_ms: 3_600_000, ..FAST };

type Nodes = Arc<StdMutex<BTreeMap<String, Member>>>;

#[derive(Clone)]
struct Wires(Nodes);

/// A node and the learners in its registry.
#[derive(Clone)]
struct Member {
    cluster: Arc<Cluster<MemoryOwners, Wires>>,
    entries: Arc<StdMutex<Vec<UserId>>>,
}

impl Peers for Wires {
    async fn ask(&self, address: &str, run: RunId, user: UserId, epoch: Epoch) -> Answer {
        let member = self.0.lock().unwrap().get(address).cloned();
        let Some(member) = member else { return Answer::Unreachable };
        let held = || Held { entry: member.entries.lock().unwrap().contains(&user), writing: false };
        member.cluster.asked(run, user, epoch, held).await
    }
}

fn fresh() -> RunId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    RunId::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Starts a node; aborting the task is its death.
async fn start(
    owners: &MemoryOwners,
    nodes: &Nodes,
    address: &str,
    timing: Timing,
) -> (Member, tokio::task::JoinHandle<()>) {
    let cluster = Cluster::new(owners.clone(), Wires(nodes.clone()), address.to_owned(), timing);
    let member = Member { cluster: cluster.clone(), entries: Arc::default() };
    nodes.lock().unwrap().insert(address.to_owned(), member.clone());
    let task = tokio::spawn(async move { cluster.live(fresh, |_| {}).await });
    until("registered", || member.cluster.last_beat().is_some()).await;
    (member, task)
}

async fn acquire(member: &Member) -> Acquired {
    tokio::time::timeout(DEADLINE, member.cluster.acquire(USER)).await.expect("in time").expect("a run")
}

#[tokio::test]
async fn a_live_learner_is_relayed_to_and_an_idle_one_is_handed_over() {
    let (owners, nodes) = (MemoryOwners::default(), Nodes::default());
    let (one, _one) = start(&owners, &nodes, "one", PATIENT).await;
    let (two, _two) = start(&owners, &nodes, "two", PATIENT).await;
    assert!(matches!(acquire(&one).await, Acquired::Mine { epoch: 1, from_dead: false, .. }));
    one.entries.lock().unwrap().push(USER);
    assert_eq!(acquire(&two).await, Acquired::Elsewhere { address: "one".to_owned() });
    one.entries.lock().unwrap().clear();
    assert!(matches!(acquire(&two).await, Acquired::Mine { epoch: 3, from_dead: false, .. }));
    assert!(one.cluster.enter(USER, || ()).is_some());
}

#[tokio::test]
async fn a_dead_nodes_learner_is_taken_and_the_dead_node_learns_of_it() {
    let (owners, nodes) = (MemoryOwners::default(), Nodes::default());
    let (one, task) = start(&owners, &nodes, "one", FAST).await;
    let Acquired::Mine { run, .. } = acquire(&one).await else { panic!("nobody else has it") };
    one.entries.lock().unwrap().push(USER);
    task.abort();
    nodes.lock().unwrap().remove("one");
    let (two, _two) = start(&owners, &nodes, "two", FAST).await;
    assert!(matches!(acquire(&two).await, Acquired::Mine { epoch: 2, from_dead: true, .. }));
    // It wakes.
    let cluster = one.cluster.clone();
    let (told, over) = std::sync::mpsc::channel();
    let _woken = tokio::spawn(async move {
        cluster.beats().await;
        told.send(run).unwrap();
    });
    until("the dead learns of it", || over.try_recv() == Ok(run)).await;
}
