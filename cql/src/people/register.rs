//! Registers: rows that are written whole, each with the moment of its change, so that the newest wins however often
//! and in whatever order writes arrive. Accounts are made by compare-and-set, as a sign-in makes them.

use super::classes::Header;
use super::enrollments::{Stretch, begin_all, end_all, leave_other_orgs, stamp};
use super::person::Stored;
use super::persons::{put as put_account, read as read_account, too_many};
use super::spans::{SpanRow, free_moment, open};
use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::codec::{role_of, role_word};
use ports::register::{ClassAmendment, Enrolling, REGISTER_PAGE_MAX, Status};
use ports::{Account, PeopleError, RegisterKey, Registered, RegisteredClass, StoreError};
use scylla::DeserializeRow;
use std::collections::{BTreeMap, BTreeSet};

/// How often an account is tried to be made, when others are always quicker.
const TRIES: u32 = 8;

#[derive(DeserializeRow)]
struct Row {
    org: Uuid,
    user: Uuid,
    external: String,
    login: String,
    email: String,
    name: String,
    role: String,
    gone: bool,
    changed_ms: i64,
}

impl Row {
    fn registered(self) -> Registered {
        Registered {
            user: UserId(self.user),
            org: OrgId(self.org),
            external: self.external,
            login: self.login,
            email: self.email,
            name: self.name,
            role: role_of(&self.role),
            status: if self.gone { Status::Gone } else { Status::Active },
            changed_ms: self.changed_ms,
        }
    }
}

/// A page of a register, by account.
pub(super) async fn page(
    store: &CqlStore,
    org: OrgId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Registered>, StoreError> {
    let limit = i32::try_from(limit.min(REGISTER_PAGE_MAX)).unwrap_or(0);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = match after {
        None => store.client().read(&store.people().register, (org.0, limit)).await?,
        Some(after) => store.client().read(&store.people().register_after, (org.0, after.0, limit)).await?,
    };
    let mut people: Vec<Registered> = rows.into_iter().map(Row::registered).collect();
    people.sort_by_key(|who| who.user);
    Ok(people)
}

/// One person of a register.
pub(super) async fn one(
    store: &CqlStore,
    org: OrgId,
    user: UserId,
) -> Result<Option<Registered>, StoreError> {
    let row = store.client().read_one::<Row>(&store.people().registered, (org.0, user.0)).await?;
    Ok(row.map(Row::registered))
}

/// Those whom any of these keys name.
pub(super) async fn find(
    store: &CqlStore,
    org: OrgId,
    keys: Vec<RegisterKey>,
) -> Result<Vec<Registered>, StoreError> {
    let at_once = store.client().options().reads_at_once;
    let reads = keys.into_iter().take(REGISTER_PAGE_MAX).map(|key| find_one(store, org, key));
    let found: Vec<Vec<Registered>> = stream::iter(reads).buffer_unordered(at_once).try_collect().await?;
    let found: BTreeMap<UserId, Registered> =
        found.into_iter().flatten().map(|who| (who.user, who)).collect();
    Ok(found.into_values().collect())
}

async fn find_one(store: &CqlStore, org: OrgId, key: RegisterKey) -> Result<Vec<Registered>, StoreError> {
    let Some(text) = key_text(&key) else {
        let RegisterKey::User(user) = key else { return Ok(Vec::new()) };
        return Ok(one(store, org, user).await?.into_iter().collect());
    };
    let pointed = store.client().read::<(Uuid,)>(&store.people().register_key, (org.0, text)).await?;
    let mut found = Vec::new();
    for (user,) in pointed {
        found.extend(one(store, org, UserId(user)).await?.filter(|who| key.names(who)));
    }
    Ok(found)
}

/// A key as the table has it; `None` for an account, which has none there, and for what is empty.
fn key_text(key: &RegisterKey) -> Option<String> {
    let text = |kind: &str, of: &str| (!of.is_empty()).then(|| format!("{kind}:{of}"));
    match key {
        RegisterKey::User(_) => None,
        RegisterKey::External(external) => text("external", external),
        RegisterKey::Login(login) => text("login", login),
        RegisterKey::Email(email) => text("email", email),
    }
}

/// Writes people and makes their accounts; who belongs to another organisation is left out and returned.
pub(super) async fn put(
    store: &CqlStore,
    people: Vec<Registered>,
    now_ms: i64,
) -> Result<Vec<UserId>, PeopleError> {
    let at_once = store.client().options().reads_at_once;
    let puts = people.into_iter().take(REGISTER_PAGE_MAX).map(|who| async move {
        let user = who.user;
        match put_one(store, who, now_ms).await {
            Ok(()) => Ok(None),
            Err(PeopleError::OtherOrg) => Ok(Some(user)),
            Err(error) => Err(error),
        }
    });
    let left_out: Vec<Option<UserId>> = stream::iter(puts).buffered(at_once).try_collect().await?;
    Ok(left_out.into_iter().flatten().collect())
}

/// The account comes first: while it is not there, or is somebody else's, the register says nothing.
async fn put_one(store: &CqlStore, who: Registered, now_ms: i64) -> Result<(), PeopleError> {
    let before = one(store, who.org, who.user).await?;
    make_account(store, before.as_ref(), &who, now_ms).await?;
    write(store, &who).await?;
    Ok(())
}

async fn make_account(
    store: &CqlStore,
    before: Option<&Registered>,
    who: &Registered,
    now_ms: i64,
) -> Result<(), PeopleError> {
    for _ in 0..TRIES {
        let known = read_account(store, who.user).await?;
        let next = match &known {
            Some(known) => known.with(known.account.after_roster(before, who)?),
            None => Stored::begun(Account::of_roster(who, now_ms)),
        };
        let Some(stored) = put_account(store, known.as_ref(), next).await? else { continue };
        if stored.settled {
            return Ok(());
        }
        leave_other_orgs(store, &stored.account.person, now_ms).await?;
        let settled = Stored { settled: true, ..stored.clone() };
        if put_account(store, Some(&stored), settled).await?.is_some() {
            return Ok(());
        }
    }
    Err(too_many().into())
}

/// Writes a person's keys, and then the person.
pub(super) async fn write(store: &CqlStore, who: &Registered) -> Result<(), StoreError> {
    let at = stamp(who.changed_ms);
    let keys = [
        RegisterKey::External(who.external.clone()),
        RegisterKey::Login(who.login.clone()),
        RegisterKey::Email(who.email.clone()),
    ];
    for key in keys.iter().filter_map(key_text) {
        store.client().write(&store.people().put_register_key, (who.org.0, key, who.user.0, at)).await?;
    }
    let values = (
        who.org.0,
        who.user.0,
        &who.external,
        &who.login,
        &who.email,
        &who.name,
        role_word(who.role),
        who.status == Status::Gone,
        who.changed_ms,
        at,
    );
    store.client().write(&store.people().put_registered, values).await
}

type ClassRow = (Uuid, Uuid, String, i64);

fn registered_class((org, class, external, changed_ms): ClassRow) -> RegisteredClass {
    RegisteredClass { class: ClassId(class), org: OrgId(org), external, changed_ms }
}

/// A page of a register's classes, by id.
pub(super) async fn classes(
    store: &CqlStore,
    org: OrgId,
    after: Option<ClassId>,
    limit: usize,
) -> Result<Vec<RegisteredClass>, StoreError> {
    let limit = i32::try_from(limit.min(REGISTER_PAGE_MAX)).unwrap_or(0);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<ClassRow> = match after {
        None => store.client().read(&store.people().register_classes, (org.0, limit)).await?,
        Some(after) => {
            store.client().read(&store.people().register_classes_after, (org.0, after.0, limit)).await?
        }
    };
    let mut classes: Vec<RegisteredClass> = rows.into_iter().map(registered_class).collect();
    classes.sort_by_key(|class| class.class);
    Ok(classes)
}

/// What the register says of one class.
pub(super) async fn one_class(
    store: &CqlStore,
    org: OrgId,
    class: ClassId,
) -> Result<Option<RegisteredClass>, StoreError> {
    let row = store.client().read_one::<ClassRow>(&store.people().registered_class, (org.0, class.0)).await?;
    Ok(row.map(registered_class))
}

/// Writes a class into the register.
pub(super) async fn put_class(store: &CqlStore, class: &RegisteredClass) -> Result<(), StoreError> {
    let values = (class.org.0, class.class.0, &class.external, class.changed_ms, stamp(class.changed_ms));
    store.client().write(&store.people().put_registered_class, values).await
}

/// Changes title, teacher and status of a class, by compare-and-set on all of them.
pub(super) async fn amend(
    store: &CqlStore,
    class: ClassId,
    to: &ClassAmendment,
    now_ms: i64,
) -> Result<(), PeopleError> {
    for _ in 0..TRIES {
        let header = Header::read(store, class).await?.ok_or(PeopleError::NoSuchClass)?;
        if amendment_of(&header) == *to {
            return Ok(());
        }
        let created_ms = header.life.from_ms;
        let deleted_ms = match to.status {
            Status::Active => None,
            Status::Gone => header.life.until_ms.or(Some(now_ms.max(created_ms))),
        };
        // The pointer is believed when the class says so; it comes first.
        let values = (to.teacher.0, class.0, stamp(now_ms));
        store.client().write(&store.people().point_to, values).await?;
        let values = (
            &to.title,
            to.teacher.0,
            deleted_ms,
            class.0,
            &header.title,
            header.teacher.0,
            header.life.until_ms,
        );
        let done = decide(store.client(), &store.people().amend_class, &values, || async move {
            let now = Header::read_decided(store, class).await?;
            let is_done = now.is_some_and(|now| amendment_of(&now) == *to);
            Ok(if is_done { Verdict::Done } else { Verdict::Refused })
        });
        if done.await? {
            return Ok(());
        }
    }
    Err(StoreError::new(ports::Cause::Overloaded, "a class is changed by too many at once").into())
}

fn amendment_of(header: &Header) -> ClassAmendment {
    let status = if header.life.until_ms.is_some() { Status::Gone } else { Status::Active };
    ClassAmendment { title: header.title.clone(), teacher: header.teacher, status }
}

/// Enrolls and removes many; who is of another organisation is left out and returned. The class's stretches are read
/// once, and written in batches.
pub(super) async fn enroll_many(
    store: &CqlStore,
    class: ClassId,
    who: Enrolling,
    now_ms: i64,
) -> Result<Vec<UserId>, PeopleError> {
    let header = Header::read(store, class).await?.ok_or(PeopleError::NoSuchClass)?;
    let rows = store.client().read::<SpanRow>(&store.people().students, (class.0,)).await?;
    let mut stretches: BTreeMap<Uuid, Vec<SpanRow>> = BTreeMap::new();
    for row in rows {
        stretches.entry(row.0).or_default().push(row);
    }
    let of = |user: &UserId| stretches.get(&user.0).map_or(&[][..], Vec::as_slice);
    let join: BTreeSet<UserId> = who.join.into_iter().filter(|user| open(of(user)).is_empty()).collect();
    let at_once = store.client().options().reads_at_once;
    let reads = join.into_iter().map(|user| async move {
        let account = read_account(store, user).await?;
        // Whose organisation is not known yet is enrolled one by one, with a second look.
        Ok::<_, StoreError>((user, account.map(|stored| stored.account.person.org)))
    });
    let orgs: Vec<_> = stream::iter(reads).buffer_unordered(at_once).try_collect().await?;
    let (mut left_out, mut begin) = (Vec::new(), Vec::new());
    for (user, org) in orgs {
        match org {
            Some(org) if org != header.org => left_out.push(user),
            Some(Some(_)) => begin.push((user, free_moment(of(&user), now_ms))),
            Some(None) | None => match super::enrollments::enroll(store, &header, user, now_ms).await {
                Ok(()) => {}
                Err(PeopleError::NoSuchPerson) => left_out.push(user),
                Err(error) => return Err(error),
            },
        }
    }
    begin_all(store, class, &begin).await?;
    let leave: BTreeSet<UserId> = who.leave.into_iter().collect();
    let ended = leave.iter().flat_map(of).filter(|row| row.2.is_none()).map(|row| Stretch {
        class,
        user: UserId(row.0),
        from_ms: row.1,
        until_ms: now_ms.max(row.1),
    });
    end_all(store, ended).await?;
    left_out.sort_unstable();
    Ok(left_out)
}
