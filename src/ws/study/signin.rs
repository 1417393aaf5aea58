//! Who a socket is: the check of its token, and the record that goes with it.

use super::StudyContext;
use domain::ids::UserId;
use ports::people::PersonChange;
use ports::{PeopleError, SignIn};

/// What a good token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// Who.
    pub who: SignIn,
    /// Until when, Unix milliseconds.
    pub expires_ms: i64,
}

/// Why a token is not good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenProblem {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It can never be good.
    #[error("the token can not be used here")]
    Useless,
}

/// Checks tokens; `real_ms` is the real wall clock, Unix milliseconds.
pub trait TokenCheck: Send + Sync {
    /// # Errors
    /// See [`TokenProblem`].
    fn check(&self, token: &str, real_ms: i64) -> Result<SignedIn, TokenProblem>;
}

/// What became of a sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ws) enum SignInOutcome {
    /// Welcome.
    Done(UserId),
    /// The person belongs to another organisation.
    Forbidden,
    /// The person came in too often.
    TooOften,
    /// The store could not be asked.
    NotReady,
}

/// Counts the sign-in, makes or finds the person's record, and sets the zone if none was ever set.
pub(in crate::ws) async fn sign_in(
    context: &StudyContext,
    who: SignIn,
    zone: Option<String>,
) -> SignInOutcome {
    let user = who.user;
    if context.rates.hello(user).await.is_err() {
        return SignInOutcome::TooOften;
    }
    let now_ms = context.clock.now().wall_ms;
    let person = match context.people.sign_in(who, now_ms).await {
        Ok(person) => person,
        Err(error) => return outcome_of(&error),
    };
    if context.clustered {
        // Another node may have changed it, and the session that is here have been loaded before.
        context.engine.zones_changed(user, &person.zones);
    }
    if let Some(zone) = zone
        && !person.zones.is_set()
    {
        let change = PersonChange { zone: Some(zone), only_if_unset: true, ..PersonChange::default() };
        match context.people.change_person(user, change, now_ms).await {
            Ok(person) => context.engine.zones_changed(user, &person.zones),
            // A zone that nobody knows is no reason to keep a learner out.
            Err(PeopleError::BadZone(_)) => {}
            Err(error) => return outcome_of(&error),
        }
    }
    SignInOutcome::Done(user)
}

fn outcome_of(error: &PeopleError) -> SignInOutcome {
    match error {
        PeopleError::OtherOrg => SignInOutcome::Forbidden,
        PeopleError::Store(_)
        | PeopleError::NoSuchPerson
        | PeopleError::NoSuchClass
        | PeopleError::BadZone(_) => {
            tracing::warn!(%error, "a sign-in failed");
            SignInOutcome::NotReady
        }
    }
}
