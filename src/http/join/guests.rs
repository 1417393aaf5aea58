//! The guests of a class: who is here for the first time is made, anybody else shows the device or the PIN.

use super::{Opened, admit};
use crate::http::{App, Code, Problem};
use crate::joining::{Guest, Pin, PinTried, key_of_name};
use domain::ids::{ClassId, UserId, Uuid};
use ports::{PaperKey, PaperKind, PapersError};

/// Tries of a change of a guest's record when two come at once.
pub(super) const TRIES: usize = 4;

/// Who says to be somebody.
pub(super) struct Says<'a> {
    pub(super) name: &'a str,
    pub(super) pin: Option<&'a str>,
    pub(super) device: Uuid,
    /// The key of the request, by which it is known again.
    pub(super) attempt: Option<&'a str>,
}

/// Who it is.
pub(super) struct Came {
    pub(super) guest: Guest,
    /// What is to be told of it.
    pub(super) pin: Option<Pin>,
    /// Nobody had the name until now.
    pub(super) is_new: bool,
}

/// Under which name a guest is kept.
pub(super) const fn key(class: ClassId, name: Uuid) -> PaperKey {
    PaperKey { of: class.0, kind: PaperKind::Guest, id: name }
}

/// The guest of this name: who is here for the first time is made, with a PIN; anybody else shows the device or the PIN.
/// Who was made a moment ago by this very request, whose answer was lost, gets another PIN.
pub(super) async fn guest(app: &App, opened: &Opened, who: &Says<'_>) -> Result<Came, Problem> {
    let bad_name = || {
        let most = crate::joining::NAME_BYTES_MAX;
        Problem::invalid(format!("`name` is one line of 1 to {most} bytes."))
    };
    let (name, id) = key_of_name(opened.class.id, who.name).ok_or_else(bad_name)?;
    let key = key(opened.class.id, id);
    for _ in 0..TRIES {
        let Some(paper) = app.papers.paper(key).await? else {
            if who.pin.is_some() {
                return Err(wrong_pin());
            }
            match made(app, opened, (key, &name), who).await {
                Err(Made::Taken) => continue,
                Err(Made::Refused(problem)) => return Err(problem),
                Ok((guest, pin)) => return Ok(Came { guest, pin: Some(pin), is_new: true }),
            }
        };
        let mut guest: Guest = serde_json::from_slice(&paper.body).map_err(|_| Problem::internal())?;
        if guest.claimed.is_some() {
            return Err(claimed());
        }
        let now_ms = app.clock.wall_ms();
        let is_again = who.attempt.is_some_and(|attempt| guest.is_made_by(attempt, now_ms));
        if guest.knows(who.device) && !is_again {
            return Ok(Came { guest, pin: None, is_new: false });
        }
        let (tried, pin) = match who.pin {
            _ if is_again => {
                let pin = random_pin();
                guest.renew_pin(pin);
                (PinTried::Right, Some(pin))
            }
            Some(typed) => (guest.try_pin(Pin::read(typed), now_ms), None),
            None => {
                let detail = "Somebody of this class has this name; give your PIN, or choose another name.";
                return Err(Problem::new(Code::Conflict, detail).with("reason", "name_taken"));
            }
        };
        if tried == PinTried::Right {
            guest.let_in(who.device);
        }
        let body = serde_json::to_vec(&guest).map_err(|_| Problem::internal())?;
        // A wrong PIN is told only once it is counted.
        match app.papers.put_paper(key, body, Some(paper.revision)).await {
            Ok(_) => {}
            Err(PapersError::Changed) => continue,
            Err(error @ PapersError::Store(_)) => return Err(error.into()),
        }
        return told(tried, now_ms).map(|()| Came { guest, pin, is_new: false });
    }
    Err(Problem::new(Code::Conflict, "Others join under this name at this moment; try again."))
}

/// Whose the name was has an account now.
pub(super) fn claimed() -> Problem {
    let detail = "What this guest did belongs to an account now; sign in, or join under another name.";
    Problem::new(Code::Conflict, detail).with("reason", "claimed")
}

pub(super) fn random_pin() -> Pin {
    Pin::from_random(Uuid::new_v4().as_u64_pair().1)
}

pub(super) fn wrong_pin() -> Problem {
    Problem::new(Code::Forbidden, "The name and the PIN do not belong together.").with("reason", "wrong_pin")
}

/// Whether a PIN lets somebody in.
fn told(tried: PinTried, now_ms: i64) -> Result<(), Problem> {
    match tried {
        PinTried::Right => Ok(()),
        PinTried::Wrong => Err(wrong_pin()),
        PinTried::Closed(until_ms) => {
            let wait_ms = u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(0);
            let detail = "Too many wrong PINs; wait, or ask the teacher.";
            Err(Problem::new(Code::TooMany, detail).retry_after_s(wait_ms.div_ceil(1_000).max(1)))
        }
    }
}

/// Why a guest was not made.
enum Made {
    Taken,
    Refused(Problem),
}

impl<E: Into<Problem>> From<E> for Made {
    fn from(error: E) -> Made {
        Made::Refused(error.into())
    }
}

async fn made(
    app: &App,
    opened: &Opened,
    (key, name): (PaperKey, &str),
    who: &Says<'_>,
) -> Result<(Guest, Pin), Made> {
    // A name that nobody is told the PIN of is lost: first it is looked whether there is room.
    admit::room(opened)?;
    admit::room_in_lobby(app, opened).await?;
    let (user, pin) = (UserId(Uuid::now_v7()), random_pin());
    let mut guest = Guest::new(user, name.to_owned(), pin, Uuid::new_v4(), who.device);
    if let Some(attempt) = who.attempt {
        guest.made_by(attempt, app.clock.wall_ms());
    }
    let body = serde_json::to_vec(&guest).map_err(|_| Problem::internal())?;
    match app.papers.put_paper(key, body, None).await {
        Ok(_) => Ok((guest, pin)),
        Err(PapersError::Changed) => Err(Made::Taken),
        Err(error @ PapersError::Store(_)) => Err(error.into()),
    }
}

/// Forgets a guest who was made and could not be let in: nobody was told the PIN.
pub(super) async fn forget(app: &App, class: ClassId, guest: &Guest) {
    let Some((_, id)) = key_of_name(class, &guest.name) else { return };
    // Who has come back to it meanwhile, by the same key, has been told a PIN.
    let is_it = |kept: Guest| kept == *guest;
    let forgotten = async {
        let paper = app.papers.paper(key(class, id)).await?;
        if paper.and_then(|paper| serde_json::from_slice(&paper.body).ok()).is_some_and(is_it) {
            app.papers.remove_paper(key(class, id)).await?;
        }
        Ok::<(), PapersError>(())
    };
    if let Err(error) = forgotten.await {
        tracing::warn!(%error, %class, "the name of a guest who was not let in could not be freed");
    }
}
