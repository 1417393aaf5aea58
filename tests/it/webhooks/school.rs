//! A school whose administrator and teacher have webhooks, on a store of files that survives its processes.

use super::receiver::Receiver;
use domain::ids::{ClassId, OrgId, RunId, UserId, Uuid};
use embedded::EmbeddedStore;
use ports::{
    ClassRecord, EventKind, Feed, Happening, HookId, HookState, People as _, Role, SignIn, Told,
    WebhookRecord, Webhooks as _,
};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use studyhall::clock::{ServerClock, real_ms};
use studyhall::events::{Events, EventsOptions, EventsParts, Happened};
use studyhall::webhooks::{Alone, Dispatcher, DispatcherParts, Holders, HookOptions, Policy, secret_text};
use tokio::runtime::Runtime;

pub const ORG: OrgId = OrgId::from_u128(0x70);
pub const ADMIN: UserId = UserId::from_u128(0x71);
pub const TEACHER: UserId = UserId::from_u128(0x72);
pub const CLASS: ClassId = ClassId::from_u128(0x73);
pub const OTHER_CLASS: ClassId = ClassId::from_u128(0x74);
/// What these tests sign with.
pub const SECRET: [u8; 32] = [7; 32];

/// A process that delivers.
pub struct School {
    pub store: EmbeddedStore,
    pub events: Events,
    pub hooks: Dispatcher,
    pub runtime: Runtime,
}

/// Short rests, and so many failures of one event before it is given up.
pub fn options(failures: usize) -> HookOptions {
    HookOptions {
        policy: Policy { rests_ms: vec![15; failures] },
        allow_loopback: true,
        attempt_within_ms: 300,
        ..HookOptions::default()
    }
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Events over a store.
pub fn events(store: &EmbeddedStore) -> Events {
    Events::start(EventsParts {
        store: Arc::new(store.clone()),
        library: Arc::new(store.clone()),
        people: Arc::new(store.clone()),
        papers: Arc::new(store.clone()),
        clock: Arc::default(),
        is_shared: false,
        options: EventsOptions::default(),
    })
}

pub fn hooks(
    store: &EmbeddedStore,
    events: &Events,
    holders: Arc<dyn Holders>,
    options: HookOptions,
) -> Dispatcher {
    let clock: Arc<ServerClock> = Arc::default();
    let (events, people, papers) = (events.clone(), Arc::new(store.clone()), Arc::new(store.clone()));
    let store = Arc::new(store.clone());
    Dispatcher::start(DispatcherParts { store, events, people, papers, clock, holders, options }).unwrap()
}

impl School {
    /// Opens it; who is in it is there from the first time on.
    pub fn open(folder: &Path, options: HookOptions) -> School {
        let runtime = runtime();
        let store = crate::study::server::open(folder);
        let (events, hooks) = runtime.block_on(async {
            for (user, role) in [(ADMIN, Role::Admin), (TEACHER, Role::Teacher)] {
                let who = SignIn { user, org: Some(ORG), role, name: None };
                store.sign_in(who, 1).await.unwrap();
            }
            let events = events(&store);
            let hooks = hooks(&store, &events, Arc::new(Alone), options);
            (events, hooks)
        });
        School { store, events, hooks, runtime }
    }

    /// A class of the teacher.
    pub fn class(&self, id: ClassId) {
        let class = ClassRecord {
            id,
            org: Some(ORG),
            teacher: TEACHER,
            title: "7b".to_owned(),
            created_ms: 1,
            deleted_ms: None,
            students: vec![],
            decks: vec![],
        };
        self.runtime.block_on(self.store.create_class(class)).unwrap();
    }

    /// A webhook that is sent this feed from its beginning on.
    pub fn hook(&self, receiver: &Receiver, feed: Feed) -> HookId {
        let owner = match feed {
            Feed::Person(user) => user,
            Feed::Org(_) => ADMIN,
        };
        let record = WebhookRecord {
            id: HookId(Uuid::now_v7()),
            owner,
            org: Some(ORG),
            feed,
            class: None,
            url: receiver.url(),
            description: String::new(),
            kinds: vec![],
            secret: SECRET.to_vec(),
            old_secrets: vec![],
            state: HookState::Active,
            reason: String::new(),
            position: None,
            failures: 0,
            next_try_ms: 0,
            holder: None::<RunId>,
            created_ms: 1,
            updated_ms: 1,
            revision: 0,
        };
        let id = record.id;
        self.runtime.block_on(self.store.put_webhook(record, None)).unwrap();
        self.hooks.changed();
        id
    }

    pub fn record(&self, hook: HookId) -> WebhookRecord {
        self.runtime.block_on(self.store.webhook(hook)).unwrap().unwrap()
    }

    /// Changes a webhook as its owner does.
    pub fn change(&self, hook: HookId, change: impl Fn(&mut WebhookRecord)) {
        loop {
            let mut record = self.record(hook);
            let revision = record.revision;
            change(&mut record);
            if self.runtime.block_on(self.store.put_webhook(record, Some(revision))).is_ok() {
                return self.hooks.changed();
            }
        }
    }

    /// The n-th thing happens in the organisation.
    pub fn happens(&self, n: u128) {
        self.events.happened(Happened::Named(ORG, vec![UserId::from_u128(n)]));
    }

    /// The n-th thing happens to a class, as its teacher is told it.
    pub fn happens_in_class(&self, class: ClassId, n: i64) {
        let what = Happening {
            kind: EventKind::ClassChanged,
            at_ms: n,
            user: None,
            class: Some(class),
            deck: None,
            job: None,
            data: json!({ "n": n }).to_string(),
        };
        let told = Told { feed: Feed::Person(TEACHER), through: Some(class), also: Some(ORG), what };
        self.runtime.block_on(ports::Events::append_events(&self.store, vec![told], real_ms())).unwrap();
        self.hooks.changed();
    }

    /// The process ends, as it does when it is told to.
    pub fn close(self) {
        let School { store, events, hooks, runtime } = self;
        runtime.block_on(async {
            events.stop().await;
            hooks.stop().await;
        });
        drop((events, hooks, store));
        runtime.shutdown_timeout(std::time::Duration::from_secs(30));
    }
}

/// The things of the organisation that a receiver accepted, in order.
pub fn accepted(receiver: &Receiver) -> Vec<u128> {
    let number = |text: &str| text.parse::<Uuid>().unwrap().as_u128();
    let named =
        |got: &super::receiver::Got| number(got.json()["data"]["data"]["user_ids"][0].as_str().unwrap());
    receiver.accepted().iter().map(named).collect()
}

/// The secret as its owner knows it.
pub fn secret() -> String {
    secret_text(&SECRET)
}
