//! What is asked of a library and of people, by whichever store there is.

use super::AnyStore;
use domain::ids::{CardId, ClassId, DeckId, UserId, Uuid};
use ports::library::{CardQuery, CardSource, DeckContent, DeckQuery, LibraryError, RequestDigest, TakeCards};
use ports::people::{ClassChange, ClassRecord, Grant, Person, PersonChange};
use ports::{Boxed, CardRecord, CardSearch, DeckRecord, Library, People, PeopleError, SignIn, Standing};

impl Library for AnyStore {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        self.library().put_deck(deck, if_revision, now_ms)
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.library().deck(id)
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.library().decks(query)
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        self.library().put_cards(deck, cards, if_revision, now_ms)
    }

    fn put_cards_from(
        &self,
        deck: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        self.library().put_cards_from(deck, cards, if_revision, now_ms)
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.library().note_request(key, asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.library().card(deck, card)
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.library().cards(deck, query)
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        self.library().content(deck)
    }

    fn content_in_parts(
        &self,
        deck: DeckId,
        take: TakeCards,
    ) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        self.library().content_in_parts(deck, take)
    }

    fn search(&self, search: CardSearch) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.library().search(search)
    }
}

impl People for AnyStore {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        self.people().sign_in(who, now_ms)
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        self.people().person(user)
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        self.people().change_person(user, change, now_ms)
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        self.people().create_class(class)
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        self.people().class(class)
    }

    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        self.people().classes(classes)
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        self.people().classes_of(user)
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.people().change_class(class, change, now_ms)
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        self.people().grants(user)
    }

    fn standing(&self, user: UserId) -> Boxed<'_, Result<Standing, PeopleError>> {
        self.people().standing(user)
    }

    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        self.people().persons(users)
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        self.people().enrolled_since(class)
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.people().set_extra_time(class, student, percent)
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        self.people().extra_times(class)
    }
}
