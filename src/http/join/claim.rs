//! `POST /me/claim`: what somebody did as a guest becomes part of their own log. The guest's entries come as the rows of a
//! job, and are nothing until the `claim` of that job is there; so doing it again, or half of it, harms nobody.

use super::guests::{TRIES, key, wrong_pin};
use crate::http::access::{Need, allowed};
use crate::http::body::{Body, to_its_end};
use crate::http::limits::{CLAIM_ENTRIES_AT_ONCE, CLAIM_ENTRIES_MAX};
use crate::http::{App, Caller, Code, Problem};
use crate::joining::{Claimed, Guest, Pin, PinTried, key_of_name};
use actix_web::{HttpResponse, web};
use domain::entry::{Body as Said, LogEntry};
use domain::ids::{ClassId, EntryId, JobId, UserId, Uuid};
use ports::people::ClassChange;
use ports::{ClassRecord, LogRange, PapersError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which guest one was.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct ClaimIn {
    /// The class.
    class_id: Uuid,
    /// The guest's name in it.
    name: String,
    /// The guest's PIN.
    pin: String,
}

/// What was claimed.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct ClaimOut {
    /// Who the guest was.
    guest_id: Uuid,
    /// Entries that came to one's own log.
    entries: usize,
}

/// `POST /me/claim`: for somebody of the organisation of the class.
pub(in crate::http) async fn claim(
    app: web::Data<App>,
    caller: Caller,
    body: Body<ClaimIn>,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::Account)?;
    app.rates.claims(caller.user).await?;
    let class = app.people.class(ClassId(body.0.class_id)).await?;
    let class = class.filter(|class| class.deleted_ms.is_none() && class.org == caller.org);
    // Whether there is such a class, or such a guest, is told to nobody who does not know the PIN.
    let class = class.ok_or_else(wrong_pin)?;
    app.rates.class_claims(class.id).await?;
    to_its_end(async move {
        let (guest, claimed) = taken(&app, &class, &caller, &body.0).await?;
        Ok(HttpResponse::Ok().json(carried_out(&app, class.id, guest, claimed).await?))
    })
    .await
}

/// Does what the note of a claim says: the guest leaves, and what the guest did comes to the learner's log.
async fn carried_out(
    app: &App,
    class: ClassId,
    guest: UserId,
    claimed: Claimed,
) -> Result<ClaimOut, Problem> {
    let (learner, job) = (UserId(claimed.by), JobId(claimed.job));
    close(app, class, guest, learner).await?;
    let entries = copied(app, guest, learner, job).await?;
    // Of a guest who has answered nothing there is nothing to take over.
    if entries > 0 {
        app.study.claim(learner, guest, job).await.map_err(Problem::from)?;
    }
    app.study.access_changed(learner.into());
    Ok(ClaimOut { guest_id: guest.0, entries })
}

/// A guest is claimed once, and by nobody who is it.
fn not_free() -> Problem {
    Problem::new(Code::Conflict, "This guest is the learner, or belongs to somebody else.")
        .with("reason", "claimed")
}

/// Looks at the PIN, and notes who has the guest from now on: one learner, for good.
async fn taken(
    app: &App,
    class: &ClassRecord,
    caller: &Caller,
    who: &ClaimIn,
) -> Result<(UserId, Claimed), Problem> {
    let (_, id) = key_of_name(class.id, &who.name).ok_or_else(wrong_pin)?;
    for _ in 0..TRIES {
        let paper = app.papers.paper(key(class.id, id)).await?.ok_or_else(wrong_pin)?;
        let mut guest: Guest = serde_json::from_slice(&paper.body).map_err(|_| Problem::internal())?;
        let now_ms = app.clock.wall_ms();
        // Who gave the guest this PIN knows it without having been the guest.
        let pin = Pin::read(&who.pin).filter(|_| !guest.has_pin_of(caller.user));
        let tried = guest.try_pin(pin, now_ms);
        let mut claimed = guest.claimed;
        if tried == PinTried::Right {
            let job = EntryId::v7(now_ms, Uuid::new_v4().as_u128()).0;
            claimed = Some(claimed.unwrap_or(Claimed { by: caller.user.0, job }));
            if UserId(guest.user.0) != caller.user {
                guest.claimed = claimed;
            }
        }
        let body = serde_json::to_vec(&guest).map_err(|_| Problem::internal())?;
        match app.papers.put_paper(paper.key, body, Some(paper.revision)).await {
            Ok(_) => {}
            Err(PapersError::Changed) => continue,
            Err(error @ PapersError::Store(_)) => return Err(error.into()),
        }
        // Whether the name is closed is told to nobody either: only a name that is there can be.
        match tried {
            PinTried::Right => {}
            PinTried::Wrong | PinTried::Closed(_) => return Err(wrong_pin()),
        }
        let claimed = guest.claimed.filter(|claimed| claimed.by == caller.user.0);
        return Ok((UserId(guest.user.0), claimed.ok_or_else(not_free)?));
    }
    Err(Problem::new(Code::Conflict, "The guest was changed at this moment; try again."))
}

/// The guest leaves the class, and the learner comes in its place. The class is read behind the note of the claim: who is
/// let in later finds that note ([`super::admit::enroll`]).
async fn close(app: &App, class: ClassId, guest: UserId, learner: UserId) -> Result<(), Problem> {
    let now = app.people.class(class).await?;
    if now.is_some_and(|class| class.students.contains(&guest)) {
        in_its_place(app, class, guest, learner).await?;
    }
    super::waits_no_more(app, class, guest).await
}

/// Exchanges a guest for who claimed it.
pub(super) async fn in_its_place(
    app: &App,
    class: ClassId,
    guest: UserId,
    learner: UserId,
) -> Result<(), Problem> {
    let now_ms = app.clock.wall_ms();
    app.people.change_class(class, ClassChange::Enroll(learner), now_ms).await?;
    app.people.change_class(class, ClassChange::Remove(guest), now_ms).await?;
    app.study.access_changed(guest.into());
    app.study.access_changed(learner.into());
    Ok(())
}

/// Copies what the guest did into the learner's log, under its own ids and stamps.
async fn copied(app: &App, guest: UserId, learner: UserId, job: JobId) -> Result<usize, Problem> {
    let (mut from, mut sum) = (EntryId::MIN, 0);
    while sum < CLAIM_ENTRIES_MAX {
        let range = LogRange { from, before: None, newest_first: false, limit: CLAIM_ENTRIES_AT_ONCE };
        let entries = app.logs.log(guest, range).await?;
        let Some(last) = entries.last() else { break };
        let (is_last, behind) = (entries.len() < CLAIM_ENTRIES_AT_ONCE, last.id.0.as_u128().checked_add(1));
        let rows: Vec<LogEntry> = entries.into_iter().filter(is_own).collect();
        let rows: Vec<LogEntry> =
            rows.into_iter().map(|entry| LogEntry { job: Some(job), ..entry }).collect();
        sum += rows.len();
        if !rows.is_empty() {
            app.logs.append_import(learner, rows).await?;
        }
        match behind.filter(|_| !is_last) {
            Some(next) => from = EntryId::from_u128(next),
            None => break,
        }
    }
    Ok(sum)
}

/// What the guest did, and not what an import brought.
fn is_own(entry: &LogEntry) -> bool {
    let is_mark = match entry.body {
        Said::ImportCommit { .. } | Said::ImportRevoke { .. } | Said::Claim { .. } => true,
        Said::Review(_) | Said::Undo { .. } | Said::Set { .. } | Said::State { .. } | Said::Regrade(_) => {
            false
        }
    };
    entry.job.is_none() && !is_mark
}
