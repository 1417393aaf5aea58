//! The cold ports of a view: users, decks, classes and keys of requests are others than in any other view. Renaming
//! twice gives the first name back, so answers are renamed as requests are.

use super::Apart;
use domain::ids::{CardId, ClassId, DeckId, OrgId, UserId, Uuid};
use ports::library::{CardSource, RequestDigest};
use ports::people::{ClassChange, PersonChange};
use ports::{
    Boxed, CardQuery, CardRecord, CardSearch, ClassRecord, DeckContent, DeckQuery, DeckRecord, Grant,
    Library, LibraryError, People, PeopleError, Person, SignIn,
};

impl<S> Apart<S> {
    fn key(&self, key: Uuid) -> Uuid {
        self.user(UserId(key)).0
    }

    /// What the deck is in the store.
    pub fn deck(&self, deck: DeckId) -> DeckId {
        DeckId(self.key(deck.0))
    }

    /// What the class is in the store.
    pub fn class(&self, class: ClassId) -> ClassId {
        ClassId(self.key(class.0))
    }

    fn deck_record(&self, record: DeckRecord) -> DeckRecord {
        DeckRecord {
            id: self.deck(record.id),
            owner: self.user(record.owner),
            editors: record.editors.iter().map(|editor| self.user(*editor)).collect(),
            ..record
        }
    }

    fn cards(&self, mut cards: Vec<CardRecord>) -> Vec<CardRecord> {
        cards.iter_mut().for_each(|card| card.deck = self.deck(card.deck));
        cards
    }

    /// What the organisation is in the store.
    pub fn org(&self, org: OrgId) -> OrgId {
        OrgId(self.key(org.0))
    }

    fn class_record(&self, record: ClassRecord) -> ClassRecord {
        ClassRecord {
            id: self.class(record.id),
            org: record.org.map(|org| self.org(org)),
            teacher: self.user(record.teacher),
            students: record.students.iter().map(|user| self.user(*user)).collect(),
            decks: record.decks.iter().map(|deck| self.deck(*deck)).collect(),
            ..record
        }
    }

    fn person(&self, person: Person) -> Person {
        Person { id: self.user(person.id), org: person.org.map(|org| self.org(org)), ..person }
    }
}

impl<S: Library> Library for Apart<S> {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        Box::pin(async move {
            let stored = self.store.put_deck(self.deck_record(deck), if_revision, now_ms).await?;
            Ok(self.deck_record(stored))
        })
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(async move {
            let found = self.store.deck(Apart::deck(self, id)).await?;
            Ok(found.map(|deck| self.deck_record(deck)))
        })
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        Box::pin(async move {
            let owner = query.owner.map(|owner| self.user(owner));
            let editor = query.editor.map(|editor| self.user(editor));
            let ids = query.ids.iter().map(|id| Apart::deck(self, *id)).collect();
            let found = self.store.decks(DeckQuery { owner, editor, ids, ..query }).await?;
            Ok(found.into_iter().map(|deck| self.deck_record(deck)).collect())
        })
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        Box::pin(async move {
            let (deck, cards) = (Apart::deck(self, deck), Apart::cards(self, cards));
            let (revision, stored) = self.store.put_cards(deck, cards, if_revision, now_ms).await?;
            Ok((revision, Apart::cards(self, stored)))
        })
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        self.store.put_cards_from(Apart::deck(self, deck), cards, if_revision, now_ms)
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.store.note_request(self.key(key), asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        Box::pin(async move {
            let found = self.store.card(Apart::deck(self, deck), card).await?;
            Ok(Apart::cards(self, found.into_iter().collect()).pop())
        })
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(async move {
            let found = self.store.cards(Apart::deck(self, deck), query).await?;
            Ok(Apart::cards(self, found))
        })
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        Box::pin(async move {
            let found = self.store.content(Apart::deck(self, deck)).await?;
            Ok(found.map(|(deck, cards)| (self.deck_record(deck), Apart::cards(self, cards))))
        })
    }

    fn search(&self, search: CardSearch) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        Box::pin(async move {
            let decks = search.decks.iter().map(|deck| Apart::deck(self, *deck)).collect();
            let found = self.store.search(CardSearch { decks, ..search }).await?;
            Ok(Apart::cards(self, found))
        })
    }
}

impl<S: People> People for Apart<S> {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(async move {
            let who = SignIn { user: self.user(who.user), org: who.org.map(|org| self.org(org)), ..who };
            Ok(Apart::person(self, self.store.sign_in(who, now_ms).await?))
        })
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.person(self.user(user)).await?;
            Ok(found.map(|person| Apart::person(self, person)))
        })
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(async move {
            let changed = self.store.change_person(self.user(user), change, now_ms).await?;
            Ok(Apart::person(self, changed))
        })
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        self.store.create_class(self.class_record(class))
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.class(Apart::class(self, class)).await?;
            Ok(found.map(|class| self.class_record(class)))
        })
    }

    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(async move {
            let classes = classes.into_iter().map(|class| Apart::class(self, class)).collect();
            let found = self.store.classes(classes).await?;
            Ok(found.into_iter().map(|class| self.class_record(class)).collect())
        })
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.classes_of(self.user(user)).await?;
            Ok(found.into_iter().map(|class| self.class_record(class)).collect())
        })
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        let change = match change {
            ClassChange::Enroll(user) => ClassChange::Enroll(self.user(user)),
            ClassChange::Remove(user) => ClassChange::Remove(self.user(user)),
            ClassChange::Give(deck) => ClassChange::Give(Apart::deck(self, deck)),
            ClassChange::Take(deck) => ClassChange::Take(Apart::deck(self, deck)),
        };
        self.store.change_class(Apart::class(self, class), change, now_ms)
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.grants(self.user(user)).await?;
            let renamed = found.into_iter().map(|grant| Grant {
                deck: Apart::deck(self, grant.deck),
                class: Apart::class(self, grant.class),
                ..grant
            });
            Ok(renamed.collect())
        })
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.enrolled_since(Apart::class(self, class)).await?;
            Ok(found.into_iter().map(|(user, since_ms)| (self.user(user), since_ms)).collect())
        })
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.store.set_extra_time(Apart::class(self, class), self.user(student), percent)
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.extra_times(Apart::class(self, class)).await?;
            Ok(found.into_iter().map(|(user, percent)| (self.user(user), percent)).collect())
        })
    }

    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        Box::pin(async move {
            let users = users.into_iter().map(|user| self.user(user)).collect();
            let known = self.store.persons(users).await?;
            Ok(known.into_iter().map(|person| Apart::person(self, person)).collect())
        })
    }
}
