//! A store that counts what is read of it, and fails the reads that a test names.

mod papers;

pub use papers::CountingPapers;

use domain::answers::Answers;
use domain::entry::LogEntry;
use domain::ids::{CardId, ClassId, DeckId, EntryId, OrgId, UserId, Uuid};
use ports::library::{CardSource, RequestDigest};
use ports::people::{ClassChange, PersonChange};
use ports::register::{ClassAmendment, Enrolling};
use ports::reviews::Shape;
use ports::{
    Boxed, CardQuery, CardRecord, CardSearch, CardStates, Cause, ClassRecord, DeckContent, DeckQuery,
    DeckRecord, Grant, LearnerLog, Library, LibraryError, LogRange, People, PeopleError, Person, Progress,
    Quarantined, Register, RegisterKey, Registered, RegisteredClass, ReviewStore, Row, RowOutcome, SignIn,
    Standing, StoreError, ToFold,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store. Clones are handles of one store with one count.
#[derive(Clone)]
pub struct CountingStore<S> {
    inner: S,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    reads: Vec<&'static str>,
    failing: BTreeSet<&'static str>,
}

impl<S> CountingStore<S> {
    /// Over a store, from zero.
    pub fn new(inner: S) -> Self {
        CountingStore { inner, plan: Arc::default() }
    }

    /// The store itself, which nobody counts.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was read since this was asked last, by the names of the port's functions.
    pub fn take_reads(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.plan().reads)
    }

    /// Lets these reads fail from now on, by the names of the port's functions; all others work.
    pub fn fail(&self, reads: impl IntoIterator<Item = &'static str>) {
        self.plan().failing = reads.into_iter().collect();
    }

    fn read(&self, name: &'static str) -> Result<(), StoreError> {
        let mut plan = self.plan();
        plan.reads.push(name);
        match plan.failing.contains(name) {
            true => Err(StoreError::new(Cause::Unavailable, "a planted fault")),
            false => Ok(()),
        }
    }
}

impl<S: ReviewStore> ReviewStore for CountingStore<S> {
    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        self.inner.append(rows).await
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.inner.append_import(user, entries).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        self.read("load")?;
        self.inner.load(user).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        self.read("progress")?;
        self.inner.progress(user, deck).await
    }

    async fn progress_of(
        &self,
        user: UserId,
        decks: Option<Vec<DeckId>>,
    ) -> Result<Vec<Progress>, StoreError> {
        self.read("progress_of")?;
        self.inner.progress_of(user, decks).await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        self.read("entries")?;
        self.inner.entries(user, ids).await
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read("card_log")?;
        self.inner.card_log(user, deck, cards).await
    }

    async fn card_logs(
        &self,
        user: UserId,
        cards: Vec<(DeckId, Vec<CardId>)>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read("card_logs")?;
        self.inner.card_logs(user, cards).await
    }

    async fn fold_cards(&self, user: UserId, wanted: Vec<ToFold>) -> Result<CardStates, StoreError> {
        self.read("fold_cards")?;
        self.inner.fold_cards(user, wanted).await
    }

    async fn survey<T: Send + 'static>(
        &self,
        users: Vec<UserId>,
        from: EntryId,
        entries_max: usize,
        sum: impl Fn(UserId, Answers) -> T + Send + Sync + 'static,
    ) -> Result<Vec<T>, StoreError> {
        self.read("survey")?;
        self.inner.survey(users, from, entries_max, sum).await
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        self.read("log")?;
        self.inner.log(user, range).await
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.inner.quarantine(what).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.inner.reopen().await
    }
}

/// A read of a cold port: counted when its future is polled first, as it is carried out.
macro_rules! read {
    ($self:ident . $name:ident ( $($argument:expr),* )) => {
        Box::pin(async move {
            $self.read(stringify!($name))?;
            $self.inner.$name($($argument),*).await
        })
    };
}

impl<S: Library> Library for CountingStore<S> {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        self.inner.put_deck(deck, if_revision, now_ms)
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        read!(self.deck(id))
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        read!(self.decks(query))
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        self.inner.put_cards(deck, cards, if_revision, now_ms)
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        self.inner.put_cards_from(deck, cards, if_revision, now_ms)
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.inner.note_request(key, asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        read!(self.card(deck, card))
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        read!(self.cards(deck, query))
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        read!(self.content(deck))
    }

    fn search(&self, search: CardSearch) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        read!(self.search(search))
    }
}

impl<S: People> People for CountingStore<S> {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        self.inner.sign_in(who, now_ms)
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        read!(self.person(user))
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        self.inner.change_person(user, change, now_ms)
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.create_class(class)
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        read!(self.class(class))
    }

    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        read!(self.classes(classes))
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        read!(self.classes_of(user))
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.change_class(class, change, now_ms)
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        read!(self.grants(user))
    }

    fn standing(&self, user: UserId) -> Boxed<'_, Result<Standing, PeopleError>> {
        read!(self.standing(user))
    }

    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        read!(self.persons(users))
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        read!(self.enrolled_since(class))
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.set_extra_time(class, student, percent)
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        read!(self.extra_times(class))
    }
}

impl<S: People> Register for CountingStore<S> {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        read!(self.registered(org, after, limit))
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        read!(self.find_registered(org, keys))
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        self.inner.put_registered(people, now_ms)
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        read!(self.registered_classes(org, after, limit))
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        read!(self.registered_class(org, class))
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.put_registered_class(class)
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.amend_class(class, to, now_ms)
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        self.inner.enroll_many(class, who, now_ms)
    }
}
