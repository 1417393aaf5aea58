//! Who gets what: the table once more, written from the promise and not from the code.

use studyhall::http::Listed;
use studyhall::http::access::Need;

/// What somebody gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gets {
    /// What was asked for.
    Answer,
    /// 401: sign in first.
    SignIn,
    /// 403: it is seen, and not theirs to change.
    Refusal,
    /// 404: as if it did not exist.
    Nothing,
}
pub use Gets::{Answer, Nothing, Refusal, SignIn};

/// Everybody who asks. The deck is private, and given to the class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    Nobody,
    /// A learner of the same school.
    Learner,
    /// Another teacher of the same school.
    Teacher,
    /// An administrator of another school.
    OtherSchool,
    /// A learner who is enrolled in the class.
    Student,
    /// The owner of the deck, who teaches the class.
    Owner,
    /// A teacher of the same school who edits the deck.
    Editor,
    /// An administrator of the same school.
    Admin,
    /// A guest who was let into the class.
    Guest,
    /// A teacher of the same school whom the class has beside its own.
    CoTeacher,
    /// Somebody who waits to be let in.
    Waiting,
}

pub const EVERYBODY: [Who; 11] = [
    Who::Nobody,
    Who::Learner,
    Who::Teacher,
    Who::OtherSchool,
    Who::Student,
    Who::Owner,
    Who::Editor,
    Who::Admin,
    Who::Guest,
    Who::CoTeacher,
    Who::Waiting,
];

/// What each of them gets, in that order.
fn promised(need: Need) -> [Gets; 11] {
    let of_accounts = match need {
        Need::Open | Need::Node => [Answer; 8],
        Need::Own | Need::Join | Need::Account | Need::MakeDeck => {
            [SignIn, Answer, Answer, Answer, Answer, Answer, Answer, Answer]
        }
        Need::SeeDeck => [SignIn, Nothing, Nothing, Nothing, Answer, Answer, Answer, Answer],
        Need::EditDeck => [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Answer, Refusal],
        Need::GovernDeck => [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Refusal, Refusal],
        Need::ShareDeck => [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Answer, Answer],
        Need::MakeClass | Need::MakeHook => {
            [SignIn, Refusal, Answer, Answer, Refusal, Answer, Answer, Answer]
        }
        Need::RunHook => [SignIn, Nothing, Nothing, Nothing, Nothing, Answer, Nothing, Answer],
        Need::SeeClass => [SignIn, Nothing, Nothing, Nothing, Answer, Answer, Nothing, Answer],
        Need::NamePeople => [SignIn, Refusal, Answer, Answer, Refusal, Answer, Answer, Answer],
        Need::RunClass | Need::GovernClass => {
            [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Nothing, Answer]
        }
    };
    // A guest is a student of the class, and no account; who waits is nobody but in front of this door.
    let [nobody, .., student, _, _, _] = of_accounts;
    let guest = if [Need::Account, Need::MakeDeck].contains(&need) { Refusal } else { student };
    let waiting = if need == Need::Join { Answer } else { nobody };
    let mut all = [Answer; 11];
    all[..8].copy_from_slice(&of_accounts);
    (all[8], all[9], all[10]) = (guest, of_co_teacher(need), waiting);
    all
}

/// Who teaches the class beside its teacher does there what its teacher does, but says not who else teaches it; of the
/// deck they see what the class does.
fn of_co_teacher(need: Need) -> Gets {
    match need {
        Need::EditDeck | Need::GovernDeck | Need::ShareDeck | Need::GovernClass => Refusal,
        Need::RunHook => Nothing,
        Need::Open
        | Need::Node
        | Need::Own
        | Need::Join
        | Need::Account
        | Need::MakeDeck
        | Need::SeeDeck
        | Need::MakeClass
        | Need::MakeHook
        | Need::SeeClass
        | Need::NamePeople
        | Need::RunClass => Answer,
    }
}

/// What somebody gets from a route: what its first need refuses is refused.
pub fn expected(route: &Listed, who: Who) -> Gets {
    let place = EVERYBODY.iter().position(|one| *one == who).unwrap();
    let all = route.needs.iter().map(|need| promised(*need)[place]);
    assert!(!route.needs.is_empty(), "{route:?} says nothing of who may ask it");
    all.into_iter().find(|gets| *gets != Answer).unwrap_or(Answer)
}
