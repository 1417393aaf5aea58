//! Whether a guest is in, or waits.

use super::Opened;
use super::lobby::{Admission, Waiting, waiting};
use crate::http::limits::{LOBBY_MAX, STUDENTS_PER_CLASS_MAX};
use crate::http::{App, Code, Problem};
use domain::ids::{ClassId, UserId};
use ports::people::ClassChange;
use ports::{PaperKind, PapersError};
use schemars::JsonSchema;
use serde::Serialize;

/// How it stands with somebody who wants to join.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum State {
    /// Enrolled.
    Admitted,
    /// In the lobby.
    Waiting,
    /// Neither: never asked, refused, or removed.
    None,
}

/// The same as an answer.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct StandingOut {
    state: State,
}

/// The answer that says so.
pub(in crate::http) const fn state(state: State) -> StandingOut {
    StandingOut { state }
}

/// Whether somebody is enrolled in a class now.
pub(super) async fn admitted(app: &App, class: ClassId, user: UserId) -> Result<bool, Problem> {
    let class = app.people.class(class).await?.filter(|class| class.deleted_ms.is_none());
    Ok(class.is_some_and(|class| class.students.contains(&user)))
}

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
            enroll(app, opened.class.id, user).await?;
            Ok(State::Admitted)
        }
        Admission::Lobby | Admission::Locked => {
            let class = opened.class.id;
            let there = app.papers.papers(class.0, PaperKind::Waiting, None, LOBBY_MAX).await?;
            let key = waiting(class, user);
            if there.iter().any(|paper| paper.key == key) {
                return Ok(State::Waiting);
            }
            if there.len() >= LOBBY_MAX {
                let detail = "Many wait already to be let in; try again in a moment.";
                return Err(Problem::unavailable(detail));
            }
            let since_ms = app.clock.wall_ms();
            let waits = Waiting { name: name.to_owned(), lesson: opened.lesson.0, since_ms };
            let body = serde_json::to_vec(&waits).map_err(|_| Problem::internal())?;
            match app.papers.put_paper(key, body, None).await {
                Ok(_) | Err(PapersError::Changed) => Ok(State::Waiting),
                Err(error @ PapersError::Store(_)) => Err(error.into()),
            }
        }
    }
}

/// Enrolls somebody, and tells whom it concerns.
pub(super) async fn enroll(app: &App, class: ClassId, user: UserId) -> Result<(), Problem> {
    app.people.change_class(class, ClassChange::Enroll(user), app.clock.wall_ms()).await?;
    app.study.access_changed(user.into());
    Ok(())
}
