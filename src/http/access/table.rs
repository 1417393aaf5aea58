//! Who may do what: the whole of it, in one table. [`TABLE`] is read by the handlers, by the list of routes, which names
//! for each route what it needs, and by the tests, which ask every route as everybody.

use crate::http::Caller;
use domain::access::Visibility;
use ports::{ClassRecord, DeckRecord, WebhookRecord};

/// What somebody wants to do with something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Need {
    /// Nothing: everybody may, signed in or not.
    Open,
    /// To be another node of this cluster.
    Node,
    /// One's own record, log, lists, uploads: somebody who is signed in.
    Own,
    /// To ask whether one is let into a lesson: who is signed in, or waits for it.
    Join,
    /// To bring files in, and to claim what one did as a guest: somebody whom a school, or the server, knows as more than
    /// a guest.
    Account,
    /// To make a deck.
    MakeDeck,
    /// To see a deck and its cards. Who studies it is another question: `domain::access`.
    SeeDeck,
    /// To change a deck's texts, settings and cards.
    EditDeck,
    /// To say who a deck is for and who edits it, and to delete it.
    GovernDeck,
    /// To let a class study a deck.
    ShareDeck,
    /// To make a class.
    MakeClass,
    /// To see a class.
    SeeClass,
    /// To change a class, and to see its students and their figures.
    RunClass,
    /// To say who teaches a class beside its teacher.
    GovernClass,
    /// To see and to say whom an organisation names: administrators all, teachers the students of their own classes.
    NamePeople,
    /// To have events sent to an address: administrators those of their organisation, teachers those of their classes.
    MakeHook,
    /// To see, to change and to try a webhook.
    RunHook,
}

/// What somebody is, to the server or to the thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Standing {
    /// Whoever asks.
    Anybody,
    /// A node that knows the run of this one.
    Node,
    /// Somebody who waits to be let into a lesson.
    Waiting,
    /// Somebody whose token was believed, whatever the role: guests, too.
    SignedIn,
    /// The same, guests left out.
    Account,
    /// Somebody whose role may teach: teachers, administrators and owners of an organisation.
    Teaching,
    /// The same, of an organisation.
    Staff,
    /// The owner of the deck; who made the webhook, as long as the role may teach.
    Owner,
    /// Somebody whom the owner named as an editor.
    Editor,
    /// An administrator of the organisation that the deck, class or webhook belongs to.
    Admin,
    /// Who is enrolled, now, in a class that has the deck; or in the class.
    Enrolled,
    /// Who teaches, now, a class that has the deck: its teacher, or another one.
    TeachesWith,
    /// Somebody of the deck's organisation, guests left out, where it is for the organisation.
    Member,
    /// Anybody signed in, where the deck is for everybody, or for those who know its id.
    Reader,
    /// The teacher of the class, as long as the role may teach.
    Teacher,
    /// Somebody whom the teacher named as another one, as long as the role may teach.
    CoTeacher,
}

/// One row: who may do a thing, and what the others hear who see it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The thing.
    pub need: Need,
    /// Who may.
    pub who: &'static [Standing],
    /// What one must be allowed to hear more than 404; `None` where there is nothing to see.
    pub seen_by: Option<Need>,
    /// Why it is refused, for those who see it.
    pub refusal: &'static str,
}

/// Everything that can be wanted, and who may.
pub const TABLE: [Row; 17] = {
    use Standing::{
        Account, Admin, Anybody, CoTeacher, Editor, Enrolled, Member, Node, Owner, Reader, SignedIn, Staff,
        Teacher, TeachesWith, Teaching, Waiting,
    };
    const fn row(need: Need, who: &'static [Standing], seen_by: Option<Need>, refusal: &'static str) -> Row {
        Row { need, who, seen_by, refusal }
    }
    [
        row(Need::Open, &[Anybody], None, ""),
        row(Need::Node, &[Node], None, ""),
        row(Need::Own, &[SignedIn], None, ""),
        row(Need::Join, &[SignedIn, Waiting], None, ""),
        row(Need::Account, &[Account], Some(Need::Own), "A guest does not do this; sign in with an account."),
        row(Need::MakeDeck, &[Account], Some(Need::Own), "A guest makes no decks; sign in with an account."),
        row(Need::SeeDeck, &[Owner, Editor, Admin, Enrolled, TeachesWith, Member, Reader], None, ""),
        row(
            Need::EditDeck,
            &[Owner, Editor],
            Some(Need::SeeDeck),
            "Only the owner of a deck and its editors change it.",
        ),
        row(
            Need::GovernDeck,
            &[Owner],
            Some(Need::SeeDeck),
            "Only the owner of a deck deletes it and says who sees and edits it.",
        ),
        row(
            Need::ShareDeck,
            &[Owner, Editor, Admin, Member, Reader],
            Some(Need::SeeDeck),
            "Only the owner gives a private deck to a class.",
        ),
        row(Need::MakeClass, &[Teaching], Some(Need::Own), "Only teachers and administrators make classes."),
        row(Need::SeeClass, &[Teacher, CoTeacher, Admin, Enrolled], None, ""),
        row(
            Need::RunClass,
            &[Teacher, CoTeacher, Admin],
            Some(Need::SeeClass),
            "Only the teachers of a class change it and see its students.",
        ),
        row(
            Need::GovernClass,
            &[Teacher, Admin],
            Some(Need::SeeClass),
            "Only the teacher whose class it is says who else teaches it.",
        ),
        row(
            Need::NamePeople,
            &[Staff],
            Some(Need::Own),
            "Only teachers and administrators of an organisation see and say whom it names.",
        ),
        row(Need::MakeHook, &[Teaching], Some(Need::Own), "Only teachers and administrators have webhooks."),
        row(Need::RunHook, &[Owner, Admin], None, ""),
    ]
};

/// The row of a need.
pub fn row_of(need: Need) -> &'static Row {
    // Each need has its row; the first row is what nothing is refused by, and no need but `Open` may end there.
    TABLE.iter().find(|row| row.need == need).unwrap_or(&NOBODY)
}

/// What a need without a row comes to: nobody may.
static NOBODY: Row = Row { need: Need::Node, who: &[], seen_by: None, refusal: "" };

/// What the table says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Yes.
    May,
    /// No, with the reason: it is seen.
    MayNot(&'static str),
    /// It is as if it did not exist.
    Unseen,
}

/// Whether somebody with these standings may.
pub fn decide(need: Need, standings: &[Standing]) -> Verdict {
    let row = row_of(need);
    let may = |row: &Row| row.who.iter().any(|who| standings.contains(who));
    if may(row) {
        return Verdict::May;
    }
    match row.seen_by {
        Some(seen_by) if may(row_of(seen_by)) => Verdict::MayNot(row.refusal),
        Some(_) | None => Verdict::Unseen,
    }
}

/// What everybody with a token is.
pub fn of_caller(caller: &Caller) -> Vec<Standing> {
    let teaching = caller.may_teach().then_some(Standing::Teaching);
    let staff = (caller.may_teach() && caller.org.is_some()).then_some(Standing::Staff);
    let account = caller.role.is_member().then_some(Standing::Account);
    [Standing::Anybody, Standing::SignedIn].into_iter().chain(account).chain(teaching).chain(staff).collect()
}

/// What somebody is to a deck through the classes that have it now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByClass {
    /// Is enrolled in one of them.
    pub enrolled: bool,
    /// Teaches one of them.
    pub teaches: bool,
}

/// What somebody is to a deck.
pub fn to_deck(caller: &Caller, deck: &DeckRecord, by_class: ByClass) -> Vec<Standing> {
    let same_org = caller.role.is_member() && deck.org.is_some() && deck.org == caller.org;
    let by_visibility = match deck.visibility {
        Visibility::Public | Visibility::Link => Some(Standing::Reader),
        Visibility::Org => same_org.then_some(Standing::Member),
        Visibility::Class | Visibility::Private => None,
    };
    let all = [
        (deck.owner == caller.user).then_some(Standing::Owner),
        deck.editors.contains(&caller.user).then_some(Standing::Editor),
        caller.administers(deck.org).then_some(Standing::Admin),
        by_class.enrolled.then_some(Standing::Enrolled),
        (by_class.teaches && caller.may_teach()).then_some(Standing::TeachesWith),
        by_visibility,
    ];
    all.into_iter().flatten().collect()
}

/// What somebody is to a class; `co_teaches`: whether the class has them as another teacher.
pub fn to_class(caller: &Caller, class: &ClassRecord, co_teaches: bool) -> Vec<Standing> {
    let teaches = class.teacher == caller.user && caller.may_teach();
    let all = [
        teaches.then_some(Standing::Teacher),
        (co_teaches && caller.may_teach()).then_some(Standing::CoTeacher),
        caller.administers(class.org).then_some(Standing::Admin),
        class.students.contains(&caller.user).then_some(Standing::Enrolled),
    ];
    all.into_iter().flatten().collect()
}

/// What somebody is to a webhook.
pub fn to_hook(caller: &Caller, hook: &WebhookRecord) -> Vec<Standing> {
    let owns = hook.owner == caller.user && caller.may_teach();
    let all = [owns.then_some(Standing::Owner), caller.administers(hook.org).then_some(Standing::Admin)];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_need_has_one_row_and_nobody_who_may_is_refused_as_blind() {
        let needs: BTreeSet<Need> = TABLE.iter().map(|row| row.need).collect();
        assert_eq!(needs.len(), TABLE.len());
        for row in &TABLE {
            assert_eq!(row_of(row.need).need, row.need);
            assert!(!row.who.is_empty(), "{:?}", row.need);
            if let Some(seen_by) = row.seen_by {
                assert!(!row.refusal.is_empty());
                let of_role = [Standing::Account, Standing::Teaching, Standing::Staff];
                for who in row.who.iter().filter(|who| !of_role.contains(who)) {
                    assert!(row_of(seen_by).who.contains(who), "{who:?} may {:?} and not see it", row.need);
                }
            }
        }
    }

    #[test]
    fn what_is_seen_is_refused_with_a_reason_and_what_is_not_seen_is_not_there() {
        assert_eq!(decide(Need::EditDeck, &[Standing::Editor]), Verdict::May);
        assert!(matches!(decide(Need::GovernDeck, &[Standing::Editor]), Verdict::MayNot(_)));
        assert!(matches!(decide(Need::EditDeck, &[Standing::Enrolled]), Verdict::MayNot(_)));
        assert_eq!(decide(Need::EditDeck, &[]), Verdict::Unseen);
        assert_eq!(decide(Need::Node, &[Standing::SignedIn]), Verdict::Unseen);
    }
}
