//! Who sees what changed: a sitting looks at its decks again. It does so beside its socket's inbox, since no answer may
//! wait for the store only because somebody shared a deck, or because the store is away.

use super::Session;
use super::types::*;
use super::work::Gathered;

/// A sitting whose decks are being looked at again.
#[derive(Debug)]
pub(super) struct Rescope {
    socket: SocketId,
    gathered: Gathered,
}

impl Session {
    /// Every sitting looks at its decks again. One that does so already may see them as they were before: whoever asks
    /// owes another look.
    pub(super) fn rescope_all(&mut self, fx: &mut Vec<Effect>) {
        let looks = |socket: &SocketId| self.rescopes.values().any(|rescope| rescope.socket == *socket);
        let sitting = self.sockets.iter().filter(|(_, s)| s.sitting.is_some()).map(|(id, _)| *id);
        for socket in sitting.filter(|socket| !looks(socket)).collect::<Vec<_>>() {
            self.rescope(Rescope { socket, gathered: Gathered::default() }, fx);
        }
    }

    /// The socket is gone, or begins another sitting: nobody waits for the look any more.
    pub(super) fn forget_rescope(&mut self, socket: SocketId) {
        self.rescopes.retain(|_, rescope| rescope.socket != socket);
    }

    /// What the look needed has arrived.
    pub(super) fn rescope_fetched(
        &mut self,
        now: Now,
        mut rescope: Rescope,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        match facts {
            Ok(Facts::Scope(scope)) => rescope.gathered.scope = Some(scope),
            Ok(Facts::Decks(loads)) => {
                rescope.gathered.decks_asked = true;
                self.put_decks(now, loads, fx);
            }
            // Nothing else was asked for.
            Ok(
                Facts::Access(_)
                | Facts::Entries(_)
                | Facts::CardLog(_)
                | Facts::Before(_)
                | Facts::Sitting(_),
            ) => return,
            Err(FetchFailed) => return self.access_is_unread(now),
        }
        self.rescope(rescope, fx);
    }

    /// A sitting over all that the learner has takes in decks that came later.
    fn rescope(&mut self, rescope: Rescope, fx: &mut Vec<Effect>) {
        let socket = rescope.socket;
        let sitting = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref());
        let Some(asked) = sitting.map(|sitting| sitting.asked.clone()) else { return };
        let decks = match self.resolve(asked, &rescope.gathered) {
            Ok(decks) => decks,
            Err(Ok(want)) => {
                let token = self.fetch(want, fx);
                self.rescopes.insert(token, rescope);
                return;
            }
            Err(Err(_)) => return,
        };
        let Some(sitting) = self.sockets.get_mut(&socket).and_then(|s| s.sitting.as_mut()) else { return };
        let grew = decks.iter().any(|deck| !sitting.covers(*deck));
        sitting.decks = decks;
        sitting.queue = None;
        if grew {
            let left = Some(self.left(socket));
            let changed =
                Changed { reason: Reason::Assigned, drop: Vec::new(), card: None, about: None, left };
            fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
        }
    }
}
