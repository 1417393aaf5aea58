//! What every request needs.

use crate::auth::{Codes, Mint, Recent, Verifier};
use crate::clock::ServerClock;
use crate::config::AddressRange;
use crate::events::Events;
use crate::http::address::Doors;
use crate::http::limits::{
    EXPORTS_PER_PERSON, FIGURES_REMEMBERED, IMPORTS_AT_ONCE, IMPORTS_PER_PERSON, PACKAGES_AT_ONCE,
    REPORTS_PER_PERSON, REQUESTS_PER_PERSON, SIGN_INS_REMEMBERED, STREAMS_PER_PERSON,
};
use crate::http::outlook::{ClassCards, DeckFigures};
use crate::http::reports::Reports;
use crate::http::scheduler::Fittings;
use crate::http::study::Study;
use crate::http::turns::Turns;
use crate::http::{Health, HttpMeasures, Rates};
use crate::jobs::limits::{UPLOADS_AT_ONCE, UPLOADS_PER_PERSON};
use crate::jobs::{Jobs, Logs};
use crate::media::MediaSessions;
use crate::teaching::Teaching;
use crate::webhooks::Dispatcher;
use actors::Engine;
use domain::day::Day;
use domain::ids::{DeckId, OrgId, UserId};
use ports::{Lessons, Library, Media, Notes, Papers, People, Role};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What an app is made of.
pub struct Parts {
    /// Decks and cards.
    pub library: Arc<dyn Library>,
    /// People and classes.
    pub people: Arc<dyn People>,
    /// The engine, for what other nodes ask.
    pub engine: Engine,
    /// Learners' sessions and what is known of their past.
    pub study: Arc<dyn Study>,
    /// Believes tokens, or not.
    pub verifier: Arc<Verifier>,
    /// Makes the tokens that codes are exchanged for; `None` where there are no codes.
    pub mint: Option<Mint>,
    /// Codes that sign somebody in once.
    pub codes: Arc<Codes>,
    /// The clocks.
    pub clock: Arc<ServerClock>,
    /// Whether `POST /dev/clock` is there.
    pub dev_clock: bool,
    /// Whether the server can be sent work.
    pub health: Arc<dyn Health>,
    /// Whether `/metrics` is answered here: not where the operator's port does it.
    pub public_metrics: bool,
    /// The text of a scrape of all metrics.
    pub scrape: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
    /// What is measured of requests.
    pub measures: HttpMeasures,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// How much one person may ask for.
    pub rates: Rates,
    /// Import jobs, where this server has a folder for uploads.
    pub jobs: Option<Jobs>,
    /// Pictures and sounds.
    pub media: Arc<dyn Media>,
    /// The cookies by which pages get them.
    pub media_sessions: Option<MediaSessions>,
    /// Notes and their types.
    pub notes: Arc<dyn Notes>,
    /// Learners' logs.
    pub logs: Arc<dyn Logs>,
    /// Live lessons.
    pub lessons: Arc<dyn Lessons>,
    /// Small records of classes.
    pub papers: Arc<dyn Papers>,
    /// What happens.
    pub events: Events,
    /// Who is sent it.
    pub webhooks: Dispatcher,
}

/// What a person's newest token says of them.
pub(super) type TokenSaid = (Option<OrgId>, Role, Option<String>);

/// What every request needs. One a process.
pub struct App {
    pub(super) library: Arc<dyn Library>,
    pub(super) people: Arc<dyn People>,
    pub(super) engine: Engine,
    pub(super) study: Arc<dyn Study>,
    pub(super) verifier: Arc<Verifier>,
    pub(super) mint: Option<Mint>,
    pub(super) codes: Arc<Codes>,
    pub(super) clock: Arc<ServerClock>,
    pub(super) dev_clock: bool,
    pub(super) health: Arc<dyn Health>,
    pub(super) public_metrics: bool,
    pub(super) scrape: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
    pub(super) measures: HttpMeasures,
    pub(super) trusted_proxies: Vec<AddressRange>,
    pub(super) doors: Doors,
    pub(super) rates: Rates,
    pub(super) imports: Arc<Semaphore>,
    /// Weights of FSRS that are being fitted.
    pub(super) fittings: Fittings,
    /// Requests that are worked on, by person.
    pub(super) asking: Turns,
    /// Imports that run, by person.
    pub(super) importing: Turns,
    pub(super) jobs: Option<Jobs>,
    pub(super) media: Arc<dyn Media>,
    pub(super) media_sessions: Option<MediaSessions>,
    pub(super) notes: Arc<dyn Notes>,
    pub(super) logs: Arc<dyn Logs>,
    pub(super) lessons: Arc<dyn Lessons>,
    pub(super) papers: Arc<dyn Papers>,
    /// Who may watch and steer a class.
    pub(super) teaching: Teaching,
    pub(super) events: Events,
    pub(super) webhooks: Dispatcher,
    /// Packages that are made.
    pub(super) exports: Arc<Semaphore>,
    /// Exports, by person.
    pub(super) exporting: Turns,
    /// Uploads that arrive.
    pub(super) uploads: Arc<Semaphore>,
    /// And by person.
    pub(super) uploading: Turns,
    /// Streams of events, by person.
    pub(super) watching: Turns,
    /// Reports that are kept.
    pub(super) reports: Reports,
    /// Reports that are being made, by person.
    pub(super) reporting: Turns,
    /// How far learners are in decks, as lists show it: by learner, deck, its revision and the study day.
    pub(super) deck_figures: Recent<(UserId, DeckId, u64, Day), DeckFigures>,
    /// Which cards the learners of a class answered.
    pub(super) class_cards: ClassCards,
    /// The organisation that a known sign-in belongs to.
    pub(super) sign_ins: Recent<UserId, (TokenSaid, Option<OrgId>)>,
}

impl App {
    /// Puts it together.
    pub fn new(parts: Parts) -> App {
        let (people, papers, lessons) = (parts.people.clone(), parts.papers.clone(), parts.lessons.clone());
        App {
            teaching: Teaching { people, papers, lessons },
            lessons: parts.lessons,
            papers: parts.papers,
            library: parts.library,
            people: parts.people,
            engine: parts.engine,
            study: parts.study,
            verifier: parts.verifier,
            mint: parts.mint,
            codes: parts.codes,
            clock: parts.clock,
            dev_clock: parts.dev_clock,
            health: parts.health,
            public_metrics: parts.public_metrics,
            scrape: parts.scrape,
            measures: parts.measures,
            trusted_proxies: parts.trusted_proxies,
            doors: Doors::default(),
            rates: parts.rates,
            fittings: Fittings::new(),
            imports: Arc::new(Semaphore::new(IMPORTS_AT_ONCE)),
            asking: Turns::new(REQUESTS_PER_PERSON),
            importing: Turns::new(IMPORTS_PER_PERSON),
            jobs: parts.jobs,
            media: parts.media,
            media_sessions: parts.media_sessions,
            notes: parts.notes,
            logs: parts.logs,
            events: parts.events,
            webhooks: parts.webhooks,
            exports: Arc::new(Semaphore::new(PACKAGES_AT_ONCE)),
            exporting: Turns::new(EXPORTS_PER_PERSON),
            uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
            uploading: Turns::new(UPLOADS_PER_PERSON),
            watching: Turns::new(STREAMS_PER_PERSON),
            reports: Reports::default(),
            reporting: Turns::new(REPORTS_PER_PERSON),
            deck_figures: Recent::new(FIGURES_REMEMBERED),
            class_cards: ClassCards::default(),
            sign_ins: Recent::new(SIGN_INS_REMEMBERED),
        }
    }
}
