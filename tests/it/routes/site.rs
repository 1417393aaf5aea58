//! An app without a network, and people who use it.

use super::told;
use crate::study::any_store::AnyStore;
use actix_http::Request;
use actix_web::body::to_bytes;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{test, web};
use actors::{Engine, Hooks, Limits, Options};
use bus::LocalQuota;
use domain::ids::{OrgId, UserId};
use kit::{CountingStore, MemoryStore};
use ports::quota::Buckets;
use ports::{Quota, Role};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use studyhall::auth::{Codes, Keys, Mint, Verifier, Wanted};
use studyhall::clock::{ServerClock, real_ms};
use studyhall::events::{Events, EventsOptions, EventsParts, TellingImports, TellingLibrary, TellingPeople};
use studyhall::http::engine::EngineStudy;
use studyhall::http::study::Study;
use studyhall::http::{App, Health, HttpMeasures, Parts, Rates, Readiness, app};
use studyhall::jobs::table::TableImporter;
use studyhall::jobs::{Folder, Jobs, JobsParts, LogsOf, Sessions, Tools};
use studyhall::media::MediaSessions;
use studyhall::teaching::Teaching;
use studyhall::webhooks::{Alone, Dispatcher, DispatcherParts, HookOptions};
use studyhall::ws::study::encode_card;
use tempfile::TempDir;
use uuid::Uuid;

const SECRET: &[u8] = b"a secret of tests, long enough to be one";

type Call = Box<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// The app and what it stands on.
pub struct Site {
    call: Call,
    mint: Mint,
    pub codes: Arc<Codes>,
    pub clock: Arc<ServerClock>,
    pub health: Arc<Told>,
    pub store: CountingStore<AnyStore>,
    /// Media, notes, lessons, small records, import jobs, events and webhooks.
    pub kept: MemoryStore,
    pub events: Events,
    /// Organisations are this site's own, though it may share its store with others.
    orgs: Uuid,
    _uploads: TempDir,
}

/// What `readyz` is to say; `None` panics.
pub struct Told(pub Mutex<Option<Readiness>>);

impl Health for Told {
    fn readiness(&self) -> Readiness {
        let told = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        told.expect("a test wants a handler to panic")
    }
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The report that was begun, if that is what was asked for.
    pub fn report(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body["report"].as_str().map(str::to_owned)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks a refusal: status, code, and the shape of the problem document.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(status.into())));
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Somebody {
    pub user: UserId,
    pub token: String,
}

impl Site {
    pub async fn open() -> Site {
        Self::open_with(true).await
    }

    pub async fn open_with(dev_clock: bool) -> Site {
        Self::open_as(dev_clock, Arc::new(LocalQuota::default()), None).await
    }

    /// One node whose requests are counted there, against this.
    pub async fn open_counted(quota: Arc<dyn Quota>, buckets: Buckets) -> Site {
        Self::open_as(false, quota, Some(buckets)).await
    }

    async fn open_as(dev_clock: bool, quota: Arc<dyn Quota>, buckets: Option<Buckets>) -> Site {
        let clock = Arc::new(ServerClock::default());
        let store = CountingStore::new(AnyStore::open_small(clock.clone()).await);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let engine = Engine::start(Options {
            store: Arc::new(store.clone()),
            library: Arc::new(store.clone()),
            people: Arc::new(store.clone()),
            clock: clock.clone(),
            dev_clock,
            encode: encode_card,
            telemetry: Arc::new(()),
            limits: Limits::default(),
            seed: 7,
            hooks: Hooks::default(),
            cluster: store.inner().cluster(nowhere),
            lessons: None,
        });
        engine.supervise();
        let registry = prometheus::Registry::new();
        let measures = HttpMeasures::new(&registry).unwrap();
        let study: Arc<dyn Study> = Arc::new(EngineStudy {
            engine: engine.clone(),
            bus: None,
            store: Arc::new(store.clone()),
            library: Arc::new(store.clone()),
            clock: clock.clone(),
            figures: Arc::default(),
        });
        let health = Arc::new(Told(Mutex::new(Some(Readiness::default()))));
        let codes = Arc::new(Codes::new());
        let (kept, uploads) = (MemoryStore::new(), tempfile::tempdir().unwrap());
        let (events, webhooks) = Self::events(&store, &kept, &clock);
        let jobs = Self::jobs((&store, &kept, &events), &study, &clock, &uploads);
        let mint = || Mint::new(SECRET, "studyhall", "studyhall").unwrap();
        let keys = Keys::default().with_secret(SECRET).unwrap();
        let state = web::Data::new(App::new(Parts {
            engine,
            library: Arc::new(TellingLibrary { inner: Arc::new(store.clone()), events: events.clone() }),
            people: Arc::new(TellingPeople { inner: Arc::new(store.clone()), events: events.clone() }),
            study,
            verifier: Arc::new(Verifier::new(keys, "studyhall", "studyhall").unwrap()),
            mint: Some(mint()),
            codes: codes.clone(),
            clock: clock.clone(),
            dev_clock,
            health: health.clone(),
            public_metrics: true,
            scrape: Arc::new(move || {
                prometheus::TextEncoder::new().encode_to_string(&registry.gather()).map_err(|e| e.to_string())
            }),
            measures,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            rates: Rates::new(quota, buckets),
            jobs: Some(jobs),
            media: Arc::new(kept.clone()),
            media_sessions: MediaSessions::new(Some(SECRET)),
            notes: Arc::new(kept.clone()),
            lessons: Arc::new(kept.clone()),
            papers: Arc::new(store.with_papers(kept.clone())),
            logs: Arc::new(LogsOf(Arc::new(store.clone()))),
            events: events.clone(),
            webhooks,
        }));
        let service = std::rc::Rc::new(test::init_service(app(state)).await);
        let call: Call = Box::new(move |request| {
            let service = service.clone();
            Box::pin(async move {
                let response = match test::try_call_service(&*service, request).await {
                    Ok(response) => response.into_parts().1.map_into_boxed_body(),
                    Err(error) => error.error_response(),
                };
                let (status, headers) = (response.status(), response.headers().clone());
                let body = to_bytes(response.into_body()).await.unwrap().to_vec();
                Answer { status, headers, body }
            })
        });
        let orgs = Uuid::new_v4();
        Site { call, mint: mint(), codes, clock, health, store, kept, events, orgs, _uploads: uploads }
    }

    /// What happens, told at once; and webhooks, which may be sent to this machine. What they read is not counted among
    /// what requests read.
    fn events(
        store: &CountingStore<AnyStore>,
        kept: &MemoryStore,
        clock: &Arc<ServerClock>,
    ) -> (Events, Dispatcher) {
        let uncounted = Arc::new(store.inner().clone());
        let events = Events::start(EventsParts {
            store: Arc::new(kept.clone()),
            library: uncounted.clone(),
            people: uncounted.clone(),
            papers: Arc::new(kept.clone()),
            clock: clock.clone(),
            is_shared: false,
            options: EventsOptions {
                deck_quiet_ms: 20,
                sitting_quiet_ms: 20,
                look_every_ms: 50,
                ..EventsOptions::default()
            },
        });
        let hooks = Dispatcher::start(DispatcherParts {
            store: Arc::new(kept.clone()),
            events: events.clone(),
            people: uncounted,
            papers: Arc::new(kept.clone()),
            clock: clock.clone(),
            holders: Arc::new(Alone),
            options: HookOptions { allow_loopback: true, ..HookOptions::default() },
        });
        (events, hooks.unwrap())
    }

    /// Import jobs, which run beside requests: what they read is not counted among these.
    fn jobs(
        (store, kept, events): (&CountingStore<AnyStore>, &MemoryStore, &Events),
        study: &Arc<dyn Study>,
        clock: &Arc<ServerClock>,
        uploads: &TempDir,
    ) -> Jobs {
        let (uncounted, kept) = (Arc::new(store.inner().clone()), Arc::new(kept.clone()));
        let told = study.clone();
        let tools = Tools {
            library: Arc::new(TellingLibrary { inner: uncounted.clone(), events: events.clone() }),
            people: Arc::new(TellingPeople { inner: uncounted.clone(), events: events.clone() }),
            imports: Arc::new(TellingImports { inner: kept.clone(), events: events.clone() }),
            teaching: Teaching { people: uncounted.clone(), papers: kept.clone(), lessons: kept.clone() },
            media: kept.clone(),
            notes: kept,
            logs: Arc::new(LogsOf(uncounted)),
            marks: Arc::new(Sessions(study.clone())),
            clock: clock.clone(),
            changed: Arc::new(move |change| {
                if let studyhall::jobs::Change::Deck(deck) = change {
                    told.deck_changed(deck);
                }
            }),
        };
        let folder = Folder::open(uploads.path()).unwrap();
        let importers = vec![Arc::new(TableImporter) as Arc<dyn studyhall::jobs::Importer>];
        Jobs::start(JobsParts { tools: Arc::new(tools), folder, importers, is_shared: false })
    }

    pub fn wanted(&self, user: UserId, role: Role, org: Option<u128>) -> Wanted {
        let org = org.map(|nth| OrgId::from_u128(self.orgs.as_u128() ^ nth));
        Wanted {
            user,
            role,
            org,
            name: Some(format!("Somebody {}", user.0.as_u128() % 1_000)),
            ttl_ms: 3_600_000,
        }
    }

    /// A new person with this role in this organisation.
    pub fn somebody(&self, role: Role, org: Option<u128>) -> Somebody {
        self.with_token(UserId(Uuid::new_v4()), role, org)
    }

    pub fn learner(&self) -> Somebody {
        self.somebody(Role::Learner, None)
    }

    pub fn with_token(&self, user: UserId, role: Role, org: Option<u128>) -> Somebody {
        let (token, _) = self.mint.token(&self.wanted(user, role, org), real_ms()).unwrap();
        Somebody { user, token }
    }

    /// Somebody who waits to be let into a lesson.
    pub fn waiting(&self, org: Option<u128>) -> Somebody {
        let user = UserId(Uuid::new_v4());
        let (token, _) = self.mint.waiting_token(&self.wanted(user, Role::Guest, org), real_ms()).unwrap();
        Somebody { user, token }
    }

    /// A token that does not say what its owner is called.
    pub fn with_nameless_token(&self, user: UserId, role: Role, org: Option<u128>) -> Somebody {
        let wanted = Wanted { name: None, ..self.wanted(user, role, org) };
        let (token, _) = self.mint.token(&wanted, real_ms()).unwrap();
        Somebody { user, token }
    }

    /// A token that expired a minute ago.
    pub fn late_token(&self) -> String {
        let wanted = Wanted { ttl_ms: 1_000, ..self.wanted(UserId(Uuid::new_v4()), Role::Learner, None) };
        self.mint.token(&wanted, real_ms() - 61_000).unwrap().0
    }

    /// The answer, which is one of those that the document of the API tells of.
    pub async fn send(&self, request: test::TestRequest) -> Answer {
        let request = request.to_request();
        let (method, path) = (request.method().to_string(), request.path().to_owned());
        let answer = (self.call)(request).await;
        told::check(&method, &path, &answer);
        answer
    }

    pub async fn get(&self, who: &Somebody, path: &str) -> Answer {
        self.send(request("GET", path, Some(who))).await
    }

    pub async fn delete(&self, who: &Somebody, path: &str) -> Answer {
        self.send(request("DELETE", path, Some(who))).await
    }

    pub async fn put(&self, who: &Somebody, path: &str) -> Answer {
        self.send(request("PUT", path, Some(who))).await
    }

    pub async fn post(&self, who: &Somebody, path: &str, body: Value) -> Answer {
        self.send(request("POST", path, Some(who)).set_json(body)).await
    }

    pub async fn patch(&self, who: &Somebody, path: &str, body: Value) -> Answer {
        self.send(request("PATCH", path, Some(who)).set_json(body)).await
    }

    /// A new deck; its id.
    pub async fn deck(&self, who: &Somebody, title: &str) -> String {
        id(&self.post(who, "/decks", json!({"title": title})).await.expect(201), "deck_id")
    }

    /// A new card; its id.
    pub async fn card(&self, who: &Somebody, deck: &str, front: &str) -> String {
        let path = format!("/decks/{deck}/cards");
        id(&self.post(who, &path, json!({"front": front, "back": "back"})).await.expect(201), "card_id")
    }
}

/// A request of the API, or, with a path that begins with two slashes, of the root.
pub fn request(method: &str, path: &str, who: Option<&Somebody>) -> test::TestRequest {
    let path = path
        .strip_prefix('/')
        .filter(|rest| rest.starts_with('/'))
        .map_or_else(|| format!("/api/v1{path}"), str::to_owned);
    let request = test::TestRequest::with_uri(&path)
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .peer_addr(SocketAddr::from(([192, 0, 2, 1], 4_000)));
    match who {
        Some(who) => with_header(request, "authorization", &format!("Bearer {}", who.token)),
        None => request,
    }
}

pub fn with_header(request: test::TestRequest, name: &str, value: &str) -> test::TestRequest {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    request.insert_header((name, HeaderValue::from_str(value).unwrap()))
}

#[track_caller]
pub fn id(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// One field of each item of a list.
pub fn each<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list["items"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect()
}
