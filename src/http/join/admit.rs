//! Whether a guest is in, or waits.

use super::Opened;
use super::lobby::{Admission, Waiting, waiting};
use super::standing::State;
use crate::http::limits::{LOBBY_MAX, STUDENTS_PER_CLASS_MAX};
use crate::http::{App, Code, Problem};
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

/// Has somebody wait.
async fn wait(app: &App, opened: &Opened, user: UserId, name: &str) -> Result<(), Problem> {
    let key = waiting(opened.class.id, user);
    if app.papers.paper(key).await?.is_some() {
        return Ok(());
    }
    room_in_lobby(app, opened).await?;
    let since_ms = app.clock.wall_ms();
    let waits = Waiting { name: name.to_owned(), lesson: opened.lesson.0, since_ms };
    let body = serde_json::to_vec(&waits).map_err(|_| Problem::internal())?;
    match app.papers.put_paper(key, body, None).await {
        Ok(_) | Err(PapersError::Changed) => Ok(()),
        Err(error @ PapersError::Store(_)) => Err(error.into()),
    }
}

/// Enrolls a guest, and tells whom it concerns. Whoever only waits has no account yet.
pub(super) async fn enroll(app: &App, class: &ClassRecord, user: UserId, name: &str) -> Result<(), Problem> {
    let now_ms = app.clock.wall_ms();
    let who = SignIn { user, org: class.org, role: Role::Guest, name: Some(name.to_owned()) };
    app.people.sign_in(who, now_ms).await?;
    app.people.change_class(class.id, ClassChange::Enroll(user), now_ms).await?;
    app.study.access_changed(user.into());
    Ok(())
}
