//! Webhooks in `main.db`: the cold port.

use crate::error::{During, unreadable};
use crate::imports::most;
use crate::rows::{id, maybe_id};
use crate::store::EmbeddedStore;
use domain::ids::{ClassId, OrgId, RunId, UserId, Uuid};
use ports::codec::{kinds_of, kinds_text, old_secrets_of, old_secrets_text};
use ports::webhooks::ATTEMPTS_KEPT;
use ports::{
    Attempt, Boxed, EventId, Feed, HookId, HookState, StoreError, WebhookRecord, Webhooks, WebhooksError,
};
use rusqlite::{Connection, Params, Row, params};

const COLUMNS: &str = "id, owner, org, feed, class, url, description, kinds, secret, state, reason, position, \
                       failures, next_try_ms, holder, created_ms, updated_ms, revision, old_secrets";

impl Webhooks for EmbeddedStore {
    fn put_webhook(
        &self,
        record: WebhookRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, WebhooksError>> {
        Box::pin(self.write(move |main| {
            let kept = by_id(main, record.id)?;
            let record = record.over(kept.as_ref(), if_revision)?;
            put(main, &record)?;
            Ok(record.revision)
        }))
    }

    fn remove_webhook(&self, id: HookId) -> Boxed<'_, Result<(), WebhooksError>> {
        Box::pin(self.write(move |main| Ok(remove(main, id).during("remove a webhook")?)))
    }

    fn webhook(&self, id: HookId) -> Boxed<'_, Result<Option<WebhookRecord>, WebhooksError>> {
        Box::pin(self.read_main(move |main| Ok(by_id(main, id)?)))
    }

    fn webhooks_of(
        &self,
        whose: Feed,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(self.read_main(move |main| {
            let after = after.as_ref().map_or(&[][..], |after| &after.0.as_bytes()[..]);
            Ok(match whose {
                Feed::Person(user) => {
                    let rest = "WHERE owner = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
                    select(main, rest, params![&user.bytes()[..], after, most(limit)])?
                }
                Feed::Org(org) => {
                    let rest = "WHERE org = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
                    select(main, rest, params![&org.bytes()[..], after, most(limit)])?
                }
            })
        }))
    }

    fn active_webhooks(
        &self,
        after: Option<HookId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<WebhookRecord>, WebhooksError>> {
        Box::pin(self.read_main(move |main| {
            let after = after.as_ref().map_or(&[][..], |after| &after.0.as_bytes()[..]);
            let rest = "WHERE state = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
            Ok(select(main, rest, params![HookState::Active.word(), after, most(limit)])?)
        }))
    }

    fn note_attempt(&self, id: HookId, attempt: Attempt) -> Boxed<'_, Result<(), WebhooksError>> {
        Box::pin(self.write(move |main| Ok(note(main, id, &attempt).during("note an attempt")?)))
    }

    fn attempts(&self, id: HookId, limit: usize) -> Boxed<'_, Result<Vec<Attempt>, WebhooksError>> {
        Box::pin(self.read_main(move |main| Ok(attempts(main, id, limit).during("read attempts")?)))
    }
}

/// Writes a webhook as it is.
pub(crate) fn put(main: &Connection, record: &WebhookRecord) -> Result<(), StoreError> {
    let put = || {
        main.prepare_cached(
            "INSERT OR REPLACE INTO webhooks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
                                                      ?15, ?16, ?17, ?18, ?19)",
        )?
        .execute(params![
            &record.id.0.as_bytes()[..],
            &record.owner.bytes()[..],
            record.org.as_ref().map(|org| &org.bytes()[..]),
            &record.feed.key()[..],
            record.class.as_ref().map(|class| &class.bytes()[..]),
            record.url,
            record.description,
            kinds_text(&record.kinds),
            record.secret,
            record.state.word(),
            record.reason,
            record.position.as_ref().map(|position| &position.bytes()[..]),
            record.failures,
            record.next_try_ms,
            record.holder.as_ref().map(|run| &run.bytes()[..]),
            record.created_ms,
            record.updated_ms,
            record.revision as i64,
            old_secrets_text(&record.old_secrets),
        ])
    };
    put().during("store a webhook")?;
    Ok(())
}

fn remove(main: &Connection, id: HookId) -> rusqlite::Result<()> {
    let id = &id.0.as_bytes()[..];
    main.prepare_cached("DELETE FROM webhooks WHERE id = ?1")?.execute([id])?;
    main.prepare_cached("DELETE FROM webhook_attempts WHERE hook = ?1")?.execute([id])?;
    Ok(())
}

fn by_id(main: &Connection, id: HookId) -> Result<Option<WebhookRecord>, StoreError> {
    Ok(select(main, "WHERE id = ?1", [&id.0.as_bytes()[..]])?.pop())
}

/// Webhooks of anybody, by id.
pub(crate) fn page(
    main: &Connection,
    after: Option<HookId>,
    limit: usize,
) -> Result<Vec<WebhookRecord>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |after| &after.0.as_bytes()[..]);
    select(main, "WHERE id > ?1 ORDER BY id LIMIT ?2", params![after, most(limit)])
}

fn select(main: &Connection, rest: &str, params: impl Params) -> Result<Vec<WebhookRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks {rest}");
    let mut statement = main.prepare_cached(&sql).during("read webhooks")?;
    let mut rows = statement.query(params).during("read webhooks")?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().during("read webhooks")? {
        found.push(of_row(row)?);
    }
    Ok(found)
}

fn of_row(row: &Row) -> Result<WebhookRecord, StoreError> {
    let bad = |what: &'static str| unreadable("read a webhook", what);
    let words =
        || Ok::<_, rusqlite::Error>((row.get(3)?, row.get(7)?, row.get(9)?, row.get(11)?, row.get(18)?));
    type Words = (Vec<u8>, String, String, Option<Vec<u8>>, String);
    let (feed, kinds, state, position, old_secrets): Words = words().during("read a webhook")?;
    let position =
        position.map(|bytes| EventId::of_bytes(&bytes).ok_or_else(|| bad("the position is no id")));
    let plain = || {
        Ok(WebhookRecord {
            id: HookId(Uuid::from_bytes(id(row, 0)?)),
            owner: UserId::from_bytes(id(row, 1)?),
            org: maybe_id(row, 2)?.map(OrgId::from_bytes),
            feed: Feed::Person(UserId::from_bytes([0; 16])),
            class: maybe_id(row, 4)?.map(ClassId::from_bytes),
            url: row.get(5)?,
            description: row.get(6)?,
            kinds: Vec::new(),
            secret: row.get(8)?,
            old_secrets: Vec::new(),
            state: HookState::Disabled,
            reason: row.get(10)?,
            position: None,
            failures: row.get(12)?,
            next_try_ms: row.get(13)?,
            holder: maybe_id(row, 14)?.map(RunId::from_bytes),
            created_ms: row.get(15)?,
            updated_ms: row.get(16)?,
            revision: row.get::<_, i64>(17)? as u64,
        })
    };
    Ok(WebhookRecord {
        feed: Feed::of_key(&feed).ok_or_else(|| bad("the feed is unknown"))?,
        kinds: kinds_of(&kinds).map_err(|error| unreadable("read a webhook's kinds", error))?,
        state: HookState::of_word(&state).ok_or_else(|| bad("the state is unknown"))?,
        position: position.transpose()?,
        old_secrets: old_secrets_of(&old_secrets)
            .map_err(|error| unreadable("read a webhook's secrets", error))?,
        ..plain().during("read a webhook")?
    })
}

/// Notes an attempt, and lets those go that are too many.
pub(crate) fn note(main: &Connection, hook: HookId, attempt: &Attempt) -> rusqlite::Result<()> {
    let hook = &hook.0.as_bytes()[..];
    main.prepare_cached(
        "INSERT OR REPLACE INTO webhook_attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        hook,
        &attempt.id.as_bytes()[..],
        &attempt.message.as_bytes()[..],
        attempt.kind,
        attempt.number,
        attempt.at_ms,
        attempt.took_ms as i64,
        attempt.status,
        attempt.error,
    ])?;
    main.prepare_cached(
        "DELETE FROM webhook_attempts WHERE hook = ?1 AND id <=
         (SELECT id FROM webhook_attempts WHERE hook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![hook, most(ATTEMPTS_KEPT)])?;
    Ok(())
}

/// The newest attempts, newest first.
pub(crate) fn attempts(main: &Connection, hook: HookId, limit: usize) -> rusqlite::Result<Vec<Attempt>> {
    let mut select = main.prepare_cached(
        "SELECT id, message, kind, number, at_ms, took_ms, status, error FROM webhook_attempts
         WHERE hook = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = select.query_map(params![&hook.0.as_bytes()[..], most(limit)], |row| {
        Ok(Attempt {
            id: Uuid::from_bytes(id(row, 0)?),
            message: Uuid::from_bytes(id(row, 1)?),
            kind: row.get(2)?,
            number: row.get(3)?,
            at_ms: row.get(4)?,
            took_ms: row.get::<_, i64>(5)? as u64,
            status: row.get(6)?,
            error: row.get(7)?,
        })
    })?;
    rows.collect()
}
