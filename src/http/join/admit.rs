//! Whether a guest is in, or waits.

use super::Opened;
use super::claim::in_its_place;
use super::guests::{claimed, key};
use super::lobby::{Admission, Waiting, waiting, waits_no_more};
use super::standing::State;
use crate::http::limits::{LOBBY_MAX, STUDENTS_PER_CLASS_MAX};
use crate::http::{App, Code, Problem};
use crate::joining::{Guest, key_of_name};
use domain::ids::UserId;
use ports::people::ClassChange;
use ports::{ClassRecord, PaperKind, PapersError, Role, SignIn};

/// Whether somebody new may come at all.
pub(super) fn room(opened: &Opened) -> Result<(), Problem> {
    if opened.admission == Admission::Locked {
        let detail = "The class is closed to newcomers; ask the teacher.";
        return Err(Problem::new(Code::Forbidden, detail).with("reason", "locked"));
    }
    if opened.class.students.len() >= STUDENTS_PER_CLASS_MAX {
        let detail = format!("A class has at most {STUDENTS_PER_CLASS_MAX} students.");
        return Err(Problem::invalid(detail));
    }
    Ok(())
}

/// Enrolls a guest, or has them wait; who is enrolled stays so.
pub(super) async fn let_in(app: &App, opened: &Opened, user: UserId, name: &str) -> Result<State, Problem> {
    if opened.class.students.contains(&user) {
        return Ok(State::Admitted);
    }
    room(opened)?;
    match opened.admission {
        Admission::Open => {
            enroll(app, &opened.class, user, name).await?;
            Ok(State::Admitted)
        }
        Admission::Lobby | Admission::Locked => {
            wait(app, opened, user, name).await?;
            Ok(State::Waiting)
        }
    }
}

/// Whether somebody more may wait, where people do.
pub(super) async fn room_in_lobby(app: &App, opened: &Opened) -> Result<(), Problem> {
    match opened.admission {
        Admission::Open | Admission::Locked => return Ok(()),
        Admission::Lobby => {}
    }
    let there = app.papers.papers(opened.class.id.0, PaperKind::Waiting, None, LOBBY_MAX).await?;
    if there.len() < LOBBY_MAX {
        return Ok(());
    }
    Err(Problem::unavailable("Many wait already to be let in; try again in a moment."))
}

/// Has somebody wait; a wish for an earlier lesson is one for this one now.
async fn wait(app: &App, opened: &Opened, user: UserId, name: &str) -> Result<(), Problem> {
    let key = waiting(opened.class.id, user);
    let before = app.papers.paper(key).await?;
    let known = before.as_ref().and_then(|paper| serde_json::from_slice::<Waiting>(&paper.body).ok());
    if known.is_some_and(|known| known.lesson == opened.lesson.0) {
        return Ok(());
    }
    if before.is_none() {
        room_in_lobby(app, opened).await?;
    }
    let since_ms = app.clock.wall_ms();
    let waits = Waiting { name: name.to_owned(), lesson: opened.lesson.0, since_ms };
    let body = serde_json::to_vec(&waits).map_err(|_| Problem::internal())?;
    match app.papers.put_paper(key, body, before.map(|paper| paper.revision)).await {
        Ok(_) | Err(PapersError::Changed) => Ok(()),
        Err(error @ PapersError::Store(_)) => Err(error.into()),
    }
}

/// Enrolls a guest, and tells whom it concerns. Whoever only waits has no account yet. Where the guest was claimed
/// meanwhile the learner comes in its place, as a claim that finds the guest enrolled has it.
pub(super) async fn enroll(app: &App, class: &ClassRecord, user: UserId, name: &str) -> Result<(), Problem> {
    let now_ms = app.clock.wall_ms();
    let who = SignIn { user, org: class.org, role: Role::Guest, name: Some(name.to_owned()) };
    app.people.sign_in(who, now_ms).await?;
    app.people.change_class(class.id, ClassChange::Enroll(user), now_ms).await?;
    app.study.access_changed(user.into());
    waits_no_more(app, class.id, user).await?;
    let Some((_, id)) = key_of_name(class.id, name) else { return Ok(()) };
    let Some(paper) = app.papers.paper(key(class.id, id)).await? else { return Ok(()) };
    let kept: Guest = serde_json::from_slice(&paper.body).map_err(|_| Problem::internal())?;
    match kept.claimed.filter(|_| kept.user.0 == user.0) {
        Some(by) => {
            in_its_place(app, class.id, user, UserId(by.by)).await?;
            Err(claimed())
        }
        None => Ok(()),
    }
}
